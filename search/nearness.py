"""How close together an article says what is asked for.

The measure is the best window: over every stretch of a few syllables, the weights of the different query terms in
it are added up, and the largest sum counts. It is the minimal-span idea of Tao and Zhai, *An exploration of
proximity measures in information retrieval* (2007), the other way round: a fixed span, the most it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from search.snapshot import Ints, Snapshot

Floats = NDArray[np.float32]


def nearness(
    snapshot: Snapshot, fields: Sequence[str], weights: Mapping[str, float], articles: Ints, width: int
) -> Floats:
    """Return for each of ``articles`` (ascending) the weight of its best window of ``width`` syllables in a field."""
    owners: list[Ints] = []
    places: list[Ints] = []
    terms: list[Ints] = []
    for part, name in enumerate(fields):
        for number, term in enumerate(weights):
            found, at = snapshot.positions(name, term, articles)
            if len(found):
                owners.append(found * len(fields) + part)
                places.append(at)
                terms.append(np.full(len(found), number, np.int32))
    best = np.zeros(len(articles), np.float32)
    if owners:
        owner, place, term_of = (np.concatenate(arrays) for arrays in (owners, places, terms))
        sums = best_windows(owner, place, term_of, np.fromiter(weights.values(), np.float32, len(weights)), width)
        np.maximum.at(best, articles.searchsorted(sums[0] // len(fields)), sums[1])
    return best


def best_windows(owners: Ints, places: Ints, terms: Ints, weights: Floats, width: int) -> tuple[Ints, Floats]:
    """Return for each occurrence the article and the weight of the window that begins with it.

    ``owners``, ``places`` and ``terms`` (numbers into ``weights``) describe occurrences, in any order. As no two
    terms have one place, a window of ``width`` places holds at most as many occurrences.
    """
    keys = (owners.astype(np.int64) << 32) + places
    order = keys.argsort(kind="stable")
    keys, owners, terms = keys[order], owners[order], terms[order]
    gains = weights[terms]
    sums = gains.copy()
    count = len(order)
    numbers = np.arange(count)
    by_term = terms.argsort(kind="stable")
    before = np.full(count, -1)  # the occurrence of the same term before this one
    before[by_term[1:]] = np.where(terms[by_term[1:]] == terms[by_term[:-1]], by_term[:-1], -1)
    for ahead in range(1, min(width, count)):
        inside = keys[ahead:] - keys[:-ahead] < width
        if not inside.any():
            break
        inside &= before[ahead:] < numbers[:-ahead]  # a term counts once in a window
        sums[:-ahead] += gains[ahead:] * inside
    return owners, sums
