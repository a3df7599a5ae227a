"""Count facets: how many matching articles each label, year or month has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.dates import MINUTES_A_DAY
from index.directory.snapshot import Snapshot
from index.labels import begun_keys
from index.segments.schema import UNDATED
from search.engine import MOST_VALUES, PERIODS, FacetCount
from search.ranking.clauses import DocMask


def count_facet(
    snapshot: Snapshot, facet: str, matched: DocMask, most: int = MOST_VALUES, text: str = ""
) -> list[FacetCount]:
    """Count the values of ``facet`` among the articles in ``matched``, live ones; return at most ``most`` of them.

    Labels are sorted most frequent first, periods newest first. An article counts for each value it has. Of labels,
    only values that have the words of ``text`` are counted (``begun_keys``).
    """
    if facet in PERIODS:
        return _count_periods(count_days(snapshot, matched), PERIODS[facet])[:most]
    labels = snapshot.labels(facet)
    counts = np.bincount(labels.codes[matched[labels.articles]], minlength=len(labels.names)).tolist()
    numbers = [labels.numbers[key] for key in begun_keys(text, labels.numbers)] if text else range(len(counts))
    counted = [FacetCount(labels.names[number], counts[number]) for number in numbers if counts[number]]
    return sorted(counted, key=lambda entry: (-entry.count, entry.value))[:most]


def count_days(snapshot: Snapshot, matched: DocMask) -> dict[int, int]:
    """Return how many of the articles in ``matched`` were published on each day (an ordinal), ascending."""
    minutes: NDArray[np.int64] = snapshot.minutes[matched]
    days, counts = np.unique(minutes[minutes != UNDATED] // MINUTES_A_DAY, return_counts=True)
    return dict(zip((days + 1).tolist(), counts.tolist(), strict=True))


def _count_periods(days: Mapping[int, int], characters: int) -> list[FacetCount]:
    totals: dict[str, int] = {}
    for day, count in days.items():
        period = date.fromordinal(day).isoformat()[:characters]
        totals[period] = totals.get(period, 0) + count
    return [FacetCount(period, totals[period]) for period in sorted(totals, reverse=True)]
