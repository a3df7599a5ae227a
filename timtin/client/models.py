"""What a service answers, as dataclasses.

``other`` has the members that this version of the client does not know, ``sent`` all of them, as JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Analysis",
    "Answer",
    "Article",
    "Copy",
    "Create",
    "Delete",
    "FacetCount",
    "Health",
    "Highlights",
    "HistogramBucket",
    "Hit",
    "Links",
    "Note",
    "Outcome",
    "Query",
    "Reason",
    "ScorePart",
    "Stats",
    "Suggestions",
    "Task",
    "TitleMatch",
    "Token",
    "UnderstoodQuery",
    "Written",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article, as it is stored or is to be. ``published`` is an ISO 8601 date, or date and time.

    ``etag`` names this state of it; only what was read from a service has one.
    """

    id: str
    title: str = ""
    body: str = ""
    lead: str = ""
    published: str | None = None
    source: str | None = None
    url: str | None = None
    author: str | None = None
    category: str | None = None
    lang: str = "vi"
    extra: Mapping[str, Any] = field(default_factory=dict)
    etag: str | None = field(default=None, compare=False)
    other: Mapping[str, Any] = field(default_factory=dict, compare=False)
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlights:
    """Escaped HTML with ``<mark>`` around the words found: the title, and the passages of the body."""

    title: str = ""
    body: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an article is found that does not have the words as ``typed``: it has what was ``found``."""

    code: str
    typed: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A near-copy that a hit stands for."""

    id: str
    title: str = ""
    source: str | None = None
    published: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePart:
    """A part of a score: how often each text field has ``text``, and the ``share`` of the whole score that this is."""

    kind: str
    text: str
    score: float
    share: float
    sentence: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One article found. ``copies`` counts the near-copies that it stands for; ``copied`` lists those asked for.

    With ``fields``, members that were not asked for have their defaults.
    """

    id: str = ""
    title: str = ""
    lead: str = ""
    url: str | None = None
    source: str | None = None
    author: str | None = None
    category: str | None = None
    published: str | None = None
    score: float = 0.0
    copies: int = 0
    copied: Sequence[Copy] = ()
    relaxed: bool = False
    reasons: Sequence[Reason] = ()
    highlights: Highlights = Highlights()
    marked: Mapping[str, str] = field(default_factory=dict)
    explanation: Mapping[str, float] | None = None
    explained: Sequence[ScorePart] = ()
    other: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What of a query was not understood: a ``code``, the ``text`` it is about, and a ``message`` in English."""

    code: str
    text: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """How a query was understood; ``corrected`` is what was probably meant instead."""

    text: str = ""
    corrected: str | None = None
    terms: Sequence[str] = ()
    notes: Sequence[Note] = ()
    other: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetCount:
    """How many of the articles found have a value of a facet."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramBucket:
    """How many of the articles found were published from day ``from_`` to day ``to``."""

    value: str
    from_: str
    to: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The addresses of this page of hits, the next and the previous one; None where there is none."""

    self: str | None = None
    next: str | None = None
    prev: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a search. ``total`` counts articles, ``stories`` the hits to page through; ``took_ms`` is time.

    ``next_cursor`` is the cursor of the next page, if the search had one; None after the last hit.
    """

    hits: Sequence[Hit]
    total: int
    query: Query = Query()
    total_is_lower_bound: bool = False
    partial: bool = False
    relaxed: bool = False
    relaxed_total: int = 0
    stories: int = 0
    page: int = 1
    size: int = 10
    took_ms: float = 0.0
    facets: Mapping[str, Sequence[FacetCount]] = field(default_factory=dict)
    histogram: Sequence[HistogramBucket] = ()
    next_cursor: str | None = None
    links: Links = Links()
    other: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleMatch:
    """An article whose title has the words typed so far."""

    id: str
    title: str = ""
    source: str | None = None
    published: str | None = None
    highlights: Highlights = Highlights()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What completes the text typed so far, most likely first; ``counts`` says how many articles each finds."""

    suggestions: Sequence[str]
    query: str = ""
    titles: Sequence[TitleMatch] = ()
    counts: Sequence[int | None] = ()
    other: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An occurrence of a term: ``position`` counts syllables, ``start`` and ``end`` (exclusive) characters."""

    term: str
    position: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodQuery:
    """A query as a search understands it: words as they are cut, and operators, as a ``tree`` of JSON values."""

    tree: Mapping[str, Any]
    notes: Sequence[Note] = ()
    corrected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """How a text is cut into the terms of each stream, and how a query is understood."""

    streams: Mapping[str, Sequence[Token]] = field(default_factory=dict)
    query: UnderstoodQuery | None = None
    other: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of one write: ``result`` is created, replaced, unchanged or deleted.

    ``etag`` names the state that it has now; ``searchable`` tells whether searches see it already.
    """

    id: str
    result: str
    etag: str | None = None
    searchable: bool = False
    other: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Create:
    """Store an article if there is none with its id."""

    article: Article | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the article with this id, if there is one."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one of many writes: ``result`` is created, replaced, unchanged, deleted, missing or refused.

    ``detail`` and ``errors`` say why it was refused; ``task`` is done once searches see the writes of its request.
    """

    id: str | None
    result: str
    detail: str = ""
    errors: Sequence[Mapping[str, Any]] = ()
    task: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work that goes on after its request. Times are ISO 8601, UTC.

    ``state`` is waiting, running, cancelling, done, failed, cancelled or one that a newer service has; ``counts`` says
    how far it is, ``seq`` the number of its last write, ``filters`` what a deletion deletes.
    """

    id: str
    kind: str
    state: str
    created: str | None = None
    started: str | None = None
    finished: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: Sequence[Mapping[str, Any]] = ()
    seq: int | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in {"waiting", "running", "cancelling"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How many articles there are, whether searches see every write, and what the index failed at last."""

    articles: int
    in_sync: bool = False
    last_error: str | None = None
    other: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether articles can be written and searches see every write; if not, ``why``."""

    ready: bool
    why: str | None = None
