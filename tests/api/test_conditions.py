"""Conditional requests: what was read before is not sent again, and nobody overwrites what they have not seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from index.article import Article
from index.errors import ChangedError
from index.store.article_store import Condition
from search.archive import Archive
from tests.conftest import Server

SEED = "/api/v1/articles/001_d3efdf2d08a7cb74"
Key = dict[str, str]


def tag(client: FlaskClient, address: str) -> str:
    return str(client.get(address).headers["ETag"])


def test_article_has_a_strong_tag_that_changes_with_it(client: FlaskClient, key: Key) -> None:
    first = client.get(SEED)
    assert first.headers["ETag"].startswith('"')
    assert client.head(SEED).headers["ETag"] == first.headers["ETag"]
    changed = client.put(SEED, json={"title": "Mới", "body": "x"}, headers=key)
    assert changed.json["etag"] == tag(client, SEED) != first.headers["ETag"]
    again = client.put(SEED, json={"title": "Mới", "body": "x"}, headers=key)
    assert (again.json["result"], again.json["etag"]) == ("unchanged", changed.json["etag"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_article_that_the_client_has_is_not_sent_again(client: FlaskClient, method: str) -> None:
    known = tag(client, SEED)
    for given in (known, f"W/{known}", f'"other", {known}', "*", f'  , "a,b" ,{known},'):
        answer = client.open(SEED, method=method, headers={"If-None-Match": given})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", known), given
    assert client.open(SEED, method=method, headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.open(SEED, method=method, headers={"If-Match": '"other"'}).status_code == 412
    assert client.open(SEED, method=method, headers={"If-Match": known}).status_code == 200


@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd"])
def test_tag_of_a_compressed_answer_serves_as_well(client: FlaskClient, key: Key, encoding: str) -> None:
    given = client.get(SEED, headers={"Accept-Encoding": encoding})
    assert given.headers["Content-Encoding"] == encoding
    assert given.headers["ETag"] != tag(client, SEED)
    asked = {"If-None-Match": given.headers["ETag"], "Accept-Encoding": encoding}
    assert client.get(SEED, headers=asked).status_code == 304
    replaced = client.put(SEED, json={"title": "Mới"}, headers={**key, "If-Match": given.headers["ETag"]})
    assert replaced.status_code == 200


def test_only_a_new_article_is_put_where_that_is_demanded(client: FlaskClient, key: Key) -> None:
    new = {**key, "If-None-Match": "*"}
    refused = client.put(SEED, json={"title": "Mới"}, headers=new)
    assert (refused.status_code, refused.content_type) == (412, "application/problem+json")
    assert "If-None-Match" in refused.json["detail"]
    assert client.get(SEED).json["title"] != "Mới"
    assert client.put("/api/v1/articles/moi", json={"title": "Mới"}, headers=new).status_code == 201
    assert client.put("/api/v1/articles/moi", json={"title": "Mới"}, headers=new).status_code == 412
    assert client.post("/api/v1/articles", json={"id": "moi", "title": "x"}, headers=new).status_code == 412
    assert client.post("/api/v1/articles", json={"id": "khac", "title": "x"}, headers=new).status_code == 201


@pytest.mark.parametrize("given", ['"nope"', 'W/"nope"', '"nope", "other"'])
def test_write_is_refused_if_the_article_is_another_than_expected(client: FlaskClient, key: Key, given: str) -> None:
    demand = {**key, "If-Match": given}
    before = client.get(SEED).json
    assert client.delete(SEED, headers=demand).status_code == 412
    assert client.put(SEED, json={"title": "Mới"}, headers=demand).status_code == 412
    assert client.get(SEED).json == before


def test_weak_tag_is_no_match_for_a_write(client: FlaskClient, key: Key) -> None:
    demand = {**key, "If-Match": f"W/{tag(client, SEED)}"}
    assert client.delete(SEED, headers=demand).status_code == 412


@pytest.mark.parametrize("given", ["*", '"a"'])
def test_article_that_is_gone_matches_nothing(client: FlaskClient, key: Key, given: str) -> None:
    demand = {**key, "If-Match": given}
    assert client.delete("/api/v1/articles/none", headers=demand).status_code == 412
    assert client.put("/api/v1/articles/none", json={"title": "Mới"}, headers=demand).status_code == 412
    assert client.get("/api/v1/articles/none", headers={"If-None-Match": "*"}).status_code == 404


def test_write_with_the_right_tag_is_done(client: FlaskClient, key: Key) -> None:
    old = tag(client, SEED)
    assert client.put(SEED, json={"title": "Mới"}, headers={**key, "If-Match": f'"x", {old}'}).status_code == 200
    assert client.put(SEED, json={"title": "Khác"}, headers={**key, "If-Match": old}).status_code == 412
    assert client.put(SEED, json={"title": "Khác"}, headers={**key, "If-None-Match": old}).status_code == 200
    assert client.delete(SEED, headers={**key, "If-Match": tag(client, SEED)}).status_code == 200


@pytest.mark.parametrize(
    "given", ["nope", '"a', 'a"', '"a" "b"', '"a";"b"', "", ",", "*, *", '*, "a"', 'w/"a"', '"a b"']
)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_malformed_condition_is_named(client: FlaskClient, key: Key, header: str, given: str) -> None:
    before = client.get(SEED).json
    for method, body in (("GET", None), ("PUT", {"title": "Mới"}), ("DELETE", None)):
        answer = client.open(SEED, method=method, json=body, headers={**key, header: given})
        assert answer.status_code == 400, method
        assert [error["name"] for error in answer.json["errors"]] == [header]
    assert client.get(SEED).json == before


def test_conditions_are_for_one_article(client: FlaskClient, key: Key) -> None:
    answer = client.post("/api/v1/articles", json=[{"title": "x"}], headers={**key, "If-None-Match": "*"})
    assert (answer.status_code, answer.json["errors"][0]["name"]) == (400, "If-None-Match")


def absent(tag: str | None) -> bool:
    return tag is None


def test_store_writes_nothing_if_one_is_not_as_expected(archive: Archive) -> None:
    one, other = Article(id="a", title="một"), Article(id="b", title="hai")
    archive.store.put([other], only_if=absent)
    with pytest.raises(ChangedError):
        archive.store.put([one, other], only_if=absent)
    assert archive.store.count() == 1
    conditions: list[Condition] = [absent, lambda tag: tag == one.content_hash()]
    for condition in conditions:
        with pytest.raises(ChangedError):
            archive.store.delete(["b"], only_if=condition)
    assert archive.store.delete(["b"], only_if=lambda tag: tag == other.content_hash()).deleted == ["b"]


def test_of_many_who_create_one_article_one_does_also_in_several_processes(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "timtin.toml").write_text("[server]\nworkers = 2\n", "utf-8")
    server = serve(None, "--config", str(tmp_path / "timtin.toml"))
    statuses: dict[int, list[int]] = {}

    def create(number: int) -> None:
        for article in range(5):
            body = b'{"title": "%d"}' % number
            answer = server.request(
                "PUT", f"/api/v1/articles/a{article}", body, Authorization=f"Bearer {server.key}",
                Content_Type="application/json", If_None_Match="*",
            )  # fmt: skip
            statuses.setdefault(article, []).append(answer.status)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sorted(said) for said in statuses.values()] == [[201, 412, 412, 412]] * 5
