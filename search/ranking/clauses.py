"""What a query evaluates to: the articles that match it, and the clauses their scores are sums of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.directory.snapshot import TermPostings

DocMask = NDArray[np.bool_]
"""One flag per article of a snapshot."""


class WeightedTerm(NamedTuple):
    """A term of an index field (``body_word``), its postings, and the weight that multiplies its impacts."""

    field: str
    term: str
    weight: float
    postings: TermPostings


class ScoreClause(NamedTuple):
    """What a part of the query adds to scores: the sum over the terms of a group; of several groups, the largest sum.

    ``only`` restricts it to some articles. With a ``name``, explanations show it as one part.
    """

    groups: Sequence[Sequence[WeightedTerm]]
    name: str | None = None
    only: DocMask | None = None

    def most(self, k1: float) -> float:
        """Return an upper bound of what it can add to a score."""
        return (k1 + 1.0) * max([sum([term.weight for term in group]) for group in self.groups], default=0.0)


class ProximityClause(NamedTuple):
    """The weighted syllables of a longer query, and the fields that should have them close together."""

    fields: Sequence[str]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Matches:
    """The articles that match a query, those among them with every word, and the clauses of their scores.

    With ``every_word_first`` the articles with every word come first. With ``prefers_accents`` the query is short and
    was typed with accents: articles that lack these accents are only a fallback.
    """

    matched: DocMask
    every: DocMask
    exactly: Callable[[], DocMask]
    clauses: Sequence[ScoreClause]
    proximity: Sequence[ProximityClause]
    every_word_first: bool
    short: bool
    prefers_accents: bool

    @property
    def exact(self) -> DocMask:
        """The articles that have every accent typed, whether they match or not."""
        return self.exactly()

    def preferring_accents(self) -> Matches:
        """Leave out the matches of a short query that lack its accents, unless all do."""
        kept = self.matched & self.exact if self.prefers_accents else self.matched
        return replace(self, matched=kept, every=self.every & kept) if self.prefers_accents and kept.any() else self
