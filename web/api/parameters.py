"""What a request may ask for, checked; every bad parameter is named in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from index.dates import period_days
from index.errors import InvalidInputError, Problem
from index.store.tasks import TaskState
from search.engine import Facet, Filters, Sort
from search.query.tree import Match
from search.service import Search

LONGEST_QUERY = 10_000


def _comma_separated(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _period(value: Any) -> Any:
    if isinstance(value, str) and value:
        period_days(value)
    return value or None


Label = Annotated[Annotated[str, Field(max_length=500)] | None, BeforeValidator(_none_if_empty)]
Period = Annotated[str | None, BeforeValidator(_period)]


class Parameters(BaseModel):
    """The base of all parameters: unknown ones are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class SearchParameters(Parameters):
    """The parameters of a search."""

    q: Annotated[str, Field(max_length=LONGEST_QUERY, description="the query; empty for all articles")] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    size: Annotated[int, Field(ge=1, le=100, description="hits a page")] = 10
    sort: Sort = Sort.RELEVANCE
    match: Match = Match.AUTO
    source: Label = None
    category: Label = None
    author: Label = None
    from_: Annotated[Period, Field(alias="from", description="first year, month or day: 2025, 2025-08, 2025-08-27")] = (
        None
    )
    to: Annotated[Period, Field(description="last year, month or day, included")] = None
    facets: Annotated[
        list[Facet], BeforeValidator(_comma_separated), Field(description="what to count, by commas")
    ] = []
    fragments: Annotated[int, Field(ge=0, le=10, description="passages a hit")] = 3
    fragment_size: Annotated[int, Field(ge=20, le=2000, description="characters a passage")] = 180
    explain: Annotated[bool, Field(description="show the parts of each score")] = False
    collapse: Annotated[bool, Field(description="show near-copies as one hit")] = True

    def search(self) -> Search:
        """Return the search these parameters ask for."""
        filters = Filters(
            source=self.source,
            category=self.category,
            author=self.author,
            first_day=period_days(self.from_)[0] if self.from_ else None,
            last_day=period_days(self.to)[1] if self.to else None,
        )
        return Search(
            text=self.q,
            page=self.page,
            size=self.size,
            sort=self.sort,
            match=self.match,
            filters=filters,
            facets=self.facets,
            fragments=self.fragments,
            fragment_size=self.fragment_size,
            explain=self.explain,
            collapse=self.collapse,
        )


class SuggestParameters(Parameters):
    """The parameters of completions."""

    q: Annotated[str, Field(max_length=LONGEST_QUERY, description="what is typed so far")] = ""
    size: Annotated[int, Field(ge=1, le=50)] = 8


class SimilarParameters(Parameters):
    """The parameters of similar articles."""

    size: Annotated[int, Field(ge=1, le=50)] = 5


class WriteParameters(Parameters):
    """The parameters of every write."""

    wait: Annotated[bool, Field(description="answer when searches see the write")] = False


class TaskParameters(Parameters):
    """The parameters of the list of tasks."""

    size: Annotated[int, Field(ge=1, le=1000)] = 50
    state: Annotated[TaskState | None, BeforeValidator(_none_if_empty), Field(description="only tasks in it")] = None


Model = TypeVar("Model", bound=Parameters)


def checked(model: type[Model], values: Mapping[str, str]) -> Model:
    """Return ``values`` as ``model``. Raises InvalidInputError naming each bad parameter."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problems = [Problem(str(entry["loc"][0]), _reason(entry)) for entry in error.errors()]
        names = ", ".join(problem.where for problem in problems)
        raise InvalidInputError(f"The request has parameters that cannot be used: {names}.", problems) from None


def _reason(entry: Any) -> str:
    return str(entry["msg"]).removeprefix("Value error, ")
