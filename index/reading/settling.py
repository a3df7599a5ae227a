"""Which files of a followed folder are worth reading: not those still being written, nor those read as they are."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

QUIET_SECONDS = 2.0
_RETRY_SECONDS = 600.0

_State = tuple[int, int, int, int]


@dataclass(slots=True)
class _Look:
    state: _State
    first_seen: float
    read_at: float | None = None
    failed: bool = False


class Looks:
    """What was seen of each file at earlier looks. ``waiting`` counts the files that are to be looked at again."""

    def __init__(self) -> None:
        self.waiting = 0
        self._looks: dict[str, _Look] = {}

    def begin(self) -> None:
        """Begin a look at all files."""
        self.waiting = 0

    def wants(self, path: str, status: os.stat_result, is_stored: bool) -> bool:
        """Tell whether a file is to be read: it has come to rest, and was not read since it changed.

        It has come to rest when no process has it open for writing, which not every system can tell; when it was last
        written two seconds ago; or (the clocks of file servers differ) when it looks as it did two seconds ago. One
        whose articles are no longer stored as they were read (``is_stored``) is read again; one that failed is tried
        again after ten minutes.
        """
        state = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        look, now = self._looks.get(path), time.monotonic()
        if look is None or look.state != state:
            look = self._looks[path] = _Look(state, now)
        is_young = time.time() - status.st_mtime < QUIET_SECONDS and now - look.first_seen < QUIET_SECONDS
        if is_young and not is_closed(path):
            self.waiting += 1
            return False
        if look.read_at is not None and (now - look.read_at < _RETRY_SECONDS if look.failed else is_stored):
            return False
        look.read_at, look.failed = now, False
        return True

    def failed(self, paths: Iterable[str]) -> None:
        """Note that files could not be read, or not wholly."""
        for path in paths:
            if path in self._looks:
                self._looks[path].failed = True


def is_closed(path: str) -> bool:
    """Tell whether no process has a file open for writing; False where that is not known.

    Linux knows it of a user's own files on local disks: it grants no lease for reading on a file someone writes.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        held = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGURG)  # sent where a writer comes meanwhile; one that is ignored
        fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        return True
    except OSError:
        return False
    finally:
        os.close(held)  # gives the lease back
