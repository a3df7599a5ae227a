"""Which articles match a query tree, over a snapshot. A doc mask has one flag for each article; a doc id is an
article's number in the snapshot.

=============  =====================================================================
``evaluator``  a query tree to doc masks, and to the clauses that scores are sums of
``term_sets``  the articles that have a term, terms in a row, a code
``filters``    articles with a label, or published within some days
``collapse``   one hit for the near-copies of a story
``facets``     how many matching articles each value has
=============  =====================================================================

Words are matched without accents. Words, pairs and accents raise the score (``search.ranking``); they never decide
alone whether an article is found.
"""
