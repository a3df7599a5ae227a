"""A folder followed while articles appear in it."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from watchfiles import watch

from index.errors import TimtinError
from index.files import Failure
from index.indexer import Indexer
from index.ingest import ingest
from index.store import Store

log = logging.getLogger(__name__)

_SETTLE_MS = 300
_LOOK_MS = 2_000
_SCAN_SECONDS = 60.0
_RETRY_SECONDS = 1.0


def watch_folder(folder: Path, store: Store, indexer: Indexer, stop: threading.Event | None = None) -> None:
    """Index what is in ``folder``, then what appears there or changes, until ``stop`` is set.

    Changes are waited for until none came for 0.3 s; once a minute the folder is read again, whatever was told. Files
    that go away keep their articles. A folder that goes away is waited for, and watched anew when it is back.
    """
    stop = stop or threading.Event()
    while not stop.is_set():
        try:
            _follow(folder, store, indexer, stop)
        except FileNotFoundError:
            log.warning("%s is not there; waiting for it", folder)
        except Exception:  # whatever else a folder can do, the next look may find it mended
            log.exception("%s could not be followed; trying again", folder)
        stop.wait(_RETRY_SECONDS)


def _follow(folder: Path, store: Store, indexer: Indexer, stop: threading.Event) -> None:
    """Index ``folder`` whenever something changes in it; return when it is gone or another folder has its name."""
    held = os.open(folder, os.O_RDONLY)  # while it is held, no other folder can get its number
    try:
        _index(folder, store, indexer)
        read_at = -_SCAN_SECONDS  # what came between this reading and the watch's beginning is found at the first look
        for changes in watch(
            folder,
            stop_event=stop,
            debounce=_SETTLE_MS * 4,
            step=_SETTLE_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
        ):
            if stop.is_set() or not os.path.samestat(os.fstat(held), folder.stat()):
                return
            if changes or time.monotonic() - read_at > _SCAN_SECONDS:
                _index(folder, store, indexer)
                read_at = time.monotonic()
    finally:
        os.close(held)


def _index(folder: Path, store: Store, indexer: Indexer) -> None:
    def report(failure: Failure) -> None:
        log.warning("%s: %s", failure.where, failure.why)

    try:
        summary = ingest([str(folder)], store, indexer, on_failure=report)
    except (TimtinError, OSError) as error:
        log.warning("%s was not read: %s", folder, error)
        return
    if summary.added or summary.updated:
        log.info("%s: %d added, %d updated in %.1f s", folder, summary.added, summary.updated, summary.seconds)
