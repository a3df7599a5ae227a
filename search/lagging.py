"""How long searches may be behind the writes before that is a problem."""

from __future__ import annotations

import threading
import time


class Lag:
    """Tell a lag that lasts from one that the next fifth of a second ends. Safe to share between threads.

    Where servers write all the time, some write is always under way; then it is no problem that searches do not see it,
    as long as what they see moves on at least every ``patience`` seconds. With 0 every lag is one.
    """

    def __init__(self, patience: float = 0.0) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._applied = -1
        self._since = time.monotonic()

    def is_problem(self, applied: int, *, in_sync: bool) -> bool:
        """Tell whether searches, which see the writes up to number ``applied``, are behind for too long."""
        with self._lock:
            now = time.monotonic()
            if in_sync or applied != self._applied:
                self._applied, self._since = applied, now
            return not in_sync and now - self._since >= self._patience
