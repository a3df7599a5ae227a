"""Articles in numbers: exported and deleted by filters, read by their ids."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from index.store.article_store import TaskKind, TaskState
from search.archive import ArchiveConfig, open_archive
from search.engine import Filters
from tests.conftest import Server
from web.api.selection import Selection
from web.services import Services

Key = dict[str, str]
ARTICLES = [
    {"id": f"a{n:03d}", "title": f"Bài {n}", "body": "lúa gạo", "source": f"Báo {'AB'[n % 2]}",
     "category": ["Kinh tế", "Thể thao; Kinh tế", "Văn hoá", None][n % 4], "published": f"202{n % 5}-03-0{n % 9 + 1}"}
    for n in range(60)
]  # fmt: skip


@pytest.fixture
def filled(client: FlaskClient, key: Key) -> FlaskClient:
    assert client.post("/api/v1/articles?wait=true", json=ARTICLES, headers=key).status_code == 200
    return client


FILTERS: list[dict[str, str]] = [
    {"source": "Báo A"},
    {"source": "bao a"},
    {"source": "BÁO A", "category": "kinh te"},
    {"category": "Kinh tế; Thể thao"},
    {"category": "Văn hóa"},
    {"category": "kinh té"},
    {"from": "2023"},
    {"from": "2021-03", "to": "2022-03-04"},
    {"source": ";", "to": "2021"},
    {"author": "không ai"},
]


@pytest.mark.parametrize("filters", FILTERS)
def test_filters_choose_what_a_search_finds(filled: FlaskClient, key: Key, filters: dict[str, str]) -> None:
    found = filled.get("/api/v1/search", query_string={**filters, "size": 100, "collapse": "false"}).json
    exported = filled.get("/api/v1/export", query_string=filters)
    assert exported.content_type == "application/x-ndjson"
    rows = [json.loads(line) for line in exported.data.splitlines()]
    assert {row["id"] for row in rows} == {hit["id"] for hit in found["hits"]}
    assert all(row == filled.get(f"/api/v1/articles/{row['id']}").json for row in rows)
    asked = {"filter": filters, "dry_run": True}
    answer = filled.post("/api/v1/deletions", json=asked, headers=key)
    assert (answer.status_code, answer.json) == (200, {"dry_run": True, "matched": found["total"]})


def test_export_without_filters_has_all_and_can_be_sent_back(filled: FlaskClient, key: Key) -> None:
    exported = filled.get("/api/v1/export").data
    assert exported.count(b"\n") == 65
    again = filled.post("/api/v1/articles", data=exported, content_type="application/x-ndjson", headers=key)
    assert (again.json["unchanged"], again.json["received"]) == (65, 65)
    assert filled.head("/api/v1/export").data == b""


def test_export_has_what_no_search_sees_yet_and_what_is_written_meanwhile(filled: FlaskClient) -> None:
    store = filled.application.extensions["timtin"].archive.store
    pages = Selection(store, Filters()).pages()
    next(pages)
    [article] = store.get_many(["a000"]).values()
    store.put([article.model_copy(update={"id": "moi"})])
    assert "moi" in {article.id for page in pages for article in page.articles}


def done(client: FlaskClient, answer: Any) -> Any:
    while (task := client.get(answer.headers["Location"]).json)["finished"] is None:
        pass
    return task


def test_several_values_of_a_label_choose_articles_with_any(filled: FlaskClient, key: Key) -> None:
    wanted = ["Báo A", "Báo B"]
    found = filled.get("/api/v1/search", query_string={"source": wanted, "collapse": "false"}).json["total"]
    answer = filled.post("/api/v1/deletions", json={"filter": {"source": wanted}, "dry_run": True}, headers=key)
    assert answer.json["matched"] == found > 1


def test_articles_are_deleted_by_filter(filled: FlaskClient, key: Key) -> None:
    asked = {"filter": {"source": "bao a", "from": "2022"}}
    before = filled.get("/api/v1/search?size=100&source=Báo A&from=2022&collapse=false").json["total"]
    answer = filled.post("/api/v1/deletions", json=asked, headers=key)
    assert (answer.status_code, answer.json["kind"], answer.json["filters"]) == (202, "delete", asked["filter"])
    task = done(filled, answer)
    assert (task["state"], task["counts"]) == ("done", {"deleted": before})
    assert task["started"] <= task["finished"]
    assert filled.get("/api/v1/search?source=Báo A&from=2022").json["total"] == 0
    assert filled.get("/api/v1/stats").json["articles"] == 65 - before
    assert task in filled.get("/api/v1/tasks").json["tasks"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["filter"]),
        ({"filter": {}}, ["filter"]),
        ({"filter": {"source": None}}, ["filter"]),
        ({"filter": {"source": ""}}, ["filter"]),
        ({"filter": {"sorce": "x"}}, ["filter.sorce"]),
        ({"filter": {"from": "hôm qua"}}, ["filter.from"]),
        ({"filter": {"from_": "2025"}}, ["filter.from_"]),
        ({"filter": {"source": 7}}, ["filter.source"]),
        ({"filter": {"source": [], "category": "Kinh tế"}}, ["filter.source"]),
        ({"filter": {"author": ["An", ""], "category": "Kinh tế"}}, ["filter.author"]),
        ({"filter": {"source": "x"}, "dryrun": True}, ["dryrun"]),
        ({"filter": {"source": "x"}, "dry_run": "no"}, ["dry_run"]),
        ([], ["body"]),
        (7, ["body"]),
    ],
)
def test_deletion_that_is_unclear_deletes_nothing(
    filled: FlaskClient, key: Key, body: object, names: list[str]
) -> None:
    answer = filled.post("/api/v1/deletions", json=body, headers=key)
    assert (answer.status_code, [error["name"] for error in answer.json["errors"]]) == (400, names)
    assert filled.get("/api/v1/tasks").json["tasks"][0]["kind"] == "articles"


def test_deletion_that_was_cut_off_goes_on_and_spares_what_came_since(filled: FlaskClient, key: Key) -> None:
    here: Services = filled.application.extensions["timtin"]
    store = here.archive.store
    here.follower.stop()
    answer = filled.post("/api/v1/deletions", json={"filter": {"source": "Báo A"}}, headers=key)
    filled.put("/api/v1/articles/moi", json={"title": "Mới", "source": "Báo A"}, headers=key)
    filled.patch("/api/v1/articles/a002", json={"title": "Sửa"}, headers=key)
    store.tasks.begin(answer.json["id"])
    store.tasks.count(answer.json["id"], {"deleted": 3})
    store.delete(["a000", "a004", "a006"])
    again = open_archive(ArchiveConfig(here.archive.home))
    from web.app import create_app

    app = create_app(again)
    app.extensions["timtin"].follower.start()
    task = done(app.test_client(), answer)
    assert task["counts"] == {"deleted": 29}
    left = {
        article.id for page in Selection(store, Filters((("source", "Báo A"),))).pages() for article in page.articles
    }
    assert left == {"moi", "a002"}
    assert again.store.tasks.unfinished(TaskKind.DELETE) == []
    assert again.store.tasks.latest(1, TaskState.RUNNING) == []
    app.extensions["timtin"].follower.stop()
    again.close()


def test_deletion_that_waits_is_cancelled_and_deletes_nothing(filled: FlaskClient, key: Key) -> None:
    follower = filled.application.extensions["timtin"].follower
    follower.stop()
    asked = filled.post("/api/v1/deletions", json={"filter": {"source": "Báo A"}}, headers=key).headers["Location"]
    for _ in range(2):
        answer = filled.post(f"{asked}/cancel", headers=key)
        assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
    assert answer.json == filled.get(asked, headers=key).json
    assert (answer.json["counts"], answer.json["started"]) == ({"deleted": 0}, None)
    assert filled.get("/api/v1/stats").json["articles"] == 65


def test_deletion_that_runs_is_cancelled_and_says_what_it_deleted(
    filled: FlaskClient, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.api.deletions._AT_ONCE", 1)
    monkeypatch.setattr("web.api.selection._AT_ONCE", 10)
    store = filled.application.extensions["timtin"].archive.store
    delete = store.delete
    cancelled: list[Any] = []

    def delete_and_cancel(*arguments: Any, **more: Any) -> Any:
        gone = delete(*arguments, **more)
        (task,) = store.tasks.unfinished(TaskKind.DELETE)
        other = filled.application.test_client()
        cancelled.append(other.post(f"/api/v1/tasks/{task.id}/cancel", headers=key))
        return gone

    monkeypatch.setattr(store, "delete", delete_and_cancel)
    task = done(filled, filled.post("/api/v1/deletions", json={"filter": {"source": "Báo A"}}, headers=key))
    assert [(answer.status_code, answer.json["state"]) for answer in cancelled] == [(202, "cancelling")]
    assert task["state"] == "cancelled"
    assert task["started"] <= task["finished"]
    gone = 65 - filled.get("/api/v1/stats").json["articles"]
    assert task["counts"] == {"deleted": gone}
    assert 0 < gone < 30
    assert filled.get("/api/v1/search?source=Báo A&size=1&collapse=false").json["total"] == 30 - gone


def test_what_cannot_be_cancelled_is_refused(filled: FlaskClient, key: Key) -> None:
    (written,) = filled.get("/api/v1/tasks").json["tasks"]
    deleted = done(filled, filled.post("/api/v1/deletions", json={"filter": {"source": "Báo A"}}, headers=key))
    for id, status, why in (
        (written["id"], 409, "stored already"),
        (deleted["id"], 409, "it is done"),
        ("none", 404, "no such task"),
    ):
        answer = filled.post(f"/api/v1/tasks/{id}/cancel", headers=key)
        assert (answer.status_code, why in answer.json["detail"]) == (status, True), answer.json
    assert filled.post(f"/api/v1/tasks/{deleted['id']}/cancel").status_code == 401
    assert filled.post(f"/api/v1/tasks/{deleted['id']}/cancel?now=1", headers=key).status_code == 400


def test_articles_are_read_by_their_ids(filled: FlaskClient) -> None:
    wanted = ["a005", "none", "a001", "a005", "x/y"]
    answer = filled.post("/api/v1/lookup", json={"ids": wanted})
    assert [article["id"] for article in answer.json["articles"]] == ["a005", "a001"]
    assert (answer.json["missing"], answer.json["left_out"]) == (["none", "x/y"], [])
    assert answer.json["articles"][0] == filled.get("/api/v1/articles/a005").json
    for body in ({}, {"ids": "a"}, {"ids": [1]}, {"ids": ["a"] * 1001}, {"id": ["a"]}, []):
        assert filled.post("/api/v1/lookup", json=body).status_code == 400
    assert filled.post("/api/v1/lookup", json={"ids": []}).json["articles"] == []


def test_articles_that_are_too_long_together_are_left_for_another_request(
    client: FlaskClient, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.api.export._MOST_CHARACTERS", 100)
    client.post("/api/v1/articles", json=[{"id": f"b{n}", "body": "x " * 10} for n in range(50)], headers=key)
    wanted = [f"b{n}" for n in range(50)]
    answer = client.post("/api/v1/lookup", json={"ids": wanted}).json
    assert [*(article["id"] for article in answer["articles"]), *answer["left_out"]] == wanted
    assert len(answer["articles"]) == 20


def test_export_that_cannot_go_on_does_not_look_whole(serve: Callable[..., Server]) -> None:
    server = serve()
    body = "Giá lúa tăng. " * 20_000
    rows = "".join(json.dumps({"id": f"a{n}", "title": f"{n}", "body": body}) + "\n" for n in range(200))
    server.write("POST", "/api/v1/articles", rows.encode())
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"GET /api/v1/export HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = slow.recv(100)
        (server.data / "articles.sqlite").rename(server.data / "moved")
        with suppress(ConnectionError):
            while part := slow.recv(1 << 20):
                said = (said + part)[-100:]
    assert not said.endswith(b"\r\n0\r\n\r\n")


def test_export_is_sent_while_it_is_made(serve: Callable[..., Server]) -> None:
    server = serve()
    body = "Giá lúa tăng. " * 20_000
    rows = "".join(json.dumps({"id": f"a{n}", "title": f"{n}", "body": body}) + "\n" for n in range(200))
    server.write("POST", "/api/v1/articles", rows.encode())
    exported = server.request("GET", "/api/v1/export?from=")
    assert [json.loads(line)["id"] for line in exported.body.splitlines()] == [f"a{n}" for n in range(200)]
    assert exported.headers["Transfer-Encoding"] == "chunked"
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"GET /api/v1/export HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(15) == b"HTTP/1.1 200 OK"
        assert server.request("GET", "/api/v1/search?q=" + quote("lúa")).status == 200  # it waits for no slow reader
        store = open_archive(ArchiveConfig(server.data)).store
        assert store.delete(["a199"]).deleted
        store.close()
        said = b""
        while not said.endswith(b"\r\n0\r\n\r\n"):
            said += slow.recv(1 << 20)
    assert said.count(b'"title"') == 199
