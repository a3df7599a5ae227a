"""The input log in SQLite: which file each stored article was read from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from index.batches import batches
from index.store.database import Database
from index.store.input_log import Input

_ID_BATCH = 500
_INPUT = "SELECT number, path, digest, (SELECT count(*) FROM articles WHERE input = number) FROM inputs"
_BELOW = "(path = ? OR (path >= ? AND path < ?))"


class SqliteInputLog:
    """``InputLog`` in ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def below(self, path: str) -> list[Input]:
        """Return the inputs at or below ``path``."""
        return self._inputs(f"{_INPUT} WHERE {_BELOW}", _bounds(path))

    def with_digest(self, prefix: str) -> list[Input]:
        """Return the inputs whose digest begins with ``prefix``."""
        return self._inputs(f"{_INPUT} WHERE digest >= ? AND digest < ?", (prefix, f"{prefix}g"))  # after hex digits

    def owners(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the path of the input that each of these articles belongs to; articles without one are left out."""
        found: dict[str, str] = {}
        for some in batches(ids, _ID_BATCH):
            marks = ", ".join("?" * len(some))
            query = f"SELECT id, path FROM articles JOIN inputs ON input = number WHERE id IN ({marks})"  # noqa: S608
            found.update(self._database.connection().execute(query, some).fetchall())
        return found

    def ids(self, path: str) -> set[str]:
        """Return the ids of the articles that belong to the input at ``path``."""
        return self._ids("SELECT id FROM articles JOIN inputs ON input = number WHERE path = ?", (path,))

    def dropped(self, path: str) -> set[str]:
        """Return the ids of the articles that inputs at or below ``path`` dropped."""
        query = f"SELECT id FROM articles JOIN inputs ON dropped_by = number WHERE {_BELOW}"  # noqa: S608
        return self._ids(query, _bounds(path))

    def begin(self, paths: Iterable[str]) -> dict[str, int]:
        """Return the number of the input at each path, creating it if there is none, and erase its digest."""
        query = "INSERT INTO inputs (path) VALUES (?) ON CONFLICT (path) DO UPDATE SET digest = NULL RETURNING number"
        with self._database.transaction() as write:
            return {path: int(write.execute(query, (path,)).fetchone()[0]) for path in paths}

    def finish(self, read: Iterable[tuple[int, str, int]]) -> None:
        """Record inputs that were read to their end, except those that have lost an article meanwhile."""
        with self._database.transaction() as write:
            write.executemany(
                "UPDATE inputs SET digest = ?2 WHERE number = ?1"
                " AND (SELECT count(*) FROM articles WHERE input = ?1) = ?3",
                read,
            )

    def drop(self, ids: Iterable[str]) -> None:
        """Record that the files of these articles no longer have them."""
        with self._database.transaction() as write:
            drop = "UPDATE articles SET dropped_by = input, input = NULL WHERE id = ?"
            write.executemany(drop, [(id,) for id in ids])

    def move(self, moves: Iterable[tuple[int, str]]) -> None:
        """Give each numbered input another path, in order; an input already at that path gets the old one."""
        with self._database.transaction() as write:
            for number, path in moves:
                left = write.execute("SELECT path FROM inputs WHERE number = ?", (number,)).fetchone()
                if left is not None:  # another run may have forgotten it
                    write.execute("UPDATE inputs SET path = '' WHERE number = ?", (number,))
                    write.execute("UPDATE inputs SET path = ? WHERE path = ?", (*left, path))
                    write.execute("UPDATE inputs SET path = ? WHERE number = ?", (path, number))

    def forget(self, numbers: Iterable[int]) -> None:
        """Forget those of these inputs that have no articles and have dropped none."""
        with self._database.transaction() as write:
            write.executemany(
                "DELETE FROM inputs WHERE number = ?1"
                " AND NOT EXISTS (SELECT 1 FROM articles WHERE input = ?1 OR dropped_by = ?1)",
                [(number,) for number in numbers],
            )

    def names(self) -> dict[str, dict[str, str]]:
        """Return what users have said that names stand for, by the path that they said it of."""
        row = self._database.connection().execute("SELECT value FROM state WHERE key = 'names'").fetchone()
        return {} if row is None else dict(json.loads(row[0]))

    def keep_names(self, path: str, names: Mapping[str, str]) -> None:
        """Keep what names stand for in the files at or below ``path``, beside what was said of it before."""
        with self._database.transaction() as write:
            kept = self.names()
            kept[path] = {**kept.get(path, {}), **names}
            keep = "INSERT INTO state VALUES ('names', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            write.execute(keep, (json.dumps(kept),))

    def _inputs(self, query: str, values: tuple[str, ...]) -> list[Input]:
        return [Input(*row) for row in self._database.connection().execute(query, values)]

    def _ids(self, query: str, values: tuple[object, ...]) -> set[str]:
        return {row[0] for row in self._database.connection().execute(query, values)}


def _bounds(path: str) -> tuple[str, str, str]:
    """Return ``path``, and the bounds of the paths below it: the lower one inclusive, the upper one exclusive."""
    folder = path.rstrip("/")
    return path, f"{folder}/", f"{folder}0"  # 0 follows / in ASCII
