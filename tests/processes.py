"""Programs that tests start. They end with the test, whether it passes or not; ``tests.alone`` sees to the rest."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PROC = Path("/proc")
TIMTIN = (sys.executable, "-m", "web.cli")
_started: list[subprocess.Popen[Any]] = []


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """Start a program, as ``subprocess.Popen``, that is ended with the test, and all that it starts with it."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    _started.append(process)
    return process


def timtin(*arguments: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run the command to its end."""
    return subprocess.run([*TIMTIN, *arguments], **{"capture_output": True, "text": True, "check": False, **options})


def wait_for(reached: Callable[[], bool]) -> None:
    """Wait until something is so, for at most two minutes."""
    deadline = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_refused(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), 120).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


@pytest.fixture(autouse=True)
def programs_end_with_the_test() -> Iterator[None]:
    """End what is still running."""
    yield
    while _started:
        process = _started.pop()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
            with suppress(OSError):
                stream.close()


@contextmanager
def reserved_port() -> Iterator[int]:
    """Give a port that nobody else is given meanwhile, and that one server after the other may listen on.

    It is bound here and not listened on. Linux lets a server bind it too, since both say SO_REUSEADDR, and gives it to
    no connection and to nobody who asks for any port.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield port


def bound_by_permissions() -> list[str]:
    """Return what a command must begin with to be refused what the permissions of its own files refuse: root is not.

    Root without two capabilities is an owner like any other, who reads the checkout wherever it lies.
    """
    if os.geteuid() != 0:
        return []
    program = shutil.which("setpriv")
    if program is None:
        pytest.skip("no setpriv, without which root may read everything: apt-get install util-linux, then make test")
    return [program, "--bounding-set=-dac_override,-dac_read_search"]
