"""Runs that meet another writer, take long or are stopped: what was read is kept, and it is said how far they came."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.serving import family
from index.article import Article
from index.directory.data_folder import open_data_folder
from index.processes import processors
from index.reading.import_run import Report
from index.reading.ingest import ImportOptions, ingest
from index.store.articles import SqliteArticleStore
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse
from tests.conftest import SEEDS
from tests.processes import PROC, start, wait_for
from tests.runtime.test_several_processes import hold_lock

REBUILDING = """
import sys, time
from pathlib import Path
from search.archive import ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync
archive = open_archive(ArchiveConfig(Path(sys.argv[1])))
with archive.engine.upkeep.exclusive("a long rebuild", wait=5):
    print("held", flush=True)
    for _ in range(600):
        bring_in_sync(archive, wait=0)
        time.sleep(0.05)
"""


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs apply the index after every batch, and a batch is two articles."""
    monkeypatch.setattr("index.reading.import_run._APPLY_SECONDS", -1)
    monkeypatch.setattr("index.reading.ingest._BATCH", 2)


def rows(path: Path, count: int) -> str:
    lines = (json.dumps({"id": f"{path.stem}{number}", "body": f"vú sữa số {number}"}) for number in range(count))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


@contextmanager
def rebuilding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the index to itself for half a minute and applies to it whatever the store has."""
    command = [sys.executable, "-c", REBUILDING, str(folder)]
    with start(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("eager")
def test_all_is_read_and_kept_while_another_process_has_the_index(archive: Archive, tmp_path: Path) -> None:
    path = rows(tmp_path / "many.jsonl", 9)
    with hold_lock(tmp_path / "data") as holder:
        summary = ingest([path], archive.store, archive.engine, ImportOptions(wait=0.2))
        holder.kill()
    assert (summary.added, summary.failures, summary.copies) == (9, 0, None)
    assert summary.unfinished is not None
    assert "a long import" in summary.unfinished
    assert "will be searchable" in summary.unfinished
    again = ingest([path], archive.store, archive.engine)
    assert (again.unchanged, again.copies, again.unfinished) == (9, 0, None)
    assert archive.engine.retrieve(Request(parse('"vú sữa"'))).total == 9


@pytest.mark.usefixtures("eager")
def test_waiting_ends_when_another_process_has_indexed_what_was_read(archive: Archive, tmp_path: Path) -> None:
    with rebuilding(tmp_path / "data") as holder:
        summary = ingest([rows(tmp_path / "many.jsonl", 9)], archive.store, archive.engine, ImportOptions(wait=600))
        assert holder.poll() is None
    assert (summary.added, summary.copies, summary.unfinished) == (9, 0, None)
    assert archive.engine.retrieve(Request(parse('"vú sữa"'))).total == 9


def test_rebuild_that_another_process_keeps_from_being_made_is_no_success(archive: Archive, tmp_path: Path) -> None:
    with rebuilding(tmp_path / "data"):
        summary = ingest(
            [rows(tmp_path / "a.jsonl", 1)], archive.store, archive.engine, ImportOptions(rebuild=True, wait=0.2)
        )
    assert summary.added == 1
    assert summary.unfinished is not None
    assert "was not rebuilt" in summary.unfinished


def test_command_prints_what_it_read_and_who_has_the_index(tmp_path: Path) -> None:
    data = open_data_folder(tmp_path / "data").path
    with hold_lock(data) as holder:
        command = [sys.executable, "-m", "web.cli", "index", str(SEEDS), "--data", str(data), "--wait", "0.2"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        holder.kill()
    assert done.returncode == 1
    assert re.match(r"5 added, .* 0 moved in ", done.stdout)
    assert f"timtin: process {holder.pid} (a long import, since " in done.stderr
    assert "Everything read is stored, and will be searchable" in done.stderr


def test_interrupted_command_says_what_it_did_and_that_it_can_go_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "web.cli", "index", "-", "--data", str(data)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start(command, text=True, **pipes) as process:
        process.stdin.write(Path(rows(tmp_path / "many.jsonl", 600)).read_text("utf-8"))
        process.stdin.flush()
        stored = SqliteArticleStore(open_data_folder(data).store)
        deadline = time.monotonic() + 60
        while stored.count() < 500:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 1
        said, complaints = process.stdout.read(), process.stderr.read()
    assert said.startswith("500 added, ")
    assert complaints == "timtin: the run was stopped; what was read so far is kept; run it again to continue\n"
    stored.database.close()


@pytest.mark.skipif(
    not PROC.is_dir() or processors() < 2,
    reason="no /proc, or one processor: make test on Linux with two",
)
def test_command_interrupted_while_its_workers_start_says_no_more_than_that(tmp_path: Path) -> None:
    path = rows(tmp_path / "many.jsonl", 600)
    command = [sys.executable, "-m", "web.cli", "index", path, "--data", str(tmp_path / "data")]
    indexing = start(command, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(family(indexing.pid)) >= 3)
    os.killpg(indexing.pid, signal.SIGINT)
    _, told = indexing.communicate(timeout=60)
    assert indexing.returncode == 1
    assert told.count("\n") == 1
    assert told.startswith("timtin: the run was stopped")


@pytest.mark.usefixtures("eager")
def test_log_counts_what_was_read_and_indexed_within_one_file(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("index.reading.import_run._LOG_SECONDS", -1)
    caplog.set_level("INFO", "index.reading.import_run")
    ingest([rows(tmp_path / "many.jsonl", 9)], archive.store, archive.engine)
    assert "4 articles read, 2 articles indexed" in caplog.messages
    assert "" not in caplog.messages
    assert caplog.messages[-1] == "9 articles read, 9 articles indexed"
    caplog.clear()
    ingest([rows(tmp_path / name, 9) for name in ("b.jsonl", "c.jsonl")], archive.store, archive.engine)
    assert caplog.messages[-1] == "18 articles read, 18 articles indexed, 2 files"


@pytest.mark.usefixtures("eager")
def test_log_is_silent_where_progress_is_shown(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("index.reading.import_run._LOG_SECONDS", -1)
    caplog.set_level("INFO", "index.reading.import_run")
    shown: list[int] = []
    ingest([rows(tmp_path / "many.jsonl", 9)], archive.store, archive.engine, report=Report(progress=shown.append))
    assert sum(shown) == 9
    assert caplog.messages == []


def test_bytes_are_counted_while_a_file_is_read_and_each_file_once(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    large = [{"id": f"a{number}", "title": f"Bài {number}", "body": "Giá lúa tăng. " * 300} for number in range(1000)]
    (folder / "a.json").write_text(json.dumps(large, ensure_ascii=False), "utf-8")
    (folder / "b.json").write_text('[{"title": "Giá lúa", "body": "Tăng."}, {"title": "Giá', "utf-8")
    (folder / "c.txt").write_text("Bún bò Huế\n\nAi ăn rồi cũng muốn quay lại.", "utf-8")
    size = sum(path.stat().st_size for path in folder.iterdir())
    for steps in (5, 1):  # the second time, what was read whole is not read again
        sizes: list[tuple[int, int]] = []
        pieces: list[int] = []
        report = Report(size=lambda *found: sizes.append(found), read=pieces.append)  # noqa: B023 - used in this round
        ingest([str(folder)], archive.store, archive.engine, report=report)
        assert sizes == [(3, size)]
        assert sum(pieces) == size
        assert len(pieces) >= steps


@pytest.mark.usefixtures("eager")
def test_near_copies_that_others_add_meanwhile_are_not_counted(archive: Archive, tmp_path: Path) -> None:
    story = next(SEEDS.glob("002*.txt")).read_text("utf-8")
    for name in "abcd":
        own = story if name in "bd" else f"vú sữa {name}"
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"id": name, "body": own}), "utf-8")
    count = 0

    def write() -> None:
        nonlocal count
        count += 1
        archive.store.put([Article(id=f"x{count}", body=f"{story} {count}")])

    paths = [str(tmp_path / f"{name}.jsonl") for name in "abcd"]
    summary = ingest(paths, archive.store, archive.engine, report=Report(file=write))
    assert (summary.added, count) == (4, 4)
    assert summary.copies == 2
    assert archive.engine.near_copies([range(1, archive.store.last_seq() + 1)]) == 5
