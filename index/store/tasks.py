"""The task log in SQLite: work that outlives its request, kept in the store so that a restart loses none.

A bulk write waits until searches see it, and is then done. A rebuild or a deletion is carried out by any server on
the data folder. The last 1,000 tasks are kept, and every unfinished rebuild and deletion.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from index.errors import DamagedStoreError
from index.store.article_store import UNFINISHED, Task, TaskKind, TaskState, now_text
from index.store.database import Database

_KEPT = 1000
_MOST_ERRORS = 100
_IS_UNFINISHED = f"state IN ({', '.join('?' * len(UNFINISHED))})"
_CANCEL = "UPDATE tasks SET state = ?, finished = ? WHERE id = ? AND kind <> ? AND state = ?"
_OLD = "number <= (SELECT max(number) FROM tasks) - ?"
_FORGET = f"DELETE FROM tasks WHERE {_OLD} AND NOT (kind <> ? AND {_IS_UNFINISHED})"  # noqa: S608
_COLUMNS = "id, kind, state, created, started, finished, counts, errors, seq, filters"


class SqliteTaskLog:
    """``TaskLog`` in ``database``; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def written(self, seq: int, counts: Mapping[str, int], errors: Sequence[Any]) -> Task:
        """Record a bulk write that is done once searches see write ``seq``; the first 100 errors are kept."""
        with self._database.transaction() as write:
            return _add(
                write, Task(uuid.uuid4().hex, TaskKind.ARTICLES, counts=counts, errors=errors[:_MOST_ERRORS], seq=seq)
            )

    def request_rebuild(self) -> Task:
        """Request a rebuild of the index; if a request is waiting already, return that one."""
        with self._database.transaction() as write:
            waiting = _select(write, "WHERE kind = ? AND state = ?", TaskKind.REINDEX, TaskState.WAITING)
            return waiting[0] if waiting else _add(write, Task(uuid.uuid4().hex, TaskKind.REINDEX))

    def request_deletion(self, filters: Mapping[str, Any], seq: int) -> Task:
        """Request the deletion of the articles that pass ``filters`` and were written up to number ``seq``."""
        with self._database.transaction() as write:
            return _add(write, Task(uuid.uuid4().hex, TaskKind.DELETE, counts={"deleted": 0}, seq=seq, filters=filters))

    def get(self, id: str) -> Task | None:
        """Return a task, or None for an unknown id."""
        found = _select(self._database.connection(), "WHERE id = ?", id)
        return found[0] if found else None

    def latest(self, size: int, state: TaskState | None = None) -> list[Task]:
        """Return up to ``size`` tasks, newest first; only those in ``state`` if it is given."""
        return _select(
            self._database.connection(), "WHERE ? IS NULL OR state = ? ORDER BY number DESC LIMIT ?", state, state, size
        )

    def unfinished(self, kind: TaskKind) -> list[Task]:
        """Return the unfinished tasks of a kind, oldest first."""
        return _select(
            self._database.connection(),
            f"WHERE kind = ? AND {_IS_UNFINISHED} ORDER BY number",
            kind,
            *UNFINISHED,
        )

    def begin(self, id: str) -> bool:
        """Record that a task has started; return False, and record nothing, if it has ended."""
        state = "state = CASE state WHEN ? THEN state ELSE ? END"
        return self._set(id, f"{state}, started = ?", TaskState.CANCELLING, TaskState.RUNNING, now_text())

    def count(self, id: str, counts: Mapping[str, int]) -> None:
        """Record how much of a task is done."""
        self._set(id, "counts = ?", json.dumps(counts))

    def cancel(self, id: str) -> Task | None:
        """Cancel a rebuild or a deletion, at once if it waits, and return the task; None for an unknown id."""
        with self._database.transaction() as write:
            write.execute(_CANCEL, (TaskState.CANCELLED, now_text(), id, TaskKind.ARTICLES, TaskState.WAITING))
            write.execute(_CANCEL, (TaskState.CANCELLING, None, id, TaskKind.ARTICLES, TaskState.RUNNING))
            found = _select(write, "WHERE id = ?", id)
        return found[0] if found else None

    def end(self, id: str, error: str | None = None, *, cancelled: bool = False) -> None:
        """Record that a task is done, was ``cancelled`` or, with ``error``, that it failed and why."""
        if error is None:
            self._set(id, "state = ?, finished = ?", TaskState.CANCELLED if cancelled else TaskState.DONE, now_text())
        else:
            errors = json.dumps([{"detail": error}], ensure_ascii=False)
            self._set(id, "state = ?, finished = ?, errors = ?", TaskState.FAILED, now_text(), errors)

    def _set(self, id: str, what: str, *values: object) -> bool:
        """Change a task; return False if it has ended, or there is none."""
        with self._database.transaction() as write:
            where = f"id = ? AND {_IS_UNFINISHED}"
            return write.execute(f"UPDATE tasks SET {what} WHERE {where}", (*values, id, *UNFINISHED)).rowcount > 0  # noqa: S608


def _add(write: sqlite3.Connection, task: Task) -> Task:
    asked = None if task.filters is None else json.dumps(task.filters, ensure_ascii=False)
    counts, errors = json.dumps(task.counts), json.dumps(task.errors)
    write.execute(
        "INSERT INTO tasks (id, kind, state, created, counts, errors, seq, filters) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (task.id, task.kind, task.state, task.created, counts, errors, task.seq, asked),
    )
    write.execute(_FORGET, (_KEPT, TaskKind.ARTICLES, *UNFINISHED))
    return task


def _select(connection: sqlite3.Connection, where: str, *values: object) -> list[Task]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM tasks {where}", values)  # noqa: S608
    return [_task(row) for row in rows]


def _task(row: Sequence[Any]) -> Task:
    id, kind, state, created, started, finished, counts, errors, seq, filters = row
    try:
        counted, listed, asked = json.loads(counts), json.loads(errors), filters and json.loads(filters)
        return Task(id, TaskKind(kind), TaskState(state), created, started, finished, counted, listed, seq, asked)
    except (TypeError, ValueError) as error:
        raise DamagedStoreError(f"the task {id!r} is damaged in the store; restore that from a backup") from error
