"""The parameters of a search, declared once: API, page, feed and command line all validate them here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from index.article import LABELS, LONGEST_LABEL
from index.dates import period_days
from index.errors import InvalidInputError, Problem
from index.wrong_values import what_is_wrong
from search.cursors import LONGEST_CURSOR, read_cursor
from search.deadline import Deadline
from search.engine import (
    FACETS,
    ID,
    MOST_VALUES,
    RELEVANCE,
    SORTABLE,
    WRITTEN,
    Cursor,
    Filters,
    Order,
    Request,
    Sort,
    SortKey,
    fixed_order,
)
from search.histogram import Interval
from search.parameter_values import MOST_KEYS, comma_separated, order_text, read_boosts, read_order
from search.query.accents import Accents
from search.query.filter_json import filter_from_json
from search.query.filter_text import LONGEST_FILTER, FilterError, filter_text, parse_filter
from search.query.tree import Match, Node

LONGEST_ACCEPTED = 10_000
MOST_LABEL_VALUES = 100
LARGEST_WITH_BODIES = 20
"""How many hits a page may have if the whole bodies are marked."""
WHOLE = ("title", "lead", "body")
"""The fields that can be shown whole, with marks."""
SHOWN = (
    *("id", "title", "lead", "url", *LABELS, "published", "score", "copies", "relaxed", "reasons"),
    *("highlights", "marked", "copied", "explanation", "explained"),
)
"""The members of a hit, which ``fields`` chooses from."""
_LONGEST_MARK = 100


def _one_of(*allowed: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in allowed:
            raise _not_one_of(allowed)
        return value

    return AfterValidator(check)


def _not_one_of(allowed: Iterable[str]) -> PydanticCustomError:
    return PydanticCustomError("not_one_of", "should be one of {expected}", {"expected": ", ".join(allowed)})


def _one_reason(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Return whether to explain scores, and how; raise one error, not one for each kind of value there is."""
    try:
        return check(value)
    except ValidationError:
        raise _not_one_of(("true", "false", "words")) from None


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _filter(value: Any) -> Any:
    """Return the text of a filter, which may be JSON values."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if isinstance(value, str):
            parse_filter(value)
            return value
        return filter_text(filter_from_json(value))
    except FilterError as error:
        raise PydanticCustomError("filter", "is wrong: {why}", {"why": str(error)}) from None


def _label_values(value: Any) -> str | tuple[str, ...] | None:
    """Return one value as a text, several as a tuple, None without any."""
    given = value if isinstance(value, list | tuple) else [] if value is None else [value]
    texts = [one for one in given if one != ""]
    if not all(isinstance(one, str) for one in texts):
        raise PydanticKnownError("string_type")
    if any(len(one) > LONGEST_LABEL for one in texts):
        raise PydanticKnownError("string_too_long", {"max_length": LONGEST_LABEL})
    if len(texts) > MOST_LABEL_VALUES:
        counts = {"field_type": "List", "max_length": MOST_LABEL_VALUES, "actual_length": len(texts)}
        raise PydanticKnownError("too_long", counts)
    several = tuple(dict.fromkeys(texts))
    return several if len(several) > 1 else next(iter(several), None)


def none_if_empty(value: Any) -> Any:
    """Return None for an empty string: forms send their empty fields too."""
    return None if value == "" else value


def _period(value: Any) -> Any:
    if isinstance(value, str) and value:
        try:
            period_days(value)
        except ValueError as error:
            raise PydanticCustomError("not_a_date", "{why}", {"why": str(error)}) from None
    return none_if_empty(value)


FacetName = Annotated[str, _one_of(*FACETS), Field(json_schema_extra={"enum": list(FACETS)})]
LabelValues = Annotated[
    str | tuple[str, ...] | None,
    PlainValidator(_label_values),
    PlainSerializer(lambda value: list(value) if isinstance(value, tuple) else value),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": LONGEST_LABEL}, {"type": "null"}]}),
]
SortOrder = Annotated[
    Sort | tuple[SortKey, ...],
    BeforeValidator(read_order),
    PlainSerializer(order_text, return_type=str),
    WithJsonSchema({"type": "string"}),
]
Mark = Annotated[str, Field(max_length=_LONGEST_MARK)]
Period = Annotated[str | None, BeforeValidator(_period)]


class Parameters(BaseModel):
    """The base of all parameter models; unknown parameters are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _First(Parameters):
    q: Annotated[str, Field(max_length=LONGEST_ACCEPTED, description="the query; empty for all articles")] = ""
    page: Annotated[int, Field(ge=1, le=100_000, description="page of hits, counted from 1")] = 1
    size: Annotated[int, Field(ge=1, le=100, description="hits per page")] = 10
    sort: Annotated[
        SortOrder,
        Field(
            description=f"{', '.join(Sort)}, or up to {MOST_KEYS} keys such as published:desc,source:asc,"
            f" of {', '.join(SORTABLE)}"
        ),
    ] = Sort.RELEVANCE
    match: Match = Match.AUTO


_labels: Any = {
    label: (Annotated[LabelValues, Field(description=f"only articles with this {label}; several: any of them")], None)
    for label in LABELS
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
        tuple[FacetName, ...], BeforeValidator(comma_separated), Field(description="facets to count, comma-separated")
    ] = ()
    facet_filters: Annotated[
        Literal["all", "others"],
        Field(description="the filters that the facet of a label counts under: all, or all others than on this label"),
    ] = "all"
    fragments: Annotated[int, Field(ge=0, le=10, description="passages per hit")] = 3
    fragment_size: Annotated[int, Field(ge=20, le=2000, description="characters per passage")] = 180
    explain: Annotated[
        bool | Literal["words"],
        WrapValidator(_one_reason),
        Field(description="show the parts of each score; words: also in words"),
    ] = False
    collapse: Annotated[bool, Field(description="show near-copies as one hit")] = True
    copies: Annotated[int, Field(ge=0, le=20, description="near-copies listed with each hit")] = 0
    recency: Annotated[
        Annotated[float, Field(gt=0, le=36500)] | None,
        BeforeValidator(none_if_empty),
        Field(description="half-life of scores in days: prefer recent articles"),
    ] = None
    filter: Annotated[
        Annotated[str, Field(max_length=2 * LONGEST_FILTER, json_schema_extra={"maxLength": LONGEST_FILTER})] | None,
        BeforeValidator(_filter),
        Field(description='conditions, such as source:"A" AND published>=2025-01 AND NOT category:"B"'),
    ] = None
    cursor: Annotated[
        Annotated[str, Field(max_length=LONGEST_CURSOR)] | None,
        BeforeValidator(none_if_empty),
        Field(description="page through everything: * first, then the next_cursor of each answer"),
    ] = None
    accents: Annotated[
        Accents,
        Field(description="whether accents must be as typed, words without any stand for all, or accents do not count"),
    ] = Accents.PREFER
    typo: Annotated[
        Literal["on", "off"], Field(description="off: no correction, and no hits with scattered syllables")
    ] = "on"
    boost: Annotated[
        tuple[tuple[str, float], ...],
        BeforeValidator(read_boosts),
        PlainSerializer(
            lambda pairs: [f"{name}:{factor:g}" for name, factor in pairs],
            return_type=list[str],
        ),
        WithJsonSchema({"type": "array", "items": {"type": "string"}, "default": []}),
        Field(description="factors of text fields, such as title:2,body:0.5"),
    ] = ()
    fields: Annotated[
        tuple[Annotated[str, _one_of(*SHOWN), Field(json_schema_extra={"enum": list(SHOWN)})], ...],
        BeforeValidator(comma_separated),
        AfterValidator(_each_once),
        Field(description="members of each hit to return, comma-separated; all without it"),
    ] = ()
    highlight: Annotated[
        tuple[Annotated[str, _one_of(*WHOLE), Field(json_schema_extra={"enum": list(WHOLE)})], ...],
        BeforeValidator(comma_separated),
        AfterValidator(_each_once),
        Field(description="fields to return whole with marks, as marked, comma-separated"),
    ] = ()
    highlight_pre: Annotated[Mark, Field(description="what comes before a marked word")] = "<mark>"
    highlight_post: Annotated[Mark, Field(description="what comes after a marked word")] = "</mark>"
    facet_size: Annotated[int, Field(ge=1, le=1000, description="most values of a facet")] = MOST_VALUES
    histogram: Annotated[
        Interval | None,
        BeforeValidator(none_if_empty),
        Field(description="count the articles of each day, week, month or year"),
    ] = None
    histogram_empty: Annotated[
        bool, Field(description="show the periods without articles between the first and the last one, too")
    ] = False

    @model_validator(mode="after")
    def _together(self) -> SearchParameters:
        """Refuse parameters that do not go together."""
        if "body" in self.highlight and self.size > LARGEST_WITH_BODIES:
            raise _error_at("size", f"should be at most {LARGEST_WITH_BODIES} with highlight=body", self.size)
        if self.cursor is None:
            return self
        if self.page > 1:
            raise _error_at("page", "should be left out with a cursor", self.page)
        if self.collapse and "collapse" in self.model_fields_set:
            raise _error_at("collapse", "should be left out with a cursor: near-copies are hits of their own", True)
        if not isinstance(self.sort, Sort):
            for key in self.sort:
                if key.field in {RELEVANCE, WRITTEN} or (key.field == ID and key.descending):
                    text = order_text((key,))
                    raise _error_at("sort", f"should have no {text} with a cursor: writes move such an order", text)
        elif self.sort is Sort.RELEVANCE and "sort" in self.model_fields_set:
            raise _error_at("sort", "should not be relevance with a cursor: every write moves scores", "relevance")
        return self

    @property
    def filters(self) -> Filters:
        """The conditions every hit must meet."""
        asked = [(label, getattr(self, label)) for label in LABELS]
        return Filters(
            labels=tuple(
                (label, text)
                for label, value in asked
                if value is not None
                for text in (value if isinstance(value, tuple) else (value,))
            ),
            first_day=period_days(self.from_)[0] if self.from_ else None,
            last_day=period_days(self.to)[1] if self.to else None,
            tree=None if self.filter is None else parse_filter(self.filter),
        )

    @property
    def search(self) -> str:
        """A text that the pages of one search share: what decides which articles match, and their order."""
        named = {"q", "match", "accents", "filter", "from_", "to", *LABELS}
        return f"{self.model_dump_json(include=named)} {order_text(self.order)}"

    @property
    def order(self) -> Sort | Order:
        """The order of hits; with a cursor, the newest come first by default."""
        return Sort.NEWEST if self.cursor is not None and self.sort is Sort.RELEVANCE else self.sort

    def started_at(self) -> Cursor | None:
        """Return where the page begins; None without a cursor. Raises InvalidInputError for a wrong one."""
        if self.cursor is None:
            return None
        return read_cursor(self.cursor, self.search, fixed_order(self.order))

    def request(self, tree: Node, sort: Sort | Order, deadline: Deadline) -> Request:
        """Return the engine request for ``tree``, the expanded query."""
        return Request(
            tree=tree,
            sort=sort,
            filters=self.filters,
            start=(self.page - 1) * self.size,
            deadline=deadline,
            other_filters=self.facet_filters == "others",
            explain=bool(self.explain),
            count_days=self.histogram is not None,
            boosts=dict(self.boost),
            relax=self.typo == "on" and self.accents is not Accents.EXACT,
            cursor=self.started_at(),
            **{name: getattr(self, name) for name in _PASSED_ON},
        )


_PASSED_ON = ("match", "size", "facets", "collapse", "copies", "recency", "facet_size")
"""The parameters that the engine's request has by the same names."""


class TimeParameters(Parameters):
    """How long a search may take. It is no part of ``SearchParameters``: the complete answer is the same."""

    timeout_ms: Annotated[
        Annotated[int, Field(ge=1)] | None,
        BeforeValidator(none_if_empty),
        Field(description="milliseconds after which an incomplete answer is given"),
    ] = None


ParametersT = TypeVar("ParametersT", bound=Parameters)


def _error_at(where: str, what: str, given: object) -> PydanticCustomError:
    return PydanticCustomError("together", "{what}", {"what": what, "at": where, "given": given})


def checked(model: type[ParametersT], values: Mapping[str, Any]) -> ParametersT:
    """Return ``values`` as a ``model``. Raises InvalidInputError that names each bad parameter."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problems = [
            Problem(_where(entry), what_is_wrong(entry), entry["type"], entry.get("ctx", {}))
            for entry in error.errors()
        ]
        names = ", ".join(problem.where for problem in problems)
        raise InvalidInputError(f"The request has invalid parameters: {names}.", problems) from None


def _where(entry: Any) -> str:
    return str(entry["loc"][0] if entry["loc"] else entry["ctx"]["at"])
