"""What each term adds to the scores of the articles it is in, kept for the terms that were asked for last.

The impact of a term on an article is BM25's tf part (``scoring.saturation``): all of the score that does not
depend on the query.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.analysis import Stream
from index.schema import field_name
from search.cache import BoundedCache
from search.scoring import Ranking, saturation
from search.snapshot import Floats, Ints, Snapshot

Flags = NDArray[np.bool_]
_BYTES_KEPT = 160 << 20
_BYTES_AN_ENTRY = 500
_DENSE = 4


@dataclass(frozen=True, slots=True)
class Impacts:
    """The impacts of one term of one field on the ``count`` articles it is in.

    ``values`` are those of ``articles`` (ascending). Of a term that more than every fourth article has, ``articles``
    is None and ``values`` has one entry an article, 0 where it lacks the term: adding whole arrays is then faster.
    """

    count: int
    values: Floats
    articles: Ints | None = None

    def add_to(self, scores: Floats, weight: float, scratch: Floats) -> None:
        """Add ``weight`` times the impacts to ``scores``, one entry an article; ``scratch`` is as long, and lost."""
        if self.articles is None:
            scores += np.multiply(self.values, np.float32(weight), out=scratch)
        else:
            np.add.at(scores, self.articles.astype(np.intp), self.values * np.float32(weight))

    def mark(self, flags: Flags) -> None:
        """Set the ``flags``, one an article, of those that have the term."""
        if self.articles is None:
            flags |= self.values != 0
        else:
            flags[self.articles.astype(np.intp)] = True  # numpy is slow to index by any other type

    def size(self) -> int:
        """Return the bytes it takes."""
        return _BYTES_AN_ENTRY + self.values.nbytes + (0 if self.articles is None else self.articles.nbytes)


_ABSENT = Impacts(0, np.empty(0, np.float32), np.empty(0, np.int32))


class TermImpacts:
    """Look up the impacts of terms in ``snapshot`` under ``ranking``. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, ranking: Ranking) -> None:
        self.snapshot = snapshot
        self.ranking = ranking
        self._kept: BoundedCache[tuple[str, Stream, str], Impacts] = BoundedCache(_BYTES_KEPT, Impacts.size)

    def of(self, name: str, stream: Stream, term: str) -> Impacts:
        """Return the impacts of ``term`` in ``stream`` of the text field ``name``."""
        return self._kept.get((name, stream, term), lambda: self._read(name, stream, term))

    def _read(self, name: str, stream: Stream, term: str) -> Impacts:
        snapshot, ranking, where = self.snapshot, self.ranking, field_name(name, stream)
        found = snapshot.postings(where, term)
        if not len(found):
            return _ABSENT
        lengths = snapshot.lengths(where).take(found.articles)
        values = saturation(found.frequencies, lengths, snapshot.average_length(where), ranking.k1, ranking.b[name])
        if len(found) * _DENSE <= snapshot.size:
            return Impacts(len(found), values, found.articles)
        dense = np.zeros(snapshot.size, np.float32)
        dense[found.articles.astype(np.intp)] = values
        return Impacts(len(found), dense)
