"""Whoosh's table of contents, which lets ``whoosh.index.open_dir`` open our indexes.

timtin does not read it: ``index.directory.commits`` appends the same list as JSON. Whoosh's part is a pickle. Its
schema consists of Whoosh's own classes; the codec is the only class of ours it names, by its exported path.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Sequence
from typing import Any

from whoosh.analysis import LowercaseFilter, SpaceSeparatedTokenizer
from whoosh.codec.whoosh3 import W3Segment
from whoosh.columns import NumericColumn, RefBytesColumn
from whoosh.fields import COLUMN, ID, FieldType, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.formats import Existence, Frequency, Positions
from whoosh.index import TOC

from index.analysis.analyzer import Stream
from index.article import LABELS, TEXT_FIELDS
from index.segments import schema as fields
from index.segments.segment_info import SegmentInfo
from index.whoosh_codec.codec import ColumnarCodec

_SAFE_BUILTINS = {"set", "frozenset"}


def whoosh_schema() -> Schema:
    """Return the fields of an index as a Whoosh schema; its analyzer splits queries at spaces and lowercases them."""
    words = SpaceSeparatedTokenizer() | LowercaseFilter()
    term_set = FieldType(Existence(), words)
    schema = Schema(id=ID(unique=True, sortable=True))
    for name in (fields.SUGGEST, fields.ABBREVIATIONS):
        schema.add(name, term_set)
    for field in TEXT_FIELDS:
        for stream in Stream:
            positioned = stream in fields.STREAMS_WITH_POSITIONS
            schema.add(
                fields.field_name(field, stream),
                FieldType(Positions() if positioned else Frequency(), words, scorable=True),
            )
    for name in LABELS:
        schema.add(name, COLUMN(RefBytesColumn()))
    for name, dtype in fields.NUMERIC_COLUMNS.items():
        default = fields.UNDATED if name == fields.PUBLISHED else 0
        schema.add(name, COLUMN(NumericColumn("q" if dtype.kind == "i" else "Q", default=default)))
    return schema


def table_of_contents(index_name: str, number: int, segments: Sequence[SegmentInfo]) -> bytes:
    """Return Whoosh's table of contents for commit ``number`` of ``segments``."""
    listed = [
        W3Segment(
            ColumnarCodec(), index_name, segment.count, segment.name.removeprefix(f"{index_name}_"),
            set(segment.deleted) or None,
        )
        for segment in segments
    ]  # fmt: skip
    storage = RamStorage()
    TOC(whoosh_schema(), listed, number).write(storage, index_name)
    [data] = storage.files.values()
    return bytes(data)


def read_listed_segments(contents: bytes) -> list[SegmentInfo]:
    """Return the segments that a table of contents lists, without running any class its pickle names.

    Needed for commits of timtin 0.1 before schema 5, which have no other list. Raises ValueError for other contents.
    """
    try:
        listed = _AttributesOnly(io.BytesIO(contents[_segments_offset(contents) :])).load()
        found = [vars(segment) for segment in listed]
        return [
            SegmentInfo(f"{one['indexname']}_{one['segid']}", one["_doccount"], tuple(sorted(one["_deleted"] or ())))
            for one in found
        ]
    except (pickle.UnpicklingError, struct.error, EOFError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise ValueError(f"not a Whoosh table of contents: {type(error).__name__}: {error}") from error


def _segments_offset(contents: bytes) -> int:
    """Return the offset of the pickled list of segments, after sizes, versions, the pickled schema and two numbers."""
    stream = RamStorage()
    stream.files["toc"] = contents
    with stream.open_file("toc") as file:
        for _ in range(3):
            file.read_varint()
        file.read_int()
        file.read_int()
        for _ in range(3):
            file.read_varint()
        file.skip_string()
        file.read_int()
        file.read_int()
        return int(file.tell())


class _Attributes:
    """Hold the attributes of a pickled object, whatever its class."""

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)


class _AttributesOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in {"builtins", "__builtin__"} and name in _SAFE_BUILTINS:
            return set if name == "set" else frozenset
        if (module, name) == ("copyreg", "_reconstructor"):
            return lambda *_: _Attributes()
        return _Attributes
