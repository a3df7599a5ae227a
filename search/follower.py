"""The follower: a thread that makes acknowledged writes searchable, and carries out rebuilds.

It looks for new writes several times a second, so that those of other processes are found too, and at once when
woken. Whatever fails is logged, kept for the status page, and tried again.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from index.errors import WriterBusyError
from search.engine import Engine

log = logging.getLogger(__name__)

_TASKS_KEPT = 100


class TaskState(StrEnum):
    """How far a task has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One rebuild that was asked for; times are ISO 8601, UTC."""

    id: str
    kind: str
    state: TaskState
    created: str
    started: str | None = None
    finished: str | None = None
    error: str | None = None


class Follower:
    """Keep ``engine`` searchable; looks for work every ``interval`` seconds."""

    def __init__(self, engine: Engine, interval: float = 0.15) -> None:
        self._engine = engine
        self._interval = interval
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._applied = threading.Condition()
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._tasks_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._begun = False  # the first commit is made even if all seems level: it looks at the index's files
        self.last_error: str | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the piece of work at hand."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def wait_until_searchable(self, seq: int, timeout: float) -> bool:
        """Wait until searches see write ``seq``; return False if they do not after ``timeout`` seconds."""
        self._wake.set()
        deadline = time.monotonic() + timeout
        with self._applied:
            while not self._engine.searchable(seq):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._applied.wait(min(left, self._interval))
        return True

    def wake(self) -> None:
        """Look for new writes now."""
        self._wake.set()

    def request_rebuild(self) -> Task:
        """Ask for a rebuild; one that waits already is answered with the same task."""
        with self._tasks_lock:
            for task in self._tasks.values():
                if task.state is TaskState.WAITING:
                    return task
            task = Task(uuid.uuid4().hex, "reindex", TaskState.WAITING, _now())
            self._tasks[task.id] = task
            while len(self._tasks) > _TASKS_KEPT:
                self._tasks.popitem(last=False)
        self._wake.set()
        return task

    def task(self, id: str) -> Task | None:
        """Return a task, or None for an unknown id; the last 100 are kept."""
        with self._tasks_lock:
            return self._tasks.get(id)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
                self._rebuild_if_asked()
                self.last_error = None
            except WriterBusyError as error:  # the other writer applies what the store has
                self.last_error = str(error)
            except Exception as error:
                self.last_error = f"{type(error).__name__}: {error}"
                log.exception("the index could not follow the store; trying again")
                self._stop.wait(1.0)
            self._wake.wait(self._interval)
            self._wake.clear()

    def _follow(self) -> None:
        if not self._begun or not self._engine.searchable():
            self._engine.commit(wait=0)
            self._begun = True
            with self._applied:
                self._applied.notify_all()

    def _rebuild_if_asked(self) -> None:
        with self._tasks_lock:
            task = next((task for task in self._tasks.values() if task.state is TaskState.WAITING), None)
        if task is None:
            return
        running = replace(task, state=TaskState.RUNNING, started=_now())
        self._set(running)
        try:
            self._engine.rebuild()
        except Exception as error:
            self._set(replace(running, state=TaskState.FAILED, finished=_now(), error=str(error)))
            raise
        self._set(replace(running, state=TaskState.DONE, finished=_now()))

    def _set(self, task: Task) -> None:
        with self._tasks_lock:
            self._tasks[task.id] = task


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
