"""Find the articles of a snapshot that match a query tree. A doc mask has one flag per article; a doc id is an
article's number in the snapshot.

=============  =====================================================================
``evaluator``  a query tree to doc masks and score clauses
``term_sets``  the articles that have a term, adjacent terms, or a code
``filters``    the articles with a label, or published within a range of days
``collapse``   one hit for all near-copies of a story
``facets``     how many matching articles each value has
=============  =====================================================================

Matching is by syllables without accents. Words, bigrams and accents raise the score (``search.ranking``); they never
decide alone whether an article is found.
"""
