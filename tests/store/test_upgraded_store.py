"""A store of an earlier version is upgraded where it stands; one of a later version is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from index.errors import StoreError
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
VERSION_2 = """
CREATE TABLE articles (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL, stored_at TEXT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, lead TEXT NOT NULL, published TEXT, source TEXT, url TEXT,
    author TEXT, category TEXT, lang TEXT NOT NULL, extra TEXT NOT NULL, input INTEGER REFERENCES inputs (number)
) STRICT;
CREATE TABLE tombstones (id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE) STRICT;
CREATE TABLE state (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
INSERT INTO state VALUES ('seq', 9), ('uuid', 'abc');
CREATE TABLE inputs (
    number INTEGER PRIMARY KEY, origin TEXT NOT NULL, name TEXT NOT NULL, digest TEXT, UNIQUE (origin, name)
) STRICT;
CREATE INDEX articles_input ON articles (input) WHERE input IS NOT NULL;
CREATE INDEX inputs_digest ON inputs (digest) WHERE digest IS NOT NULL;
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL, seq INTEGER,
    created TEXT NOT NULL, started TEXT, finished TEXT, counts TEXT NOT NULL, errors TEXT NOT NULL
) STRICT;
CREATE TABLE fetches (url TEXT PRIMARY KEY, etag TEXT, modified TEXT, fetched TEXT NOT NULL) STRICT;
INSERT INTO inputs VALUES
    (1, '/tin', 'a.txt', 'da'), (2, '/tin', 'sub/b.jsonl', 'db'), (3, '/tin/sub/b.jsonl', 'no longer there', NULL),
    (4, '/tin', 'sub/c.txt', 'dc'), (5, '/tin/sub', 'c.txt', 'dc'), (6, '/d.jsonl', '', 'dd'), (7, '-', '', NULL),
    (8, '/', 'e.txt', 'de');
PRAGMA user_version = 2;
"""


def test_store_of_version_2_keeps_its_articles_and_the_files_they_came_from(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "articles.sqlite")
    connection.executescript(VERSION_2)
    for seq, (id, input) in enumerate(
        {"a": 1, "b1": 2, "b2": 3, "c": 4, "d": 6, "stdin": 7, "e": 8, "api": None}.items()
    ):
        connection.execute(
            "INSERT INTO articles (id, seq, hash, stored_at, title, body, lead, lang, extra, input)"
            " VALUES (?, ?, 'h', 't', 'Giá lúa', 'thân', '', 'vi', '{}', ?)",
            (id, seq + 1, input),
        )
    connection.commit()
    connection.close()
    store = SqliteArticleStore(tmp_path / "articles.sqlite")
    inputs = store.inputs
    assert (store.count(), store.last_seq(), store.database.uuid()) == (8, 9, "abc")
    assert {(input.path, input.digest, input.articles) for input in inputs.below("/")} == {
        ("/tin/a.txt", "da", 1),
        ("/tin/sub/b.jsonl", "db", 1),
        ("/tin/sub/c.txt", None, 1),  # known by two names, so it is read again
        ("/d.jsonl", "dd", 1),
        ("/e.txt", "de", 1),
    }
    assert inputs.owners(["a", "b1", "b2", "stdin", "api"]) == {"a": "/tin/a.txt", "b1": "/tin/sub/b.jsonl"}
    assert inputs.dropped("/tin") == {"b2"}
    store.close()


def test_store_of_version_1_keeps_its_articles_and_where_they_came_from(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "articles.sqlite")
    connection.executescript(VERSION_1)
    connection.close()
    for _ in range(2):
        store = SqliteArticleStore(tmp_path / "articles.sqlite")
        assert [article.title for article in store.articles()] == ["Giá lúa", "Giá gạo"]
        assert store.inputs.owners(["a", "b"]) == {"a": "/tin"}
        assert (store.last_seq(), store.database.uuid()) == (2, "abc")
        store.close()


def test_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "articles.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer timtin"):
        Database(tmp_path / "articles.sqlite")
