"""An article whose bytes have changed on the disk is named by all that read it, and the rest goes on."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from index.article import Article
from index.errors import RottenArticleError
from index.store.articles import SqliteArticleStore
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.archives import check
from tests.conftest import Server
from tests.damage import cut_overflow_chain, erase_value, found, overwrite
from tests.processes import timtin

ROTTEN = "tin/hỏng"
OTHERS = {f"a{number}" for number in range(12)}
NAMED = f"article {ROTTEN!r} is damaged"
ALL = SearchParameters(q='"bưởi da xanh"', size=50, collapse=False)


def other_letters(store: Path) -> None:
    overwrite(store, b"MARK", b"MURK")


def not_text(store: Path) -> None:
    overwrite(store, b"MARK", b"\xff\xfe\xff\xfe")


def not_json(store: Path) -> None:
    overwrite(store, b'{"more": 1}', b"[" * 11)


def other_date(store: Path) -> None:
    overwrite(store, b"2025-08-27T11:22", b"2025-0\x00-27T11:22")


def no_language(store: Path) -> None:
    erase_value(store, ROTTEN, "lang")


def unreadable_row(store: Path) -> None:
    cut_overflow_chain(store, b"OVERFLOWING")


WAYS = [other_letters, not_text, not_json, other_date, no_language, unreadable_row]
REPAIRABLE = WAYS[:-1]


def whole() -> Article:
    body = "bưởi da xanh MARK " + "cam sành " * 500 + "OVERFLOWING " + "cam sành " * 3000
    return Article(id=ROTTEN, title="Bưởi", body=body, published="2025-08-27T11:22", extra={"more": 1})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with twelve articles and the one that will rot, all indexed."""
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    archive.store.put([whole(), *(Article(id=id, title="Bưởi", body=f"bưởi da xanh số {id}") for id in OTHERS)])
    bring_in_sync(archive)
    archive.close()
    return tmp_path / "data"


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def damaged(data: Path, request: pytest.FixtureRequest) -> Path:
    """The same, after one of the articles rotted."""
    request.param(data / "articles.sqlite")
    return data


def opened(data: Path) -> Archive:
    return open_archive(ArchiveConfig(data))


def test_check_names_it(damaged: Path) -> None:
    done = timtin("check", "--data", str(damaged))
    assert done.returncode == 1
    assert f"store: {NAMED}" in done.stderr
    assert not any(repr(id) in done.stderr for id in OTHERS)
    assert "backup" in done.stdout


def test_export_names_it_and_goes_on(damaged: Path) -> None:
    done = timtin("export", "--data", str(damaged))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert NAMED in done.stderr
    assert {json.loads(line)["id"] for line in done.stdout.splitlines()} == OTHERS


def test_backup_names_it_and_saves_the_rest(damaged: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.sqlite"
    done = timtin("backup", str(saved), "--data", str(damaged))
    assert done.returncode == 1
    assert NAMED in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"data", "saved.sqlite"}
    (tmp_path / "other").mkdir()
    shutil.move(saved, tmp_path / "other" / "articles.sqlite")
    archive = opened(tmp_path / "other")
    named: list[str] = []
    assert {article.id for article in archive.store.articles(named.append)} == OTHERS
    assert named == [ROTTEN]
    archive.close()


def test_search_shows_the_other_hits_and_names_it(damaged: Path) -> None:
    archive = opened(damaged)
    answer = search(archive, ALL)
    assert {hit.article.id for hit in answer.hits} == OTHERS
    assert answer.total == len(OTHERS) + 1
    assert [(note.code, note.text) for note in answer.notes] == [("damaged_article", ROTTEN)]
    assert archive.store.get_many([ROTTEN, "a1"]).keys() == {"a1"}
    with pytest.raises(RottenArticleError, match="send it again, or restore it from a backup") as refused:
        archive.store.get(ROTTEN)
    assert refused.value.id == ROTTEN
    archive.close()


def test_new_index_goes_without_it_and_agrees_with_the_store(damaged: Path) -> None:
    archive = opened(damaged)
    archive.engine.rebuild()
    assert found(archive) == OTHERS
    assert not [problem for problem in check(archive) if problem.startswith("index:")]
    assert archive.in_sync()
    archive.close()
    shutil.rmtree(damaged / "indexes")
    archive = opened(damaged)
    bring_in_sync(archive)
    assert found(archive) == OTHERS
    archive.close()


@pytest.mark.parametrize("way", REPAIRABLE)
def test_sent_again_it_is_whole(data: Path, way: Callable[[Path], None]) -> None:
    way(data / "articles.sqlite")
    archive = opened(data)
    assert archive.store.verify(60) == [ROTTEN]
    assert archive.store.put([whole()]).updated == [ROTTEN]
    bring_in_sync(archive)
    assert archive.store.get(ROTTEN) == whole()
    assert ROTTEN in {hit.article.id for hit in search(archive, ALL).hits}
    assert archive.store.verify(60) == []
    assert check(archive) == []
    archive.close()


def test_verification_goes_on_where_it_stopped_and_tells_once(damaged: Path, caplog: pytest.LogCaptureFixture) -> None:
    archive = opened(damaged)
    archive.store.put([Article(id=f"b{number}", body="cam") for number in range(50)])
    with caplog.at_level(logging.ERROR):
        rounds = [archive.store.verify(0) for _ in range(9)]
    assert [ROTTEN] in rounds
    assert rounds[-1] == [ROTTEN]
    assert [record.getMessage().partition(" in the store")[0] for record in caplog.records] == [NAMED]
    archive.close()


def test_verification_forgets_what_was_mended_elsewhere(data: Path) -> None:
    other_letters(data / "articles.sqlite")
    archive, other = opened(data), opened(data)
    assert archive.store.verify(60) == [ROTTEN]
    other.store.put([whole()])
    assert archive.store.verify(0) == []
    other.close()
    archive.close()


def test_articles_of_an_earlier_store_are_verified_too(data: Path) -> None:
    connection = sqlite3.connect(data / "articles.sqlite")
    connection.execute("ALTER TABLE articles DROP COLUMN digest")
    connection.execute("ALTER TABLE tasks DROP COLUMN filters")
    connection.execute("PRAGMA user_version = 3")
    connection.commit()
    connection.close()
    store = SqliteArticleStore(data / "articles.sqlite")
    assert store.verify() == []
    assert store.get(ROTTEN) == whole()
    store.close()
    other_letters(data / "articles.sqlite")
    store = SqliteArticleStore(data / "articles.sqlite")
    assert store.verify() == [ROTTEN]
    assert {article.id for article in store.articles(lambda _: None)} == OTHERS
    store.close()


def test_server_says_so_for_it_and_answers_for_the_rest(serve: Callable[..., Server], damaged: Path) -> None:
    server = serve(damaged)
    html = {"Accept": "text/html"}
    for path in ("/api/v1/articles/tin/h%E1%BB%8Fng", "/api/v1/articles/tin/h%E1%BB%8Fng/similar"):
        refused = server.request("GET", path)
        assert (refused.status, refused.headers["Content-Type"]) == (503, "application/problem+json")
        assert NAMED in refused.json["detail"]
        assert "send it again, or restore it from a backup" in refused.json["detail"]
        assert int(refused.headers["Retry-After"]) > 0
    page = server.request("GET", "/articles/tin/h%E1%BB%8Fng", **html)
    assert (page.status, "backup" in page.body.decode()) == (503, True)
    answer = server.search('"bưởi da xanh"', size=50, collapse="false")
    assert ({hit["id"] for hit in answer["hits"]}, answer["total"]) == (OTHERS, len(OTHERS) + 1)
    assert [(note["code"], note["text"]) for note in answer["query"]["notes"]] == [("damaged_article", ROTTEN)]
    query = "q=b%C6%B0%E1%BB%9Fi"
    for path in (f"/?{query}", f"/feed.atom?{query}", "/articles/a1", "/api/v1/articles/a1/similar"):
        assert server.request("GET", path, **html).status == 200
    assert server.write("PUT", "/api/v1/articles/new?wait=true", {"body": "bưởi da xanh"}).json["searchable"]
    assert server.stop() == 0
    assert "Traceback" not in (damaged.parent / "server.log").read_text("utf-8")
