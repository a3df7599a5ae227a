"""What a search answers: hits as they are shown, with the counts, facets and notes around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from index.article import Article
from search.engine import FacetCount
from search.explaining import ExplainedPart
from search.histogram import Bucket
from search.parameters import SearchParameters
from search.query.notes import Note
from search.snippets.reasons import Reason

_LEAD_LENGTH = 400


class ArticleSummary(NamedTuple):
    """What is shown of a found article besides its marked text.

    ``lead`` is the beginning of the body if the article has no lead.
    """

    id: str
    title: str
    lead: str
    url: str | None
    source: str | None
    author: str | None
    category: str | None
    published: str | None
    lang: str


@dataclass(frozen=True, slots=True)
class RenderedHit:
    """One hit: the article, its score, and its title and best fragments as HTML with the query's words marked.

    ``body_cut`` says of each fragment whether text of its first sentence is left out before it, and of its last one
    after it. ``copies`` counts its near-copies that are not shown; ``copied`` are the first of them, as many as were
    asked for. A ``relaxed`` hit only has the syllables of words scattered. ``reasons`` say why it was found, where it
    lacks the words as typed. ``marked`` has the whole fields that were asked for, as HTML; ``explained`` says what the
    parts of its score are.
    """

    article: ArticleSummary
    score: float
    title_html: str
    body_html: Sequence[str]
    explanation: Mapping[str, float] | None = None
    copies: int = 0
    relaxed: bool = False
    copied: Sequence[ArticleSummary] = ()
    body_cut: Sequence[tuple[bool, bool]] = ()
    reasons: Sequence[Reason] = ()
    marked: Mapping[str, str] = field(default_factory=dict)
    explained: Sequence[ExplainedPart] = ()


class WrittenAnswer(NamedTuple):
    """An answer as bytes, in a form of that name; ``took_ms`` belongs between the two parts."""

    form: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a search: ``total`` articles match, ``stories`` is the number of hits to page through.

    If few match, ``relaxed_total`` others follow them. ``corrected`` is the query as it was probably meant,
    ``notes`` say what of it was not understood.

    A ``partial`` answer lacks something for want of time: marks, facets, a correction, the exact order, or hits. If
    ``at_least``, the counts are lower bounds. ``next_cursor`` is the cursor of the next page, if the search had one and
    there may be a next page. One that was ``written`` has that in the place of its hits, facets and histogram.
    """

    parameters: SearchParameters
    terms: Sequence[str]
    total: int
    stories: int
    relaxed_total: int
    hits: Sequence[RenderedHit]
    took_ms: float
    corrected: str | None = None
    expanded: Sequence[str] = ()
    facets: Mapping[str, Sequence[FacetCount]] = field(default_factory=dict)
    notes: Sequence[Note] = ()
    partial: bool = False
    at_least: bool = False
    histogram: Sequence[Bucket] = ()
    next_cursor: str | None = None
    written: WrittenAnswer | None = None


def summary_of(article: Article) -> ArticleSummary:
    """Return what is shown of an article."""
    lead = article.lead or article.body[:_LEAD_LENGTH].partition("\n")[0]
    return ArticleSummary(**{name: getattr(article, name) for name in ArticleSummary._fields} | {"lead": lead})
