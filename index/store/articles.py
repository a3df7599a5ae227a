"""``ArticleStore`` in SQLite: the source of truth that every index is built from.

Each write takes the next number of one sequence, so "all changes after number n" is exactly what an index that has
applied n lacks. A deleted article leaves a tombstone with its number. A write is acknowledged once its transaction is
committed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from index.article import Article
from index.store.article_store import Change, DeleteResult, WriteResult
from index.store.database import Database, how_to_restore
from index.store.fetches import SqliteFetchLog
from index.store.inputs import SqliteInputLog
from index.store.tasks import SqliteTaskLog

_FIELDS = ("id", "title", "body", "lead", "published", "source", "url", "author", "category", "lang", "extra")
_COLUMNS = ", ".join(_FIELDS)
_ID_BATCH = 500
_BLANK = Article(id="-", title="-")  # copying it with other values is faster than constructing an article
_TAKE_OWNERSHIP = "UPDATE articles SET input = ?, dropped_by = NULL WHERE id = ?"
_CLEAR_INPUT_DIGEST = "UPDATE inputs SET digest = NULL WHERE number = (SELECT input FROM articles WHERE id = ?)"


class SqliteArticleStore:
    """The articles in the SQLite file ``path``; safe to share between threads. Raises StoreError if it is no store."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.tasks = SqliteTaskLog(self.database)
        self.inputs = SqliteInputLog(self.database)
        self.fetches = SqliteFetchLog(self.database)

    def put(self, articles: Sequence[Article], inputs: Sequence[int | None] | None = None) -> WriteResult:
        """Add or replace ``articles`` in one transaction; stored articles with equal content stay untouched.

        ``inputs`` has for each the number of the input it was read from. An input that loses an article to another one
        loses its digest, so that it is read again. If an id occurs twice, the last article wins.
        """
        added: list[str] = []
        updated: list[str] = []
        unchanged: list[str] = []
        now = datetime.now(UTC).isoformat(timespec="seconds")
        numbers = [None] * len(articles) if inputs is None else inputs
        with self.database.transaction() as write:
            seq = self._last_seq(write)
            for article, number in zip(articles, numbers, strict=True):
                digest = article.content_hash()
                known = write.execute("SELECT hash, input FROM articles WHERE id = ?", (article.id,)).fetchone()
                if known is not None and known[0] == digest:
                    unchanged.append(article.id)
                    if number is not None and known[1] != number:
                        write.execute(_CLEAR_INPUT_DIGEST, (article.id,))
                        write.execute(_TAKE_OWNERSHIP, (number, article.id))
                    continue
                (added if known is None else updated).append(article.id)
                seq += 1
                if known is not None and known[1] != number:
                    write.execute(_CLEAR_INPUT_DIGEST, (article.id,))
                write.execute("DELETE FROM tombstones WHERE id = ?", (article.id,))
                write.execute(
                    f"INSERT OR REPLACE INTO articles (seq, hash, input, stored_at, {_COLUMNS})"  # noqa: S608
                    f" VALUES (?, ?, ?, ?{', ?' * len(_FIELDS)})",
                    (seq, digest, number, now, *_to_row(article)),
                )
            write.execute("UPDATE state SET value = ? WHERE key = 'seq'", (seq,))
        return WriteResult(added, updated, unchanged, seq)

    def delete(self, ids: Iterable[str]) -> DeleteResult:
        """Delete articles in one transaction; ignore unknown ids."""
        gone = []
        with self.database.transaction() as write:
            seq = self._last_seq(write)
            for id in ids:
                write.execute(_CLEAR_INPUT_DIGEST, (id,))
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
        """Return the articles with these ids; unknown ids are left out."""
        found: dict[str, Article] = {}
        for at in range(0, len(ids), _ID_BATCH):
            some = ids[at : at + _ID_BATCH]
            marks = ", ".join("?" * len(some))
            rows = self.database.connection().execute(f"SELECT {_COLUMNS} FROM articles WHERE id IN ({marks})", some)  # noqa: S608
            found.update((row[0], _from_row(row)) for row in rows)
        return found

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        """Return at most ``limit`` changes after number ``seq``, oldest first.

        An article changed several times appears once, at its latest number.
        """
        rows = (
            self.database.connection()
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
        """Yield (id, sequence number) of every article, as of one moment."""
        yield from self.database.connection().execute("SELECT id, seq FROM articles")

    def ids_changed_after(self, seq: int) -> set[str]:
        """Return the ids of the articles written or deleted after number ``seq``."""
        rows = self.database.connection().execute(
            "SELECT id FROM articles WHERE seq > :seq UNION ALL SELECT id FROM tombstones WHERE seq > :seq",
            {"seq": seq},
        )
        return {row[0] for row in rows}

    def articles(self) -> Iterator[Article]:
        """Yield every article in sequence order, as of one moment."""
        for row in self.database.connection().execute(f"SELECT {_COLUMNS} FROM articles ORDER BY seq"):  # noqa: S608
            yield _from_row(row)

    def count(self) -> int:
        """Return the number of articles."""
        return int(self.database.connection().execute("SELECT count(*) FROM articles").fetchone()[0])

    def last_seq(self) -> int:
        """Return the sequence number of the latest write."""
        return self._last_seq(self.database.connection())

    def highest_applied(self) -> int:
        """Return the highest sequence number that an index of this store may have applied."""
        noted = self._recorded_applied()
        return self.last_seq() if noted is None else noted

    def record_applied(self, seq: int) -> None:
        """Record that an index is about to count all writes up to number ``seq`` as applied.

        A store restored from a backup has recorded a lower number than its index has applied, however much is written
        to it afterwards.
        """
        noted = self._recorded_applied()
        if noted is None or noted < seq:
            with self.database.transaction() as write:
                write.execute("INSERT OR REPLACE INTO state VALUES ('indexed', ?)", (seq,))

    def identity(self) -> str:
        """Return an id that no other store has, nor a backup of this one."""
        return self.database.uuid()

    def problems(self) -> list[str]:
        """Return the problems that an integrity check finds."""
        return self.database.integrity_problems()

    def how_to_restore(self) -> str:
        """Tell how to put a backup in the place of the database's files."""
        return how_to_restore(self.database.path)

    def back_up(self, file: Path) -> None:
        """Write all articles, as of one moment, to ``file``, a separate database. Raises StoreError."""
        self.database.back_up(file)

    def close(self) -> None:
        """Close every connection; no thread may be using one."""
        self.database.close()

    def _recorded_applied(self) -> int | None:
        row = self.database.connection().execute("SELECT value FROM state WHERE key = 'indexed'").fetchone()
        return None if row is None else int(row[0])

    @staticmethod
    def _last_seq(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT value FROM state WHERE key = 'seq'").fetchone()[0])


def _to_row(article: Article) -> tuple[str | None, ...]:
    values = (getattr(article, field) for field in _FIELDS[:-1])
    return (*values, json.dumps(article.extra, ensure_ascii=False))


def _from_row(row: Sequence[str]) -> Article:
    values = dict(zip(_FIELDS, row, strict=True))
    return _BLANK.model_copy(update={**values, "extra": json.loads(values["extra"])})
