"""Serve the application with one candidate: ``python -m benchmarks.servers.candidates NAME DATA PORT``.

Every candidate has two processes, each of which searches itself, one request at a time where the server allows it, with
the limits that its own options offer. Those without a process manager are forked here, on one listening socket.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from flask import Flask, Response, request

from index.analysis.analyzer import analyze
from search.archive import ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.service import search
from web.app import create_app

PROCESSES = 2
IDLE_SECONDS = 5  # for the head of a request, and between two
DRAIN_SECONDS = 25
LARGEST_BODY = 512 * 1024**2
LARGEST_HEAD = 64 * 1024
CONNECTIONS = 1000  # a process
BACKLOG = 1024
COUNTER = (
    "SERVERS_COUNTER"  # names the file that gets a byte for each search answered with ``mark`` among its arguments
)
DATA = "SERVERS_DATA"


def application() -> Flask:
    """Return the application on the data folder that the environment names, warm, with its own archive."""
    archive = open_archive(ArchiveConfig(Path(os.environ[DATA]), sharing=PROCESSES))
    app = instrumented(create_app(archive))
    search(archive, SearchParameters(q="tìm tin", size=1))
    gc.freeze()
    return app


def instrumented(app: Flask) -> Flask:
    """Add a slow route to ``app``, and count the searches that are marked."""

    @app.get("/slow")
    def slow() -> str:
        time.sleep(float(request.args["seconds"]))
        return "done"

    @app.after_request
    def count(response: Response) -> Response:
        if "mark" in request.args:
            with Path(os.environ[COUNTER]).open("ab") as file:
                file.write(b".")
        return response

    return app


def timtin(data: Path, port: int) -> None:
    """Serve as ``timtin serve --workers 2`` does."""
    import web.server

    made = web.server.create_app
    web.server.create_app = lambda *given: instrumented(made(*given))  # type: ignore[assignment]
    web.server.serve(ArchiveConfig(data), "127.0.0.1", port, PROCESSES)


def granian(_data: Path, port: int) -> None:
    """Serve with granian: connections in Rust, one Python thread a process."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings

    Granian(
        f"{__spec__.name}:application",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=PROCESSES,
        blocking_threads=1,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,  # connections, idle ones too, not requests
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_SECONDS * 1000, max_buffer_size=LARGEST_HEAD),
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=DRAIN_SECONDS,
        log_enabled=False,
    ).serve()


def gunicorn_sync(_data: Path, port: int) -> None:
    """Serve with gunicorn, a connection a process."""
    _gunicorn(port, worker_class="sync")


def gunicorn_gthread(_data: Path, port: int) -> None:
    """Serve with gunicorn, one thread that answers and one that polls a process."""
    _gunicorn(port, worker_class="gthread", threads=1, worker_connections=CONNECTIONS, keepalive=IDLE_SECONDS)


def _gunicorn(port: int, **settings: object) -> None:
    from gunicorn.app.base import BaseApplication

    class Served(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            common = {
                "bind": f"127.0.0.1:{port}",
                "workers": PROCESSES,
                "timeout": IDLE_SECONDS,
                "graceful_timeout": DRAIN_SECONDS,
                "backlog": BACKLOG,
                "worker_tmp_dir": "/dev/shm",
                "loglevel": "critical",
                "control_socket_disable": True,
            }
            for name, value in {**common, **settings}.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return application()

    sys.argv = sys.argv[:1]
    Served().run()


def cheroot(_data: Path, port: int) -> None:
    """Serve with cheroot, one thread that answers and one that polls a process."""
    from cheroot.wsgi import Server

    def work(listener: socket.socket) -> None:
        os.dup2(listener.fileno(), 3)
        os.environ["LISTEN_PID"] = str(os.getpid())  # it then takes its socket from there
        server = Server(
            ("127.0.0.1", port),
            application(),
            numthreads=1,
            max=1,
            timeout=IDLE_SECONDS,
            shutdown_timeout=DRAIN_SECONDS,
            request_queue_size=BACKLOG,
            accepted_queue_size=CONNECTIONS,
        )
        server.max_request_header_size = LARGEST_HEAD
        server.max_request_body_size = LARGEST_BODY
        server.keep_alive_conn_limit = CONNECTIONS
        signal.signal(signal.SIGTERM, _exit)
        server.safe_start()

    _prefork(port, work)


def waitress(_data: Path, port: int) -> None:
    """Serve with waitress, one thread that answers and one that polls a process."""
    from waitress import create_server

    def work(listener: socket.socket) -> None:
        server = create_server(
            application(),
            sockets=[listener],
            threads=1,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=IDLE_SECONDS // 2,
            connection_limit=CONNECTIONS,
            max_request_body_size=LARGEST_BODY,
            max_request_header_size=LARGEST_HEAD,
            outbuf_high_watermark=64 * 1024**2,  # a response of this size holds no thread; the rest is on the disk
            asyncore_use_poll=True,
        )
        signal.signal(signal.SIGTERM, _exit)
        try:
            server.run()
        finally:
            server.task_dispatcher.shutdown(cancel_pending=False, timeout=DRAIN_SECONDS)

    _prefork(port, work)


def hypercorn(_data: Path, port: int) -> None:
    """Serve with hypercorn's wrapper of WSGI: its executor has one thread a process."""
    from hypercorn.config import Config
    from hypercorn.run import run

    config = Config()
    config.application_path = f"wsgi:{__spec__.name}:_hypercorn_application()"
    config.bind = [f"127.0.0.1:{port}"]
    config.workers = PROCESSES
    config.backlog = BACKLOG
    config.read_timeout = 2 * IDLE_SECONDS  # ends a connection with a request under way too
    config.keep_alive_timeout = IDLE_SECONDS
    config.graceful_timeout = DRAIN_SECONDS
    config.h11_max_incomplete_size = LARGEST_HEAD
    config.wsgi_max_body_size = LARGEST_BODY
    config.errorlog = None
    sys.exit(run(config))


class _OneThreadPolicy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        return loop


def _hypercorn_application() -> Flask:
    asyncio.set_event_loop_policy(_OneThreadPolicy())
    return application()


def uvicorn(_data: Path, port: int) -> None:
    """Serve with uvicorn's protocol and ``adapter.OneThread``."""
    from uvicorn import Config, Server

    from benchmarks.servers.adapter import OneThread

    def work(listener: socket.socket) -> None:
        config = Config(
            OneThread(application()),
            http="httptools",
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_level="critical",
            backlog=BACKLOG,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        Server(config).run(sockets=[listener])

    _prefork(port, work)


def _prefork(port: int, work: Callable[[socket.socket], None]) -> None:
    """Run ``work`` in two processes, and again in another when one ends, until SIGTERM."""
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    # Connections inherit this. Without it, head and body sent apart wait 40 ms for the client's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    children: set[int] = set()
    leaving = False

    def leave(_signal: int, _frame: Any) -> None:
        nonlocal leaving
        leaving = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)
    while children or not leaving:
        while not leaving and len(children) < PROCESSES:
            child = os.fork()
            if not child:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                try:
                    work(listener)
                finally:
                    os._exit(0)
            children.add(child)
        ended, _ = os.wait()
        children.discard(ended)


def _exit(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


CANDIDATES: dict[str, tuple[Callable[[Path, int], None], str]] = {
    "timtin serve": (timtin, "waitress"),
    "granian": (granian, "granian"),
    "gunicorn sync": (gunicorn_sync, "gunicorn"),
    "gunicorn gthread": (gunicorn_gthread, "gunicorn"),
    "cheroot": (cheroot, "cheroot"),
    "hypercorn": (hypercorn, "hypercorn"),
    "waitress": (waitress, "waitress"),
    "uvicorn": (uvicorn, "uvicorn"),
}


def installed(name: str) -> bool:
    """Return whether the packages of a candidate are installed."""
    needed = [CANDIDATES[name][1], *(["httptools"] if name == "uvicorn" else [])]
    return all(find_spec(package) for package in needed)


if __name__ == "__main__":
    chosen, folder, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    os.environ[DATA] = str(folder)
    tempfile.tempdir = str(folder)
    analyze("tìm tin")  # loads the model before the processes are made, so that they share it
    CANDIDATES[chosen][0](folder, number)
