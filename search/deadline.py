"""When a search has to end: after some time, or because whoever asked for it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable

from index.errors import SearchCancelledError, SearchTimeoutError

_ALWAYS_DONE = 8


class Deadline:
    """The end of one search, ``seconds`` from now; None for never. Safe to share between threads.

    What works on the search asks it often: a step between two questions takes a few hundredths of a second. ``clock``
    gives seconds.
    """

    def __init__(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = None if seconds is None else clock() + seconds
        self._cancelled = False
        self.give_way: Callable[[], object] | None = None
        """Called at every question, in the thread that searches: it may wait a little, for work that is shorter."""

    def cancel(self) -> None:
        """Drop the search: its next question raises SearchCancelledError."""
        self._cancelled = True

    def passed(self) -> bool:
        """Tell whether the time is over. Raises SearchCancelledError after ``cancel``."""
        if self.give_way is not None:
            self.give_way()
        if self._cancelled:
            raise SearchCancelledError("the search was dropped: nobody waits for its answer")
        return self._end is not None and self._clock() >= self._end

    def left(self) -> float | None:
        """Return for how many seconds the search may go on; None without an end."""
        return None if self._end is None else max(0.0, self._end - self._clock())

    def check(self) -> None:
        """Raise SearchTimeoutError if the time is over, SearchCancelledError after ``cancel``."""
        if self.passed():
            raise SearchTimeoutError(
                "The search took too long. Use fewer words and clauses, or allow it more time with 'timeout_ms'."
            )

    def must_stop(self, done: int) -> bool:
        """Tell whether to stop after ``done`` equal parts: once the time is over, but not before the first eight.

        They are cheap and are most of an ordinary query, so that even a very short time gives it an answer.
        """
        return self.passed() and done >= _ALWAYS_DONE
