"""``TermStatistics`` over a snapshot: frequencies are looked up, never scanned, and cached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream, bigram
from index.arrays import isin_sorted
from index.article import TEXT_FIELDS
from index.directory.snapshot import Snapshot
from index.segments.schema import ABBREVIATIONS, SUGGEST, field_name
from search.matching.article_sets import fields_of
from search.ranking.impacts import TermImpacts
from search.statistics import T

_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 64
_MOST_ABBREVIATIONS_KEPT = 10_000
_MOST_PREFIXES_KEPT = 100
_MOST_ROWS_KEPT = 1 << 14
_LONGEST_ROW_KEPT = 256
_MOST_READ = 100
_MOST_VERIFIED = 2000
_PAIR = 2


class KnownFrequencies(dict[tuple[Stream, str], int]):
    """The document frequencies of terms in a snapshot, by stream and term; looked up once and cached.

    Threads may share it: concurrent lookups of a term give the same number.
    """

    def __init__(self, impacts: TermImpacts[Snapshot]) -> None:
        self.snapshot = impacts.snapshot
        self._impacts = impacts
        self.abbreviations: dict[tuple[str, int], list[tuple[str, int]]] = {}
        self.rows: dict[tuple[str, ...], bool] = {}
        self.terms: dict[tuple[Stream, str, int], list[tuple[str, int]]] = {}

    def __missing__(self, key: tuple[Stream, str]) -> int:
        stream, term = key
        frequency = self._impacts.document_frequency(fields_of(None, stream), term)
        if len(self) >= _MOST_KEPT:
            self.clear()
        if len(term) <= _LONGEST_KEPT:
            self[key] = frequency
        return frequency


class SnapshotStatistics:
    """The statistics of a snapshot for one query; do not share it between threads."""

    def __init__(self, frequencies: KnownFrequencies) -> None:
        self._snapshot = frequencies.snapshot
        self._frequencies = frequencies

    @property
    def articles(self) -> int:
        """The number of articles."""
        return self._snapshot.count

    @property
    def length(self) -> float:
        """The mean length of an article's text, in syllables."""
        return self._snapshot.average_length(field_name("body", Stream.SYLLABLE))

    def document_frequency(self, stream: Stream, term: str) -> int:
        """Return how many articles have ``term``; deleted ones count until their segment is merged."""
        return self._frequencies[stream, term]

    def terms(self, stream: Stream, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return terms that start with ``prefix``; deleted articles count until their segment is merged."""
        kept = self._frequencies.terms
        found = kept.get((stream, prefix, most))
        if found is None:
            frequencies: Counter[str] = Counter()
            for name in TEXT_FIELDS:
                frequencies |= Counter(dict(self._snapshot.terms_with_prefix(field_name(name, stream), prefix, most)))
            found = sorted(frequencies.items())[:most]
            if len(kept) >= _MOST_PREFIXES_KEPT:
                kept.clear()
            kept[stream, prefix, most] = found
        return found

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the most frequent suggestions that start with ``prefix``, by live articles only."""
        return self._snapshot.frequent_terms(SUGGEST, prefix, most)

    def has_phrase(self, syllables: Sequence[str]) -> bool:
        """Tell whether a live article has these syllables in a row; 2,000 that have the pairs are read."""
        kept, row = self._frequencies.rows, tuple(syllables)
        found = kept.get(row)
        if found is None:
            found = any(self._phrase_in(name, row) for name in TEXT_FIELDS)
            if len(kept) >= _MOST_ROWS_KEPT:
                kept.clear()
            if sum(map(len, row)) <= _LONGEST_ROW_KEPT:
                kept[row] = found
        return found

    def _phrase_in(self, name: str, syllables: Sequence[str]) -> bool:
        stream = Stream.BIGRAM if len(syllables) > 1 else Stream.SYLLABLE
        terms = {bigram(*pair) for pair in pairwise(syllables)} if len(syllables) > 1 else set(syllables)
        field = field_name(name, stream)
        counts = {term: self._snapshot.term_postings(field, term).count for term in terms}
        if not all(counts.values()):
            return False
        if len(syllables) <= _PAIR:
            return True
        rarest, *others = sorted(terms, key=counts.__getitem__)
        articles = self._snapshot.postings(field, rarest).articles
        for term in others:
            articles = articles[isin_sorted(self._snapshot.postings(field, term).articles, articles)]
            if not len(articles):
                return False
        articles = articles[:_MOST_VERIFIED]
        exact = field_name(name, Stream.SYLLABLE)
        for first in range(0, len(articles), _MOST_READ):
            begins: NDArray[np.int64] | None = None
            for at, syllable in enumerate(syllables):
                owners, places = self._snapshot.positions(exact, syllable, articles[first : first + _MOST_READ])
                here = (owners.astype(np.int64) << 32) + places - at
                begins = here if begins is None else np.intersect1d(begins, here)
            if begins is not None and len(begins):
                return True
        return False

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return abbreviation terms that start with ``prefix``, by live articles only."""
        kept = self._frequencies.abbreviations
        found = kept.get((prefix, most))
        if found is None:
            found = self._snapshot.terms_with_prefix(ABBREVIATIONS, prefix, most)
            if self._snapshot.any_deleted:
                counted = [(term, self._snapshot.term_postings(ABBREVIATIONS, term).count) for term, _ in found]
                found = [(term, count) for term, count in counted if count]
            if len(kept) >= _MOST_ABBREVIATIONS_KEPT:
                kept.clear()
            kept[prefix, most] = found = sorted(found, key=lambda entry: (-entry[1], entry[0]))
        return found

    def together(self, work: Callable[[], T]) -> T:
        """Run ``work`` once: a lookup is no round trip."""
        return work()


class NoStatistics:
    """The statistics when there is no index yet."""

    articles = 0
    length = 0.0

    def document_frequency(self, _stream: Stream, _term: str) -> int:
        """Return 0."""
        return 0

    def terms(self, _stream: Stream, _prefix: str, _most: int) -> list[tuple[str, int]]:
        """Return nothing."""
        return []

    def has_phrase(self, _syllables: Sequence[str]) -> bool:
        """Return False."""
        return False

    def phrases(self, _prefix: str, _most: int) -> list[tuple[str, int]]:
        """Return nothing."""
        return []

    def abbreviations(self, _prefix: str, _most: int) -> list[tuple[str, int]]:
        """Return nothing."""
        return []

    def together(self, work: Callable[[], T]) -> T:
        """Run ``work``."""
        return work()
