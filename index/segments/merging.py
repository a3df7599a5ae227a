"""Merge segments into one.

Merging concatenates arrays: the term dictionaries are merged, and every posting list is copied whole to its new place,
with doc ids renumbered and deleted articles dropped. Nothing is analysed or decoded again, and inverted indexes are
merged as they are written, some terms at a time (``field_merging``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from index.arrays import Array, smallest_unsigned
from index.segments.array_file import Pieces
from index.segments.columns import Column, DictionaryColumn, PackedStrings
from index.segments.field_merging import FieldMerger, Live, Part
from index.segments.segment import Segment, StreamedFields


def merge(
    segments: Sequence[Segment], live: Sequence[Live | None], between: Callable[[], None] | None = None
) -> Segment:
    """Return one segment with the articles of ``segments``, in their order.

    ``live`` has a doc mask for each segment, True for articles to keep; None keeps them all. A column that a segment
    lacks is empty for its articles. Each access to a field merges its inverted index, and calls ``between`` often.
    """
    counts = [part.count if alive is None else int(alive.sum()) for part, alive in zip(segments, live, strict=True)]
    bases = [sum(counts[:number]) for number in range(len(counts))]
    count = sum(counts)
    lengths = {}
    for name in sorted({name for segment in segments for name in segment.lengths}):
        whole = np.zeros(count, np.int64)
        for part, alive, base in zip(segments, live, bases, strict=True):
            if name in part.lengths:
                values = _chosen(part.lengths[name], alive)
                whole[base : base + len(values)] = values
        lengths[name] = whole.astype(smallest_unsigned(int(whole.max(initial=0))))
    columns = {}
    for name, kind in {name: column for segment in segments for name, column in segment.columns.items()}.items():
        parts = [part.columns[name] if name in part.columns else _blank(kind, part.count) for part in segments]
        columns[name] = _join(parts, live)
    return Segment(count, _Fields(segments, live, bases, count, between), lengths, columns)


class _Fields(StreamedFields):
    """The inverted indexes of the merged segment, by field; each access merges one."""

    def __init__(
        self,
        segments: Sequence[Segment],
        live: Sequence[Live | None],
        bases: Sequence[int],
        count: int,
        between: Callable[[], None] | None,
    ) -> None:
        self._segments = list(zip(segments, live, bases, strict=True))
        self._count = count
        self._between = between
        self._names = sorted({name for segment in segments for name in segment.fields})

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def arrays(self, name: str) -> Iterator[tuple[str, Array | Pieces]]:
        parts = [
            Part(segment.fields[name], base, alive)
            for segment, alive, base in self._segments
            if name in segment.fields and (base < self._count or not self._count)
        ]
        return FieldMerger(parts, self._count, self._after_range).arrays()

    def _after_range(self) -> None:
        for segment, _, _ in self._segments:
            for file in segment.files:
                file.release()
        if self._between is not None:
            self._between()


def _chosen(array: Array, live: Live | None) -> Array:
    return array if live is None else array[live]


def _blank(like: Column, count: int) -> Column:
    """Return a column of ``count`` empty values, for a segment written before the schema had that column."""
    if isinstance(like, PackedStrings):
        return PackedStrings.pack([b""] * count)
    if isinstance(like, DictionaryColumn):
        return DictionaryColumn.pack([b""] * count)
    return np.zeros(count, like.dtype)


def _join(parts: Sequence[Column], live: Sequence[Live | None]) -> Column:
    """Concatenate columns of the same kind, keeping the values of live articles."""
    if isinstance(parts[0], PackedStrings):
        strings = [part.all() for part in parts if isinstance(part, PackedStrings)]
        return PackedStrings.pack(
            [
                value
                for values, alive in zip(strings, live, strict=True)
                for value, keep in zip(values, [True] * len(values) if alive is None else alive.tolist(), strict=True)
                if keep
            ]
        )
    if isinstance(parts[0], DictionaryColumn):
        known: dict[bytes, int] = {}
        codes = []
        for part, alive in zip(parts, live, strict=True):
            assert isinstance(part, DictionaryColumn)
            renumbered = np.array([known.setdefault(value, len(known)) for value in part.values.all()], np.int64)
            codes.append(renumbered[_chosen(part.codes, alive)])
        return DictionaryColumn(
            np.concatenate(codes).astype(smallest_unsigned(len(known))), PackedStrings.pack(list(known))
        )
    numbers = [_chosen(part, alive) for part, alive in zip(parts, live, strict=True) if isinstance(part, np.ndarray)]
    return np.concatenate(numbers)
