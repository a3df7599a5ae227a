"""Measure how close together an article has the query's words.

The measure is the best window: for every window of a few syllables, sum the weights of the distinct query terms in
it, and take the largest sum. It inverts the minimal-span idea of Tao and Zhai, *An exploration of proximity measures
in information retrieval* (2007): the span is fixed, what it holds is maximised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.directory.snapshot import DocIds
from search.deadline import Deadline
from search.ranking.indexed import IndexedArticles

_AT_ONCE = 1 << 15


def proximity_of(
    snapshot: IndexedArticles,
    fields: Sequence[str],
    weights: Mapping[str, float],
    articles: DocIds,
    widths: Sequence[int],
    lead: int,
    deadline: Deadline,
) -> tuple[Floats, Floats]:
    """Return how close to each other, and to the beginning, each of ``articles`` (ascending) has the terms.

    The first array, (widths, articles), has the weight of the best window of each width, in syllables, in any field.
    The second, (articles,), has the weight of the terms among the first ``lead`` syllables of the fields.
    Raises SearchTimeoutError once ``deadline`` is over.
    """
    owners: list[NDArray[np.intp]] = []
    places: list[DocIds] = []
    terms: list[DocIds] = []
    for part, name in enumerate(fields):
        for number, term in enumerate(weights):
            deadline.check()
            found, at = snapshot.positions(name, term, articles)
            if len(found):
                owners.append(articles.searchsorted(found) * len(fields) + part)
                places.append(at)
                terms.append(np.full(len(found), number, np.int32))
    beginning = np.zeros((len(weights), len(articles)), bool)
    weight_of = np.fromiter(weights.values(), np.float32, len(weights))
    best = np.zeros((len(widths), len(articles)), np.float32)
    if owners:
        owner, place, term_of = np.concatenate(owners), np.concatenate(places), np.concatenate(terms)
        early = place < lead
        beginning[term_of[early], owner[early] // len(fields)] = True
        sorted_owners, sums = best_windows(owner, place, term_of, weight_of, widths, deadline)
        firsts = np.flatnonzero(np.diff(sorted_owners, prepend=-1))
        most = np.maximum.reduceat(sums, firsts, axis=1)
        for row, values in enumerate(most):
            np.maximum.at(best[row], sorted_owners[firsts] // len(fields), values)
    return best, (weight_of[:, None] * beginning).sum(axis=0)


def best_windows(
    owners: NDArray[np.integer[Any]],
    places: DocIds,
    terms: DocIds,
    weights: Floats,
    widths: Sequence[int],
    deadline: Deadline | None = None,
) -> tuple[NDArray[np.integer[Any]], Floats]:
    """Return the owner of each token, ascending, and the weights of the windows that start there, one row per width.

    ``owners``, ``places`` (positions) and ``terms`` (indices into ``weights``) describe tokens in any order; no two
    terms share a place. The weights are computed from the next position of each term: an array with a row per term
    and a column per token. It is built in chunks, last chunk first, so that long articles take no more memory.
    Raises SearchTimeoutError once ``deadline`` is over.
    """
    keys = (owners.astype(np.int64) << 32) + places
    order = keys.argsort()
    keys, owners, terms = keys[order], owners[order], terms[order]
    sums = np.empty((len(widths), len(keys)), np.float32)
    after = np.full(len(weights), np.iinfo(np.int64).max)
    for first in reversed(range(0, len(keys), _AT_ONCE)):
        if deadline is not None:
            deadline.check()
        some = keys[first : first + _AT_ONCE]
        upcoming = np.full((len(weights), len(some)), np.iinfo(np.int64).max)
        upcoming[:, -1] = after
        upcoming[terms[first : first + len(some)], np.arange(len(some))] = some
        upcoming = np.minimum.accumulate(upcoming[:, ::-1], axis=1)[:, ::-1]
        after = upcoming[:, 0].copy()
        apart = upcoming - some
        for row, width in zip(sums, widths, strict=True):
            (weights[:, None] * (apart < width)).sum(axis=0, out=row[first : first + len(some)])
    return owners, sums
