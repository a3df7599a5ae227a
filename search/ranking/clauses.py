"""What a query evaluates to: the articles that match it, and the clauses their scores are sums of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Floats

S = TypeVar("S")

DocMask = NDArray[np.bool_]
"""One flag per article of a snapshot."""


class WeightedTerm(NamedTuple):
    """A term of a stream, the weight that multiplies its impact, and the index fields (``body_word``) that have it.

    Each field has the number of articles that have the term there.
    """

    stream: Stream
    term: str
    weight: float
    fields: Sequence[tuple[str, int]]

    @property
    def frequency(self) -> int:
        """How many articles have the term, in the field where most have it."""
        return max([count for _, count in self.fields])


class ScoreClause(NamedTuple, Generic[S]):
    """What a part of the query adds to scores: the sum over the terms of a group; of several groups, the largest sum.

    ``only`` restricts it to some articles. With a ``name``, explanations show it as one part.
    """

    groups: Sequence[Sequence[WeightedTerm]]
    name: str | None = None
    only: S | None = None

    def most(self, k1: float) -> float:
        """Return an upper bound of what it can add to a score."""
        return (k1 + 1.0) * max([sum([term.weight for term in group]) for group in self.groups], default=0.0)


class ProximityClause(NamedTuple):
    """The weighted syllables of a query, the fields that should have them near each other, and the bonus's factor."""

    fields: Sequence[str]
    weights: Mapping[str, float]
    factor: float


@dataclass(frozen=True, slots=True)
class Matches(Generic[S]):
    """The articles that match a query, and the clauses of their scores, with their BM25 parameter ``k1``.

    ``unfiltered`` are the live articles that match it whatever the filters.
    ``relaxed`` are articles that only have the query's syllables scattered; they come after all that match. ``decay``
    multiplies the score of each article, if the request prefers recent ones.
    """

    matched: S
    unfiltered: S
    relaxed: S | None
    clauses: Sequence[ScoreClause[S]]
    proximity: Sequence[ProximityClause]
    k1: float
    decay: Floats | None = None
