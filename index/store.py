"""The store: articles in SQLite, the truth that every index is made from.

Each write gets the next number of one sequence, so "everything after number n" is exactly what an index that
has applied n still lacks. A deleted article leaves a tombstone with its number. A write is acknowledged once
its transaction is committed (WAL, synchronous FULL): after that neither a killed process nor a lost
power supply takes it back.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.article import Article
from index.errors import StoreError

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS articles (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL, origin TEXT, stored_at TEXT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, lead TEXT NOT NULL, published TEXT, source TEXT, url TEXT,
    author TEXT, category TEXT, lang TEXT NOT NULL, extra TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tombstones (id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
INSERT OR IGNORE INTO state VALUES ('seq', 0);
CREATE INDEX IF NOT EXISTS articles_origin ON articles (origin) WHERE origin IS NOT NULL;
"""
_FIELDS = ("id", "title", "body", "lead", "published", "source", "url", "author", "category", "lang", "extra")
_COLUMNS = ", ".join(_FIELDS)
_ID_BATCH = 500


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the sequence: ``article`` as it is now, or None where the id was deleted."""

    seq: int
    id: str
    article: Article | None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a write did: ids in the order given, and the sequence number that holds it all."""

    added: list[str]
    updated: list[str]
    unchanged: list[str]
    seq: int


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What a deletion did: the ids that were there, and the sequence number that holds it."""

    deleted: list[str]
    seq: int


class Store:
    """Open the store at ``path``; share it between threads freely (each has a connection of its own).

    Raises StoreError where the file is not a store of this version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        try:
            connection = self._connection()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise StoreError(f"{path} was made by a newer timtin (store version {version}); upgrade timtin")
            if version < _VERSION:
                with self._transaction() as write:
                    for statement in _SCHEMA.split(";"):
                        write.execute(statement)
                    write.execute("INSERT OR IGNORE INTO state VALUES ('uuid', ?)", (uuid.uuid4().hex,))
                    write.execute(f"PRAGMA user_version = {_VERSION}")
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path} cannot be used as timtin's store: {error}") from error

    def close(self) -> None:
        """Close every connection; no thread may be using one."""
        with self._connections_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def put(self, articles: Sequence[Article], origin: str | None = None) -> WriteResult:
        """Add or replace ``articles`` in one transaction; those already stored with equal content stay as they are.

        ``origin`` names the folder they were read from, for ``ids_from``. Where an id is given twice the last
        one stands.
        """
        added: list[str] = []
        updated: list[str] = []
        unchanged: list[str] = []
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction() as write:
            seq = self._last_seq(write)
            for article in articles:
                digest = article.content_hash()
                known = write.execute("SELECT hash, origin FROM articles WHERE id = ?", (article.id,)).fetchone()
                if known is not None and known[0] == digest:
                    unchanged.append(article.id)
                    if origin is not None and known[1] != origin:
                        write.execute("UPDATE articles SET origin = ? WHERE id = ?", (origin, article.id))
                    continue
                (added if known is None else updated).append(article.id)
                seq += 1
                write.execute("DELETE FROM tombstones WHERE id = ?", (article.id,))
                write.execute(
                    f"INSERT OR REPLACE INTO articles (seq, hash, origin, stored_at, {_COLUMNS})"  # noqa: S608
                    f" VALUES (?, ?, ?, ?{', ?' * len(_FIELDS)})",
                    (seq, digest, origin, now, *_to_row(article)),
                )
            write.execute("UPDATE state SET value = ? WHERE key = 'seq'", (seq,))
        return WriteResult(added, updated, unchanged, seq)

    def delete(self, ids: Iterable[str]) -> DeleteResult:
        """Delete articles in one transaction; ids that are not there are passed over."""
        gone = []
        with self._transaction() as write:
            seq = self._last_seq(write)
            for id in ids:
                if write.execute("DELETE FROM articles WHERE id = ?", (id,)).rowcount:
                    seq += 1
                    gone.append(id)
                    write.execute("INSERT OR REPLACE INTO tombstones VALUES (?, ?)", (id, seq))
            write.execute("UPDATE state SET value = ? WHERE key = 'seq'", (seq,))
        return DeleteResult(gone, seq)

    def get(self, id: str) -> Article | None:
        """Return the article with this id, or None."""
        return self.get_many([id]).get(id)

    def get_many(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return the articles with these ids; those not there are left out."""
        found: dict[str, Article] = {}
        for at in range(0, len(ids), _ID_BATCH):
            some = ids[at : at + _ID_BATCH]
            marks = ", ".join("?" * len(some))
            rows = self._connection().execute(f"SELECT {_COLUMNS} FROM articles WHERE id IN ({marks})", some)  # noqa: S608
            found.update((row[0], _from_row(row)) for row in rows)
        return found

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        """Return at most ``limit`` changes after number ``seq``, oldest first.

        An article changed several times appears once, at its latest number.
        """
        rows = (
            self._connection()
            .execute(
                f"SELECT seq, 1, {_COLUMNS} FROM articles WHERE seq > :seq"  # noqa: S608
                f" UNION ALL SELECT seq, 0, id{', NULL' * (len(_FIELDS) - 1)} FROM tombstones WHERE seq > :seq"
                " ORDER BY seq LIMIT :limit",
                {"seq": seq, "limit": limit},
            )
            .fetchall()
        )
        return [Change(row[0], row[2], _from_row(row[2:]) if row[1] else None) for row in rows]

    def versions(self) -> Iterator[tuple[str, int]]:
        """Yield (id, sequence number) of every article: one consistent view."""
        yield from self._connection().execute("SELECT id, seq FROM articles")

    def ids_changed_after(self, seq: int) -> set[str]:
        """Return the ids of the articles written or deleted after number ``seq``."""
        rows = self._connection().execute(
            "SELECT id FROM articles WHERE seq > :seq UNION ALL SELECT id FROM tombstones WHERE seq > :seq",
            {"seq": seq},
        )
        return {row[0] for row in rows}

    def origins(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the folder or file each of these articles was read from, where it is known."""
        found: dict[str, str] = {}
        for at in range(0, len(ids), _ID_BATCH):
            some = ids[at : at + _ID_BATCH]
            marks = ", ".join("?" * len(some))
            query = f"SELECT id, origin FROM articles WHERE origin IS NOT NULL AND id IN ({marks})"  # noqa: S608
            found.update(self._connection().execute(query, some).fetchall())
        return found

    def articles(self) -> Iterator[Article]:
        """Yield every article, in the order of the sequence: one consistent view."""
        for row in self._connection().execute(f"SELECT {_COLUMNS} FROM articles ORDER BY seq"):  # noqa: S608
            yield _from_row(row)

    def ids_from(self, origin: str) -> set[str]:
        """Return the ids of the articles that came from ``origin``."""
        rows = self._connection().execute("SELECT id FROM articles WHERE origin = ?", (origin,))
        return {row[0] for row in rows}

    def count(self) -> int:
        """Return the number of articles."""
        return int(self._connection().execute("SELECT count(*) FROM articles").fetchone()[0])

    def last_seq(self) -> int:
        """Return the number of the latest write."""
        return self._last_seq(self._connection())

    def uuid(self) -> str:
        """Return what tells this store from any other."""
        return str(self._connection().execute("SELECT value FROM state WHERE key = 'uuid'").fetchone()[0])

    def integrity_problems(self) -> list[str]:
        """Return what SQLite's own check finds wrong with the file; empty for a sound one."""
        rows = self._connection().execute("PRAGMA integrity_check(10)").fetchall()
        return [row[0] for row in rows if row[0] != "ok"]

    @staticmethod
    def _last_seq(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT value FROM state WHERE key = 'seq'").fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # closed by close(), from whichever thread; used by this thread alone
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            with self._connections_lock:
                self._connections.append(connection)
            self._local.connection = connection
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _to_row(article: Article) -> tuple[str | None, ...]:
    values = (getattr(article, field) for field in _FIELDS[:-1])
    return (*values, json.dumps(article.extra, ensure_ascii=False))


def _from_row(row: Sequence[str]) -> Article:
    values = dict(zip(_FIELDS, row, strict=True))
    return Article.model_construct(**{**values, "extra": json.loads(values["extra"])})
