"""A followed folder: files are read when they have come to rest, once, and again when they change."""

from __future__ import annotations

import fcntl
import gzip
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import index.reading.folder_scan
import index.reading.watching
from index.reading.files import Remark, shown
from index.reading.ingest import Summary, ingest
from index.reading.stability import (
    OPEN_SECONDS,
    QUIET_SECONDS,
    REMARK_SECONDS,
    Looks,
    is_open_for_writing,
    remote_devices,
)
from index.reading.watching import watch_folder
from search.engines.embedded.engine import EmbeddedEngine

on_linux = pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="only Linux tells who has a file open")


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
def watched(engine: EmbeddedEngine, folder: Path) -> Iterator[Path]:
    """The folder, followed in another thread."""
    stop = threading.Event()
    thread = threading.Thread(target=watch_folder, args=(folder, engine.store, engine.indexer, stop))
    thread.start()
    yield folder
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def bodies(engine: EmbeddedEngine) -> dict[str, str]:
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
        monkeypatch.setattr("index.reading.stability.time", self)

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


@on_linux
def test_file_is_wanted_at_once_when_nobody_writes_to_it(tmp_path: Path) -> None:
    looks, path = Looks(), tmp_path / "a"
    with path.open("w") as file:
        file.write("half")
        file.flush()
        with path.open():
            assert is_open_for_writing(str(path)) is True
            assert not looks.wants(str(path), path.stat(), is_stored=False)
        assert looks.open == {str(path)}
        assert looks.waiting == 0
        assert not looks.has_closed()
        file.write(" and the rest")
    assert looks.has_closed()
    with path.open():
        assert is_open_for_writing(str(path)) is False
        assert looks.wants(str(path), path.stat(), is_stored=False)
    assert is_open_for_writing(str(tmp_path / "none")) is None


@on_linux
def test_writer_is_known_of_a_file_whose_name_is_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe1.txt"))
    with path.open("w"):
        assert is_open_for_writing(shown(path)) is True
    assert is_open_for_writing(shown(path)) is False


@on_linux
def test_file_that_is_held_open_is_wanted_once_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks, path = Clock(monkeypatch), Looks(), tmp_path / "a"

    def wanted(after: float) -> bool:
        clock.now += after
        looks.begin()
        return looks.wants(str(path), path.stat(), is_stored=True)

    with path.open("w") as file:
        os.utime(path, (0, 0))
        assert not wanted(0)
        for _ in range(2):
            file.write("a line and half of the ne")
            file.flush()
            assert not wanted(0)
            assert not wanted(QUIET_SECONDS + 1)
            file.write("xt")
            file.flush()
            assert not wanted(OPEN_SECONDS - QUIET_SECONDS - 2)
            assert wanted(2)
            assert not wanted(2 * OPEN_SECONDS)
        assert looks.open == set()
        file.write(" line")
    assert wanted(0)


@on_linux
def test_other_file_of_the_same_name_is_waited_for_as_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks, path = Clock(monkeypatch), Looks(), tmp_path / "a"
    with path.open("w"):
        assert not looks.wants(str(path), path.stat(), is_stored=False)
        clock.now += OPEN_SECONDS + 1
        with (tmp_path / "b").open("w"):
            (tmp_path / "b").rename(path)
            assert not looks.wants(str(path), path.stat(), is_stored=False)


def test_leases_of_network_drives_are_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks, path = Clock(monkeypatch), Looks(), tmp_path / "a"
    monkeypatch.setattr("index.reading.stability.remote_devices", lambda: frozenset({path.stat().st_dev}))
    with path.open("w"):
        looks.begin()
        assert not looks.wants(str(path), path.stat(), is_stored=False)
        assert (looks.waiting, looks.open) == (1, set())
        clock.now += QUIET_SECONDS + 1
        assert looks.wants(str(path), path.stat(), is_stored=False)
    os.utime(path, (clock.now, clock.now))
    assert not looks.wants(str(path), path.stat(), is_stored=False)


def test_network_drives_are_told_from_local_ones(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(
        "26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        "36 26 0:45 / /mnt/a\\040b rw,relatime shared:7 master:2 - nfs4 server:/a rw,vers=4.2\n"
        "37 26 0:46 / /mnt/c rw - fuse.sshfs user@host: rw\n"
        "38 26 8:17 / /mnt/d rw - fuseblk /dev/sdb1 rw\n"
    )
    assert remote_devices(tmp_path / "mountinfo") == {os.makedev(0, 45), os.makedev(0, 46)}
    assert remote_devices(tmp_path / "none") == set()


@on_linux
def test_file_that_is_long_open_is_named(engine: EmbeddedEngine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks = Clock(monkeypatch), Looks()
    said: list[Remark] = []
    with (folder / "a.txt").open("w"):
        for _ in range(2):
            assert said == []
            ingest([str(folder)], engine.store, engine.indexer, looks=looks, on_remark=said.append)
            clock.now += REMARK_SECONDS + 1
    assert [(remark.where, "open for writing" in remark.why) for remark in said] == [(str(folder / "a.txt"), True)]


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


def test_looking_again_reads_no_bytes(engine: EmbeddedEngine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        os.utime(write(folder / f"{name}.txt", name), (0, 0))
    opened: list[str] = []
    real = index.reading.folder_scan.read_document
    monkeypatch.setattr(index.reading.folder_scan, "read_document", lambda path: opened.append(path.name) or real(path))
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


@on_linux
def test_half_written_file_becomes_one_article_when_it_is_whole(
    engine: EmbeddedEngine, watched: Path, monkeypatch: pytest.MonkeyPatch
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
            time.sleep(QUIET_SECONDS + 1.5 if part == 3 else QUIET_SECONDS / 10)
    wait_for(lambda: len(puts) >= 2)
    assert sorted(body.count("Bài ") for body in puts) == [2, 8]


@on_linux
def test_folder_is_not_looked_through_for_what_is_still_being_written(
    engine: EmbeddedEngine, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Looks] = []

    def look(*arguments: Any, looks: Looks, **more: Any) -> Summary:
        summary = ingest(*arguments, looks=looks, **more)
        looked.append(looks)
        return summary

    monkeypatch.setattr(index.reading.watching, "ingest", look)
    for name in ("a", "b"):  # the first is found at the start or at the watch's beginning, the second after that
        write(watched / f"{name}.txt", name)
        wait_for(lambda name=name: name in bodies(engine))
    with (watched / "c.txt").open("w", encoding="utf-8") as file:
        wait_for(lambda: looked[-1].open == {str(watched / "c.txt")})
        before = len(looked)
        for part in range(6):
            file.write(text(f"phần{part}"))
            file.flush()
            time.sleep(0.5)
        assert len(looked) <= before + 1  # what was told of the second file may come late
    wait_for(lambda: "c" in bodies(engine))


def test_saving_and_renaming_keep_the_article(engine: EmbeddedEngine, watched: Path) -> None:
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
