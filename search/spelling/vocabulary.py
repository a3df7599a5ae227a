"""What an archive knows of syllables and phrases, for correcting a query; nothing is scanned, all is looked up.

Frequencies are document frequencies. Phrases come from the ``suggest`` field: the words of all articles that have
several syllables, and up to three neighbouring words of titles.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream, pairs
from index.analysis.normalization import canonical_syllable, fold
from index.analysis.suggestions import SEPARATOR, split_suggestion, suggestion_prefix
from index.analysis.syllables import accented_forms
from index.directory.snapshot import DocIds, Snapshot
from index.segments.schema import TEXT_FIELDS, field_name

SYLLABLES_AN_ARTICLE = 200
"""Distinct syllables of a usual article: makes document frequencies comparable with chance."""

_MOST_FREQUENCIES = 1 << 16
_LONGEST_TERM = 64
_MOST_SPELLINGS = 60
_MOST_READ = 100
_MOST_PHRASES = 100
_MOST_NEIGHBOURS = 80
_UNSEEN = 0.1


@dataclass(frozen=True, slots=True)
class Spelling:
    """A phrase with its accents: canonical syllables, the way they are mostly written, and in how many articles."""

    exact: tuple[str, ...]
    written: tuple[str, ...]
    frequency: int


class Frequencies(dict[tuple[Stream, str], int]):
    """In how many articles of ``snapshot`` a term of a stream is; what was looked up is kept.

    Threads may share it: what two of them look up at a time is the same.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def __missing__(self, key: tuple[Stream, str]) -> int:
        stream, term = key
        frequency = max(self.snapshot.document_frequency(field_name(name, stream), term) for name in TEXT_FIELDS)
        if len(self) >= _MOST_FREQUENCIES:
            self.clear()
        if len(term) <= _LONGEST_TERM:
            self[key] = frequency
        return frequency


class Vocabulary:
    """Look things up in the snapshot of ``frequencies``, each only once, phrases and neighbours up to a bound.

    Made for one query; not to be shared between threads.
    """

    def __init__(self, frequencies: Frequencies) -> None:
        self._snapshot = snapshot = frequencies.snapshot
        self._frequencies = frequencies
        self._spellings: dict[tuple[str, ...], list[Spelling]] = {}
        self._side_by_side: dict[tuple[str, str], int] = {}
        self._places: dict[tuple[str, str, str], NDArray[np.int64]] = {}
        self.articles = snapshot.count
        self._syllables = math.log(max(1, snapshot.count) * SYLLABLES_AN_ARTICLE)

    def folded(self, syllable: str) -> int:
        """Return in how many articles a syllable is, accents aside."""
        return self._frequencies[Stream.FOLDED, syllable]

    def exact(self, syllable: str) -> int:
        """Return in how many articles a syllable is with these accents."""
        return self._frequencies[Stream.SYLLABLE, syllable]

    def pair(self, first: str, second: str) -> int:
        """Return in how many articles two syllables are neighbours, accents aside."""
        return self._frequencies[Stream.BIGRAM, next(pairs((first, second)))]

    def word(self, exact: Sequence[str]) -> int:
        """Return in how many articles these syllables, with these accents, are cut as one word."""
        return self._frequencies[Stream.WORD, "_".join(exact)]

    def surprise(self, frequency: float) -> float:
        """Return the negative logarithm of how likely a term of this document frequency is to come next in a text."""
        return self._syllables - math.log(max(frequency, _UNSEEN))

    def variants(self, folded: str) -> list[tuple[str, int]]:
        """Return the known (syllable, frequency) that are ``folded`` without their accents, the most used first."""
        known = [(form, self.exact(form)) for form in accented_forms(folded)]
        return sorted(((form, count) for form, count in known if count), key=lambda entry: -entry[1])

    def spellings(self, folded: Sequence[str]) -> list[Spelling]:
        """Return how a phrase of two or more syllables is accented in the archive, the most used first."""
        key = tuple(folded)
        found = self._spellings.get(key)
        if found is None and len(self._spellings) < _MOST_PHRASES:
            found = self._spellings[key] = self._read_spellings(key)
        return found or []

    def side_by_side(self, first: str, second: str) -> int:
        """Return in about how many articles two syllables with these accents are neighbours.

        Where more than 100 articles have them as neighbours whatever their accents, a part of these is read, and one
        occurrence is taken for half as many as it stands for.
        """
        key = (first, second)
        if key not in self._side_by_side and len(self._side_by_side) < _MOST_NEIGHBOURS:
            possible = self.exact(first) and self.exact(second) and self.pair(fold(first), fold(second))
            self._side_by_side[key] = max(self._neighbours(name, key) for name in TEXT_FIELDS) if possible else 0
        return self._side_by_side.get(key, 0)

    def _read_spellings(self, folded: tuple[str, ...]) -> list[Spelling]:
        prefix = suggestion_prefix(list(folded), complete=False) + SEPARATOR
        totals: defaultdict[tuple[str, ...], int] = defaultdict(int)
        written: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
        for term, frequency in self._snapshot.terms_with_prefix("suggest", prefix, _MOST_SPELLINGS):
            syllables = tuple(split_suggestion(term)[1].split(" "))
            exact = tuple(canonical_syllable(syllable) for syllable in syllables)
            totals[exact] += frequency
            written[exact] = max(written.get(exact, (0, ())), (frequency, syllables))
        ranked = sorted(totals, key=lambda exact: (-totals[exact], exact))
        return [Spelling(exact, written[exact][1], totals[exact]) for exact in ranked if len(exact) == len(folded)]

    def _neighbours(self, name: str, syllables: tuple[str, str]) -> int:
        pair = next(pairs(fold(syllable) for syllable in syllables))
        articles = self._snapshot.postings(field_name(name, Stream.BIGRAM), pair).articles
        if not len(articles):
            return 0
        step = -(-len(articles) // _MOST_READ)
        before, after = (self._places_in(name, pair, syllable, articles[::step]) for syllable in syllables)
        found = len(np.unique(np.intersect1d(before + 1, after) >> 32))
        return found if step == 1 else round((found - 0.5) * step) if found else 0

    def _places_in(self, name: str, pair: str, syllable: str, articles: DocIds) -> NDArray[np.int64]:
        """Return where a syllable stands in ``articles``, those of ``pair``: article and position in one number."""
        key = (name, pair, syllable)
        if key not in self._places:
            owners, places = self._snapshot.positions(field_name(name, Stream.SYLLABLE), syllable, articles)
            self._places[key] = (owners.astype(np.int64) << 32) + places
        return self._places[key]
