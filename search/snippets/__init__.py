"""The query's words in an article's own text: marks, and the fragments (passages) that show them best.

===============  ============================================================================
``spotter``      where syllables and codes of a query may be, without analyzing all of a text
``highlighter``  which of them are marked, as spans of the original text
``fragments``    the best fragments, as HTML
===============  ============================================================================

The text without its marks is the article's, byte for byte; ``fragments.render`` escapes the rest. Nothing here
needs an index.
"""
