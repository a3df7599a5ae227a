"""Query text to a tree of clauses: words, phrases, prefixes, fields, dates.

===============  ==================================================================================
``tree``         the nodes of a query tree, and how its words are analyzed
``parser``       parses the query language to a tree
``notes``        what of a query was not understood, in sentences
``typed``        the words of a text that is still being typed
``words``        cuts plain words by what the archive writes together
``joined``       other spellings of a name: joined for spaced, spaced for joined
``synonyms``     the owner's synonyms, from a file, and spellings of places, from ``places.txt``
``expansion``    adds that cut, and alternatives: abbreviations articles define, synonyms
``accents``      requires the accents of a query, or ignores them
``filter_tree``  conditions on labels and dates, as a tree
``filter_text``  the language of filters
``filter_json``  filters as JSON values
===============  ==================================================================================

A filter, unlike a query, may be wrong; then it is an error that says where.

Parsing a query never fails: text that cannot be parsed becomes plain words. A new kind of node needs a rule in
``parser``, and a case in ``search.matching.evaluator`` and in every other engine.
"""
