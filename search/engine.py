"""The ``Engine`` protocol: what finds articles, with the types of its requests and results.

Code above this file knows these types and no implementation. ``tests/engines`` holds the contract that every engine
passes; ``search.archive`` decides which engine and store are used.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from index.article import LABELS, Article
from index.store.article_store import DerivedIndex
from search.deadline import Deadline
from search.query.filter_tree import FilterNode, HasLabel, PublishedIn, conjuncts
from search.query.tree import Match, MatchAll, Node
from search.query.typed import TypedWords
from search.statistics import TermStatistics

PERIODS = {"year": 4, "month": 7, "day": 10}
"""Periods that can be facets, and how many characters of an ISO date name one."""
FACETS = (*LABELS, *PERIODS)
MOST_VALUES = 100
"""How many values of a facet are counted by default."""
RELEVANCE, PUBLISHED, WRITTEN, ID = "relevance", "published", "written", "id"
SORTABLE = (RELEVANCE, PUBLISHED, *LABELS, WRITTEN, ID)
"""What hits can be sorted by."""


class Sort(StrEnum):
    """The usual orders of hits; by date, undated articles come last."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key that hits are sorted by: ``field`` is one of ``SORTABLE``. What lacks it comes last, either way.

    Labels are sorted by their keys (``index.labels``), first without accents, then with them; of several values, each
    time by the first of the alphabet. "written" is the order of last writes; ids are sorted by their code points.
    """

    field: str
    descending: bool = False


Order = tuple[SortKey, ...]
"""Sort keys, the first one first. Articles with equal keys come in the order of their last writes."""

ORDERS: Mapping[Sort, Order] = {
    Sort.RELEVANCE: (SortKey(RELEVANCE, descending=True), SortKey(PUBLISHED, descending=True)),
    Sort.NEWEST: (SortKey(PUBLISHED, descending=True), SortKey(RELEVANCE, descending=True)),
    Sort.OLDEST: (SortKey(PUBLISHED), SortKey(RELEVANCE, descending=True)),
}


def order_of(sort: Sort | Order) -> Order:
    """Return the sort keys of an order."""
    return ORDERS[sort] if isinstance(sort, Sort) else sort


def fixed_order(sort: Sort | Order) -> Order:
    """Return the sort keys that a cursor goes by before the id: those of an order that no other article's write moves.

    Scores move with the statistics of the index, an article with its own last write; what comes after an id is of no
    use.
    """
    kept = [key for key in order_of(sort) if key.field not in {RELEVANCE, WRITTEN}]
    return tuple(kept[: [*(key.field for key in kept), ID].index(ID)])


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of hits begins: after the article ``id``, whose sort keys have ``values``; None for the first page.

    There is one value for "published" (the minute, ``index.dates.local_minute``) and two for a label, without accents
    and with them; None for what the article lacks.
    """

    values: tuple[int | str | None, ...] = ()
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on every hit.

    ``labels`` has (label, value) pairs; a hit has just this value (``index.labels``), case and spelling aside; of
    several for one label, any. One without accents that no article has stands for every value that differs from it in
    accents alone. The days are ordinals, inclusive. ``tree`` must hold as well.
    """

    labels: tuple[tuple[str, str], ...] = ()
    first_day: int | None = None
    last_day: int | None = None
    tree: FilterNode | None = None

    def conditions(self) -> list[FilterNode]:
        """Return the conditions that must all hold."""
        asked: dict[str, list[str]] = {}
        for label, value in self.labels:
            asked.setdefault(label, []).append(value)
        found: list[FilterNode] = [HasLabel(label, tuple(values)) for label, values in asked.items()]
        if self.first_day is not None or self.last_day is not None:
            found.append(PublishedIn(self.first_day, self.last_day))
        return found if self.tree is None else [*found, *conjuncts(self.tree)]


@dataclass(frozen=True, slots=True)
class Request:
    """One retrieval: hits ``start`` up to but not including ``start + size`` of ``tree`` under ``filters``.

    With ``collapse`` only the first hit of each story is returned, with the ids of its first ``copies`` near-copies;
    the order of hits does not change. With ``other_filters``, the facet of a label counts the articles that pass all
    filters but the ones on this label alone. A facet has up to ``facet_size`` values; with a ``facet_text``, of labels
    only those that have its words side by side, accents aside, the last one as a beginning (``index.labels``). With
    ``count_days``, the matching articles of each day are counted. ``recency`` is the half-life of scores in days: an
    article published so long before the newest one has half its score. Undated ones count as old as the oldest.
    ``boosts`` multiply the weights of text fields. Without ``relax``, no relaxed hits follow. Once the ``deadline`` is
    over, what can be left out is left out.

    With a ``cursor``, hits are those after it, in the ``fixed_order`` of ``sort`` and then by id; there are no relaxed
    ones, and neither ``start`` nor ``collapse`` counts.
    """

    tree: Node = field(default_factory=MatchAll)
    match: Match = Match.AUTO
    filters: Filters = field(default_factory=Filters)
    sort: Sort | Order = Sort.RELEVANCE
    start: int = 0
    size: int = 10
    facets: Sequence[str] = ()
    explain: bool = False
    collapse: bool = False
    copies: int = 0
    other_filters: bool = False
    recency: float | None = None
    facet_size: int = MOST_VALUES
    facet_text: str = ""
    count_days: bool = False
    boosts: Mapping[str, float] = field(default_factory=dict)
    relax: bool = True
    cursor: Cursor | None = None
    deadline: Deadline = field(default_factory=Deadline, compare=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found; ``explanation`` has the parts that sum to its score.

    ``copies`` counts its near-copies that are collapsed into this hit; ``copy_ids`` has the first of them, as many as
    were asked for, in the order of their last writes. A ``relaxed`` one does not match: it only has the syllables of
    the query's words scattered.
    """

    id: str
    score: float
    explanation: Mapping[str, float] | None = None
    copies: int = 0
    relaxed: bool = False
    copy_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many matching articles have one value of a facet."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The result of a retrieval: ``total`` articles match, ``hits`` are the requested ones.

    If few match, ``relaxed_total`` others follow them, which only have the syllables of the query's words scattered.
    ``stories`` is the number of hits to page through; without ``collapse`` it is the sum of both. Facets count the
    articles that match; with ``other_filters`` those of labels also count some that do not pass a filter. ``days`` has
    how many matching articles were published on each day (an ordinal), ascending. ``next`` is where the next page
    begins, if the request had a cursor and all ``size`` hits were found.

    A ``partial`` result lacks something for want of time: facets are missing, hits are fewer or less well ordered. If
    ``at_least``, not all of the query was evaluated: all hits match, but the counts are lower bounds.
    """

    total: int
    stories: int
    hits: Sequence[Hit]
    facets: Mapping[str, Sequence[FacetCount]]
    relaxed_total: int = 0
    partial: bool = False
    at_least: bool = False
    days: Mapping[int, int] = field(default_factory=dict)
    next: Cursor | None = None


class Upkeep(Protocol):
    """Maintenance of index files. An engine without files offers none."""

    def exclusive(self, purpose: str, *, wait: float) -> AbstractContextManager[None]:
        """Hold the writer's lock; raise WriterBusyError after ``wait`` seconds. The holder may rebuild."""

    def scrub(self, seconds: float, *, again: bool = False) -> bool:
        """Verify checksums for about ``seconds``, resuming where the last call stopped; return whether all were read.

        With ``again``, spend the remaining time on the files verified longest ago. The next ``apply`` repairs damage.
        """

    def release_stale(self) -> None:
        """Close files that a newer index replaced, to free their disk space."""

    def condense(self) -> None:
        """Drop what was deleted or replaced from the files, where it counts in frequencies; this may take long."""

    def check(self) -> list[str]:
        """Compare the index with the store; return the problems found."""

    def repair(self, *, wait: float = 10.0) -> list[str]:
        """Rebuild the index from the store if it is wrong, or apply what it lacks; return what was done."""


class Engine(DerivedIndex, Protocol):
    """An index of a store's articles. Safe to share between threads.

    All that searches raises a TimtinError while the index cannot be read, such as DamagedIndexError, or
    IndexMissingError while there is none of the store's articles.
    """

    @property
    def upkeep(self) -> Upkeep | None:
        """Maintenance of the engine's files; None if it has none."""

    def applied(self) -> int:
        """Return the highest sequence number of the store that searches see; -1 if no index follows this store."""

    def version(self) -> Hashable:
        """Return a value that changes whenever answers may. It must be cheap: every search calls it."""

    def retrieve(self, request: Request) -> Retrieved:
        """Return the hits, totals and facets of one request.

        Raises SearchTimeoutError if nothing certain was found by its deadline, SearchCancelledError if that was
        cancelled.
        """

    def similar(self, article: Article, size: int) -> list[Hit]:
        """Return up to ``size`` articles most like ``article``, without itself and its near-copies."""

    def titled(self, typed: TypedWords, size: int) -> list[Hit]:
        """Return up to ``size`` articles whose titles have the words ``typed`` so far, without their near-copies.

        First come those that have each two neighbours side by side, with a score of 1, then the others, with 0.5; of
        both the newest first.
        """

    def copies(self, id: str, size: int) -> list[Hit]:
        """Return the near-copies of an article, up to ``size``, in the order of their last writes.

        Their scores are 0. An unknown id has none.
        """

    def statistics(self) -> TermStatistics:
        """Return the statistics of the current index. Use them for one query only; do not keep them."""

    def close(self) -> None:
        """Release files and threads; no thread may be using them."""
