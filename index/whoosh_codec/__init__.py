"""Whoosh's codec over the arrays of ``index.segments``: Whoosh opens, reads and queries the same files.

============  ====================================================================
``codec``     what Whoosh's writer writes through
``readers``   what Whoosh's readers, matchers and queries read through
``contents``  the table of contents that ``whoosh.index.open_dir`` begins with
============  ====================================================================

Useful for asking an index with Whoosh alone, and for checking our searches against its own. timtin's searches read the
arrays directly (``index.directory.snapshot``). Pickles name the codec as ``index.whoosh_codec.ColumnarCodec``: keep it
importable from here, wherever its module moves.
"""

from index.whoosh_codec.codec import ColumnarCodec

__all__ = ["ColumnarCodec"]
