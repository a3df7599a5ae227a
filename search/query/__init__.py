"""A query's text to a tree. A clause is one thing asked for: words, a phrase, a prefix, a field, a date.

=============  =======================================================================
``tree``       the nodes of a query tree, and how its words are analyzed
``parser``     the query language to a tree
``synonyms``   the owner's synonyms, from a file
``expansion``  other ways to say a query: abbreviations that articles define, synonyms
=============  =======================================================================

No text is an error: what cannot be parsed is plain words. A new kind of node needs a rule in ``parser``, a case in
``search.matching.evaluator``, and in every other engine.
"""
