"""Which files of a followed folder are worth reading: not those still being written, nor those read as they are."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.reading.files import real_path

QUIET_SECONDS = 2.0
OPEN_SECONDS = 3600.0
REMARK_SECONDS = 60.0
_RETRY_SECONDS = 600.0
_REMOTE = {"9p", "afs", "ceph", "cifs", "fuse", "lustre", "nfs", "nfs4", "smb3", "vboxsf", "virtiofs"}

_State = tuple[int, int, int, int]


@dataclass(slots=True)
class _Look:
    state: _State
    first_seen: float
    open_since: float | None
    read_at: float | None = None
    failed: bool = False


class Looks:
    """What was seen of each file at earlier looks.

    ``waiting`` counts the files that are to be looked at again soon, ``open`` names those known to be open for writing.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self.open: set[str] = set()
        self._looks: dict[str, _Look] = {}
        self._remote: frozenset[int] = frozenset()

    def begin(self) -> None:
        """Begin a look at all files."""
        self.waiting = 0
        self.open.clear()
        self._remote = remote_devices()

    def wants(self, path: str, status: os.stat_result, is_stored: bool) -> bool:
        """Tell whether a file is to be read: it has come to rest, and was not read since it changed.

        It has come to rest when no process has it open for writing; one that is held open is read once an hour. Where
        that is not known, it has when it was last written two seconds ago, or (the clocks of file servers differ) looks
        as it did two seconds ago. One whose articles are no longer stored as they were read (``is_stored``) is read
        again; one that failed is tried again after ten minutes.
        """
        state = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        look, now = self._looks.get(path), time.monotonic()
        if look is None or look.state != state:
            open_since = look.open_since if look is not None and look.state[0] == state[0] else None
            look = self._looks[path] = _Look(state, now, open_since)
        if look.read_at is not None and (now - look.read_at < _RETRY_SECONDS if look.failed else is_stored):
            return False
        is_open = None if status.st_dev in self._remote else is_open_for_writing(path)
        look.open_since = (look.open_since or now) if is_open else None
        if look.open_since is not None and now - look.open_since < OPEN_SECONDS:
            self.open.add(path)
            return False
        is_young = time.time() - status.st_mtime < QUIET_SECONDS and now - look.first_seen < QUIET_SECONDS
        if is_young and is_open is None:
            self.waiting += 1
            return False
        look.read_at, look.open_since, look.failed = now, None, False
        return True

    def is_long_open(self, path: str) -> bool:
        """Tell whether a file has been waited for, because it is open for writing, for a minute."""
        since = self._looks[path].open_since if path in self.open else None
        return since is not None and time.monotonic() - since > REMARK_SECONDS

    def has_closed(self) -> bool:
        """Tell whether one of the files that were open for writing no longer is."""
        return any(not is_open_for_writing(path) for path in self.open)

    def failed(self, paths: Iterable[str]) -> None:
        """Note that files could not be read, or not wholly."""
        for path in paths:
            if path in self._looks:
                self._looks[path].failed = True


def is_open_for_writing(path: str) -> bool | None:
    """Tell whether a process has a file open for writing; None where that is not known. ``path`` is one ``shown``.

    Linux knows it of a user's own files on local disks: it grants no lease for reading on a file someone writes.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        held = os.open(real_path(path), os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGURG)  # sent where a writer comes meanwhile; one that is ignored
        fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        return False
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(held)  # gives the lease back


def remote_devices(mounts: Path = Path("/proc/self/mountinfo")) -> frozenset[int]:
    """Return the devices of file systems that other machines write to, of which leases tell nothing.

    NFS and SMB also refuse leases on files that nobody has open.
    """
    try:
        lines = [line.split() for line in mounts.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return frozenset()
    devices = [(fields[2], fields[fields.index("-") + 1]) for fields in lines if "-" in fields]
    return frozenset(
        os.makedev(*map(int, device.split(":"))) for device, kind in devices if kind.partition(".")[0] in _REMOTE
    )
