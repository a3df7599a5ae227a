"""Files that were moved, renamed or copied keep their articles, or get articles of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index.store.inputs import SqliteInputLog
from search.archive import Archive
from tests.reading.conftest import Index, rows, stored, text, write


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
