"""Patches (RFC 7396): what is named changes, null empties, and nobody's change is lost."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.article import Article
from web.api.articles import merged

Key = dict[str, str]
ADDRESS = "/api/v1/articles/a"
ARTICLE = {"title": "Giá lúa", "body": "Giá lúa tăng.", "source": "Báo A", "extra": {"tags": ["một"], "more": {"x": 1}}}


@pytest.fixture
def article(client: FlaskClient, key: Key) -> dict[str, Any]:
    client.put(ADDRESS, json=ARTICLE, headers=key)
    found: dict[str, Any] = client.get(ADDRESS).json
    return found


@pytest.mark.parametrize("kind", ["application/merge-patch+json", "application/json"])
def test_only_what_is_named_changes(client: FlaskClient, key: Key, article: dict[str, Any], kind: str) -> None:
    patch = {"title": "Giá ngô", "source": None, "extra": {"more": {"x": None, "y": 2}}, "id": "a"}
    answer = client.patch(f"{ADDRESS}?wait=true", json=patch, headers={**key, "Content-Type": kind})
    assert (answer.status_code, answer.json["result"], answer.json["searchable"]) == (200, "replaced", True)
    wanted = {**article, "title": "Giá ngô", "source": None, "extra": {"tags": ["một"], "more": {"y": 2}}}
    assert client.get(ADDRESS).json == wanted
    assert client.get(ADDRESS).headers["ETag"] == answer.json["etag"]
    assert client.get("/api/v1/search", query_string={"q": '"giá ngô"'}).json["total"] == 1
    assert client.patch(ADDRESS, json=patch, headers=key).json["result"] == "unchanged"


def test_text_that_was_kept_as_it_is_stays_as_it_is(client: FlaskClient, key: Key) -> None:
    body = "viết <b>chữ</b> đậm"  # as of a plain text about HTML
    client.application.extensions["timtin"].archive.store.put([Article(id="a", title="x", body=body)])
    client.patch(ADDRESS, json={"title": "<b>Đậm</b>"}, headers=key)
    assert client.get(ADDRESS).json["title"] == "Đậm"
    assert client.get(ADDRESS).json["body"] == body


@pytest.mark.parametrize(
    ("patch", "names"),
    [
        ({"titel": "x"}, ["titel"]),
        ({"title": "x", "tags": [], "publishd": 1}, ["tags", "publishd"]),
        ({"id": "b"}, ["id"]),
        ({"title": 7}, ["title"]),
        ({"published": "hôm qua"}, ["published"]),
        ({"extra": []}, ["extra"]),
        ({"title": None, "body": None}, ["body"]),
        ({"\ud800": 1}, ["\\ud800"]),
    ],
)
def test_what_cannot_be_patched_is_named(
    client: FlaskClient, key: Key, article: dict[str, Any], patch: object, names: list[str]
) -> None:
    answer = client.patch(ADDRESS, data=json.dumps(patch), content_type="application/json", headers=key)
    assert (answer.status_code, [error["name"] for error in answer.json["errors"]]) == (400, names)
    assert client.get(ADDRESS).json == article


def test_nearest_name_is_said(client: FlaskClient, key: Key, article: dict[str, Any]) -> None:
    assert "'title'" in client.patch(ADDRESS, json={"titel": "x"}, headers=key).json["errors"][0]["detail"]


def test_patches_that_are_none(client: FlaskClient, key: Key, article: dict[str, Any]) -> None:
    for body in ("[]", '"x"', "null", "1", "{", ""):
        assert client.patch(ADDRESS, data=body, content_type="application/json", headers=key).status_code == 400
    answer = client.patch(ADDRESS, data="title: x", content_type="text/yaml", headers=key)
    assert (answer.status_code, answer.headers["Accept-Patch"]) == (
        415,
        "application/merge-patch+json, application/json",
    )
    assert client.patch("/api/v1/articles/none", json={"title": "x"}, headers=key).status_code == 404
    assert client.patch(ADDRESS, json={"title": "x"}).status_code == 401


def test_patch_heeds_conditions(client: FlaskClient, key: Key, article: dict[str, Any]) -> None:
    tag = client.get(ADDRESS).headers["ETag"]
    assert client.patch(ADDRESS, json={"title": "x"}, headers={**key, "If-Match": '"no"'}).status_code == 412
    assert client.patch(ADDRESS, json={"title": "x"}, headers={**key, "If-None-Match": "*"}).status_code == 412
    assert client.patch("/api/v1/articles/b", json={"title": "x"}, headers={**key, "If-Match": "*"}).status_code == 412
    assert client.patch(ADDRESS, json={"title": "x"}, headers={**key, "If-Match": "x"}).status_code == 400
    assert client.get(ADDRESS).json == article
    assert client.patch(ADDRESS, json={"title": "x"}, headers={**key, "If-Match": tag}).status_code == 200
    assert client.patch(ADDRESS, json={"title": "y"}, headers={**key, "If-Match": tag}).status_code == 412


def test_patches_at_the_same_time_are_all_there(client: FlaskClient, key: Key, article: dict[str, Any]) -> None:
    def patch(number: int) -> None:
        own = client.application.test_client()
        for step in range(5):
            assert own.patch(ADDRESS, json={"extra": {f"{number}-{step}": 1}}, headers=key).status_code == 200

    threads = [threading.Thread(target=patch, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    extra = client.get(ADDRESS).json["extra"]
    assert {f"{number}-{step}" for number in range(4) for step in range(5)} <= set(extra)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the examples of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_is_that_of_the_standard(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result
