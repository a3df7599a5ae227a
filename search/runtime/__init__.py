"""The parts of a running service besides HTTP.

==================  ================================================================
``answer_cache``    answers cached until store, index or synonyms change
``search_pool``     search processes, each with its own archive
``index_follower``  the thread that makes writes searchable and runs rebuilds
==================  ================================================================

All of it works on an ``Archive`` and knows no engine. Data that crosses to a process of the pool is pickled.
"""
