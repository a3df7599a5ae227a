"""The parameters of a search, declared once: API, page, feed and command line all validate them here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic_core import PydanticCustomError

from index.article import LABELS, LONGEST_LABEL
from index.dates import period_days
from index.errors import InvalidInputError, Problem
from search.deadline import Deadline
from search.engine import FACETS, Filters, Request, Sort
from search.query.tree import Match, Node

LONGEST_ACCEPTED = 10_000


def _comma_separated(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _known_facet(value: str) -> str:
    if value not in FACETS:
        raise PydanticCustomError("not_one_of", "should be one of {expected}", {"expected": ", ".join(FACETS)})
    return value


def none_if_empty(value: Any) -> Any:
    """Return None for an empty string: forms send their empty fields too."""
    return None if value == "" else value


def _period(value: Any) -> Any:
    if isinstance(value, str) and value:
        try:
            period_days(value)
        except ValueError as error:
            raise PydanticCustomError("not_a_date", "{why}", {"why": str(error)}) from None
    return value or None


FacetName = Annotated[str, AfterValidator(_known_facet), Field(json_schema_extra={"enum": list(FACETS)})]
LabelValue = Annotated[Annotated[str, Field(max_length=LONGEST_LABEL)] | None, BeforeValidator(none_if_empty)]
Period = Annotated[str | None, BeforeValidator(_period)]


class Parameters(BaseModel):
    """The base of all parameter models; unknown parameters are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _First(Parameters):
    q: Annotated[str, Field(max_length=LONGEST_ACCEPTED, description="the query; empty for all articles")] = ""
    page: Annotated[int, Field(ge=1, le=100_000, description="page of hits, counted from 1")] = 1
    size: Annotated[int, Field(ge=1, le=100, description="hits per page")] = 10
    sort: Sort = Sort.RELEVANCE
    match: Match = Match.AUTO


_labels: Any = {
    label: (Annotated[LabelValue, Field(description=f"only articles with this {label}")], None) for label in LABELS
}
_WithLabels: Any = create_model("_WithLabels", __base__=_First, **_labels)


class SearchParameters(_WithLabels):
    """The parameters of a search, including one for each label in ``index.article.LABELS``.

    ``page`` counts from 1, ``fragment_size`` is in characters; ``collapse`` makes near-copies one hit.
    """

    from_: Annotated[Period, Field(alias="from", description="first year, month or day: 2025, 2025-08, 2025-08-27")] = (
        None
    )
    to: Annotated[Period, Field(description="last year, month or day, inclusive")] = None
    facets: Annotated[
        tuple[FacetName, ...], BeforeValidator(_comma_separated), Field(description="facets to count, comma-separated")
    ] = ()
    facet_filters: Annotated[
        Literal["all", "others"],
        Field(description="the filters that the facet of a label counts under: all, or all others than on this label"),
    ] = "all"
    fragments: Annotated[int, Field(ge=0, le=10, description="passages per hit")] = 3
    fragment_size: Annotated[int, Field(ge=20, le=2000, description="characters per passage")] = 180
    explain: Annotated[bool, Field(description="show the parts of each score")] = False
    collapse: Annotated[bool, Field(description="show near-copies as one hit")] = True
    copies: Annotated[int, Field(ge=0, le=20, description="near-copies listed with each hit")] = 0
    recency: Annotated[
        Annotated[float, Field(gt=0, le=36500)] | None,
        BeforeValidator(none_if_empty),
        Field(description="half-life of scores in days: prefer recent articles"),
    ] = None

    @property
    def filters(self) -> Filters:
        """The conditions every hit must meet."""
        return Filters(
            labels=tuple((label, value) for label in LABELS if (value := getattr(self, label)) is not None),
            first_day=period_days(self.from_)[0] if self.from_ else None,
            last_day=period_days(self.to)[1] if self.to else None,
        )

    def request(self, tree: Node, sort: Sort, deadline: Deadline) -> Request:
        """Return the engine request for ``tree``, the expanded query."""
        return Request(
            tree=tree,
            sort=sort,
            filters=self.filters,
            start=(self.page - 1) * self.size,
            deadline=deadline,
            other_filters=self.facet_filters == "others",
            **{name: getattr(self, name) for name in _PASSED_ON},
        )


_PASSED_ON = ("match", "size", "facets", "explain", "collapse", "copies", "recency")
"""The parameters that the engine's request has by the same names."""


class TimeParameters(Parameters):
    """How long a search may take. It is no part of ``SearchParameters``: the complete answer is the same."""

    timeout_ms: Annotated[
        Annotated[int, Field(ge=1)] | None,
        BeforeValidator(none_if_empty),
        Field(description="milliseconds after which an incomplete answer is given"),
    ] = None


ParametersT = TypeVar("ParametersT", bound=Parameters)


def checked(model: type[ParametersT], values: Mapping[str, str]) -> ParametersT:
    """Return ``values`` as a ``model``. Raises InvalidInputError that names each bad parameter."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problems = [
            Problem(str(entry["loc"][0]), _reason(entry), entry["type"], entry.get("ctx", {}))
            for entry in error.errors()
        ]
        names = ", ".join(problem.where for problem in problems)
        raise InvalidInputError(f"The request has invalid parameters: {names}.", problems) from None


def _reason(entry: Any) -> str:
    return str(entry["msg"]).removeprefix("Value error, ")
