"""How the articles found are spread over time: bars for days, months or years, each a narrower search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from search.engine import FacetCount

_MOST_BARS = {"day": 31, "month": 24, "year": 40}
"""How many bars there may be of each period, the finest first."""
_HEIGHT = 40
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One period: how many articles, and how high its bar is of ``Timeline.height``."""

    period: str
    count: int
    height: int
    address: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The bars, oldest first; without gaps but before the first one."""

    bars: Sequence[Bar]
    height: int = _HEIGHT

    @property
    def newest_first(self) -> list[Bar]:
        """The periods that have articles, newest first."""
        return [bar for bar in reversed(self.bars) if bar.count]


def timeline(facets: Mapping[str, Sequence[FacetCount]], address: Callable[[str], str]) -> Timeline | None:
    """Return the bars of the finest unit of which there are not too many; None if there is nothing to compare.

    ``facets`` has the counts of days, months and years, newest first; ``address`` that of the search within a period.
    """
    for unit, most_bars in _MOST_BARS.items():
        counts = {entry.value: entry.count for entry in facets.get(unit, ())}
        if len(counts) < 2:
            continue
        periods = list(_from_to(min(counts), max(counts), most_bars))
        if periods or unit == "year":
            periods = periods or sorted(counts)[-most_bars:]
            most = max(counts.values())
            found = [(period, counts.get(period, 0)) for period in periods]
            return Timeline([Bar(period, count, _height(count, most), address(period)) for period, count in found])
    return None


def _height(count: int, most: int) -> int:
    return max(_LEAST, round(count / most * _HEIGHT)) if count else 0


def _from_to(first: str, last: str, most: int) -> Iterator[str]:
    """Yield the periods from ``first`` to ``last``; nothing if there are more than ``most``."""
    found = [first]
    while found[-1] < last and len(found) <= most:
        found.append(_next(found[-1]))
    if len(found) <= most:
        yield from found


def _next(period: str) -> str:
    if len(period) == len("2025"):
        return f"{int(period) + 1:04}"
    if len(period) == len("2025-08"):
        year, month = map(int, period.split("-"))
        return f"{year + month // 12:04}-{month % 12 + 1:02}"
    return (date.fromisoformat(period) + timedelta(days=1)).isoformat()
