"""Analyse and invert articles, in worker processes if there are many.

A worker gets a chunk of articles and returns a segment: arrays, which are cheap to pass between processes. Other work
on chunks may be given to it. Workers are spawned, not forked, because the calling process may have threads. If one
dies, nothing is lost: this process does its work.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from typing import TypeVar

from index.analysis.segmentation import default_segmenter
from index.processes import uninterrupted
from index.segments.schema import NumberedArticle
from index.segments.segment import Segment
from index.writer.inversion import invert

log = logging.getLogger(__name__)

_AHEAD = 2
_LOOK_SECONDS = 0.1


Chunk = Sequence[NumberedArticle]
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Workers:
    """Run ``count`` worker processes from the first chunk until ``close``; with 0, this process does all the work."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: Executor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the worker processes, dropping chunks they have not begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def segments(self, chunks: Iterable[Chunk], between: Callable[[], None] = lambda: None) -> Iterator[Segment]:
        """Yield the segment of each chunk, as ``results`` does."""
        return self.results(invert, chunks, between)

    def results(
        self, work: Callable[[_Given], _Made], chunks: Iterable[_Given], between: Callable[[], None] = lambda: None
    ) -> Iterator[_Made]:
        """Yield what ``work`` makes of each chunk, in order, reading ``chunks`` a few ahead: two for each worker.

        ``work`` is a function of a module. ``between`` is called several times a second while waiting for a worker.
        """
        waiting: deque[tuple[_Given, Future[_Made] | None]] = deque()
        for chunk in chunks:
            waiting.append((chunk, self._submit(work, chunk)))
            if len(waiting) > _AHEAD * self._count:
                yield self._result(work, *waiting.popleft(), between)
        while waiting:
            yield self._result(work, *waiting.popleft(), between)

    def _submit(self, work: Callable[[_Given], _Made], chunk: _Given) -> Future[_Made] | None:
        if not self._count:
            return None
        try:
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self._count, context, initializer=_begin)
            with uninterrupted():
                return self._pool.submit(work, chunk)
        except (OSError, RuntimeError) as error:  # the pool is broken, no process can start, or the program is exiting
            self._give_up(error)
            return None

    def _result(
        self,
        work: Callable[[_Given], _Made],
        chunk: _Given,
        future: Future[_Made] | None,
        between: Callable[[], None],
    ) -> _Made:
        if future is not None:
            while not wait([future], _LOOK_SECONDS).done:
                between()
            try:
                return future.result()
            except Exception as error:  # whatever happened to the worker, the articles may be fine
                self._give_up(error)
        return work(chunk)

    def _give_up(self, error: Exception) -> None:
        if self._count:
            log.warning("a worker process failed (%s: %s); continuing without workers", type(error).__name__, error)
            self._count = 0


def _begin() -> None:
    """Prepare a worker: ignore interrupts, lower its priority below searches, exit when the parent exits, however."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    default_segmenter()
    gc.disable()  # the work leaves no cycles behind, and the tables it keeps are long to scan
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="watch parent", daemon=True).start()
