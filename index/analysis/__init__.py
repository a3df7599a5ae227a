"""Turn a text into terms. A token is one occurrence of a term; it has a position (the number of its syllable) and
offsets in the original text.

=================  =============================================================================
``normalization``  canonical characters, with offsets back to the original; ``fold``
``scripts``        which characters form one syllable, in any script
``syllables``      spelling of syllables: tone placement, y and i, grammar
``tokenizer``      canonical text to syllables and codes, each with its offsets
``runs``           candidates for codes, the codes found, and the text around them
``codes``          documents, cities, names, addresses: one canonical term for all spellings
``days``           days, months, quarters, likewise
``numerals``       Roman numerals, likewise
``figures``        numbers with their units, times, telephone numbers, likewise
``pyvi_model``     pyvi's model, read from its own file into lookup tables
``segmentation``   text to the words that pyvi finds, with their offsets
``analyzer``       ``analyze``, the whole analyzer: one text to term streams; ``ANALYZER_VERSION``
``interning``      tables that number the distinct chunks, syllables and words
``batch``          ``analyze`` for many texts at once, as arrays of such numbers
``sentences``      offsets of sentences
``stopwords``      syllables that carry grammar rather than meaning, and question words
``suggestions``    the phrases of an article that are offered as completions
``phrases``        these, of many texts at once
``abbreviations``  short forms that an article defines, and their long forms
``near_copies``    sketches that recognise articles with the same story
=================  =============================================================================

Useful for anything that must see a text as the index does: indexing, queries, marks, corrections. Not useful for
deciding what a query means; that is ``search.query``.

``analyzer`` and ``batch`` must return the same terms. A change to any term must raise ``ANALYZER_VERSION``, a change to
sketches ``SCHEMA_VERSION`` (``index.segments.schema``); older indexes then serve until they are rebuilt.
"""
