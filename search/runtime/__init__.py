"""What a running service is made of, apart from HTTP.

==================  ================================================================
``answer_cache``    answers kept until store, index or synonyms change
``search_pool``     processes that search, each with an archive of its own
``index_follower``  the thread that makes writes searchable and carries out rebuilds
==================  ================================================================

All of it works on an ``Archive`` and knows no engine. What crosses to a process of the pool is pickled.
"""
