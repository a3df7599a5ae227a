"""Where stored articles were read from: the inputs, each a file below a folder or a file that was named.

An input is known by its ``origin``, the folder or file that was asked for, and its ``name`` below that. Its digest is
that of the file's bytes once all its articles are stored. Articles whose file no longer has them belong to an input
below that file, where none can be, until they are pruned. An input of a folder without a name stands for files that
are not told apart.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.reading.files import real_path
from index.store.database import Database

_ID_BATCH = 500
_INPUT = "number, origin, name, digest, (SELECT count(*) FROM articles WHERE input = number)"
_LEFT = "no longer there"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an input is; ``origin`` is absolute, or ``-`` for standard input."""

    origin: str
    name: str

    @property
    def path(self) -> str:
        """The file's path."""
        return f"{self.origin.rstrip('/')}/{self.name}" if self.name else self.origin

    @property
    def is_told_apart(self) -> bool:
        """Whether the place is that of one file."""
        return bool(self.name) or not Path(self.origin).is_dir()

    def exists(self) -> bool:
        """Tell whether the file is there."""
        return os.path.lexists(real_path(self.path))


@dataclass(slots=True)
class Input:
    """An input as it is known: ``articles`` counts those that belong to it."""

    number: int
    place: Place
    digest: str | None
    articles: int


class Inputs:
    """The inputs of ``database``; share it between threads freely."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def below(self, path: str) -> list[Input]:
        """Return the inputs at ``path`` and in the folder ``path``, whatever folder was asked for."""
        run = self._database.connection().execute
        query = f"SELECT {_INPUT} FROM inputs WHERE origin = ? OR (origin >= ? AND origin < ?)"  # noqa: S608
        rows = run(query, (path, *_inside(path.rstrip("/")))).fetchall()
        query = f"SELECT {_INPUT} FROM inputs WHERE origin = ? AND (name = ? OR (name >= ? AND name < ?))"  # noqa: S608
        for at in (at for at, sign in enumerate(path) if sign == "/"):
            name = path[at + 1 :]
            rows += run(query, (path[:at] or "/", name, *_inside(name))).fetchall() if name else ()
        return [_input(row) for row in rows]

    def with_bytes(self, digest: str) -> list[Input]:
        """Return the inputs whose digest begins with this one of their bytes."""
        query = f"SELECT {_INPUT} FROM inputs WHERE digest >= ? AND digest < ?"  # noqa: S608
        return [_input(row) for row in self._database.connection().execute(query, (digest, f"{digest}g"))]

    def owners(self, ids: Sequence[str]) -> dict[str, tuple[int, Place]]:
        """Return number and place of the input of each of these articles, where it is known."""
        found: dict[str, tuple[int, Place]] = {}
        for at in range(0, len(ids), _ID_BATCH):
            some = ids[at : at + _ID_BATCH]
            marks = ", ".join("?" * len(some))
            query = f"SELECT id, number, origin, name FROM articles JOIN inputs ON input = number WHERE id IN ({marks})"  # noqa: S608
            rows = self._database.connection().execute(query, some)
            found.update((id, (number, Place(origin, name))) for id, number, origin, name in rows)
        return found

    def ids(self, number: int) -> set[str]:
        """Return the ids of the articles of an input."""
        rows = self._database.connection().execute("SELECT id FROM articles WHERE input = ?", (number,))
        return {row[0] for row in rows}

    def begin(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the number of each input that is about to be stored; its digest is unknown until it is finished."""
        with self._database.transaction() as write:
            numbers = {place: _number(write, place) for place in places}
            write.executemany(
                "UPDATE inputs SET digest = NULL WHERE number = ? AND digest IS NOT NULL",
                [(number,) for number in numbers.values()],
            )
        return numbers

    def finish(self, read: Sequence[tuple[int, str, int]]) -> None:
        """Note the digests of inputs that were read wholly: (number, digest, count of articles).

        One that has lost an article to another writer meanwhile stays to be read again.
        """
        with self._database.transaction() as write:
            write.executemany(
                "UPDATE inputs SET digest = ?2 WHERE number = ?1"
                " AND (SELECT count(*) FROM articles WHERE input = ?1) = ?3",
                read,
            )

    def move(self, places: Mapping[int, Place]) -> None:
        """Give inputs other places, which they may swap among them."""
        with self._database.transaction() as write:
            write.executemany("UPDATE inputs SET name = '.moving/' || number WHERE number = ?", [(n,) for n in places])
            write.executemany(
                "UPDATE OR IGNORE inputs SET origin = ?, name = ? WHERE number = ?",
                [(place.origin, place.name, number) for number, place in places.items()],
            )

    def set_aside(self, place: Place, ids: Iterable[str]) -> None:
        """Note that the file at ``place`` no longer has these articles, which stay until they are pruned."""
        with self._database.transaction() as write:
            aside = _number(write, Place(place.path, _LEFT))
            write.executemany("UPDATE articles SET input = ? WHERE id = ?", [(aside, id) for id in ids])

    def forget(self, numbers: Iterable[int]) -> None:
        """Forget inputs that have no articles."""
        with self._database.transaction() as write:
            write.executemany(
                "DELETE FROM inputs WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM articles WHERE input = ?1)",
                [(number,) for number in numbers],
            )


def _inside(folder: str) -> tuple[str, str]:
    """Return the bounds of the paths in a folder: the first, and the first that is not."""
    return f"{folder}/", f"{folder}0"  # 0 is the sign after /


def _input(row: tuple[int, str, str, str | None, int]) -> Input:
    return Input(row[0], Place(row[1], row[2]), row[3], row[4])


def _number(write: sqlite3.Connection, place: Place) -> int:
    write.execute("INSERT OR IGNORE INTO inputs (origin, name) VALUES (?, ?)", (place.origin, place.name))
    query = "SELECT number FROM inputs WHERE origin = ? AND name = ?"
    return int(write.execute(query, (place.origin, place.name)).fetchone()[0])
