"""A followed folder: files are read when they have come to rest, once, and again when they change."""

from __future__ import annotations

import fcntl
import gzip
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import index.reading.changes
from index.reading.ingest import ingest
from index.reading.settling import QUIET_SECONDS, Looks, is_closed
from index.reading.watching import watch_folder
from search.whoosh_engine import WhooshEngine


def text(name: str) -> str:
    return f"Bài {name} nói về bún bò Huế, ai ăn rồi cũng muốn quay lại ăn thêm lần nữa."


def write(path: Path, name: str) -> Path:
    path.write_text(text(name), "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def watched(engine: WhooshEngine, folder: Path) -> Iterator[Path]:
    """The folder, followed in another thread."""
    stop = threading.Event()
    thread = threading.Thread(target=watch_folder, args=(folder, engine.store, engine.indexer, stop))
    thread.start()
    yield folder
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def bodies(engine: WhooshEngine) -> dict[str, str]:
    return {article.id: article.body.split()[1] for article in engine.store.articles()}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Clock:
    """A clock that the test moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.time()
        monkeypatch.setattr("index.reading.settling.time", self)

    def time(self) -> float:
        return self.now

    monotonic = time


def test_file_is_wanted_when_it_has_come_to_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks, path = Clock(monkeypatch), Looks(), tmp_path / "a"

    def wanted(modified: float | None = None) -> bool:
        if modified is not None:
            os.utime(path, (modified, modified))
        looks.begin()
        answer = looks.wants("a", path.stat(), is_stored=True)
        return answer and looks.waiting == 0

    path.write_text("half")
    assert not wanted(clock.now)
    assert looks.waiting == 1
    clock.now += QUIET_SECONDS - 0.5
    path.write_text("half and more")
    assert not wanted(clock.now)
    clock.now += QUIET_SECONDS - 0.5
    assert not wanted()
    clock.now += 1
    assert wanted()
    assert not wanted()
    assert looks.waiting == 0
    path.write_text("all of it, from a server whose clock is ahead")
    assert not wanted(clock.now + 3600)
    clock.now += QUIET_SECONDS + 0.1
    assert wanted()


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="only Linux tells who has a file open")
def test_file_is_wanted_at_once_when_nobody_writes_to_it(tmp_path: Path) -> None:
    looks, path = Looks(), tmp_path / "a"
    with path.open("w") as file:
        file.write("half")
        file.flush()
        with path.open():
            assert not is_closed(str(path))
            assert not looks.wants(str(path), path.stat(), is_stored=False)
        assert looks.waiting == 1
        file.write(" and the rest")
    with path.open():
        assert is_closed(str(path))
        assert looks.wants(str(path), path.stat(), is_stored=False)
    assert not is_closed(str(tmp_path / "none"))


def test_file_is_wanted_again_where_it_failed_or_its_articles_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, looks, path = Clock(monkeypatch), Looks(), tmp_path / "a"
    path.write_text("x")
    clock.now += 60
    status = path.stat()
    assert looks.wants("a", status, is_stored=False)
    assert not looks.wants("a", status, is_stored=True)
    assert looks.wants("a", status, is_stored=False)
    looks.failed(["a", "unknown"])
    assert not looks.wants("a", status, is_stored=False)
    clock.now += 601
    assert looks.wants("a", status, is_stored=False)


def test_looking_again_reads_no_bytes(engine: WhooshEngine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        os.utime(write(folder / f"{name}.txt", name), (0, 0))
    opened: list[str] = []
    real = index.reading.changes.read_document
    monkeypatch.setattr(index.reading.changes, "read_document", lambda path: opened.append(path.name) or real(path))
    looks = Looks()
    assert ingest([str(folder)], engine.store, engine.indexer, looks=looks).added == 3
    opened.clear()
    assert ingest([str(folder)], engine.store, engine.indexer, looks=looks).unchanged == 3
    assert opened == []
    os.utime(write(folder / "b.txt", "b2"), (0, 0))
    engine.delete(["c"])
    summary = ingest([str(folder)], engine.store, engine.indexer, looks=looks)
    assert (summary.added, summary.updated, summary.unchanged) == (1, 1, 1)
    assert set(opened) == {"b.txt", "c.txt"}


def test_half_written_file_becomes_one_article_when_it_is_whole(
    engine: WhooshEngine, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts: list[str] = []
    real = engine.store.put
    monkeypatch.setattr(
        engine.store, "put", lambda articles, *a: puts.extend(x.body for x in articles) or real(articles, *a)
    )
    packed = gzip.compress((text("nén") + " " + text("cuối")).encode())
    with (watched / "a.txt").open("wb") as plain, (watched / "b.txt.gz").open("wb") as half:
        for part in range(8):
            plain.write(text(f"phần{part}").encode() + b" ")
            half.write(packed[part * len(packed) // 8 : (part + 1) * len(packed) // 8])
            plain.flush()
            half.flush()
            time.sleep(QUIET_SECONDS / 5)
    wait_for(lambda: len(puts) >= 2)
    assert sorted(body.count("Bài ") for body in puts) == [2, 8]


def test_saving_and_renaming_keep_the_article(engine: WhooshEngine, watched: Path) -> None:
    write(watched / "a.txt", "một")
    wait_for(lambda: bodies(engine) == {"a": "một"})
    write(watched / "a.txt.tmp", "hai").rename(watched / "a.txt")
    wait_for(lambda: bodies(engine) == {"a": "hai"})
    (watched / "a.txt").rename(watched / "b.txt")
    write(watched / "c.txt", "ba")
    wait_for(lambda: len(bodies(engine)) == 2)
    assert bodies(engine) == {"a": "hai", "c": "ba"}
    write(watched / "b.txt", "bốn")
    wait_for(lambda: bodies(engine) == {"a": "bốn", "c": "ba"})
