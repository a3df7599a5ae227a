"""One serving process: an event loop for the connections, a thread that answers, a thread that follows the store."""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import gc
import logging
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn
from flask import Flask
from gunicorn.workers.base import Worker

from index.errors import TimtinError
from index.reading.watching import watch_folder
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.index_follower import IndexFollower
from search.runtime.shared import Bell, Notice
from search.service import search
from web.api import deletions
from web.app import create_app
from web.metrics import Metrics, count_together
from web.serving.admission import FairQueue, Lane
from web.serving.bodies import BodyReader
from web.serving.connection import Connection, Door
from web.serving.gateway import Gateway, Lanes
from web.serving.proxies import Proxies
from web.serving.rates import Rates
from web.settings import Settings

log = logging.getLogger(__name__)

_READERS = 3
_WRITERS = 8
_BACKLOG = 1024
_TICK_SECONDS = 1.0
_LEAVE_SECONDS = 4.0
_REPLACED_SECONDS = 5
"""How long a process that is replaced may finish what is under way: until then there is one less."""
_RETRY_SECONDS = 1.0
_SPARE_FILES = 256
"""Files that a process needs besides its connections: the index, the store, bodies."""
_ON_DEATH_OF_PARENT = 1
_MOST_ARENAS = -8
_GARBAGE = 50_000, 20, 20
"""Collect garbage only after so many new objects: an answer makes thousands, and nearly all are gone with it."""
_SWITCH_SECONDS = 0.001
"""How long the thread that answers may keep the event loop waiting, at most."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is made once, before the processes are forked. ``processes`` is their number."""

    settings: Settings
    archive: ArchiveConfig
    processes: int
    proxies: Proxies
    rates: Rates
    bell: Bell
    notice: Notice
    metrics: Path


class ServingProcess(Worker):  # type: ignore[misc]
    """One process of ``web.serving.prefork``, which ends it if it does not ``notify`` any more."""

    place: int
    born: float

    def init_signals(self) -> None:
        """Leave signals to the event loop; those of a terminal reach the parent, too, which stops all.

        Stop if the parent is killed; tell where each thread was if the parent aborts this process, which was silent.
        """
        faulthandler.enable()
        for number in (signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD):  # those that the parent handles
            signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_ON_DEATH_OF_PARENT, signal.SIGTERM)

    def run(self) -> None:
        """Serve until told to stop; then end at once, whatever a thread still does."""
        with suppress(AttributeError):  # glibc's alone: threads share what others have freed, where they take turns
            ctypes.CDLL(None).mallopt(_MOST_ARENAS, 1)
        failed = 1
        try:
            asyncio.run(_Serving(self, self.app.service).run())
            failed = 0
        except Exception:
            log.exception("a serving process ends")
        finally:
            logging.shutdown()
            sys.stderr.flush()
            os._exit(failed)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to ``_Serving``."""
        yield


class _Serving:
    """The parts of one process, and what ends it."""

    def __init__(self, process: ServingProcess, service: Service) -> None:
        self._process = process
        self._service = service
        self._follower: IndexFollower | None = None
        self._archive: Archive | None = None
        self._unhealthy = False
        self._processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        count_together(service.metrics, str(process.place))
        self._metrics = Metrics()

    async def run(self) -> None:
        """Serve until told to stop."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        settings, limits = self._service.settings, self._service.settings.limits
        queues = [FairQueue(limits.waiting, limits.waiting_of_client) for _ in range(3)]
        self._lanes = Lanes(
            Lane("reads", _READERS, queues[0], limits.waiting_seconds, spare=True),
            Lane("writes", _WRITERS, queues[1], limits.waiting_seconds, begin=self._roam),
            Lane("apart", 1, queues[2], limits.waiting_seconds, begin=self._roam),
        )
        bodies = BodyReader(self._service.archive.data, limits.free_disk_mb * 1_000_000, limits.body_seconds)
        gateway = Gateway(settings, self._service.proxies, self._service.rates, self._lanes, bodies, self._metrics)
        self._door = Door(limits, self._share(_most_connections(limits.connections)),
                          self._share(limits.connections_of_address), self._service.proxies.is_proxy,
                          self._metrics.refused)  # fmt: skip
        config = uvicorn.Config(
            gateway,
            http=partial(Connection, self._door),  # type: ignore[arg-type]
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=1,  # one connection is accepted at a time, so that processes share them evenly
            timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]
            timeout_graceful_shutdown=settings.server.drain_seconds,  # type: ignore[arg-type]
        )
        self._server = _Server(config)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        opening = threading.Thread(target=self._open, args=(gateway, loop), name="opening", daemon=True)
        opening.start()
        self._stay()
        ticking = asyncio.create_task(self._tick())
        await self._server.serve(self._process.sockets)
        await asyncio.sleep(0)  # requests that were given up are answered
        ticking.cancel()
        self._close()

    def _share(self, whole: int) -> int:
        return -(-whole // self._service.processes)

    def _stay(self) -> None:
        """Keep this thread, and those it starts, on one processor, if each has a process.

        The event loop and the thread that answers take turns, on the same objects: on two processors, each would fetch
        from the other what that has changed. Services on one machine begin with different processors, so that those
        with little to do, each by its first process, do not all share one.
        """
        number = len(self._processors)
        if number == self._service.processes:
            os.sched_setaffinity(0, {self._processors[(self._process.place + self._process.ppid) % number]})

    def _roam(self) -> None:
        """Let this thread use any processor again: what it starts, too."""
        if self._processors:
            os.sched_setaffinity(0, self._processors)

    def _open(self, gateway: Gateway, loop: asyncio.AbstractEventLoop) -> None:
        """Open the archive, as often as it takes, and let requests in."""
        while not self._server.should_exit:
            try:
                archive = open_archive(self._service.archive)
                try:
                    app, follower = self._application(archive)
                except BaseException:
                    archive.close()
                    raise
            except (TimtinError, OSError) as error:
                log.error("the archive cannot be opened: %s; trying again", error)
            except Exception:
                log.exception("the archive cannot be opened; trying again")
            else:
                self._archive, self._follower = archive, follower
                follower.start()
                loop.call_soon_threadsafe(gateway.open, app)
                return
            time.sleep(_RETRY_SECONDS)

    def _application(self, archive: Archive) -> tuple[Flask, IndexFollower]:
        """Return the application for an archive, ready to answer, and its follower, which is not started."""
        with suppress(Exception):  # the first request reports a failure
            search(archive, SearchParameters(q="tìm tin", size=1))
        service = self._service
        follower = IndexFollower(
            archive,
            waiting=_WRITERS // 2,
            bell=service.bell,
            notice=service.notice,
            leading=self._lead,
            verified=self._metrics.damaged,
        )
        wait = min(30.0, service.settings.limits.stuck_seconds / 2)  # who waits for a write is not stuck
        config = {"SETTINGS": service.settings, "PROCESSES": service.processes, "WAIT_SECONDS": wait}
        app = create_app(archive, config, follower=follower, metrics=self._metrics)
        gc.collect()
        gc.freeze()  # loaded objects stay: keep the garbage collector from scanning them
        gc.set_threshold(*_GARBAGE)
        return app, follower

    def _lead(self, archive: Archive, stop: threading.Event) -> list[threading.Thread]:
        """Delete what is to be deleted and index the watched folder, in the one process that follows the store."""
        started = deletions.start(archive, stop)
        watched = self._service.settings.server.watch
        if watched is not None:
            arguments = watched, archive.store, archive.engine, stop
            started.append(threading.Thread(target=watch_folder, args=arguments, name="watcher", daemon=True))
            started[-1].start()
        return started

    def _stop(self) -> None:
        """Accept nothing more, finish what is under way, and end."""
        self._server.should_exit = True
        for listening in self._server.servers if self._server.started else ():
            listening.close()
        if self._follower is not None:
            self._follower.leave()

    async def _tick(self) -> None:
        """Once a second: report that the process lives, and look after it."""
        listening = False
        while True:
            self._process.notify()
            if self._server.started and not listening:
                listening = True
                for listener in self._process.sockets:
                    with suppress(OSError):  # closed already: the service stops
                        listener.listen(_BACKLOG)
            try:
                self._look()
            except Exception:
                log.exception("a serving process cannot look after itself; trying again")
            await asyncio.sleep(_TICK_SECONDS)

    def _look(self) -> None:
        """End the process if it should be replaced."""
        limits = self._service.settings.limits
        lanes = self._lanes.reads, self._lanes.writes, self._lanes.apart
        self._metrics.observe(sum(len(lane.queue) for lane in lanes), len(self._door.connections))
        if self._is_orphan():
            log.error("the parent process ended; this one stops")
            self._stop()
        bounds = limits.stuck_seconds, limits.stuck_seconds + limits.body_mb, limits.stuck_seconds
        stuck = [(lane, bound) for lane, bound in zip(lanes, bounds, strict=True) if lane.longest() > bound]
        for lane, _ in stuck:
            lane.give_up()
        if stuck and not self._unhealthy:
            log.error("a request takes more than %.0f s; the process is replaced", stuck[0][1])
        too_large = bool(limits.memory_mb) and _memory_mb() > limits.memory_mb
        if too_large and not self._unhealthy:
            log.warning("a process takes more than %d MB; it is replaced", limits.memory_mb)
        if (stuck or too_large) and not self._unhealthy:
            self._unhealthy = True
            self._server.config.timeout_graceful_shutdown = _REPLACED_SECONDS
            self._stop()

    def _close(self) -> None:
        """Close what no thread is using any more."""
        lanes = self._lanes.reads, self._lanes.writes, self._lanes.apart
        for lane in lanes:
            lane.close()
        is_idle = self._follower is None or self._follower.stop(_LEAVE_SECONDS)
        if self._archive is not None and is_idle and not any(lane.running for lane in lanes):
            self._archive.close()
        if self._is_orphan():
            shutil.rmtree(self._service.metrics, ignore_errors=True)

    def _is_orphan(self) -> bool:
        return bool(os.getppid() != self._process.ppid)


def _most_connections(wanted: int) -> int:
    """Return how many connections this process can open: allow as many files as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return min(wanted, max(soft - _SPARE_FILES, soft // 2)) if soft != resource.RLIM_INFINITY else wanted


def _memory_mb() -> int:
    """Return the memory of this process in MB, without what it shares or has mapped; 0 where that is not known."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text("ascii").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * resource.getpagesize() >> 20
