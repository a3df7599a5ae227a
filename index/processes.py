"""Start child processes shielded from interrupts, count the processors they may use, give memory back."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import resource_tracker


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Shield processes started in this context from SIGINT, which a terminal sends to them as well as to this one.

    A child interrupted while importing prints a traceback, and so does one whose parent is interrupted before it has
    sent the work. Blocking the signal is not enough, because another thread can receive it; so the main thread also
    replaces the handler, and raises a signal it received again at the end.
    """
    resource_tracker.ensure_running()  # starting it later would unblock SIGINT
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
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def give_back_memory() -> None:
    """Give freed memory back to the system, as far as the C library can; it keeps much of it otherwise."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], object] | None:
    with suppress(OSError, AttributeError):  # only glibc has it
        return ctypes.CDLL(None).malloc_trim
    return None
