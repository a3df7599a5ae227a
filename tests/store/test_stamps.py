"""When each article was last written, listed by number without its text: the same for every store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from search.archive import Archive, ArchiveConfig, open_archive
from tests.engines.asking import article
from tests.engines.memory import memory_archive


@pytest.fixture(params=["sqlite", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """An empty archive of each kind."""
    data = tmp_path / "data"
    archive = memory_archive(data) if request.param == "memory" else open_archive(ArchiveConfig(data))
    yield archive
    archive.close()


def test_articles_are_listed_by_the_number_of_their_last_write(archive: Archive) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    store = archive.store
    assert store.stamps(1, 100) == store.last_stamps(10) == []
    store.put([article(f"a{number}") for number in range(1, 8)])
    store.put([article("a2", "ngô")])
    store.delete(["a5"])
    listed = store.stamps(1, store.last_seq())
    assert [(stamp.seq, stamp.id) for stamp in listed] == [
        (1, "a1"), (3, "a3"), (4, "a4"), (6, "a6"), (7, "a7"), (8, "a2"),
    ]  # fmt: skip
    assert store.stamps(3, 6) == listed[1:4]
    assert [stamp.seq for stamp in store.last_stamps(3)] == [3, 6, 8]
    assert store.last_stamps(100) == listed[-1:]
    for stamp in listed:
        assert before <= datetime.fromisoformat(stamp.stored_at) <= datetime.now(UTC)
    assert store.stored_at(["a2", "a5", "none", "a1"]) == {
        stamp.id: stamp.stored_at for stamp in listed if stamp.id in {"a1", "a2"}
    }


def test_numbers_without_articles_are_passed_over(archive: Archive) -> None:
    archive.store.put([article(f"a{number}") for number in range(9)])
    archive.store.delete([f"a{number}" for number in range(3, 9)])
    assert [stamp.seq for stamp in archive.store.last_stamps(3)] == [3]
    assert archive.store.stamps(4, 15) == []


def test_text_is_not_read(tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    archive.store.put([article("a")])
    with sqlite3.connect(tmp_path / "data" / "articles.sqlite") as connection:
        connection.execute("UPDATE articles SET body = 'khác'")  # so that reading it is an error
    connection.close()
    assert [stamp.id for stamp in archive.store.stamps(1, 1)] == ["a"]
    assert list(archive.store.stored_at(["a"])) == ["a"]
    archive.close()
