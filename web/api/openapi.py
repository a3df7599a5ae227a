"""The description of the API (OpenAPI 3.1), made from the models that check its requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from index.article import Article
from search.parameters import SearchParameters, TimeParameters
from web.access import Scope
from web.api.parameters import SimilarParameters, SuggestParameters, TaskParameters, WriteParameters

TAGS = ("Searching", "Articles", "Tasks and the index", "Operation")
"""The groups of operations."""
_SEARCHING, _ARTICLES, _TASKS, _OPERATION = TAGS
_BAD = {
    "description": "An error",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "detail": {"type": "string"}}},
        },
    },
}


def describe_api() -> dict[str, Any]:
    """Return the OpenAPI description as plain values."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "timtin", "version": "1", "description": "Full-text search for Vietnamese articles"},
        "tags": [{"name": name} for name in TAGS],
        "paths": {
            "/api/v1/search": {
                "get": _operation("search", _SEARCHING, "Find articles", query=(SearchParameters, TimeParameters))
            },
            "/api/v1/suggest": {
                "get": _operation("suggest", _SEARCHING, "Complete a partial query", query=SuggestParameters)
            },
            "/api/v1/articles": {
                "post": _operation(
                    "add",
                    _ARTICLES,
                    "Store one article, an array of articles, or one per line",
                    (200, 201, 202),
                    WriteParameters,
                    body=_BULK,
                    scope=Scope.WRITE,
                )
            },
            "/api/v1/articles/{id}": {
                "get": _operation("read", _ARTICLES, "Read an article", path=True),
                "put": _operation(
                    "put",
                    _ARTICLES,
                    "Create or replace an article",
                    (200, 201),
                    WriteParameters,
                    path=True,
                    body=_ONE,
                    scope=Scope.WRITE,
                ),
                "delete": _operation(
                    "delete", _ARTICLES, "Delete an article", query=WriteParameters, path=True, scope=Scope.WRITE
                ),
            },
            "/api/v1/articles/{id}/similar": {
                "get": _operation(
                    "similar", _SEARCHING, "Find articles like this one", query=SimilarParameters, path=True
                )
            },
            "/api/v1/reindex": {"post": _operation("reindex", _TASKS, "Rebuild the index", (202,), scope=Scope.ADMIN)},
            "/api/v1/tasks": {"get": _operation("tasks", _TASKS, "List the latest tasks", query=TaskParameters)},
            "/api/v1/tasks/{id}": {"get": _operation("task", _TASKS, "Read the state of a task", path=True)},
            "/api/v1/stats": {"get": _operation("stats", _TASKS, "Read counts and the state of the index")},
            "/feed.atom": {
                "get": _operation(
                    "feed", _SEARCHING, "Follow a search as an Atom feed", query=(SearchParameters, TimeParameters)
                )
            },
            "/healthz": {"get": _operation("healthz", _OPERATION, "Check that the process responds", scope=None)},
            "/readyz": {
                "get": _operation("readyz", _OPERATION, "Check that searches see every write", (200, 503), scope=None)
            },
            "/metrics": {
                "get": _operation(
                    "metrics",
                    _OPERATION,
                    "Read the metrics, in the Prometheus text format",
                    scope=Scope.ADMIN,
                    open_if="access.metrics",
                )
            },
        },
        "components": {
            "schemas": {"Article": _schema(Article), "Problem": _PROBLEM},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic", "description": "the key as the password of any user"},
            },
        },
    }


_ARTICLE = {"$ref": "#/components/schemas/Article"}
_ONE = {"application/json": {"schema": _ARTICLE}}
_BULK = {
    "application/json": {"schema": {"oneOf": [_ARTICLE, {"type": "array", "items": _ARTICLE}]}},
    "application/x-ndjson": {"schema": {"type": "string"}},
}


def _operation(
    name: str,
    tag: str,
    summary: str,
    statuses: tuple[int, ...] = (200,),
    query: type[BaseModel] | tuple[type[BaseModel], ...] = (),
    *,
    path: bool = False,
    body: dict[str, Any] | None = None,
    scope: Scope | None = Scope.SEARCH,
    open_if: str | None = None,
) -> dict[str, Any]:
    """Describe an operation that needs ``scope``; if there is a setting ``open_if``, unless this is "open"."""
    if scope is Scope.SEARCH:
        open_if = "access.search"
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}] if path else []
    for model in query if isinstance(query, tuple) else (query,):
        parameters += _query_parameters(model)
    writes = scope is not None and open_if is None
    refusals = {
        400: bool(query or body),
        401: scope is not None,
        403: scope is not None and scope > Scope.SEARCH,
        404: path,
        415: bool(body),
        507: writes,
    }
    responses: dict[str, Any] = {str(status): {"description": HTTPStatus(status).phrase} for status in statuses}
    responses |= {str(status): _BAD for status, possible in refusals.items() if possible}
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    }
    if body:
        operation["requestBody"] = {"required": True, "content": body}
    if scope is not None:
        needed = f"a key with the scope {scope.label}"
        operation["description"] = f"Needs {needed}{f' if {open_if} is key' if open_if else ''}."
        operation["security"] = [{"key": []}, {"password": []}, *([{}] if open_if else [])]
    return operation


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = _schema(model)
    return [
        {"name": name, "in": "query", "schema": entry} | ({"explode": False} if entry.get("type") == "array" else {})
        for name, entry in schema["properties"].items()
    ]


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return inlined(
                    {**definitions[value["$ref"].rpartition("/")[2]], **{k: v for k, v in value.items() if k != "$ref"}}
                )
            return {key: inlined(entry) for key, entry in value.items()}
        return [inlined(entry) for entry in value] if isinstance(value, list) else value

    result: dict[str, Any] = inlined(schema)
    return result
