"""The SQLite file of a data folder: one connection per thread, the tables, and upgrades from older versions.

Committed transactions survive a killed process and a power cut: they are in the write-ahead log (WAL), synced
(synchronous FULL), before they count as done.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from index.atomic_file import make_private, sync
from index.errors import DamagedStoreError, DiskFullError, StoreError, TimtinError, full_disk

PATIENCE = 5.0
"""How long a use waits for another process that has locked the store, in seconds."""

_PROBE_SECONDS = 2.0
_PROBE_PATIENCE = 1.0
_LOCK_PAUSE = 0.01
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_TABLES = """
CREATE TABLE articles (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL, origin TEXT, stored_at TEXT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, lead TEXT NOT NULL, published TEXT, source TEXT, url TEXT,
    author TEXT, category TEXT, lang TEXT NOT NULL, extra TEXT NOT NULL
) STRICT;
CREATE TABLE tombstones (id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE) STRICT;
CREATE TABLE state (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
INSERT INTO state VALUES ('seq', 0);
"""
_INPUTS_TASKS_FETCHES = """
CREATE TABLE inputs (
    number INTEGER PRIMARY KEY, origin TEXT NOT NULL, name TEXT NOT NULL, digest TEXT, UNIQUE (origin, name)
) STRICT;
ALTER TABLE articles ADD COLUMN input INTEGER REFERENCES inputs (number);
INSERT INTO inputs (origin, name) SELECT DISTINCT origin, '' FROM articles WHERE origin IS NOT NULL;
UPDATE articles SET input = (SELECT number FROM inputs WHERE inputs.origin = articles.origin);
DROP INDEX IF EXISTS articles_origin;
ALTER TABLE articles DROP COLUMN origin;
CREATE INDEX articles_input ON articles (input) WHERE input IS NOT NULL;
CREATE INDEX inputs_digest ON inputs (digest) WHERE digest IS NOT NULL;
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL, seq INTEGER,
    created TEXT NOT NULL, started TEXT, finished TEXT, counts TEXT NOT NULL, errors TEXT NOT NULL
) STRICT;
CREATE TABLE fetches (url TEXT PRIMARY KEY, etag TEXT, modified TEXT, fetched TEXT NOT NULL) STRICT;
"""
# an input was a folder or file given by the user, or '-' for standard input, and a name below it; now it is a path.
# articles a file had lost belonged to an input 'no longer there' below the file; now the file has dropped them
_PATHS = """
ALTER TABLE inputs ADD COLUMN path TEXT;
UPDATE inputs SET path = CASE
    WHEN name IN ('', 'no longer there') THEN origin ELSE rtrim(origin, '/') || '/' || name
END WHERE origin <> '-';
CREATE TABLE paths (number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, digest TEXT) STRICT;
INSERT INTO paths SELECT min(number), path, CASE WHEN sum(name <> 'no longer there') = 1 THEN max(digest) END
    FROM inputs WHERE path IS NOT NULL GROUP BY path;
ALTER TABLE articles ADD COLUMN dropped_by INTEGER REFERENCES inputs (number);
UPDATE articles SET dropped_by = (SELECT paths.number FROM inputs JOIN paths USING (path)
    WHERE inputs.number = articles.input AND name = 'no longer there') WHERE input IS NOT NULL;
UPDATE articles SET input = (SELECT paths.number FROM inputs JOIN paths USING (path)
    WHERE inputs.number = articles.input AND name <> 'no longer there') WHERE input IS NOT NULL;
DROP TABLE inputs;
ALTER TABLE paths RENAME TO inputs;
CREATE INDEX inputs_digest ON inputs (digest) WHERE digest IS NOT NULL;
CREATE INDEX articles_dropped_by ON articles (dropped_by) WHERE dropped_by IS NOT NULL;
"""
# of the texts of the row, as they are stored (``rows``); NULL in rows written before
_DIGESTS = "ALTER TABLE articles ADD COLUMN digest BLOB"
_FILTERS = "ALTER TABLE tasks ADD COLUMN filters TEXT"
_STEPS = (_TABLES, _INPUTS_TASKS_FETCHES, _PATHS, _DIGESTS, _FILTERS)
"""Step n upgrades a database from version n to version n + 1."""
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNDECODABLE = "Could not decode to UTF-8"
"""How Python's message begins, which has no code, when a text of the database is not UTF-8."""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}


def _translating_errors(method: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Return a cursor method that turns SQLite's errors into StoreError, DamagedStoreError or DiskFullError."""

    def translated(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        try:
            return method(*args, **kwargs)
        except sqlite3.DatabaseError as error:
            cursor = args[0]
            assert isinstance(cursor, _Cursor)
            path = cursor.connection.path
            code = getattr(error, "sqlite_errorcode", 0)
            if code in _FULL:
                raise full_disk(path.parent) from error
            if code & 0xFF in _DAMAGED or str(error).startswith(_UNDECODABLE):
                raise _damaged(path, error) from error
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(f"the store {path} cannot be used now: {error}") from error
            raise

    return translated


class _Cursor(sqlite3.Cursor):
    connection: _Connection
    execute = _translating_errors(sqlite3.Cursor.execute)
    executemany = _translating_errors(sqlite3.Cursor.executemany)
    fetchone = _translating_errors(sqlite3.Cursor.fetchone)
    fetchall = _translating_errors(sqlite3.Cursor.fetchall)
    __next__ = _translating_errors(sqlite3.Cursor.__next__)  # type: ignore[arg-type]


class _Connection(sqlite3.Connection):
    path: Path

    def execute(self, *given: Any) -> sqlite3.Cursor:
        return self.cursor(_Cursor).execute(*given)

    def executemany(self, *given: Any) -> sqlite3.Cursor:
        return self.cursor(_Cursor).executemany(*given)


class Database:
    """Open the database at ``path``, creating or upgrading it; safe to share between threads.

    A use waits ``patience`` seconds for a lock of another process, then raises StoreError.
    Raises StoreError if the file is not a database of this or an earlier version, and on later use if another file has
    taken its name: what is written to a file without a name is lost when the process ends. Any use raises
    DamagedStoreError if the file is damaged and DiskFullError if the disk is full.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        self._file: tuple[int, int] | None = None
        self._largest = 0
        self._obstacle: str | None = None
        self._probed = float("-inf")
        self._probe_lock = threading.Lock()
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        try:
            self._upgrade()
        except DamagedStoreError as error:
            what = f"{self.path} cannot be used as timtin's store: {error.__cause__}; {how_to_restore(self.path)}"
            raise StoreError(what) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} cannot be used as timtin's store: {error}") from error
        self._file = _identity(self.path)
        self._largest = self.path.stat().st_size

    def close(self) -> None:
        """Close every connection; no thread may be using one."""
        with self._connections_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection; each statement is a transaction of its own."""
        if self._file is not None and _identity(self.path) != self._file:
            raise StoreError(f"{self.path} was replaced or removed while timtin had it open; start timtin again")
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connected(self.path, self._patience)
            try:
                _write_ahead(connection, self._patience)
                connection.execute("PRAGMA synchronous = FULL")
            except BaseException:
                connection.close()
                raise
            with self._connections_lock:
                self._connections.append(connection)
            self._local.connection = connection
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection, in a transaction that sees one moment and holds no lock."""
        connection = self.connection()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection, in a transaction that holds the write lock from the start.

        Commit at the end; roll back on an exception.
        """
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def uuid(self) -> str:
        """Return the unique id of this database."""
        return str(self.connection().execute("SELECT value FROM state WHERE key = 'uuid'").fetchone()[0])

    def obstacle(self) -> str | None:
        """Return why the file cannot be read or written now, or None if it can; looks every two seconds at most."""
        with self._probe_lock:
            if time.monotonic() - self._probed >= _PROBE_SECONDS:
                try:
                    self._obstacle = self._probe()
                except (TimtinError, OSError) as error:
                    self._obstacle = str(error)
                self._probed = time.monotonic()
            return self._obstacle

    def _probe(self) -> str | None:
        self.connection()
        size = self.path.stat().st_size
        if size < self._largest:  # it never shrinks; what a connection has in memory hides that
            return f"the store {self.path} is damaged (it was cut short): {how_to_restore(self.path)}"
        self._largest = size
        if os.statvfs(self.path).f_flag & os.ST_RDONLY:
            return f"the disk that holds {self.path.parent} is read-only, so that nothing can be written"
        if not os.access(self.path, os.W_OK) or not os.access(self.path.parent, os.W_OK):
            return f"the store {self.path} cannot be written to: its permissions do not allow it"
        with closing(_connected(self.path, _PROBE_PATIENCE)) as fresh:
            fresh.execute("SELECT value FROM state WHERE key = 'seq'").fetchone()
            fresh.execute("BEGIN IMMEDIATE")
            fresh.execute("ROLLBACK")
        return None

    def back_up(self, file: Path, inspect: Callable[[sqlite3.Connection], list[str]]) -> list[str]:
        """Write everything committed so far to ``file``, a separate database; others may read and write meanwhile.

        The copy gets a new uuid, so that no index takes it for the original. ``file`` appears only when it is complete,
        readable by its owner alone. A database with damaged pages is copied page by page, as it is. Return what is
        wrong with the copy, with what ``inspect`` finds in it. Raises StoreError if ``file`` exists or cannot be
        written, DamagedStoreError if ``inspect`` cannot read the copy.
        """
        damage: DamagedStoreError | None = None
        if file.exists():
            raise StoreError(f"{file} already exists; name another file, or remove it")
        partial = file.with_name(file.name + ".partial")
        try:
            partial.unlink(missing_ok=True)
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL, 0o600))
            try:
                self.connection().execute("VACUUM INTO ?", (str(partial),))
            except (DamagedStoreError, DiskFullError) as error:
                problems = self.integrity_problems()  # SQLite takes a page number that is too large for a full disk
                if isinstance(error, DiskFullError) and not problems:
                    raise
                damage = _damaged(self.path, problems[0] if problems else error.__cause__)
                os.truncate(partial, 0)
                with closing(sqlite3.connect(partial)) as copy:
                    self.connection().backup(copy)
            with closing(_connected(partial, self._patience)) as copy:
                copy.execute("PRAGMA journal_mode = DELETE")
                copy.execute("UPDATE state SET value = ? WHERE key = 'uuid'", (uuid.uuid4().hex,))
                found = inspect(copy)
            sync(partial)
            partial.rename(file)
            sync(file.parent)
            return found if damage is None else [str(damage), *found]
        except (OSError, sqlite3.Error, TimtinError) as error:
            for path in (partial, *(partial.with_name(f"{partial.name}{end}") for end in ("-journal", "-wal", "-shm"))):
                path.unlink(missing_ok=True)
            if isinstance(error, DamagedStoreError):
                raise damage or error from error
            raise StoreError(f"the backup {file} could not be written: {error.__cause__ or error}") from error

    def integrity_problems(self) -> list[str]:
        """Return the problems that SQLite's integrity check finds; empty for a sound file."""
        try:
            rows = self.connection().execute("PRAGMA integrity_check(10)").fetchall()
        except DamagedStoreError as error:  # too damaged to check
            return [str(error.__cause__)]
        return [row[0] for row in rows if row[0] != "ok"]

    def _upgrade(self) -> None:
        if _version(self.connection()) == len(_STEPS):
            return
        with self.transaction() as write:
            version = _version(write)
            if version > len(_STEPS):
                raise StoreError(f"{self.path} was made by a newer timtin (store version {version}); upgrade timtin")
            for step in _STEPS[version:]:
                for statement in step.split(";"):
                    write.execute(statement)
            write.execute("INSERT OR IGNORE INTO state VALUES ('uuid', ?)", (uuid.uuid4().hex,))
            write.execute(f"PRAGMA user_version = {len(_STEPS)}")


@contextmanager
def opened_aside(path: Path, what: str, tables: str, patience: float) -> Iterator[sqlite3.Connection]:
    """Open a SQLite file of its own, for its owner alone, and make it and its ``tables`` if they are missing.

    A use waits ``patience`` seconds for a lock. Raises StoreError, which calls the file ``what``, within it too.
    """
    try:
        make_private(path)
        with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as connection:
            connection.executescript(tables)
            yield connection
    except (sqlite3.Error, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"{what}, {path}, cannot be used: {why}") from error


def how_to_restore(path: Path) -> str:
    """Tell how to put a backup in the place of the database at ``path``."""
    return f"stop timtin, remove {path.name}-wal and {path.name}-shm, and put a backup in the place of {path.name}"


def _damaged(path: Path, why: object) -> DamagedStoreError:
    return DamagedStoreError(
        f"the store {path} is damaged ({why}): {how_to_restore(path)}; 'timtin check' shows the damage"
    )


def free_space(folder: Path) -> int:
    """Return how many bytes are free for us on the disk that holds ``folder``."""
    return shutil.disk_usage(folder).free


def _connected(path: Path, patience: float) -> _Connection:
    """Return a new connection to an existing or new file; any thread may use or close it. Raises StoreError."""
    try:
        connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=False, factory=_Connection
        )
    except sqlite3.OperationalError as error:
        raise StoreError(f"the store {path} cannot be used now: {error}") from error
    connection.path = path
    return connection


def _write_ahead(connection: _Connection, patience: float) -> None:
    """Give the database a write-ahead log; wait ``patience`` seconds for others that do so, as SQLite itself does not.

    SQLite goes from a read to a write here, where it refuses to wait: two that wait for each other would never end.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except StoreError as error:
            code = getattr(error.__cause__, "sqlite_errorcode", 0)
            if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_LOCK_PAUSE)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the device and inode of the file at ``path``, or None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
