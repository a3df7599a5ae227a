"""Inversion: from the terms of each article to the postings of each term.

Terms are given as numbers; a table has their names and their ranks by name. An occurrence is one integer, the term's
rank in the high bits and its place in the low bits, so that one sort groups the occurrences by term, in order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from index.analysis.interning import RankedTerms
from index.arrays import Array, Ints, offsets, smallest_unsigned
from index.kernels.building import take_runs
from index.segments.columns import PackedStrings, TermDictionary
from index.segments.segment import NO_FIELD, InvertedField, pack_counts


def positional_postings(terms: Ints, places: Ints, bounds: Ints, known: RankedTerms, positions: Ints) -> InvertedField:
    """Return the inverted index, with positions, of the terms numbered ``terms[i]`` at ``places[i]``.

    Places count over the whole batch: article ``a`` has those from ``bounds[a]`` up to ``bounds[a + 1]``. ``positions``
    has the position of each place in its article.
    """
    bits = int(bounds[-1]).bit_length()
    keys = np.sort((known.ranks[terms] << bits) | places)
    ranks, place = keys >> bits, keys & ((1 << bits) - 1)
    firsts, inverted = _inverted(ranks, owners_of(bounds)[place], len(bounds) - 1)
    positions = positions[place]
    return replace(
        inverted,
        terms=_named(known, known.order[ranks[firsts]]),
        position_starts=np.append(firsts, len(place)).astype(np.uint32),
        positions=positions.astype(smallest_unsigned(int(positions.max(initial=0)))),
    )


def counted_postings(terms: Ints, places: Ints, bounds: Ints, known: RankedTerms) -> InvertedField:
    """Return the inverted index of the same arguments without positions."""
    bits = len(bounds).bit_length()
    keys = np.sort((known.ranks[terms] << bits) | owners_of(bounds)[places])
    ranks = keys >> bits
    firsts, inverted = _inverted(ranks, keys & ((1 << bits) - 1), len(bounds) - 1)
    return replace(inverted, terms=_named(known, known.order[ranks[firsts]]))


def bigram_postings(terms: Ints, bounds: Ints, known: RankedTerms, positions: Ints) -> InvertedField:
    """Return the inverted index, without positions, of the bigrams of an article: neighbouring terms joined by ``_``.

    ``terms`` and ``positions`` have one term number and one position per place; terms are neighbours if their positions
    are consecutive. No term may contain ``_``; so bigrams sort by their first term with ``_`` appended, then by their
    second term.
    """
    together = np.flatnonzero(neighbours(bounds, positions))
    bits, rank_bits = len(bounds).bit_length(), len(known.ranks).bit_length()
    pairs = (known.ranks_before_sign[terms[together]] << rank_bits) | known.ranks[terms[together + 1]]
    keys = np.sort((pairs << bits) | owners_of(bounds)[together])
    pairs = keys >> bits
    firsts, inverted = _inverted(pairs, keys & ((1 << bits) - 1), len(bounds) - 1)
    distinct = pairs[firsts]
    before, after = known.order_before_sign[distinct >> rank_bits], known.order[distinct & ((1 << rank_bits) - 1)]
    return replace(inverted, terms=_named(known, before, after))


def neighbours(bounds: Ints, positions: Ints) -> NDArray[np.bool]:
    """Tell for each place whether the next one is in the same article, at the next position."""
    together: NDArray[np.bool] = np.diff(positions, append=positions[-1:]) == 1
    together[bounds[bounds > 0] - 1] = False
    return together


def owners_of(bounds: Ints) -> Ints:
    """Return for each place the number of the article that has it."""
    return np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))


def term_set_postings(terms: Sequence[Collection[str]]) -> InvertedField:
    """Return the inverted index, without frequencies, of each article's distinct terms."""
    strings = sorted(set(chain.from_iterable(terms)))
    ranks = dict(zip(strings, range(len(strings)), strict=True))
    counts = np.fromiter(map(len, terms), np.int64, len(terms))
    flat = np.fromiter(map(ranks.__getitem__, chain.from_iterable(terms)), np.int64, int(counts.sum()))
    bits = len(terms).bit_length()
    keys = np.sort((flat << bits) | np.repeat(np.arange(len(terms)), counts))
    _, inverted = _inverted(keys >> bits, keys & ((1 << bits) - 1), len(terms))
    named = TermDictionary(PackedStrings.pack([term.encode() for term in strings]))
    return InvertedField(named, inverted.starts, inverted.articles)


def _inverted(ranks: Ints, owners: Ints, articles: int) -> tuple[Ints, InvertedField]:
    """Return the inverted index, its terms still without names, of occurrences sorted by term, then by article.

    Before it comes the number of each term's first occurrence.
    """
    new_term = np.ones(len(ranks), bool)
    np.not_equal(ranks[1:], ranks[:-1], out=new_term[1:])
    new = new_term.copy()
    new[1:] |= owners[1:] != owners[:-1]
    firsts = np.flatnonzero(new)
    listed: Array = owners[firsts].astype(smallest_unsigned(articles - 1))
    counts = pack_counts(np.diff(firsts, append=len(ranks)))
    starts = np.append(np.flatnonzero(new_term[firsts]), len(firsts)).astype(np.uint32)
    return np.flatnonzero(new_term), InvertedField(NO_FIELD.terms, starts, listed, *counts)


def _named(known: RankedTerms, *parts: Ints) -> TermDictionary:
    """Return the names of terms: those numbered ``parts``, joined by ``_``."""
    numbers = np.stack(parts, axis=1)
    lengths = known.lengths[numbers]
    lengths[:, :-1] += 1
    blob = take_runs(known.blob, known.starts[numbers].ravel(), lengths.ravel())
    return TermDictionary(PackedStrings(blob, offsets(lengths.sum(axis=1))))
