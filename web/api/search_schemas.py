"""The bodies of searches and of their answers as models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from index.article import LABELS
from search.explaining import PartKind
from search.parameters import SearchParameters
from search.query.notes import NoteCode
from search.snippets.reasons import ReasonCode
from web.api.schemas import ArticleId, Html, Model, ProblemDetails

MOST_SEARCHES = 20
"""How many searches one request may have."""
LONGEST_TEXT = 200_000
LONGEST_TITLE = 1000


def _listed(description: str) -> Any:
    return Field(default_factory=list, description=description)


def _named(description: str) -> Any:
    return Field(default_factory=dict, description=description)


class SearchRequest(SearchParameters):
    """A search as JSON: the parameters of the same search as an address."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    timeout_ms: Annotated[
        int | None, Field(ge=1, description="milliseconds after which an incomplete answer is given")
    ] = None

    def parameters(self) -> SearchParameters:
        """Return the parameters of the search."""
        values = self.model_dump(by_alias=True, exclude_unset=True, exclude={"timeout_ms"})
        parameters: SearchParameters = SearchParameters.model_validate(values)
        return parameters

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of a body, which has JSON values for what an address has as texts."""
        made: dict[str, Any] = handler.resolve_ref_schema(handler(schema))
        known = made["properties"]
        texts = {"type": "array", "items": {"type": "string"}}
        for name in (*LABELS, "sort"):
            known[name] = {**known[name], "anyOf": [{"type": "string"}, texts, *[{"type": "null"}] * (name != "sort")]}
            known[name].pop("type", None)
        for name, shape in (("filter", {"type": "object"}), ("boost", {"type": "object"})):
            known[name] = {
                "description": known[name]["description"],
                "anyOf": [{"type": "string"}, shape, *[texts] * (name == "boost"), {"type": "null"}],
            }
        for name in ("facets", "fields", "highlight"):
            listed = {part: known[name].pop(part) for part in ("type", "items")}
            known[name] = {**known[name], "anyOf": [listed, {"type": "string"}]}
        for name in ("recency", "histogram"):
            known[name] = {**known[name], "anyOf": [*known[name]["anyOf"], {"type": "string", "maxLength": 0}]}
        return made


class SearchesRequest(Model):
    """Several searches, each as the body of a single one."""

    searches: Annotated[list[Any], Field(min_length=1, max_length=MOST_SEARCHES, description="the searches")]
    timeout_ms: Annotated[int | None, Field(ge=1, description="milliseconds that all of them may take")] = None


class SimilarRequest(Model):
    """A text to find articles like."""

    text: Annotated[str, Field(max_length=LONGEST_TEXT, description="the text; its first 20,000 characters count")] = ""
    title: Annotated[str, Field(max_length=LONGEST_TITLE)] = ""
    size: Annotated[int, Field(ge=1, le=50, description="most articles")] = 5


class Highlights(Model):
    """The title, and passages of the text."""

    title: Html
    body: Annotated[list[Html], Field(description="passages, the best first")]


class TitleHighlights(Model):
    """The title."""

    title: Html


class ReasonGiven(Model):
    """Why a hit was found that lacks what was typed."""

    code: ReasonCode
    typed: str
    found: str


class Copy(Model):
    """A near-copy of a hit."""

    id: ArticleId
    title: str
    source: str | None
    published: str | None
    url: str | None


class SimilarHit(Model):
    """An article that was found."""

    id: ArticleId
    title: str
    lead: str
    url: str | None
    source: str | None
    author: str | None
    category: str | None
    published: str | None
    score: float
    copies: Annotated[int, Field(description="near-copies that are not shown")]
    relaxed: Annotated[bool, Field(description="whether it only has the syllables of words scattered")]
    reasons: list[ReasonGiven]
    highlights: Highlights


class ScorePart(Model):
    """A part of a score."""

    kind: PartKind
    text: str
    counts: Annotated[dict[str, int], Field(description="how often each text field has it")]
    score: float
    share: Annotated[float, Field(description="how much of the whole score it is")]
    sentence: Annotated[str, Field(description="the same in words")]


class Hit(Model):
    """An article that was found, with what the search asks for; with fields=, only the members named there."""

    id: ArticleId = ""
    title: str = ""
    lead: str = ""
    url: str | None = None
    source: str | None = None
    author: str | None = None
    category: str | None = None
    published: str | None = None
    score: float = 0.0
    copies: Annotated[int, Field(description="near-copies that are not shown")] = 0
    relaxed: Annotated[bool, Field(description="whether it only has the syllables of words scattered")] = False
    reasons: Annotated[list[ReasonGiven], _listed("why it was found, where it lacks what was typed")]
    highlights: Highlights | None = None
    marked: Annotated[dict[str, Html], _named("whole fields, if highlight= asks for them")]
    explained: Annotated[list[ScorePart], _listed("the parts of the score, if explain=words")]

    copied: Annotated[list[Copy], _listed("near-copies, if copies= asks for them")]
    explanation: Annotated[dict[str, float], _named("the parts of the score, if explain= asks for it")]


class NoteGiven(Model):
    """What a query says that is not understood."""

    code: NoteCode
    text: str
    message: str


class QueryRead(Model):
    """The query as it was understood."""

    text: str
    corrected: Annotated[str | None, Field(description="what was probably meant")]
    terms: list[str]
    notes: list[NoteGiven]


class FacetValue(Model):
    """A value, and how many articles have it."""

    value: str
    count: int


class HistogramBucket(Model):
    """How many of the articles found were published in a day, a week, a month or a year."""

    value: Annotated[str, Field(description="as 2025-08-27, 2025-W35, 2025-08 or 2025")]
    from_: Annotated[str, Field(alias="from", description="its first day")]
    to: Annotated[str, Field(description="its last day")]
    count: int


class Links(Model):
    """The addresses of this page of hits, the next and the one before."""

    self: str
    next: str | None
    prev: str | None


class SearchAnswer(Model):
    """The answer to a search."""

    query: QueryRead
    total: Annotated[
        int,
        Field(description="articles that have the words of the query; exact unless total_is_lower_bound"),
    ]
    total_is_lower_bound: bool
    partial: Annotated[bool, Field(description="whether the time was over before all was looked at")]
    relaxed: bool
    relaxed_total: Annotated[int, Field(description="articles beside them that have the syllables scattered")]
    stories: Annotated[int, Field(description="hits to page through: near-copies are one")]
    page: int
    size: int
    took_ms: float
    hits: list[Hit]
    facets: dict[str, list[FacetValue]]
    histogram: Annotated[
        list[HistogramBucket],
        _listed("counts by date, the oldest first, if histogram= asks for them"),
    ]
    next_cursor: Annotated[
        str | None, Field(description="the cursor of the next page, if cursor= was given; null after the last hit")
    ] = None
    links: Links


class SearchOutcome(Model):
    """The answer to one of several searches, or its problem."""

    status: int
    answer: SearchAnswer | None
    problem: ProblemDetails | None


class SearchAnswers(Model):
    """The outcomes of several searches, in their order."""

    answers: list[SearchOutcome]


class FacetValues(Model):
    """Values of a facet that have the words asked for, the most frequent first."""

    facet: str
    values: list[FacetValue]


class LikeText(Model):
    """The articles most like a text."""

    hits: list[SimilarHit]


class Token(Model):
    """An occurrence of a term in a text."""

    term: str
    position: Annotated[int, Field(description="the number of its first syllable; the end of a sentence leaves a gap")]
    start: Annotated[int, Field(description="its first character, counted from 0")]
    end: Annotated[int, Field(description="the end of its last character")]


class UnderstoodQuery(Model):
    """A query as a search understands it."""

    tree: Annotated[dict[str, Any], Field(description="words as they are cut, with their alternatives, and operators")]
    notes: list[NoteGiven]
    corrected: str | None


class TextAnalysis(Model):
    """How a text is cut into terms, and how a query is understood."""

    streams: Annotated[dict[str, list[Token]], _named("the tokens of text= in each stream")]
    query: Annotated[UnderstoodQuery | None, Field(description="what q= asks for")] = None


class TitleHit(Model):
    """An article whose title has what was typed."""

    id: ArticleId
    title: str
    source: str | None
    published: str | None
    highlights: TitleHighlights


class Suggestions(Model):
    """Completions of what was typed."""

    query: str
    suggestions: list[str]
    titles: Annotated[list[TitleHit], _listed("articles, if titles= asks for them")]
    counts: Annotated[
        list[int | None],
        _listed("articles that each completion finds, if counts= asks for them"),
    ]


class SimilarArticles(Model):
    """The articles most like one."""

    id: ArticleId
    hits: list[SimilarHit]


SEARCH_REQUESTS = (SearchRequest, SearchesRequest, SimilarRequest)
"""The models of the bodies of searches."""
READING = ("get", "postSearch", "searches", "similarToText")
"""Operations whose bodies only say what to read."""
