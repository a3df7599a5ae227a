"""Look up how frequent syllables and phrases are in the archive, to cut or correct a query; nothing is scanned.

Frequencies are document frequencies. Phrases come from the ``suggest`` field: the words of all articles that have
several syllables, and up to three adjacent words of titles.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from index.analysis.analyzer import Stream, bigram
from index.analysis.suggestions import SEPARATOR, split_suggestion, suggestion_prefix
from index.analysis.syllables import accented_forms, canonical_syllable
from search.statistics import TermStatistics

SYLLABLES_AN_ARTICLE = 200
"""Distinct syllables of a typical article; turns document frequencies into probabilities."""

_MOST_SPELLINGS = 120
_MOST_PHRASES = 100
_MOST_TERMS = 20_000
_UNSEEN = 0.1


@dataclass(frozen=True, slots=True)
class Spelling:
    """A phrase with accents: its canonical syllables, their most frequent spelling, and how many articles have it."""

    exact: tuple[str, ...]
    written: tuple[str, ...]
    frequency: int


class Vocabulary:
    """Look up ``statistics``; phrases are cached, and only so many are looked up.

    For one query; not to be shared between threads.
    """

    def __init__(self, statistics: TermStatistics) -> None:
        self._statistics = statistics
        self._spellings: dict[tuple[str, ...], list[Spelling]] = {}
        self.articles = statistics.articles
        self._syllables = math.log(max(1, self.articles) * SYLLABLES_AN_ARTICLE)

    def folded(self, syllable: str) -> int:
        """Return how many articles have a syllable, accents aside."""
        return self._statistics.document_frequency(Stream.FOLDED, syllable)

    def exact(self, syllable: str) -> int:
        """Return how many articles have a syllable with these accents."""
        return self._statistics.document_frequency(Stream.SYLLABLE, syllable)

    def pair(self, first: str, second: str) -> int:
        """Return how many articles have two syllables as neighbours, accents aside."""
        return self._statistics.document_frequency(Stream.FOLDED_BIGRAM, bigram(first, second))

    def word(self, exact: Sequence[str]) -> int:
        """Return how many articles have these syllables, with these accents, segmented as one word."""
        return self._statistics.document_frequency(Stream.WORD, "_".join(exact))

    def terms(self, prefix: str) -> list[str]:
        """Return the terms without accents that start with ``prefix``."""
        return [term for term, _ in self._statistics.terms(Stream.FOLDED, prefix, _MOST_TERMS)]

    def association(self, one: int, other: int, met: int) -> float:
        """Return the pointwise mutual information of two syllables, given how many articles have each and have both
        as neighbours; minus infinity if none has.

        Occurrences are estimated from document frequencies, as if spread at random (Poisson).
        """
        alone = self._occurrences(one) * self._occurrences(other)
        together = self._occurrences(met) * self._statistics.length
        return math.log(together / alone) if alone > 0 and together > 0 else -math.inf

    def _occurrences(self, frequency: int) -> float:
        """Return the mean number of occurrences per article of what ``frequency`` articles have."""
        return -math.log1p(-min(frequency, self.articles - 0.5) / self.articles) if self.articles else 0.0

    def surprise(self, frequency: float) -> float:
        """Return the negative logarithm of how likely a term of this document frequency comes next in a text."""
        return self._syllables - math.log(max(frequency, _UNSEEN))

    def variants(self, folded: str) -> list[tuple[str, int]]:
        """Return (syllable, frequency) for each known form of ``folded`` with accents, most frequent first."""
        known = [(form, self.exact(form)) for form in accented_forms(folded)]
        return sorted(((form, count) for form, count in known if count), key=lambda entry: -entry[1])

    def spellings(self, folded: Sequence[str]) -> list[Spelling]:
        """Return how the archive accents a phrase of two or more syllables, most frequent first."""
        key = tuple(folded)
        found = self._spellings.get(key)
        if found is None and len(self._spellings) < _MOST_PHRASES:
            found = self._spellings[key] = self._read_spellings(key)
        return found or []

    def side_by_side(self, first: str, second: str) -> int:
        """Return how many articles have two syllables with these accents as neighbours."""
        return self._statistics.document_frequency(Stream.BIGRAM, bigram(first, second))

    def _read_spellings(self, folded: tuple[str, ...]) -> list[Spelling]:
        prefix = suggestion_prefix(list(folded), complete=False) + SEPARATOR
        totals: defaultdict[tuple[str, ...], int] = defaultdict(int)
        written: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
        forms: Counter[tuple[str, ...]] = Counter()
        for term, frequency in self._statistics.phrases(prefix, _MOST_SPELLINGS):
            syllables = tuple(split_suggestion(term)[1].lower().split(" "))
            exact = tuple(canonical_syllable(syllable) for syllable in syllables)
            totals[exact] += frequency
            forms[syllables] += frequency
            written[exact] = max(written.get(exact, (0, ())), (forms[syllables], syllables))
        ranked = sorted(totals, key=lambda exact: (-totals[exact], exact))
        return [Spelling(exact, written[exact][1], totals[exact]) for exact in ranked if len(exact) == len(folded)]
