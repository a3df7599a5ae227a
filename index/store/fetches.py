"""The fetch log in SQLite: when each URL was last fetched, and the validators its server sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from index.store.article_store import Fetched
from index.store.database import Database

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class SqliteFetchLog:
    """``FetchLog`` in ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, url: str, id: str) -> Fetched | None:
        """Return the last fetch of ``url``; None if there was none, or its article ``id`` was deleted since.

        A fetch dated in the future, recorded by a clock that was ahead, counts as long ago.
        """
        row = (
            self._database.connection()
            .execute(
                "SELECT url, fetched, etag, modified FROM fetches WHERE url = ?"
                " AND NOT EXISTS (SELECT 1 FROM tombstones WHERE id = ?)",
                (url, id),
            )
            .fetchone()
        )
        if row is None:
            return None
        at = datetime.fromisoformat(row[1])
        return Fetched(row[0], at if at <= datetime.now(UTC) else _LONG_AGO, row[2], row[3])

    def note(self, fetched: Iterable[Fetched]) -> None:
        """Record fetches, replacing what was recorded for their URLs."""
        rows = [(one.url, one.etag, one.modified, one.at.isoformat(timespec="seconds")) for one in fetched]
        with self._database.transaction() as write:
            write.executemany("INSERT OR REPLACE INTO fetches (url, etag, modified, fetched) VALUES (?, ?, ?, ?)", rows)
