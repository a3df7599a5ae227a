"""The index follower: a thread that makes acknowledged writes searchable and runs rebuilds.

Each process that serves has one, and one of them leads: the one whose ``Archive.leadership`` holds, which passes to
another when that process ends, or cannot be reached. The leader checks for writes five times a second: this gathers the
writes in between into one commit and finds those of other processes and servers. It checks at once if many writes are
waiting, or someone waits for one. Every five seconds it verifies a part of the index files and of the articles.
Failures are logged, kept for the status page, and retried. The others only let go of replaced index files.

A write through one server is found through every other within a second. Who waits for a write on a server without the
leader waits for that to come by: were every server to make its own writes searchable, there would be more and smaller
segments, and nobody could say up to which write searches see all.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

from index.errors import TaskCancelledError, TimtinError, WriterBusyError
from index.store.article_store import Progress, Task, TaskKind, TaskState
from search.archive import Archive
from search.runtime.shared import Bell, Notice

log = logging.getLogger(__name__)

_MANY_WRITES = 500
_REPORT_SECONDS = 0.5
_CHECK_SECONDS = 5.0
_SCRUB_SECONDS = 0.1
_PATIENCE_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_LEAD_SECONDS = 1.0


class IndexFollower:
    """Keep ``archive`` in sync and run its tasks; check for work every ``interval`` seconds.

    At most ``waiting`` threads wait longer than a second for a write, so that other threads can answer. Followers of
    several processes are given the same ``bell``, which wakes the one that leads, and the same ``notice``, which says
    what it could not do. ``leading`` is called when this one leads, with the archive and what is set when it leads no
    more, and returns the threads that it started, which ``stop`` waits for. ``verified`` is called now and then with
    how many damaged articles are known.
    """

    def __init__(
        self,
        archive: Archive,
        interval: float = 0.2,
        waiting: int = 4,
        bell: Bell | None = None,
        notice: Notice | None = None,
        leading: Callable[[Archive, threading.Event], Sequence[threading.Thread]] | None = None,
        verified: Callable[[int], object] = bool,
    ) -> None:
        self._archive = archive
        self._tasks = archive.store.tasks
        self._interval = interval
        self._bell = bell or Bell()
        self._notice = notice or Notice()
        self._leading = leading
        self._verified = verified
        self._stop = threading.Event()
        self._term = threading.Event()  # set when this follower stops leading
        self._started: list[threading.Thread] = []
        self._leadership = archive.leadership()
        self._applied = threading.Condition()
        self._waiting = threading.Semaphore(waiting)
        self._writes = 0
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._committed = self._progress_reported = float("-inf")
        self._scrubbed = time.monotonic()

    @property
    def last_error(self) -> str | None:
        """Why searches do not see every write, if they do not."""
        return self._notice.get()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def leave(self) -> None:
        """Stop after the current piece of work."""
        self._stop.set()
        self._term.set()
        self._bell.ring()

    def stop(self, patience: float = 30.0) -> bool:
        """Stop after the current piece of work; return whether all threads have ended within ``patience`` seconds.

        Until they have, the archive is in use.
        """
        self.leave()
        deadline = time.monotonic() + patience
        if self._thread.is_alive():
            self._thread.join(patience)
        for thread in self._started:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in (self._thread, *self._started))

    def wait_until_searchable(self, seq: int, timeout: float) -> bool:
        """Wait until searches see write ``seq``; return False if they do not after ``timeout`` seconds.

        If many threads are waiting, as while another process writes for long, return False after one second; at once
        when this follower stops.
        """
        self._bell.ring()
        if self._wait(seq, min(timeout, _PATIENCE_SECONDS)):
            return True
        if timeout <= _PATIENCE_SECONDS or not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._wait(seq, timeout - _PATIENCE_SECONDS)
        finally:
            self._waiting.release()

    def _wait(self, seq: int, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        with self._applied:
            while not self._archive.in_sync(seq):
                left = deadline - time.monotonic()
                if left <= 0 or self._stop.is_set():
                    return False
                self._applied.wait(min(left, _LOOK_SECONDS))
        return True

    def wrote(self, count: int) -> None:
        """Record ``count`` writes; once there are 500, the next check is at once."""
        self._writes += count
        if self._writes >= _MANY_WRITES:
            self._bell.ring()

    def request_rebuild(self) -> Task:
        """Request a rebuild and return its task; if one is waiting already, return that."""
        task = self._tasks.request_rebuild()
        self._bell.ring()
        return task

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if self._lead():
                    self._follow_store()
                    continue
                with suppress(Exception):
                    if (upkeep := self._archive.engine.upkeep) is not None:
                        upkeep.release_stale()
                self._stop.wait(_LEAD_SECONDS)
        finally:
            self._leadership.give_up()

    def _lead(self) -> bool:
        """Return whether this follower leads."""
        try:
            if not self._leadership.take():
                return False
            self._term = threading.Event()
            if self._stop.is_set():
                self._term.set()
            if self._leading is not None:
                alive = [thread for thread in self._started if thread.is_alive()]
                self._started = [*alive, *self._leading(self._archive, self._term)]
        except Exception as error:  # it tries again; meanwhile another may lead
            self._term.set()
            self._leadership.give_up()
            self._note(f"the index cannot be followed: {error}")
            return False
        return True

    def _leads(self) -> bool:
        """Tell whether this follower still leads; if not, end what goes with it."""
        if self._stop.is_set() or not self._leadership.holds():
            self._term.set()
        return not self._term.is_set()

    def _note(self, error: str | None, *, log_it: bool = True) -> None:
        """Keep why changes could not be applied; log it once, however often it is retried."""
        if error is not None and log_it and error != self._notice.get():
            log.error("changes could not be applied to the index: %s; trying again", error)
        self._notice.set(error)

    def _follow_store(self) -> None:
        while self._leads():
            try:
                self._note(self._work(), log_it=False)
            except _StoppedError:
                return
            except (TimtinError, OSError) as error:
                self._note(str(error))
                self._stop.wait(1.0)
            except Exception as error:
                log.exception("changes could not be applied to the index; trying again")
                self._note(f"{type(error).__name__}: {error}", log_it=False)
                self._stop.wait(1.0)
            self._bell.wait(self._interval)

    def _work(self) -> str | None:
        """Do all pending work; return why searches do not see every write, None if they do."""
        busy = None
        try:
            self._follow()
            self._end_writes()
            self._rebuild_if_asked()
        except WriterBusyError as error:  # the other writer applies the changes
            busy = str(error)
            self._end_writes()
        if time.monotonic() - self._scrubbed > _CHECK_SECONDS:
            if (upkeep := self._archive.engine.upkeep) is not None:
                upkeep.scrub(_SCRUB_SECONDS, again=True)
            self._verified(len(self._archive.store.verify(_SCRUB_SECONDS)))
            self._scrubbed = time.monotonic()
        return None if self._archive.in_sync() else busy

    def _follow(self) -> None:
        self._writes = 0
        # applying changes checks the index files, too, so do it now and then even if the index is in sync
        if time.monotonic() - self._committed > _CHECK_SECONDS or not self._archive.in_sync():
            bring_in_sync(self._archive, wait=0, progress=self._report_progress)
            self._committed = time.monotonic()
            with self._applied:
                self._applied.notify_all()

    def _end_writes(self) -> None:
        for task in sorted(self._tasks.unfinished(TaskKind.ARTICLES), key=lambda task: task.seq or 0):
            if not self._archive.in_sync(task.seq):
                break
            self._tasks.end(task.id)

    def _rebuild_if_asked(self) -> None:
        # a rebuild holds the writer's lock, so a task found running by the next holder was interrupted
        for task in self._tasks.unfinished(TaskKind.REINDEX):  # it waits until another writer is done
            with suppress(_AlreadyDoneError, TaskCancelledError, WriterBusyError):
                self._rebuild(task)

    def _rebuild(self, task: Task) -> None:
        done = 0

        def tell(count: int) -> None:
            nonlocal done
            done += count
            if task.state is TaskState.CANCELLING:  # whoever carried it out has ended
                raise TaskCancelledError
            self._report_progress(count, report)

        def report() -> None:
            self._tasks.count(task.id, {"indexed": done})
            now = self._tasks.get(task.id)
            if now is not None and now.state is TaskState.CANCELLING:
                raise TaskCancelledError

        upkeep = self._archive.engine.upkeep
        exclusive = nullcontext() if upkeep is None else upkeep.exclusive("rebuilding the index", wait=0)
        with exclusive, self._running_task(task, lambda: done):
            self._archive.engine.rebuild(wait=0, progress=tell)

    @contextmanager
    def _running_task(self, task: Task, done: Callable[[], int]) -> Iterator[None]:
        if not self._tasks.begin(task.id):
            raise _AlreadyDoneError
        try:
            yield
        except TaskCancelledError:
            self._tasks.count(task.id, {"indexed": done()})
            self._tasks.end(task.id, cancelled=True)
            raise
        except _StoppedError:  # the next leader starts the task again
            raise
        except Exception as error:
            self._tasks.end(
                task.id, str(error) if isinstance(error, TimtinError) else f"{type(error).__name__}: {error}"
            )
            raise
        self._tasks.count(task.id, {"indexed": done()})
        self._end_writes()  # the new index has what was written before the rebuild began and while it ran
        self._tasks.end(task.id)

    def _report_progress(self, _count: int, tell: Callable[[], None] | None = None) -> None:
        """Raise _StoppedError if this one leads no more; twice a second end tasks of visible writes, call ``tell``."""
        if not self._leads():
            raise _StoppedError
        if time.monotonic() - self._progress_reported < _REPORT_SECONDS:
            return
        self._end_writes()
        if self._archive.in_sync():
            self._notice.set(None)
        if tell is not None:
            tell()
        self._progress_reported = time.monotonic()


def bring_in_sync(archive: Archive, *, wait: float = 10.0, progress: Progress | None = None) -> None:
    """Apply every write so far, and verify the index files that were never verified.

    Any damage found is repaired at once. Raises WriterBusyError if another writer is busy for ``wait`` seconds.
    """
    archive.engine.apply(wait=wait, progress=progress)
    while archive.engine.upkeep is not None and not archive.engine.upkeep.scrub(_SCRUB_SECONDS):
        archive.engine.apply(wait=wait, progress=progress)
        if progress is not None:
            progress(0)


class _StoppedError(Exception):
    """This follower leads no more; the next leader does the unfinished work."""


class _AlreadyDoneError(Exception):
    """The task has ended in the meantime: another process finished it, or it was cancelled."""
