"""The bodies of requests and of answers as models: what the description of the API is made from.

Requests are checked by them. Answers are made as plain values, which is faster; the tests check each against its model.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from index.article import LABELS, LONGEST_ID, Article
from index.store.article_store import TaskKind, TaskState
from search.explaining import PartKind
from search.parameters import SearchParameters
from search.query.notes import NoteCode
from search.snippets.reasons import ReasonCode
from web.api.parameters import FilterParameters

MOST_SEARCHES = 20
"""How many searches one request may have."""
LONGEST_TEXT = 200_000
LONGEST_TITLE = 1000
MOST_WANTED = 1000
"""How many articles one request may ask for by their ids."""

ArticleId = Annotated[str, Field(max_length=LONGEST_ID, description="the id of an article")]
Time = Annotated[str, Field(description="a time in ISO 8601, UTC")]
Html = Annotated[str, Field(description="HTML: text with mark elements around the words that were found")]
Searchable = Annotated[bool, Field(description="whether searches see the write yet")]
Etag = Annotated[str, Field(description="the ETag of the article as it is now, with its quotes")]


class Model(BaseModel):
    """The base of all bodies: a member that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Filter(FilterParameters):
    """Conditions that choose articles; all must hold."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)


class DeletionRequest(Model):
    """Which articles to delete, and whether only to count them."""

    filter: Annotated[Filter, Field(description="what the articles have in common; at least one condition")]
    dry_run: Annotated[bool, Field(strict=True, description="only say how many articles there are")] = False


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
                "anyOf": [{"type": "string"}, shape, texts if name == "boost" else {"type": "null"}],
            }
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


class WantedArticles(Model):
    """The ids of articles to read."""

    ids: Annotated[list[str], Field(max_length=MOST_WANTED, description="ids, in the order of the answer")]


class Part(Model):
    """A part of a request, and what is wrong with it."""

    name: Annotated[str, Field(description="a parameter, a header, a field, or an entry of the body")]
    detail: str


class ProblemDetails(Model):
    """An error (RFC 9457)."""

    type: str
    title: Annotated[str, Field(description="what the status means")]
    status: int
    detail: Annotated[str, Field(description="what was wrong, and what to do")]
    instance: Annotated[str, Field(description="the path that was asked for")]
    errors: Annotated[list[Part], Field(description="each bad part of the request")]


class StoredArticle(Article):
    """An article as it is stored; every field is there."""


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
    reasons: list[ReasonGiven] = []
    highlights: Highlights | None = None
    marked: Annotated[dict[str, Html], Field(description="whole fields, if highlight= asks for them")] = {}
    explained: Annotated[list[ScorePart], Field(description="the parts of the score, if explain=words")] = []

    copied: Annotated[list[Copy], Field(description="near-copies, if copies= asks for them")] = []
    explanation: Annotated[dict[str, float], Field(description="the parts of the score, if explain= asks for it")] = {}


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
        list[HistogramBucket], Field(description="counts by date, the oldest first, if histogram= asks for them")
    ] = []
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

    streams: Annotated[dict[str, list[Token]], Field(description="the tokens of text= in each stream")] = {}
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
    titles: Annotated[list[TitleHit], Field(description="articles, if titles= asks for them")] = []
    counts: Annotated[
        list[int | None], Field(description="articles that each completion finds, if counts= asks for them")
    ] = []


class SimilarArticles(Model):
    """The articles most like one."""

    id: ArticleId
    hits: list[SimilarHit]


class FoundArticles(Model):
    """The articles with the ids that were sent."""

    articles: list[StoredArticle]
    missing: Annotated[list[str], Field(description="ids of which there is no article")]
    left_out: Annotated[list[str], Field(description="ids to ask for in another request, as the answer is long")]


class Written(Model):
    """What became of an article."""

    id: ArticleId
    result: Literal["created", "replaced", "unchanged"]
    searchable: Searchable
    etag: Etag


class Deleted(Model):
    """That an article was deleted."""

    id: ArticleId
    result: Literal["deleted"]
    searchable: Searchable


class Outcome(Model):
    """What became of one entry of a body."""

    id: Annotated[str | None, Field(description="the id of its article; null if it was refused before it had one")]
    result: Literal["created", "replaced", "unchanged", "deleted", "missing", "refused"]


class Refusal(Model):
    """Why an entry was refused."""

    index: Annotated[int, Field(description="its number, from 0")]
    detail: str
    errors: list[Part]


class BulkOutcome(Model):
    """What became of the entries of a body."""

    received: int
    added: int
    updated: int
    unchanged: int
    deleted: int
    missing: Annotated[int, Field(description="articles to delete that were not there")]
    ids: Annotated[list[str], Field(description="the articles that are stored, in order")]
    refused: Annotated[list[Refusal], Field(description="the first 1,000 entries that were refused")]
    outcomes: Annotated[list[Outcome], Field(description="what became of each entry, in order")]
    task: Annotated[str, Field(description="the id of the task that is done once searches see the write")]
    searchable: Searchable


class DryRun(Model):
    """How many articles would be deleted."""

    dry_run: Literal[True]
    matched: int


class TaskShown(Model):
    """Work that outlives its request."""

    id: str
    kind: TaskKind
    state: TaskState
    created: Time
    started: Annotated[Time | None, Field(description="when it began; a bulk write has none")] = None
    finished: Time | None
    counts: Annotated[dict[str, int], Field(description="how much is done, of what")]
    errors: Annotated[list[dict[str, Any]], Field(description="what failed; why, only with a key that may write")]
    seq: Annotated[int | None, Field(description="the number of its last write")]
    filters: Annotated[dict[str, str | list[str]], Field(description="what is deleted, if it is a deletion")] = {}


class Tasks(Model):
    """The latest tasks."""

    tasks: list[TaskShown]


class Stats(Model):
    """Counts, and the state of the index."""

    articles: int
    in_sync: Annotated[bool, Field(description="whether searches see every write")]
    last_error: Annotated[str | None, Field(description="why not, if they do not")]


class Health(Model):
    """That the process responds."""

    status: Literal["ok"]


class Readiness(Model):
    """That articles can be written, and that searches see every write."""

    status: Literal["ready"]
    articles: int


class AnyObject(BaseModel):
    """An object with whatever members."""

    model_config = ConfigDict(extra="allow")
