"""A folder followed while articles appear in it."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from watchfiles import watch

from index.errors import TimtinError
from index.files import Failure
from index.indexer import Indexer
from index.ingest import ingest
from index.store import Store

log = logging.getLogger(__name__)

_SETTLE_MS = 300
_SCAN_MS = 60_000
_RETRY_SECONDS = 5.0


def watch_folder(folder: Path, store: Store, indexer: Indexer, stop: threading.Event | None = None) -> None:
    """Index what is in ``folder``, then what appears there or changes, until ``stop`` is set.

    Changes are waited for until none came for 0.3 s; once a minute the folder is read again, whatever was told.
    Files that go away keep their articles.
    """
    stop = stop or threading.Event()
    while not stop.is_set():
        try:
            _index(folder, store, indexer)
            for _ in watch(
                folder, stop_event=stop, debounce=_SETTLE_MS * 4, step=_SETTLE_MS, rust_timeout=_SCAN_MS,
                yield_on_timeout=True,
            ):  # fmt: skip
                if stop.is_set() or not folder.is_dir():
                    break  # a folder that went away is waited for, and watched anew when it is back
                _index(folder, store, indexer)
        except FileNotFoundError:
            log.warning("%s is not there; waiting for it", folder)
        except Exception:  # whatever else a folder can do, the next look may find it mended
            log.exception("%s could not be followed; trying again", folder)
        stop.wait(_RETRY_SECONDS)


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
