"""Watch a folder and index the articles that appear in it."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog import events
from watchdog.observers import Observer

from index.errors import TimtinError
from index.reading.files import Failure, Remark, printable_path
from index.reading.import_run import Report
from index.reading.ingest import ingest
from index.reading.stability import Stability
from index.store.article_store import ArticleStore, DerivedIndex

log = logging.getLogger(__name__)

_QUIET_SECONDS = 0.2
_LONGEST_SECONDS = 1.2
REPORTS_CLOSING = sys.platform == "linux"
"""Whether the system reports that a file was closed; elsewhere a file is read once it was left alone for a while."""
_WAIT_SECONDS = 1.0
_SCAN_SECONDS = 60.0
_RETRY_SECONDS = 1.0
_EVENTS: list[type[events.FileSystemEvent]] = [
    events.FileCreatedEvent,
    events.FileModifiedEvent,
    events.FileClosedEvent,
    events.FileMovedEvent,
    events.FileDeletedEvent,
    events.DirCreatedEvent,  # there are no events for what is created in a new folder before it is watched
    events.DirMovedEvent,
]


def watch_folder(folder: Path, store: ArticleStore, index: DerivedIndex, stop: threading.Event | None = None) -> None:
    """Index what is in ``folder``, then what appears or changes there, until ``stop`` is set.

    Read the folder once nothing has been closed, moved or created in it for 0.2 s, or after 1.2 s of unbroken changes,
    except files still being written (``stability``); and once a minute whatever the events. A renamed file keeps its
    articles; those of deleted files stay. If the folder disappears, wait for it and watch it again when it is back.
    """
    stop = stop or threading.Event()
    watcher = _FolderWatcher(folder, store, index)
    while not stop.is_set():
        try:
            watcher.watch(stop)
        except FileNotFoundError:
            log.warning("%s is not there; waiting for it", folder)
        except Exception:  # other trouble with a folder may be over at the next try
            log.exception("%s could not be watched; trying again", folder)
        stop.wait(_RETRY_SECONDS)


class _Events(events.FileSystemEventHandler):
    """Pass every event to ``stability``; set ``changed`` after those that may leave more to read."""

    def __init__(self, stability: Stability) -> None:
        self.changed = threading.Event()
        self._stability = stability

    def on_created(self, event: events.FileSystemEvent) -> None:  # noqa: ARG002
        self.changed.set()

    def on_modified(self, event: events.FileSystemEvent) -> None:
        if REPORTS_CLOSING:
            self._stability.note_modified(_path(event.src_path))
        else:
            self.changed.set()

    def on_closed(self, event: events.FileSystemEvent) -> None:
        self._stability.note_closed(_path(event.src_path))
        self.changed.set()

    def on_moved(self, event: events.FileSystemEvent) -> None:
        if not event.is_directory:
            self._stability.note_moved(_path(event.src_path), _path(event.dest_path))
        self.changed.set()

    def on_deleted(self, event: events.FileSystemEvent) -> None:
        self._stability.note_gone(_path(event.src_path))


class _FolderWatcher:
    def __init__(self, folder: Path, store: ArticleStore, index: DerivedIndex) -> None:
        self._folder = folder
        self._store = store
        self._index = index
        self._reported: set[Failure | Remark] = set()

    def watch(self, stop: threading.Event) -> None:
        """Read the folder whenever something changes in it; return once another folder has its name.

        Raises FileNotFoundError when the folder is gone.
        """
        stability = Stability()
        handler = _Events(stability)
        held = os.open(self._folder, os.O_RDONLY)  # while this is open, no other folder can get its inode number
        try:
            with _observed(self._folder, handler):
                self._read(stability)
                read_at, pending_since = time.monotonic(), None
                while not stop.wait(_QUIET_SECONDS) and os.path.samestat(os.fstat(held), self._folder.stat()):
                    now = time.monotonic()
                    if handler.changed.is_set():
                        handler.changed.clear()
                        pending_since = pending_since or now
                        is_due = now - pending_since > _LONGEST_SECONDS
                    else:
                        wait = _WAIT_SECONDS if stability.waiting else _SCAN_SECONDS
                        is_due = pending_since is not None or now - read_at > wait
                    if is_due:
                        self._read(stability)
                        read_at, pending_since = time.monotonic(), None
        finally:
            os.close(held)

    def _read(self, stability: Stability) -> None:
        reported: set[Failure | Remark] = set()

        def report_once(what: Failure | Remark) -> None:
            reported.add(what)
            if what not in self._reported:
                log.warning("%s: %s", what.where, what.why)

        stability.waiting = False
        report = Report(failure=report_once, remark=report_once)
        try:
            summary = ingest([str(self._folder)], self._store, self._index, report=report, stability=stability)
        except (TimtinError, OSError) as error:
            log.warning("%s was not read: %s", self._folder, error)
            stability.forget_reading()  # files that were looked at may not have been stored
            return
        self._reported = reported
        if summary.added or summary.updated or summary.moved:
            log.info(
                "%s: %d added, %d updated, %d moved in %.1f s",
                self._folder, summary.added, summary.updated, summary.moved, summary.seconds,
            )  # fmt: skip


@contextmanager
def _observed(folder: Path, handler: _Events) -> Iterator[None]:
    """Pass events in ``folder`` to ``handler``; log a warning if the system cannot watch it."""
    # watchdog warns at great length when it finds a new folder before the event for it arrives
    warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
    observer = Observer()
    try:
        observer.schedule(handler, os.path.realpath(folder), recursive=True, event_filter=_EVENTS)
        observer.start()
    except OSError as error:  # such as more folders than the system can watch
        log.warning("changes in %s are found only once a minute: %s", folder, error)
    try:
        yield
    finally:
        observer.stop()
        if observer.is_alive():
            observer.join()


def _path(path: bytes | str) -> str:
    return printable_path(os.fsdecode(path))
