"""A full disk: writes are refused with a clear answer, the index serves on, and all goes on when there is room."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import index.fetching.fetch
import index.reading.import_run
from benchmarks.serving import family
from index.article import Article
from index.directory.generations import current_generation, read_state, write_state
from index.errors import DiskFullError
from index.fetching.fetch import FetchOptions, fetch
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.archives import check, indexer_of
from tests.conftest import Server, with_seeds
from tests.site import item, rss, running_site
from tests.skips import NO_SMALL_DISK


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 8 MB with a data folder ``data``, in which the seeds are indexed; programs may fill it."""
    monkeypatch.setenv("TIMTIN_LIMITS_FREE_DISK_MB", "0")
    place = tmp_path / "disk"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"{NO_SMALL_DISK}: make test as root, where mounting is allowed")
    with_seeds(place / "data", free_disk_mb=0)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Fill the disk but for ``leave`` bytes; return the file that does."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - leave))
    return ballast


def total(archive: Archive, text: str) -> int:
    return archive.engine.retrieve(Request(parse(text), size=1)).total


def kill_searchers(server: Server) -> None:
    """Kill the processes that search: those below the fork server."""
    for process in family(server.process.pid)[1:]:
        for searcher in family(process)[1:]:
            os.kill(searcher, signal.SIGKILL)


def test_writes_over_http_are_refused_and_go_on_when_there_is_room(
    serve: Callable[..., Server], disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # the log is on the full disk, too
    server = serve(disk / "data")
    assert server.write("PUT", "/api/v1/articles/trước?wait=true", {"body": "bưởi da xanh"}).json["searchable"]
    assert server.search("quốc tế")["total"] >= 5
    ballast = fill(disk)
    refused = 0
    kept = {"trước"}
    for number in range(40):
        answer = server.write("PUT", f"/api/v1/articles/a{number}", {"body": f"bưởi da xanh {number} " * 300})
        assert answer.status in {201, 507}
        if answer.status == 201:
            kept.add(f"a{number}")
            continue
        refused += 1
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["title"] == "Insufficient Storage"
        assert "Free some space" in answer.json["detail"]
    rows = [{"id": f"b{number}", "body": "bưởi da xanh " * 500} for number in range(200)]
    assert server.write("POST", "/api/v1/articles", rows).status == 507
    assert refused > 20
    kill_searchers(server)
    assert server.search("hội nhập quốc tế")["total"] >= 5
    assert server.search('"bưởi da xanh"')["total"] >= 1
    ballast.unlink()
    assert server.write("PUT", "/api/v1/articles/sau", {"body": "bưởi da xanh"}).status == 201
    deadline = time.monotonic() + 120
    while server.request("GET", "/readyz").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert {hit["id"] for hit in server.search('"bưởi da xanh"', size=100)["hits"]} == {*kept, "sau"}
    assert server.stop() == 0
    archive = open_archive(ArchiveConfig(disk / "data", free_disk_mb=0))
    assert check(archive) == []
    archive.close()


def test_indexing_without_room_leaves_the_index_as_it_was_and_no_files(disk: Path) -> None:
    archive = open_archive(ArchiveConfig(disk / "data", free_disk_mb=0))
    bring_in_sync(archive)
    before = sorted(path.name for path in (disk / "data" / "indexes").rglob("*"))
    archive.store.put([Article(id=f"a{number}", body=f"bưởi da xanh {number} " * 30) for number in range(40)])
    ballast = fill(disk, leave=8192)
    for _ in range(5):  # what a failure left would fill the disk further
        with pytest.raises(DiskFullError, match="free some space"):
            bring_in_sync(archive)
        assert sorted(path.name for path in (disk / "data" / "indexes").rglob("*")) == before
    with pytest.raises(DiskFullError):
        archive.engine.rebuild()
    assert sorted(path.name for path in (disk / "data" / "indexes").rglob("*")) == before
    assert (total(archive, "hội nhập quốc tế"), total(archive, "bưởi")) == (5, 0)
    ballast.unlink()
    bring_in_sync(archive)
    assert total(archive, "bưởi") == 40
    assert check(archive) == []
    archive.close()


def test_store_without_room_says_so_and_keeps_what_it_has(disk: Path) -> None:
    archive = open_archive(ArchiveConfig(disk / "data", free_disk_mb=0))
    ballast = fill(disk)
    large = [Article(id=f"a{number}", body=f"bưởi da xanh {number} " * 3000) for number in range(40)]
    with pytest.raises(DiskFullError, match="free some space"):
        archive.store.put(large)
    assert archive.store.count() == 5
    ballast.unlink()
    archive.store.put(large)
    assert archive.store.count() == 45
    bring_in_sync(archive)
    assert check(archive) == []
    archive.close()


def test_index_that_cannot_be_replaced_for_want_of_room_goes_on(
    disk: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    archive = open_archive(ArchiveConfig(disk / "data", free_disk_mb=0))
    generation = current_generation(disk / "data" / "indexes")
    assert generation is not None
    state = read_state(generation)
    assert state is not None
    write_state(generation, replace(state, analyzer=state.analyzer - 1))
    ballast = fill(disk, leave=80_000)
    archive.store.put([Article(id="a", body="bưởi da xanh")])
    bring_in_sync(archive)
    assert total(archive, "bưởi") == 1
    assert check(archive) == ["index: another version of timtin made it"]
    assert len([record for record in caplog.records if "no room" in record.getMessage()]) == 1
    ballast.unlink()
    monkeypatch.setattr(indexer_of(archive), "_rebuild_after", 0.0)
    bring_in_sync(archive)
    assert check(archive) == []
    assert total(archive, "bưởi") == 1
    archive.close()


def test_command_says_so_in_one_line(disk: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"id": f"a{number}", "body": "bưởi da xanh " * 400}) for number in range(400)]
    (tmp_path / "more.jsonl").write_text("\n".join(lines), "utf-8")
    ballast = fill(disk, leave=100_000)
    command = [sys.executable, "-m", "web.cli", "index", str(tmp_path / "more.jsonl"), "--data", str(disk / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "full" in done.stderr
    assert "free some space" in done.stderr
    assert done.stdout.startswith("0 added,")
    ballast.unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    archive = open_archive(ArchiveConfig(disk / "data", free_disk_mb=0))
    assert check(archive) == []
    assert total(archive, "bưởi") == 400
    archive.close()


def feed(name: str, count: int, size: int) -> str:
    """A feed with the whole text of ``count`` articles of about ``size`` bytes each."""
    text = "bưởi da xanh. " * (size // 17)
    return rss(*(item(f"/{name}{n}", f"<content:encoded>{text}</content:encoded>") for n in range(count)))


def test_fetching_to_a_full_disk_ends_in_one_line_with_a_summary_of_what_was_stored(disk: Path) -> None:
    ballast = fill(disk, leave=2_000_000)
    with running_site() as site:
        site.answers = {"/a": feed("a", 50, 3_000), "/b": feed("b", 50, 60_000), "/c": feed("c", 50, 3_000)}
        # On a slow machine the index would else take the room before the second feed is stored, or part of it be.
        storing_whole_feeds = (
            "import index.fetching.fetch, index.reading.import_run, web.cli; "
            "index.fetching.fetch._STORE_SECONDS = index.reading.import_run._APPLY_SECONDS = 1e9; web.cli.main()"
        )
        command = [sys.executable, "-c", storing_whole_feeds, "fetch", *(site.root + path for path in site.answers)]
        command += ["--allow-private", "--delay", "0", "--data", str(disk / "data")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert site.paths() == ["/a", "/b"]
        assert done.returncode == 1
        assert done.stdout.startswith("50 added, 0 updated, 0 unchanged, 0 removed, 0 failed,")
        counts = r"\d+ (?:files|articles (?:read|fetched|indexed))"
        progress = re.compile(rf"\S+ \S+ INFO {counts}(?:, {counts})*")  # on a slow machine
        said = [line for line in done.stderr.splitlines() if not progress.fullmatch(line)]
        assert len(said) == 1
        assert said[0].startswith("timtin: the disk is full (")
        assert "free some space" in said[0]
        ballast.unlink()
        shutil.copytree(disk / "data", disk.parent / "data")
        done = subprocess.run([*command[:-1], str(disk.parent / "data")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("100 added, 0 updated, 50 unchanged, 0 removed, 0 failed,")


def test_fetching_ends_when_there_is_no_room_for_the_index(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.reading.import_run, "_APPLY_SECONDS", -1.0)
    monkeypatch.setattr(index.fetching.fetch, "_STORE_SECONDS", 1e9)  # a slow machine stores a feed in one piece, too
    archive = open_archive(ArchiveConfig(disk / "data", free_disk_mb=0))
    archive.store.put([Article(id=f"a{number}", body=f"bưởi {number} " * 500) for number in range(400)])
    bring_in_sync(archive)
    journal = archive.store.database.connection().execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    assert journal[0] == 0  # so that what is stored takes no more room
    ballast = fill(disk, leave=8192)
    with running_site() as site:
        site.answers = {"/a": feed("a", 50, 3_000), "/b": feed("b", 50, 3_000)}
        urls = [site.root + path for path in site.answers]
        summary = fetch(urls, archive.store, archive.engine, FetchOptions(delay=0.0, allow_private=True))
        assert site.paths() == ["/a"]
    assert (summary.added, summary.unchanged, summary.failures) == (50, 0, 0)
    assert archive.store.count() == 455
    assert summary.unfinished is not None
    assert "the disk is full" in summary.unfinished
    ballast.unlink()
    bring_in_sync(archive)
    assert check(archive) == []
    archive.close()


def test_bulk_that_the_disk_cannot_receive_is_refused_in_words(serve: Callable[..., Server], disk: Path) -> None:
    server = serve(disk / "data")
    rows = [{"id": f"a{number}", "body": "bưởi da xanh " * 500} for number in range(1500)]
    answer = server.write("POST", "/api/v1/articles", "\n".join(map(json.dumps, rows)).encode())
    assert (answer.status, answer.json["title"]) == (507, "Insufficient Storage")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Free some space" in answer.json["detail"]
    assert server.write("POST", "/api/v1/articles?wait=true", rows[:50]).status == 200
    assert server.search("bưởi", collapse="false")["total"] == 50
    log = (disk / "server.log").read_text()
    assert "no room to receive its body" in log
    assert "Traceback" not in log


def test_export_to_a_full_disk_says_so_in_one_line(disk: Path, tmp_path: Path) -> None:
    with_seeds(tmp_path / "data")
    fill(disk)
    command = [sys.executable, "-m", "web.cli", "export", "--data", str(tmp_path / "data")]
    with (disk / "out").open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("timtin: the disk is full")
    assert done.stderr.count("\n") == 1
