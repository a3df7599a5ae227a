"""One text to terms. A token is one occurrence of a term; it knows its position (the number of its syllable) and its
offsets in the original text.

=================  =============================================================================
``normalization``  one form of every character, with the way back to the original; ``fold``
``syllables``      how a syllable is spelt: tone placement, y and i, grammar
``tokenizer``      canonical text to syllables and codes, each with its offsets
``codes``          numbers, dates, documents, cities: one canonical term for all their spellings
``pyvi_model``     pyvi's model, read from its own file into lookup tables
``segmentation``   the words pyvi would cut, with their offsets
``analyzer``       ``analyze``: all of this for one text, as term streams; ``ANALYZER_VERSION``
``interning``      chunks, syllables and words met before, as numbers
``batch``          ``analyze`` for many texts at once, as arrays of such numbers
``sentences``      where sentences begin and end
``stopwords``      syllables that carry grammar rather than meaning, and question words
``suggestions``    which phrases of an article are offered as completions
``abbreviations``  short forms that an article defines, and what they stand for
``near_copies``    sketches that tell which articles print the same story
=================  =============================================================================

Useful for anything that must see a text as the index does: indexing, queries, marks, corrections. Not useful for
deciding what a query means; that is ``search.query``.

``analyzer`` and ``batch`` must give the same terms. Whatever changes a term raises ``ANALYZER_VERSION``, whatever
changes a sketch ``SCHEMA_VERSION`` (``index.segments.schema``); indexes made before then serve until they are
rebuilt.
"""
