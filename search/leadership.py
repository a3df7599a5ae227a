"""Who leads: of all processes that serve an archive, the one that makes writes searchable and runs tasks.

A data folder has a lock, which the system takes from a process that ends; an archive elsewhere has a lease, which runs
out. A lease can also be lost while its holder lives, so whoever leads asks ``holds`` before each piece of work.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout


class Leadership(Protocol):
    """The claim of one process."""

    def take(self) -> bool:
        """Lead, unless another process does; return whether this one leads now. Does not wait."""

    def holds(self) -> bool:
        """Tell whether this process still leads. It must be cheap."""

    def give_up(self) -> None:
        """Let another process lead, at once; do nothing if this one does not."""


class FolderLeadership:
    """A lock on a file in the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / "follower.lock")

    def take(self) -> bool:
        """Take the lock, unless another process has it. Raises OSError if there can be none."""
        if not self._folder.is_dir():  # the lock would make it anew
            return False
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def holds(self) -> bool:
        """Tell whether this process has the lock."""
        return self._lock.is_locked

    def give_up(self) -> None:
        """Release the lock."""
        self._lock.release()
