"""How old articles are: for preferring recent ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.dates import MINUTES_A_DAY
from index.segments.schema import UNDATED


def days_before(minutes: NDArray[np.int64], newest: int, oldest: int) -> NDArray[np.float64]:
    """Return how many days before the minute ``newest`` each article was published; as ``oldest`` for undated ones."""
    days: NDArray[np.float64] = (newest - np.where(minutes == UNDATED, oldest, minutes)) / MINUTES_A_DAY
    return days
