"""What is exported or backed up answers as the original does, also when it was taken while writes went on."""

from __future__ import annotations

import json
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.article import Article
from index.errors import StoreError
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import FACETS, Request, Sort
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from search.service import completions
from tests.archives import check, indexer_of
from tests.conftest import Server
from tests.damage import damage_store, overwrite

QUERIES = [
    "hội nhập quốc tế", "hoi nhap quoc te", '"thủ tướng"', "kinh tế OR văn hóa", "nghị quyết 59", "lúa -gạo",
    "vụ dừa xiêm", "",
]  # fmt: skip
COPIES = 2


def timtin(*arguments: str, input: bytes | None = None) -> bytes:
    command = [sys.executable, "-m", "web.cli", *arguments]
    done = subprocess.run(command, capture_output=True, input=input, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@contextmanager
def opened(data: Path) -> Iterator[Archive]:
    archive = open_archive(ArchiveConfig(data))
    try:
        yield archive
    finally:
        archive.close()


def answers(data: Path) -> list[object]:
    """All hits with their scores, facets and suggestions, to compare."""
    with opened(data) as archive:
        bring_in_sync(archive)
        requests = [
            Request(parse(text), sort=sort, size=100, facets=FACETS, collapse=collapse)
            for text in QUERIES
            for sort in Sort
            for collapse in (False, True)
        ]
        found = [(one.total, one.stories, list(one.hits), one.facets) for one in map(archive.engine.retrieve, requests)]
        assert {hits[0].copies for total, _, hits, _ in found if total == 1 + COPIES} == {0, COPIES}
        return [*found, completions(archive, "hội", 20), [article.model_dump() for article in archive.store.articles()]]


@pytest.fixture
def data(tmp_path: Path, seeds_data: Path) -> Path:
    """The seeds, and articles of which some were changed and some deleted since."""
    shutil.copytree(seeds_data, tmp_path / "data")
    with opened(tmp_path / "data") as archive:
        dated = {"published": "2025-08-27T18:24:00+07:00", "source": "Báo", "lang": "en", "extra": {"a": [1, None]}}
        archive.store.put(
            [Article(id=f"a{n}", title=f"Giá lúa {n}", body="lúa gạo " * n, **dated) for n in range(1, 60)]
        )
        bring_in_sync(archive)
        wire = " ".join(f"vụ dừa xiêm {n}" for n in range(60))
        archive.store.put([Article(id=f"wire-{n}", title=f"Tít {n}", body=wire) for n in range(1 + COPIES)])
        bring_in_sync(archive)
        archive.store.put(
            [Article(id=f"a{n}", title="Văn hóa\u2028đọc", body="sách và kinh tế") for n in range(20, 30)]
        )
        archive.store.delete([f"a{n}" for n in range(40, 50)])
        bring_in_sync(archive)
    return tmp_path / "data"


def test_export_and_import_give_the_same_answers(data: Path, tmp_path: Path) -> None:
    exported = timtin("export", "--data", str(data))
    timtin("index", "-", "--data", str(tmp_path / "other"), input=exported)
    assert answers(tmp_path / "other") == answers(data)
    assert timtin("export", "--data", str(tmp_path / "other")) == exported


def test_backup_gives_the_same_answers(data: Path, tmp_path: Path) -> None:
    timtin("backup", str(tmp_path / "saved.sqlite"), "--data", str(data))
    assert stat.S_IMODE((tmp_path / "saved.sqlite").stat().st_mode) == 0o600
    (tmp_path / "other").mkdir()
    shutil.copy(tmp_path / "saved.sqlite", tmp_path / "other" / "articles.sqlite")
    assert answers(tmp_path / "other") == answers(data)


def restored(data: Path, to: Path) -> Path:
    """Restore a backup of ``data`` to a new data folder, which has no index yet."""
    to.mkdir(mode=0o700)
    timtin("backup", str(to / "articles.sqlite"), "--data", str(data))
    return to


def asked(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "web.cli", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "answer"), [(["search", "lúa"], "39 articles"), (["suggest", "hội"], "hội nhập")]
)
def test_command_that_searches_builds_the_index_of_a_restored_backup_first(
    data: Path, tmp_path: Path, arguments: list[str], answer: str
) -> None:
    other = restored(data, tmp_path / "other")
    for _ in range(2):
        told = asked(*arguments, data=other)
        assert (told.returncode, answer in told.stdout) == (0, True)
    assert told.stderr == ""
    with opened(other) as archive:
        assert check(archive) == []


def test_command_says_who_else_is_building_the_index_that_it_needs(data: Path, tmp_path: Path) -> None:
    other = restored(data, tmp_path / "other")
    with opened(other) as archive, indexer_of(archive).lock.held("indexing", 0):
        told = asked("search", "lúa", data=other)
        assert (told.returncode, told.stdout) == (1, "")
        assert "some articles are not in the index yet" in told.stderr
        assert "there is no index of the 57 articles in the store" in told.stderr
    with opened(data) as archive, indexer_of(archive).lock.held("indexing", 0):
        archive.store.put([Article(id="new", body="lúa gạo")])
        told = asked("search", "lúa", data=data)
        assert (told.returncode, "39 articles" in told.stdout) == (0, True)
        assert "some articles are not in the index yet" in told.stderr


def backups(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_series_of_backups_keeps_the_newest_and_everything_else(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    mine = ["timtin-20200101-000000.sqlite.partial", "timtin-2020.sqlite", "notes", "timtin-20200101-000000.sqlite-old"]
    for name in mine:
        (folder / name).write_text("mine")
    (folder / "timtin-20200101-000009.sqlite").mkdir()
    older = [f"timtin-2020010{day}-030000.sqlite" for day in range(1, 6)]
    for name in older:
        (folder / name).write_text("backup")
    others = {*mine, "timtin-20200101-000009.sqlite"}
    told = timtin("backup", str(folder), "--keep", "3", "--data", str(data)).decode()
    [new] = set(backups(folder)) - others - set(older)
    assert re.fullmatch(r"timtin-\d{8}-\d{6}\.sqlite", new)
    assert set(backups(folder)) == {*others, new, *older[-2:]}
    assert new in told
    assert all(f"{name}: deleted" in told for name in older[:3])
    (tmp_path / "other").mkdir(mode=0o700)
    shutil.copy(folder / new, tmp_path / "other" / "articles.sqlite")
    assert answers(tmp_path / "other") == answers(data)


def test_backup_that_failed_deletes_none_of_its_series(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    older = [f"timtin-2020010{day}-030000.sqlite" for day in range(1, 4)]
    for name in older:
        (folder / name).write_text("backup")
    damage_store(data / "articles.sqlite")
    assert asked("backup", str(folder), "--keep", "1", data=data).returncode == 1
    assert backups(folder) == older
    assert asked("backup", str(tmp_path / "unmounted"), "--keep", "1", data=data).returncode == 1
    assert not (tmp_path / "unmounted").exists()


def test_backup_with_a_damaged_article_deletes_none_of_its_series(data: Path, tmp_path: Path) -> None:
    with opened(data) as archive:
        archive.store.put([Article(id="rotten", body="MARK")])
    overwrite(data / "articles.sqlite", b"MARK", b"MURK")
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "timtin-20200101-000000.sqlite").write_text("backup")
    told = asked("backup", str(tmp_path / "backups"), "--keep", "1", data=data)
    assert (told.returncode, "article 'rotten' is damaged" in told.stderr) == (1, True)
    assert len(backups(tmp_path / "backups")) == 2
    assert "deleted" not in told.stdout


def test_backup_to_a_folder_needs_to_know_how_many_to_keep(data: Path, tmp_path: Path) -> None:
    told = asked("backup", str(tmp_path), data=data)
    assert (told.returncode, "--keep" in told.stderr) == (2, True)


def test_older_backup_beside_an_index_of_later_articles_is_indexed_anew(data: Path, tmp_path: Path) -> None:
    with opened(data) as archive:
        archive.store.back_up(tmp_path / "saved.sqlite")
        archive.store.put([Article(id="later", body="sầu riêng")])
        bring_in_sync(archive)
    for path in data.glob("articles.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / "saved.sqlite", data / "articles.sqlite")
    with opened(data) as archive:
        archive.store.put([Article(id=f"n{n}", body="măng cụt") for n in range(5)])
        bring_in_sync(archive)
        assert archive.engine.retrieve(Request(parse('"sầu riêng"'))).total == 0
        assert archive.engine.retrieve(Request(parse('"măng cụt"'))).total == 5
        assert check(archive) == []


def test_backup_while_articles_are_written_is_of_one_moment(data: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    with opened(data) as archive:

        def write() -> None:
            number = 0
            while not stop.is_set():
                archive.store.put(
                    [Article(id=f"{number}-{half}", body="x" * 2000) for half in "ab"]
                )  # in one transaction
                number += 1

        thread = threading.Thread(target=write)
        thread.start()
        for number in range(5):
            archive.store.back_up(tmp_path / f"{number}.sqlite")
        stop.set()
        thread.join()
    for number in range(5):
        (tmp_path / f"data{number}").mkdir()
        shutil.move(tmp_path / f"{number}.sqlite", tmp_path / f"data{number}" / "articles.sqlite")
        with opened(tmp_path / f"data{number}") as copy:
            assert copy.store.database.integrity_problems() == []
            ids = {article.id for article in copy.store.articles()}
            assert {f"a{n}" for n in range(1, 40)} <= ids
            assert {id[:-2] for id in ids if id.endswith("-a")} == {id[:-2] for id in ids if id.endswith("-b")}


@contextmanager
def file_size_limit(most: int) -> Iterator[None]:
    """Let no file grow beyond ``most`` bytes."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_backup_replaces_nothing_and_leaves_nothing_behind(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("mine")
    with opened(data) as archive:
        with pytest.raises(StoreError, match="already exists"):
            archive.store.back_up(kept)
        with pytest.raises(StoreError, match="could not be written"):
            archive.store.back_up(tmp_path / "missing" / "saved")
        with pytest.raises(StoreError, match=r"the backup .*saved could not be written"), file_size_limit(4096):
            archive.store.back_up(tmp_path / "saved")
    assert kept.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"kept", "data"}


def test_export_is_one_article_a_line(data: Path) -> None:
    lines = timtin("export", "--data", str(data)).decode("utf-8").split("\n")
    assert lines.pop() == ""
    assert len([json.loads(line)["id"] for line in lines]) == 5 + 49 + 1 + COPIES


def test_store_replaced_under_a_server_takes_no_write_that_would_be_lost(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve()
    data = server.data
    assert server.write("PUT", "/api/v1/articles/a?wait=true", {"body": "vú sữa"}).status == 201
    timtin("backup", str(tmp_path / "copy.sqlite"), "--data", str(data))
    (tmp_path / "copy.sqlite").rename(data / "articles.sqlite")
    refused = server.write("PUT", "/api/v1/articles/b", {"body": "vú sữa"})
    assert refused.status == 503
    assert "was replaced or removed" in refused.json["detail"]
    assert server.request("GET", "/readyz").status == 503
    server.stop()
    server.start()
    assert server.write("PUT", "/api/v1/articles/c?wait=true", {"body": "vú sữa"}).json["searchable"] is True
    assert {hit["id"] for hit in server.search("vú sữa")["hits"]} == {"a", "c"}
