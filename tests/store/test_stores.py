"""A store that was put back, replaced or damaged: it is noticed, and the index follows it or says what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from index.directory.data_folder import DataFolder
from search.archive import Archive, ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync
from tests.archives import check
from tests.conftest import Server
from tests.damage import articles, damage_store, found
from tests.processes import timtin


def copy_of(store: Path, to: Path) -> None:
    with sqlite3.connect(store) as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()


def put_back(backup: Path, folder: DataFolder) -> None:
    for path in folder.path.glob("articles.sqlite*"):
        path.unlink()
    shutil.copy(backup, folder.store)


def before_the_last_writes(folder: DataFolder, backup: Path) -> Archive:
    """Put the store back to before ten writes that the index has, and open both."""
    copy_of(folder.store, backup)
    archive = open_archive(ArchiveConfig(folder.path))
    archive.store.put(articles(10, "lost"))
    bring_in_sync(archive)
    archive.close()
    put_back(backup, folder)
    return open_archive(ArchiveConfig(folder.path))


@pytest.mark.parametrize("written_since", [0, 3, 40])
def test_store_put_back_from_a_backup_is_noticed_whatever_was_written_since(
    folder: DataFolder, tmp_path: Path, written_since: int
) -> None:
    archive = before_the_last_writes(folder, tmp_path / "backup")
    if written_since:
        archive.store.put(articles(written_since, "new"))
    assert not archive.in_sync(0)
    assert check(archive) == ["index: it is ahead of the store, which was restored from a backup"]
    bring_in_sync(archive)
    assert check(archive) == []
    assert found(archive) == {article.id for article in archive.store.articles()}
    assert len(found(archive)) == 19 + written_since
    archive.close()


def test_ahead_of_the_store_is_not_forgotten_by_a_rebuild_that_was_cut_off(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = before_the_last_writes(folder, tmp_path / "backup")
    archive.store.put(articles(40, "new"))

    def die(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("index.writer.indexer.publish_generation", die)
        with pytest.raises(KeyboardInterrupt):
            bring_in_sync(archive)
    assert not archive.in_sync(0)
    bring_in_sync(archive)
    assert check(archive) == []
    archive.close()


def test_index_of_another_store_is_made_anew(folder: DataFolder, tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfig(tmp_path / "other"))
    archive.store.put(articles(30, "other"))
    archive.close()
    copy_of(tmp_path / "other" / "articles.sqlite", tmp_path / "backup")
    put_back(tmp_path / "backup", folder)
    archive = open_archive(ArchiveConfig(folder.path))
    assert check(archive) == ["index: it was made from another store"]
    bring_in_sync(archive)
    assert check(archive) == []
    assert found(archive) == {f"other{number}" for number in range(30)}
    archive.close()


@pytest.mark.parametrize("command", ["export", "index", "backup", "search"])
def test_damaged_store_is_one_line_that_says_what_to_do(folder: DataFolder, command: str, tmp_path: Path) -> None:
    damage_store(folder.store)
    (tmp_path / "a.txt").write_text("bưởi da xanh", "utf-8")
    given = {"index": [str(tmp_path / "a.txt")], "backup": [str(tmp_path / "copy")], "search": ["bưởi"]}
    done = timtin(command, *given.get(command, []), "--data", str(folder.path))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"the store {folder.store} is damaged" in done.stderr
    assert "put a backup in the place of articles.sqlite" in done.stderr
    assert not list(tmp_path.glob("copy*"))


def test_damaged_store_is_a_problem_without_a_traceback(
    folder: DataFolder, serve: Callable[..., Server], tmp_path: Path
) -> None:
    damage_store(folder.store)
    server = serve(folder.path)
    answers = [
        server.request("GET", "/api/v1/articles/a2"),
        server.request("GET", "/api/v1/search?q=b%C6%B0%E1%BB%9Fi"),
        server.write("PUT", "/api/v1/articles/a2", {"body": "bưởi da xanh"}),
        server.write("POST", "/api/v1/articles", [{"id": "b", "body": "bưởi da xanh"}]),
    ]
    for answer in answers:
        assert answer.status == 503
        assert "the store articles.sqlite is damaged" in answer.json["detail"]
        assert str(tmp_path) not in answer.json["detail"]
        assert "put a backup in the place of articles.sqlite" in answer.json["detail"]
    assert server.stop() == 0
    said = (tmp_path / "server.log").read_text("utf-8")
    assert "Traceback" not in said
    assert said.count("was refused: the store") == len(answers)


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_store_that_was_lost_is_not_taken_for_an_empty_one(folder: DataFolder, how: str) -> None:
    for path in folder.path.glob("articles.sqlite*"):
        path.unlink()
    if how == "emptied":
        folder.store.touch()
    for _ in range(2):
        done = timtin("search", "bưởi", "--data", str(folder.path))
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "is lost, but its index is there: put a backup in its place" in done.stderr
    shutil.rmtree(folder.indexes)
    done = timtin("search", "bưởi", "--data", str(folder.path))
    assert (done.returncode, done.stdout.partition(",")[0]) == (1, "0 articles")  # it is searched, and has nothing
