"""The parts of a running service besides HTTP.

==================  ================================================================
``answer_cache``    answers cached until store, index or synonyms change
``index_follower``  the thread that makes writes searchable and runs rebuilds
``shared``          what wakes the follower of another process, and why it cannot follow
==================  ================================================================

All of it works on an ``Archive`` and knows no engine.
"""
