"""Leases: who may do what only one server may do at a time.

A lease is a document that its holder writes anew again and again. Whoever wants it watches the document, and takes the
lease over once the document has not changed for as long as it says, by the watcher's own clock: the clocks of servers
need not agree. The holder counts from before it sent its last writing, so it stops being sure before anyone takes over.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from index.cluster import entries
from index.cluster.connection import Cluster
from index.errors import ClusterError, StoreError, WriterBusyError

LENGTH = 20.0
"""The seconds after which a lease whose holder is gone may be taken over."""
_SURE = 0.8
"""The part of a lease's length for which its holder is sure: clocks do not run quite alike."""
_RENEWALS = 5
_LOOK = 0.2
_logger = logging.getLogger(__name__)


class LeaseLostError(StoreError):
    """Report that this server was cut off for so long that another one may do its work; it is taken up again there."""


class Lease:
    """The lease ``name``, as one server takes it for a ``purpose``, which is shown to others who want it.

    ``length`` is how many seconds it stays the holder's after its last sign. ``now`` is a clock that only rises.
    """

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        purpose: str,
        length: float = LENGTH,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster, self._name, self._length, self._now = cluster, name, length, now
        self._id = f"lease-{name}"
        self._object = uuid.uuid4().hex
        self._purpose = purpose
        self._version: entries.Version | None = None
        self._sure_until = float("-inf")
        self._seen: tuple[entries.Version, float] | None = None
        self._writing = threading.Lock()
        self._in_use = threading.RLock()
        self._depth = 0
        self.holder = ""
        """Who held it when it was last looked at, for messages."""

    @property
    def is_sure(self) -> bool:
        """Tell whether nobody else can have it now."""
        return self._now() < self._sure_until

    def check(self) -> None:
        """Raise LeaseLostError unless nobody else can have it."""
        if not self.is_sure:
            raise LeaseLostError(
                f"this server was cut off from the cluster; another one may hold the {self._name} lease"
            )

    def take(self) -> bool:
        """Take the lease if it is free or its holder has given no sign for too long, or renew it if it is ours.

        Return whether it is ours. A holder that ended without a word can only be followed by an object that asks
        again and again. Raises ClusterError.
        """
        with self._writing:
            now = entries.read(self._cluster, self._cluster.state, self._id)
            if now is None:
                return self._write(None)
            self.holder = now.value.get("holder", "")
            token = now.value.get("token")
            if token in {None, self._token}:
                return self._write(now.version)
            if self._seen is None or self._seen[0] != now.version:
                self._seen = now.version, self._now()
            if self._now() - self._seen[1] < now.value["length"]:
                return False
            return self._write(now.version)

    def renew(self) -> None:
        """Give a sign. Raises LeaseLostError if another one has it, ClusterError if the cluster does not answer."""
        with self._writing:
            if self._version is None or not self._write(self._version):
                self._sure_until = float("-inf")
                raise LeaseLostError(f"another server holds the {self._name} lease by now")

    def release(self) -> None:
        """Let others have it at once, if it is ours; if the cluster does not answer, they have to wait."""
        with self._writing, suppress(ClusterError):
            self._sure_until = float("-inf")
            if self._version is not None:
                left = {"token": None, "holder": "", "length": 0}
                entries.write(self._cluster, self._cluster.state, self._id, left, self._version)
            self._version = None

    @contextmanager
    def held(self, wait: float = 0.0) -> Iterator[None]:
        """Hold the lease, giving signs meanwhile; within it, the same thread may hold it again.

        Work that must not be done twice calls ``check`` before each step. Raises WriterBusyError if it is not free
        within ``wait`` seconds, ClusterError.
        """
        deadline = self._now() + wait
        if not self._in_use.acquire(timeout=wait):
            raise WriterBusyError(f"this server holds the {self._name} lease already; try again later", self._who())
        with ExitStack() as entered:
            entered.callback(self._in_use.release)
            if self._depth == 0:
                self._take_before(deadline)
                entered.callback(self.release)
                entered.enter_context(self._signs())
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def _take_before(self, deadline: float) -> None:
        while not self.take():
            if self._now() >= deadline:
                raise WriterBusyError(
                    f"the {self._name} lease of the cluster is held by {self.holder}; wait until it is done",
                    self.holder,
                )
            time.sleep(_LOOK)

    def give_signs(self, done: threading.Event, renewals: int = _RENEWALS) -> None:
        """Give so many signs in its length until ``done`` is set or another has it; go on if the cluster fails."""
        while not done.wait(self._length / renewals):
            try:
                self.renew()
            except LeaseLostError:
                return
            except Exception as error:  # its holder stops being sure if this lasts
                _logger.warning("the %s lease could not be renewed: %s", self._name, error)

    @contextmanager
    def _signs(self) -> Iterator[None]:
        done = threading.Event()
        thread = threading.Thread(target=self.give_signs, args=(done,), name=f"lease {self._name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _write(self, before: entries.Version | None) -> bool:
        sent = self._now()
        value = {"token": self._token, "holder": self._who(), "length": self._length}
        self._version = entries.write(self._cluster, self._cluster.state, self._id, value, before)
        if self._version is None:
            return False
        self.holder = self._who()
        self._sure_until = sent + self._length * _SURE
        return True

    @property
    def _token(self) -> str:
        return f"{self._object}-{os.getpid()}"  # a forked process is another one

    def _who(self) -> str:
        return f"process {os.getpid()} on {socket.gethostname()} ({self._purpose})"
