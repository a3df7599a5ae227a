"""The impacts of terms on scores, and which articles have a term.

The impact of a term on an article is BM25F's tf part: all of the score that does not depend on the query. It is
computed from the postings for the requested articles; how much an occurrence counts, which depends on the article and
the field alone, is computed once per snapshot. The term frequencies of a frequent term are cached.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import cached_property, reduce
from itertools import accumulate, product
from typing import Generic, TypeVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Array, Floats
from index.article import TEXT_FIELDS
from index.segments.schema import field_name
from search.deadline import Deadline
from search.ranking.clauses import DocMask, WeightedTerm
from search.ranking.indexed import IndexedArticles, PostingPart, TermParts
from search.ranking.scoring import Ranking, occurrence_weight, saturation

_BYTES_KEPT = 96 << 20
_FREQUENT = 16
_MANY = 64
_NARROW = 3
_AT_ONCE = 1 << 15
_FIELDS = {field_name(name, stream): row for row, (name, stream) in enumerate(product(TEXT_FIELDS, Stream))}


A = TypeVar("A", bound=IndexedArticles, covariant=True)


class TermImpacts(Generic[A]):
    """Look up terms in ``snapshot`` and their impacts under ``ranking``. Safe to share between threads.

    The cache holds up to 96 MB, divided by ``sharing``, the number of processes with such a cache.
    """

    def __init__(self, snapshot: A, ranking: Ranking, sharing: int = 1) -> None:
        self.snapshot = snapshot
        self.ranking = ranking
        self._kept: LRUCache[tuple[str, str], Array] = LRUCache(_BYTES_KEPT // sharing, lambda values: values.nbytes)
        self._lock = threading.Lock()

    def boosted(self, boosts: Mapping[str, float]) -> TermImpacts[A]:
        """Return these impacts with the weights of text fields multiplied by ``boosts``; they share the cache."""
        other = copy(self)
        vars(other).pop("_occurrence_weights", None)
        other.ranking = self.ranking.boosted(boosts)
        return other

    def frequent(self, count: int) -> bool:
        """Tell whether a term that ``count`` articles have is best scored last, for a few candidates.

        Its term frequencies are cached as one array over all articles. Only live articles count: deleted ones would
        change the order of additions, and with it the last digits of scores.
        """
        return count * _FREQUENT > self.snapshot.count

    def docs_with_term(self, fields: Iterable[str], term: str) -> DocMask:
        """Return the live articles that have ``term`` in any of ``fields``."""
        whole: list[DocMask] = []
        parts: list[PostingPart] = []
        for field in fields:
            postings = self.snapshot.term_postings(field, term)
            if self.frequent(postings.count):
                whole.append(self._frequencies(field, term, postings).astype(bool))
            else:
                parts += postings.parts
        flags = reduce(np.logical_or, whole) if whole else np.zeros(self.snapshot.size, bool)
        for part in parts:
            flags[part.offset : part.limit][part.articles.astype(np.intp)] = True  # other index types are slow
        if self.snapshot.any_deleted:
            flags &= self.snapshot.live
        return flags

    def add(
        self, terms: Sequence[WeightedTerm], articles: NDArray[np.intp], sums: Floats, k1: float, deadline: Deadline
    ) -> None:
        """Add to ``sums``, term by term, what ``terms`` add to the scores of ``articles`` (ascending, not deleted).

        Once ``deadline`` is over, the terms after the first eight are left out.
        """
        if len(articles) * _NARROW > self.snapshot.size:  # for this many, scoring all is faster
            of_all = np.zeros(self.snapshot.size, np.float32)
            of_all[articles] = sums
            for number, term in enumerate(terms):
                if deadline.must_stop(number):
                    break
                often = sum(
                    self._frequencies(field, term.term, postings) * self._occurrence_weights[_FIELDS[field]]
                    for field, postings in self._postings(term)
                )
                of_all += saturation(np.asarray(often), k1) * np.float32(term.weight)
            sums[:] = of_all.take(articles)
            return
        weights_of: dict[str, Floats] = {}
        for number, term in enumerate(terms):
            if deadline.must_stop(number):
                break
            often = np.zeros(len(articles), np.float32)
            for field, postings in self._postings(term):
                if field not in weights_of:
                    weights_of[field] = self._occurrence_weights[_FIELDS[field]].take(articles)
                often += self._how_often(field, term.term, postings, articles) * weights_of[field]
            sums += saturation(often, k1) * np.float32(term.weight)

    def sums_of_all(
        self, terms: Sequence[WeightedTerm], k1: float, deadline: Deadline, among: DocMask | None = None
    ) -> Floats:
        """Return what ``terms`` add to the score of every article, or only of those in ``among``; 0 for the others.

        Once ``deadline`` is over, the terms after the first eight are left out.
        """
        sums = np.zeros(self.snapshot.size, np.float32)
        ends = list(accumulate([term.frequency for term in terms]))
        at = 0
        while at < len(terms) and not deadline.must_stop(at):
            upto = bisect_right(ends, (ends[at - 1] if at else 0) + _AT_ONCE, at + 1)
            self._add_all(terms[at:upto], sums, k1, among)
            at = upto
        return sums

    def _postings(self, term: WeightedTerm) -> list[tuple[str, TermParts]]:
        return [(field, self.snapshot.term_postings(field, term.term)) for field, _ in term.fields]

    def _frequencies(self, field: str, term: str, postings: TermParts) -> Array:
        """Return the term frequency in every article; cached if the term is frequent."""
        if not self.frequent(postings.count):
            return self._spread_out(postings)
        found = self._kept_frequencies(field, term)
        if found is None:
            found = self._spread_out(postings)
            with self._lock, suppress(ValueError):  # it may be larger than the whole cache
                self._kept[field, term] = found
        return found

    def _kept_frequencies(self, field: str, term: str) -> Array | None:
        with self._lock:
            return self._kept.get((field, term))

    def _spread_out(self, postings: TermParts) -> Array:
        whole = np.zeros(self.snapshot.size, np.result_type(*[part.frequencies.dtype for part in postings.parts]))
        for part in postings.parts:
            whole[part.offset : part.limit][part.articles.astype(np.intp)] = part.frequencies
        return whole

    def _how_often(self, field: str, term: str, postings: TermParts, articles: NDArray[np.intp]) -> Array:
        """Return the term frequency in ``articles``; in a long posting list that is not cached, look up only these."""
        whole = self._kept_frequencies(field, term)
        if whole is None and postings.count < len(articles) * _MANY:
            whole = self._frequencies(field, term, postings)
        if whole is not None:
            return whole.take(articles)
        if len(self.snapshot.offsets) == 1:
            return postings.parts[0].how_often(articles)
        often = np.zeros(len(articles), np.uint32)
        for part in postings.parts:
            low, high = articles.searchsorted((part.offset, part.limit))
            often[low:high] = part.how_often(articles[low:high] - part.offset)
        return often

    def _add_all(self, terms: Sequence[WeightedTerm], sums: Floats, k1: float, among: DocMask | None) -> None:
        """Add several terms to the ``sums`` of all articles at once.

        A key is a term's number and a doc id. The longest posting list of each term is taken as it is; the shorter
        ones, of titles, are looked up in it.
        """
        longest, others = [], []
        for number, term in enumerate(terms):
            by_length = sorted(self._postings(term), key=lambda entry: -entry[1].count)
            longest.append((number, *by_length[0]))
            others += [(number, field, postings) for field, postings in by_length[1:] if postings.count]
        keys, often = self._weighted_frequencies(longest, among)
        if others:
            more, values = self._weighted_frequencies(others, among)
            at = keys.searchsorted(more)
            known = keys.take(at, mode="clip") == more if len(keys) else np.zeros(len(more), bool)
            often[at[known]] += values[known]
            keys, often = np.concatenate([keys, more[~known]]), np.concatenate([often, values[~known]])
        weights = np.array([term.weight for term in terms], np.float32)
        numbers, articles = np.divmod(keys, self.snapshot.size)
        np.add.at(sums, articles, saturation(often, k1) * weights.take(numbers))

    def _weighted_frequencies(
        self, lists: Sequence[tuple[int, str, TermParts]], among: DocMask | None
    ) -> tuple[NDArray[np.intp], Floats]:
        """Return the keys and the weighted frequencies of posting lists, each (term's number, field, postings)."""
        parts = [(number, field, part) for number, field, postings in lists for part in postings.parts]
        articles = np.concatenate([part.articles for _, _, part in parts], dtype=np.intp)
        frequencies = np.concatenate([part.frequencies for _, _, part in parts])
        entries = np.arange(len(parts)).repeat([len(part.articles) for _, _, part in parts])
        articles += np.array([part.offset for _, _, part in parts]).take(entries)
        if among is not None:
            places = among.take(articles).nonzero()[0]
            articles, frequencies, entries = articles.take(places), frequencies.take(places), entries.take(places)
        rows = np.array([_FIELDS[field] * self.snapshot.size for _, field, _ in parts])
        often: Floats = frequencies * self._occurrence_weights.take(rows.take(entries) + articles)
        numbers = np.array([number * self.snapshot.size for number, _, _ in parts])
        return numbers.take(entries) + articles, often

    @cached_property
    def _occurrence_weights(self) -> Floats:
        """How much an occurrence counts: a row for each of ``_FIELDS``, a column for each article."""
        ranking, snapshot = self.ranking, self.snapshot
        lengths = np.array([snapshot.lengths(field) for field in _FIELDS])
        averages = np.array([[snapshot.average_length(field)] for field in _FIELDS], np.float32)
        shares = np.array([[ranking.b[name]] for name, _ in product(TEXT_FIELDS, Stream)], np.float32)
        boosts = np.array([[ranking.fields[name]] for name, _ in product(TEXT_FIELDS, Stream)], np.float32)
        return occurrence_weight(lengths, averages, shares, boosts)
