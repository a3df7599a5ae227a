"""The impacts of terms on scores, and which articles have a term.

The impact of a term on an article is BM25F's tf part: all of the score that does not depend on the query. It is
computed from the postings for the requested articles; how much an occurrence counts, which depends on the article and
the field alone, is computed once per snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import product
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Array, Floats, isin_sorted
from index.article import TEXT_FIELDS
from index.segments.schema import field_name
from search.deadline import Deadline
from search.ranking.clauses import DocMask, ProximityClause, WeightedTerm
from search.ranking.indexed import IndexedArticles, TermParts
from search.ranking.proximity import proximity_of
from search.ranking.scoring import Ranking, occurrence_weight, saturation

_FREQUENT = 16
_MANY = 64
_MOST_KNOWN = 1 << 15
FIELDS = {field_name(name, stream): row for row, (name, stream) in enumerate(product(TEXT_FIELDS, Stream))}


A = TypeVar("A", bound=IndexedArticles, covariant=True)


class TermImpacts(Generic[A]):
    """Look up terms in ``snapshot`` and their impacts under ``ranking``. Safe to share between threads."""

    def __init__(self, snapshot: A, ranking: Ranking) -> None:
        self.snapshot = snapshot
        self.ranking = ranking
        self._known: dict[tuple[str, tuple[str, ...]], list[tuple[str, int]]] = {}

    def boosted(self, boosts: Mapping[str, float]) -> TermImpacts[A]:
        """Return these impacts with the weights of text fields multiplied by ``boosts``; they share the cache."""
        other = copy(self)
        vars(other).pop("_occurrence_weights", None)
        other.ranking = self.ranking.boosted(boosts)
        return other

    def frequent(self, count: int) -> bool:
        """Tell whether a term that ``count`` articles have is best scored last, for a few candidates.

        Only live articles count: deleted ones would change the order of additions, and with it the last digits of
        scores.
        """
        return count * _FREQUENT > self.snapshot.count

    def frequencies(self, fields: tuple[str, ...], term: str) -> Sequence[tuple[str, int]]:
        """Return those of ``fields`` that have ``term``, each with the number of live articles that do; cached."""
        known = self._known.get((term, fields))
        if known is None:
            known = [entry for entry in zip(fields, self._live_counts(fields, term), strict=True) if entry[1]]
            if len(self._known) >= _MOST_KNOWN:
                self._known = {}
            self._known[term, fields] = known
        return known

    def _live_counts(self, fields: tuple[str, ...], term: str) -> Sequence[int]:
        return [self.snapshot.term_postings(field, term).count for field in fields]

    def document_frequency(self, fields: tuple[str, ...], term: str) -> int:
        """Return how many articles, deleted ones included, have ``term`` in the field where most have it."""
        postings = [self.snapshot.term_postings(field, term) for field in fields]
        return max([sum([len(part.articles) for part in one.parts]) for one in postings])

    def docs_with_term(self, fields: tuple[str, ...], term: str) -> DocMask:
        """Return the live articles that have ``term`` in any of ``fields``."""
        flags = np.zeros(self.snapshot.size, bool)
        for field in fields:
            for part in self.snapshot.term_postings(field, term).parts:
                flags[part.offset : part.limit][part.articles.astype(np.intp)] = True  # other index types are slow
        return flags & self.snapshot.live if self.snapshot.any_deleted else flags

    def with_row(self, row: Sequence[tuple[str, str, int]], articles: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which of ``articles`` (ascending) have terms in a row: each (field, term, position less the first's)."""
        starts: NDArray[np.int64] | None = None
        some = articles.astype(np.int32)
        for field, term, at in row:
            owners, places = self.snapshot.positions(field, term, some)
            here = (owners.astype(np.int64) << 32) + (places - at)
            starts = here if starts is None else starts[isin_sorted(here, starts)]
            some = np.unique(starts >> 32).astype(np.int32)
        return np.isin(articles, some, assume_unique=True)

    def add(
        self, terms: Sequence[WeightedTerm], articles: NDArray[np.intp], sums: Floats, k1: float, deadline: Deadline
    ) -> None:
        """Add to ``sums``, term by term, what ``terms`` add to the scores of ``articles`` (ascending, not deleted).

        Once ``deadline`` is over, the terms after the first eight are left out.
        """
        weights_of: dict[str, Floats] = {}
        for number, term in enumerate(terms):
            if deadline.must_stop(number):
                break
            often = np.zeros(len(articles), np.float32)
            for field, postings in self._postings(term):
                if field not in weights_of:
                    weights_of[field] = self._occurrence_weights[FIELDS[field]].take(articles)
                often += self._how_often(postings, articles) * weights_of[field]
            sums += saturation(often, k1) * np.float32(term.weight)

    def sums(self, terms: Sequence[WeightedTerm], articles: NDArray[np.intp], k1: float, deadline: Deadline) -> Floats:
        """Return what ``terms`` add to the scores of ``articles``, as ``add`` does."""
        sums = np.zeros(len(articles), np.float32)
        self.add(terms, articles, sums, k1, deadline)
        return sums

    def nearness(
        self, clause: ProximityClause, articles: NDArray[np.intp], deadline: Deadline
    ) -> tuple[Floats, Floats]:
        """Return ``proximity_of`` for ``articles`` (ascending). Raises SearchTimeoutError once ``deadline`` is over."""
        ranking = self.ranking
        return proximity_of(
            self.snapshot,
            clause.fields,
            clause.weights,
            articles.astype(np.int32),
            list(ranking.windows),
            ranking.lead[0],
            deadline,
        )

    def _postings(self, term: WeightedTerm) -> list[tuple[str, TermParts]]:
        return [(field, self.snapshot.term_postings(field, term.term)) for field, _ in term.fields]

    def _spread_out(self, postings: TermParts) -> Array:
        frequencies = [part.frequencies for part in postings.parts]
        whole = np.zeros(self.snapshot.size, np.result_type(*frequencies))
        for part, often in zip(postings.parts, frequencies, strict=True):
            whole[part.offset : part.limit][part.articles.astype(np.intp)] = often
        return whole

    def _how_often(self, postings: TermParts, articles: NDArray[np.intp]) -> Array:
        """Return the term frequency in ``articles``; in a long posting list, look up only these."""
        if postings.count < len(articles) * _MANY:
            return self._spread_out(postings).take(articles)
        often = np.zeros(len(articles), np.uint32)
        for part in postings.parts:
            low, high = articles.searchsorted((part.offset, part.limit))
            often[low:high] = part.how_often(articles[low:high] - part.offset)
        return often

    @cached_property
    def _occurrence_weights(self) -> Floats:
        """How much an occurrence counts: a row for each of ``FIELDS``, a column for each article."""
        ranking, snapshot = self.ranking, self.snapshot
        lengths = np.array([snapshot.lengths(field) for field in FIELDS])
        averages = np.array([[snapshot.average_length(field)] for field in FIELDS], np.float32)
        shares = np.array([[ranking.b[name]] for name, _ in product(TEXT_FIELDS, Stream)], np.float32)
        boosts = np.array([[ranking.fields[name]] for name, _ in product(TEXT_FIELDS, Stream)], np.float32)
        return occurrence_weight(lengths, averages, shares, boosts)
