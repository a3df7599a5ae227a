"""The ``Engine`` protocol: what an index must offer, and the shapes it speaks in.

Everything above this file knows these shapes and nothing of what stands behind them. ``tests/engines`` holds
the contract that every engine passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from index.article import Article
from index.store.articles import DeleteResult, WriteResult
from search.query.tree import Match, MatchAll, Node

Progress = Callable[[int], None]


class Sort(StrEnum):
    """The order of hits; undated articles come last when sorted by date."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


class Facet(StrEnum):
    """What matching articles can be counted by."""

    SOURCE = "source"
    CATEGORY = "category"
    AUTHOR = "author"
    YEAR = "year"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Filters:
    """What every hit must be: labels as whole values (accents and case aside), days as ordinals, both included."""

    source: str | None = None
    category: str | None = None
    author: str | None = None
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
    facets: Sequence[Facet] = ()
    explain: bool = False
    collapse: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found; ``explanation`` has the parts its score is the sum of.

    ``copies`` is how many other articles found it stands for, its near-copies.
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
    """What a retrieval found: all articles that match in ``total``, the asked-for hits in ``hits``.

    ``stories`` is how many hits there are to page through, without ``collapse`` as many as ``total``. Facets count
    articles.
    """

    total: int
    stories: int
    hits: Sequence[Hit]
    facets: Mapping[Facet, Sequence[FacetCount]]


class Engine(Protocol):
    """An index of articles that keeps what it acknowledges. Safe to share between threads."""

    def add(self, articles: Sequence[Article]) -> WriteResult:
        """Add or replace articles; when this returns none of them can be lost."""

    def delete(self, ids: Sequence[str]) -> DeleteResult:
        """Delete articles. As lasting as ``add``."""

    def commit(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Make every write so far searchable; raise WriterBusyError after ``wait`` seconds behind another writer.

        ``progress`` is called often, with the number of articles done since its last call. What it raises ends the
        work, of which what is done stays done.
        """

    def rebuild(
        self,
        *,
        wait: float = 10.0,
        within: AbstractContextManager[object] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Make the index anew while the present one serves, then swap.

        ``within`` is entered once no other writer is at work and left before one may be. ``progress`` is called as by
        ``commit``; what it raises leaves the present index. Raises WriterBusyError after ``wait`` seconds.
        """

    def retrieve(self, request: Request) -> Retrieved:
        """Return the hits of one request."""

    def expand(self, tree: Node) -> Node:
        """Return ``tree`` with other ways to say its plain words: abbreviations the articles define, synonyms."""

    def suggest(self, typed: str, size: int) -> list[str]:
        """Return up to ``size`` completions of what is typed so far, the most used first."""

    def correct(self, text: str) -> str | None:
        """Return a query as it was meant where it was typed wrongly, None where nothing better is known."""

    def similar(self, id: str, size: int) -> list[Hit]:
        """Return the articles most like this one, itself and its near-copies left out; nothing for an unknown id."""

    def fetch(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return the articles with these ids; those not there are left out."""

    def count(self) -> int:
        """Return how many articles are kept."""

    def searchable(self, seq: int | None = None) -> bool:
        """Tell whether searches see the write with this number (``seq`` of its result), or every write so far."""

    def check(self) -> list[str]:
        """Compare the index with what is kept; return what is wrong."""

    def scrub(self, seconds: float) -> None:
        """Look for damage for about so many seconds, going on where the last call ended; to be called now and then.

        What is found is mended by later commits.
        """

    def release_stale(self) -> None:
        """Free what a newer index replaced; to be called now and then where nothing is asked."""

    def close(self) -> None:
        """Let go of files and threads."""
