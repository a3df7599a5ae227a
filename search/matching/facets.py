"""Count facets: how many matching articles each label, year or month has."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.dates import MINUTES_A_DAY
from index.directory.snapshot import Snapshot
from index.segments.schema import UNDATED
from search.engine import PERIODS, FacetCount

_MOST_VALUES = 100


def count_facet(snapshot: Snapshot, facet: str, articles: NDArray[np.int64]) -> list[FacetCount]:
    """Count the values of ``facet`` among ``articles`` (doc ids); return at most 100 of them.

    Labels are sorted most frequent first, years and months newest first. Articles without a value are not counted.
    """
    if facet in PERIODS:
        return _count_periods(snapshot.minutes[articles], PERIODS[facet])
    labels = snapshot.labels(facet)
    counts = np.bincount(labels.codes[articles], minlength=len(labels.values))
    counted = [
        FacetCount(value, int(count)) for value, count in zip(labels.values, counts, strict=True) if value and count
    ]
    return sorted(counted, key=lambda entry: (-entry.count, entry.value))[:_MOST_VALUES]


def _count_periods(minutes: NDArray[np.int64], characters: int) -> list[FacetCount]:
    days, counts = np.unique(minutes[minutes != UNDATED] // MINUTES_A_DAY, return_counts=True)
    totals: dict[str, int] = {}
    for day, count in zip(days.tolist(), counts.tolist(), strict=True):
        period = date.fromordinal(day + 1).isoformat()[:characters]
        totals[period] = totals.get(period, 0) + count
    return [FacetCount(period, totals[period]) for period in sorted(totals, reverse=True)][:_MOST_VALUES]
