"""A Whoosh codec over the arrays of ``index.segments``: Whoosh opens, reads and queries the same files.

============  ====================================================================
``codec``     the codec and its writers, for Whoosh's index writer
``readers``   its readers, matcher and term cursor, for Whoosh's searches
``contents``  the table of contents that ``whoosh.index.open_dir`` reads first
============  ====================================================================

Useful for searching an index with Whoosh alone, and for checking our searches against Whoosh's. Not useful for timtin's
searches: they read the arrays directly (``index.directory.snapshot``). Pickles name the codec as
``index.whoosh_codec.ColumnarCodec``: keep it importable from here, wherever its module moves.
"""

from index.whoosh_codec.codec import ColumnarCodec

__all__ = ["ColumnarCodec"]
