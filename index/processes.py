"""Starting processes: how many there may be, and keeping interruptions away from them while they start."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Keep interruptions from processes that are started meanwhile, which a terminal interrupts with this one.

    One that was loading modules would tell of it, as would one that is not told what to do because this thread was
    interrupted: another thread can take the signal though this one blocks it. It is raised here at the end.
    """
    resource_tracker.ensure_running()  # it ends the blocking of interruptions where it is started itself
    came: list[int] = []
    taken = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if is_main else None
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, taken)
        if came:
            signal.raise_signal(signal.SIGINT)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
