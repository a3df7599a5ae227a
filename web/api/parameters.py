"""The parameters of requests other than searches."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from index.store.article_store import TaskState
from search.parameters import LONGEST_ACCEPTED, Parameters, none_if_empty


class SuggestParameters(Parameters):
    """The parameters of completions."""

    q: Annotated[str, Field(max_length=LONGEST_ACCEPTED, description="the text typed so far")] = ""
    size: Annotated[int, Field(ge=1, le=50, description="most completions")] = 8
    titles: Annotated[int, Field(ge=0, le=10, description="articles with these words in their titles")] = 0


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
