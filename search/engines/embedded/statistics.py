"""``TermStatistics`` over a snapshot: frequencies are looked up, never scanned, and cached."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream, bigrams
from index.analysis.normalization import fold
from index.article import TEXT_FIELDS
from index.directory.snapshot import DocIds, Snapshot
from index.segments.schema import ABBREVIATIONS, SUGGEST, field_name

_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 64
_MOST_ABBREVIATIONS_KEPT = 10_000
_MOST_PREFIXES_KEPT = 100
_MOST_READ = 100


class KnownFrequencies(dict[tuple[Stream, str], int]):
    """The document frequencies of terms in ``snapshot``, by stream and term; looked up once and cached.

    Threads may share it: concurrent lookups of a term give the same number.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.abbreviations: dict[tuple[str, int], list[tuple[str, int]]] = {}
        self.terms: dict[tuple[Stream, str, int], list[tuple[str, int]]] = {}

    def __missing__(self, key: tuple[Stream, str]) -> int:
        stream, term = key
        frequency = max(self.snapshot.document_frequency(field_name(name, stream), term) for name in TEXT_FIELDS)
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
        self._places: dict[tuple[str, str, str], NDArray[np.int64]] = {}

    @property
    def articles(self) -> int:
        """The number of articles."""
        return self._snapshot.count

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
        """Return suggestions that start with ``prefix``; deleted articles count until their segment is merged."""
        return self._snapshot.terms_with_prefix(SUGGEST, prefix, most)

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
            kept[prefix, most] = found
        return found

    def adjacent(self, first: str, second: str) -> int:
        """Return about how many articles have two syllables, with exactly these accents, side by side.

        If more than 100 articles have them side by side with any accents, a sample of these is read; half an article
        is subtracted from those found before scaling up.
        """
        return max(self._adjacent_in(name, (first, second)) for name in TEXT_FIELDS)

    def _adjacent_in(self, name: str, syllables: tuple[str, str]) -> int:
        pair = next(bigrams(fold(syllable) for syllable in syllables))
        articles = self._snapshot.postings(field_name(name, Stream.BIGRAM), pair).articles
        if not len(articles):
            return 0
        step = -(-len(articles) // _MOST_READ)
        before, after = (self._places_in(name, pair, syllable, articles[::step]) for syllable in syllables)
        found = len(np.unique(np.intersect1d(before + 1, after) >> 32))
        return found if step == 1 else round((found - 0.5) * step) if found else 0

    def _places_in(self, name: str, pair: str, syllable: str, articles: DocIds) -> NDArray[np.int64]:
        """Return where a syllable is in ``articles``, those with ``pair``, as ``(article << 32) + position``."""
        key = (name, pair, syllable)
        if key not in self._places:
            owners, places = self._snapshot.positions(field_name(name, Stream.SYLLABLE), syllable, articles)
            self._places[key] = (owners.astype(np.int64) << 32) + places
        return self._places[key]


class NoStatistics:
    """The statistics when there is no index yet."""

    articles = 0

    def document_frequency(self, _stream: Stream, _term: str) -> int:
        """Return 0."""
        return 0

    def terms(self, _stream: Stream, _prefix: str, _most: int) -> list[tuple[str, int]]:
        """Return nothing."""
        return []

    def adjacent(self, _first: str, _second: str) -> int:
        """Return 0."""
        return 0

    def phrases(self, _prefix: str, _most: int) -> list[tuple[str, int]]:
        """Return nothing."""
        return []

    def abbreviations(self, _prefix: str, _most: int) -> list[tuple[str, int]]:
        """Return nothing."""
        return []
