"""Which files of a watched folder to read: not those still being written, nor those unchanged since they were read.

Linux reports when a file opened for writing is closed. A file that was written to and is not closed yet is left alone;
without events, a file counts as stable two seconds after it was last modified.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from index.reading.files import path_from_printable

QUIET_SECONDS = 2.0
OPEN_SECONDS = 600.0
"""How long a file that is written to and not closed is left alone; after that it is read whenever it is stable."""
_RETRY_SECONDS = 600.0

_State = tuple[int, int, int, int]


class Stability:
    """What is known of the files of a watched folder, by path in the form of ``printable_path``.

    ``waiting`` tells whether a file that was asked about was not stable yet. Events may arrive on another thread.
    """

    def __init__(self) -> None:
        self.waiting = False
        self._started = time.time_ns()
        self._written_since: dict[str, float] = {}
        self._closed: dict[str, tuple[int, int]] = {}  # modification time and size at the last close
        self._read: dict[str, tuple[_State, float | None]] = {}  # state when it was read, and when to retry

    def note_modified(self, path: str) -> None:
        """Record that a file was written to, or had its mode or times set, which no close event follows."""
        if (now := _time_and_size(path)) is not None:
            closed = self._closed.get(path, (self._started, -1))
            if now[0] > closed[0] and now[1] != closed[1]:
                self._written_since.setdefault(path, time.monotonic())

    def note_closed(self, path: str) -> None:
        """Record that a file was closed by a process that may have written to it."""
        self._written_since.pop(path, None)
        if (now := _time_and_size(path)) is not None:
            self._closed[path] = now

    def note_moved(self, old: str, new: str) -> None:
        """Record that a file was renamed; one that is still being written is so under its new name."""
        since = self._written_since.get(old)
        self.note_gone(old)
        self.note_gone(new)
        if since is None:
            self.note_closed(new)
        else:
            self._written_since[new] = since

    def note_gone(self, path: str) -> None:
        """Forget a file."""
        for known in (self._written_since, self._closed, self._read):
            known.pop(path, None)

    def wants(self, path: str, status: os.stat_result, is_stored: bool) -> bool:
        """Tell whether a file is stable and has not been read since it changed.

        One whose articles are no longer stored as they were read (not ``is_stored``) is read again, and one that failed
        is retried after ten minutes.
        """
        now = time.monotonic()
        state = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        read_as, retry_at = self._read.get(path, (None, None))
        if read_as == state and (is_stored if retry_at is None else now < retry_at):
            return False
        if now - self._written_since.get(path, -OPEN_SECONDS) < OPEN_SECONDS:
            return False
        is_young = abs(time.time() - status.st_mtime) < QUIET_SECONDS  # may be in the future, by a file server's clock
        if is_young and self._closed.get(path) != (status.st_mtime_ns, status.st_size):
            self.waiting = True
            return False
        self._read[path] = (state, None)
        return True

    def forget_reading(self) -> None:
        """Forget which files were read, so that all stable files are wanted again."""
        self._read.clear()

    def note_failed(self, paths: Iterable[str]) -> None:
        """Record that files could not be read completely, or were left out."""
        for path in paths:
            if (read := self._read.get(path)) is not None:
                self._read[path] = (read[0], time.monotonic() + _RETRY_SECONDS)


def _time_and_size(path: str) -> tuple[int, int] | None:
    try:
        status = path_from_printable(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
