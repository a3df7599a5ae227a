"""A folder followed while articles appear in it."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from watchfiles import watch

from index.errors import TimtinError
from index.reading.files import Failure, Remark
from index.reading.ingest import ingest
from index.reading.stability import Looks
from index.store.articles import SqliteArticleStore
from index.writer.indexer import Indexer

log = logging.getLogger(__name__)

_QUIET_MS = 200
_LONGEST_MS = 1_200
_WAIT_SECONDS = 1.0
_SCAN_SECONDS = 60.0
_RETRY_SECONDS = 1.0


def watch_folder(
    folder: Path, store: SqliteArticleStore, indexer: Indexer, stop: threading.Event | None = None
) -> None:
    """Index what is in ``folder``, then what appears there or changes, until ``stop`` is set.

    Changes are waited for until none came for 0.2 s, and each file until it has come to rest (``settling``); once a
    minute the folder is looked through, whatever was told. A file that is renamed keeps its article; those of
    files that go away stay. A folder that goes away is waited for, and watched anew when it is back.
    """
    stop = stop or threading.Event()
    follower = _FolderWatcher(folder, store, indexer)
    while not stop.is_set():
        try:
            follower.follow(stop)
        except FileNotFoundError:
            log.warning("%s is not there; waiting for it", folder)
        except Exception:  # whatever else a folder can do, the next look may find it mended
            log.exception("%s could not be followed; trying again", folder)
        stop.wait(_RETRY_SECONDS)


class _FolderWatcher:
    def __init__(self, folder: Path, store: SqliteArticleStore, indexer: Indexer) -> None:
        self._folder = folder
        self._store = store
        self._indexer = indexer
        self._looks = Looks()
        self._said: set[Failure | Remark] = set()

    def follow(self, stop: threading.Event) -> None:
        """Index the folder whenever something changes in it; return when it is gone or another folder has its name."""
        held = os.open(self._folder, os.O_RDONLY)  # while it is held, no other folder can get its number
        try:
            self._index()
            read_at = -_SCAN_SECONDS  # what came between this reading and the watch's beginning is found at once
            for changes in watch(
                self._folder.resolve(),
                stop_event=stop,
                debounce=_LONGEST_MS,
                step=_QUIET_MS,
                rust_timeout=1,  # told of after each step
                yield_on_timeout=True,
            ):
                if stop.is_set() or not os.path.samestat(os.fstat(held), self._folder.stat()):
                    return
                if self._is_due({path for _, path in changes}, time.monotonic() - read_at):
                    self._index()
                    read_at = time.monotonic()
        finally:
            os.close(held)

    def _is_due(self, changed: set[str], seconds: float) -> bool:
        """Tell whether to look at the folder, ``seconds`` after the last time; not for what is still being written."""
        looks = self._looks
        if changed - looks.open or looks.has_closed() or seconds > _SCAN_SECONDS:
            return True
        return looks.waiting > 0 and seconds > _WAIT_SECONDS

    def _index(self) -> None:
        said: set[Failure | Remark] = set()

        def say(what: Failure | Remark) -> None:
            said.add(what)
            if what not in self._said:
                log.warning("%s: %s", what.where, what.why)

        try:
            summary = ingest(
                [str(self._folder)], self._store, self._indexer, on_failure=say, on_remark=say, looks=self._looks
            )
        except (TimtinError, OSError) as error:
            log.warning("%s was not read: %s", self._folder, error)
            return
        self._said = said
        if summary.added or summary.updated or summary.moved:
            log.info(
                "%s: %d added, %d updated, %d moved in %.1f s",
                self._folder, summary.added, summary.updated, summary.moved, summary.seconds,
            )  # fmt: skip
