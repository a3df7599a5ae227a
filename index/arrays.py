"""Helpers for numpy arrays that concatenate items of different lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def smallest_unsigned(largest: int) -> np.dtype[Any]:
    """Return the smallest little-endian unsigned dtype that holds ``largest``."""
    return np.dtype(np.min_scalar_type(max(largest, 0))).newbyteorder("<")


def offsets(lengths: NDArray[np.int64]) -> Array:
    """Return where each item starts when items of these lengths are concatenated, and where the last one ends."""
    total = int(lengths.sum(dtype=np.int64))
    ends = np.zeros(len(lengths) + 1, np.uint32 if total < 1 << 32 else np.uint64)
    np.cumsum(lengths, dtype=ends.dtype, out=ends[1:])
    return ends


def sizes(starts: Array) -> NDArray[np.int64]:
    """Return the lengths of the items whose ``offsets`` are ``starts``."""
    places = starts.astype(np.int64)
    return places[1:] - places[:-1]


def spread(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ranges ``starts[i] .. starts[i] + counts[i] - 1``, concatenated."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)


def isin_sorted(known: NDArray[Any], asked: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which of ``asked`` are in ``known``, which is sorted ascending."""
    if not len(known):
        return np.zeros(len(asked), bool)
    at = known.searchsorted(asked)
    at[at == len(known)] = 0
    found: NDArray[np.bool_] = known[at] == asked
    return found
