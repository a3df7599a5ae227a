"""Small helpers for numpy arrays that hold many things of different lengths, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def smallest_unsigned(largest: int) -> np.dtype[Any]:
    """Return the smallest little-endian unsigned type that holds ``largest``."""
    return np.dtype(np.min_scalar_type(max(largest, 0))).newbyteorder("<")


def offsets(lengths: NDArray[np.int64]) -> Array:
    """Return where each of several things of these lengths starts, and the end of the last one."""
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends.astype(np.uint32 if ends[-1] < 1 << 32 else np.uint64)


def sizes(starts: Array) -> NDArray[np.int64]:
    """Return the lengths of what ``offsets`` placed."""
    places = starts.astype(np.int64)
    return places[1:] - places[:-1]


def spread(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``starts[0] .. starts[0] + counts[0] - 1, starts[1] ..``, one range after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)
