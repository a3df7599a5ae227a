"""What was fetched when, and what its server said to tell the next version by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from index.store.database import Database

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One URL as it was last fetched, at the instant ``at``."""

    url: str
    at: datetime
    etag: str | None = None
    modified: str | None = None


class FetchHistory:
    """The fetches of ``database``; share it between threads freely."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, url: str, id: str) -> Fetched | None:
        """Return how ``url`` was last fetched; None where it never was, or its article ``id`` was deleted since.

        Where that was at a time to come, by a clock that was ahead, it is taken for long ago.
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
        """Keep these in the place of what was known of their URLs."""
        rows = [(one.url, one.etag, one.modified, one.at.isoformat(timespec="seconds")) for one in fetched]
        with self._database.transaction() as write:
            write.executemany("INSERT OR REPLACE INTO fetches (url, etag, modified, fetched) VALUES (?, ?, ?, ?)", rows)
