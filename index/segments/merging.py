"""Merge segments into one.

Merging concatenates arrays: the term dictionaries are merged, and every posting list is copied whole to its new place,
with doc ids renumbered and deleted articles dropped. Nothing is analysed or decoded again, and memory holds one field
at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, offsets, sizes, smallest_unsigned, spread
from index.segments.columns import Column, DictionaryColumn, PackedStrings, TermDictionary, ascending_ranks
from index.segments.segment import InvertedField, Segment, pack_counts

Live = NDArray[np.bool_]

_BLOCK = 1 << 18


def merge(
    segments: Sequence[Segment], live: Sequence[Live | None], between: Callable[[], None] | None = None
) -> Segment:
    """Return one segment with the articles of ``segments``, in their order.

    ``live`` has a doc mask for each segment, True for articles to keep; None keeps them all. A column that a segment
    lacks is empty for its articles. Each access to a field merges its inverted index again, and calls ``between``.
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


class _Fields(Mapping[str, InvertedField]):
    """The inverted indexes of the merged segment, by field; each access merges one."""

    def __init__(
        self,
        segments: Sequence[Segment],
        live: Sequence[Live | None],
        bases: Sequence[int],
        count: int,
        between: Callable[[], None] | None,
    ) -> None:
        self._parts = list(zip(segments, live, bases, strict=True))
        self._count = count
        self._between = between
        self._names = sorted({name for segment in segments for name in segment.fields})

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> InvertedField:
        if self._between is not None:
            self._between()
        parts = [
            (part.fields[name] if alive is None else _without(part.fields[name], alive), base)
            for part, alive, base in self._parts
            if name in part.fields and (base < self._count or not self._count)
        ]
        return _concatenate(parts, self._count)


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


def _without(inverted: InvertedField, live: Live) -> InvertedField:
    """Return ``inverted`` without the articles that are not ``live``: doc ids renumbered, terms left empty dropped."""
    renumbered = np.cumsum(live) - 1
    frequencies_of: list[NDArray[np.int64]] = []
    articles: list[Array] = []
    frequencies: list[Array] = []
    positions: list[Array] = []
    places_of: list[NDArray[np.int64]] = []
    for first, end in _blocks(inverted.starts):
        low, high = int(inverted.starts[first]), int(inverted.starts[end])
        listed = inverted.articles[low:high]
        keep = live[listed]
        term_of = np.repeat(np.arange(end - first), sizes(inverted.starts[first : end + 1]))
        frequencies_of.append(np.bincount(term_of[keep], minlength=end - first))
        articles.append(renumbered[listed[keep]].astype(listed.dtype))
        if inverted.counts is None:
            continue
        counts = inverted.frequencies(low, high)
        frequencies.append(counts[keep].astype(np.uint32))
        if inverted.positions is not None and inverted.position_starts is not None:
            from_, to = int(inverted.position_starts[first]), int(inverted.position_starts[end])
            positions.append(inverted.positions[from_:to][np.repeat(keep, counts)])
            sums = np.bincount(term_of[keep], weights=counts[keep], minlength=end - first)
            places_of.append(sums.astype(np.int64))
    document_frequencies = _together(frequencies_of, np.int64)
    there = document_frequencies > 0
    terms = TermDictionary(
        PackedStrings.pack(
            [term for term, has in zip(inverted.terms.strings.all(), there.tolist(), strict=True) if has]
        )
    )
    kept: dict[str, Array] = {}
    if inverted.counts is not None:
        kept["counts"], kept["large"], kept["large_counts"] = pack_counts(_together(frequencies, np.uint32))
    if inverted.positions is not None:
        kept["positions"] = _together(positions, inverted.positions.dtype)
        kept["position_starts"] = offsets(_together(places_of, np.int64)[there])
    return InvertedField(
        terms, offsets(document_frequencies[there]), _together(articles, inverted.articles.dtype), **kept
    )


def _concatenate(parts: Sequence[tuple[InvertedField, int]], count: int) -> InvertedField:
    """Return one inverted index of ``count`` articles. The number beside each part is added to its doc ids."""
    indexes = [inverted for inverted, _ in parts]
    terms, numbers = _merge_terms([inverted.terms.strings for inverted in indexes])
    starts, targets = _places([inverted.starts for inverted in indexes], numbers, len(terms))
    articles = np.empty(int(starts[-1]), smallest_unsigned(count - 1))
    for (inverted, base), target in zip(parts, targets, strict=True):
        _copy(inverted.articles, inverted.starts, articles, target, base)
    kept: dict[str, Array] = {}
    if all(inverted.counts is not None for inverted in indexes):
        kept.update(_concatenate_counts(indexes, targets, len(articles)))
    if all(inverted.positions is not None for inverted in indexes):
        sources = [(inverted.positions, inverted.position_starts) for inverted in indexes]
        wide = max((source.dtype for source, _ in sources if source is not None), key=lambda dtype: dtype.itemsize)
        kept["position_starts"], targets = _places(
            [ends for _, ends in sources if ends is not None], numbers, len(terms)
        )
        kept["positions"] = np.empty(int(kept["position_starts"][-1]), wide)
        for (source, ends), target in zip(sources, targets, strict=True):
            assert source is not None
            assert ends is not None
            _copy(source, ends, kept["positions"], target, 0)
    return InvertedField(TermDictionary(terms), starts, articles, **kept)


def _merge_terms(lists: Sequence[PackedStrings]) -> tuple[PackedStrings, list[NDArray[np.int64]]]:
    """Return all distinct terms, ascending, and for each list the numbers of its terms among them."""
    together = PackedStrings.concatenate(lists)
    ranks = ascending_ranks(together)
    first = np.zeros(len(ranks), np.int64)
    first[ranks] = np.arange(len(ranks))
    there = np.zeros(len(ranks), bool)
    there[ranks] = True
    numbers = (np.cumsum(there) - 1)[ranks]
    ends = np.cumsum([len(terms) for terms in lists])[:-1]
    return together.take(first[there]), np.split(numbers, ends)


def _places(
    starts: Sequence[Array], numbers: Sequence[NDArray[np.int64]], terms: int
) -> tuple[Array, list[NDArray[np.int64]]]:
    """Return where each merged term's items start, and for each part where the items of each of its terms go."""
    totals = np.zeros(terms, np.int64)
    before = []
    for own, number in zip(starts, numbers, strict=True):
        before.append(totals[number])
        totals[number] += sizes(own)
    merged = offsets(totals)
    return merged, [merged[number].astype(np.int64) + earlier for number, earlier in zip(numbers, before, strict=True)]


def _copy(source: Array, starts: Array, into: Array, targets: NDArray[np.int64], add: int) -> None:
    """Copy the items of each term, ``source[starts[t]:starts[t + 1]]`` plus ``add``, to ``into`` at ``targets[t]``."""
    for first, end in _blocks(starts):
        items = source[int(starts[first]) : int(starts[end])]
        into[spread(targets[first:end], sizes(starts[first : end + 1]))] = items.astype(into.dtype) + into.dtype.type(
            add
        )


def _concatenate_counts(
    indexes: Sequence[InvertedField], targets: Sequence[NDArray[np.int64]], postings: int
) -> dict[str, Array]:
    counts = np.empty(postings, np.uint8)
    large: list[NDArray[np.int64]] = []
    large_counts: list[Array] = []
    for inverted, target in zip(indexes, targets, strict=True):
        assert inverted.counts is not None
        _copy(inverted.counts, inverted.starts, counts, target, 0)
        if inverted.large is not None and inverted.large_counts is not None and len(inverted.large):
            own = inverted.large.astype(np.int64)
            starts = inverted.starts.astype(np.int64)
            term_of = np.searchsorted(starts, own, "right") - 1
            large.append(target[term_of] + own - starts[term_of])
            large_counts.append(inverted.large_counts)
    where, values = _together(large, np.int64), _together(large_counts, np.uint32)
    order = np.argsort(where)
    return {"counts": counts, "large": where[order].astype(smallest_unsigned(postings)), "large_counts": values[order]}


def _blocks(starts: Array) -> Iterator[tuple[int, int]]:
    """Yield ranges of terms (first, end) with at most 262,144 items each, or a single term with more."""
    first = 0
    while first < len(starts) - 1:
        end = int(
            np.searchsorted(starts, starts.dtype.type(min(int(starts[first]) + _BLOCK, int(starts[-1]))), "right")
        )
        end = max(first + 1, end - 1)
        yield first, end
        first = end


def _together(parts: Sequence[Array], dtype: np.dtype[np.generic] | type[np.generic]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, dtype)
