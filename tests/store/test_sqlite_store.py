"""The store in SQLite does what every store must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.store.articles import SqliteArticleStore
from tests.store.contract import StoreContract


class TestSqliteStore(StoreContract):
    """SQLite."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteArticleStore]:
        store = SqliteArticleStore(tmp_path / "articles.sqlite")
        yield store
        store.close()
