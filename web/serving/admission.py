"""Requests that wait for their turn, and the threads that answer them.

The turn is the client's that has used the least time (start-time fair queueing: Goyal, Vin and Cheng, 1996), and
within a client the connection's. So a client with heavy requests, or with many, delays others by no more than one
request; and if that takes long, light ones are answered beside it. Everything here runs in the event loop's thread, but
for the requests themselves.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST_CLIENTS = 10_000
_MOST_CONNECTIONS = 1000
_LIGHT_SECONDS = 0.05
_LONG_SECONDS = 0.012
_GIVEN_SECONDS = 0.02
_MOST_GIVEN_SECONDS = 1.0


class BusyError(Exception):
    """Too many requests wait already, or this one has waited too long."""


class StuckError(Exception):
    """A request takes far too long; its process will be replaced."""


@dataclass(eq=False, slots=True)
class Job(Generic[T]):
    """One request of ``client`` on ``connection``: ``work`` answers it, ``drop`` tells running work to end early."""

    client: str
    connection: Hashable
    work: Callable[[], T]
    drop: Callable[[], None]
    arrived: float
    answer: asyncio.Future[T]
    begun: float | None = None
    beside: bool = False
    gave_way: float = 0.0
    expiry: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Client:
    """``used`` and ``connections`` are seconds of work, counted from what the least demanding client had used.

    ``cost`` and ``costs`` are what a request takes lately, of the client and of each connection.
    """

    used: float
    floor: float = 0.0
    connections: dict[Hashable, float] = field(default_factory=dict)
    cost: float = 0.0
    costs: dict[Hashable, float] = field(default_factory=dict)
    waiting: list[Job[object]] = field(default_factory=list)
    running: int = 0


class FairQueue:
    """At most ``most`` jobs wait, of one client at most ``most_of_client``."""

    def __init__(self, most: int, most_of_client: int) -> None:
        self._most = most
        self._most_of_client = most_of_client
        self._clients: dict[str, _Client] = {}
        self._floor = 0.0
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def push(self, job: Job[object]) -> Job[object] | None:
        """Let ``job`` wait; return the job that must give way, if any: the newest of whoever has the most waiting."""
        client = self._clients.get(job.client)
        if client is None:
            if len(self._clients) >= _MOST_CLIENTS:
                self._clients = {name: each for name, each in self._clients.items() if each.waiting or each.running}
            client = self._clients[job.client] = _Client(self._floor)
        if len(client.waiting) >= self._most_of_client:
            return job
        if not client.waiting and not client.running:
            client.used = max(client.used, self._floor)
            client.connections.clear()
            client.costs.clear()
        connections = client.connections
        if len(connections) > _MOST_CONNECTIONS:  # of a client that always has something waiting or running
            kept = {each.connection for each in client.waiting}
            connections = client.connections = {each: used for each, used in connections.items() if each in kept}
            client.costs = {each: cost for each, cost in client.costs.items() if each in kept}
        connections[job.connection] = max(connections.get(job.connection, 0.0), client.floor)
        client.waiting.append(job)
        self._waiting += 1
        if self._waiting <= self._most:
            return None
        longest = max(self._clients.values(), key=lambda each: len(each.waiting)).waiting[-1]
        self.remove(longest)
        return longest

    def pop(self, *, light: bool = False) -> Job[object] | None:
        """Return the job whose turn it is, None if none waits; only one that is likely to be short if ``light``."""
        turns = (
            (client, job)
            for client in self._clients.values()
            for job in client.waiting
            if not light or client.costs.get(job.connection, client.cost) <= _LIGHT_SECONDS
        )
        client, job = min(
            turns, key=lambda turn: (turn[0].used, turn[0].connections[turn[1].connection]), default=(None, None)
        )
        if client is None or job is None:
            return None
        self._floor = max(self._floor, client.used)
        client.floor = max(client.floor, client.connections[job.connection])
        client.waiting.remove(job)
        client.running += 1
        self._waiting -= 1
        return job

    def remove(self, job: Job[object]) -> bool:
        """Take ``job`` out; return False if it does not wait (any more)."""
        client = self._clients.get(job.client)
        if client is None or job not in client.waiting:
            return False
        client.waiting.remove(job)
        self._waiting -= 1
        return True

    def done(self, job: Job[object], seconds: float) -> None:
        """Note that ``job``, which was popped, has used ``seconds``."""
        client = self._clients[job.client]
        client.running -= 1
        client.used += seconds
        client.cost = (client.cost + seconds) / 2
        if job.connection in client.connections:
            client.connections[job.connection] += seconds
            client.costs[job.connection] = (client.costs.get(job.connection, seconds) + seconds) / 2
        if not self._waiting and not any(each.running for each in self._clients.values()):
            # who used what matters only while others wait; who asks for much, later too
            heavy = {name: each.cost for name, each in self._clients.items() if each.cost > _LIGHT_SECONDS}
            self._clients = {name: _Client(0.0, cost=cost) for name, cost in heavy.items()}
            self._floor = 0.0


class Lane:
    """Threads that do the jobs of ``queue``, one at a time each; a job waits for at most ``patience`` seconds.

    If they are ``spare``, all but one of them only take light jobs, and only while the others have long ones: threads
    of one process take the processor from each other. A long job gives way to them, for a second at most. Each thread
    calls ``begin`` first.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        queue: FairQueue,
        patience: float,
        *,
        spare: bool = False,
        begin: Callable[[], object] | None = None,
    ) -> None:
        self.queue = queue
        self.running: set[Job[object]] = set()
        self._beside = 0
        self._alone = threading.Event()
        self._look: asyncio.TimerHandle | None = None
        self._free = threads
        self._spare = spare
        self._patience = patience
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=begin)
        self._loop = asyncio.get_running_loop()

    def admit(self, client: str, connection: Hashable, work: Callable[[], T], drop: Callable[[], None]) -> Job[T]:
        """Let work wait for its turn; its ``answer`` raises BusyError if the turn does not come."""
        job: Job[T] = Job(client, connection, work, drop, self._loop.time(), self._loop.create_future())
        crowded = self.queue.push(job)  # type: ignore[arg-type]
        if crowded is not None:
            _fail(crowded, BusyError("too many requests wait"))
        if crowded is not job:
            job.expiry = self._loop.call_later(self._patience, self._expire, job)
            self._dispatch()
        return job

    def leave(self, job: Job[T]) -> None:
        """Drop a job whose client is gone: at once if it waits, else at the next point where its work looks."""
        if self.queue.remove(job):  # type: ignore[arg-type]
            job.answer.cancel()
            _forget(job)
        else:
            job.drop()

    def give_way(self, job: Job[T]) -> None:
        """Wait a little if light jobs run beside ``job``; called by its work, in its thread."""
        if self._beside and not job.beside and job.gave_way < _MOST_GIVEN_SECONDS:
            began = time.monotonic()
            self._alone.wait(_GIVEN_SECONDS)
            job.gave_way += time.monotonic() - began

    def longest(self) -> float:
        """Return for how many seconds the oldest running job has been running."""
        now = self._loop.time()
        return max((now - (job.begun or now) for job in self.running), default=0.0)

    def give_up(self) -> None:
        """Fail what is running and what waits: a thread is stuck."""
        for job in self.running:
            _fail(job, StuckError("the request took too long"))
        while (waiting := self.queue.pop()) is not None:
            _fail(waiting, StuckError("another request took too long"))

    def close(self) -> None:
        """Take no more jobs; do not wait for those that run."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _dispatch(self) -> None:
        while self._free and len(self.queue):
            now = self._loop.time()
            beside = self._spare and len(self.running) > self._beside  # one has its turn
            newest = max((job.begun or now for job in self.running), default=0.0)
            if beside and now - newest < _LONG_SECONDS:
                if self._look is None:  # look again when that job is done or long
                    self._look = self._loop.call_at(newest + _LONG_SECONDS * 1.05, self._look_again)
                return
            job = self.queue.pop(light=beside)
            if job is None:
                return
            self._free -= 1
            self.running.add(job)
            job.begun = now
            if beside:
                job.beside = True
                self._beside += 1
                self._alone.clear()
            _forget(job)
            self._threads.submit(job.work).add_done_callback(lambda done, job=job: self._report(job, done))  # type: ignore[misc]

    def _look_again(self) -> None:
        self._look = None
        self._dispatch()

    def _report(self, job: Job[object], done: Future[object]) -> None:
        self._loop.call_soon_threadsafe(self._finish, job, done)

    def _finish(self, job: Job[object], done: Future[object]) -> None:
        self._free += 1
        self.running.discard(job)
        if job.beside:
            self._beside -= 1
            if not self._beside:
                self._alone.set()
        self.queue.done(job, self._loop.time() - (job.begun or 0.0) - job.gave_way)
        if not job.answer.done():
            error = done.exception()
            if error is None:
                job.answer.set_result(done.result())
            else:
                job.answer.set_exception(error)
        self._dispatch()

    def _expire(self, job: Job[T]) -> None:
        if self.queue.remove(job):  # type: ignore[arg-type]
            _fail(job, BusyError("the request waited too long"))  # type: ignore[arg-type]


def _forget(job: Job[T]) -> None:
    """Let go of a job that no longer waits: its timer would keep its answer in memory until the patience ends."""
    if job.expiry is not None:
        job.expiry.cancel()
        job.expiry = None


def _fail(job: Job[object], error: Exception) -> None:
    _forget(job)
    if not job.answer.done():
        job.answer.set_exception(error)
