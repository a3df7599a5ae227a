"""One writer at a time in a data folder, across processes.

The lock is the kernel's (``flock``, by filelock): it goes with its process, so a crash leaves no stale lock. A
note beside it tells a second writer who holds it.
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
    """The writer's lock of ``folder``. Threads exclude each other as processes do; one may take it again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / "writer.lock")
        self._note = folder / "writer.json"

    @contextmanager
    def held(self, purpose: str, wait: float, unless: Callable[[], bool] | None = None) -> Iterator[None]:
        """Hold the lock for ``purpose``; wait at most ``wait`` seconds for it, then raise WriterBusyError.

        It is raised sooner where ``unless``, asked several times a second while others hold the lock, says that it is
        needed no longer.
        """
        try:
            self._lock.acquire(timeout=wait, cancel_check=unless)
        except Timeout:
            raise WriterBusyError(
                f"the data folder {self._folder} is being written by {self._holder()};"
                " wait until it is done, or stop it"
            ) from None
        try:
            note = {
                "pid": os.getpid(),
                "purpose": purpose,
                "since": datetime.now().astimezone().isoformat("T", "seconds"),
            }
            with suppress(OSError):  # the lock holds without the note, which a full disk has no room for
                self._note.write_text(json.dumps(note), "utf-8")
            yield
        finally:
            self._lock.release()

    def _holder(self) -> str:
        try:
            note = json.loads(self._note.read_text("utf-8"))
            return f"{note['purpose']} (process {note['pid']}, since {note['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"
