"""A watched folder: files are read when they have come to rest, once, and again when they change."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import index.reading.folder_scan
import index.reading.watching
from index.errors import DiskFullError
from index.reading.ingest import Summary, ingest
from index.reading.stability import OPEN_SECONDS, QUIET_SECONDS, Stability
from index.reading.watching import watch_folder
from index.store.articles import WriteResult
from search.archive import Archive

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells when a file is closed: make test on Linux"
)


def text(name: str) -> str:
    return f"Bài {name} nói về bún bò Huế, ai ăn rồi cũng muốn quay lại ăn thêm lần nữa."


def write(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(name), "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def watched(archive: Archive, folder: Path) -> Iterator[Path]:
    """The folder, watched in another thread."""
    stop = threading.Event()
    thread = threading.Thread(target=watch_folder, args=(folder, archive.store, archive.engine, stop))
    thread.start()
    yield folder
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def bodies(archive: Archive) -> dict[str, str]:
    return {article.id: article.body.split()[1] for article in archive.store.articles()}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Clock:
    """A clock that the test moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.time() + 60
        monkeypatch.setattr("index.reading.stability.time", self)

    def time(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return int(self.now * 1e9)

    monotonic = time


class File:
    """A file that is written to at the time of the clock, of which ``stability`` is told or not."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path, self.clock, self.stability = path, clock, Stability()
        clock.now += 1

    def write(self, text: str, *, told: bool) -> None:
        self.path.write_text(text)
        os.utime(self.path, (self.clock.now, self.clock.now))
        if told:
            self.stability.note_modified(str(self.path))

    def is_wanted(self, *, is_stored: bool = True) -> bool:
        return self.stability.wants(str(self.path), self.path.stat(), is_stored)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> File:
    return File(tmp_path / "a", Clock(monkeypatch))


def test_file_of_which_nothing_is_told_is_wanted_when_it_has_come_to_rest(file: File) -> None:
    file.write("half", told=False)
    assert not file.is_wanted()
    assert file.stability.waiting
    file.clock.now += QUIET_SECONDS - 0.5
    file.write("half and more", told=False)
    assert not file.is_wanted()
    file.clock.now += QUIET_SECONDS + 0.5
    assert file.is_wanted()
    assert not file.is_wanted()
    os.utime(file.path, (file.clock.now + 3600, file.clock.now + 3600))  # by the clock of a file server
    assert file.is_wanted()


def test_file_is_wanted_as_soon_as_it_is_closed_and_not_before(file: File) -> None:
    file.write("half", told=True)
    file.clock.now += QUIET_SECONDS + 1
    assert not file.is_wanted()
    assert not file.stability.waiting
    file.write("all", told=True)
    file.stability.note_closed(str(file.path))
    assert file.is_wanted()
    assert not file.is_wanted()


@pytest.mark.parametrize("seconds", [0, 5, -3600])
def test_file_whose_mode_or_times_are_set_after_it_was_closed_is_wanted(file: File, seconds: int) -> None:
    file.write("all", told=True)
    file.stability.note_closed(str(file.path))
    os.utime(file.path, (file.clock.now + seconds, file.clock.now + seconds))
    file.stability.note_modified(str(file.path))
    assert file.is_wanted()


def test_file_renamed_while_it_is_written_is_not_wanted_before_it_is_closed(file: File) -> None:
    file.write("half", told=True)
    old = file.path
    file.path = old.rename(old.with_name("b"))
    file.stability.note_moved(str(old), str(file.path))
    file.clock.now += QUIET_SECONDS + 1
    assert not file.is_wanted()
    file.stability.note_closed(str(file.path))
    assert file.is_wanted()
    old = file.path
    file.path = old.rename(old.with_name("c"))
    file.stability.note_moved(str(old), str(file.path))
    assert file.is_wanted()


def test_file_that_was_there_before_is_wanted_when_its_mode_is_set(file: File) -> None:
    file.path.write_text("all")
    os.utime(file.path, (0, 0))
    file.stability.note_modified(str(file.path))
    assert file.is_wanted()


def test_file_that_is_never_closed_is_wanted_in_the_end(file: File) -> None:
    file.write("half", told=True)
    file.clock.now += OPEN_SECONDS - 1
    file.write("half and more", told=True)
    assert not file.is_wanted()
    file.clock.now += QUIET_SECONDS
    assert file.is_wanted()


def test_file_is_wanted_again_where_it_failed_or_its_articles_went(file: File) -> None:
    file.write("x", told=False)
    file.clock.now += 60
    assert file.is_wanted(is_stored=False)
    assert not file.is_wanted(is_stored=True)
    assert file.is_wanted(is_stored=False)
    file.stability.note_failed([str(file.path), "unknown"])
    assert not file.is_wanted(is_stored=False)
    file.clock.now += 601
    assert file.is_wanted(is_stored=False)


def test_where_the_system_does_not_tell_of_closing_a_file_is_read_when_it_has_come_to_rest(
    archive: Archive, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reading.watching.REPORTS_CLOSING", False)
    monkeypatch.setattr("index.reading.watching._Events.on_closed", lambda *_: None)
    write(watched / "a.txt", "a")
    wait_for(lambda: bodies(archive) == {"a": "a"})


def test_looking_again_reads_no_bytes(archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        os.utime(write(folder / f"{name}.txt", name), (0, 0))
    opened: list[str] = []
    real = index.reading.folder_scan.read_document
    monkeypatch.setattr(index.reading.folder_scan, "read_document", lambda path: opened.append(path.name) or real(path))
    stability = Stability()

    def look() -> Summary:
        return ingest([str(folder)], archive.store, archive.engine, stability=stability)

    assert look().added == 3
    opened.clear()
    assert look().unchanged == 3
    assert opened == []
    os.utime(write(folder / "b.txt", "b2"), (0, 0))
    archive.store.delete(["c"])
    summary = look()
    assert (summary.added, summary.updated, summary.unchanged) == (1, 1, 1)
    assert set(opened) == {"b.txt", "c.txt"}


@on_linux
def test_half_written_file_becomes_one_article_when_it_is_whole(
    archive: Archive, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts: list[str] = []
    real = archive.store.put
    monkeypatch.setattr(
        archive.store, "put", lambda articles, *a: puts.extend(x.body for x in articles) or real(articles, *a)
    )
    write(watched / "sẵn sàng.txt", "sẵn")  # once it is read, the folder is watched
    wait_for(lambda: len(puts) == 1)
    packed = gzip.compress((text("nén") + " " + text("cuối")).encode())
    with (watched / "a.txt").open("wb") as plain, (watched / "b.txt.gz").open("wb") as half:
        for part in range(8):
            plain.write(text(f"phần{part}").encode() + b" ")
            half.write(packed[part * len(packed) // 8 : (part + 1) * len(packed) // 8])
            plain.flush()
            half.flush()
            time.sleep(QUIET_SECONDS + 1.5 if part == 3 else QUIET_SECONDS / 10)
    wait_for(lambda: len(puts) >= 3)
    assert sorted(body.count("Bài ") for body in puts) == [1, 2, 8]


@on_linux
def test_folder_is_not_looked_through_for_what_is_still_being_written(
    archive: Archive, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []

    def look(*arguments: Any, **more: Any) -> Summary:
        looked.append(time.monotonic())
        return ingest(*arguments, **more)

    write(watched / "a.txt", "a")
    wait_for(lambda: "a" in bodies(archive))
    with (watched / "c.txt").open("w", encoding="utf-8") as file:
        file.write(text("phần"))
        file.flush()
        time.sleep(QUIET_SECONDS)  # the folder was looked at for the new file
        monkeypatch.setattr(index.reading.watching, "ingest", look)
        for part in range(6):
            file.write(text(f"phần{part}"))
            file.flush()
            time.sleep(0.5)
        assert len(looked) <= 1
    wait_for(lambda: "c" in bodies(archive))


def test_file_that_could_not_be_stored_is_read_again(
    archive: Archive, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(watched / "a.txt", "một")
    wait_for(lambda: bodies(archive) == {"a": "một"})
    real, refused = archive.store.put, []

    def put(*arguments: Any) -> WriteResult:
        if len(refused) < 2:
            refused.append(1)
            raise DiskFullError("the disk is full")
        return real(*arguments)

    monkeypatch.setattr(archive.store, "put", put)
    monkeypatch.setattr("index.reading.watching._SCAN_SECONDS", 0.5)
    write(watched / "a.txt", "hai")
    write(watched / "b.txt", "ba")
    wait_for(lambda: bodies(archive) == {"a": "hai", "b": "ba"})


def test_saving_and_renaming_keep_the_article(archive: Archive, watched: Path) -> None:
    write(watched / "a.txt", "một")
    wait_for(lambda: bodies(archive) == {"a": "một"})
    write(watched / "a.txt.tmp", "hai").rename(watched / "a.txt")
    wait_for(lambda: bodies(archive) == {"a": "hai"})
    (watched / "a.txt").rename(watched / "b.txt")
    write(watched / "c.txt", "ba")
    wait_for(lambda: len(bodies(archive)) == 2)
    assert bodies(archive) == {"a": "hai", "c": "ba"}
    write(watched / "b.txt", "bốn")
    wait_for(lambda: bodies(archive) == {"a": "bốn", "c": "ba"})


def test_folders_that_are_made_moved_in_or_renamed_are_watched(archive: Archive, watched: Path, tmp_path: Path) -> None:
    write(watched / "x/y/z/a.txt", "một")
    wait_for(lambda: bodies(archive) == {"x/y/z/a": "một"})
    write(watched / "x/y/z/b.txt", "hai")
    wait_for(lambda: bodies(archive).keys() == {"x/y/z/a", "x/y/z/b"})
    write(tmp_path / "elsewhere/c.txt", "ba")
    (tmp_path / "elsewhere").rename(watched / "in")
    wait_for(lambda: "in/c" in bodies(archive))
    (watched / "in").rename(watched / "out")
    write(watched / "out/d.txt", "bốn")
    wait_for(lambda: bodies(archive) == {"x/y/z/a": "một", "x/y/z/b": "hai", "in/c": "ba", "out/d": "bốn"})


@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_folder_that_goes_away_is_waited_for_and_watched_anew(
    archive: Archive, watched: Path, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(watched / "a.txt", "một")
    wait_for(lambda: bodies(archive) == {"a": "một"})
    if how == "removed":
        shutil.rmtree(watched)
    else:
        watched.rename(tmp_path / "other")
    wait_for(lambda: "is not there; waiting for it" in caplog.text)
    watched.mkdir()
    write(watched / "b.txt", "hai")
    wait_for(lambda: bodies(archive) == {"a": "một", "b": "hai"})
    write(watched / "c.txt", "ba")
    wait_for(lambda: bodies(archive) == {"a": "một", "b": "hai", "c": "ba"})


def test_folder_of_which_the_system_tells_nothing_is_looked_through_now_and_then(
    archive: Archive,
    folder: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Refusing:
        def __init__(self, *_: Any, **__: Any) -> None:
            raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("watchdog.observers.inotify.InotifyEmitter.on_thread_start", Refusing)
    monkeypatch.setattr("index.reading.watching._SCAN_SECONDS", 0.5)
    watched = request.getfixturevalue("watched")
    wait_for(lambda: "are found only once a minute: [Errno 28] inotify watch limit reached" in caplog.text)
    os.utime(write(watched / "a.txt", "một"), (0, 0))
    wait_for(lambda: bodies(archive) == {"a": "một"})
