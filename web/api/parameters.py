"""The parameters of the other requests, and the check that names every bad one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

from index.errors import InvalidInputError, Problem
from index.store.article_store import TaskState
from search.parameters import LONGEST_QUERY, Parameters, none_if_empty


class SuggestParameters(Parameters):
    """The parameters of completions."""

    q: Annotated[str, Field(max_length=LONGEST_QUERY, description="the text typed so far")] = ""
    size: Annotated[int, Field(ge=1, le=50)] = 8


class SimilarParameters(Parameters):
    """The parameters of similar articles."""

    size: Annotated[int, Field(ge=1, le=50)] = 5


class WriteParameters(Parameters):
    """The parameters of every write."""

    wait: Annotated[bool, Field(description="respond once searches see the write")] = False


class TaskParameters(Parameters):
    """The parameters of the list of tasks."""

    size: Annotated[int, Field(ge=1, le=1000)] = 50
    state: Annotated[TaskState | None, BeforeValidator(none_if_empty), Field(description="tasks in this state")] = None


ParametersT = TypeVar("ParametersT", bound=Parameters)


def checked(model: type[ParametersT], values: Mapping[str, str]) -> ParametersT:
    """Return ``values`` as a ``model``. Raises InvalidInputError that names each bad parameter."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problems = [Problem(str(entry["loc"][0]), _reason(entry)) for entry in error.errors()]
        names = ", ".join(problem.where for problem in problems)
        raise InvalidInputError(f"The request has invalid parameters: {names}.", problems) from None


def _reason(entry: Any) -> str:
    return str(entry["msg"]).removeprefix("Value error, ")
