"""The description of the API for people: the same that ``web.api.openapi`` gives programs, with examples to try."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, render_template, request
from flask_babel import gettext

from index.errors import TimtinError
from web.access import Scope, is_open
from web.addresses import quoted
from web.api.openapi import describe_api
from web.pages.blueprint import page, pages
from web.services import services
from web.settings import Settings

_ANY_ID = "ID"
_ASKED: Mapping[str, Mapping[str, str]] = {
    "search": {"q": "việt nam", "size": "3"},
    "suggest": {"q": "viet"},
    "similar": {"size": "3"},
    "feed": {"q": "việt nam"},
    "tasks": {"size": "3"},
    "add": {"wait": "true"},
    "put": {"wait": "true"},
    "patch": {"wait": "true"},
    "export": {"from": "2025"},
}
"""What the examples ask, by operation."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter of an operation; ``value`` is what a form begins with, ``choices`` what it may be.

    ``bounds`` are what a number is at least, more than, and at most; each may be None.
    """

    name: str
    where: str
    what: str
    kind: str
    value: str
    default: str
    choices: tuple[str, ...]
    bounds: tuple[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation, as the page shows it. ``needed`` is the scope of the key it needs, None if it is open."""

    id: str
    method: str
    path: str
    summary: str
    needed: str | None
    parameters: list[_Parameter]
    answers: list[str]
    command: str
    address: str | None


@pages.get("/docs")
def docs() -> Response:
    """Show the description of the API."""
    api = describe_api()
    id = _any_article()
    found = [
        (operation["tags"][0], _operation(method, path, operation, id))
        for path, operations in api["paths"].items()
        for method, operation in operations.items()
    ]
    fields = api["components"]["schemas"]["Article"]
    html = render_template(
        "docs.html",
        groups=[(tag["name"], [shown for name, shown in found if name == tag["name"]]) for tag in api["tags"]],
        fields=[(name, entry, name in fields["required"]) for name, entry in fields["properties"].items()],
    )
    return page(html)


def described_texts() -> Iterator[str]:
    """Yield the texts of the description that the page translates."""
    api = describe_api()
    yield from (tag["name"] for tag in api["tags"])
    for operations in api["paths"].values():
        for operation in operations.values():
            yield operation["summary"]
            yield from (what for entry in operation["parameters"] if (what := entry["schema"].get("description")))
    for entry in api["components"]["schemas"]["Article"]["properties"].values():
        if what := entry.get("description"):
            yield what


def _any_article() -> str:
    """Return the id of an article that examples can ask for; a word in its place if readers need a key."""
    if is_open(Scope.SEARCH):
        with suppress(TimtinError):
            if (last := services().archive.store.last_stamp()) is not None:
                return last.id
    return _ANY_ID


def _operation(method: str, path: str, described: Mapping[str, Any], id: str) -> _Operation:
    asked = _ASKED.get(described["operationId"], {})
    if "articles" not in path:
        id = _ANY_ID
    target = path.replace("{id}", quoted(id))
    summary, needed = described["summary"], _needed(described)
    return _Operation(
        described["operationId"],
        method.upper(),
        path,
        gettext(summary),
        needed,
        [_parameter(entry, asked, id) for entry in described["parameters"]],
        [f"{status} {HTTPStatus(int(status)).phrase}" for status in described["responses"]],
        _command(
            method.upper(),
            request.url_root.rstrip("/") + target,
            asked,
            described.get("requestBody"),
            needed is not None,
        ),
        f"{request.script_root}{_with_query(target, asked)}" if method == "get" and _ANY_ID not in target else None,
    )


def _needed(described: Mapping[str, Any]) -> str | None:
    """Return the scope of the key that an operation needs with the settings of this service."""
    settings: Settings = current_app.config["SETTINGS"]
    security = described.get("security")
    if security is None:
        return None
    if {} in security:
        access = settings.access.metrics if described["operationId"] == "metrics" else settings.access.search
        if access == "open":
            return None
    return next((scope.label for scope in Scope if f"scope {scope.label}" in described["description"]), None)


def _parameter(described: Mapping[str, Any], asked: Mapping[str, str], id: str) -> _Parameter:
    schema = described["schema"]
    inner = next((entry for entry in schema.get("anyOf", ()) if entry.get("type") != "null"), schema)
    default, what = _written(schema.get("default")), schema.get("description", "")
    is_bool = inner.get("type") == "boolean"
    values = inner.get("enum") or inner.get("items", {}).get("enum") or ()
    return _Parameter(
        described["name"],
        described["in"],
        gettext(what) if what else "",
        str(inner.get("type", "string")),
        id if described["in"] == "path" else asked.get(described["name"], default),
        default,
        ("false", "true") if is_bool else tuple(filter(None, values)),
        (inner.get("minimum"), inner.get("exclusiveMinimum"), inner.get("maximum")),
    )


def _written(value: Any) -> str:
    if value is None or value == []:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with_query(target: str, asked: Mapping[str, str]) -> str:
    return f"{target}?{urlencode(asked)}" if asked else target


def _command(method: str, target: str, asked: Mapping[str, str], body: Any, needs_key: bool) -> str:
    """Return how to ask with curl, a part a line."""
    parts = ["curl -G" if asked else "curl"] if method == "GET" else [f"curl -X {method}"]
    if needs_key:
        parts.append('-H "Authorization: Bearer KEY"')
    if body and "application/x-ndjson" in body["content"]:
        parts.append('-H "Content-Type: application/x-ndjson" --data-binary @articles.ndjson')
    elif body:
        parts.append('-H "Content-Type: application/json"')
        parts.append(
            "-d " + shlex.quote(json.dumps(body["content"]["application/json"]["example"], ensure_ascii=False))
        )
    if method == "GET" and asked:
        parts += [*(f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in asked.items())]
        parts.append(shlex.quote(target))
    else:
        parts.append(shlex.quote(_with_query(target, asked)))
    return " \\\n  ".join(parts)
