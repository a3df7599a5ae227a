"""Functions that tests have the parser process call; it imports little else with them."""

from __future__ import annotations

import os
import resource
import signal


def fill_memory(megabytes: int) -> int:
    return len(b"x" * (megabytes << 20))


def largest_memory() -> int:
    return resource.getrlimit(resource.RLIMIT_AS)[0]


def wait_for_ever() -> None:
    signal.pause()


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def own_process() -> int:
    return os.getpid()


def fail_strangely() -> None:
    class StrangeError(Exception):
        """Cannot be sent to another process."""

    raise StrangeError
