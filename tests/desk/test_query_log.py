"""The log of searches: off unless asked for, without anybody's traces, bounded, and never in the way of an answer."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from index.store import search_log
from index.store.search_log import KEPT_HOURS, Searched, SearchLog
from search.archive import ArchiveConfig, open_archive
from tests.attacks.clients import Client, get
from tests.conftest import Server
from tests.desk.conftest import Operator
from tests.processes import wait_for
from web.app import create_app
from web.query_log import QueryLog
from web.services import Services
from web.settings import LogSettings, Settings

HOUR = 500_000


@pytest.fixture
def noting(tmp_path: Path, seeds_data: Path) -> Iterator[Flask]:
    """An application that notes searches."""
    shutil.copytree(seeds_data, tmp_path / "data")
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    settings = Settings(data=tmp_path / "data", log=LogSettings(searches=True))
    yield create_app(archive, {"SETTINGS": settings})
    archive.close()


def queries_of(app: Flask) -> QueryLog:
    found = app.extensions["timtin"]
    assert isinstance(found, Services)
    found.queries.flush()
    return found.queries


def test_nothing_is_noted_unless_that_is_asked_for(operator: Operator) -> None:
    assert Settings().log.searches is False
    operator.client.get("/?q=hội nhập")
    queries = queries_of(operator.client.application)
    assert list(operator.client.application.extensions["timtin"].archive.home.glob("searches*")) == []
    assert queries.popular(5) == []
    assert "Searches are not noted." in operator.get("/admin/searches").text
    assert list(operator.client.application.extensions["timtin"].archive.home.glob("searches*")) == []


def test_searches_of_page_and_api_are_counted_once_each(noting: Flask) -> None:
    client = noting.test_client()
    for path in ("/?q=hội nhập", "/api/v1/search?q=hội  nhập ", "/?q=hội nhập&page=2", "/feed.atom?q=hội nhập"):
        assert client.get(path).status_code == 200
    client.get("/?q=hooij nhaapj quoocs tees")  # what is meant is searched, too
    client.get("/?q=")
    client.get("/?q=ngoại giao&source=Không có")
    (first, *others) = queries_of(noting).kept.frequent(10)
    assert (first.query, first.times, first.found) == ("hội nhập", 2, 5)
    assert 0 < first.mean_ms <= first.slowest_ms
    assert {(one.query, one.found) for one in others} == {("hooij nhaapj quoocs tees", 0), ("ngoại giao", None)}
    assert [one.query for one in queries_of(noting).kept.fruitless(10)] == ["hooij nhaapj quoocs tees"]


def test_no_trace_of_who_searched_is_kept(noting: Flask, tmp_path: Path) -> None:
    key = noting.config["API_KEY"]
    client = noting.test_client()
    client.set_cookie("lang", "cookie-of-a-reader")
    client.get(
        "/?q=hội nhập&utm_source=letter",
        headers={
            "Authorization": f"Bearer {key}",
            "User-Agent": "agent-of-a-reader",
            "X-Request-Id": "id-of-a-request",
        },
        environ_overrides={"REMOTE_ADDR": "198.51.100.7"},
    )
    queries_of(noting)
    file = tmp_path / "data" / "searches.sqlite"
    held = file.read_bytes()
    assert "hội nhập".encode() in held
    for trace in (b"198.51.100.7", key.encode(), b"cookie-of", b"agent-of", b"id-of", b"letter"):
        assert trace not in held
    assert file.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(searches)")}
    assert columns == {"query", "hour", "times", "found", "ms", "slowest", "clients"}


def test_popular_queries_are_asked_often_over_hours_and_find_something(tmp_path: Path) -> None:
    queries = QueryLog(tmp_path, on=True)
    asked = {
        "giá vàng": [(HOUR, 3)] * 3 + [(HOUR + 1, 3)] * 2,
        "một giờ": [(HOUR, 3)] * 50,
        "bốn lần": [(HOUR, 3)] * 2 + [(HOUR + 1, 3)] * 2,
        "không có": [(HOUR, 0)] * 9 + [(HOUR + 1, 0)] * 9,
        "nay hết": [(HOUR, 4)] * 9 + [(HOUR + 1, 0)] * 9,
        '"trong ngoặc"': [(HOUR, 3)] * 9 + [(HOUR + 1, 3)] * 9,
        "title:lúa": [(HOUR, 3)] * 9 + [(HOUR + 1, 3)] * 9,
        "lúa -gạo": [(HOUR, 3)] * 9 + [(HOUR + 1, 3)] * 9,
        "lúa OR gạo": [(HOUR, 3)] * 9 + [(HOUR + 1, 3)] * 9,
        "lúa*": [(HOUR, 3)] * 9 + [(HOUR + 1, 3)] * 9,
        "<script>": [(HOUR, 3)] * 9 + [(HOUR + 1, 3)] * 9,
        "bão số 3": [(HOUR, 1)] * 9 + [(HOUR + 1, 1)] * 9,
    }
    queries.kept.add([Searched(query, hour, found, 1.0) for query, all in asked.items() for hour, found in all])
    assert queries.popular(5) == ["bão số 3", "giá vàng"]
    assert queries.popular(1) == ["bão số 3"]
    queries.kept.hide("bão số 3")
    queries.forget_popular()
    assert queries.popular(5) == ["giá vàng"]
    queries.kept.hide("bão số 3", hidden=False)
    queries.forget_popular()
    assert queries.popular(5) == ["bão số 3", "giá vàng"]
    assert QueryLog(tmp_path, on=False).popular(5) == []


def test_one_client_alone_makes_no_query_popular(noting: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = noting.test_client()
    hour = 3600 * HOUR
    for number, text in ((1, "hội nhập"), (5, "ngoại giao")):
        for later in (0, 3600):
            monkeypatch.setattr("web.query_log.time.time", lambda later=later: hour + later)
            for place in range(12):
                where = {"REMOTE_ADDR": f"192.0.2.{place % number}"}
                assert client.get(f"/?q={text}", environ_overrides=where).status_code == 200
    queries = queries_of(noting)
    assert {(one.query, one.times) for one in queries.kept.frequent(5)} == {("hội nhập", 24), ("ngoại giao", 24)}
    queries.forget_popular()
    assert queries.popular(5) == ["ngoại giao"]


def test_one_client_alone_drives_out_nothing_that_others_search_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_log, "MOST_ROWS", 50)
    queries = QueryLog(tmp_path, on=True)
    queries.kept.add([Searched("giá vàng", HOUR + number % 2, 3, 1.0) for number in range(6)])
    for later in range(3):
        queries.kept.add([Searched(f"q{number} {later}", HOUR + 2 + later, 1, 1.0) for number in range(60)])
    assert queries.popular(5) == ["giá vàng"]
    assert len(queries.kept.frequent(100)) == 49


def test_log_is_bounded_in_age_and_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = SearchLog(tmp_path / "searches.sqlite")
    log.add([Searched("cũ", HOUR, 1, 1.0)])
    log.add([Searched("vừa", HOUR + KEPT_HOURS - 1, 1, 1.0)])
    assert {one.query for one in log.frequent(10)} == {"cũ", "vừa"}
    log.add([Searched("mới", HOUR + KEPT_HOURS, 1, 1.0)])
    assert {one.query for one in log.frequent(10)} == {"vừa", "mới"}
    monkeypatch.setattr(search_log, "MOST_ROWS", 50)
    log.add([Searched(f"q{number}", HOUR + KEPT_HOURS + 1, 1, 1.0) for number in range(60)])
    left = {one.query for one in log.frequent(100)}
    assert len(left) == 50
    assert not left & {"vừa", "mới"}


def test_log_that_cannot_be_written_is_said_once_and_ignored(
    noting: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "data" / "searches.sqlite"
    file.write_bytes(b"not a database" * 100)
    client = noting.test_client()
    for number in range(3):
        assert client.get(f"/?q=giá vàng {number}").status_code == 200
        queries_of(noting)
    assert caplog.text.count("searches are not noted") == 1
    operator = Operator(noting)
    operator.sign_in(noting.config["API_KEY"])
    page = operator.get("/admin/searches")
    assert (page.status_code, "cannot be used" in page.text) == (200, True)
    operator.get("/admin/searches/clear")
    assert "All searches are forgotten." in operator.send("/admin/searches/clear").text
    client.get("/?q=giá vàng 4")
    assert [one.query for one in queries_of(noting).kept.frequent(5)] == ["giá vàng 4"]


def test_queries_at_the_desk_are_text(noting: Flask) -> None:
    queries = queries_of(noting)
    evil = '"><script>alert(1)</script>'
    queries.kept.add([Searched(evil, HOUR, 0, 5.0), Searched("giá vàng", HOUR, 2, 900.0)])
    queries.kept.add([Searched("bão", HOUR + hour % 2, 2, 1.0) for hour in range(6)])
    queries.kept.hide(evil)
    operator = Operator(noting)
    operator.sign_in(noting.config["API_KEY"])
    page = operator.get("/admin/searches").text
    assert page.count("&gt;&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    assert "<script>alert" not in page
    assert page.index("giá vàng</a>") < page.index("bão</a>")
    assert "bão" in page.split("On the front page")[1].split("Hidden from it")[0]
    page = operator.send("/admin/searches/hide", {"query": "bão", "do": "hide"}).text
    assert "bão" in page.split("Hidden from it")[1]
    page = operator.send("/admin/searches/hide", {"query": "bão", "do": "show"}).text
    assert "bão" in page.split("On the front page")[1].split("Hidden from it")[0]


def test_long_and_odd_queries_are_counted_short_and_tidy(noting: Flask) -> None:
    client = noting.test_client()
    for query in ("a" * 1500, "  giá\tvàng\n ", "gia\u0301 va\u0300ng"):
        assert client.get(f"/api/v1/search?q={quote(query)}").status_code == 200
    found = {one.query: one.times for one in queries_of(noting).kept.frequent(10)}
    assert found == {"a" * 200: 1, "giá vàng": 2}


@pytest.mark.slow
def test_processes_count_together(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMTIN_LOG_SEARCHES", "true")
    server = serve(None, "--workers", "3")
    wait_for(lambda: server.request("GET", "/api/v1/stats").status == 200)
    for _ in range(40):
        assert server.request("GET", "/api/v1/search?q=" + quote("giá vàng"), Connection="close").status == 200
    for number in range(2, 5):
        with Client(server, f"127.0.0.{number}") as client:
            assert client.ask(get("/api/v1/search?q=" + quote("giá vàng"))).status == 200
    log = SearchLog(server.data / "searches.sqlite")

    def counted() -> bool:
        found = log.frequent(5)
        return bool(found) and found[0].times == 43

    wait_for(counted)
    with closing(sqlite3.connect(server.data / "searches.sqlite")) as connection:
        (clients, hours) = connection.execute("SELECT sum(clients), count(*) FROM searches").fetchone()
    assert 4 <= clients <= 4 * hours  # once an hour each, whichever process answers
