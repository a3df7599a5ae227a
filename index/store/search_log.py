"""What was searched for, in a SQLite file of its own: how often in each hour, by how many, what it found, how long.

It has no addresses, no keys and no order of searches within an hour, so it does not tell who searched for what. It is
no part of the store: it may be deleted at any time. It keeps 30 days, and 50,000 rows at most: beyond that, what only
one client searched for in an hour goes first, so that no single one drives out what many search for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from index.store.database import opened_aside

KEPT_HOURS = 30 * 24
MOST_ROWS = 50_000
_PATIENCE = 2.0

_TABLES = """
CREATE TABLE IF NOT EXISTS searches (
    query TEXT NOT NULL, hour INTEGER NOT NULL, times INTEGER NOT NULL, found INTEGER, ms REAL NOT NULL,
    slowest REAL NOT NULL, clients INTEGER NOT NULL, PRIMARY KEY (query, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS searches_hour ON searches (hour);
CREATE TABLE IF NOT EXISTS hidden (query TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
"""
_ADD = """
INSERT INTO searches VALUES (?1, ?2, 1, ?3, ?4, ?4, ?5) ON CONFLICT DO UPDATE SET
    times = times + 1, found = coalesce(excluded.found, found), ms = ms + excluded.ms,
    slowest = max(slowest, excluded.slowest), clients = clients + excluded.clients
"""
_SUMS = "query, sum(times) AS all_times, sum(ms) / sum(times) AS mean, max(slowest) AS longest"


@dataclass(frozen=True, slots=True)
class Searched:
    """One search: its text, the hour since 1970 (UTC), how many articles it found (None: unknown), milliseconds.

    ``again`` says that who makes it has made it in this hour already.
    """

    query: str
    hour: int
    found: int | None
    ms: float
    again: bool = False


@dataclass(frozen=True, slots=True)
class SearchCount:
    """All searches for one text: how often, how many articles the last one found, and milliseconds."""

    query: str
    times: int
    found: int | None
    mean_ms: float
    slowest_ms: float


class SearchLog:
    """The file ``path``; made when something is noted. Processes may share it. Every use may raise StoreError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, searches: Sequence[Searched]) -> None:
        """Note searches, and drop what is too old or too much."""
        with self._opened() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_ADD, [(one.query, one.hour, one.found, one.ms, not one.again) for one in searches])
            newest = max(one.hour for one in searches)
            connection.execute("DELETE FROM searches WHERE hour <= ?", (newest - KEPT_HOURS,))
            (rows,) = connection.execute("SELECT count(*) FROM searches").fetchone()
            if rows > MOST_ROWS:
                connection.execute(
                    "DELETE FROM searches WHERE (query, hour) IN"
                    " (SELECT query, hour FROM searches ORDER BY clients > 1, hour, times LIMIT ?)",
                    (rows - MOST_ROWS,),
                )

    def frequent(self, size: int) -> list[SearchCount]:
        """Return the most frequent searches."""
        return self._counts("", "ORDER BY all_times DESC, query", size)

    def slow(self, size: int) -> list[SearchCount]:
        """Return the searches that took longest at least once."""
        return self._counts("", "ORDER BY longest DESC, query", size)

    def fruitless(self, size: int) -> list[SearchCount]:
        """Return the most frequent searches that found nothing when they were last made."""
        return self._counts("HAVING last = 0", "ORDER BY all_times DESC, query", size)

    def popular(self, size: int, times: int, hours: int) -> list[str]:
        """Return what was searched at least so many times in at least so many hours and finds something.

        What somebody searches again within an hour does not count. The most frequent come first; hidden ones are left
        out.
        """
        wanted = f"HAVING last > 0 AND sum(clients) >= {times:d} AND count(*) >= {hours:d}"
        shown = " AND query NOT IN (SELECT query FROM hidden)"
        return [one.query for one in self._counts(wanted + shown, "ORDER BY sum(clients) DESC, query", size)]

    def hide(self, query: str, *, hidden: bool = True) -> None:
        """Leave a query out of ``popular``, or not any more."""
        with self._opened() as connection, connection:
            if hidden:
                connection.execute("INSERT OR IGNORE INTO hidden VALUES (?)", (query,))
            else:
                connection.execute("DELETE FROM hidden WHERE query = ?", (query,))

    def hidden(self) -> list[str]:
        """Return what is hidden."""
        if not self._path.exists():
            return []
        with self._opened() as connection:
            return [row[0] for row in connection.execute("SELECT query FROM hidden ORDER BY query")]

    def clear(self) -> None:
        """Forget every search, and what is hidden; a damaged file, too."""
        for name in (self._path, self._path.with_name(f"{self._path.name}-journal")):
            name.unlink(missing_ok=True)

    def _counts(self, having: str, order: str, size: int) -> list[SearchCount]:
        if not self._path.exists():
            return []
        last = "(SELECT found FROM searches AS one WHERE one.query = searches.query AND found IS NOT NULL"
        statement = (
            f"SELECT {_SUMS}, {last} ORDER BY hour DESC LIMIT 1) AS last"  # noqa: S608 - texts of this module
            f" FROM searches GROUP BY query {having} {order} LIMIT ?"
        )
        with self._opened() as connection:
            rows = connection.execute(statement, (size,)).fetchall()
        return [SearchCount(query, times, found, mean, longest) for query, times, mean, longest, found in rows]

    def _opened(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened_aside(self._path, "the log of searches", _TABLES, _PATIENCE)
