"""A server says whether it can do all it is for, and while it cannot do one thing, it goes on with the others."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.article import Article
from index.errors import DiskFullError, StoreError
from index.processes import processors
from index.store.articles import SqliteArticleStore
from search.archive import Archive, ArchiveConfig, open_archive
from search.runtime.index_follower import IndexFollower, bring_in_sync
from tests.archives import check
from tests.conftest import Reply, Server
from tests.damage import articles, checkpointed, found
from tests.processes import PROC, start, wait_for
from tests.serving.family import ask, connected_to, needs_proc, serving, wait_for_others
from tests.skips import NO_SMALL_DISK

QUERY = "q=b%C6%B0%E1%BB%9Fi"
READS = [f"/api/v1/search?{QUERY}", "/api/v1/articles/a2", f"/?{QUERY}", "/articles/a2", "/metrics"]


def ready_as(server: Server, status: int) -> Reply:
    """Wait until /readyz answers with ``status``."""
    deadline = time.monotonic() + 120
    while (ready := server.request("GET", "/readyz")).status != status:
        assert time.monotonic() < deadline, ready.body
        time.sleep(0.1)
    return ready


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """A server with twenty articles."""
    server = serve()
    rows = [article.model_dump() for article in articles(20)]
    assert server.write("POST", "/api/v1/articles?wait=true", rows).json["searchable"]
    ready_as(server, 200)
    if PROC.is_dir():  # one that has not opened the archive yet would say that, and not what is wrong later
        wait_for(lambda: len(serving(server)) == min(processors(), 4))
        for process in serving(server):
            with connected_to(server, process) as connection:
                wait_for(lambda connection=connection: ask(connection, "/readyz").status == 200)  # type: ignore[misc]
    return server


def writes(server: Server) -> list[Reply]:
    return [
        server.write("PUT", "/api/v1/articles/new", {"body": "bưởi"}),
        server.write("POST", "/api/v1/articles", [{"id": "new", "body": "bưởi"}]),
        server.write("DELETE", "/api/v1/articles/a3"),
        server.write("POST", "/api/v1/reindex"),
    ]


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{NO_SMALL_DISK}: make test as root, where mounting is allowed")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


LOCK_WRITERS = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(600)
"""
LOCK_READERS_TOO = """
import fcntl, sys, time
file = open(sys.argv[1] + "-shm", "r+b")
while True:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 8, 120)
        break
    except OSError:
        time.sleep(0.001)
print("locked", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(("lock", "reads"), [(LOCK_WRITERS, 200), (LOCK_READERS_TOO, 503)], ids=["writers", "all"])
def test_locked_store_refuses_with_a_time_to_come_again(server: Server, lock: str, reads: int) -> None:
    locker = start([sys.executable, "-c", lock, str(server.data / "articles.sqlite")], stdout=subprocess.PIPE)
    assert locker.stdout is not None
    assert locker.stdout.readline() == b"locked\n"
    refused = [ready_as(server, 503), *writes(server)[: 4 if reads == 200 else 1]]
    answers = [server.request("GET", path) for path in READS[: 5 if reads == 200 else 2]]
    assert {answer.status for answer in answers} == {reads}
    for answer in refused + (answers if reads == 503 else []):
        assert answer.status == 503
        assert "cannot be used now" in answer.json["detail"]
        assert int(answer.headers["Retry-After"]) > 0
    assert server.request("GET", "/healthz").status == 200
    locker.kill()
    locker.wait()
    ready_as(server, 200)
    assert server.write("PUT", "/api/v1/articles/new?wait=true", {"body": "bưởi"}).json["searchable"]
    assert server.stop() == 0
    assert "Traceback" not in (server.data.parent / "server.log").read_text("utf-8")


def test_store_cut_short_is_not_ready(server: Server) -> None:
    store = server.data / "articles.sqlite"
    checkpointed(store)
    time.sleep(2.5)  # so that the server has looked at the whole file
    ready_as(server, 200)
    os.truncate(store, 4096)
    assert "is damaged" in ready_as(server, 503).json["detail"]


def test_replaced_and_removed_stores_are_not_ready(server: Server, tmp_path: Path) -> None:
    store = server.data / "articles.sqlite"
    shutil.copy(store, tmp_path / "other")
    (tmp_path / "other").rename(store)
    assert "was replaced or removed" in ready_as(server, 503).json["detail"]
    store.unlink()
    assert "was replaced or removed" in ready_as(server, 503).json["detail"]
    metrics = server.request("GET", "/metrics")
    assert metrics.status == 200
    assert b"timtin_requests_total" in metrics.body
    assert b"timtin_articles" not in metrics.body


@needs_proc
def test_data_folder_that_is_gone_is_not_made_anew(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMTIN_LIMITS_WAITING_SECONDS", "2")
    server = serve(None, "--workers", "2")
    assert server.write("PUT", "/api/v1/articles/a?wait=true", {"body": "bưởi"}).json["searchable"]
    server.data.rename(tmp_path / "away")
    for process in serving(server):
        os.kill(process, signal.SIGKILL)
        wait_for_others(server, process)
    log = tmp_path / "server.log"
    wait_for(lambda: "is gone" in log.read_text("utf-8"))
    assert {server.request("GET", path).status for path in (*READS, "/readyz")} == {503}
    assert not server.data.exists()
    (tmp_path / "away").rename(server.data)
    ready_as(server, 200)
    assert server.search("bưởi")["total"] == 1


def test_followers_do_not_make_a_data_folder_that_is_gone_anew(archive: Archive) -> None:
    home = archive.home
    home.rename(home.with_name("away"))
    follower = IndexFollower(archive)
    assert not follower._lead()
    assert not home.exists()
    home.with_name("away").rename(home)
    assert follower._lead()
    follower._leadership.give_up()


def test_follower_that_could_not_begin_tries_again(archive: Archive) -> None:
    tried = []

    def leading(*_: object) -> list[threading.Thread]:
        tried.append(1)
        if len(tried) == 1:
            raise RuntimeError("can't start new thread")
        return []

    follower = IndexFollower(archive, leading=leading)
    archive.store.put(articles(3))
    follower.start()
    assert follower.wait_until_searchable(archive.store.last_seq(), 30)
    follower.stop()
    assert len(tried) == 2


def test_follower_stops_what_it_has_started(archive: Archive) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def work(stop: threading.Event) -> None:
        at_work.set()
        stop.wait()
        go_on.wait()

    def leading(_: Archive, stop: threading.Event) -> list[threading.Thread]:
        thread = threading.Thread(target=work, args=[stop])
        thread.start()
        return [thread]

    follower = IndexFollower(archive, leading=leading)
    follower.start()
    assert at_work.wait(30)
    assert not follower.stop(0.1)  # it would close the archive under the thread
    go_on.set()
    assert follower.stop()


@needs_proc
def test_process_that_cannot_begin_tries_again(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMTIN_LIMITS_WAITING_SECONDS", "2")
    server = serve(None, "--workers", "1")
    key = (server.data / "api-key").read_bytes()
    (server.data / "api-key").write_bytes(b"")
    [process] = serving(server)
    os.kill(process, signal.SIGKILL)
    wait_for(lambda: "api-key is empty" in (tmp_path / "server.log").read_text("utf-8"))
    assert server.request("GET", "/readyz").status == 503
    (server.data / "api-key").write_bytes(key)
    ready_as(server, 200)
    assert server.write("PUT", "/api/v1/articles/a", {"body": "bưởi"}).status == 201


def test_read_only_disk_is_not_ready(server: Server, tmp_path: Path) -> None:
    frozen = tmp_path / "frozen"
    frozen.mkdir()
    with mounted(frozen, "--bind", str(server.data)):  # the server has no file open there, which would forbid it
        subprocess.run(["mount", "-o", "remount,ro,bind", str(frozen)], check=True)
        subprocess.run(["mount", "--bind", str(frozen), str(server.data)], check=True)
        try:
            assert "read-only" in ready_as(server, 503).json["detail"]
            large = server.write("PUT", "/api/v1/articles/new", {"body": "bưởi " * 400_000})  # its body needs a file
            assert (large.status, "cannot take the body" in large.json["detail"]) == (503, True)
            assert server.request("GET", "/metrics").status == 200
        finally:
            subprocess.run(["umount", "--lazy", str(server.data)], check=True)
    ready_as(server, 200)


def test_index_that_cannot_be_opened_is_a_problem(archive: Archive) -> None:
    archive.store.put(articles(20))
    bring_in_sync(archive)
    assert archive.problem() is None
    for path in (archive.home / "indexes").rglob("*.inv"):
        path.unlink()
    other = open_archive(ArchiveConfig(archive.home))
    assert "index" in (other.problem() or "")
    bring_in_sync(other)
    assert other.problem() is None
    other.close()


def test_articles_not_yet_indexed_are_a_problem(archive: Archive) -> None:
    bring_in_sync(archive)
    assert archive.problem() is None
    archive.store.put([Article(id="a", body="bưởi")])
    assert "applying changes" in (archive.problem() or "")
    bring_in_sync(archive)
    assert archive.problem() is None


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", "size=40m", "tmpfs"):
        yield place


def fill(disk: Path, leave: int) -> Path:
    """Fill the disk but for ``leave`` bytes; return the file that does."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - leave))
    return ballast


def test_articles_leave_room_on_the_disk_for_the_index(disk: Path) -> None:
    archive = open_archive(ArchiveConfig(disk / "data", free_disk_mb=20))
    archive.store.put(articles(20))
    ballast = fill(disk, leave=19_000_000)
    with pytest.raises(DiskFullError, match="less than 20 MB free, which are kept for the index"):
        archive.store.put(articles(1, "b"))
    assert "less than 20 MB free" in (archive.problem() or "")
    bring_in_sync(archive)
    assert len(found(archive)) == 20
    assert archive.store.delete(["a0"]).deleted == ["a0"]
    bring_in_sync(archive)
    assert archive.store.get("a1") is not None
    ballast.unlink()
    archive.store.put(articles(1, "b"))
    bring_in_sync(archive)
    assert archive.problem() is None
    assert check(archive) == []
    archive.close()


def test_server_refuses_articles_while_the_disk_is_nearly_full(
    serve: Callable[..., Server], disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMTIN_LIMITS_FREE_DISK_MB", "20")
    server = serve(disk / "data")
    assert server.write("PUT", "/api/v1/articles/a2?wait=true", {"body": "bưởi da xanh"}).json["searchable"]
    ballast = fill(disk, leave=19_000_000)
    for answer in writes(server)[:2]:
        assert (answer.status, answer.json["title"]) == (507, "Insufficient Storage")
        assert "Free some space" in answer.json["detail"]
    assert "less than 20 MB free" in ready_as(server, 503).json["detail"]
    assert {server.request("GET", path).status for path in READS} == {200}
    ballast.unlink()
    ready_as(server, 200)
    assert server.write("PUT", "/api/v1/articles/new?wait=true", {"body": "bưởi"}).json["searchable"]
    assert server.stop() == 0


def test_store_locked_when_it_is_opened_says_so(tmp_path: Path) -> None:
    SqliteArticleStore(tmp_path / "articles.sqlite").close()
    holder = sqlite3.connect(tmp_path / "articles.sqlite", isolation_level=None)
    holder.execute("PRAGMA journal_mode = DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="database is locked"):
        SqliteArticleStore(tmp_path / "articles.sqlite", patience=0.1)
    holder.close()
