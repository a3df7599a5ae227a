"""What terms add to the scores of articles, and which articles have them.

The impact of a term on an article is BM25's tf part (``scoring.saturation``): all of the score that does not
depend on the query. It is worked out from the postings for the articles that are asked for; what of it depends on the
article alone, the norm, is computed once a snapshot. Which articles have a frequent term is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis import Stream
from index.schema import TEXT_FIELDS, field_name
from search.cache import BoundedCache
from search.scoring import Ranking, length_norm, saturation
from search.snapshot import Floats, Listed, Snapshot

Flags = NDArray[np.bool_]
Sums = NDArray[np.float64]
_BYTES_KEPT = 64 << 20
_FREQUENT = 64
_SPARSE = 8
_FIELDS = {field_name(name, stream): row for row, (name, stream) in enumerate(product(TEXT_FIELDS, Stream))}


class Addend(NamedTuple):
    """A term of a field (``body_word``), and what its impacts are multiplied with in a score."""

    field: str
    term: str
    weight: float
    listed: Listed


class TermImpacts:
    """Look up terms in ``snapshot`` and their impacts under ``ranking``. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, ranking: Ranking) -> None:
        self.snapshot = snapshot
        self.ranking = ranking
        self._kept: BoundedCache[tuple[str, str], Flags] = BoundedCache(_BYTES_KEPT, lambda flags: flags.nbytes)

    def having(self, field: str, term: str) -> Flags:
        """Return the articles that have ``term`` in ``field``; not to be changed."""
        listed = self.snapshot.listed(field, term)
        if listed.count * _FREQUENT < self.snapshot.size:
            return self._marked(listed)
        return self._kept.get((field, term), lambda: self._marked(listed))

    def sums(self, addends: Sequence[Addend], articles: NDArray[np.intp]) -> Sums:
        """Return what ``addends`` add to the score of each of ``articles``, which are ascending and not deleted.

        Lists not much longer than ``articles`` are read whole and added up at once; in longer ones these are looked up.
        """
        most = _SPARSE * len(articles)
        whole = [addend for addend in addends if addend.listed.count <= most]
        sums = self.sums_of_all(whole)[articles] if whole else np.zeros(len(articles))
        norms: dict[str, Floats] = {}
        for addend in addends:
            if addend.listed.count > most:
                if addend.field not in norms:
                    norms[addend.field] = self._norms[_FIELDS[addend.field]].take(articles)
                self._look_up(addend, articles, norms[addend.field], sums)
        return sums

    def sums_of_all(self, addends: Sequence[Addend]) -> Sums:
        """Return what ``addends`` add to the score of every article; for deleted ones anything."""
        size = self.snapshot.size
        spans = [span for addend in addends for span in addend.listed.spans]
        if not spans:
            return np.zeros(size)
        about = [
            (addend.weight, _FIELDS[addend.field] * size, span.offset)
            for addend in addends
            for span in addend.listed.spans
        ]
        weights, rows, offsets = zip(*about, strict=True)
        lengths = np.fromiter(map(len, spans), np.intp, len(spans))
        articles = np.concatenate([span.articles for span in spans]).astype(np.intp)
        if any(offsets):
            articles += np.repeat(offsets, lengths)
        frequencies = np.concatenate([span.frequencies for span in spans]).astype(np.float32)
        norms = self._norms.take(articles + np.repeat(rows, lengths))
        values = saturation(frequencies, norms, self.ranking.k1)
        values *= np.repeat(np.array(weights, np.float32), lengths)
        sums: Sums = np.bincount(articles, values, size)
        return sums

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
