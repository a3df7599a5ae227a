"""What the description of the API says of one operation, and of one of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from search.parameters import Parameters
from web.access import Scope

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no error: ``models`` of its JSON, or the type of another body, and its headers."""

    models: tuple[type[BaseModel], ...] = ()
    type: str = _JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: who may ask for it, with what, and what it answers.

    ``scope`` is that of the key it needs, unless a setting ``open_if`` is "open". ``body`` has the schema and the
    example of each type.
    """

    id: str
    tag: str
    summary: str
    answers: Mapping[int, Answer]
    scope: Scope | None = Scope.SEARCH
    query: tuple[type[Parameters], ...] = ()
    headers: tuple[Mapping[str, Any], ...] = ()
    path: str = ""
    body: Mapping[str, Mapping[str, Any]] | None = None
    open_if: str = ""
    without: tuple[str, ...] = ()
