"""Reading a folder again: what was added, changed, moved, removed, and what is not even parsed."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import index.reading.folder_scan
from index.reading.files import Failure
from index.reading.folder_scan import is_below
from index.reading.import_run import Report, Summary
from index.reading.ingest import ImportOptions, ingest
from index.store.inputs import SqliteInputLog
from search.archive import Archive
from tests.archives import check

Index = Callable[..., dict[str, Any]]
COUNTS = ("added", "updated", "unchanged", "removed", "failures", "moved")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def read(archive: Archive, folder: Path) -> Index:
    """Read the folder, or other paths, and return the counts that are not zero."""

    def run(*paths: Path, failures: list[Failure] | None = None, **options: Any) -> dict[str, Any]:
        report = Report(lambda failure: None if failures is None else failures.append(failure))
        named = [str(path) for path in paths or (folder,)]
        found = ingest(named, archive.store, archive.engine, ImportOptions(**options), report)
        assert check(archive) == []
        return counts(found)

    return run


def counts(summary: Summary) -> dict[str, int]:
    return {name: value for name in COUNTS if (value := getattr(summary, name))}


def text(name: str) -> str:
    return f"Bài {name} nói về bún bò Huế, ai ăn rồi cũng muốn quay lại ăn thêm lần nữa."


def write(path: Path, name: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(name or path.stem), "utf-8")
    return path


def stored(archive: Archive) -> dict[str, str]:
    """Return which text each article has, by the name in it."""
    return {article.id: article.body.split()[1] for article in archive.store.articles()}


def rows(*ids: str, word: str = "bún") -> str:
    return "".join(json.dumps({"id": id, "body": f"Bài {word} của {id}"}, ensure_ascii=False) + "\n" for id in ids)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose articles are parsed from here on."""
    names: list[str] = []
    real = index.reading.folder_scan.FolderScan._articles

    def articles(self: Any, file: Any, *more: Any) -> Any:
        names.append(file.name)
        return real(self, file, *more)

    monkeypatch.setattr(index.reading.folder_scan.FolderScan, "_articles", articles)
    return names


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


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_moved_file_read_with_another_source_keeps_its_articles(
    read: Index, folder: Path, archive: Archive, name: str
) -> None:
    (folder / name).write_text(text("a") if name == "a.txt" else rows("a", "b"), "utf-8")
    read(source="Báo Cũ")
    ids = {article.id for article in archive.store.articles()}
    (folder / "sub").mkdir()
    (folder / name).rename(folder / "sub" / f"z-{name}")
    assert read(source="Báo Mẫu", prune=True) == {"updated": len(ids)}
    assert {article.id: article.source for article in archive.store.articles()} == dict.fromkeys(ids, "Báo Mẫu")
    assert read(source="Báo Mẫu", prune=True) == {"unchanged": len(ids)}


def test_file_read_with_another_source_does_not_take_the_place_of_a_copy_that_is_gone(
    read: Index, folder: Path, archive: Archive
) -> None:
    write(folder / "a.txt", "a")
    write(folder / "b.txt", "a")
    read()
    (folder / "b.txt").unlink()
    assert read(source="Báo Mẫu") == {"updated": 1}
    assert {article.id: article.source for article in archive.store.articles()} == {"a": "Báo Mẫu", "b": None}


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


@pytest.mark.parametrize("to", ["zz.txt", "sub/deep/b.txt", "0.txt"])
def test_moved_file_keeps_its_article(read: Index, folder: Path, archive: Archive, parsed: list[str], to: str) -> None:
    write(folder / "a.txt")
    write(folder / "other.txt")
    read()
    seq = archive.store.last_seq()
    parsed.clear()
    (folder / to).parent.mkdir(parents=True, exist_ok=True)
    (folder / "a.txt").rename(folder / to)
    assert read(prune=True) == {"moved": 1, "unchanged": 1}
    assert (archive.store.last_seq(), parsed) == (seq, [])
    write(folder / to, "later")
    assert read(prune=True) == {"updated": 1, "unchanged": 1}
    assert stored(archive) == {"a": "later", "other": "other"}
    (folder / to).unlink()
    assert read(prune=True) == {"removed": 1, "unchanged": 1}


def test_folder_that_is_renamed_keeps_its_articles(read: Index, folder: Path, archive: Archive) -> None:
    for number in range(30):
        write(folder / "old" / f"{number}.txt")
    (folder / "old" / "many.jsonl").write_text(rows("m1", "m2"), "utf-8")
    read()
    before = stored(archive)
    (folder / "old").rename(folder / "new")
    assert read(prune=True) == {"moved": 32}
    assert read(prune=True) == {"unchanged": 32}
    assert stored(archive) == before


def test_file_moved_to_another_folder_keeps_its_article(
    read: Index, folder: Path, tmp_path: Path, archive: Archive
) -> None:
    write(folder / "a.txt")
    write(folder / "b.txt")
    read()
    other = tmp_path / "other"
    other.mkdir()
    (folder / "a.txt").rename(other / "a.txt")
    assert read(other) == {"moved": 1}
    assert read(folder, other, prune=True) == {"unchanged": 2}


def test_file_moved_to_a_folder_that_is_read_later_is_not_pruned(
    read: Index, folder: Path, tmp_path: Path, archive: Archive
) -> None:
    other = tmp_path / "other"
    for path in (folder / "sub/a.txt", folder / "b.txt", folder / "gone.txt", other / "c.txt"):
        write(path)
    read(folder, other)
    (folder / "sub/a.txt").rename(other / "d.txt")
    (folder / "gone.txt").unlink()
    assert read(folder, other, prune=True) == {"unchanged": 2, "moved": 1, "removed": 1}
    assert stored(archive) == {"sub/a": "a", "b": "b", "c": "c"}
    (folder / "b.txt").rename(other / "b.txt")
    assert read(folder, other, prune=True) == {"unchanged": 2, "moved": 1}
    assert stored(archive) == {"sub/a": "a", "b": "b", "c": "c"}


def test_inputs_below_a_path_are_those_in_that_folder(archive: Archive) -> None:
    inputs = archive.store.inputs
    folders = ("", "/a", "/a/b", "/a/b.txt", "/a-b", "/ab", "/a/b/c")
    names = ("x", "b", "b/c", "b/c/x", "b.txt", "b0", "a/b", "a/b/c", "\u1ebf/x", "b/\u1ebf")
    paths = {f"{folder}/{name}" for folder in folders for name in names}
    inputs.begin(paths)
    for path in ("/", "/a", "/a/b", "/a/b/c", "/a/b.txt", "/ab", "/a-b", "/a/b/\u1ebf", "/none"):
        assert sorted(input.path for input in inputs.below(path)) == sorted(p for p in paths if is_below(p, path))


@pytest.mark.parametrize("moved", ["b.txt", "0.txt", "sub/a.txt"])
def test_other_file_at_the_old_name_has_an_article_of_its_own(
    read: Index, folder: Path, archive: Archive, moved: str
) -> None:
    write(folder / "a.txt", "first")
    read()
    (folder / "sub").mkdir()
    (folder / "a.txt").rename(folder / moved)
    write(folder / "a.txt", "second")
    assert read(prune=True) == {"added": 1, "moved": 1}
    found = stored(archive)
    assert found["a"] == "first"
    (own,) = found.keys() - {"a"}
    assert own.startswith("a-")
    assert found[own] == "second"
    write(folder / "a.txt", "third")
    assert read(prune=True) == {"updated": 1, "unchanged": 1}
    assert stored(archive) == {"a": "first", own: "third"}


def test_swapped_and_rotated_names(read: Index, folder: Path, archive: Archive) -> None:
    for name in "abcde":
        write(folder / f"{name}.txt")
    read()
    before = stored(archive)
    for new, old in {"a": "b", "b": "a", "c": "d", "d": "e", "e": "c"}.items():
        write(folder / f"{new}.txt", old)
    result = read(prune=True)
    assert result["moved"] + result.get("unchanged", 0) == 5
    assert stored(archive) == before
    assert read(prune=True) == {"unchanged": 5}


def test_names_that_move_on_by_one_keep_the_articles_of_their_files(
    read: Index, folder: Path, archive: Archive
) -> None:
    (folder / "today.jsonl").write_text(rows("t1", "t2"), "utf-8")
    write(folder / "new.txt", "một")
    write(folder / "old.txt", "hai")
    read()
    (folder / "today.jsonl").rename(folder / "yesterday.jsonl")
    (folder / "today.jsonl").write_text(rows("t3"), "utf-8")
    (folder / "old.txt").rename(folder / "older.txt")
    (folder / "new.txt").rename(folder / "old.txt")
    write(folder / "new.txt", "ba")
    assert read(prune=True) == {"added": 2, "moved": 4}
    found = stored(archive)
    assert {id: found[id] for id in ("new", "old")} == {"new": "một", "old": "hai"}
    assert found.keys() > {"t1", "t2", "t3"}
    assert sorted(found.values()) == ["ba", "bún", "bún", "bún", "hai", "một"]
    assert read(prune=True) == {"unchanged": 6}


def test_file_moved_over_another(read: Index, folder: Path, archive: Archive) -> None:
    write(folder / "a.txt")
    write(folder / "b.txt")
    read()
    (folder / "b.txt").rename(folder / "a.txt")
    assert read() == {"moved": 1}
    assert read(prune=True) == {"unchanged": 1, "removed": 1}
    assert stored(archive) == {"b": "b"}


def test_copy_is_an_article_of_its_own(read: Index, folder: Path, archive: Archive) -> None:
    write(folder / "a.txt")
    read()
    shutil.copy(folder / "a.txt", folder / "b.txt")
    shutil.copy(folder / "a.txt", folder / "0.txt")
    assert read() == {"added": 2, "unchanged": 1}
    (folder / "b.txt").rename(folder / "c.txt")
    assert read(prune=True) == {"moved": 1, "unchanged": 2}
    assert set(stored(archive)) == {"0", "a", "b"}


def test_copies_by_the_hundred_are_not_compared_with_one_another(
    read: Index, folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        write(folder / f"a{number}.txt", "trống")
    read()
    asked: list[str] = []
    real = SqliteInputLog.with_digest
    monkeypatch.setattr(SqliteInputLog, "with_digest", lambda self, digest: asked.append(digest) or real(self, digest))
    for number in range(100):
        write(folder / f"b{number}.txt", "trống")
    assert read() == {"added": 100, "unchanged": 30}
    assert len(asked) == 1
    (folder / "a7.txt").rename(folder / "c.txt")
    assert read(prune=True) == {"unchanged": 129, "moved": 1}


def test_saving_by_rename_updates_the_article(read: Index, folder: Path, archive: Archive) -> None:
    write(folder / "a.txt")
    read()
    write(folder / ".a.txt.tmp", "saved").rename(folder / "a.txt")
    assert read(prune=True) == {"updated": 1}
    assert stored(archive) == {"a": "saved"}


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
