"""Mark the query's words in an article's text and pick the fragments that show them best.

===============  ============================================================================
``spotter``      candidate syllables and codes, found without tokenizing the whole text
``highlighter``  which candidates are marked, as spans of the original text
``fragments``    the best fragments, as HTML
``cuts``         which fragments begin or end within a sentence
``reasons``      why a hit was found, where it lacks the words as typed
===============  ============================================================================

Without its marks, marked text equals the article's, byte for byte; ``fragments.render`` escapes everything else.
Nothing here needs an index.
"""
