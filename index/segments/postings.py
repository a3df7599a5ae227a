"""Inversion: from the terms of each article to the postings of each term.

Terms are given as numbers into a list of names; those that occur are ranked by name. An occurrence is one integer, the
term's rank in the high bits and its place in the low bits, so that one sort groups the occurrences by term, in order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, Ints, offsets, smallest_unsigned
from index.segments.columns import PackedStrings, TermDictionary
from index.segments.segment import InvertedField, pack_counts


def positional_postings(
    terms: Ints, places: Ints, bounds: Ints, names: Sequence[bytes], positions: Ints
) -> InvertedField:
    """Return the inverted index, with positions, of the terms ``names[terms[i]]`` at ``places[i]``.

    Places count over the whole batch: article ``a`` has those from ``bounds[a]`` up to ``bounds[a + 1]``. ``positions``
    has the position of each place in its article.
    """
    strings, ranks = _ranked(terms, names)
    bits = int(bounds[-1]).bit_length()
    occurrences = np.sort((ranks << bits) | places)
    term_of, place = occurrences >> bits, occurrences & ((1 << bits) - 1)
    owners = _owners(bounds)[place]
    positions = positions[place]
    return replace(
        _inverted(strings, term_of, owners, len(bounds) - 1),
        position_starts=offsets(np.bincount(term_of, minlength=len(strings))),
        positions=positions.astype(smallest_unsigned(int(positions.max(initial=0)))),
    )


def counted_postings(terms: Ints, places: Ints, bounds: Ints, names: Sequence[bytes]) -> InvertedField:
    """Return the inverted index of the same arguments without positions."""
    strings, ranks = _ranked(terms, names)
    bits = len(bounds).bit_length()
    keys = np.sort((ranks << bits) | _owners(bounds)[places])
    return _inverted(strings, keys >> bits, keys & ((1 << bits) - 1), len(bounds) - 1)


def bigram_postings(terms: Ints, bounds: Ints, names: Sequence[bytes], positions: Ints) -> InvertedField:
    """Return the inverted index, without positions, of the bigrams of an article: neighbouring terms joined by ``_``.

    ``terms`` and ``positions`` have one term number and one position per place; terms are neighbours if their positions
    are consecutive. No term may contain ``_``; so bigrams sort by their first term with ``_`` appended, then by their
    second term.
    """
    seconds, second = _ranked(terms, names)
    firsts = [term + b"_" for term in seconds]
    by_sign = sorted(range(len(firsts)), key=firsts.__getitem__)
    first_ranks = np.empty(len(firsts), np.int64)
    first_ranks[by_sign] = np.arange(len(firsts))
    owners = _owners(bounds)
    together = neighbours(bounds, positions)[:-1]
    bits, term_bits = len(bounds).bit_length(), len(seconds).bit_length()
    of_pairs = (first_ranks[second[:-1][together]] << term_bits) | second[1:][together]
    keys = np.sort((of_pairs << bits) | owners[:-1][together])
    of_pairs = keys >> bits
    new = np.diff(of_pairs, prepend=-1) != 0
    distinct = of_pairs[new]
    before = map(firsts.__getitem__, np.array(by_sign, np.int64)[distinct >> term_bits].tolist())
    after = map(seconds.__getitem__, (distinct & ((1 << term_bits) - 1)).tolist())
    strings = list(map(bytes.__add__, before, after))
    return _inverted(strings, np.cumsum(new) - 1, keys & ((1 << bits) - 1), len(bounds) - 1)


def neighbours(bounds: Ints, positions: Ints) -> NDArray[np.bool]:
    """Tell for each place whether the next one is in the same article, at the next position."""
    together: NDArray[np.bool] = np.diff(positions, append=positions[-1:]) == 1
    together[bounds[bounds > 0] - 1] = False
    return together


def term_set_postings(terms: Sequence[Collection[str]]) -> InvertedField:
    """Return the inverted index, without frequencies, of each article's distinct terms."""
    strings = sorted(set(chain.from_iterable(terms)))
    ranks = dict(zip(strings, range(len(strings)), strict=True))
    counts = np.fromiter(map(len, terms), np.int64, len(terms))
    flat = np.fromiter(map(ranks.__getitem__, chain.from_iterable(terms)), np.int64, int(counts.sum()))
    bits = len(terms).bit_length()
    keys = np.sort((flat << bits) | np.repeat(np.arange(len(terms)), counts))
    inverted = _inverted([term.encode() for term in strings], keys >> bits, keys & ((1 << bits) - 1), len(terms))
    return InvertedField(inverted.terms, inverted.starts, inverted.articles)


def _ranked(terms: Ints, names: Sequence[bytes]) -> tuple[list[bytes], Ints]:
    """Return the distinct ``terms`` as names, ascending, and for each of ``terms`` its number among these."""
    there = np.zeros(int(terms.max(initial=-1)) + 1, bool)
    there[terms] = True
    numbers = np.flatnonzero(there).tolist()
    numbers.sort(key=names.__getitem__)
    ranks = np.empty(len(there), np.int64)
    ranks[numbers] = np.arange(len(numbers))
    return [names[number] for number in numbers], ranks[terms]


def _owners(bounds: Ints) -> Ints:
    """Return for each place the number of the article that has it."""
    return np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))


def _inverted(strings: Sequence[bytes], term_of: Ints, owners: Ints, articles: int) -> InvertedField:
    """Return the inverted index of occurrences that are sorted by term, then by article."""
    new = np.ones(len(term_of), bool)
    new[1:] = (term_of[1:] != term_of[:-1]) | (owners[1:] != owners[:-1])
    firsts = np.flatnonzero(new)
    listed: Array = owners[firsts].astype(smallest_unsigned(articles - 1))
    counts = pack_counts(np.diff(firsts, append=len(term_of)))
    starts = offsets(np.bincount(term_of[firsts], minlength=len(strings)))
    return InvertedField(TermDictionary(PackedStrings.pack(strings)), starts, listed, *counts)
