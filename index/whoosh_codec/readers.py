"""Whoosh's reader classes over a segment: documents, terms and postings.

A matcher walks one posting list; term cursors and readers walk the term dictionary. All of them view the arrays of
``index.segments.segment`` and hold no file position, so any number may be used at once.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.base import FieldCursor, TermsReader
from whoosh.codec.whoosh3 import W3PerDocReader
from whoosh.columns import ColumnReader
from whoosh.fields import FieldType
from whoosh.formats import Existence, Format, Positions
from whoosh.matching import LeafMatcher, ReadTooFar
from whoosh.reading import TermInfo, TermNotFound

from index.arrays import Array
from index.segments.array_file import ArrayFile
from index.segments.columns import Column, DictionaryColumn, PackedStrings, TermDictionary
from index.segments.segment import (
    DOCUMENTS_EXTENSION,
    INVERTED_EXTENSION,
    InvertedField,
    open_segment_file,
    read_documents,
    read_inverted,
)

STORED = "_stored"
"""The column that has Whoosh's stored fields, pickled."""
_BLOCK = 128


def _file(storage: Any, segment: Any, extension: str) -> ArrayFile:
    return open_segment_file(Path(storage.folder, segment.make_filename(extension)), segment.doc_count_all())


class ColumnarDocumentsReader(W3PerDocReader):
    """Read lengths, columns and stored fields of a segment, as Whoosh's ``PerDocumentReader``."""

    def __init__(self, storage: Any, segment: Any) -> None:
        super().__init__(storage, segment)
        self._lengths, self._columns = read_documents(_file(storage, segment, DOCUMENTS_EXTENSION))

    def supports_columns(self) -> bool:
        return True

    def has_column(self, fieldname: str) -> bool:
        return fieldname in self._columns

    def list_columns(self) -> Iterable[str]:
        return self._columns.keys()

    def column_reader(self, fieldname: str, _column: Any) -> ColumnReader:
        return _ArrayColumnReader(self._columns[fieldname], self.doc_count_all())

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        return int(self._lengths[fieldname][docnum]) if fieldname in self._lengths else default

    def field_length(self, fieldname: str) -> int:
        return self._over_lengths(fieldname, lambda lengths: lengths.sum(dtype=np.int64))

    def min_field_length(self, fieldname: str) -> int:
        return self._over_lengths(fieldname, np.min)

    def max_field_length(self, fieldname: str) -> int:
        return self._over_lengths(fieldname, np.max)

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        stored = self._columns.get(STORED)
        value = stored[docnum] if isinstance(stored, PackedStrings) else b""
        return pickle.loads(value) if value else {}  # noqa: S301 (the data folder is its owner's alone)

    def _over_lengths(self, fieldname: str, measure: Callable[[Array], Any]) -> int:
        lengths = self._lengths.get(fieldname)
        return int(measure(lengths)) if lengths is not None and len(lengths) else 0


class _ArrayColumnReader(ColumnReader):
    def __init__(self, column: Column, count: int) -> None:
        self._column = column
        self._doccount = count
        self._sign = 1

    def __getitem__(self, docnum: int) -> Any:
        match self._column:
            case DictionaryColumn(codes, values):
                return values[codes[docnum]]
            case PackedStrings():
                return self._column[docnum]
            case _:
                return self._column[docnum].item()

    def sort_key(self, docnum: int) -> Any:
        return self[docnum] if self._sign > 0 else -self[docnum]

    def set_reverse(self) -> None:
        if not isinstance(self._column, np.ndarray):
            super().set_reverse()  # raises NotImplementedError
        self._sign = -1


class ColumnarTermsReader(TermsReader):
    """Read terms and postings of a segment, as Whoosh's ``TermsReader``."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._fields = read_inverted(_file(storage, segment, INVERTED_EXTENSION))
        self._lengths, _ = read_documents(_file(storage, segment, DOCUMENTS_EXTENSION))

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return self._number(*term) is not None

    def indexed_field_names(self) -> Iterable[str]:
        return self._fields.keys()

    def cursor(self, fieldname: str, field: FieldType) -> FieldCursor:
        return _TermCursor(self, fieldname, field)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        return ((field, term) for field in sorted(self._fields) for term in self._fields[field].terms.strings.all())

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        for field in sorted(self._fields):
            if field >= fieldname:
                terms = self._fields[field].terms
                for number in range(terms.find(prefix) if field == fieldname else 0, len(terms)):
                    yield field, terms.strings[number]

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        number = self._number(fieldname, text)
        if number is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        first, end = self._fields[fieldname].posting_range(number)
        articles = self._fields[fieldname].articles[first:end]
        frequencies = self._fields[fieldname].frequencies(first, end)
        lengths = self._lengths[fieldname][articles] if fieldname in self._lengths else np.zeros(1, np.uint8)
        return TermInfo(
            weight=float(frequencies.sum(dtype=np.int64)),
            df=end - first,
            minlength=int(lengths.min()),
            maxlength=int(lengths.max()),
            maxweight=float(frequencies.max()),
            minid=int(articles[0]),
            maxid=int(articles[-1]),
        )

    def frequency(self, fieldname: str, text: bytes) -> float:
        return float(self.term_info(fieldname, text).weight()) if (fieldname, text) in self else 0.0

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        number = self._number(fieldname, text)
        if number is None:
            return 0
        first, end = self._fields[fieldname].posting_range(number)
        return end - first

    def matcher(self, fieldname: str, text: bytes, format_: Format, scorer: Any = None) -> LeafMatcher:
        number = self._number(fieldname, text)
        if number is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return ColumnarMatcher(
            self._fields[fieldname], number, format_, self._lengths.get(fieldname), (fieldname, text), scorer
        )

    def _number(self, fieldname: str, text: bytes) -> int | None:
        field = self._fields.get(fieldname)
        return None if field is None else field.terms.get(text)


class ColumnarMatcher(LeafMatcher):
    """Walk the postings of term ``number`` as Whoosh's queries do: one at a time, or skipping blocks of 128."""

    def __init__(
        self, inverted: InvertedField, number: int, format_: Format, lengths: Array | None, term: Any, scorer: Any
    ) -> None:
        self._inverted, self._number, self._lengths = inverted, number, lengths
        first, end = inverted.posting_range(number)
        self._ids = inverted.articles[first:end]
        self._frequencies = inverted.frequencies(first, end)
        self._at = 0
        self.format = format_
        self.scorer = scorer
        self._term = term

    def is_active(self) -> bool:
        """Tell whether there is a current posting."""
        return self._at < len(self._ids)

    def reset(self) -> None:
        """Go back to the first posting."""
        self._at = 0

    def id(self) -> int:
        """Return the current doc id; after the end the last one, because Whoosh's AND NOT reads it then."""
        return int(self._ids[min(self._at, len(self._ids) - 1)])

    def weight(self) -> float:
        """Return the term's frequency in the current article."""
        return float(self._frequencies[self._at])

    def value(self) -> bytes:
        """Return the current posting's value, encoded by the field's format."""
        if isinstance(self.format, Positions):
            places = self._places[self._position_ends[self._at - 1] if self._at else 0 : self._position_ends[self._at]]
            return self.format.encode(places.tolist())  # type: ignore[no-any-return]
        if isinstance(self.format, Existence):
            return b""
        return int(self._frequencies[self._at]).to_bytes(4, "big")

    @cached_property
    def _position_ends(self) -> NDArray[np.int64]:
        """The end of each posting's positions among those of the term."""
        return np.cumsum(self._frequencies, dtype=np.int64)

    @cached_property
    def _places(self) -> Array:
        """The positions of all postings of the term."""
        return self._inverted.positions_of(self._number)

    def next(self) -> bool:
        """Move to the next posting; tell whether it begins a block. Raises ReadTooFar after the end."""
        if not self.is_active():
            raise ReadTooFar
        self._at += 1
        return self._at % _BLOCK == 0

    def skip_to(self, id: int) -> None:
        """Move to the first posting whose doc id is at least ``id``, never back. Raises ReadTooFar after the end."""
        if not self.is_active():
            raise ReadTooFar
        if id > self.id():
            rest = self._ids[self._at :]
            self._at += len(rest) if id > rest[-1] else int(rest.searchsorted(rest.dtype.type(id)))

    def skip_to_quality(self, minquality: float) -> int:
        """Skip blocks that cannot score more than ``minquality``; return their number."""
        skipped = 0
        while self.is_active() and self.block_quality() <= minquality:
            self._at += _BLOCK - self._at % _BLOCK
            skipped += 1
        return skipped

    def block_max_weight(self) -> float:
        """Return the highest frequency in the block."""
        return float(self._block(self._frequencies).max())

    def block_min_length(self) -> int:
        """Return the shortest field length of the articles in the block; 0 if the field has no lengths."""
        return 0 if self._lengths is None else int(self._lengths[self._block(self._ids)].min())

    def _block(self, array: Array) -> Array:
        first = min(self._at, len(self._ids) - 1) // _BLOCK * _BLOCK
        return array[first : first + _BLOCK]


class _TermCursor(FieldCursor):
    """A cursor over the sorted terms of one field."""

    def __init__(self, reader: ColumnarTermsReader, fieldname: str, field: FieldType) -> None:
        self._reader, self._fieldname, self._field = reader, fieldname, field
        inverted = reader._fields.get(fieldname)
        self._terms = TermDictionary(PackedStrings.pack([])) if inverted is None else inverted.terms
        self._at = 0

    def first(self) -> str | None:
        self._at = 0
        return self.text()

    def find(self, term: str | bytes) -> str | None:
        self._at = self._terms.find(term if isinstance(term, bytes) else self._field.to_bytes(term))
        return self.text()

    def next(self) -> str | None:
        self._at = min(self._at + 1, len(self._terms))
        return self.text()

    def text(self) -> str | None:
        return self._field.from_bytes(self._terms.strings[self._at]) if self.is_valid() else None

    def term_info(self) -> TermInfo | None:
        return self._reader.term_info(self._fieldname, self._terms.strings[self._at]) if self.is_valid() else None

    def is_valid(self) -> bool:
        return self._at < len(self._terms)
