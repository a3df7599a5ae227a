"""Where stored articles were read from: the inputs, each a file below a folder or a file that was named.

An input is known by its ``origin``, the folder or file that was asked for, and its ``name`` below that.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.database import Database

_ID_BATCH = 500


class Inputs:
    """The inputs of ``database``; share it between threads freely."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def number(self, origin: str, name: str) -> int:
        """Return the number of an input, which is noted where it was not known."""
        with self._database.transaction() as write:
            write.execute("INSERT OR IGNORE INTO inputs (origin, name) VALUES (?, ?)", (origin, name))
            row = write.execute("SELECT number FROM inputs WHERE origin = ? AND name = ?", (origin, name)).fetchone()
        return int(row[0])

    def origins(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the origin of each of these articles, where it is known."""
        found: dict[str, str] = {}
        for at in range(0, len(ids), _ID_BATCH):
            some = ids[at : at + _ID_BATCH]
            marks = ", ".join("?" * len(some))
            query = f"SELECT id, origin FROM articles JOIN inputs ON input = number WHERE id IN ({marks})"  # noqa: S608
            found.update(self._database.connection().execute(query, some).fetchall())
        return found

    def ids_from(self, origin: str) -> set[str]:
        """Return the ids of the articles that came from ``origin``."""
        query = "SELECT id FROM articles JOIN inputs ON input = number WHERE origin = ?"
        return {row[0] for row in self._database.connection().execute(query, (origin,))}
