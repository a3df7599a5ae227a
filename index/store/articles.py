"""``ArticleStore`` in SQLite: the source of truth that every index is built from.

Each write takes the next number of one sequence, so "all changes after number n" is exactly what an index that has
applied n lacks. A deleted article leaves a tombstone with its number. A write is acknowledged once its transaction is
committed.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from index.article import Article
from index.batches import batches
from index.dates import LOCAL_ZONE
from index.errors import ChangedError, DamagedStoreError, RottenArticleError, low_disk
from index.store.article_store import Change, Condition, DeleteResult, Stamp, WriteResult
from index.store.database import PATIENCE, Database, free_space, how_to_restore
from index.store.fetches import SqliteFetchLog
from index.store.inputs import SqliteInputLog
from index.store.rows import (
    HASH_LENGTH,
    READ,
    WRITTEN,
    RottenRowError,
    Stored,
    article_of,
    is_readable,
    row_of,
    stored_articles,
)
from index.store.tasks import SqliteTaskLog

log = logging.getLogger(__name__)

_ID_BATCH = 500
_VERIFIED_AT_ONCE = 20
_READ_WIDTH = READ.count(",") + 1
_WRITTEN_WIDTH = WRITTEN.count(",") + 1
_TAKE_OWNERSHIP = "UPDATE articles SET input = ?, dropped_by = NULL WHERE id = ?"
_CLEAR_INPUT_DIGEST = "UPDATE inputs SET digest = NULL WHERE number = (SELECT input FROM articles WHERE id = ?)"


class SqliteArticleStore:
    """The articles in the SQLite file ``path``; safe to share between threads. Raises StoreError if it is no store.

    It takes no articles while the disk has less than ``free_disk`` bytes free, so that the index and the write-ahead
    log have room; deletions and all else go on. A use waits ``patience`` seconds for another process's lock.
    """

    def __init__(self, path: Path, *, free_disk: int = 0, patience: float = PATIENCE) -> None:
        self.database = Database(path, patience)
        self._free_disk = free_disk
        self._rotten: set[str] = set()
        self._rotten_lock = threading.Lock()
        self._verified = 0  # the sequence number up to which this round has verified
        self.tasks = SqliteTaskLog(self.database)
        self.inputs = SqliteInputLog(self.database)
        self.fetches = SqliteFetchLog(self.database)

    def put(
        self,
        articles: Sequence[Article],
        inputs: Sequence[int | None] | None = None,
        *,
        only_if: Condition | None = None,
    ) -> WriteResult:
        """Add or replace ``articles`` in one transaction; stored articles with equal content stay untouched.

        ``inputs`` has for each the number of the input it was read from. An input that loses an article to another one
        loses its digest, so that it is read again. If an id occurs twice, the last article wins. A damaged article
        counts as updated. Raises ChangedError, and writes nothing, if ``only_if`` does not hold for one.
        """
        if self._free_disk and free_space(self.database.path.parent) < self._free_disk:
            raise low_disk(self.database.path.parent, self._free_disk)
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
                _check(write, article.id, only_if)
                if known is not None and known[0] == digest and _is_sound(write, article.id):
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
                    f"INSERT OR REPLACE INTO articles (seq, hash, input, stored_at, {WRITTEN})"  # noqa: S608
                    f" VALUES (?, ?, ?, ?{', ?' * _WRITTEN_WIDTH})",
                    (seq, digest, number, now, *row_of(article)),
                )
            write.execute("UPDATE state SET value = ? WHERE key = 'seq'", (seq,))
        self._mended([*added, *updated])
        return WriteResult(added, updated, unchanged, seq)

    def delete(self, ids: Iterable[str], *, only_if: Condition | None = None) -> DeleteResult:
        """Delete articles in one transaction; ignore unknown ids.

        Raises ChangedError, and deletes nothing, if ``only_if`` does not hold for one.
        """
        gone = []
        with self.database.transaction() as write:
            seq = self._last_seq(write)
            for id in ids:
                _check(write, id, only_if)
                write.execute(_CLEAR_INPUT_DIGEST, (id,))
                if write.execute("DELETE FROM articles WHERE id = ?", (id,)).rowcount:
                    seq += 1
                    gone.append(id)
                    write.execute("INSERT OR REPLACE INTO tombstones VALUES (?, ?)", (id, seq))
            write.execute("UPDATE state SET value = ? WHERE key = 'seq'", (seq,))
        self._mended(gone)
        return DeleteResult(gone, seq)

    def get(self, id: str) -> Article | None:
        """Return the article with this id, or None. Raises RottenArticleError."""
        connection = self.database.connection()
        try:
            row = connection.execute(f"SELECT {READ} FROM articles WHERE id = ?", (id,)).fetchone()  # noqa: S608
            return None if row is None else article_of(row)
        except RottenRowError:
            pass
        except DamagedStoreError:
            if not is_readable(connection):
                raise
        self._note_rotten(id)
        raise RottenArticleError(id)

    def get_many(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return the articles with these ids; unknown and damaged ones are left out, and ``get`` tells which."""
        found: dict[str, Article] = {}
        for some in batches(ids, _ID_BATCH):
            marks = ", ".join("?" * len(some))
            query = f"SELECT {READ}, id FROM articles WHERE id IN ({marks})"  # noqa: S608
            try:
                rows = self.database.connection().execute(query, some).fetchall()
            except DamagedStoreError:
                for id in some:
                    with suppress(RottenArticleError):
                        if (article := self.get(id)) is not None:
                            found[id] = article
                continue
            for *row, id in rows:
                try:
                    found[id] = article_of(row)
                except RottenRowError:
                    self._note_rotten(id)
        return found

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        """Return at most ``limit`` changes after number ``seq``, oldest first.

        An article changed several times appears once, at its latest number; a damaged one as if it were deleted.
        """
        connection = self.database.connection()
        try:
            rows = connection.execute(
                f"SELECT seq, id, 1, {READ} FROM articles WHERE seq > :seq"  # noqa: S608
                f" UNION ALL SELECT seq, id, 0{', NULL' * _READ_WIDTH} FROM tombstones WHERE seq > :seq"
                " ORDER BY seq LIMIT :limit",
                {"seq": seq, "limit": limit},
            ).fetchall()
        except DamagedStoreError:
            return self._readable_changes(seq, limit)
        return [Change(number, id, self._article(id, row) if is_there else None) for number, id, is_there, *row in rows]

    def _readable_changes(self, seq: int, limit: int) -> list[Change]:
        """Return the same, reading each article by itself. Raises DamagedStoreError if none can be read."""
        connection = self.database.connection()
        changes = []
        for found in stored_articles(connection, seq, limit=limit):
            if found.error is not None and not is_readable(connection):
                raise found.error
            if found.article is None:
                self._note_rotten(found.id)
            changes.append(Change(found.seq, found.id, found.article))
        gone = connection.execute("SELECT seq, id FROM tombstones WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
        changes += [Change(number, id, None) for number, id in gone]
        return sorted(changes, key=lambda change: change.seq)[:limit]

    def _article(self, id: str, row: Sequence[Any]) -> Article | None:
        try:
            return article_of(row)
        except RottenRowError:
            self._note_rotten(id)
            return None

    def versions(self) -> Iterator[tuple[str, int]]:
        """Yield (id, sequence number) of every article, as of one moment; damaged ones too."""
        with self.database.reading() as connection:
            numbers = dict(connection.execute("SELECT rowid, seq FROM articles ORDER BY seq"))
            rows = connection.execute("SELECT id, rowid FROM articles ORDER BY id").fetchall()
        for id, rowid in rows:
            if (seq := numbers.get(rowid)) is not None:
                yield id, seq

    def ids_changed_after(self, seq: int) -> set[str]:
        """Return the ids of the articles written or deleted after number ``seq``."""
        rows = self.database.connection().execute(
            "SELECT id FROM articles WHERE seq > :seq UNION ALL SELECT id FROM tombstones WHERE seq > :seq",
            {"seq": seq},
        )
        return {row[0] for row in rows}

    def articles(self, rotten: Callable[[str], None] | None = None) -> Iterator[Article]:
        """Yield every article in sequence order, as of one moment.

        ``rotten`` is called with the id of each damaged one; without it, that raises RottenArticleError.
        """
        for found in _sound_as_a_whole(stored_articles(self.database.connection())):
            if found.article is not None:
                yield found.article
            elif rotten is None:
                raise RottenArticleError(found.id)
            else:
                rotten(found.id)

    def stamps(self, first: int, last: int) -> list[Stamp]:
        """Return the stamps of the articles with numbers from ``first`` to ``last``, in order; no text is read."""
        rows = self.database.connection().execute(
            "SELECT seq, id, stored_at FROM articles WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)
        )
        return [Stamp(*row) for row in rows]

    def last_stamps(self, width: int) -> list[Stamp]:
        """Return the last stamp of each ``width`` numbers (1 to ``width``, and so on) that have an article, in order.

        No text is read.
        """
        found: list[Stamp] = []
        last = self.last_seq()
        while (stamp := self._last_stamp(last)) is not None:
            found.append(stamp)
            last = (stamp.seq - 1) // width * width
        return found[::-1]

    def last_stamp(self) -> Stamp | None:
        """Return the stamp of the article that was written last; None if there is none."""
        return self._last_stamp(self.last_seq())

    def _last_stamp(self, seq: int) -> Stamp | None:
        query = "SELECT seq, id, stored_at FROM articles WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
        row = self.database.connection().execute(query, (seq,)).fetchone()
        return None if row is None else Stamp(*row)

    def stored_at(self, ids: Sequence[str]) -> dict[str, str]:
        """Return when each of these articles was last written, as ``Stamp`` says it; unknown ones are left out."""
        query = "SELECT stored_at FROM articles WHERE id = ?"
        rows = {id: self.database.connection().execute(query, (id,)).fetchone() for id in ids}
        return {id: row[0] for id, row in rows.items() if row is not None}

    def verify(self, seconds: float | None = None) -> list[str]:
        """Verify articles for about ``seconds``, resuming where the last call stopped; None: verify all.

        Return the ids of those known to be damaged, and log each new one unless all are verified. Raises
        DamagedStoreError if no article can be read.
        """
        connection = self.database.connection()
        if seconds is None:
            rotten = [found.id for found in _sound_as_a_whole(stored_articles(connection)) if found.article is None]
            with self._rotten_lock:
                self._rotten = set(rotten)
            return rotten
        deadline = time.monotonic() + seconds
        for id in self._known_rotten():
            with suppress(RottenArticleError):
                self.get(id)
                self._mended([id])  # it is sound again, or gone
        while True:
            verified = 0
            for found in stored_articles(connection, self._verified, limit=_VERIFIED_AT_ONCE):
                if found.error is not None and not is_readable(connection):
                    raise found.error
                if found.article is None:
                    self._note_rotten(found.id)
                self._verified = found.seq
                verified += 1
            if verified < _VERIFIED_AT_ONCE:
                self._verified = 0  # the next call begins again
                break
            if time.monotonic() >= deadline:
                break
        return self._known_rotten()

    def _known_rotten(self) -> list[str]:
        with self._rotten_lock:
            return sorted(self._rotten)

    def _note_rotten(self, id: str) -> None:
        with self._rotten_lock:
            if id in self._rotten:
                return
            self._rotten.add(id)
        log.error("%s", RottenArticleError(id))

    def _mended(self, ids: Iterable[str]) -> None:
        with self._rotten_lock:
            self._rotten.difference_update(ids)

    def count(self) -> int:
        """Return the number of articles."""
        return int(self.database.connection().execute("SELECT count(*) FROM articles").fetchone()[0])

    def last_seq(self) -> int:
        """Return the sequence number of the latest write."""
        return self._last_seq(self.database.connection())

    def stored_per_day(self, since: date) -> Mapping[str, int]:
        """Return how many articles were last stored on each day, by its ISO date in Vietnam, from ``since`` on."""
        rows = self.database.connection().execute(
            "SELECT date(stored_at, ?) AS day, count(*) FROM articles WHERE day >= ? GROUP BY day ORDER BY day",
            (f"{LOCAL_ZONE.utcoffset(None).seconds} seconds", since.isoformat()),
        )
        return dict(rows.fetchall())

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
        """Return the problems that an integrity check finds; ``verify`` finds damaged articles."""
        return self.database.integrity_problems()

    def obstacle(self) -> str | None:
        """Return why articles cannot be read or written now, or None if they can; cheap to ask often."""
        if self._free_disk and free_space(self.database.path.parent) < self._free_disk:
            return str(low_disk(self.database.path.parent, self._free_disk))
        return self.database.obstacle()

    def how_to_restore(self) -> str:
        """Tell how to put a backup in the place of the database's files."""
        return how_to_restore(self.database.path)

    def back_up(self, file: Path) -> list[str]:
        """Write all articles, as of one moment, to ``file``, a separate database; return what is damaged of them.

        That is in it as it is. Raises StoreError.
        """

        def rotten(copy: sqlite3.Connection) -> list[str]:
            every = _sound_as_a_whole(stored_articles(copy))
            return [str(RottenArticleError(found.id)) for found in every if found.article is None]

        return self.database.back_up(file, rotten)

    def close(self) -> None:
        """Close every connection; no thread may be using one."""
        self.database.close()

    def _recorded_applied(self) -> int | None:
        row = self.database.connection().execute("SELECT value FROM state WHERE key = 'indexed'").fetchone()
        return None if row is None else int(row[0])

    @staticmethod
    def _last_seq(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT value FROM state WHERE key = 'seq'").fetchone()[0])


def _check(write: sqlite3.Connection, id: str, only_if: Condition | None) -> None:
    """Raise ChangedError if a condition does not hold for the article with this id."""
    if only_if is None:
        return
    row = write.execute("SELECT hash FROM articles WHERE id = ?", (id,)).fetchone()
    digest = None if row is None else str(row[0])
    if digest is not None and len(digest) != HASH_LENGTH:  # of a row that an older version wrote
        try:
            found = write.execute(f"SELECT {READ} FROM articles WHERE id = ?", (id,)).fetchone()  # noqa: S608
            digest = article_of(found).content_hash()
        except (RottenRowError, DamagedStoreError):
            pass
    if not only_if(digest):
        raise ChangedError(id)


def _is_sound(connection: sqlite3.Connection, id: str) -> bool:
    try:
        article_of(connection.execute(f"SELECT {READ} FROM articles WHERE id = ?", (id,)).fetchone())  # noqa: S608
    except (RottenRowError, DamagedStoreError):
        return False
    return True


def _sound_as_a_whole(every: Iterable[Stored]) -> Iterator[Stored]:
    """Yield all articles of a store. Raises DamagedStoreError if there are some and SQLite can read none of them."""
    unread: list[Stored] = []
    can_read = False
    for found in every:
        if found.error is not None and not can_read:
            unread.append(found)
            continue
        can_read = True
        yield from unread
        unread.clear()
        yield found
    if unread and (error := unread[-1].error) is not None:
        raise error
