"""Columns of strings: packed into one blob, encoded as a dictionary of few values, or sorted as a term dictionary."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, offsets, sizes, smallest_unsigned
from index.kernels.building import take_runs

SAMPLED = 64


class PackedStrings:
    """Byte strings in one blob: string ``i`` is ``blob[starts[i]:starts[i + 1]]``."""

    __slots__ = ("_ends", "_view", "blob", "starts")

    def __init__(self, blob: Array, starts: Array) -> None:
        self.blob = blob
        self.starts = starts
        self._view = memoryview(blob.data)
        self._ends = memoryview(starts.data)

    @classmethod
    def pack(cls, strings: Sequence[bytes]) -> PackedStrings:
        """Pack ``strings`` into one blob."""
        lengths = np.fromiter(map(len, strings), np.int64, len(strings))
        return cls(np.frombuffer(b"".join(strings), np.uint8), offsets(lengths))

    @classmethod
    def concatenate(cls, parts: Sequence[PackedStrings]) -> PackedStrings:
        """Return the strings of all ``parts``, one after the other."""
        lengths = [np.empty(0, np.int64), *(sizes(part.starts) for part in parts)]
        blobs = [np.empty(0, np.uint8), *(part.blob for part in parts)]
        return cls(np.concatenate(blobs), offsets(np.concatenate(lengths)))

    def part(self, first: int, end: int) -> PackedStrings:
        """Return the strings from number ``first`` up to but not including ``end``, packed."""
        starts = self.starts[first : end + 1]
        return PackedStrings(self.blob[int(starts[0]) : int(starts[-1])], starts - starts[0])

    def take(self, numbers: NDArray[np.int64]) -> PackedStrings:
        """Return the strings with these numbers, in the order of ``numbers``."""
        lengths = sizes(self.starts)[numbers]
        return PackedStrings(take_runs(self.blob, self.starts[numbers].astype(np.int64), lengths), offsets(lengths))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._view[self._ends[number] : self._ends[number + 1]])

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedStrings, (self.blob, self.starts)

    def slice(self, first: int, end: int) -> list[bytes]:
        """Return the strings from number ``first`` up to but not including ``end``."""
        places = self.starts[first : end + 1].tolist()
        if not places:
            return []
        base = places[0]
        text = bytes(self._view[base : places[-1]])
        return [text[a - base : b - base] for a, b in pairwise(places)]

    def all(self) -> list[bytes]:
        """Return all strings."""
        return self.slice(0, len(self))


class TermDictionary:
    """The terms of a field, in ascending byte order.

    Every 64th term is also kept in ``samples``, so that a lookup touches this small array and one block of 64 terms.
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
            self._samples = self.strings.take(np.arange(0, len(self), SAMPLED))
        return self._samples

    def find(self, term: bytes) -> int:
        """Return the number of ``term`` or, if it is absent, of the first term after it (``len(self)`` if none)."""
        block = bisect_right(self._sampled, term) - 1
        if block < 0:
            return 0
        first = block * SAMPLED
        return bisect_left(self.strings, term, first, min(first + SAMPLED, self._count))

    def get(self, term: bytes) -> int | None:
        """Return the number of ``term``, or None if it is absent."""
        number = self.find(term)
        return number if number < self._count and self.strings[number] == term else None

    def with_prefix(self, prefix: bytes) -> range:
        """Return the numbers of the terms that start with ``prefix``. Terms are UTF-8, which has no byte 0xff."""
        first = self.find(prefix)
        if first == len(self) or not self.strings[first].startswith(prefix):
            return range(first, first)
        return range(first, self.find(prefix + b"\xff"))

    @cached_property
    def _sampled(self) -> list[bytes]:
        return self.samples().all()


@dataclass(frozen=True, slots=True)
class DictionaryColumn:
    """A column of few distinct values: article ``a`` has ``values[codes[a]]``."""

    codes: Array
    values: PackedStrings

    @classmethod
    def pack(cls, values: Sequence[bytes]) -> DictionaryColumn:
        """Return ``values`` as a column; distinct values are numbered in the order of their first occurrence."""
        known: dict[bytes, int] = {}
        codes = [known.setdefault(value, len(known)) for value in values]
        return cls(np.array(codes, smallest_unsigned(len(known))), PackedStrings.pack(list(known)))


Column = Array | DictionaryColumn | PackedStrings
