"""The parameters of requests other than searches, and the check that every parameter given is one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import BeforeValidator, Field, create_model

from index.article import LABELS, LONGEST_LABEL
from index.errors import InvalidInputError, Problem
from index.store.article_store import TaskState
from search.engine import Filters
from search.parameters import (
    LONGEST_ACCEPTED,
    Parameters,
    SearchParameters,
    checked,
    none_if_empty,
)

ParametersT = TypeVar("ParametersT", bound=Parameters)

_LONGEST_SHOWN = 100


def asked(model: type[ParametersT], *others: type[Parameters]) -> ParametersT:
    """Return the parameters of the current request as a ``model``; ``others`` have parameters of it, too.

    Raises InvalidInputError that names each bad parameter, each that is repeated, and each that there is not.
    """
    known = _known_names(model, *others)
    refuse_unknown(request.args, known, "parameter")
    repeated = {name: found for name, found in request.args.lists() if len(found) > 1}
    if twice := [name for name in repeated if name not in LABELS]:
        problems = [Problem(name, "is given more than once; put commas between the parts of a list") for name in twice]
        raise InvalidInputError(f"The request repeats what it can have once: {', '.join(twice)}.", problems)
    return checked(model, {**request.args, **repeated})


@cache
def _known_names(*models: type[Parameters]) -> list[str]:
    return [name for model in models for name in names_of(model)]


def names_of(model: type[Parameters]) -> list[str]:
    """Return the names of the parameters of a model, as requests give them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def refuse_unknown(given: Iterable[str], known: list[str], kind: str) -> None:
    """Raise InvalidInputError if a name that is ``given`` is not ``known``; all are of a ``kind`` of thing."""
    problems = [unknown_name(name, name, known) for name in given if name not in known]
    if problems:
        names = ", ".join(problem.where for problem in problems)
        several = "s" if len(problems) > 1 else ""
        raise InvalidInputError(f"The request has the unknown {kind}{several} {names}.", problems)


def unknown_name(where: str, name: str, known: list[str]) -> Problem:
    """Return what is wrong with ``name``, at ``where``, with the nearest of the names that are ``known``."""
    where = where.encode("utf-8", "backslashreplace").decode()[:_LONGEST_SHOWN]
    near = get_close_matches(name[:_LONGEST_SHOWN].lower(), known, 1, 0.6)
    if near:
        return Problem(where, f"is not known here; did you mean {near[0]!r}?")
    return Problem(where, f"is not known here; there is {', '.join(known)}" if known else "is not known here")


class SuggestParameters(Parameters):
    """The parameters of completions."""

    q: Annotated[str, Field(max_length=LONGEST_ACCEPTED, description="the text typed so far")] = ""
    size: Annotated[int, Field(ge=1, le=50, description="most completions")] = 8
    titles: Annotated[int, Field(ge=0, le=10, description="articles with these words in their titles")] = 0
    counts: Annotated[bool, Field(description="say how many articles each completion finds")] = False


class SimilarParameters(Parameters):
    """The parameters of similar articles."""

    size: Annotated[int, Field(ge=1, le=50, description="most articles")] = 5


class WriteParameters(Parameters):
    """The parameters of every write."""

    wait: Annotated[bool, Field(description="respond once searches see the write")] = False


class TaskParameters(Parameters):
    """The parameters of the list of tasks."""

    size: Annotated[int, Field(ge=1, le=1000, description="most tasks")] = 50
    state: Annotated[TaskState | None, BeforeValidator(none_if_empty), Field(description="tasks in this state")] = None


class AnalyzeParameters(Parameters):
    """The parameters of an analysis."""

    text: Annotated[str, Field(max_length=LONGEST_ACCEPTED, description="a text to cut as the index cuts it")] = ""
    q: Annotated[str, Field(max_length=LONGEST_ACCEPTED, description="a query to understand as a search does")] = ""


class NoParameters(Parameters):
    """The parameters of requests that have none."""


_CHOOSING = {*LABELS, "from_", "to", "filter"}
_FILTERS: Any = {
    name: (field.rebuild_annotation(), field)
    for name, field in SearchParameters.model_fields.items()
    if name in _CHOOSING
}
_WithFilters: Any = create_model("_WithFilters", __base__=Parameters, **_FILTERS)


class FilterParameters(_WithFilters):
    """The conditions of a search that choose articles, without a query: the labels, and the days."""

    @property
    def filters(self) -> Filters:
        """The conditions every article must meet."""
        chosen: Filters = SearchParameters.model_validate(self.model_dump(by_alias=True)).filters
        return chosen


_FACET: Any = {
    name: (field.rebuild_annotation(), field)
    for name, field in SearchParameters.model_fields.items()
    if name in {*_CHOOSING, "match", "accents"}
}
_WithSearch: Any = create_model("_WithSearch", __base__=Parameters, **_FACET)


class FacetParameters(_WithSearch):
    """The parameters of a search within the values of a facet."""

    q: Annotated[
        str, Field(max_length=LONGEST_LABEL, description="words of the value, accents aside, the last as a beginning")
    ] = ""
    query: Annotated[
        str, Field(max_length=LONGEST_ACCEPTED, description="count only articles that this query finds")
    ] = ""
    size: Annotated[int, Field(ge=1, le=1000, description="most values")] = 10

    def searched(self) -> SearchParameters:
        """Return the search whose articles are counted, under all its conditions but those on this label."""
        values = self.model_dump(by_alias=True, exclude={"q", "query", "size"}, exclude_none=True)
        asked = {**values, "q": self.query, "facet_size": self.size, "facet_filters": "others", "typo": "off"}
        searched: SearchParameters = SearchParameters.model_validate(asked)
        return searched
