"""What a service counts, for Prometheus; several processes count together, in files of one folder.

A process that takes the place of another goes on with its files, so the counts never go back.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from index.errors import TimtinError
from search.archive import Archive
from web.logs import Visit

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - folders of our own are made in it
_PREFIX = "timtin-counts-"
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def count_together(folder: Path, place: str) -> None:
    """Have metrics made from now on in this process count in ``folder``, under the name ``place``."""
    os.environ[_FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]


@contextmanager
def folder_of_counts() -> Iterator[Path]:
    """Give a folder in memory to count in, and remove it; first those of services that were killed whole.

    The processes of a service hold a lock on its folder, which the system takes from them when the last one ends.
    """
    place = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        if (held := _held(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(held)
    while _held(folder := Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))) is None:
        pass  # another service that starts took it for one that was left
    parent = os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == parent:
            shutil.rmtree(folder, ignore_errors=True)


def _held(folder: Path) -> int | None:
    """Lock a folder and return what holds it open; None if it is locked already, gone, or another user's."""
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
        else:
            return held
    return None


class Metrics:
    """The counts of this process."""

    def __init__(self) -> None:
        own = CollectorRegistry()
        self._registry = own
        self._requests = Counter("timtin_requests", "Requests answered", ["endpoint", "status"], registry=own)
        self._seconds = Histogram(
            "timtin_request_seconds", "Time to answer a request", ["endpoint"], registry=own, buckets=_SECONDS
        )
        self._waits = Histogram(
            "timtin_wait_seconds", "Time until a request's turn came", registry=own, buckets=_SECONDS
        )
        self._refusals = Counter(
            "timtin_refusals", "Requests and connections refused for their number", ["reason"], registry=own
        )
        self._remembered = Counter(
            "timtin_searches", "Searches, by whether the answer was known", ["cached"], registry=own
        )
        self._restarts = Counter("timtin_process_restarts", "Processes replaced", registry=own)
        self._waiting = Gauge(
            "timtin_waiting_requests", "Requests that wait for their turn", registry=own, multiprocess_mode="livesum"
        )
        self._connections = Gauge(
            "timtin_open_connections", "Open connections", registry=own, multiprocess_mode="livesum"
        )
        self._damaged = Gauge(
            "timtin_damaged_articles", "Damaged articles found", registry=own, multiprocess_mode="mostrecent"
        )
        self.observe(0, 0)

    def visited(self, visit: Visit, seconds: float) -> None:
        """Count a request that took ``seconds``."""
        endpoint = visit.endpoint or "none"
        self._requests.labels(endpoint, str(visit.status)).inc()
        self._seconds.labels(endpoint).observe(seconds)
        self._waits.observe(visit.waited)

    def refused(self, reason: str) -> None:
        """Count a request, or a connection, that was refused because there are too many."""
        self._refusals.labels(reason).inc()

    def remembered(self, cached: bool) -> None:
        """Count a search, by whether its answer was known."""
        self._remembered.labels(str(cached).lower()).inc()

    def restarted(self) -> None:
        """Count a process that was replaced."""
        self._restarts.inc()

    def damaged(self, articles: int) -> None:
        """Note how many articles are known to be damaged in the store."""
        self._damaged.set(articles)

    def observe(self, waiting: int, connections: int) -> None:
        """Note how many requests wait and how many connections are open."""
        self._waiting.set(waiting)
        self._connections.set(connections)

    def render(self, archive: Archive) -> bytes:
        """Return all counts in the Prometheus text format: those of all processes, and those of the archive."""
        if _FOLDER in os.environ:
            shown = CollectorRegistry()
            MultiProcessCollector(shown, os.environ[_FOLDER])  # type: ignore[no-untyped-call]
            shown.register(_Archive(archive))
            return generate_latest(shown)
        facts = CollectorRegistry()
        facts.register(_Archive(archive))
        return generate_latest(self._registry) + generate_latest(facts)


class _Archive(Collector):
    """What is known of an archive when it is asked."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def collect(self) -> Iterator[Metric]:
        archive = self._archive
        with suppress(OSError, TimtinError):  # the folder is gone, or the cluster does not answer
            usage = archive.usage()
            yield GaugeMetricFamily("timtin_store_bytes", "Size of the store", usage.parts.get("store", 0))
            yield GaugeMetricFamily("timtin_data_bytes", "Size of all data", sum(usage.parts.values()))
            yield GaugeMetricFamily("timtin_free_disk_bytes", "Free disk", usage.free)
        with suppress(TimtinError):  # /readyz says why; what else is counted is wanted then most of all
            articles, written, applied = archive.store.count(), archive.store.last_seq(), archive.engine.applied()
            lag = max(0, written - applied)
            yield GaugeMetricFamily("timtin_articles", "Articles in the store", articles)
            yield GaugeMetricFamily("timtin_index_in_sync", "1 if searches see every write", not lag)
            yield GaugeMetricFamily("timtin_index_lag", "Writes that searches do not see yet", lag)
