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

from index.arrays import Array, Ints, offsets, sizes, smallest_unsigned
from index.kernels.building import merge_strings, put_runs
from index.segments.array_file import Pieces
from index.segments.columns import SAMPLED, PackedStrings
from index.segments.packing import bits_of
from index.segments.segment import COUNT_BITS, InvertedField, pack_counts

Live = NDArray[np.bool_]

_RANGE = 3 << 19
"""Items of a range, of the longest array; each term counts as several, for the memory that sorting it takes."""
_OF_A_TERM = 16

_Span = tuple[int, int]
_Sizes = Callable[["Part", _Span], Ints]
_Items = Callable[["Part", _Span], Array]


class Part:
    """The inverted index of one segment: ``base`` is added to the doc ids of its ``live`` articles (None: all)."""

    def __init__(self, inverted: InvertedField, base: int, live: Live | None) -> None:
        self.inverted = inverted
        self._base, self._live = base, live

        self._items = inverted.starts if inverted.position_starts is None else inverted.position_starts

    @property
    def weight(self) -> int:
        """Return the weight (``_RANGE``) of all terms."""
        return int(self._items[-1]) + _OF_A_TERM * len(self.inverted.terms)

    def weights(self) -> Iterator[tuple[bytes, int]]:
        """Yield every 64th term, and the weight of the terms from it up to the next one."""
        terms = self.inverted.terms
        numbers = np.append(np.arange(0, len(terms), SAMPLED), len(terms))
        weights = np.diff(self._items[numbers].astype(np.int64)) + _OF_A_TERM * np.diff(numbers)
        return zip(terms.samples().all(), weights.tolist(), strict=True)

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
        self._gaps: list[list[Array]] = []
        """For each range and part, the numbers of its terms among the merged ones, each as the step from the last."""
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
            yield "counts", Pieces(np.dtype(np.uint8), self._counts(large, large_counts), COUNT_BITS)
            yield "large", _together(large).astype(smallest_unsigned(postings))
            yield "large_counts", _together(large_counts).astype(np.uint32)
        stored = [inverted.positions for inverted in every if inverted.positions is not None]
        if len(stored) == len(every):
            yield "position_starts", offsets(_together(list(self._position_counts())))
            bits = max(map(bits_of, stored), default=0)
            dtype = smallest_unsigned((1 << bits) - 1)
            yield "positions", Pieces(dtype, self._merged(dtype, Part.position_counts, Part.positions), bits)

    def _terms(self, lengths: list[Array], samples: list[bytes]) -> Iterator[Array]:
        """Yield the bytes of the terms; note their lengths, every 64th of them, and which part has which."""
        passed = 0
        for spans in self._ranges:
            terms, numbers = _merge_terms([part.terms(span) for part, span in zip(self._parts, spans, strict=True)])
            frequencies = np.zeros(len(terms), np.int64)
            gaps = []
            for part, span, own in zip(self._parts, spans, numbers, strict=True):
                frequencies[own] += part.document_frequencies(span)
                steps = np.diff(own, prepend=0)
                gaps.append(steps.astype(smallest_unsigned(int(steps.max(initial=0)))))
            self._gaps.append(gaps)
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
                put_runs(items_of(part, span), whole, target, count)
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
        numbers = [np.cumsum(gaps, dtype=np.int64) for gaps in self._gaps[at]]
        totals = np.zeros(len(self._frequencies[at]), np.int64)
        before = []
        for own, count in zip(numbers, counts, strict=True):
            before.append(totals[own])
            totals[own] += count
        starts = np.concatenate([[0], np.cumsum(totals)])
        return starts, [starts[own] + earlier for own, earlier in zip(numbers, before, strict=True)]


def _ranges(parts: Sequence[Part]) -> list[list[_Span]]:
    """Return the ranges of terms to merge at a time: for each the numbers of the terms in each part."""
    ends = [len(part.inverted.terms) for part in parts]
    whole = sum(part.weight for part in parts)
    pivots: list[bytes] = []
    if whole > _RANGE:
        weighed = sorted(pair for part in parts for pair in part.weights())
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
    bounds = np.cumsum([0, *map(len, lists)])
    numbers, firsts = merge_strings(together.blob, together.starts.astype(np.int64), bounds) or _numbered(
        together.all()
    )
    return together.take(firsts), np.split(numbers, bounds[1:-1])


def _numbered(strings: list[bytes]) -> tuple[Ints, Ints]:
    """Return the number of each string among the distinct ones, ascending, and for each of these one string."""
    some = dict(zip(strings, range(len(strings)), strict=True))
    ascending = sorted(some)
    numbers = dict(zip(ascending, range(len(ascending)), strict=True))
    return np.array([numbers[one] for one in strings], np.int64), np.array([some[one] for one in ascending], np.int64)


def _together(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
