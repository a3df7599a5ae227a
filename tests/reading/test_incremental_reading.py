"""Reading a folder again: what was added, changed, moved, removed, and what is not even parsed."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import index.reading.folder_scan
from index.reading.files import Failure
from index.reading.folder_scan import is_below
from index.reading.ingest import ingest
from index.store.inputs import SqliteInputLog
from search.archive import Archive
from tests.reading.conftest import Index, rows, stored, write


def test_only_what_changed_is_parsed(read: Index, folder: Path, archive: Archive, parsed: list[str]) -> None:
    for name in "abc":
        write(folder / f"{name}.txt")
    (folder / "many.jsonl").write_text(rows("m1", "m2"), "utf-8")
    assert read() == {"added": 5}
    assert sorted(parsed) == ["a.txt", "b.txt", "c.txt", "many.jsonl"]
    parsed.clear()
    assert read() == {"unchanged": 5}
    assert parsed == []
    write(folder / "b.txt", "b2")
    write(folder / "d.txt")
    assert read() == {"added": 1, "updated": 1, "unchanged": 4}
    assert parsed == ["b.txt", "d.txt"]
    assert stored(archive)["b"] == "b2"


def test_many_files_share_transactions(read: Index, folder: Path, archive: Archive) -> None:
    for number in range(120):
        write(folder / f"{number}.txt")
    statements: list[str] = []
    archive.store.database.connection().set_trace_callback(statements.append)
    assert read() == {"added": 120}
    assert 1 <= statements.count("COMMIT") <= 4
    statements.clear()
    assert read() == {"unchanged": 120}
    assert statements.count("COMMIT") == 0


def test_other_source_for_articles_that_name_none_is_not_overlooked(read: Index, folder: Path) -> None:
    write(folder / "a.txt")
    assert read() == {"added": 1}
    assert read(source="Báo Mẫu") == {"updated": 1}
    assert read(source="Báo Mẫu") == {"unchanged": 1}


def test_failed_files_are_read_again(read: Index, folder: Path) -> None:
    (folder / "a.jsonl").write_text(rows("x") + "{broken\n", "utf-8")
    assert read() == {"added": 1, "failures": 1}
    assert read() == {"unchanged": 1, "failures": 1}


def test_article_deleted_elsewhere_comes_back_when_the_folder_is_read(
    read: Index, folder: Path, archive: Archive
) -> None:
    write(folder / "a.txt")
    (folder / "many.jsonl").write_text(rows("m1", "m2"), "utf-8")
    read()
    archive.store.delete(["a", "m2"])
    assert read() == {"added": 2, "unchanged": 1}


def test_run_that_was_interrupted_is_completed_by_the_next(
    read: Index, folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.txt")
    (folder / "many.jsonl").write_text(rows("m1", "m2"), "utf-8")
    read()
    write(folder / "a.txt", "a2")
    (folder / "many.jsonl").write_text(rows("m1", "m2", "m3", word="phở"), "utf-8")
    for step in ("begin", "finish"):
        with monkeypatch.context() as patch:
            patch.setattr(SqliteInputLog, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                read()
    (folder / "many.jsonl").write_text(rows("m1", "m2"), "utf-8")
    read()
    assert stored(archive) == {"a": "a2", "m1": "bún", "m2": "bún", "m3": "phở"}
    assert read(prune=True)["removed"] == 1
    assert stored(archive) == {"a": "a2", "m1": "bún", "m2": "bún"}


def test_inputs_below_a_path_are_those_in_that_folder(archive: Archive) -> None:
    inputs = archive.store.inputs
    folders = ("", "/a", "/a/b", "/a/b.txt", "/a-b", "/ab", "/a/b/c")
    names = ("x", "b", "b/c", "b/c/x", "b.txt", "b0", "a/b", "a/b/c", "\u1ebf/x", "b/\u1ebf")
    paths = {f"{folder}/{name}" for folder in folders for name in names}
    inputs.begin(paths)
    for path in ("/", "/a", "/a/b", "/a/b/c", "/a/b.txt", "/ab", "/a-b", "/a/b/\u1ebf", "/none"):
        assert sorted(input.path for input in inputs.below(path)) == sorted(p for p in paths if is_below(p, path))


def test_overlapping_folders_share_their_articles(read: Index, folder: Path, archive: Archive) -> None:
    write(folder / "a.txt")
    write(folder / "sub" / "b.txt")
    assert read(folder) == {"added": 2}
    assert read(folder / "sub") == {"unchanged": 1}
    assert read(folder / "sub" / "b.txt") == {"unchanged": 1}
    assert read(folder, folder / "sub", prune=True) == {"unchanged": 2}
    write(folder / "sub" / "b.txt", "b2")
    assert read(folder / "sub", prune=True) == {"updated": 1}
    write(folder / "sub" / "c.txt")
    assert read(folder / "sub", prune=True) == {"added": 1, "unchanged": 1}
    assert read(folder, prune=True) == {"unchanged": 3}
    assert stored(archive) == {"a": "a", "sub/b": "b2", "c": "c"}
    (folder / "sub" / "b.txt").unlink()
    assert read(folder, prune=True) == {"removed": 1, "unchanged": 2}


def test_file_of_another_folder_is_not_replaced(read: Index, folder: Path, tmp_path: Path) -> None:
    write(folder / "a.txt")
    write(tmp_path / "other" / "a.txt", "elsewhere")
    read()
    failures: list[Failure] = []
    assert read(tmp_path / "other", failures=failures) == {"failures": 1}
    assert f"has the id 'a', which {folder / 'a.txt'} has too" in failures[0].why
    assert read(folder, tmp_path / "other", failures=failures) == {"unchanged": 1, "failures": 1}
    assert "has the id 'a'" in failures[1].why


def test_ids_given_twice(read: Index, folder: Path, archive: Archive) -> None:
    (folder / "a.jsonl").write_text(rows("x", "y") + rows("x", word="phở"), "utf-8")
    (folder / "b.jsonl").write_text(rows("y", word="phở") + rows("z"), "utf-8")
    write(folder / "z.txt", "khác")
    failures: list[Failure] = []
    assert read(failures=failures) == {"added": 3, "failures": 3}
    assert [Path(failure.where).name for failure in failures] == ["a.jsonl:3", "b.jsonl:1", "z.txt"]
    assert all("has the id" in failure.why for failure in failures)
    assert read() == {"unchanged": 3, "failures": 3}
    assert stored(archive) == {"x": "bún", "y": "bún", "z": "bún"}


def test_line_file_that_is_read_later_updates_articles(read: Index, folder: Path, archive: Archive) -> None:
    (folder / "monday.jsonl").write_text(rows("x", "y"), "utf-8")
    (folder / "tuesday.jsonl").write_text(rows("y", "z", word="phở"), "utf-8")
    assert read(folder / "monday.jsonl") == {"added": 2}
    assert read(folder / "tuesday.jsonl") == {"added": 1, "updated": 1}
    assert stored(archive) == {"x": "bún", "y": "phở", "z": "phở"}


def test_rows_that_left_a_file_stay_until_pruned(
    read: Index, folder: Path, archive: Archive, parsed: list[str]
) -> None:
    (folder / "a.jsonl").write_text(rows("x", "y", "z"), "utf-8")
    read()
    (folder / "a.jsonl").write_text(rows("x"), "utf-8")
    assert read() == {"unchanged": 1}
    parsed.clear()
    assert read() == {"unchanged": 1}
    assert parsed == []
    (folder / "b.jsonl").write_text(rows("y", word="phở"), "utf-8")
    assert read() == {"updated": 1, "unchanged": 1}
    assert read(prune=True) == {"unchanged": 2, "removed": 1}
    assert stored(archive) == {"x": "bún", "y": "phở"}


def test_file_that_became_a_draft_is_pruned_and_comes_back(read: Index, folder: Path, archive: Archive) -> None:
    page, draft = "---\ntitle: Giá lúa\n---\nGiá lúa tăng.\n", "---\ntitle: Giá lúa\ndraft: true\n---\nGiá lúa tăng.\n"
    write(folder / "other.txt")
    for prunes in ([True], [False, True]):
        (folder / "a.md").write_text(page, "utf-8")
        assert read()["added"] >= 1
        (folder / "a.md").write_text(draft, "utf-8")
        for prune in prunes:
            assert "a" in stored(archive)
            assert read(prune=prune) == {"unchanged": 1, **({"removed": 1} if prune else {})}
        assert set(stored(archive)) == {"other"}


def test_row_that_comes_back_is_not_pruned(read: Index, folder: Path, archive: Archive) -> None:
    for ids in (("x", "y", "z"), ("x",), ("x", "y")):
        (folder / "a.jsonl").write_text(rows(*ids), "utf-8")
        read()
    assert set(stored(archive)) == {"x", "y", "z"}
    assert read(prune=True) == {"unchanged": 2, "removed": 1}
    assert set(stored(archive)) == {"x", "y"}


def test_article_of_standard_input_may_be_taken_by_a_file_and_is_never_pruned(
    read: Index, folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = SimpleNamespace(buffer=io.BytesIO(rows("x", "y").encode()))
    monkeypatch.setattr("sys.stdin", given)
    assert read(Path("-")) == {"added": 2}
    (folder / "a.jsonl").write_text(rows("y", "z"), "utf-8")
    assert read(prune=True) == {"added": 1, "unchanged": 1}
    (folder / "a.jsonl").write_text(rows("z"), "utf-8")
    assert read(prune=True) == {"unchanged": 1, "removed": 1}
    assert set(stored(archive)) == {"x", "z"}


def test_prune_removes_rows_that_left_a_file_but_not_those_of_one_that_failed(
    read: Index, folder: Path, archive: Archive
) -> None:
    (folder / "a.jsonl").write_text(rows("x", "y"), "utf-8")
    (folder / "b.jsonl").write_text(rows("u", "v"), "utf-8")
    read()
    (folder / "a.jsonl").write_text(rows("x"), "utf-8")
    (folder / "b.jsonl").write_text(rows("u") + "{broken", "utf-8")
    assert read(prune=True) == {"unchanged": 2, "removed": 1, "failures": 1}
    assert set(stored(archive)) == {"x", "u", "v"}


def test_prune_does_not_believe_an_empty_folder(read: Index, folder: Path, archive: Archive) -> None:
    write(folder / "a.txt")
    (folder / "b.jsonl").write_text(rows("x", "y"), "utf-8")
    read()
    (folder / "a.txt").unlink()
    (folder / "b.jsonl").write_text("", "utf-8")
    failures: list[Failure] = []
    assert read(prune=True, failures=failures)["failures"] == 1
    (folder / "b.jsonl").unlink()
    assert read(prune=True, failures=failures) == {"failures": 1}
    assert "holds none of the 2 articles read from it before, so none was removed" in failures[-1].why
    shutil.rmtree(folder)
    assert read(prune=True) == {"failures": 1}
    assert set(stored(archive)) == {"x", "y"}


def close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody list folders of the name "closed"."""
    real = index.reading.files.os.scandir

    def scandir(path: Path) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(index.reading.files.os, "scandir", scandir)


def test_prune_leaves_what_is_below_a_folder_that_cannot_be_listed(
    read: Index, folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt", "closed/c.txt"):
        write(folder / name)
    read()
    (folder / "a.txt").unlink()
    close(monkeypatch)
    assert read(prune=True) == {"unchanged": 1, "removed": 1, "failures": 1}
    assert set(stored(archive)) == {"b", "closed/c"}


def test_prune_leaves_dropped_rows_that_may_be_back_below_a_folder_that_cannot_be_listed(
    read: Index, folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.txt")
    (folder / "closed").mkdir()
    (folder / "closed" / "b.jsonl").write_text(rows("x", "y"), "utf-8")
    read()
    (folder / "closed" / "b.jsonl").write_text(rows("x"), "utf-8")
    read()
    (folder / "closed" / "b.jsonl").write_text(rows("x", "y"), "utf-8")
    close(monkeypatch)
    read(prune=True)
    assert set(stored(archive)) == {"a", "x", "y"}


def test_file_elsewhere_does_not_replace_an_article_of_a_store_that_did_not_tell_files_apart(
    read: Index, folder: Path, archive: Archive, tmp_path: Path
) -> None:
    write(folder / "a.txt")
    read()
    with archive.store.database.transaction() as connection:
        connection.execute("UPDATE inputs SET path = ?, digest = NULL", (str(folder.resolve()),))
    other = tmp_path / "other"
    other.mkdir()
    write(other / "a.txt", "b")
    failures: list[Failure] = []
    assert read(other, failures=failures) == {"failures": 1}
    assert f"which {folder.resolve()} has too" in failures[0].why
    assert stored(archive) == {"a": "a"}
    write(folder / "a.txt", "b")
    assert read() == {"updated": 1}
    assert stored(archive) == {"a": "b"}


def test_first_reading_stores_articles_before_it_has_seen_all_files(
    folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reading.ingest._BATCH", 1)
    for name in "abc":
        write(folder / f"{name}.txt")
    seen: list[int] = []
    real = index.reading.folder_scan.read_document

    def read_document(path: Path) -> bytes:
        seen.append(archive.store.count())
        return real(path)

    monkeypatch.setattr(index.reading.folder_scan, "read_document", read_document)
    ingest([str(folder)], archive.store, archive.engine)
    assert seen[-1] == 2
    assert archive.store.count() == 3


def test_articles_of_a_store_that_did_not_tell_files_apart(read: Index, folder: Path, archive: Archive) -> None:
    for name in "abc":
        write(folder / f"{name}.txt")
    read()
    database = archive.store.database
    with database.transaction() as connection:
        connection.execute("DELETE FROM inputs")
        connection.execute("INSERT INTO inputs (number, path) VALUES (1, ?)", (str(folder.resolve()),))
        connection.execute("UPDATE articles SET input = 1")
    seq = archive.store.last_seq()
    (folder / "c.txt").unlink()
    bad = folder / "bad.txt"
    bad.write_bytes(b"\xff")
    assert read(prune=True) == {"unchanged": 2, "failures": 1}
    bad.unlink()
    assert archive.store.last_seq() == seq
    (folder / "a.txt").rename(folder / "moved.txt")
    assert read(prune=True) == {"unchanged": 1, "moved": 1, "removed": 1}
    assert stored(archive) == {"a": "a", "b": "b"}


def test_reading_in_small_batches_comes_to_the_same(
    read: Index, folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reading.ingest._BATCH", 1)
    for name in "abc":
        write(folder / f"{name}.txt")
    (folder / "many.jsonl").write_text(rows("m1", "m2", "m3"), "utf-8")
    assert read() == {"added": 6}
    assert read() == {"unchanged": 6}
    (folder / "a.txt").rename(folder / "d.txt")
    write(folder / "a.txt", "e")
    (folder / "many.jsonl").write_text(rows("m1", "m2", word="phở"), "utf-8")
    assert read(prune=True) == {"added": 1, "updated": 2, "unchanged": 2, "moved": 1, "removed": 1}
    assert read(prune=True) == {"unchanged": 6}
