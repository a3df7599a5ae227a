"""What the processes share: a bell that wakes the one that follows the store, and why it cannot.

Both are made before the processes are forked, and neither holds a lock: a process may be killed at any moment.
"""

from __future__ import annotations

import mmap
import os
import select
from contextlib import suppress

_LONGEST = 4000


class Bell:
    """``ring`` ends the ``wait`` of one process; like ``threading.Event``, across processes."""

    def __init__(self) -> None:
        self._hear, self._ring = os.pipe()
        for end in (self._hear, self._ring):
            os.set_blocking(end, False)

    def ring(self) -> None:
        """Wake whoever waits, now or next."""
        with suppress(BlockingIOError):  # full of rings that nobody has heard yet
            os.write(self._ring, b"1")

    def __del__(self) -> None:
        for end in (self._hear, self._ring):
            with suppress(OSError):
                os.close(end)

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or once it rings."""
        heard = select.poll()
        heard.register(self._hear, select.POLLIN)
        if heard.poll(seconds * 1000):
            with suppress(BlockingIOError):  # another process heard it, too
                os.read(self._hear, 65536)


class Notice:
    """One text that any process sets and all read; None at first. At most 4,000 bytes of it are kept."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4096)

    def set(self, text: str | None) -> None:
        """Replace the text."""
        encoded = b"" if text is None else text.encode("utf-8")[:_LONGEST]
        self._memory[:] = (encoded + b"\0").ljust(4096, b"\0")

    def get(self) -> str | None:
        """Return the text."""
        return bytes(self._memory).partition(b"\0")[0].decode("utf-8", "ignore") or None
