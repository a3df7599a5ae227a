"""Find the articles that match a query tree, for any engine; then what only the embedded engine's doc masks need.

A doc mask has one flag per article of a snapshot; a doc id is an article's number in it.

==================  =====================================================================
``article_sets``    the protocol of sets of articles: found by terms and labels, joined
``evaluator``       a query tree to article sets and score clauses
``analyzed_words``  a text of a query as terms, and how much each weighs
``term_sets``       the articles that have a word, a code, or an alternative
``filters``         the articles that pass the filters of a request
``doc_masks``       article sets as doc masks of a snapshot
``collapse``        one hit for all near-copies of a story
``facets``          how many matching articles each value has
==================  =====================================================================

A word of the query matches by its syllables in a row in one sentence, with the accents that were typed, never by how
pyvi cut the article. Relaxed matches have the syllables anywhere, accents aside.
"""
