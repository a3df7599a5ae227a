"""A store of an earlier version is upgraded where it stands; one of a later version is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from index.errors import StoreError
from index.reading.inputs import Inputs, Place
from index.store.articles import SqliteArticleStore
from index.store.database import Database

VERSION_1 = """
CREATE TABLE articles (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL, origin TEXT, stored_at TEXT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, lead TEXT NOT NULL, published TEXT, source TEXT, url TEXT,
    author TEXT, category TEXT, lang TEXT NOT NULL, extra TEXT NOT NULL
) STRICT;
CREATE TABLE tombstones (id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE) STRICT;
CREATE TABLE state (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
CREATE INDEX articles_origin ON articles (origin) WHERE origin IS NOT NULL;
INSERT INTO state VALUES ('seq', 2), ('uuid', 'abc');
INSERT INTO articles VALUES
    ('a', 1, 'h', '/tin', 't', 'Giá lúa', 'thân', '', NULL, NULL, NULL, NULL, NULL, 'vi', '{}'),
    ('b', 2, 'h', NULL, 't', 'Giá gạo', 'thân', '', NULL, NULL, NULL, NULL, NULL, 'vi', '{}');
PRAGMA user_version = 1;
"""


def test_store_of_version_1_keeps_its_articles_and_where_they_came_from(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "articles.sqlite")
    connection.executescript(VERSION_1)
    connection.close()
    for _ in range(2):
        database = Database(tmp_path / "articles.sqlite")
        assert [article.title for article in SqliteArticleStore(database).articles()] == ["Giá lúa", "Giá gạo"]
        assert Inputs(database).owners(["a", "b"]) == {"a": (1, Place("/tin", ""))}
        assert (SqliteArticleStore(database).last_seq(), database.uuid()) == (2, "abc")
        database.close()


def test_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "articles.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer timtin"):
        Database(tmp_path / "articles.sqlite")
