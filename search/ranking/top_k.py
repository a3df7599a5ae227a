"""Select the top k of many articles without sorting them all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from search.ranking.indexed import IndexedArticles

_GROUPS_A_PLACE = 8
_FEWEST_GROUPS = 512


def best_first(snapshot: IndexedArticles, articles: NDArray[np.intp], scores: Floats, most: int) -> NDArray[np.intp]:
    """Return the indices of the ``most`` best articles, best first; ties go to the newest, then the first written."""
    places = largest(scores, most)
    some = articles[places]
    return places[np.lexsort((snapshot.sequence[some], -snapshot.minutes[some], -scores[places]))][:most]


def largest(keys: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Return the indices, ascending, of the ``count`` largest of ``keys`` and of all that equal the smallest of them.

    The keys are dealt into groups. At least ``count`` keys reach the ``count``-th largest group maximum, so smaller
    keys are skipped.
    """
    if count >= len(keys):
        return np.arange(len(keys))
    if count < 1:
        return np.empty(0, np.intp)
    groups = max(_FEWEST_GROUPS, _GROUPS_A_PLACE * count)
    deep = len(keys) // groups
    places = np.arange(len(keys))
    if deep > 1:
        maxima = keys[: deep * groups].reshape(deep, groups).max(axis=0)
        places = np.flatnonzero(keys >= _least(maxima, count))
    some = keys[places]
    kept: NDArray[np.intp] = places[some >= _least(some, count)]
    return kept


def reached(keys: NDArray[Any], count: int) -> float:
    """Return a number that at least ``count`` of ``keys`` reach, usually close to the ``count``-th largest."""
    if count > len(keys):
        return -np.inf
    groups = max(_FEWEST_GROUPS, _GROUPS_A_PLACE * count)
    deep = len(keys) // groups
    return float(_least(keys[: deep * groups].reshape(deep, groups).max(axis=0) if deep > 1 else keys, count))


def _least(keys: NDArray[Any], count: int) -> Any:
    """Return the ``count``-th largest of ``keys``."""
    return np.partition(keys, len(keys) - count)[len(keys) - count]
