"""The impacts of terms on scores, and which articles have a term.

The impact of a term on an article is BM25's tf part (``scoring.saturation``): all of the score that does not
depend on the query. It is computed from the postings for the requested articles; the norm, which depends on the
article alone, is computed once per snapshot. The term frequencies of a frequent term are cached.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cached_property, reduce
from itertools import accumulate, product

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Array, Floats
from index.article import TEXT_FIELDS
from index.directory.snapshot import SegmentPostings, Snapshot, TermPostings
from index.segments.schema import field_name
from search.ranking.clauses import DocMask, WeightedTerm
from search.ranking.scoring import Ranking, length_norm, saturation

_BYTES_KEPT = 96 << 20
_FREQUENT = 16
_MANY = 64
_NARROW = 3
_AT_ONCE = 1 << 15
_FIELDS = {field_name(name, stream): row for row, (name, stream) in enumerate(product(TEXT_FIELDS, Stream))}


class TermImpacts:
    """Look up terms in ``snapshot`` and their impacts under ``ranking``. Safe to share between threads.

    The cache holds up to 96 MB, divided by ``sharing``, the number of processes with such a cache.
    """

    def __init__(self, snapshot: Snapshot, ranking: Ranking, sharing: int = 1) -> None:
        self.snapshot = snapshot
        self.ranking = ranking
        self._kept: LRUCache[tuple[str, str], Array] = LRUCache(_BYTES_KEPT // sharing, lambda values: values.nbytes)
        self._lock = threading.Lock()

    def frequent(self, postings: TermPostings) -> bool:
        """Tell whether so many articles have a term that it is best scored last, for a few candidates.

        Its term frequencies are cached as one array over all articles. Only live articles count: deleted ones would
        change the order of additions, and with it the last digits of scores.
        """
        return postings.count * _FREQUENT > self.snapshot.count

    def docs_with_term(self, fields: Iterable[str], term: str) -> DocMask:
        """Return the live articles that have ``term`` in any of ``fields``."""
        whole: list[DocMask] = []
        parts: list[SegmentPostings] = []
        for field in fields:
            postings = self.snapshot.term_postings(field, term)
            if self.frequent(postings):
                whole.append(self._frequencies(field, term, postings).astype(bool))
            else:
                parts += postings.parts
        flags = reduce(np.logical_or, whole) if whole else np.zeros(self.snapshot.size, bool)
        for part in parts:
            flags[part.offset : part.limit][part.articles.astype(np.intp)] = True  # other index types are slow
        if self.snapshot.any_deleted:
            flags &= self.snapshot.live
        return flags

    def add(self, terms: Sequence[WeightedTerm], articles: NDArray[np.intp], sums: Floats) -> None:
        """Add to ``sums``, term by term, what ``terms`` add to the scores of ``articles`` (ascending, not deleted)."""
        if len(articles) * _NARROW > self.snapshot.size:  # for this many, scoring all is faster
            of_all = np.zeros(self.snapshot.size, np.float32)
            of_all[articles] = sums
            for field, term, weight, postings in terms:
                norms = self._norms[_FIELDS[field]]
                impacts = saturation(self._frequencies(field, term, postings), norms, self.ranking.k1)
                of_all += impacts * np.float32(weight)
            sums[:] = of_all.take(articles)
            return
        at_once = max(1, _AT_ONCE // max(1, len(articles)))
        for at in range(0, len(terms), at_once):
            some = terms[at : at + at_once]
            often = np.concatenate([self._how_often(term, articles) for term in some])
            rows, weights = self._rows_and_weights(some)
            norms = self._norms.take(rows[:, None] + articles)
            impacts = saturation(often.reshape(norms.shape), norms, self.ranking.k1) * weights[:, None]
            for row in impacts:
                sums += row

    def sums_of_all(self, terms: Sequence[WeightedTerm], among: DocMask | None = None) -> Floats:
        """Return what ``terms`` add to the score of every article, or only of those in ``among``; 0 for the others."""
        sums = np.zeros(self.snapshot.size, np.float32)
        parts = [(term, part) for term in terms for part in term.postings.parts]
        ends = list(accumulate([len(part.articles) for _, part in parts]))
        at = 0
        while at < len(parts):
            upto = bisect_right(ends, (ends[at - 1] if at else 0) + _AT_ONCE, at + 1)
            self._add_all(parts[at:upto], sums, among)
            at = upto
        return sums

    def _frequencies(self, field: str, term: str, postings: TermPostings) -> Array:
        """Return the term frequency in every article; cached if the term is frequent."""
        if not self.frequent(postings):
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

    def _spread_out(self, postings: TermPostings) -> Array:
        whole = np.zeros(self.snapshot.size, np.result_type(*[part.frequencies.dtype for part in postings.parts]))
        for part in postings.parts:
            whole[part.offset : part.limit][part.articles.astype(np.intp)] = part.frequencies
        return whole

    def _how_often(self, weighted: WeightedTerm, articles: NDArray[np.intp]) -> Array:
        """Return the term frequency in ``articles``; in a long posting list that is not cached, look up only these."""
        field, term, _, postings = weighted
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

    def _add_all(
        self, parts: Sequence[tuple[WeightedTerm, SegmentPostings]], sums: Floats, among: DocMask | None
    ) -> None:
        """Add several posting lists to the ``sums`` of all articles at once."""
        articles = np.concatenate([part.articles for _, part in parts], dtype=np.intp)
        frequencies = np.concatenate([part.frequencies for _, part in parts])
        numbers = np.arange(len(parts)).repeat([len(part.articles) for _, part in parts])
        if len(self.snapshot.offsets) > 1:
            articles += np.array([part.offset for _, part in parts]).take(numbers)
        if among is not None:
            places = among.take(articles).nonzero()[0]
            articles, frequencies, numbers = articles.take(places), frequencies.take(places), numbers.take(places)
        rows, weights = self._rows_and_weights([term for term, _ in parts])
        values = saturation(frequencies, self._norms.take(rows.take(numbers) + articles), self.ranking.k1)
        values *= weights.take(numbers)
        np.add.at(sums, articles, values)

    def _rows_and_weights(self, terms: Sequence[WeightedTerm]) -> tuple[NDArray[np.intp], Floats]:
        """Return where the norms of each term's field begin in the flattened ``_norms``, and the weights."""
        rows = [_FIELDS[term.field] * self.snapshot.size for term in terms]
        return np.array(rows), np.array([term.weight for term in terms], np.float32)

    @cached_property
    def _norms(self) -> Floats:
        """BM25 length norms: a row for each of ``_FIELDS``, a column for each article."""
        ranking, snapshot = self.ranking, self.snapshot
        lengths = np.array([snapshot.lengths(field) for field in _FIELDS])
        averages = np.array([[snapshot.average_length(field)] for field in _FIELDS], np.float32)
        shares = np.array([[ranking.b[name]] for name, _ in product(TEXT_FIELDS, Stream)], np.float32)
        return length_norm(lengths, averages, ranking.k1, shares)
