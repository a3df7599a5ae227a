"""The ``Engine`` protocol: what finds articles, and the shapes it speaks in.

Everything above this file knows these shapes and nothing of what stands behind them. ``tests/engines`` holds the
contract that every engine passes; ``search.archive`` decides which engine and which store there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from index.article import LABELS, Article
from index.store.article_store import DerivedIndex
from search.query.tree import Match, MatchAll, Node
from search.statistics import TermStatistics

PERIODS = {"year": 4, "month": 7}
"""Periods that articles can be counted by: how many characters of an ISO date name one."""
FACETS = (*LABELS, *PERIODS)


class Sort(StrEnum):
    """The order of hits; undated articles come last when sorted by date."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Filters:
    """What every hit must be: (label, value) pairs, matched whole (accents and case aside); days as ordinals, inclusive."""

    labels: tuple[tuple[str, str], ...] = ()
    first_day: int | None = None
    last_day: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One retrieval: the hits ``start`` up to ``start + size`` of ``tree`` under ``filters``.

    With ``collapse`` the first hit of each story stands for all of them, in the order they have without it.
    """

    tree: Node = field(default_factory=MatchAll)
    match: Match = Match.AUTO
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    start: int = 0
    size: int = 10
    facets: Sequence[str] = ()
    explain: bool = False
    collapse: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found; ``explanation`` has the parts its score is the sum of.

    ``copies`` counts the other articles found that it stands for, its near-copies.
    """

    id: str
    score: float
    explanation: Mapping[str, float] | None = None
    copies: int = 0


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many matching articles have this value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a retrieval found: ``total`` articles match, ``hits`` are those asked for.

    ``stories`` is the number of hits there are to page through, without ``collapse`` the same as ``total``. Facets count
    articles.
    """

    total: int
    stories: int
    hits: Sequence[Hit]
    facets: Mapping[str, Sequence[FacetCount]]


class Upkeep(Protocol):
    """The care of files. An engine that keeps none offers no upkeep."""

    def exclusive(self, purpose: str, *, wait: float) -> AbstractContextManager[None]:
        """Hold the right to write the index; raise WriterBusyError after ``wait`` seconds. The holder may rebuild."""

    def scrub(self, seconds: float, *, again: bool = False) -> bool:
        """Verify checksums for about ``seconds``, resuming where the last call stopped; return whether all were read.

        With ``again`` the rest of the time goes to the files read longest ago. Damage is mended by the next ``apply``.
        """

    def release_stale(self) -> None:
        """Close files that a newer index replaced, so that their disk space is free."""

    def check(self) -> list[str]:
        """Compare store and index; return what is wrong."""

    def repair(self, *, wait: float = 10.0) -> list[str]:
        """Rebuild or complete the index from the store where it is wrong; return what was done."""


class Engine(DerivedIndex, Protocol):
    """An index of the articles of a store. Safe to share between threads."""

    @property
    def upkeep(self) -> Upkeep | None:
        """The care of the engine's files, if it has any."""

    def applied(self) -> int:
        """Return the highest sequence number of the store that searches see; -1 where there is no usable index."""

    def version(self) -> Hashable:
        """Return a value that differs whenever answers may. Cheap: every search asks."""

    def retrieve(self, request: Request) -> Retrieved:
        """Return the hits of one request."""

    def similar(self, article: Article, size: int) -> list[Hit]:
        """Return the articles most like ``article``, without itself and its near-copies."""

    def statistics(self) -> TermStatistics:
        """Return the statistics of the present index; for one query, not to be kept."""

    def close(self) -> None:
        """Release files and threads; no thread may be using them."""
