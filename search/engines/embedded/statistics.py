"""``TermStatistics`` over a snapshot: frequencies are looked up, never scanned, and cached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from index.analysis.analyzer import Stream, bigram
from index.arrays import isin_sorted
from index.article import TEXT_FIELDS
from index.directory.snapshot import Snapshot
from index.memo import Memo
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


class SnapshotStatistics:
    """The statistics of a snapshot; what was looked up is kept.

    Threads may share it: concurrent lookups of a term give the same number.
    """

    def __init__(self, impacts: TermImpacts[Snapshot]) -> None:
        snapshot = self._snapshot = impacts.snapshot
        # none refers to this object: a replaced snapshot closes its files as soon as its last user is done
        self._frequencies: Memo[tuple[Stream, str], int] = Memo(
            lambda key: impacts.document_frequency(fields_of(None, key[0]), key[1]),
            _MOST_KEPT,
            lambda key: len(key[1]),
            _LONGEST_KEPT,
        )
        self._terms = Memo(partial(_terms, snapshot), _MOST_PREFIXES_KEPT)
        self._abbreviations = Memo(partial(_abbreviations, snapshot), _MOST_ABBREVIATIONS_KEPT)
        self._rows: Memo[tuple[str, ...], bool] = Memo(
            lambda row: any(_phrase_in(impacts, name, row) for name in TEXT_FIELDS),
            _MOST_ROWS_KEPT,
            lambda row: sum(map(len, row)),
            _LONGEST_ROW_KEPT,
        )

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
        return self._terms[stream, prefix, most]

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the most frequent suggestions that start with ``prefix``, by live articles only."""
        return self._snapshot.frequent_terms(SUGGEST, prefix, most)

    def has_phrase(self, syllables: Sequence[str]) -> bool:
        """Tell whether a live article has these syllables in a row; 2,000 that have the pairs are read."""
        return self._rows[tuple(syllables)]

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return abbreviation terms that start with ``prefix``, by live articles only."""
        return self._abbreviations[prefix, most]

    def together(self, work: Callable[[], T]) -> T:
        """Run ``work`` once: a lookup is no round trip."""
        return work()


def _terms(snapshot: Snapshot, asked: tuple[Stream, str, int]) -> list[tuple[str, int]]:
    stream, prefix, most = asked
    frequencies: Counter[str] = Counter()
    for name in TEXT_FIELDS:
        frequencies |= Counter(dict(snapshot.terms_with_prefix(field_name(name, stream), prefix, most)))
    return sorted(frequencies.items())[:most]


def _abbreviations(snapshot: Snapshot, asked: tuple[str, int]) -> list[tuple[str, int]]:
    found = snapshot.terms_with_prefix(ABBREVIATIONS, *asked)
    if snapshot.any_deleted:
        counted = [(term, snapshot.term_postings(ABBREVIATIONS, term).count) for term, _ in found]
        found = [(term, count) for term, count in counted if count]
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))


def _phrase_in(impacts: TermImpacts[Snapshot], name: str, syllables: Sequence[str]) -> bool:
    snapshot, several = impacts.snapshot, len(syllables) > 1
    field = field_name(name, Stream.BIGRAM if several else Stream.SYLLABLE)
    terms = {bigram(*pair) for pair in pairwise(syllables)} if several else set(syllables)
    counts = {term: snapshot.term_postings(field, term).count for term in terms}
    if not all(counts.values()):
        return False
    if len(syllables) <= _PAIR:
        return True
    rarest, *others = sorted(terms, key=counts.__getitem__)
    articles = snapshot.postings(field, rarest).articles
    for term in others:
        articles = articles[isin_sorted(snapshot.postings(field, term).articles, articles)]
        if not len(articles):
            return False
    row = [(field_name(name, Stream.SYLLABLE), syllable, at) for at, syllable in enumerate(syllables)]
    some = articles[:_MOST_VERIFIED].astype(np.intp)
    return any(
        impacts.with_row(row, some[first : first + _MOST_READ]).any() for first in range(0, len(some), _MOST_READ)
    )
