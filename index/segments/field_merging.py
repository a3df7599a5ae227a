"""Merge the inverted indexes of a field, a range of terms at a time.

The terms of every part are sorted. So those of one range are a slice of its term dictionary, and their postings and
positions are slices too; the merged arrays are such ranges in a row, and are written as they come. Memory holds one
range, and a few bytes for each term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, Ints, offsets, sizes, smallest_unsigned, spread
from index.segments.array_file import Pieces
from index.segments.columns import SAMPLED, PackedStrings, ascending_ranks
from index.segments.segment import InvertedField, pack_counts

Live = NDArray[np.bool_]

_RANGE = 3 << 19
"""Items of a range, of the longest array; each term counts as several, for the memory that sorting it takes."""
_OF_A_TERM = 16
_BLOCK = 1 << 18

_Span = tuple[int, int]
_Sizes = Callable[["Part", _Span], Ints]
_Items = Callable[["Part", _Span], Array]


class Part:
    """The inverted index of one segment: ``base`` is added to the doc ids of its ``live`` articles (None: all)."""

    def __init__(self, inverted: InvertedField, base: int, live: Live | None) -> None:
        self.inverted = inverted
        self._base, self._live = base, live

    @cached_property
    def weights(self) -> tuple[list[bytes], Ints]:
        """Return every 64th term, and the weight (``_RANGE``) of the terms from it up to the next one."""
        inverted = self.inverted
        count = len(inverted.terms)
        starts = inverted.starts if inverted.position_starts is None else inverted.position_starts
        numbers = np.append(np.arange(0, count, SAMPLED), count)
        return inverted.terms.samples().all(), np.diff(starts[numbers].astype(np.int64)) + _OF_A_TERM * np.diff(numbers)

    def terms(self, span: _Span) -> PackedStrings:
        """Return the terms numbered ``span`` (first, end) that live articles have."""
        terms = self.inverted.terms.strings.part(*span)
        return terms if self._live is None else terms.take(np.flatnonzero(self._counted(span)))

    def document_frequencies(self, span: _Span) -> Ints:
        """Return how many live articles have each of ``terms``."""
        counted = self._counted(span)
        return counted if self._live is None else counted[counted > 0]

    def articles(self, span: _Span) -> Array:
        """Return the new doc ids of the postings of ``terms``."""
        listed = self.inverted.articles[slice(*self._postings(span))]
        if self._live is None:
            return listed.astype(np.uint32) + np.uint32(self._base)
        return self._renumbered[listed[self._live[listed]]]

    def frequencies(self, span: _Span) -> Array:
        """Return the frequencies of the postings of ``terms``."""
        found = self.inverted.frequencies(*self._postings(span))
        return found if self._live is None else found[self._kept(span)]

    def position_counts(self, span: _Span) -> Ints:
        """Return how many positions each of ``terms`` has."""
        assert self.inverted.position_starts is not None
        if self._live is None:
            return sizes(self.inverted.position_starts[span[0] : span[1] + 1])
        kept, frequencies = self._kept(span), self.inverted.frequencies(*self._postings(span))
        before = np.concatenate([[0], np.cumsum(np.where(kept, frequencies, 0), dtype=np.int64)])
        return np.diff(before[self._starts(span)])[self._counted(span) > 0]

    def positions(self, span: _Span) -> Array:
        """Return the positions of ``terms``."""
        inverted = self.inverted
        assert inverted.positions is not None
        assert inverted.position_starts is not None
        found = inverted.positions[int(inverted.position_starts[span[0]]) : int(inverted.position_starts[span[1]])]
        if self._live is None:
            return found
        return found[np.repeat(self._kept(span), inverted.frequencies(*self._postings(span)))]

    @cached_property
    def _renumbered(self) -> Ints:
        assert self._live is not None
        numbers: Ints = np.cumsum(self._live) - 1 + self._base
        return numbers

    def _postings(self, span: _Span) -> _Span:
        return int(self.inverted.starts[span[0]]), int(self.inverted.starts[span[1]])

    def _starts(self, span: _Span) -> Ints:
        """Return where the postings of each term start, counted from those of the first one."""
        starts = self.inverted.starts[span[0] : span[1] + 1].astype(np.int64)
        starts -= starts[0]
        return starts

    def _kept(self, span: _Span) -> Live:
        """Tell for each posting whether its article is live."""
        assert self._live is not None
        return self._live[self.inverted.articles[slice(*self._postings(span))]]

    def _counted(self, span: _Span) -> Ints:
        """Return how many live articles have each term, those without any too."""
        if self._live is None:
            return np.diff(self._starts(span))
        before = np.concatenate([[0], np.cumsum(self._kept(span))])
        counts: Ints = np.diff(before[self._starts(span)])
        return counts


class FieldMerger:
    """Merges the parts of a field of ``count`` articles; ``between`` is called after each range of terms."""

    def __init__(self, parts: Sequence[Part], count: int, between: Callable[[], None]) -> None:
        self._parts = parts
        self._count = count
        self._between = between
        self._ranges = _ranges(parts)
        self._of_parts: list[list[NDArray[np.uint8]]] = []
        """For each range and part, which of the merged terms it has, as bits."""
        self._frequencies: list[Array] = []

    def arrays(self) -> Iterator[tuple[str, Array | Pieces]]:
        """Yield the arrays of the merged index as ``InvertedField.arrays`` does; pieces must be taken in order."""
        every = [part.inverted for part in self._parts]
        lengths: list[Array] = []
        samples: list[bytes] = []
        yield "terms", Pieces(np.dtype(np.uint8), self._terms(lengths, samples))
        yield "term_starts", offsets(_together(lengths))
        packed = PackedStrings.pack(samples)
        yield from (("samples", packed.blob), ("sample_starts", packed.starts))
        starts = offsets(_together(self._frequencies))
        postings = int(starts[-1])
        yield "starts", starts
        del starts
        dtype = smallest_unsigned(self._count - 1)
        yield "articles", Pieces(dtype, self._merged(dtype, Part.document_frequencies, Part.articles))
        if all(inverted.counts is not None for inverted in every):
            large: list[Array] = []
            large_counts: list[Array] = []
            yield "counts", Pieces(np.dtype(np.uint8), self._counts(large, large_counts))
            yield "large", _together(large).astype(smallest_unsigned(postings))
            yield "large_counts", _together(large_counts).astype(np.uint32)
        stored = [inverted.positions.dtype for inverted in every if inverted.positions is not None]
        if len(stored) == len(every):
            yield "position_starts", offsets(_together(list(self._position_counts())))
            widest = max(stored, key=lambda dtype: dtype.itemsize, default=np.dtype(np.uint8))
            yield "positions", Pieces(widest, self._merged(widest, Part.position_counts, Part.positions))

    def _terms(self, lengths: list[Array], samples: list[bytes]) -> Iterator[Array]:
        """Yield the bytes of the terms; note their lengths, every 64th of them, and which part has which."""
        passed = 0
        for spans in self._ranges:
            terms, numbers = _merge_terms([part.terms(span) for part, span in zip(self._parts, spans, strict=True)])
            frequencies = np.zeros(len(terms), np.int64)
            bits = []
            for part, span, own in zip(self._parts, spans, numbers, strict=True):
                frequencies[own] += part.document_frequencies(span)
                there = np.zeros(len(terms), bool)
                there[own] = True
                bits.append(np.packbits(there))
            self._of_parts.append(bits)
            self._frequencies.append(frequencies.astype(smallest_unsigned(int(frequencies.max(initial=0)))))
            lengths.append(sizes(terms.starts).astype(np.uint32))
            samples += [terms[number] for number in range(-passed % SAMPLED, len(terms), SAMPLED)]
            passed += len(terms)
            yield terms.blob
            self._between()

    def _merged(self, dtype: np.dtype[np.generic], sizes_of: _Sizes, items_of: _Items) -> Iterator[Array]:
        """Yield the items of the terms of each range, for each term those of the parts in turn."""
        for at, spans in enumerate(self._ranges):
            counts = [sizes_of(part, span) for part, span in zip(self._parts, spans, strict=True)]
            starts, targets = self._places(at, counts)
            whole = np.empty(int(starts[-1]), dtype)
            for part, span, count, target in zip(self._parts, spans, counts, targets, strict=True):
                _scatter(items_of(part, span), count, whole, target)
            yield whole
            self._between()

    def _counts(self, large: list[Array], large_counts: list[Array]) -> Iterator[Array]:
        """Yield the frequencies of the postings, capped; note those above."""
        passed = 0
        for frequencies in self._merged(np.dtype(np.uint32), Part.document_frequencies, Part.frequencies):
            counts, above, values = pack_counts(frequencies)
            large.append(above.astype(np.int64) + passed)
            large_counts.append(values)
            passed += len(frequencies)
            yield counts

    def _position_counts(self) -> Iterator[Array]:
        """Yield the number of positions of the terms of each range."""
        for at, spans in enumerate(self._ranges):
            starts, _ = self._places(
                at, [part.position_counts(span) for part, span in zip(self._parts, spans, strict=True)]
            )
            yield np.diff(starts).astype(np.uint32)
            self._between()

    def _places(self, at: int, counts: Sequence[Ints]) -> tuple[Ints, list[Ints]]:
        """Return where each merged term of a range starts, and where the items of each term of each part go."""
        terms = len(self._frequencies[at])
        numbers = [np.flatnonzero(np.unpackbits(bits, count=terms)) for bits in self._of_parts[at]]
        totals = np.zeros(terms, np.int64)
        before = []
        for own, count in zip(numbers, counts, strict=True):
            before.append(totals[own])
            totals[own] += count
        starts = np.concatenate([[0], np.cumsum(totals)])
        return starts, [starts[own] + earlier for own, earlier in zip(numbers, before, strict=True)]


def _ranges(parts: Sequence[Part]) -> list[list[_Span]]:
    """Return the ranges of terms to merge at a time: for each the numbers of the terms in each part."""
    ends = [len(part.inverted.terms) for part in parts]
    whole = sum(int(part.weights[1].sum()) for part in parts)
    pivots: list[bytes] = []
    if whole > _RANGE:
        weighed = sorted(pair for part in parts for pair in zip(part.weights[0], part.weights[1].tolist(), strict=True))
        load = 0
        for term, weight in weighed:
            if load and load + weight > _RANGE:
                pivots.append(term)
                load = 0
            load += weight
    cuts = [[0] * len(parts), *([part.inverted.terms.find(pivot) for part in parts] for pivot in pivots), ends]
    return [list(zip(first, end, strict=True)) for first, end in pairwise(cuts)]


def _merge_terms(lists: Sequence[PackedStrings]) -> tuple[PackedStrings, list[Ints]]:
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


def _scatter(items: Array, counts: Ints, into: Array, targets: Ints) -> None:
    """Copy the items of each term, ``counts[t]`` of them, to ``into`` at ``targets[t]``."""
    starts = np.concatenate([[0], np.cumsum(counts)])
    first = 0
    while first < len(counts):
        end = max(first + 1, int(np.searchsorted(starts, starts[first] + _BLOCK, "right")) - 1)
        into[spread(targets[first:end], counts[first:end])] = items[starts[first] : starts[end]]
        first = end


def _together(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
