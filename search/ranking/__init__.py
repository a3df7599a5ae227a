"""Order the matching articles. A score is a sum of BM25F parts, plus a proximity bonus for the best articles.

=============  ===================================================================
``scoring``    the ranking formula and its parameters, as pure functions
``indexed``    the protocol of what is read of articles
``clauses``    what a query evaluates to: matching articles, weighted terms
``impacts``    what a term adds to an article's score, looked up in postings
``maxscore``   scores only the articles that may be in the top k
``proximity``  how close together an article has the query's words
``dates``      how old articles are
``top_k``      the best of many without a full sort
=============  ===================================================================

To tune, change ``Ranking`` in ``scoring`` and measure with ``make quality``; decision 2 has the measurements.
``maxscore`` must give exactly the scores of the formula: it only skips articles.
"""
