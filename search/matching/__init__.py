"""Find the articles of a snapshot that match a query tree. A doc mask has one flag per article; a doc id is an
article's number in the snapshot.

=============  =====================================================================
``evaluator``  a query tree to doc masks and score clauses
``term_sets``  the articles that have a word, a code, or syllables in a row
``filters``    the articles with a label, or published within a range of days
``collapse``   one hit for all near-copies of a story
``facets``     how many matching articles each value has
=============  =====================================================================

A word of the query matches by its syllables in a row in one sentence, with the accents that were typed, never by how
pyvi cut the article. Relaxed matches have the syllables anywhere, accents aside.
"""
