"""A Whoosh codec over arrays: it writes and reads segments in the format of ``index.segments.segment``.

With it, Whoosh's own writer, queries and scorers work on the same files that ``index.directory.snapshot`` reads as
arrays; ``index.whoosh_codec.readers`` has the readers and the matcher. It differs from Whoosh's own codec: field
lengths are exact; weights are integers; formats with characters or boosts, vectors, and columns other than numbers and
bytes are refused.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.codec.base import FieldWriter, PerDocumentWriter
from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.columns import NumericColumn, RefBytesColumn, VarBytesColumn
from whoosh.fields import FieldType
from whoosh.formats import Existence, Frequency, Positions

from index.arrays import Array, offsets, sizes, smallest_unsigned
from index.segments.columns import Column, DictionaryColumn, PackedStrings, TermDictionary
from index.segments.segment import (
    DOCUMENTS_EXTENSION,
    INVERTED_EXTENSION,
    InvertedField,
    pack_counts,
    write_documents,
    write_inverted,
)
from index.whoosh_codec.readers import STORED, ColumnarDocumentsReader, ColumnarTermsReader


def has_positions(field: FieldType) -> bool:
    """Tell whether a field stores positions. Raises ValueError for a format the codec does not support."""
    if not isinstance(field.format, Existence | Frequency | Positions) or field.format.supports("characters"):
        raise ValueError(f"the format {field.format!r} cannot be stored in a columnar segment")
    return isinstance(field.format, Positions)


def has_frequencies(field: FieldType) -> bool:
    """Tell whether a field stores term frequencies."""
    return not isinstance(field.format, Existence)


def pack_column(column: Any, values: list[Any]) -> Column:
    """Return the values of a Whoosh column as arrays. Raises ValueError for a kind the codec does not support."""
    if isinstance(column, NumericColumn):
        return np.array(values, np.dtype(column._typecode).newbyteorder("<"))
    if isinstance(column, RefBytesColumn):
        return DictionaryColumn.pack(values)
    if isinstance(column, VarBytesColumn):
        return PackedStrings.pack(values)
    raise ValueError(f"the column {column!r} cannot be stored in a columnar segment")


class _DocumentsWriter(PerDocumentWriter):
    """The writer of lengths, columns and stored fields."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._path = Path(storage.folder, segment.make_filename(DOCUMENTS_EXTENSION))
        self._segment = segment
        self._count = 0
        self._stored: dict[str, Any] = {}
        self._lengths: dict[str, list[int]] = {}
        self._columns: dict[str, tuple[Any, list[Any]]] = {}
        self.is_closed = False

    def start_doc(self, docnum: int) -> None:
        if docnum != self._count:
            raise ValueError(f"got article {docnum} where article {self._count} was expected")
        self._count += 1
        self._stored = {}

    def add_field(self, fieldname: str, _field: FieldType, value: Any, length: int | None) -> None:
        if value is not None:
            self._stored[fieldname] = value
        if length:
            _put(self._lengths.setdefault(fieldname, []), self._count - 1, length, 0)

    def add_column_value(self, fieldname: str, column: Any, value: Any) -> None:
        _, values = self._columns.setdefault(fieldname, (column, []))
        _put(values, self._count - 1, value, column.default_value())

    def add_vector_items(self, *_: Any) -> None:
        raise ValueError("vectors cannot be stored in a columnar segment")

    def finish_doc(self) -> None:
        if self._stored:
            self.add_column_value(STORED, VarBytesColumn(), pickle.dumps(self._stored))

    def cancel_doc(self) -> None:
        self._count -= 1

    def close(self) -> None:
        self._segment.set_doc_count(self._count)
        lengths, columns = {}, {}
        for field, values in self._lengths.items():
            _fill(values, self._count, 0)
            lengths[field] = np.array(values, smallest_unsigned(max(values, default=0)))
        for field, (column, values) in self._columns.items():
            _fill(values, self._count, column.default_value())
            columns[field] = pack_column(column, values)
        write_documents(self._path, self._count, lengths, columns)
        self.is_closed = True


def _put(values: list[Any], at: int, value: Any, default: Any) -> None:
    del values[at:]  # left by a cancelled article
    _fill(values, at, default)
    values.append(value)


def _fill(values: list[Any], count: int, default: Any) -> None:
    del values[count:]
    values.extend([default] * (count - len(values)))


class _InvertedWriter(FieldWriter):
    """The writer of the inverted indexes."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._path = Path(storage.folder, segment.make_filename(INVERTED_EXTENSION))
        self._segment = segment
        self._fields: dict[str, InvertedField] = {}
        self.is_closed = False

    def start_field(self, fieldname: str, field: FieldType) -> None:
        self._name, self._field = fieldname, field
        self._positioned = has_positions(field)
        self._terms: list[bytes] = []
        self._ends: list[int] = []
        self._articles: list[int] = []
        self._frequencies: list[int] = []
        self._positions: list[int] = []
        self._position_ends: list[int] = []

    def start_term(self, text: bytes) -> None:
        self._terms.append(text)

    def add(self, docnum: int, weight: float, vbytes: bytes, _length: int) -> None:
        frequency = int(weight)
        if frequency != weight or frequency < 1 or (frequency > 1 and not has_frequencies(self._field)):
            raise ValueError(f"the weight {weight} of {self._terms[-1]!r} cannot be stored in a columnar segment")
        self._articles.append(docnum)
        self._frequencies.append(frequency)
        if self._positioned:
            places = self._field.format.decode_positions(vbytes)
            if len(places) != frequency:
                raise ValueError(f"{self._terms[-1]!r} has weight {frequency} but {len(places)} positions")
            self._positions.extend(places)

    def finish_term(self) -> None:
        self._ends.append(len(self._articles))
        self._position_ends.append(len(self._positions))

    def finish_field(self) -> None:
        counts, large, large_counts = pack_counts(np.array(self._frequencies, np.int64))
        kept: dict[str, Array] = {}
        if has_frequencies(self._field):
            kept.update(counts=counts, large=large, large_counts=large_counts)
        if self._positioned:
            kept["position_starts"] = _starts(self._position_ends)
            kept["positions"] = np.array(self._positions, smallest_unsigned(max(self._positions, default=0)))
        articles = np.array(self._articles, smallest_unsigned(self._segment.doc_count_all() - 1))
        terms = TermDictionary(PackedStrings.pack(self._terms))
        self._fields[self._name] = InvertedField(terms, _starts(self._ends), articles, **kept)

    def close(self) -> None:
        write_inverted(self._path, self._segment.doc_count_all(), self._fields)
        self.is_closed = True


def _starts(ends: list[int]) -> Array:
    return offsets(sizes(np.array([0, *ends], np.int64)))


class ColumnarSegment(W3Segment):
    """A segment of the columnar codec, which Whoosh pickles into its table of contents."""

    def should_assemble(self) -> bool:
        """Keep the files separate, because they are mapped as they are."""
        return False


class ColumnarCodec(W3Codec):
    """Write and read segments as arrays."""

    __module__ = "index.whoosh_codec"  # the path that pickles name

    length_stats = False  # term_info looks lengths up

    per_document_writer = staticmethod(_DocumentsWriter)
    field_writer = staticmethod(_InvertedWriter)
    per_document_reader = staticmethod(ColumnarDocumentsReader)
    terms_reader = staticmethod(ColumnarTermsReader)

    def new_segment(self, _storage: Any, indexname: str) -> ColumnarSegment:
        """Return a segment with a new name."""
        return ColumnarSegment(self, indexname)
