"""Serving over HTTP, by waitress."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from pathlib import Path
from types import FrameType

import waitress

from index.datafolder import open_data_folder
from index.errors import TimtinError
from index.indexer import Indexer
from index.store import Store
from index.watching import watch_folder
from search.service import Search, search
from web.app import create_app
from web.services import Services

log = logging.getLogger(__name__)

_LARGEST_BODY = 4 * 1024**3
_IDLE_SECONDS = 120


def serve(data: Path, host: str, port: int, threads: int, watched: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT; answers under way are finished. Raises TimtinError if the address is taken.

    ``watched`` is a folder whose articles are indexed at the start and whenever they appear.
    """
    listener = _listen(host, port)
    app = create_app(data)
    here: Services = app.extensions["timtin"]
    signal.signal(signal.SIGTERM, _leave)
    here.follower.start()
    search(here.engine, Search("tìm tin", size=1))  # loads the segmentation model before the first reader waits for it
    stop_watching = threading.Event()
    watcher = _start_watcher(watched, data, stop_watching)
    log.info(
        "timtin answers on http://%s:%d · data in %s · the key for writing is in %s",
        host,
        port,
        data,
        app.config["API_KEY_FILE"],
    )
    try:
        waitress.serve(
            app,
            sockets=[listener],
            threads=threads,
            ident="timtin",
            max_request_body_size=_LARGEST_BODY,
            channel_timeout=_IDLE_SECONDS,
            clear_untrusted_proxy_headers=True,
        )
    finally:
        stop_watching.set()
        if watcher is not None:
            watcher.join()
        here.follower.stop()
        here.engine.close()


def _start_watcher(watched: Path | None, data: Path, stop: threading.Event) -> threading.Thread | None:
    if watched is None:
        return None
    folder = open_data_folder(data)
    store = Store(folder.store)
    thread = threading.Thread(target=watch_folder, args=(watched, store, Indexer(folder, store), stop), name="watcher")
    thread.start()
    return thread


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise TimtinError(
            f"cannot listen on {host}:{port}: {error.strerror};"
            " stop what listens there, or choose another address with --host and --port"
        ) from error


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
