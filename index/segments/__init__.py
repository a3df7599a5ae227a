"""Segments: immutable parts of an index, in memory or as two mapped files each. A posting is one article that has a
term, with how often and where; a posting list has all of a term's postings; a column has one value for each
article.

================  ===================================================================
``schema``        the fields and columns of an index; ``SCHEMA_VERSION``
``postings``      the terms of each article to the articles of each term
``columns``       byte strings in one blob, term dictionaries, columns of few values
``array_file``    named arrays in one file, with checksums, read through a memory map
``segment``       ``Segment``: inverted fields, lengths and columns; its files
``segment_info``  what a commit lists of a segment, deleted articles included
``merging``       several segments to one
``merge_policy``  which segments to merge, and when
================  ===================================================================

Useful for whole posting lists, read without decoding. Not useful for one article's text: that is in the store.

Raise ``SCHEMA_VERSION`` when fields or files change. Segments of versions from ``OLDEST_WRITABLE`` on are merged
with new ones, and from ``OLDEST_SEARCHABLE`` on they are searched: keep reading them, or raise these numbers too.
"""
