"""Search in separate processes, so that a server uses every processor and survives the end of any process.

Threads would not do: numpy releases the GIL at each step, and threads spend their time competing for it. The processes
share the mapped index files and, where the system can fork, the loaded Python modules.
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
_RELEASE_SECONDS = 1.0
_LEAVE_SECONDS = 1.0
_DIE_SECONDS = 0.1


class SearchRunner(Protocol):
    """Runs work that reads an archive. Safe to share between threads."""

    def run(
        self, work: Callable[Concatenate[Archive, Args], Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Return ``work(archive, *args, **kwargs)``, or raise what it raises."""


class InProcessRunner:
    """Run work that reads ``archive`` in this process."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def run(
        self, work: Callable[Concatenate[Archive, Args], Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Return ``work(archive, *args, **kwargs)``."""
        return work(self._archive, *args, **kwargs)


class SearchPool:
    """``count`` search processes, each with its own archive from ``open_archive``.

    They end with this process, however it ends. Arguments, results and the functions given here are pickled. Each
    process starts with ``warm_up``; ``modules`` are loaded once for all of them.
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
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()  # the last one used has the warmest caches
        self._starting = threading.Thread(target=self._start, name="start searchers")
        self._starting.start()

    def run(
        self, work: Callable[Concatenate[Archive, Args], Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Return ``work(archive, *args, **kwargs)``, run in a free process, or raise what it raises.

        If the process ends during the work, start another and try once more. Raises SearchEndedError if that one ends
        too, if the work or the wait for a free process takes more than a minute, and after ``close``.
        """
        try:
            worker = self._idle.get(timeout=_LONGEST_SECONDS)
        except queue.Empty:
            raise SearchEndedError("all search processes have been busy for a minute; try again later") from None
        try:
            try:
                return worker.run(work, args, kwargs)
            except _ProcessEndedError as error:
                log.error("a search process ended: %s; starting another", error)
            return worker.run(work, args, kwargs)
        except _ProcessEndedError as error:
            log.error("a second search process ended on the same search: %s", error)
            raise SearchEndedError(f"two search processes ended on this search: {error}") from error
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End all processes; later work is refused."""
        self._starting.join()
        for worker in self._all:
            worker.end()

    def _start(self) -> None:
        for worker in self._all:
            with suppress(SearchEndedError):  # retried when there is work
                worker.start()
            self._idle.put(worker)


def _context(modules: Sequence[str]) -> Any:
    """Return a multiprocessing context: a fork server that has loaded ``modules``, or spawn if there can be none."""
    # Without these, a fork server imports modules from the working folder and finds no others.
    os.environ.update(PYTHONSAFEPATH="1", PYTHONPATH=os.pathsep.join(sys.path))
    try:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(modules))
        with uninterrupted():
            forkserver.ensure_running()
    except (OSError, ValueError) as error:  # no folder for its socket, or a system that cannot fork
        log.warning("search processes will use more memory, because no fork server can be started: %s", error)
        return multiprocessing.get_context("spawn")
    return context


class _ProcessEndedError(Exception):
    """A process ended while it worked."""


class _Worker:
    """One process; used by one thread at a time."""

    def __init__(self, context: Any, open_archive: Callable[[], Archive], warm_up: Callable[[Archive], object]) -> None:
        self._context = context
        self._setup = (open_archive, warm_up)
        self._running: tuple[BaseProcess, Connection] | None = None
        self._is_over = False

    def start(self) -> tuple[BaseProcess, Connection]:
        """Start the process if it is not running. Raises SearchEndedError if it cannot start, or after ``end``."""
        running = self._running = self._running or self._spawn()
        if self._is_over:  # perhaps set while the process was starting
            self.close()
            raise SearchEndedError("timtin is stopping")
        return running

    def _spawn(self) -> tuple[BaseProcess, Connection]:
        try:
            here, there = self._context.Pipe()
            with there, ExitStack() as failing:
                failing.callback(here.close)
                process = self._context.Process(target=_serve, args=(there, *self._setup), name="searcher")
                process.start()
                failing.pop_all()
        except (OSError, EOFError) as error:
            raise SearchEndedError(f"no search process can be started: {error}") from error
        return process, here

    def run(self, work: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        process, connection = self.start()
        try:
            connection.send((work, args, kwargs))
            if not connection.poll(_LONGEST_SECONDS):
                self.close(wait=0.0)
                raise SearchEndedError(f"the search took more than {_LONGEST_SECONDS:.0f} seconds and was stopped")
            returned, value = connection.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise _ProcessEndedError(f"exit code {process.exitcode}") from error
        if returned:
            found: Result = value
            return found
        raise value

    def close(self, wait: float = _LEAVE_SECONDS) -> None:
        """Ask the process to end, and close its connection; kill it if it still runs after ``wait`` seconds."""
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
        """End the process for good, even while a thread waits for it: Python would not exit while it runs."""
        self._is_over = True
        self.close()


def _serve(connection: Connection, open_archive: Callable[[], Archive], warm_up: Callable[[Archive], object]) -> None:
    """Do the work received until None arrives or the other end is closed.

    When idle, files of replaced indexes are closed within a second.
    """
    for name in (signal.SIGINT, signal.SIGTERM):  # the server finishes its requests, then closes the connection
        signal.signal(name, signal.SIG_IGN)
    archive = cache(open_archive)  # a failure to open is not cached, but retried
    with suppress(Exception):  # the first work received reports a failure
        warm_up(archive())
    gc.freeze()  # loaded objects stay: keep the garbage collector from scanning them
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            if connection.poll(_RELEASE_SECONDS):
                asked = connection.recv()
                if asked is None:
                    return
                connection.send(_run_work(archive, *asked))
            else:
                with suppress(Exception):
                    if (upkeep := archive().engine.upkeep) is not None:
                        upkeep.release_stale()
    _clear_up()


def _clear_up() -> None:
    """Remove the folder of the fork server's socket if the process that made it was killed and left it behind."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join(_DIE_SECONDS)  # the connection may close a moment before the parent counts as dead
    if not parent.is_alive():
        shutil.rmtree(get_temp_dir(), ignore_errors=True)


def _run_work(
    archive: Callable[[], Archive], work: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[bool, object]:
    try:
        return True, work(archive(), *args, **kwargs)
    except Exception as error:  # raised again in the process that sent the work
        if not isinstance(error, TimtinError):
            error.add_note(traceback.format_exc())
        return False, error
