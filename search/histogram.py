"""A histogram of dates: how many articles were published in each day, week, month or year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MOST_BUCKETS = 1000
_LAST = date.max.toordinal()


class Interval(StrEnum):
    """The width of the buckets; weeks begin on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many articles were published from day ``first`` to day ``last`` (ordinals, inclusive)."""

    value: str
    first: int
    last: int
    count: int


def histogram(days: Mapping[int, int], interval: Interval, *, empty: bool = False) -> list[Bucket]:
    """Return the buckets of ``days``, the counts by ordinal, ascending; the newest 1,000 if there are more.

    With ``empty``, there are also the buckets between the first and the last one that nothing was published in.
    """
    counts: dict[int, int] = {}
    for day, count in days.items():
        first = _first(day, interval)
        counts[first] = counts.get(first, 0) + count
    firsts = sorted(counts, reverse=True)[:MOST_BUCKETS]
    if empty and firsts:
        firsts = _between(firsts[-1], firsts[0], interval)
    return [_bucket(first, interval, counts.get(first, 0)) for first in reversed(firsts)]


def _between(oldest: int, newest: int, interval: Interval) -> list[int]:
    """Return the first days of up to 1,000 buckets from ``newest`` back to ``oldest``."""
    found: list[int] = []
    while newest >= oldest and len(found) < MOST_BUCKETS:
        found.append(newest)
        if newest <= 1:
            break
        newest = _first(newest - 1, interval)
    return found


def _first(day: int, interval: Interval) -> int:
    found = date.fromordinal(day)
    if interval is Interval.WEEK:
        return day - min(found.weekday(), day - 1)
    if interval is Interval.MONTH:
        return day - found.day + 1
    return found.replace(month=1, day=1).toordinal() if interval is Interval.YEAR else day


def _bucket(first: int, interval: Interval, count: int) -> Bucket:
    start = date.fromordinal(first)
    match interval:
        case Interval.WEEK:
            year, week, _ = start.isocalendar()
            return Bucket(f"{year:04}-W{week:02}", first, min(first + 6, _LAST), count)
        case Interval.MONTH:
            later = first + 31
            end = _first(later, interval) - 1 if later <= _LAST else _LAST
            return Bucket(start.isoformat()[:7], first, end, count)
        case Interval.YEAR:
            return Bucket(start.isoformat()[:4], first, start.replace(month=12, day=31).toordinal(), count)
    return Bucket(start.isoformat(), first, first, count)
