"""One writer at a time in a data folder, across processes.

The kernel holds the lock (``flock``, by filelock) and releases it when the process ends, so a crash leaves no stale
lock. A note beside it says who holds it, for the error message of a second writer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import WriterBusyError


class WriterLock:
    """The writer's lock of ``folder``. It excludes other processes and other threads; one thread may nest it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / "writer.lock")
        self._note = folder / "writer.json"

    @contextmanager
    def held(self, purpose: str, wait: float, unless: Callable[[], bool] | None = None) -> Iterator[None]:
        """Hold the lock for ``purpose``. Raises WriterBusyError if it is not free within ``wait`` seconds.

        While another holds the lock, ``unless`` is called several times a second; once it returns True, the lock is no
        longer needed and WriterBusyError is raised at once. Raises FileNotFoundError if the folder is gone.
        """
        self._folder.stat()  # else the lock would make a folder that is gone anew
        try:
            self._lock.acquire(timeout=wait, cancel_check=unless)
        except Timeout:
            holder = self._holder()
            raise WriterBusyError(
                f"the data folder {self._folder} is being written by {holder}; wait until it is done, or stop it",
                holder,
            ) from None
        try:
            since = datetime.now().astimezone().isoformat("T", "seconds")
            note = {"pid": os.getpid(), "purpose": purpose, "since": since}
            with suppress(OSError):  # the lock works without the note, for which a full disk has no room
                self._note.write_text(json.dumps(note), "utf-8")
            yield
        finally:
            self._lock.release()

    def _holder(self) -> str:
        try:
            note = json.loads(self._note.read_text("utf-8"))
            return f"process {note['pid']} ({note['purpose']}, since {note['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"
