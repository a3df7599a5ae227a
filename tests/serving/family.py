"""The processes of a real server, and what each of them answers."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from werkzeug.datastructures import Headers

from tests.conftest import Reply, Server
from tests.processes import PROC, wait_for

needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="no /proc to find processes in: make test on Linux")


class FrailServer(Server):
    """A server of ``tests.serving.frail``."""

    program = (sys.executable, "-m", "tests.serving.frail")


def serving(server: Server) -> list[int]:
    """Return the processes that serve, the oldest first."""
    path = PROC / str(server.process.pid) / "task" / str(server.process.pid) / "children"
    return [int(number) for number in path.read_text("ascii").split()]


def both(server: Server) -> list[int]:
    """Wait until two processes serve; return them, the older first."""
    wait_for(lambda: len(serving(server)) == 2)
    return serving(server)


def wait_for_others(server: Server, ended: int, number: int = 2) -> None:
    """Wait until ``number`` processes serve, and that one does not."""
    wait_for(lambda: ended not in serving(server) and len(serving(server)) == number)


def ask(connection: HTTPConnection, path: str) -> Reply:
    connection.request("GET", path)
    answer = connection.getresponse()
    return Reply(answer.status, answer.read(), Headers(answer.headers.items()))


def connect(server: Server) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", server.port, timeout=120)


@contextmanager
def connected_to(server: Server, process: int) -> Iterator[HTTPConnection]:
    """Give a connection that this process serves: the others are stopped while it is made."""
    others = [other for other in serving(server) if other != process]
    connection = connect(server)
    try:
        for other in others:
            os.kill(other, signal.SIGSTOP)
        assert ask(connection, "/healthz").status == 200
    finally:
        for other in others:
            with suppress(ProcessLookupError):
                os.kill(other, signal.SIGCONT)
    try:
        yield connection
    finally:
        connection.close()


def leaders(data: Path) -> list[int]:
    """Return the processes that hold the lock of the one that follows the store: none, or one."""
    with suppress(FileNotFoundError):
        inode = (data / "follower.lock").stat().st_ino
        held = re.findall(r"FLOCK +ADVISORY +WRITE (\d+) \S+:(\d+) ", (PROC / "locks").read_text("ascii"))
        return [int(process) for process, file in held if int(file) == inode]
    return []


def leader(data: Path, ended: int = 0) -> int:
    """Wait until a process leads, another than ``ended``; return it."""
    wait_for(lambda: bool(set(leaders(data)) - {ended}))
    return leaders(data)[0]


def shared_folders(server: Server) -> set[Path]:
    """Return the folders in memory that the processes count in."""
    found = set()
    for process in (server.process.pid, *serving(server)):
        for path in re.findall(r"/\S+\.db$", (PROC / str(process) / "maps").read_text("utf-8"), re.MULTILINE):
            found.add(Path(path).parent)
    return found


def mapped_in(process: int, folder: Path) -> bool:
    """Tell whether a process has files of ``folder`` open."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return str(folder) in (PROC / str(process) / "maps").read_text("utf-8")
    return False


def gone(processes: list[int]) -> Callable[[], bool]:
    return lambda: not any((PROC / str(process)).exists() for process in processes)


def settings(data: Path, text: str) -> None:
    data.mkdir(exist_ok=True)
    (data / "timtin.toml").write_text(text, "utf-8")


def put(server: Server, id: str, body: str) -> bool:
    """Write an article and wait until it can be found; tell whether it can."""
    answer = server.write("PUT", f"/api/v1/articles/{id}?wait=true", {"body": body})
    assert answer.status in {200, 201}, answer
    return bool(json.loads(answer.body)["searchable"])
