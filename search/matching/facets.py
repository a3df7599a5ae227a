"""Count facets: how many matching articles each label, year or month has."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.dates import MINUTES_A_DAY
from index.directory.snapshot import Snapshot
from index.segments.schema import UNDATED
from search.engine import PERIODS, FacetCount
from search.ranking.clauses import DocMask

_MOST_VALUES = 100


def count_facet(snapshot: Snapshot, facet: str, matched: DocMask) -> list[FacetCount]:
    """Count the values of ``facet`` among the articles in ``matched``, live ones; return at most 100 of them.

    Labels are sorted most frequent first, years and months newest first. An article counts for each value it has.
    """
    if facet in PERIODS:
        return _count_periods(snapshot.minutes[matched], PERIODS[facet])
    labels = snapshot.labels(facet)
    counts = np.bincount(labels.codes[matched[labels.articles]], minlength=len(labels.names))
    counted = [FacetCount(name, count) for name, count in zip(labels.names, counts.tolist(), strict=True) if count]
    return sorted(counted, key=lambda entry: (-entry.count, entry.value))[:_MOST_VALUES]


def _count_periods(minutes: NDArray[np.int64], characters: int) -> list[FacetCount]:
    days, counts = np.unique(minutes[minutes != UNDATED] // MINUTES_A_DAY, return_counts=True)
    totals: dict[str, int] = {}
    for day, count in zip(days.tolist(), counts.tolist(), strict=True):
        period = date.fromordinal(day + 1).isoformat()[:characters]
        totals[period] = totals.get(period, 0) + count
    return [FacetCount(period, totals[period]) for period in sorted(totals, reverse=True)][:_MOST_VALUES]
