"""How close together an article says what is asked for.

The measure is the best window: over every stretch of a few syllables, the weights of the different query terms in
it are added up, and the largest sum counts. It is the minimal-span idea of Tao and Zhai, *An exploration of
proximity measures in information retrieval* (2007), the other way round: a fixed span, the most it holds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from search.snapshot import Ints, Snapshot

Floats = NDArray[np.float32]


def nearness(snapshot: Snapshot, field: str, weights: Mapping[str, float], articles: Ints, width: int) -> Floats:
    """Return for each of ``articles`` (ascending) the weight of its best window of ``width`` syllables in ``field``."""
    owners: list[Ints] = []
    places: list[Ints] = []
    terms: list[Ints] = []
    for number, term in enumerate(weights):
        found, at = snapshot.positions(field, term, articles)
        owners.append(found)
        places.append(at)
        terms.append(np.full(len(found), number, np.int32))
    best = np.zeros(len(articles), np.float32)
    if owners:
        owner, place, term_of = (np.concatenate(arrays) for arrays in (owners, places, terms))
        sums = best_windows(owner, place, term_of, np.fromiter(weights.values(), np.float32, len(weights)), width)
        np.maximum.at(best, np.searchsorted(articles, sums[0]), sums[1])
    return best


def best_windows(owners: Ints, places: Ints, terms: Ints, weights: Floats, width: int) -> tuple[Ints, Floats]:
    """Return for each occurrence the article and the weight of the window that begins with it.

    ``owners``, ``places`` and ``terms`` (numbers into ``weights``) describe occurrences, in any order. As no two
    terms have one place, a window of ``width`` places holds at most as many occurrences.
    """
    order = np.lexsort((places, owners))
    owners, places, terms = owners[order], places[order], terms[order]
    sums = weights[terms].astype(np.float32)
    count = len(order)
    for ahead in range(1, min(width, count)):
        inside = (owners[ahead:] == owners[:-ahead]) & (places[ahead:] - places[:-ahead] < width)
        if not inside.any():
            break
        for before in range(ahead):  # a term counts once in a window
            inside &= terms[ahead:] != terms[before : count - ahead + before]
        sums[:-ahead] += weights[terms[ahead:]] * inside
    return owners, sums
