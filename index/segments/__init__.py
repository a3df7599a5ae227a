"""Segments: immutable parts of an index, in memory or as two mapped files each. A posting says that an article has a
term, how often and where; a posting list has all postings of a term; a column has one value per article.

=================  ===================================================================
``schema``         the fields and columns of an index; ``SCHEMA_VERSION``
``postings``       inversion: from the terms of each article to the postings of each term
``columns``        byte strings in one blob, term dictionaries, columns of few values
``packing``        whole numbers of a few bits each
``array_file``     named arrays in one file, with checksums, read through a memory map
``segment``        ``Segment``: inverted fields, lengths and columns; its files
``segment_info``   a segment's entry in a commit, with its deleted articles
``merging``        from several segments to one
``field_merging``  their inverted indexes, a range of terms at a time
``merge_policy``   which segments to merge, and when
=================  ===================================================================

Useful for reading whole posting lists without decoding. Not useful for an article's text, which is in the store.

Raise ``SCHEMA_VERSION`` when fields or files change. Segments of version ``OLDEST_WRITABLE`` or later are merged with
new ones, and those of ``OLDEST_SEARCHABLE`` or later are searched: keep reading them, or raise these numbers too.
"""
