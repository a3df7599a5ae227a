"""A segment as arrays: an immutable part of the index, in memory or on disk.

It has an inverted index for each indexed field (``InvertedField``: sorted terms, and for each term the articles it is
in, how often and where), and for each article the lengths of its fields and the values of its columns. Doc ids count
from 0 within the segment. On disk a segment is two files: ``.inv`` (inverted indexes) and ``.doc`` (lengths, columns).

Useful for reading whole posting lists, each contiguous and without decoding. Not useful for changing anything: a change
is a new segment.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.arrays import Array, smallest_unsigned
from index.errors import DamagedIndexError
from index.segments.array_file import ArrayFile, Pieces, write_arrays
from index.segments.columns import Column, DictionaryColumn, PackedStrings, TermDictionary
from index.segments.packing import Numbers, bits_of

INVERTED_EXTENSION = ".inv"
DOCUMENTS_EXTENSION = ".doc"
COUNT_BITS = 4
_COUNT_MOST = (1 << COUNT_BITS) - 1


@dataclass(frozen=True)
class InvertedField:
    """The inverted index of one field: term ``t`` has the postings ``starts[t]`` up to ``starts[t + 1]``.

    ``articles`` has the doc id of each posting, ascending within a term. ``counts`` has its frequency, capped at 15;
    the postings listed in ``large`` have the frequencies ``large_counts``. ``counts`` is None for fields without
    frequencies. ``positions`` has the positions of all postings, those of term ``t`` from ``position_starts[t]`` on.
    """

    terms: TermDictionary
    starts: Array
    articles: Array
    counts: Numbers | None = None
    large: Array | None = None
    large_counts: Array | None = None
    position_starts: Array | None = None
    positions: Numbers | None = None

    def posting_range(self, number: int) -> tuple[int, int]:
        """Return the range of the postings of term ``number``: the first and the one after the last."""
        return int(self.starts[number]), int(self.starts[number + 1])

    def frequencies(self, first: int, end: int) -> Array:
        """Return the frequencies of the postings from ``first`` up to ``end``; any unsigned dtype."""
        if self.counts is None:
            return np.ones(end - first, np.uint8)
        part = self.counts[first:end]
        if self.large is None or self.large_counts is None or not len(self.large):
            return part
        low, high = np.searchsorted(self.large, np.array([first, end], self.large.dtype))
        if low == high:
            return part
        part = part.astype(np.uint32)
        part[self.large[low:high].astype(np.int64) - first] = self.large_counts[low:high]
        return part

    def positions_of(self, number: int) -> Array:
        """Return the positions of all postings of term ``number``, one posting after the other. Raises ValueError."""
        if self.positions is None or self.position_starts is None:
            raise ValueError("the field has no positions")
        return self.positions[int(self.position_starts[number]) : int(self.position_starts[number + 1])]

    def arrays(self) -> Iterator[tuple[str, Array | Pieces]]:
        """Yield the arrays to write, with their names."""
        samples = self.terms.samples()
        yield from (("terms", self.terms.strings.blob), ("term_starts", self.terms.strings.starts))
        yield from (("samples", samples.blob), ("sample_starts", samples.starts))
        for name in ("starts", "articles", *_OPTIONAL):
            array = getattr(self, name)
            if array is not None:
                bits = {"counts": COUNT_BITS, "positions": bits_of(array)}.get(name)
                yield name, array if bits is None else Pieces(array.dtype, [array[:]], bits)


_NOTHING = np.zeros(0, np.uint8)
_NO_STRINGS = PackedStrings(_NOTHING, np.zeros(1, np.uint32))
NO_FIELD = InvertedField(TermDictionary(_NO_STRINGS, _NO_STRINGS), np.zeros(1, np.uint8), _NOTHING, _NOTHING)
"""A field without terms."""
_OPTIONAL = ("counts", "large", "large_counts", "position_starts", "positions")


class StreamedFields(Mapping[str, InvertedField]):
    """Inverted indexes by field, whose arrays come in pieces; ``[name]`` puts those of one field together."""

    @abstractmethod
    def arrays(self, name: str) -> Iterator[tuple[str, Array | Pieces]]:
        """Yield what ``InvertedField.arrays`` does; the pieces of an array must be taken before the next array."""

    def __getitem__(self, name: str) -> InvertedField:
        found = {
            name: np.concatenate([np.empty(0, array.dtype), *array.pieces]) if isinstance(array, Pieces) else array
            for name, array in self.arrays(name)
        }
        terms = PackedStrings(found.pop("terms"), found.pop("term_starts"))
        return InvertedField(
            TermDictionary(terms, PackedStrings(found.pop("samples"), found.pop("sample_starts"))), **found
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """The arrays of ``count`` articles: inverted indexes, lengths and columns, each by field.

    ``files`` are the files they are mapped from; empty for a segment in memory.
    """

    count: int
    fields: Mapping[str, InvertedField]
    lengths: Mapping[str, Array]
    columns: Mapping[str, Column]
    files: Sequence[ArrayFile] = ()

    def problems(self) -> list[str]:
        """Verify all checksums of the files; return one message for each array that differs."""
        return [problem for file in self.files for problem in file.problems()]


def pack_counts(frequencies: Array) -> tuple[Array, Array, Array]:
    """Return ``counts``, ``large`` and ``large_counts`` of ``InvertedField`` for the frequencies of all postings."""
    large = np.flatnonzero(frequencies > _COUNT_MOST)
    counts = np.minimum(frequencies, _COUNT_MOST).astype(np.uint8)
    wide = smallest_unsigned(len(frequencies))
    return counts, large.astype(wide), frequencies[large].astype(np.uint32)


def write_inverted(path: Path, count: int, fields: Mapping[str, InvertedField]) -> None:
    """Write the inverted indexes of a segment of ``count`` articles to a new file."""

    def arrays() -> Iterator[tuple[str, Array | Pieces]]:
        for field in fields:
            own = fields.arrays(field) if isinstance(fields, StreamedFields) else fields[field].arrays()
            yield from ((f"{field}/{name}", array) for name, array in own)

    write_arrays(path, arrays(), {"count": count, "fields": list(fields)})


def write_documents(path: Path, count: int, lengths: Mapping[str, Array], columns: Mapping[str, Column]) -> None:
    """Write the lengths and columns of a segment of ``count`` articles to a new file."""

    def arrays() -> Iterator[tuple[str, Array]]:
        yield from ((f"{field}/length", array) for field, array in lengths.items())
        for field, column in columns.items():
            if isinstance(column, DictionaryColumn):
                yield f"{field}/codes", column.codes
            if isinstance(column, DictionaryColumn | PackedStrings):
                values = column.values if isinstance(column, DictionaryColumn) else column
                yield from ((f"{field}/values", values.blob), (f"{field}/value_starts", values.starts))
            else:
                yield f"{field}/numbers", column

    write_arrays(path, arrays(), {"count": count, "lengths": list(lengths), "columns": list(columns)})


def read_inverted(file: ArrayFile) -> dict[str, InvertedField]:
    """Return the inverted indexes in ``file``, by field."""
    fields = {}
    for field in file.about["fields"]:
        terms = PackedStrings(file[f"{field}/terms"], file[f"{field}/term_starts"])
        samples = PackedStrings(file[f"{field}/samples"], file[f"{field}/sample_starts"])
        more = {name: file[f"{field}/{name}"] for name in _OPTIONAL if f"{field}/{name}" in file}
        fields[field] = InvertedField(
            TermDictionary(terms, samples), file[f"{field}/starts"], file[f"{field}/articles"], **more
        )
    return fields


def read_documents(file: ArrayFile) -> tuple[dict[str, Array], dict[str, Column]]:
    """Return the lengths and the columns in ``file``, both by field."""
    columns: dict[str, Column] = {}
    for field in file.about["columns"]:
        if f"{field}/numbers" in file:
            columns[field] = file[f"{field}/numbers"]
            continue
        values = PackedStrings(file[f"{field}/values"], file[f"{field}/value_starts"])
        columns[field] = DictionaryColumn(file[f"{field}/codes"], values) if f"{field}/codes" in file else values
    return {field: file[f"{field}/length"] for field in file.about["lengths"]}, columns


def read_segment(folder: Path, name: str, count: int) -> Segment:
    """Open the segment ``name`` of ``count`` articles. Raises DamagedIndexError, FileNotFoundError."""
    inverted, documents = (open_segment_file(path, count) for path in segment_files(folder, name))
    return Segment(count, read_inverted(inverted), *read_documents(documents), files=(inverted, documents))


def write_segment(folder: Path, name: str, segment: Segment) -> None:
    """Write the two files of a new segment."""
    inverted, documents = segment_files(folder, name)
    write_inverted(inverted, segment.count, segment.fields)
    write_documents(documents, segment.count, segment.lengths, segment.columns)


def segment_files(folder: Path, name: str) -> tuple[Path, Path]:
    """Return the paths of a segment's two files, ``.inv`` and ``.doc``."""
    return folder / (name + INVERTED_EXTENSION), folder / (name + DOCUMENTS_EXTENSION)


def segment_bytes(folder: Path, name: str) -> int:
    """Return the size of a segment's files in bytes."""
    return sum(path.stat().st_size for path in segment_files(folder, name))


def open_segment_file(path: Path, count: int) -> ArrayFile:
    """Open one file of a segment of ``count`` articles. Raises DamagedIndexError, FileNotFoundError."""
    file = ArrayFile(path)
    if file.about["count"] != count:
        raise DamagedIndexError(f"{path} holds {file.about['count']} articles, the index lists {count}")
    return file
