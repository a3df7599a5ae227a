"""Bulk requests: actions, an outcome a line, packed bodies, and requests that are sent twice."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.reading.formats.json_lines import LARGEST_DOCUMENT
from index.store.kept_answers import KeptAnswer, KeptAnswers, UnderWayError
from tests.conftest import Server
from web.settings import LimitSettings

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Key = dict[str, str]
NDJSON = "application/x-ndjson"


def lines(*rows: object) -> bytes:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()


def send(client: FlaskClient, key: Key, *rows: object) -> Any:
    return client.post("/api/v1/articles?wait=true", data=lines(*rows), content_type=NDJSON, headers=key)


def outcomes(answer: Any) -> list[tuple[str | None, str]]:
    return [(entry["id"], entry["result"]) for entry in answer.json["outcomes"]]


def test_each_line_has_its_outcome_in_order(client: FlaskClient, key: Key) -> None:
    answer = send(
        client,
        key,
        {"id": "a", "title": "một"},
        {"index": {"id": "b", "title": "hai"}},
        {"index": {"_index": "tin", "_id": "c"}},
        {"title": "ba"},
        "{broken",
        {"delete": {"_id": "a"}},
        {"delete": {"id": "none"}},
        {"create": {"id": "b", "title": "khác"}},
        {"create": {"_id": "d"}},
        {"title": "bốn"},
        {"id": "b", "title": "hai"},
        {"id": "b", "title": "hai nữa"},
    )
    assert answer.status_code == 200
    assert outcomes(answer) == [
        ("a", "created"), ("b", "created"), ("c", "created"), (None, "refused"), ("a", "deleted"), ("none", "missing"),
        (None, "refused"), ("d", "created"), ("b", "unchanged"), ("b", "replaced"),
    ]  # fmt: skip
    assert [entry["index"] for entry in answer.json["refused"]] == [3, 6]
    assert "'b'" in answer.json["refused"][1]["detail"]
    counts = {name: answer.json[name] for name in ("received", "added", "updated", "unchanged", "deleted", "missing")}
    assert counts == {"received": 10, "added": 4, "updated": 1, "unchanged": 1, "deleted": 1, "missing": 1}
    assert client.get("/api/v1/articles/a").status_code == 404
    assert client.get("/api/v1/articles/b").json["title"] == "hai nữa"
    assert client.get("/api/v1/articles/d").json["title"] == "bốn"
    assert client.get(answer.headers["Location"]).json["counts"]["refused"] == 2


def test_array_has_an_outcome_for_each_entry(client: FlaskClient, key: Key) -> None:
    batch = [{"id": "a", "title": "x"}, 5, {"id": "a", "title": "y"}]
    answer = client.post("/api/v1/articles", json=batch, headers=key)
    assert outcomes(answer) == [("a", "created"), (None, "refused"), ("a", "replaced")]


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([{"delete": {}}], "needs an id"),
        ([{"delete": {"id": "a", "title": "x"}}], "nothing else"),
        ([{"delete": {"id": ["a"]}}], "cannot be one"),
        ([{"delete": {"id": "a/similar"}}], "cannot be one"),
        ([{"update": {"_id": "a"}}, {"doc": {"title": "mới"}}], "PATCH"),
        ([{"index": {"_id": " a"}}, {"title": "mới"}], "cannot be one"),
        ([{"index": {"_id": "a"}}], "last line"),
        ([{"index": {"_id": "a"}}, {"id": "b", "title": "mới"}], "id"),
    ],
)
def test_action_that_says_nothing_clear_is_refused_with_its_article(
    client: FlaskClient, key: Key, rows: list[object], word: str
) -> None:
    answer = send(client, key, *rows, {"id": "z", "title": "tốt"})
    if word == "last line":
        answer = send(client, key, {"id": "z", "title": "tốt"}, *rows)
        assert [result for _, result in outcomes(answer)] == ["created", "refused"]
    else:
        assert [result for _, result in outcomes(answer)] == ["refused", "created"]
    assert word in answer.json["refused"][0]["detail"]
    assert client.get("/api/v1/stats").json["articles"] == 6


def test_many_new_articles_of_which_one_is_there(client: FlaskClient, key: Key) -> None:
    client.put("/api/v1/articles/a7", json={"title": "đã có"}, headers=key)
    answer = send(client, key, *[{"create": {"id": f"a{n}", "title": f"{n}"}} for n in range(20)])
    assert [result for _, result in outcomes(answer)] == ["created"] * 7 + ["refused"] + ["created"] * 12
    assert client.get("/api/v1/articles/a7").json["title"] == "đã có"


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "x-gzip": gzip.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("encoding", PACKERS)
def test_packed_bodies_are_read(client: FlaskClient, key: Key, encoding: str) -> None:
    packed, pack = {**key, "Content-Encoding": encoding}, PACKERS[encoding]
    many = pack(lines({"id": "a", "title": "một"})) + pack(b"\n" + lines({"id": "b", "title": "hai"}))  # in two parts
    answer = client.post("/api/v1/articles", data=many, content_type=NDJSON, headers=packed)
    assert answer.json["ids"] == ["a", "b"]
    one = pack(b'{"title": "ba"}')
    put = client.put("/api/v1/articles/c", data=one, content_type="application/json", headers=packed)
    assert put.status_code == 201
    patched = client.patch("/api/v1/articles/c", data=one, content_type="application/json", headers=packed)
    assert patched.json["result"] == "unchanged"


@pytest.mark.parametrize("encoding", PACKERS)
def test_packed_bodies_that_are_broken_say_so(client: FlaskClient, key: Key, encoding: str) -> None:
    packed = {**key, "Content-Encoding": encoding}
    whole = PACKERS[encoding](lines({"id": "a", "title": "x" * 1000}))
    for body in (b"x", whole[:-5], whole + b"rest"):
        for kind in (NDJSON, "application/json"):
            answer = client.post("/api/v1/articles", data=body, content_type=kind, headers=packed)
            assert (answer.status_code, answer.content_type) == (400, "application/problem+json"), (body, kind)


@pytest.mark.parametrize("encoding", PACKERS)
def test_body_that_unpacks_to_too_much_is_refused(client: FlaskClient, key: Key, encoding: str) -> None:
    packed, pack = {**key, "Content-Encoding": encoding}, PACKERS[encoding]
    settings = client.application.config["SETTINGS"]
    large = pack(b'{"title": "' + b"x" * LARGEST_DOCUMENT + b'"}')
    for address in ("/api/v1/articles/a", "/api/v1/articles"):
        answer = client.open(
            address, method="PUT" if address.endswith("a") else "POST", data=large, headers=packed,
            content_type="application/json",
        )  # fmt: skip
        assert answer.status_code == 413
    client.application.config["SETTINGS"] = settings.model_copy(update={"limits": LimitSettings(body_mb=1)})
    body = pack(lines({"id": "a", "title": "tốt"}) + b" " * (2 << 20))
    answer = client.post("/api/v1/articles", data=body, content_type=NDJSON, headers=packed)
    assert answer.status_code == 413
    assert "unpacks to more than 1 MB" in answer.json["detail"]


def test_other_encodings_are_refused_with_those_there_are(client: FlaskClient, key: Key) -> None:
    for encoding in ("br", "deflate", "gzip, gzip"):
        answer = client.post("/api/v1/articles", json={}, headers={**key, "Content-Encoding": encoding})
        assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "gzip, zstd")


def test_request_with_a_key_is_carried_out_once(client: FlaskClient, key: Key) -> None:
    once = {**key, "Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
    first = client.post("/api/v1/articles", json={"id": "a", "title": "một"}, headers=once)
    assert (first.status_code, first.json["result"]) == (201, "created")
    again = client.post("/api/v1/articles", json={"id": "a", "title": "một"}, headers=once)
    assert (again.status_code, again.json, again.headers["Location"]) == (201, first.json, first.headers["Location"])
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    other = client.post("/api/v1/articles", json={"id": "b", "title": "hai"}, headers=once)
    assert (other.status_code, other.content_type) == (422, "application/problem+json")
    assert client.get("/api/v1/articles/b").status_code == 404
    assert client.post("/api/v1/articles?wait=true", json={"id": "a", "title": "một"}, headers=once).status_code == 422
    for condition in ("*", ""):  # not what was asked for before
        changed = {**once, "If-None-Match": condition}
        assert client.post("/api/v1/articles", json={"id": "a", "title": "một"}, headers=changed).status_code == 422
    tasks = [client.post("/api/v1/reindex", headers=once).json["id"] for _ in range(2)]
    assert tasks[0] == tasks[1]  # another address, another request


def test_key_is_that_of_one_client(client: FlaskClient, key: Key) -> None:
    ring = client.application.config["KEYS"]
    from web.access import Scope

    other = {"Authorization": f"Bearer {ring.add('khac', Scope.WRITE)}", "Idempotency-Key": "1"}
    assert client.post("/api/v1/articles", json={"id": "a", "title": "x"}, headers={**key, "Idempotency-Key": "1"})
    assert client.post("/api/v1/articles", json={"id": "b", "title": "x"}, headers=other).status_code == 201


def test_failed_request_may_be_sent_again_with_its_key(client: FlaskClient, key: Key) -> None:
    once = {**key, "Idempotency-Key": "1"}
    assert client.post("/api/v1/articles", json={"id": "a"}, headers=once).status_code == 400
    assert client.post("/api/v1/articles", json={"id": "a", "title": "x"}, headers=once).status_code == 201


@pytest.mark.parametrize("given", ["", "a b", "x" * 256, "ê"])
def test_malformed_key_is_refused(client: FlaskClient, key: Key, given: str) -> None:
    answer = client.post("/api/v1/articles", json={"title": "x"}, headers={**key, "Idempotency-Key": given})
    assert (answer.status_code, answer.json["errors"][0]["name"]) == (400, "Idempotency-Key")


def test_kept_answers_are_bounded_and_those_under_way_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.kept_answers.MOST_ANSWERS", 3)
    answers = KeptAnswers(tmp_path / "answers.sqlite")
    for number in range(5):
        assert answers.begin(str(number), "x") is None
        with pytest.raises(UnderWayError):
            answers.begin(str(number), "x")
        answers.keep(str(number), KeptAnswer("head", b"body"))
    assert [answers.begin(str(number), "x") for number in range(5)] == [None, None, *[KeptAnswer("head", b"body")] * 3]
    answers.drop("0")
    assert answers.begin("0", "y") is None
    monkeypatch.setattr("index.store.kept_answers._process", lambda _: "1 another")  # whose process has ended
    assert answers.begin("0", "y") is None
    monkeypatch.setattr("index.store.kept_answers.KEPT_SECONDS", 0)
    assert answers.begin("4", "z") is None


def test_processes_share_the_keys(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(None, "--workers", "2")
    given: list[tuple[int, str]] = []

    def post() -> None:
        for number in range(5):
            answer = server.request(
                "POST", "/api/v1/articles", b'[{"title": "x"}]', Authorization=f"Bearer {server.key}",
                Content_Type="application/json", Idempotency_Key=str(number),
            )  # fmt: skip
            assert answer.status in {200, 202, 409}, answer.body
            given.append((number, answer.json["task"] if answer.status != 409 else ""))

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(number, task) for number, task in given if task}) == 5
    assert len(server.request("GET", "/api/v1/tasks").json["tasks"]) == 5


def test_threads_of_a_process_keep_answers_at_once(tmp_path: Path) -> None:
    def keep(number: int) -> bool:
        answers = KeptAnswers(tmp_path / "answers.sqlite")
        assert answers.begin(str(number), "x") is None
        answers.keep(str(number), KeptAnswer("head", b"body"))
        return answers.begin(str(number), "x") == KeptAnswer("head", b"body")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(keep, range(200)))
    assert (tmp_path / "answers.sqlite").stat().st_mode & 0o777 == 0o600
