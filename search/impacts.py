"""What terms add to the scores of articles, and which articles have them.

The impact of a term on an article is BM25's tf part (``scoring.saturation``): all of the score that does not
depend on the query. It is worked out from the postings for the articles that are asked for; what of it depends on the
article alone, the norm, is computed once a snapshot. The impacts of frequent terms are kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis import Stream
from index.schema import TEXT_FIELDS, field_name
from search.cache import BoundedCache
from search.scoring import Ranking, length_norm, saturation
from search.snapshot import Floats, Listed, Snapshot, Span

Flags = NDArray[np.bool_]
Sums = NDArray[np.float64]
_BYTES_KEPT = 160 << 20
_FLAGS_KEPT = 64 << 20
_MARKED = 64
_FREQUENT = 16
_MANY = 32
_AT_ONCE = 1 << 15
_FIELDS = {field_name(name, stream): row for row, (name, stream) in enumerate(product(TEXT_FIELDS, Stream))}


class Addend(NamedTuple):
    """A term of a field (``body_word``), and what its impacts are multiplied with in a score."""

    field: str
    term: str
    weight: float
    listed: Listed


class TermImpacts:
    """Look up terms in ``snapshot`` and their impacts under ``ranking``. Safe to share between threads.

    Up to 224 MB are kept, of which this takes its part where there are several ``sharing`` the machine.
    """

    def __init__(self, snapshot: Snapshot, ranking: Ranking, sharing: int = 1) -> None:
        self.snapshot = snapshot
        self.ranking = ranking
        self._flags: BoundedCache[tuple[str, str], Flags] = BoundedCache(
            _FLAGS_KEPT // sharing, lambda flags: flags.nbytes
        )
        self._dense: BoundedCache[tuple[str, str], Floats] = BoundedCache(
            _BYTES_KEPT // sharing, lambda values: values.nbytes
        )

    def frequent(self, addend: Addend) -> bool:
        """Tell whether so many articles have a term that its impacts are best kept as one array over all articles.

        Deleted articles do not matter, as the order of additions shows in the last digits of scores.
        """
        return addend.listed.count * _FREQUENT > self.snapshot.count

    def having(self, field: str, term: str) -> Flags:
        """Return the articles that have ``term`` in ``field``; not to be changed."""
        listed = self.snapshot.listed(field, term)
        if listed.count * _MARKED < self.snapshot.size:
            return self._marked(listed)
        return self._flags.get((field, term), lambda: self._marked(listed))

    def sums(self, addends: Sequence[Addend], articles: NDArray[np.intp]) -> Sums:
        """Return what ``addends`` add to the score of each of ``articles``, which are ascending and not deleted.

        They are looked up in long postings whose impacts are not kept.
        """
        sums = np.zeros(len(articles))
        norms: dict[str, Floats] = {}
        for addend in addends:
            field, term, weight, listed = addend
            values = self._dense.kept((field, term))
            if values is None and listed.count < len(articles) * _MANY:
                values = self.dense(addend) if self.frequent(addend) else self._spread_out(addend)
            if values is not None:
                sums += values.take(articles) * np.float32(weight)
                continue
            if field not in norms:
                norms[field] = self._norms[_FIELDS[field]].take(articles)
            self._look_up(addend, articles, norms[field], sums)
        return sums

    def sums_of_all(self, addends: Sequence[Addend], among: Flags | None = None) -> Floats:
        """Return what ``addends`` add to the score of every article, or of those ``among`` it; for others anything."""
        sums = np.zeros(self.snapshot.size, np.float32)
        spans = [(addend, span) for addend in addends for span in addend.listed.spans]
        ends = list(accumulate([len(span.articles) for _, span in spans]))
        at = 0
        while at < len(spans):
            upto = bisect_right(ends, (ends[at - 1] if at else 0) + _AT_ONCE, at + 1)
            self._add(spans[at:upto], sums, among)
            at = upto
        return sums

    def dense(self, addend: Addend) -> Floats:
        """Return the impacts of a term on every article, before its weight."""

        return self._dense.get((addend.field, addend.term), lambda: self._spread_out(addend))

    def _spread_out(self, addend: Addend) -> Floats:
        norms = self._norms[_FIELDS[addend.field]]
        values = np.zeros(self.snapshot.size, np.float32)
        for span in addend.listed.spans:
            articles = span.articles.astype(np.intp)
            if span.offset:
                articles += span.offset
            values[articles] = saturation(span.frequencies, norms.take(articles), self.ranking.k1)
        return values

    def _add(self, spans: Sequence[tuple[Addend, Span]], sums: Floats, among: Flags | None) -> None:
        """Add postings to the ``sums`` of all articles, at once."""
        ends = np.cumsum([len(span.articles) for _, span in spans])
        articles = np.concatenate([span.articles for _, span in spans]).astype(np.intp)
        frequencies = np.concatenate([span.frequencies for _, span in spans])
        if len(self.snapshot.offsets) > 1:
            articles += np.repeat([span.offset for _, span in spans], np.diff(ends, prepend=0))
        if among is None:
            numbers = np.repeat(np.arange(len(spans)), np.diff(ends, prepend=0))
        else:
            places = np.flatnonzero(among.take(articles))
            articles, frequencies = articles.take(places), frequencies.take(places)
            numbers = ends.searchsorted(places, "right")
        rows = np.array([_FIELDS[addend.field] * self.snapshot.size for addend, _ in spans])
        values = saturation(frequencies, self._norms.take(articles + rows.take(numbers)), self.ranking.k1)
        values *= np.array([addend.weight for addend, _ in spans], np.float32).take(numbers)
        np.add.at(sums, articles, values)

    def _look_up(self, addend: Addend, articles: NDArray[np.intp], norms: Floats, sums: Sums) -> None:
        for span in addend.listed.spans:
            low, high = articles.searchsorted((span.offset, span.limit))
            places, there = span.find(articles[low:high] - span.offset)
            frequencies = span.frequencies.take(places, mode="clip") * there
            values = saturation(frequencies, norms[low:high], self.ranking.k1)
            sums[low:high] += values * np.float32(addend.weight)

    def _marked(self, listed: Listed) -> Flags:
        flags = np.zeros(self.snapshot.size, bool)
        for span in listed.spans:
            flags[span.offset : span.limit][span.articles.astype(np.intp)] = True  # slow by any other type
        if self.snapshot.any_deleted:
            flags &= self.snapshot.live
        return flags

    @cached_property
    def _norms(self) -> Floats:
        """A row for each of ``_FIELDS``, an entry an article."""
        ranking, snapshot = self.ranking, self.snapshot
        norms = np.empty((len(_FIELDS), snapshot.size), np.float32)
        for (name, stream), row in zip(product(TEXT_FIELDS, Stream), norms, strict=True):
            field = field_name(name, stream)
            row[:] = length_norm(snapshot.lengths(field), snapshot.average_length(field), ranking.k1, ranking.b[name])
        return norms
