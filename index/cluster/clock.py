"""Sequence numbers: a document of the state index that only rises, moved on by compare-and-set.

Numbers are taken before their writes arrive, so a higher number may be written first. Those that are taken and not yet
written are listed in the document as *open*. ``settled`` is below all of them: whoever has all changes up to there will
not find another one below it. A server that ended without closing its numbers holds them for a few seconds only; one
that comes back later than that must take others, which ``Taken.is_held`` tells it. The servers' clocks may differ by
five seconds.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from index.cluster import entries
from index.cluster.connection import Cluster
from index.cluster.entries import Entry
from index.errors import ClusterError, DiskFullError

HELD_SECONDS = 15.0
_RENEWED_AFTER = 4.0
_CLOCKS_DIFFER = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.1
_CLAIM_BYTES = 8
_ID = "clock"


@dataclass(slots=True)
class Taken:
    """The numbers from ``first`` to ``last``, held by this process until they are written, and their time of writing.

    ``stored_at`` is in ISO 8601, UTC; it does not fall as numbers rise, whichever servers take them.
    """

    token: str
    first: int
    last: int
    stored_at: str
    since: float
    claims: Collection[str] = ()

    def is_held(self) -> bool:
        """Tell whether nobody can have gone beyond these numbers yet."""
        return time.monotonic() - self.since < HELD_SECONDS


class Clock:
    """The sequence of the writes to ``cluster``. Safe to share between threads.

    ``highest_written`` gives the highest number of any article; it is asked once, in case the document of the clock is
    older than the articles, because it was lost or restored.
    """

    def __init__(self, cluster: Cluster, highest_written: Callable[[], int]) -> None:
        self._cluster = cluster
        self._highest_written = highest_written
        self._least: int | None = None
        self._known: Entry | None = None
        self._lock = threading.Lock()

    @contextmanager
    def taking(self, count: int, ids: Collection[str] = ()) -> Iterator[Taken]:
        """Take ``count`` consecutive numbers, at least one, and hold them in this context, with a claim to ``ids``.

        Raises ClusterError, also if another write claims one of them for too long.
        """
        least = self._least_number()
        token = uuid.uuid4().hex
        claims = sorted({blake2b(id.encode("utf-8"), digest_size=_CLAIM_BYTES).hexdigest() for id in ids})
        begun = 0.0

        def taken(now: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
            nonlocal begun
            begun = time.monotonic()
            if claims and not _claimed(now).isdisjoint(claims):
                return None
            last = max(now["last"] if now else 0, least) + count
            at = max(now["at"] if now else "", datetime.now(UTC).isoformat(timespec="seconds"))
            return {"last": last, "at": at, "open": {**_still_open(now, token), token: _held(last - count + 1, claims)}}

        clock = self._change(taken)
        deadline, pause = time.monotonic() + self._cluster.config.timeout, _FIRST_PAUSE
        while token not in clock["open"]:
            if time.monotonic() > deadline:
                raise ClusterError("another server has been writing these articles for too long; try again", 503)
            time.sleep(random.uniform(0, pause))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)
            clock = self._change(taken, fresh=True)
        held = Taken(token, clock["last"] - count + 1, clock["last"], clock["at"], begun, claims)
        try:
            yield held
        finally:
            with suppress(ClusterError, DiskFullError):  # what was written is written; the numbers are given up soon
                self._change(lambda now: None if now is None else {**now, "open": _still_open(now, token)})

    def renew(self, taken: Taken) -> None:
        """Hold ``taken`` for longer, if it is time and they are held; cheap to call often. Raises ClusterError."""
        begun = time.monotonic()
        if begun - taken.since < _RENEWED_AFTER or not taken.is_held():
            return

        def renewed(now: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
            if now is None or taken.token not in now["open"]:
                return None
            return {**now, "open": {**_still_open(now, taken.token), taken.token: _held(taken.first, taken.claims)}}

        clock = self._change(renewed)
        if clock and taken.token in clock["open"]:
            taken.since = begun

    def last(self) -> int:
        """Return the highest number taken."""
        return max(int(self._read()["last"]), self._least_number())

    def settled(self) -> int:
        """Return the highest number up to which no write is under way: all are there, or will never be."""
        clock = self._read()
        firsts = [int(first) for first, until, *_ in clock["open"].values() if until > time.time()]
        return min(firsts) - 1 if firsts else max(int(clock["last"]), self._least_number())

    def _read(self) -> Mapping[str, Any]:
        found = entries.read(self._cluster, self._cluster.state, _ID)
        return found.value if found is not None else {"last": 0, "open": {}}

    def _change(
        self, changed: Callable[[Mapping[str, Any] | None], Mapping[str, Any] | None], *, fresh: bool = False
    ) -> Mapping[str, Any]:
        """Write what ``changed`` makes of the clock, as ``entries.change`` does; return the clock.

        Unless ``fresh``, it begins with what this process last knew of it: if no other server moves it, nothing needs
        to be read.
        """
        with self._lock:  # threads of one process need not refuse each other
            known = None if fresh else self._known
            self._known, _ = entries.change(self._cluster, self._cluster.state, _ID, changed, known=known)
            return {} if self._known is None else self._known.value

    def _least_number(self) -> int:
        if self._least is None:
            self._least = self._highest_written()
        return self._least


def _held(first: int, claims: Collection[str]) -> list[Any]:
    """Return an open entry: its first number, when it may be given up, in seconds since 1970, and its claims."""
    return [first, time.time() + HELD_SECONDS + _CLOCKS_DIFFER, *claims]


def _claimed(now: Mapping[str, Any] | None) -> set[str]:
    return {claim for _, _, *claims in _still_open(now, "").values() for claim in claims}


def _still_open(now: Mapping[str, Any] | None, own: str) -> dict[str, Any]:
    """Return the open entries of others that may not be given up yet."""
    known = now["open"] if now else {}
    return {token: entry for token, entry in known.items() if token != own and entry[1] > time.time()}
