"""Searching in processes of its own, so that a server uses every processor and outlives whatever ends one of them.

Threads would not do: numpy gives the interpreter's lock away at each step, and they spend their time taking it from
each other. The processes share the mapped files of the index and, where the system can fork, what Python loaded.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import queue
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.util import get_temp_dir
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from index.errors import SearchEndedError, TimtinError
from index.processes import uninterrupted
from search.archive import Archive

log = logging.getLogger(__name__)

Args = ParamSpec("Args")
Result = TypeVar("Result")

_LONGEST_SECONDS = 60.0
_LET_GO_SECONDS = 1.0
_LEAVE_SECONDS = 1.0
_DIE_SECONDS = 0.1


class SearchRunner(Protocol):
    """What does work that reads an archive. Safe to share between threads."""

    def run(
        self, work: Callable[Concatenate[Archive, Args], Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Return ``work(archive, *args, **kwargs)``, or raise what it raises."""


class InProcessRunner:
    """Do work that reads ``archive`` in this process."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def run(
        self, work: Callable[Concatenate[Archive, Args], Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Return ``work(archive, *args, **kwargs)``."""
        return work(self._archive, *args, **kwargs)


class SearchPool:
    """``count`` processes, each with an archive of its own that ``open_archive`` opens; they end with this process, however it ends.

    What is asked and answered, and the functions given here, are pickled. Each process begins with ``warm_up``;
    ``modules`` are loaded once for all of them.
    """

    def __init__(
        self,
        open_archive: Callable[[], Archive],
        count: int,
        warm_up: Callable[[Archive], object],
        modules: Sequence[str] = (),
    ) -> None:
        context = _context([__name__, *modules])
        self._all = [_Worker(context, open_archive, warm_up) for _ in range(count)]
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()  # the one at work last has the most in its caches
        self._starting = threading.Thread(target=self._start, name="start searchers")
        self._starting.start()

    def run(
        self, work: Callable[Concatenate[Archive, Args], Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Return ``work(archive, *args, **kwargs)`` of a process that is free, or raise what it raises.

        A process that ends over it is replaced, and the work is given to the one begun instead. Raises SearchEndedError
        where that ends too, where the work or the wait for a process takes more than a minute, and after ``close``.
        """
        try:
            worker = self._idle.get(timeout=_LONGEST_SECONDS)
        except queue.Empty:
            raise SearchEndedError("every process that searches has been busy for a minute; ask again later") from None
        try:
            try:
                return worker.run(work, args, kwargs)
            except _ProcessEndedError as error:
                log.error("a process that searched ended: %s; another takes its place", error)
            return worker.run(work, args, kwargs)
        except _ProcessEndedError as error:
            log.error("a process that searched ended over the same: %s", error)
            raise SearchEndedError(f"two processes ended over this search: {error}") from error
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End all processes; what is still asked is refused."""
        self._starting.join()
        for worker in self._all:
            worker.end()

    def _start(self) -> None:
        for worker in self._all:
            with suppress(SearchEndedError):  # it is tried again when asked
                worker.start()
            self._idle.put(worker)


def _context(modules: Sequence[str]) -> Any:
    """Return what starts processes: a fork server that has loaded ``modules``, or spawning where there can be none."""
    # Without these a fork server takes files in the working folder for modules of their names, and finds no others.
    os.environ.update(PYTHONSAFEPATH="1", PYTHONPATH=os.pathsep.join(sys.path))
    try:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(modules))
        with uninterrupted():
            forkserver.ensure_running()
    except (OSError, ValueError) as error:  # no folder that its socket can be in, or a system that cannot fork
        log.warning("processes that search take more memory, because no fork server can be started: %s", error)
        return multiprocessing.get_context("spawn")
    return context


class _ProcessEndedError(Exception):
    """A process ended while it was asked."""


class _Worker:
    """One process; used by one thread at a time."""

    def __init__(self, context: Any, open_archive: Callable[[], Archive], warm_up: Callable[[Archive], object]) -> None:
        self._context = context
        self._begin = (open_archive, warm_up)
        self._running: tuple[BaseProcess, Connection] | None = None
        self._is_over = False

    def start(self) -> tuple[BaseProcess, Connection]:
        """Start the process where it is not running. Raises SearchEndedError where the system has none to give."""
        running = self._running = self._running or self._begun()
        if self._is_over:  # maybe since the process was begun
            self.close()
            raise SearchEndedError("timtin is being stopped")
        return running

    def _begun(self) -> tuple[BaseProcess, Connection]:
        try:
            here, there = self._context.Pipe()
            with there, ExitStack() as failing:
                failing.callback(here.close)
                process = self._context.Process(target=_answer, args=(there, *self._begin), name="searcher")
                process.start()
                failing.pop_all()
        except (OSError, EOFError) as error:
            raise SearchEndedError(f"no process can be started to search: {error}") from error
        return process, here

    def run(self, work: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        process, connection = self.start()
        try:
            connection.send((work, args, kwargs))
            if not connection.poll(_LONGEST_SECONDS):
                self.close(wait=0.0)
                raise SearchEndedError(f"the search took more than {_LONGEST_SECONDS:.0f} seconds and was given up")
            returned, value = connection.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise _ProcessEndedError(f"exit code {process.exitcode}") from error
        if returned:
            found: Result = value
            return found
        raise value

    def close(self, wait: float = _LEAVE_SECONDS) -> None:
        """End the process, which leaves when it is told to or its connection is closed."""
        if self._running is not None:
            process, connection = self._running
            self._running = None
            with suppress(OSError):
                connection.send(None)
            connection.close()
            process.join(wait)
            if process.is_alive():
                process.kill()
                process.join()

    def end(self) -> None:
        """End the process for good, though a thread may be waiting for it: one that is left would be waited for."""
        self._is_over = True
        self.close()


def _answer(connection: Connection, open_archive: Callable[[], Archive], warm_up: Callable[[Archive], object]) -> None:
    """Do what is asked until None is, or the one who asks is gone.

    Files that were replaced are let go of within a second.
    """
    for name in (signal.SIGINT, signal.SIGTERM):  # the server finishes what is under way, then closes the connection
        signal.signal(name, signal.SIG_IGN)
    archive = cache(open_archive)  # one that could not be opened is tried again
    with suppress(Exception):  # it is told to the first who asks
        warm_up(archive())
    gc.freeze()  # what is loaded stays, and need not be looked through for garbage again and again
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            if connection.poll(_LET_GO_SECONDS):
                asked = connection.recv()
                if asked is None:
                    return
                connection.send(_done(archive, *asked))
            else:
                with suppress(Exception):
                    if (upkeep := archive().engine.upkeep) is not None:
                        upkeep.release_stale()
    _clear_up()


def _clear_up() -> None:
    """Remove the folder with the fork server's socket where the process that made it was killed, and left it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join(_DIE_SECONDS)  # the connection may be closed before all that tells that it is gone
    if not parent.is_alive():
        shutil.rmtree(get_temp_dir(), ignore_errors=True)


def _done(
    archive: Callable[[], Archive], work: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[bool, object]:
    try:
        return True, work(archive(), *args, **kwargs)
    except Exception as error:  # it is raised where it was asked for
        if not isinstance(error, TimtinError):
            error.add_note(traceback.format_exc())
        return False, error
