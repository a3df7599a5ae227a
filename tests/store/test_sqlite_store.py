"""The store in SQLite does what every store must."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from index.store.articles import SqliteArticleStore
from index.store.database import Database
from tests.store.contract import StoreContract


class TestSqliteStore(StoreContract):
    """SQLite."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteArticleStore]:
        store = SqliteArticleStore(tmp_path / "articles.sqlite")
        yield store
        store.close()


def test_new_store_opened_by_many_at_once_opens_for_all(tmp_path: Path) -> None:
    barrier = Barrier(6)

    def open_at_once(path: Path) -> str:
        barrier.wait()
        database = Database(path)
        try:
            return database.uuid()
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        for number in range(60):
            assert len(set(pool.map(open_at_once, [tmp_path / f"{number}.sqlite"] * 6))) == 1
