"""The engine on an OpenSearch cluster: it finds and counts there, and ranks the first candidates by our own formula.

==================  ===========================================================================
``engine``          the ``Engine`` protocol
``retrieval``       one request: what is asked, in few round trips
``query_sets``      article sets (``search.matching``) as queries of the cluster
``ordering``        the cluster's order, which chooses the candidates
``occurrences``     where terms occur in the packed tokens of articles
``candidates``      the first candidates as a small index that ``search.ranking`` reads
``hits``            the hits of a page
``stories``         one hit for all near-copies of a story
``facets``          how many matching articles each value has, and what it is called
``titles``          titles that have the words typed so far
``similar``         articles like another one
``copies``          the near-copies of an article
``statistics``      ``TermStatistics``, looked up together
``questions``       many questions in one round trip
``frequencies``     document frequencies, from the dictionaries of the shards
``lexicon``         the terms that begin with a prefix
``lexicon_upkeep``  keeping these up with the articles
``upkeep``          ``Upkeep``: whether the index has to be rebuilt, and who does it
==================  ===========================================================================

``retrieval`` says what a request costs. What matches is said in ``search.matching``, for both engines.
"""
