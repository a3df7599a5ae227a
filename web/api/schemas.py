"""The bodies of requests and of answers as models: what the description of the API is made from.

Requests are checked by them. Answers are made as plain values, which is faster; the tests check each against its model.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, field_validator
from pydantic_core import CoreSchema, PydanticCustomError

from index.article import LABELS, LONGEST_ID, LONGEST_LABEL, Article
from index.store.article_store import TaskKind, TaskState
from search.parameters import MOST_LABEL_VALUES
from web.api.parameters import FilterParameters

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

    @field_validator(*LABELS, mode="before")
    @classmethod
    def _values(cls, value: Any) -> Any:
        """Refuse a list without values: it would be no condition, and more be deleted than was meant."""
        if isinstance(value, list) and (not value or "" in value):
            raise PydanticCustomError("no_value", "should have at least one value, and no empty one")
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of a body, in which a label may have several values."""
        made: dict[str, Any] = handler.resolve_ref_schema(handler(schema))
        known = made["properties"]
        value = {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL}
        values = {"type": "array", "items": value, "minItems": 1, "maxItems": MOST_LABEL_VALUES}
        for name in LABELS:
            known[name] = {**known[name], "anyOf": [*known[name]["anyOf"], values]}
        known["filter"] = {**known["filter"], "anyOf": [*known["filter"]["anyOf"], {"type": "object"}]}
        return made


class DeletionRequest(Model):
    """Which articles to delete, and whether only to count them."""

    filter: Annotated[Filter, Field(description="what the articles have in common; at least one condition")]
    dry_run: Annotated[bool, Field(strict=True, description="only say how many articles there are")] = False


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
