"""A segment as arrays: an immutable part of the index, in memory or on disk.

For each indexed field it has the inverted index (``InvertedField``: sorted terms, and for each the articles it is in, how
often and where); for each article the lengths of its fields and the values of its columns. Articles are numbered from
0 within the segment. On disk these are two files: ``.inv`` and ``.doc``.

Useful for reading whole posting lists, in one page-in a term and without decoding. Not useful for changing anything: a
change is a new segment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedIndexError
from index.segments.array_file import Array, ArrayFile, smallest_unsigned, write_arrays

INVERTED_EXTENSION = ".inv"
DOCUMENTS_EXTENSION = ".doc"
_SAMPLED = 64
_COUNT_MOST = 255
_WORD = 8


class PackedStrings:
    """Byte strings in one blob: number ``i`` is ``blob[starts[i]:starts[i + 1]]``."""

    __slots__ = ("_ends", "_view", "blob", "starts")

    def __init__(self, blob: Array, starts: Array) -> None:
        self.blob = blob
        self.starts = starts
        self._view = memoryview(blob.data)
        self._ends = memoryview(starts.data)

    @classmethod
    def pack(cls, strings: Sequence[bytes]) -> PackedStrings:
        """Return ``strings`` in one blob."""
        lengths = np.fromiter(map(len, strings), np.int64, len(strings))
        return cls(np.frombuffer(b"".join(strings), np.uint8), offsets(lengths))

    @classmethod
    def concatenate(cls, parts: Sequence[PackedStrings]) -> PackedStrings:
        """Return the strings of all ``parts``, one after the other."""
        lengths = [np.empty(0, np.int64), *(sizes(part.starts) for part in parts)]
        blobs = [np.empty(0, np.uint8), *(part.blob for part in parts)]
        return cls(np.concatenate(blobs), offsets(np.concatenate(lengths)))

    def take(self, numbers: NDArray[np.int64]) -> PackedStrings:
        """Return the strings with these numbers, in this order."""
        lengths = sizes(self.starts)[numbers]
        return PackedStrings(self.blob[spread(self.starts[numbers].astype(np.int64), lengths)], offsets(lengths))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._view[self._ends[number] : self._ends[number + 1]])

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedStrings, (self.blob, self.starts)

    def span(self, first: int, end: int) -> list[bytes]:
        """Return the strings numbered ``first`` up to but not including ``end``."""
        places = self.starts[first : end + 1].tolist()
        if not places:
            return []
        base = places[0]
        text = bytes(self._view[base : places[-1]])
        return [text[a - base : b - base] for a, b in pairwise(places)]

    def all(self) -> list[bytes]:
        """Return all of them."""
        return self.span(0, len(self))


class TermDictionary:
    """The terms of a field, ascending by their bytes.

    Every 64th is kept apart (``samples``), so that finding one touches this small array and one stretch of the
    others.
    """

    def __init__(self, strings: PackedStrings, samples: PackedStrings | None = None) -> None:
        self.strings = strings
        self._samples = samples
        self._count = len(strings)

    def __len__(self) -> int:
        return self._count

    def __reduce__(self) -> tuple[Any, ...]:
        return TermDictionary, (self.strings,)

    def samples(self) -> PackedStrings:
        """Return every 64th term."""
        if self._samples is None:
            self._samples = PackedStrings.pack([self.strings[number] for number in range(0, len(self), _SAMPLED)])
        return self._samples

    def find(self, term: bytes) -> int:
        """Return the number of ``term``, or of the first one after it where it is not there."""
        block = bisect_right(self._sampled, term) - 1
        if block < 0:
            return 0
        first = block * _SAMPLED
        return bisect_left(self.strings, term, first, min(first + _SAMPLED, self._count))

    def get(self, term: bytes) -> int | None:
        """Return the number of ``term``, or None."""
        number = self.find(term)
        return number if number < self._count and self.strings[number] == term else None

    def with_prefix(self, prefix: bytes) -> range:
        """Return the numbers of the terms that begin with ``prefix``; terms are UTF-8, which has no byte 0xff."""
        first = self.find(prefix)
        if first == len(self) or not self.strings[first].startswith(prefix):
            return range(first, first)
        return range(first, self.find(prefix + b"\xff"))

    @cached_property
    def _sampled(self) -> list[bytes]:
        return self.samples().all()


@dataclass(frozen=True)
class InvertedField:
    """The inverted index of one field: term ``t`` has the postings ``starts[t]`` up to ``starts[t + 1]``.

    ``articles`` are ascending within a term. ``counts`` tell how often the term is in each, up to 255; the postings in
    ``large`` have more, ``large_counts``. It is None for fields where a term is in an article or not. ``positions``
    has the places of all postings one after the other, those of term ``t`` from ``position_starts[t]``.
    """

    terms: TermDictionary
    starts: Array
    articles: Array
    counts: Array | None = None
    large: Array | None = None
    large_counts: Array | None = None
    position_starts: Array | None = None
    positions: Array | None = None

    def span(self, number: int) -> tuple[int, int]:
        """Return the first posting of term ``number`` and the one after its last."""
        return int(self.starts[number]), int(self.starts[number + 1])

    def frequencies(self, first: int, end: int) -> Array:
        """Return how often the term is in the article, for a range of postings; any unsigned type."""
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
        """Return the places of all postings of term ``number``, one posting after the other."""
        if self.positions is None or self.position_starts is None:
            raise ValueError("the field has no positions")
        return self.positions[int(self.position_starts[number]) : int(self.position_starts[number + 1])]

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Yield what is written, by name."""
        samples = self.terms.samples()
        yield from (("terms", self.terms.strings.blob), ("term_starts", self.terms.strings.starts))
        yield from (("samples", samples.blob), ("sample_starts", samples.starts))
        for name in ("starts", "articles", *_OPTIONAL):
            array = getattr(self, name)
            if array is not None:
                yield name, array


_OPTIONAL = ("counts", "large", "large_counts", "position_starts", "positions")


@dataclass(frozen=True, slots=True)
class DictionaryColumn:
    """A column of few distinct values: article ``a`` has ``values[codes[a]]``."""

    codes: Array
    values: PackedStrings


Column = Array | DictionaryColumn | PackedStrings


@dataclass(frozen=True, slots=True)
class Segment:
    """The arrays of ``count`` articles: by field the inverted index, the lengths, and the columns.

    ``files`` are what they were read from, none for a segment in memory.
    """

    count: int
    fields: Mapping[str, InvertedField]
    lengths: Mapping[str, Array]
    columns: Mapping[str, Column]
    files: Sequence[ArrayFile] = ()

    def problems(self) -> list[str]:
        """Read the files whole and return what is wrong with them."""
        return [problem for file in self.files for problem in file.problems()]


def offsets(lengths: NDArray[np.int64]) -> Array:
    """Return where each of several things of these lengths starts, and the end of the last one."""
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends.astype(np.uint32 if ends[-1] < 1 << 32 else np.uint64)


def sizes(starts: Array) -> NDArray[np.int64]:
    """Return the lengths of what ``offsets`` placed."""
    places = starts.astype(np.int64)
    return places[1:] - places[:-1]


def spread(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``starts[0] .. starts[0] + counts[0] - 1, starts[1] ..``, one range after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)


def ascending_ranks(strings: PackedStrings) -> NDArray[np.int64]:
    """Return for each string how many come before it in ascending order; none may have a zero byte.

    They are sorted by their first eight bytes, read as one number; those that are alike so far by the next eight.
    """
    starts, lengths = strings.starts[:-1].astype(np.int64), sizes(strings.starts)
    padded = np.concatenate([strings.blob, np.zeros(_WORD, np.uint8)])
    words = np.ndarray(len(padded) - _WORD + 1, ">u8", padded.data, strides=(1,))
    ranks = np.zeros(len(lengths), np.int64)
    alike = np.arange(len(lengths))
    offset = 0
    while len(alike):
        beyond = 8 * (_WORD - np.clip(lengths[alike] - offset, 0, _WORD)).astype(np.uint64)
        keys = words[np.minimum(starts[alike] + offset, len(words) - 1)].astype(np.uint64) >> beyond << beyond
        order = np.lexsort((keys, ranks[alike])) if offset else np.argsort(keys)
        alike, keys = alike[order], keys[order]
        before = ranks[alike]
        new_group = np.diff(before, prepend=-1) != 0
        new = new_group | (np.diff(keys, prepend=keys[:1]) != 0)
        firsts, group_firsts = np.flatnonzero(new), np.flatnonzero(new_group)
        member_of = np.cumsum(new) - 1
        ranks[alike] = before + firsts[member_of] - group_firsts[np.cumsum(new_group) - 1]
        offset += _WORD
        several = np.diff(firsts, append=len(alike)) > 1
        longer = np.maximum.reduceat(lengths[alike], firsts) > offset
        alike = alike[(several & longer)[member_of]]
    return ranks


def pack_counts(frequencies: Array) -> tuple[Array, Array, Array]:
    """Return (``counts``, ``large``, ``large_counts``) of ``InvertedField`` for the frequencies of all postings."""
    large = np.flatnonzero(frequencies > _COUNT_MOST)
    counts = np.minimum(frequencies, _COUNT_MOST).astype(np.uint8)
    wide = smallest_unsigned(len(frequencies))
    return counts, large.astype(wide), frequencies[large].astype(np.uint32)


def write_inverted(path: Path, count: int, fields: Mapping[str, InvertedField]) -> None:
    """Write the inverted indexes of a segment of ``count`` articles to a new file."""
    arrays = ((f"{field}/{name}", array) for field in fields for name, array in fields[field].arrays())
    write_arrays(path, arrays, {"count": count, "fields": list(fields)})


def write_documents(path: Path, count: int, lengths: Mapping[str, Array], columns: Mapping[str, Column]) -> None:
    """Write what a segment keeps for each of its ``count`` articles to a new file."""

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
    """Return the inverted indexes in a file, by field."""
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
    """Return the lengths and the columns in a file, by field."""
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
    """Return the files of a segment."""
    return folder / (name + INVERTED_EXTENSION), folder / (name + DOCUMENTS_EXTENSION)


def segment_bytes(folder: Path, name: str) -> int:
    """Return how much of the disk a segment takes."""
    return sum(path.stat().st_size for path in segment_files(folder, name))


def open_segment_file(path: Path, count: int) -> ArrayFile:
    """Open one of the files of a segment of ``count`` articles. Raises DamagedIndexError, FileNotFoundError."""
    file = ArrayFile(path)
    if file.about["count"] != count:
        raise DamagedIndexError(f"{path} holds {file.about['count']} articles, the index lists {count}")
    return file
