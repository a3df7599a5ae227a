"""Answers to requests that must not be carried out twice, in a SQLite file of their own that processes share.

A request says by a key that it is the same as one before. It is no part of the store: it may be deleted at any time. It
keeps a day, and 10,000 answers of 64 MB at most, as they are packed; the oldest go first.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.store.database import opened_aside

KEPT_SECONDS = 24 * 3600
MOST_ANSWERS = 10_000
MOST_BYTES = 64_000_000
_LONGEST_SECONDS = 3600.0
"""After so long a request is no longer taken to be under way."""
_PATIENCE = 15.0
_LEVEL = 1

_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, at REAL NOT NULL, process TEXT NOT NULL, head TEXT, body BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS answers_at ON answers (at);
"""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer: its head, as a text of whoever keeps it, and its body."""

    head: str
    body: bytes


class KeyReusedError(Exception):
    """The key was given for another request before."""


class UnderWayError(Exception):
    """The same request is being carried out."""


class KeptAnswers:
    """The file ``path``; made when an answer is kept. Every use may raise StoreError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, key: str, digest: str) -> KeptAnswer | None:
        """Return the answer to the request with this key and ``digest``; None if it is to be carried out now.

        Raises KeyReusedError, UnderWayError.
        """
        now = time.time()
        with self._transaction() as write:
            write.execute("DELETE FROM answers WHERE at <= ?", (now - KEPT_SECONDS,))
            row = write.execute("SELECT digest, at, process, head, body FROM answers WHERE key = ?", (key,)).fetchone()
            if row is not None:
                known, at, process, head, body = row
                if known != digest:
                    raise KeyReusedError
                if head is not None:
                    return KeptAnswer(head, zlib.decompress(body))
                if now - at < _LONGEST_SECONDS and _is_alive(process):
                    raise UnderWayError
            write.execute(
                "INSERT OR REPLACE INTO answers (key, digest, at, process) VALUES (?, ?, ?, ?)",
                (key, digest, now, _process(os.getpid())),
            )
        return None

    def keep(self, key: str, answer: KeptAnswer) -> None:
        """Keep the answer to the request that was begun with this key."""
        packed = zlib.compress(answer.body, _LEVEL)
        with self._transaction() as write:
            write.execute("UPDATE answers SET head = ?, body = ? WHERE key = ?", (answer.head, packed, key))
            kept = write.execute(
                "SELECT rowid, length(body) FROM answers WHERE head IS NOT NULL ORDER BY at DESC"
            ).fetchall()
            size = 0
            for number, (rowid, length) in enumerate(kept, 1):
                size += length
                if number > MOST_ANSWERS or (size > MOST_BYTES and number > 1):
                    write.execute("DELETE FROM answers WHERE rowid = ?", (rowid,))

    def drop(self, key: str) -> None:
        """Forget a request that came to nothing, so that it may be sent again."""
        with self._transaction() as write:
            write.execute("DELETE FROM answers WHERE key = ? AND head IS NULL", (key,))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with opened_aside(self._path, "the answers that are kept", _TABLE, _PATIENCE) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection


def _process(number: int) -> str:
    """Return what tells a process from a later one with its number, where the system says when it began."""
    try:
        began = Path(f"/proc/{number}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        began = ""
    return f"{number} {began}"


def _is_alive(process: str) -> bool:
    number = int(process.partition(" ")[0])
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _process(number) == process
