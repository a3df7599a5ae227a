"""What a request says twice, or in another way than it is described, is refused by name and not guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient

from web.api.openapi import describe_api

Key = dict[str, str]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"size": "5"}, "size"),
        ({"size": True}, "size"),
        ({"collapse": 0}, "collapse"),
        ({"collapse": "false"}, "collapse"),
        ({"histogram_empty": "yes"}, "histogram_empty"),
        ({"recency": "30"}, "recency"),
        ({"explain": 1}, "explain"),
        ({"facets": ["source", 5]}, "facets.1"),
        ({"timeout_ms": "100"}, "timeout_ms"),
        ({"q": 5}, "q"),
        ({"from": False}, "from"),
        ({"author": ["An", None]}, "author"),
        ({"to": 0}, "to"),
    ],
)
def test_value_in_json_is_of_the_type_described(client: FlaskClient, body: dict[str, Any], name: str) -> None:
    answer = client.post("/api/v1/search", json=body)
    assert (answer.status_code, [error["name"] for error in answer.json["errors"]][:1]) == (400, [name])
    answer = client.post("/api/v1/searches", json={"searches": [body]}).json["answers"][0]
    assert (answer["status"], answer["problem"]["errors"][0]["name"]) == (400, name)


def test_lists_and_whole_numbers_in_json_are_taken(client: FlaskClient) -> None:
    body = {"facets": ["source"], "fields": ["id"], "recency": 30, "boost": {"title": 2}, "explain": "words", "size": 3}
    as_json = client.post("/api/v1/search", json=body).json
    asked = "facets=source&fields=id&recency=30&boost=title:2&explain=words&size=3"
    as_address = client.get(f"/api/v1/search?{asked}").json
    assert as_json["hits"] == as_address["hits"]
    assert as_json["facets"] == as_address["facets"]
    assert client.post("/api/v1/search", json={"boost": None, "category": None, "cursor": None}).status_code == 200


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"filter": {"source": "a", "source": "b"}, "dry_run": true}', "has the name 'source' twice"),
        ('{"filter": {"source": "a"}, "filter": {"to": "2024"}}', "has the name 'filter' twice"),
        ('{"filter": NaN}', "NaN is no number"),
        ('{"filter": -Infinity}', "-Infinity is no number"),
        ('{"filter": ' + "9" * 5000 + "}", "4300 digits"),
        ("[" * 100_000, "nested too deep"),
        ('{"filter": {"filter": ' + '{"not": ' * 300 + "{}" + "}" * 302, "is not as it should be"),
    ],
    ids=["label", "filter", "NaN", "Infinity", "digits", "deep", "filter deep"],
)
def test_json_that_could_be_read_in_two_ways_or_in_none_deletes_nothing(
    client: FlaskClient, key: Key, body: str, why: str
) -> None:
    answer = client.post("/api/v1/deletions", data=body, content_type="application/json", headers=key)
    assert (answer.status_code, why in answer.json["detail"]) == (400, True), answer.json
    assert "sys." not in answer.json["detail"]
    assert client.get("/api/v1/tasks").json["tasks"] == []


@pytest.mark.parametrize("name", ["q", "size", "facets", "sort", "timeout_ms"])
def test_parameter_that_is_given_twice_is_refused_by_name(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/api/v1/search?{name}=1&{name}=1&source=a&source=b")
    assert (answer.status_code, [error["name"] for error in answer.json["errors"]]) == (400, [name])


def test_label_that_is_given_twice_has_two_values(client: FlaskClient, key: Key) -> None:
    articles = [{"id": f"a{n}", "title": "Giá lúa", "source": f"Báo {'ABC'[n]}"} for n in range(3)]
    assert client.post("/api/v1/articles?wait=true", json=articles, headers=key).status_code == 200
    query = [("source", "Báo A"), ("source", "Báo C"), ("collapse", "false")]
    assert {hit["id"] for hit in client.get("/api/v1/search", query_string=query).json["hits"]} == {"a0", "a2"}


ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.0, 1.5, 10**30, [], {}, [""], ["x"], [1], [None], [[]], ["A"] * 200, {"a": 1}),
    *("", " ", "x", "0", "1", "true", "on", "*", "A" * 600, "2025", "day", "all", "newest", "title", "source"),
    *("title:2", ["source"], ["title"], {"title": 2}, {"title": "2"}, {"source": "x"}, {"and": []}),
]
"""Values of every kind, and some that one member or another takes."""


def bodies() -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield each path that takes a JSON object by POST, what it needs, and the name of the object's schema."""
    needed: dict[str, dict[str, Any]] = {
        "/api/v1/similar": {"text": "lúa"},
        "/api/v1/deletions": {"filter": {"to": "1900"}, "dry_run": True},
        "/api/v1/searches": {"searches": [{}]},
        "/api/v1/lookup": {"ids": ["a"]},
    }
    for path, operations in describe_api()["paths"].items():
        kinds = operations.get("post", {}).get("requestBody", {}).get("content", {})
        reference = kinds.get("application/json", {}).get("schema", {}).get("$ref")
        if reference is not None:
            yield path, needed.get(path, {}), reference.rpartition("/")[2]


@pytest.mark.parametrize(("path", "needed", "name"), list(bodies()))
def test_what_a_schema_does_not_allow_is_refused(
    client: FlaskClient, key: Key, path: str, needed: dict[str, Any], name: str
) -> None:
    described = describe_api()
    schemas = described["components"]["schemas"]
    check = jsonschema_rs.validator_for({**schemas[name], "components": described["components"]})
    tried = [{**needed, member: value} for member in schemas[name]["properties"] for value in ODD]
    if path == "/api/v1/deletions":
        conditions = [{member: value} for member in schemas["Filter"]["properties"] for value in ODD]
        tried += [{**needed, "filter": needed["filter"] | condition} for condition in conditions]
    for body in tried:
        answer = client.post(path, json=body, headers=key)
        assert answer.status_code < 500
        assert check.is_valid(body) or answer.status_code == 400, body
