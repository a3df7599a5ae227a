"""Serve over HTTP with waitress."""

from __future__ import annotations

import logging
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import waitress

from index.errors import TimtinError
from index.reading.watching import watch_folder
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.search_pool import SearchPool
from search.service import search
from web.app import create_app
from web.request_body import Channel
from web.services import Services

log = logging.getLogger(__name__)

_THREADS = 16
_LARGEST_BODY = 512 * 1024**2
_IDLE_SECONDS = 30
_MOST_CONNECTIONS = 1000
_LEAVE_SECONDS = 25
_WARM_UP = partial(
    search, parameters=SearchParameters(q="tìm tin", size=1)
)  # loads the model, so that the first search need not wait


def serve(config: ArchiveConfig, host: str, port: int, workers: int, watched: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in progress. Raises TimtinError if the address is taken.

    ``workers`` is the number of search processes. The articles in the folder ``watched`` are indexed at the start and
    as they appear.
    """
    listener = _listen(host, port)
    with ExitStack() as leaving:  # closed in reverse order
        archive = leaving.enter_context(closing(open_archive(config)))
        pool = SearchPool(partial(open_archive, replace(config, sharing=workers)), workers, _WARM_UP, [__name__])
        leaving.enter_context(closing(pool))
        tempfile.tempdir = str(archive.home)  # for request bodies: elsewhere may be memory, or have less room
        app = create_app(archive, {"WAITING": _THREADS // 2}, pool)
        here: Services = app.extensions["timtin"]
        signal.signal(signal.SIGTERM, _leave)
        leaving.callback(here.follower.stop)
        here.follower.start()
        if watched is not None:
            leaving.enter_context(_watching(watched, archive))
        log.info(
            "timtin answers on http://%s:%d · data in %s · the key for writing is in %s",
            host,
            port,
            archive.home,
            app.config["API_KEY_FILE"],
        )
        server = waitress.create_server(
            app,
            sockets=[listener],
            threads=_THREADS,
            ident="timtin",
            max_request_body_size=_LARGEST_BODY,
            channel_timeout=_IDLE_SECONDS,
            connection_limit=_MOST_CONNECTIONS,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=True,
        )
        server.channel_class = Channel
        leaving.callback(server.task_dispatcher.shutdown, cancel_pending=False, timeout=_LEAVE_SECONDS)
        server.run()


@contextmanager
def _watching(watched: Path, archive: Archive) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=watch_folder, args=(watched, archive.store, archive.engine, stop), name="watcher")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


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
