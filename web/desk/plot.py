"""A bar for each day, drawn by the server as SVG: only numbers and dates get into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

HEIGHT = 120.0
_WIDTH = 10.0
_LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its date, its number, and where its bar stands in the plot."""

    day: date
    count: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars, oldest first, in a box of ``width`` by ``height``; ``most`` is the number of the highest."""

    bars: list[Bar]
    width: float
    height: float
    most: int
    total: int


def plot_of(counts: Mapping[str, int], last: date, days: int) -> Plot:
    """Return the plot of the ``days`` days up to ``last``; ``counts`` has numbers by ISO date, 0 where it has none."""
    shown = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    numbers = [counts.get(day.isoformat(), 0) for day in shown]
    most = max(numbers, default=0)
    bars = []
    for place, (day, number) in enumerate(zip(shown, numbers, strict=True)):
        height = round(max(HEIGHT * number / most, _LEAST), 2) if number else 0.0
        bars.append(Bar(day, number, place * _WIDTH, HEIGHT - height, height))
    return Plot(bars, days * _WIDTH, HEIGHT, most, sum(numbers))
