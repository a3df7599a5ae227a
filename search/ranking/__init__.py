"""Which of the matching articles come first. A score is a sum of BM25 parts, to which the best articles add nearness.

=============  ===================================================================
``scoring``    the ranking formula and its parameters, as pure functions
``clauses``    what a query is evaluated to: matching articles, terms with weights
``impacts``    what a term adds to the score of an article, looked up in postings
``maxscore``   scores of the articles that may come first, and of no others
``proximity``  how close together an article has the words
``top_k``      the best of many without sorting them all
=============  ===================================================================

To tune, change ``Ranking`` in ``scoring`` and measure with ``make quality``; decision 2 has what was measured.
``maxscore`` must give the scores of the formula: it only leaves articles out.
"""
