"""The description of the API is the whole of it: routes, methods, parameters, bodies, errors and examples."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.article import LABELS
from search.parameters import SearchParameters, TimeParameters
from tests.api.conformance import description, operation_of, resolved, violations
from web.access import need_of
from web.api.openapi import describe_api
from web.api.parameters import (
    AnalyzeParameters,
    FacetParameters,
    FilterParameters,
    SimilarParameters,
    SuggestParameters,
    TaskParameters,
    WriteParameters,
)

Key = dict[str, str]
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in describe_api()["paths"].items()
    for method, operation in operations.items()
}
NOT_PAGES = {"/feed.atom", "/healthz", "/readyz", "/metrics", "/openapi.json"}
QUERIES = {
    "search": (SearchParameters, TimeParameters),
    "suggest": (SuggestParameters,),
    "analyze": (AnalyzeParameters,),
    **{f"facet{label.title()}": (FacetParameters,) for label in LABELS},
    "similar": (SimilarParameters,),
    "export": (FilterParameters,),
    "tasks": (TaskParameters,),
    "feed": (SearchParameters, TimeParameters),
    **dict.fromkeys(("add", "put", "patch", "delete"), (WriteParameters,)),
}
CONDITIONAL = {"read", "add", "put", "patch", "delete"}
ONCE = {"add", "deleteByFilter", "reindex", "cancel"}


def test_every_route_and_method_is_described_and_none_more(client: FlaskClient) -> None:
    described = {(path, method) for method, path, _ in OPERATIONS.values()}
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/") or rule.rule in NOT_PAGES
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_parameter_is_described_and_none_more(name: str) -> None:
    _, path, operation = OPERATIONS[name]
    named = {(entry["in"], entry["name"]) for entry in operation["parameters"]}
    fields = [(key, field) for model in QUERIES.get(name, ()) for key, field in model.model_fields.items()]
    wanted = {("query", field.alias or key) for key, field in fields}
    wanted -= {("query", "page"), ("query", "size")} if name == "feed" else set()
    wanted |= {("path", "id")} if "{id}" in path else set()
    wanted |= {("header", "If-Match"), ("header", "If-None-Match")} if name in CONDITIONAL else set()
    wanted |= {("header", "Idempotency-Key")} if name in ONCE else set()
    assert named == wanted


@pytest.mark.parametrize("name", [name for name, (_, path, _) in OPERATIONS.items() if path.startswith("/api/")])
def test_unknown_parameter_is_refused_by_name_with_the_nearest(client: FlaskClient, key: Key, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    query = [entry["name"] for entry in operation["parameters"] if entry["in"] == "query"]
    target = path.replace("{id}", "a")
    client.put("/api/v1/articles/a", json={"title": "x"}, headers=key)
    near = f"{query[0]}{query[0][-1]}" if query else "wait"
    body = {"ids": []} if name == "get" else {"filter": {"source": "x"}} if name == "deleteByFilter" else {"title": "x"}
    sent = None if method in {"GET", "DELETE"} else body
    answer = client.open(target, method=method, query_string={near: "1", "toán": "2"}, headers=key, json=sent)
    assert answer.status_code == 400
    assert [error["name"] for error in answer.json["errors"]] == [near, "toán"]
    assert query == [] or len(query[0]) < 2 or f"'{query[0]}'" in answer.json["errors"][0]["detail"]


def test_every_success_has_a_schema_and_every_error_one_shape() -> None:
    for name, (_, _, operation) in OPERATIONS.items():
        statuses = set(map(int, operation["responses"]))
        assert {400, 414, 429, 431, 503} <= statuses, name
        for status, given in operation["responses"].items():
            response = resolved(given)
            if status == "304":
                assert "content" not in response
            elif int(status) < 300:
                assert all("schema" in content for content in response["content"].values())
            else:
                assert list(response["content"]) == ["application/problem+json"]
                assert response["content"]["application/problem+json"]["example"]["status"] == int(status)
    every = {int(status) for _, _, operation in OPERATIONS.values() for status in operation["responses"]}
    assert every >= {400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 429, 431, 503, 507}


def examples() -> list[tuple[str, dict[str, Any], Any]]:
    found = []
    for name, (_, _, operation) in OPERATIONS.items():
        contents = [(f"{name} body", operation.get("requestBody", {}).get("content", {}))]
        contents += [
            (f"{name} {status}", resolved(given).get("content", {})) for status, given in operation["responses"].items()
        ]
        found += [(where, one["schema"], one.get("example")) for where, content in contents for one in content.values()]
    return found  # fmt: skip


def test_examples_are_as_their_schemas_say() -> None:
    without = {where for where, _, example in examples() if example is None}
    assert without <= {"export 200", "feed 200", "metrics 200", "openapi 200"}
    for where, schema, example in examples():
        assert example is None or violations(schema, example) == [], where


def test_examples_of_bodies_work(client: FlaskClient, key: Key) -> None:
    client.put("/api/v1/articles/a", json={"title": "x"}, headers=key)
    tried = 0
    for name, (method, path, operation) in OPERATIONS.items():
        for type, content in operation.get("requestBody", {}).get("content", {}).items():
            data = content["example"] if isinstance(content["example"], str) else json.dumps(content["example"])
            answer = client.open(
                path.replace("{id}", "a"), method=method, data=data.encode(), content_type=type, headers=key
            )
            assert answer.status_code < 300, (name, answer.text)
            tried += 1
    assert tried == 10  # fmt: skip


def test_security_is_as_the_views_need(client: FlaskClient) -> None:
    app = client.application
    for name, (method, path, operation) in OPERATIONS.items():
        adapter = app.url_map.bind("localhost")
        endpoint, _ = adapter.match(path.replace("{id}", "a"), method=method)
        need = need_of(app, endpoint)
        if name != "metrics":
            assert ("security" in operation) == (need.scope is not None), name
            assert need.scope is None or f"scope {need.scope.label}" in operation["description"], name
        assert ("requestBody" in operation) == bool(need.body), name


def test_description_is_valid_openapi_and_says_where_it_is(client: FlaskClient) -> None:
    answer = client.get("/openapi.json", base_url="https://tin.example.vn/tim").json
    assert answer["openapi"] == "3.1.0"
    assert answer["servers"] == [{"url": "/tim"}]
    assert {**answer, "servers": []} == {**json.loads(json.dumps(description())), "servers": []}
    ids = [operation["operationId"] for _, _, operation in OPERATIONS.values()]
    assert len(ids) == len(set(ids))
    text = json.dumps(answer)
    for reference in set(re.findall(r'"\$ref": "([^"]*)"', text)):
        assert resolved({"$ref": reference})
    used = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert set(answer["components"]["schemas"]) == used | {"Article"}
    assert set(answer["components"]["responses"]) == set(re.findall(r'"#/components/responses/(\w+)"', text))
    assert set(answer["components"]["headers"]) == set(re.findall(r'"#/components/headers/([\w-]+)"', text))


def test_answers_are_looked_up_as_the_server_does() -> None:
    for method, path, name in (
        ("GET", "/api/v1/articles/a/b/similar", "similar"),
        ("GET", "/api/v1/articles/a/b", "read"),
        ("POST", "/api/v1/lookup", "get"),
        ("GET", "/api/v1/articles/get", "read"),
        ("HEAD", "/api/v1/search", "search"),
    ):
        operation = operation_of(method, path)
        assert operation is not None
        assert operation["operationId"] == name
