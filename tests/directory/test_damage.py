"""A damaged or outgrown index: it is noticed, named, and made anew from the store while it serves on."""

from __future__ import annotations

import logging
import os
import random
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path

import pytest

from index.article import Article
from index.directory.commits import latest_commit, read_commit
from index.directory.data_folder import DataFolder, open_data_folder
from index.directory.generations import read_state, write_state
from index.errors import DamagedIndexError, StoreError
from index.segments.array_file import verified_blocks
from index.segments.schema import OLDEST_SEARCHABLE
from search.archive import ArchiveConfig, open_archive
from search.runtime.index_follower import IndexFollower, bring_in_sync
from tests.archives import check, indexer_of, scrub
from tests.conftest import Server
from tests.damage import articles, damage_postings, flip, flip_in_place, found, generation, untouched

FILES = ("*.inv", "*.doc", "*.toc", "state.json", "CURRENT")


@pytest.mark.parametrize("name", FILES)
def test_any_changed_bit_is_harmless_or_mended(folder: DataFolder, name: str) -> None:
    seed = random.randrange(10**6)
    chosen = random.Random(seed)
    for attempt in range(6):
        path = sorted(folder.indexes.rglob(name))[0]
        at = chosen.randrange(path.stat().st_size)
        flip(path, at)
        archive = open_archive(ArchiveConfig(folder.path))
        bring_in_sync(archive)
        where = f"{path.name}, byte {at}, attempt {attempt}, seed {seed}"
        assert check(archive) == [], where
        assert found(archive) == {f"a{number}" for number in range(20)} - {"a1"}, where
        assert found(archive, "sửa") == {"a0"}, where
        archive.close()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_truncated_files_are_mended(
    folder: DataFolder, name: str, kept: float, caplog: pytest.LogCaptureFixture
) -> None:
    path = sorted(folder.indexes.rglob(name))[0]
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    archive = open_archive(ArchiveConfig(folder.path))
    if path.suffix in {".inv", ".doc"}:
        assert [problem for problem in check(archive) if path.name in problem]
    bring_in_sync(archive)
    assert check(archive) == []
    assert found(archive) == {f"a{number}" for number in range(20)} - {"a1"}
    archive.close()
    if path.suffix in {".inv", ".doc"}:
        assert path.name in caplog.text


def test_bytes_that_changed_are_found_beside_serving_and_mended(
    folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = damage_postings(folder)
    archive = open_archive(ArchiveConfig(folder.path))
    assert archive.in_sync()
    assert len(found(archive)) == 19
    assert [problem for problem in check(archive) if str(damaged) in problem and "body_folded/positions" in problem]
    with caplog.at_level(logging.ERROR):
        bring_in_sync(archive)
    assert f"{damaged} is damaged" in caplog.text
    assert check(archive) == []
    assert not damaged.exists()
    assert len(found(archive)) == 19
    archive.close()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are begun to be read for damage."""
    begun: list[Path] = []

    def spy(path: Path) -> Iterator[None]:
        begun.append(path)
        return verified_blocks(path)

    monkeypatch.setattr("index.writer.integrity.verified_blocks", spy)
    return begun


def test_verifying_goes_on_where_it_stopped_and_reads_each_file_once(folder: DataFolder, read: list[Path]) -> None:
    archive = open_archive(ArchiveConfig(folder.path))
    slices = 1
    while not indexer_of(archive).scrub(0.0):
        slices += 1
    assert slices > 40
    assert sorted(read) == sorted(path for path in folder.indexes.rglob("M*") if path.suffix in {".inv", ".doc"})
    archive.store.put(articles(1, "b"))
    indexer_of(archive).catch_up(wait=1)
    assert indexer_of(archive).scrub(60.0)
    bring_in_sync(archive)
    assert len(read) == len(set(read)) == len(list(folder.indexes.rglob("*.inv"))) * 2
    archive.close()


def test_looking_over_goes_round_and_round_and_takes_files_not_read_first(folder: DataFolder, read: list[Path]) -> None:
    archive = open_archive(ArchiveConfig(folder.path))
    bring_in_sync(archive)
    first = list(read)
    assert len(first) == len(set(first)) == 4
    read.clear()
    looks = 0
    while len(read) <= 2 * len(first):
        scrub(archive, 0.0)
        looks += 1
    assert looks > 80
    assert read == [*first, *first, first[0]]
    read.clear()
    archive.store.put(articles(1, "b"))
    indexer_of(archive).catch_up(wait=1)
    scrub(archive, 60.0)
    assert (len(read), set(read[:2]) & set(first), read[2:]) == (5, set(), first[1:])
    archive.close()


@pytest.mark.parametrize("name", FILES)
def test_bit_flipped_under_a_follower_is_found_and_mended(
    folder: DataFolder, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.runtime.index_follower._CHECK_SECONDS", 0.01)
    archive = open_archive(ArchiveConfig(folder.path))
    bring_in_sync(archive)
    before = indexer_of(archive)._scrubber._commit
    follower = IndexFollower(archive, interval=0.01)
    follower.start()
    path = sorted(folder.indexes.rglob(name))[0]
    flip_in_place(path, untouched(path) if path.suffix in {".inv", ".doc"} else 5)
    deadline = time.monotonic() + 120
    while indexer_of(archive)._scrubber._commit in {None, before} or not archive.in_sync():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    follower.stop()
    assert follower.last_error is None
    assert check(archive) == []
    assert len(found(archive)) == 19
    archive.close()


@pytest.mark.parametrize("gone", [True, False])
def test_what_a_commit_replaced_is_no_damage(
    folder: DataFolder, gone: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    archive, other = open_archive(ArchiveConfig(folder.path)), open_archive(ArchiveConfig(folder.path))
    bring_in_sync(archive)
    replaced: list[Path] = []

    def replace_it_first(path: Path) -> Iterator[None]:
        if replaced:
            return verified_blocks(path)
        replaced.append(path)
        flip_in_place(path, untouched(path))
        blocks = verified_blocks(path)
        if not gone:
            next(blocks)  # it is open, and its name goes
        other.engine.rebuild()
        assert not path.exists()
        return blocks

    monkeypatch.setattr("index.writer.integrity.verified_blocks", replace_it_first)
    scrub(archive, 60.0)
    assert replaced
    scrub(archive, 60.0)
    bring_in_sync(archive)
    assert generation(folder).name == "000002"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    archive.close()
    other.close()


def test_file_cut_off_while_it_is_read_is_damage(folder: DataFolder, caplog: pytest.LogCaptureFixture) -> None:
    """What is mapped and cut off kills the process that reads it."""
    archive = open_archive(ArchiveConfig(folder.path))
    assert not indexer_of(archive).scrub(0.0)
    [path] = indexer_of(archive)._scrubber._begun
    os.truncate(path, 0)
    while not indexer_of(archive)._damaged:
        scrub(archive, 0.0)
    assert f"{path} is damaged" in caplog.text
    bring_in_sync(archive)
    assert check(archive) == []
    archive.close()


def test_too_many_open_files_are_no_damage(folder: DataFolder) -> None:
    archive = open_archive(ArchiveConfig(folder.path))
    bring_in_sync(archive)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            scrub(archive, 60.0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    bring_in_sync(archive)
    assert generation(folder).name == "000001"
    archive.close()


def test_index_is_not_made_anew_for_want_of_files(folder: DataFolder) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(list(Path("/dev/fd").iterdir()))
    ends = Counter[str]()
    for more in range(30):
        archive = open_archive(ArchiveConfig(folder.path))
        archive.store.put(articles(1, f"b{more}-"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (opened + more, hard))
        try:
            bring_in_sync(archive)
            ends["done"] += 1
        except (OSError, StoreError) as error:
            ends[str(error).partition(":")[0]] += 1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        bring_in_sync(archive)
        assert generation(folder).name == "000001", more
        assert check(archive) == []
        archive.close()
    assert ends.keys() == {"done", "[Errno 24] Too many open files"}


def test_merging_does_not_launder_damage(folder: DataFolder, caplog: pytest.LogCaptureFixture) -> None:
    archive = open_archive(ArchiveConfig(folder.path))
    indexer_of(archive).catch_up(wait=1)
    damaged = damage_postings(folder)
    with caplog.at_level(logging.ERROR):
        for number in range(6):
            archive.store.put(articles(1, f"b{number}-"))
            indexer_of(archive).catch_up(wait=1)  # in the end this merges all segments
    assert f"{damaged} is damaged" in caplog.text
    assert generation(folder).name == "000002"
    assert check(archive) == []
    assert len(found(archive)) == 25
    archive.close()


def test_damaged_index_follows_while_it_is_replaced(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    damage_postings(folder)
    seen = follow_a_rebuild(folder, monkeypatch)
    assert seen == [True]


def test_index_of_another_analyzer_serves_and_follows_while_it_is_replaced(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = read_state(generation(folder))
    assert state is not None
    write_state(generation(folder), replace(state, analyzer=state.analyzer - 1))
    archive = open_archive(ArchiveConfig(folder.path))
    assert archive.in_sync()
    assert check(archive) == ["index: another version of timtin made it"]
    archive.close()
    assert follow_a_rebuild(folder, monkeypatch) == [True]


def follow_a_rebuild(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Write once while the first commit of an engine rebuilds; return whether the old index came to have it."""
    archive, other = open_archive(ArchiveConfig(folder.path)), open_archive(ArchiveConfig(folder.path))
    assert len(found(other)) == 19
    seen: list[bool] = []
    publish = "index.writer.indexer.publish_generation"
    note = other.store.record_applied

    def write_in_the_middle(seq: int) -> None:
        note(seq)
        if not seen and len(list(folder.indexes.glob("0*"))) == 2:
            seen.append(False)
            other.store.put([Article(id="mới", body="bưởi da xanh giữa chừng")])

    def before_the_swap(fresh: Path) -> None:
        assert generation(folder).name == "000001"
        seen[:] = ["mới" in found(other)]
        publish_generation(fresh)

    from index.directory.generations import publish_generation

    monkeypatch.setattr(archive.store, "record_applied", write_in_the_middle)
    monkeypatch.setattr(publish, before_the_swap)
    monkeypatch.setattr("index.writer.indexer._FOLLOW_SECONDS", 0.0)
    bring_in_sync(archive)
    assert generation(folder).name == "000002"
    assert check(archive) == check(other) == []
    assert "mới" in found(other)
    archive.close()
    other.close()
    return seen


def test_index_of_other_fields_is_made_anew_behind_a_clear_answer(
    folder: DataFolder, serve: Callable[..., Server]
) -> None:
    state = read_state(generation(folder))
    assert state is not None
    write_state(generation(folder), replace(state, schema=OLDEST_SEARCHABLE - 1))
    archive = open_archive(ArchiveConfig(folder.path))
    assert not archive.in_sync()
    assert check(archive) == ["index: another version of timtin made it"]
    with pytest.raises(DamagedIndexError, match="another version of timtin"):
        found(archive)
    server = serve(folder.path)
    while (ready := server.request("GET", "/readyz")).status != 200:
        assert ready.json["title"] == "Service Unavailable"
    assert server.search("bưởi")["total"] == 19
    assert server.stop() == 0
    assert len(found(archive)) == 19
    assert check(archive) == []
    archive.close()


@pytest.mark.slow
def test_files_cut_short_under_a_server_end_no_more_than_a_search(serve: Callable[..., Server], tmp_path: Path) -> None:
    """What is mapped and cut off kills the process that reads it."""
    folder = open_data_folder(tmp_path / "data")
    server = serve(folder.path)
    rows = [article.model_dump() for article in articles(3000)]
    assert server.write("POST", "/api/v1/articles?wait=true", rows).json["searchable"]
    assert server.search("bưởi")["total"] == 3000
    for path in folder.indexes.rglob("*.inv"):
        os.truncate(path, 100)
    for number in range(4):
        with suppress(OSError, HTTPException):  # cut off with the process
            answer = server.request("GET", f"/api/v1/search?q=da+xanh+{number}")
            assert answer.status == 200 or (answer.status, "damaged" in answer.json["detail"]) == (503, True)
    deadline = time.monotonic() + 120
    while server.search("bưởi da").get("total") != 3000:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert server.stop() == 0
    assert "was sent SIGBUS" in (tmp_path / "server.log").read_text("utf-8")


def test_index_with_fewer_fields_answers_until_it_is_made_anew(folder: DataFolder) -> None:
    state = read_state(generation(folder))
    assert state is not None
    write_state(generation(folder), replace(state, schema=OLDEST_SEARCHABLE))
    archive = open_archive(ArchiveConfig(folder.path))
    before = found(archive)
    assert len(before) == 19
    assert not archive.in_sync()
    assert check(archive) == ["index: another version of timtin made it"]
    archive.store.put(articles(3, "since"))
    assert found(archive) == before
    bring_in_sync(archive)
    assert len(found(archive)) == 22
    assert check(archive) == []
    archive.close()


def test_first_catching_up_removes_what_a_killed_writer_left(folder: DataFolder) -> None:
    current = generation(folder)
    shutil.copytree(current, folder.indexes / "000007")
    for name in ("MAIN_leftover.inv", f"_MAIN_{latest_commit(current) + 1}.toc.new", "_MAIN_1.toc.123.45"):
        (current / name).write_bytes(b"half")
    archive = open_archive(ArchiveConfig(folder.path))
    bring_in_sync(archive)
    needed = {segment.name for segment in read_commit(current).segments}
    assert {path.stem for path in current.iterdir() if path.suffix in {".inv", ".doc"}} == needed
    assert len(list(current.iterdir())) == 2 * len(needed) + 2
    assert [path.name for path in folder.indexes.iterdir() if path.is_dir()] == [current.name]
    archive.close()


def test_replaced_files_free_their_space_though_readers_had_them_open(folder: DataFolder) -> None:
    archive = open_archive(ArchiveConfig(folder.path))
    assert len(found(archive)) == 19
    archive.engine.rebuild()
    mapped = Path("/proc/self/maps")
    if mapped.exists():
        assert f"{folder.indexes}/000001" not in mapped.read_text()
    assert [path.name for path in folder.indexes.iterdir() if path.is_dir()] == ["000002"]
    archive.close()


def test_files_are_on_the_disk_before_the_commit_that_lists_them(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    deeds: list[tuple[str, str]] = []
    fsync, rename = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        deeds.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        deeds.append(("rename", target.name))
        return rename(path, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc to read which file is synced: make test on Linux")
    archive = open_archive(ArchiveConfig(folder.path))
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    archive.store.put(articles(1, "b"))
    bring_in_sync(archive)
    [listed] = [segment for segment in read_commit(generation(folder)).segments if segment.count == 1][-1:]
    contents = f"_MAIN_{latest_commit(generation(folder))}.toc"
    at = deeds.index(("rename", contents))
    before, after = deeds[:at], deeds[at:]
    files = [("sync", f"{listed.name}.inv"), ("sync", f"{listed.name}.doc")]
    assert set(files) <= set(before)
    assert ("sync", "000001") in before[max(before.index(file) for file in files) :]
    assert ("sync", f"{contents}.new") in before
    assert after[1:4] == [("sync", "000001"), ("sync", "state.json.new"), ("rename", "state.json")]
    archive.close()
