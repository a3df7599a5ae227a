"""The description of the API (OpenAPI 3.1), made from the models of its parameters, its requests and its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from index.article import LABELS, Article
from search.parameters import Parameters, SearchParameters, TimeParameters
from web.access import Scope
from web.api import schemas
from web.api import search_schemas as searching
from web.api.articles import MERGE_PATCH
from web.api.bulk import NDJSON
from web.api.examples import ANSWERS, BODIES, LINES, PROBLEMS
from web.api.idempotency import HEADER, LONGEST
from web.api.operations import Answer as _Answer
from web.api.operations import Operation as _Operation
from web.api.parameters import (
    AnalyzeParameters,
    FacetParameters,
    FilterParameters,
    SimilarParameters,
    SuggestParameters,
    TaskParameters,
    WriteParameters,
)

TAGS = ("Searching", "Articles", "Tasks and the index", "Operation")
"""The groups of operations."""
_SEARCHING, _ARTICLES, _TASKS, _OPERATION = TAGS
_JSON = "application/json"
_PROBLEM_JSON = "application/problem+json"
_REFERENCE = "#/components/schemas/{model}"
_ALWAYS = (400, 405, 408, 414, 421, 429, 431, 500, 503)
"""The errors that any request may be answered with."""
_REQUEST_MODELS = (schemas.DeletionRequest, schemas.WantedArticles, *searching.SEARCH_REQUESTS)
_TAG_LIST = r'^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$'
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {
        "type": "string",
        "pattern": _TAG_LIST,
        "description": "do it only if the article has one of these ETags; *: if there is one",
    },
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {
        "type": "string",
        "pattern": _TAG_LIST,
        "description": "do it only if the article has none of these ETags; *: if there is none",
    },
}
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "schema": {
        "type": "string",
        "pattern": f"^[!-~]{{1,{LONGEST}}}$",
        "description": "sent again with the same key within a day, a request gets the same answer and does nothing",
    },
}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {"description": "the tag of the article, for If-Match and If-None-Match", "schema": {"type": "string"}},
    "Location": {"description": "where what was made is", "schema": {"type": "string"}},
    "Retry-After": {"description": "in how many seconds to try again", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"description": "how to give a key", "schema": {"type": "string"}},
    "Allow": {"description": "the methods there are", "schema": {"type": "string"}},
    "Accept-Encoding": {"description": "how bodies may be packed", "schema": {"type": "string"}},
    "Idempotency-Replayed": {"description": "that the answer was kept", "schema": {"type": "string"}},
}
_HEADERS_OF_ERRORS = {
    401: "WWW-Authenticate",
    405: "Allow",
    415: "Accept-Encoding",
    429: "Retry-After",
    503: "Retry-After",
}


def describe_api(server: str = "/") -> dict[str, Any]:
    """Return the OpenAPI description as plain values; ``server`` is the address that the paths follow."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "timtin",
            "version": "1",
            "description": "Full-text search for Vietnamese articles",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name} for name in TAGS],
        "paths": {
            path: {method: _described(method, operation) for method, operation in operations.items()}
            for path, operations in _OPERATIONS.items()
        },
        "components": {
            "schemas": _schemas(),
            "responses": {f"Error{status}": _error(status) for status in PROBLEMS},
            "headers": {name: dict(header) for name, header in _HEADERS.items()},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic", "description": "the key as the password of any user"},
            },
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=name)}


def _json(name: str) -> dict[str, Mapping[str, Any]]:
    return {_JSON: {"schema": _ref(name), "example": BODIES[name]}}


_ARTICLE = {"schema": _ref("ArticleInput"), "example": BODIES["ArticleInput"]}
_BULK = {
    _JSON: {
        "schema": {"oneOf": [_ref("ArticleInput"), {"type": "array", "items": _ref("ArticleInput")}]},
        "example": [BODIES["ArticleInput"]],
    },
    NDJSON[0]: {"schema": {"type": "string", "description": "a line for each article or action"}, "example": LINES},
}
_PATCH = {"schema": _ref("ArticlePatch"), "example": BODIES["ArticlePatch"]}
_WRITTEN = _Answer((schemas.Written,), headers=("Location", "Idempotency-Replayed"))
_BULK_WRITTEN = _Answer((schemas.Written, schemas.BulkOutcome), headers=("Location", "Idempotency-Replayed"))
_TASK = _Answer((schemas.TaskShown,), headers=("Location", "Idempotency-Replayed"))
_CANCELLED = _Answer((schemas.TaskShown,), headers=("Idempotency-Replayed",))
_CONDITIONS = (_IF_MATCH, _IF_NONE_MATCH)

_OPERATIONS: Mapping[str, Mapping[str, _Operation]] = {
    "/api/v1/search": {
        "get": _Operation(
            "search", _SEARCHING, "Find articles", {200: _Answer((searching.SearchAnswer,))},
            query=(SearchParameters, TimeParameters),
        ),
        "post": _Operation(
            "postSearch", _SEARCHING, "Find articles, as a JSON body asks", {200: _Answer((searching.SearchAnswer,))},
            body=_json("SearchRequest"),
        ),
    },
    "/api/v1/searches": {
        "post": _Operation(
            "searches", _SEARCHING, "Answer several searches at once", {200: _Answer((searching.SearchAnswers,))},
            body=_json("SearchesRequest"),
        )
    },
    **{
        f"/api/v1/facets/{label}": {
            "get": _Operation(
                f"facet{label.title()}", _SEARCHING, f"Search within the values of the facet {label}",
                {200: _Answer((searching.FacetValues,))}, query=(FacetParameters,),
            )
        }
        for label in LABELS
    },
    "/api/v1/similar": {
        "post": _Operation(
            "similarToText", _SEARCHING, "Find articles like a text", {200: _Answer((searching.LikeText,))},
            body=_json("SimilarRequest"),
        )
    },
    "/api/v1/analyze": {
        "get": _Operation(
            "analyze", _SEARCHING, "See how a text is cut, and how a query is understood",
            {200: _Answer((searching.TextAnalysis,))}, query=(AnalyzeParameters,),
        )
    },
    "/api/v1/suggest": {
        "get": _Operation(
            "suggest", _SEARCHING, "Complete a partial query", {200: _Answer((searching.Suggestions,))},
            query=(SuggestParameters,),
        )
    },
    "/api/v1/articles": {
        "post": _Operation(
            "add", _ARTICLES, "Store one article, an array of articles, or one per line",
            {200: _BULK_WRITTEN, 201: _WRITTEN, 202: _Answer((schemas.BulkOutcome,), headers=("Location",))},
            Scope.WRITE, (WriteParameters,), (*_CONDITIONS, _IDEMPOTENCY_KEY), body=_BULK,
        )
    },
    "/api/v1/lookup": {
        "post": _Operation(
            "get", _ARTICLES, "Read several articles", {200: _Answer((schemas.FoundArticles,))},
            body=_json("WantedArticles"),
        )
    },
    "/api/v1/deletions": {
        "post": _Operation(
            "deleteByFilter", _ARTICLES, "Delete the articles that pass filters, or count them",
            {200: _Answer((schemas.DryRun,)), 202: _TASK}, Scope.WRITE, headers=(_IDEMPOTENCY_KEY,),
            body=_json("DeletionRequest"),
        )
    },
    "/api/v1/articles/{id}": {
        "get": _Operation(
            "read", _ARTICLES, "Read an article",
            {200: _Answer((schemas.StoredArticle,), headers=("ETag",)), 304: _Answer((), "", ("ETag",))},
            headers=_CONDITIONS, path="article",
        ),
        "put": _Operation(
            "put", _ARTICLES, "Create or replace an article", {200: _WRITTEN, 201: _WRITTEN}, Scope.WRITE,
            (WriteParameters,), _CONDITIONS, path="article", body={_JSON: _ARTICLE},
        ),
        "patch": _Operation(
            "patch", _ARTICLES, "Change fields of an article", {200: _Answer((schemas.Written,))}, Scope.WRITE,
            (WriteParameters,), _CONDITIONS, path="article", body={MERGE_PATCH: _PATCH, _JSON: _PATCH},
        ),
        "delete": _Operation(
            "delete", _ARTICLES, "Delete an article", {200: _Answer((schemas.Deleted,))}, Scope.WRITE,
            (WriteParameters,), _CONDITIONS, path="article",
        ),
    },
    "/api/v1/articles/{id}/similar": {
        "get": _Operation(
            "similar", _SEARCHING, "Find articles like this one", {200: _Answer((searching.SimilarArticles,))},
            query=(SimilarParameters,), path="article",
        )
    },
    "/api/v1/export": {
        "get": _Operation(
            "export", _ARTICLES, "Read all articles that pass filters, one per line",
            {200: _Answer((), NDJSON[0])}, query=(FilterParameters,),
        )
    },
    "/api/v1/reindex": {
        "post": _Operation(
            "reindex", _TASKS, "Rebuild the index", {202: _TASK}, Scope.ADMIN, headers=(_IDEMPOTENCY_KEY,)
        )
    },
    "/api/v1/tasks": {
        "get": _Operation(
            "tasks", _TASKS, "List the latest tasks", {200: _Answer((schemas.Tasks,))}, query=(TaskParameters,)
        )
    },
    "/api/v1/tasks/{id}": {
        "get": _Operation(
            "task", _TASKS, "Read the state of a task", {200: _Answer((schemas.TaskShown,))}, path="task"
        )
    },
    "/api/v1/tasks/{id}/cancel": {
        "post": _Operation(
            "cancel", _TASKS, "Cancel a deletion or, with an admin key, a rebuild",
            {200: _CANCELLED, 202: _CANCELLED}, Scope.WRITE, headers=(_IDEMPOTENCY_KEY,), path="task",
        )
    },
    "/api/v1/stats": {
        "get": _Operation("stats", _TASKS, "Read counts and the state of the index", {200: _Answer((schemas.Stats,))})
    },
    "/feed.atom": {
        "get": _Operation(
            "feed", _SEARCHING, "Follow a search as an Atom feed", {200: _Answer((), "application/atom+xml")},
            query=(SearchParameters, TimeParameters), without=("page", "size"),
        )
    },
    "/healthz": {
        "get": _Operation(
            "healthz", _OPERATION, "Check that the process responds", {200: _Answer((schemas.Health,))}, None
        )
    },
    "/readyz": {
        "get": _Operation(
            "readyz", _OPERATION, "Check that searches see every write", {200: _Answer((schemas.Readiness,))}, None
        )
    },
    "/metrics": {
        "get": _Operation(
            "metrics", _OPERATION, "Read the metrics, in the Prometheus text format",
            {200: _Answer((), "text/plain")}, Scope.ADMIN, open_if="access.metrics",
        )
    },
    "/openapi.json": {
        "get": _Operation(
            "openapi", _OPERATION, "Read this description",
            {200: _Answer((schemas.AnyObject,), headers=("ETag",)), 304: _Answer((), "", ("ETag",))}, None,
        )
    },
}  # fmt: skip


def _described(method: str, operation: _Operation) -> dict[str, Any]:
    scope, open_if = operation.scope, operation.open_if
    if scope is Scope.SEARCH:
        open_if = "access.search"
    path = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}]
    query = [entry for model in operation.query for entry in _query_parameters(model)]
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [
            *(path if operation.path else []),
            *(entry for entry in query if entry["name"] not in operation.without),
            *operation.headers,
        ],
        "responses": {
            **{str(status): _response(status, operation.id, answer) for status, answer in operation.answers.items()},
            **{str(status): {"$ref": f"#/components/responses/Error{status}"} for status in _errors(method, operation)},
        },
    }
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "description": "May be packed, with Content-Encoding: gzip or zstd.",
            "content": {type: dict(content) for type, content in operation.body.items()},
        }
    if scope is not None:
        needed = f"a key with the scope {scope.label}"
        described["description"] = f"Needs {needed}{f' if {open_if} is key' if open_if else ''}."
        described["security"] = [{"key": []}, {"password": []}, *([{}] if open_if else [])]
    return described


def _errors(method: str, operation: _Operation) -> list[int]:
    """Return the statuses of the errors that an operation may be answered with."""
    writes = operation.scope is not None and method != "get" and operation.id not in searching.READING
    is_once = _IDEMPOTENCY_KEY in operation.headers
    possible = {
        401: operation.scope is not None,
        403: writes or (operation.scope or Scope.SEARCH) > Scope.SEARCH,
        404: bool(operation.path),
        409: is_once,
        412: _IF_MATCH in operation.headers,
        413: True,
        415: operation.body is not None,
        422: is_once,
        507: writes,
    }
    return sorted({*_ALWAYS, *(status for status, may_be in possible.items() if may_be)})


def _response(status: int, id: str, answer: _Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if answer.models:
        references = [_ref(model.__name__) for model in answer.models]
        content: dict[str, Any] = {"schema": references[0] if len(references) == 1 else {"anyOf": references}}
        if (example := ANSWERS.get((id, status))) is not None:
            content["example"] = example
        response["content"] = {answer.type: content}
    elif answer.type:
        response["content"] = {answer.type: {"schema": {"type": "string"}}}
    if answer.headers:
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in answer.headers}
    return response


def _error(status: int) -> dict[str, Any]:
    example = PROBLEMS[status]
    response: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {_PROBLEM_JSON: {"schema": _ref("ProblemDetails"), "example": example}},
    }
    if (name := _HEADERS_OF_ERRORS.get(status)) is not None:
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"}}
    return response


def _query_parameters(model: type[Parameters]) -> list[dict[str, Any]]:
    entries = [(name, _sendable(entry)) for name, entry in _inlined(model)["properties"].items()]
    of_lists = {"explode": False, "allowEmptyValue": True}
    return [
        {"name": name, "in": "query", "schema": entry} | (of_lists if entry.get("type") == "array" else {})
        for name, entry in entries
    ]


def _sendable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter as a query has it: an empty text stands for none, also in a list."""
    own = {name: value for name, value in entry.items() if name != "title" and (name, value) != ("default", None)}
    if "anyOf" in own:
        own["anyOf"] = [one if one != {"type": "null"} else {"type": "string", "maxLength": 0} for one in own["anyOf"]]
    if "enum" in own.get("items", {}):
        own["items"] = {**own["items"], "enum": [*own["items"]["enum"], ""]}
    return own


def _schemas() -> dict[str, Any]:
    """Return the schemas of all bodies, by the names of their models."""
    answers = {model for one in _OPERATIONS.values() for operation in one.values() for model in _models(operation)}
    found: dict[str, Any] = {"Article": _inlined(Article)}
    pairs: Sequence[Any] = [(model, "serialization") for model in (schemas.StoredArticle,)]
    pairs = [*pairs, *((model, "validation") for model in answers - {schemas.StoredArticle})]
    pairs = [*pairs, *((model, "validation") for model in (schemas.ProblemDetails, *_REQUEST_MODELS))]
    _, definitions = models_json_schema(pairs, ref_template=_REFERENCE)
    found |= dict(sorted(definitions["$defs"].items()))
    fields = {name: _read(name, entry) for name, entry in found["Article"]["properties"].items()}
    found["ArticleInput"] = {
        "type": "object",
        "description": "An article to store. Fields are also read by other names; what is no field is kept in extra.",
        "properties": fields,
        "additionalProperties": True,
    }
    found["ArticlePatch"] = {
        "type": "object",
        "description": "The fields to change; null empties a field.",
        "properties": fields,
        "additionalProperties": False,
    }
    return found


def _models(operation: _Operation) -> list[type[BaseModel]]:
    return [model for answer in operation.answers.values() for model in answer.models]


def _read(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a field as it is read: null empties it, lists are joined, an object may name a label."""
    own = _nullable(entry)
    shapes: list[Any] = [{"type": "array", "items": {}}] * (name != "extra") + [{"type": "object"}] * (name in LABELS)
    return {**own, "anyOf": [*own["anyOf"], *shapes]}


def _nullable(entry: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in entry.items() if name not in {"default", "title"}}
    if "anyOf" in own:
        return own
    description = own.pop("description", None)
    return {"anyOf": [own, {"type": "null"}], **({"description": description} if description else {})}


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model without references."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                own = {key: entry for key, entry in value.items() if key != "$ref"}
                return inlined({**definitions[value["$ref"].rpartition("/")[2]], **own})
            return {key: inlined(entry) for key, entry in value.items()}
        return [inlined(entry) for entry in value] if isinstance(value, list) else value

    result: dict[str, Any] = inlined(schema)
    return result
