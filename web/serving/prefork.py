"""The parent process: it listens, forks the processes that serve, replaces those that end or hang, and stops them.

gunicorn's arbiter does the work; see decision 12.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from index.analysis.analyzer import analyze
from index.errors import TimtinError, WriterBusyError
from index.kernels.library import missing
from index.processes import processors
from search.archive import ArchiveConfig, open_archive
from search.limits import SearchLimits
from search.runtime.shared import Bell, Notice
from web.cluster import cluster_of
from web.keys import FIRST, KeyRing
from web.logs import set_up
from web.metrics import Metrics, count_together, folder_of_counts
from web.recent_errors import keep_errors
from web.serving.proxies import Proxies
from web.serving.rates import Rates
from web.serving.worker import Service, ServingProcess
from web.settings import LimitSettings, Settings

log = logging.getLogger(__name__)

_SILENT_SECONDS = 10
"""A process that does not report for so long is replaced."""
_AWAY_SECONDS = 4.0
_SHORT_SECONDS = 1.0
_PAUSE_SECONDS = 0.5
_LATE_SECONDS = 5.0
_TAKEN_SECONDS = 2.0
_SEND_BUFFER = 256 * 1024
"""Bytes the system takes of a client's answers before it reads them."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in progress. Raises TimtinError if that cannot begin."""
    signal.signal(signal.SIGTERM, _leave)
    set_up(settings.log)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until gunicorn takes it
    listener = _listen(settings.server.host, settings.server.port)
    cluster = cluster_of(settings)
    with ExitStack() as left:
        home = settings.data if cluster is None else left.enter_context(_private_folder())
        _serve(settings, ArchiveConfig(home, cluster=cluster), listener)


def _serve(settings: Settings, archive: ArchiveConfig, listener: socket.socket) -> None:
    with closing(open_archive(archive)) as opened:
        home, key = opened.home, KeyRing(opened.texts).ensure_first()
        where = f"data in {home}" if archive.cluster is None else f"articles in {archive.cluster}"
        if key is not None and opened.texts.folder is not None:
            where = f"{where} · the key for writing is in {opened.texts.place(FIRST)}"
        elif key is not None:  # for whoever starts it, and no log
            print(f"timtin: the first key, {FIRST}, which is shown this once: {key}", file=sys.stderr, flush=True)
        if not opened.store.last_seq():  # then searches find nothing from the start, instead of finding no index
            with suppress(WriterBusyError):
                opened.engine.apply(wait=0)
    analyze("tìm tin")  # loads the model, once for all processes
    here = _reachable(settings.server.host, listener.getsockname()[1])
    log.info("timtin answers on http://%s · %s", here, where)
    if (why := missing()) is not None:
        log.warning("searches take longer without compiled kernels: %s", why)
    server = settings.server
    processes = server.workers or min(processors(), 4)
    with folder_of_counts() as folder:
        count_together(folder, "parent")
        keep_errors(folder)
        service = Service(
            settings,
            _archive_config(replace(archive, data=home), processes, settings.limits),
            processes,
            Proxies(server.trusted_proxies, server.hosts, server.public_url, here),
            Rates(),
            Bell(),
            Notice(),
            folder,
        )
        gc.collect()
        gc.freeze()  # the collector would write to what is loaded, and each process get a copy of it
        _Arbiter(_Application(service, listener)).run()


def _leave(_signal: int, _frame: object) -> NoReturn:
    """End at once: nothing is served yet."""
    raise SystemExit(0)


class _Logger(Logger):  # type: ignore[misc]
    def setup(self, cfg: object) -> None:  # noqa: ARG002
        """Say what is wrong in the service's own log, and nothing else."""
        self.loglevel = logging.WARNING
        self.error_log.setLevel(logging.WARNING)
        self.error_log.propagate = True


class _Arbiter(Arbiter):  # type: ignore[misc]
    SIGNALS = tuple(
        number
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN  # as nohup asks for
    )
    _looked = _spared = float("-inf")

    def handle_int(self) -> None:
        """Stop as on SIGTERM: requests in progress are finished."""
        raise StopIteration

    handle_hup = handle_int

    def murder_workers(self) -> None:
        """Replace processes that are silent; but let them report first if this one was stopped, as a container is."""
        now = time.monotonic()
        if now - self._looked > _AWAY_SECONDS:
            self._spared = now + _AWAY_SECONDS
        self._looked = now
        if now > self._spared:
            super().murder_workers()


class _Application(BaseApplication):  # type: ignore[misc]
    """How gunicorn is told what to run."""

    def __init__(self, service: Service, listener: socket.socket) -> None:
        self.service = service
        self._listener = listener
        self._metrics = Metrics()
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        drain = self.service.settings.server.drain_seconds
        for name, value in {
            "bind": f"fd://{self._listener.fileno()}",
            "workers": self.service.processes,
            "worker_class": ServingProcess,
            "timeout": _SILENT_SECONDS,
            "graceful_timeout": int(drain + _LATE_SECONDS),
            "worker_tmp_dir": str(self.service.metrics),
            "control_socket_disable": True,
            "logger_class": _Logger,
            "pre_fork": self._give_place,
            "child_exit": self._note_end,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        """Return nothing: a process makes its own application, once it has opened the archive."""
        return None

    def _give_place(self, arbiter: Arbiter, worker: ServingProcess) -> None:
        taken = {each.place for each in arbiter.WORKERS.values()}
        worker.place = next(place for place in range(len(taken) + 1) if place not in taken)
        worker.born = time.monotonic()
        worker.notify()  # else one that hangs before its first report would never be missed

    def _note_end(self, arbiter: Arbiter, worker: ServingProcess) -> None:
        if arbiter.LISTENERS:  # else the service stops
            log.warning("serving process %s ended and is replaced", worker.pid, extra={"kind": "ended"})
            self._metrics.restarted()
            if time.monotonic() - worker.born < _SHORT_SECONDS:  # the next one may end at once, too
                time.sleep(_PAUSE_SECONDS)


def _archive_config(archive: ArchiveConfig, processes: int, limits: LimitSettings) -> ArchiveConfig:
    search = SearchLimits(limits.query_characters, limits.clauses, limits.page_depth, limits.search_ms)
    return replace(archive, sharing=processes, limits=search, free_disk_mb=limits.free_disk_mb, new=False)


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Give a folder of this machine for what a server without a data folder receives, and remove it."""
    folder, parent = Path(tempfile.mkdtemp(prefix="timtin-")), os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == parent:
            shutil.rmtree(folder, ignore_errors=True)


def _reachable(host: str, port: int) -> str:
    """Return host and port of a URL that leads here, from this machine if need be."""
    try:
        unspecified = ip_address(host).is_unspecified
    except ValueError:
        unspecified = False
    name = "localhost" if unspecified else host
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    """Listen on an address; wait a moment for the processes of a parent that was killed to let go of it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + _TAKEN_SECONDS
    while True:
        try:
            listener = socket.create_server((host, port), family=family, backlog=1024)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise TimtinError(
                f"cannot listen on {host}:{port}: {error.strerror};"
                " stop what listens there, or choose another address with --host and --port"
            ) from error
        # what is accepted inherits these; asyncio sets the first only where the protocol is named
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        return listener
