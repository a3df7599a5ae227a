"""Clients that speak HTTP by hand, from an address of their own, and what a server's processes have taken."""

from __future__ import annotations

import itertools
import json
import os
import select
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import Server
from tests.processes import PROC

PATIENCE = 60.0
"""Seconds after which a server that should have answered or closed has not: the test fails."""
MB = 1024**2
FIVE = {"type", "title", "status", "detail", "instance"}
_fresh = itertools.count()
_opened: list[socket.socket] = []


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Any:
        """The error it tells of; fails if it is not in the shape of all errors, or tells of the program."""
        assert self.headers["content-type"] == "application/problem+json", self
        said = json.loads(self.body)
        assert said.keys() >= FIVE, said
        assert said["status"] == self.status
        assert said["detail"]
        assert b"Traceback" not in self.body
        assert b".py" not in self.body
        return said


def get(target: str, *headers: str, method: str = "GET", host: str = "127.0.0.1") -> bytes:
    """A request without a body."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()


def heavy(most: int = 100) -> str:
    """The target of a search that nobody asked for before, with an answer larger than the buffers of a socket."""
    words = f"gi%C3%A1+v%C3%A0ng+h%C3%B4m+nay+x{os.getpid()}x{next(_fresh)}"
    return f"/api/v1/search?q={words}&match=any&collapse=false&size={most}"


class Client:
    """A connection to a server, from an address of 127.0.0.0/8."""

    def __init__(self, server: Server, address: str = "127.0.0.2", *, buffer: int = 0) -> None:
        self.socket = socket.socket()
        _opened.append(self.socket)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.bind((address, 0))
        self.socket.connect(("127.0.0.1", server.port))
        self.received = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all; an end of the connection shows when it is read."""
        with suppress(ConnectionError):
            self.socket.sendall(data)

    def ask(self, data: bytes) -> Answer:
        """Send a request and return the answer."""
        self.send(data)
        return self.answer(head_only=data.startswith(b"HEAD "))

    def answer(self, *, head_only: bool = False) -> Answer:
        """Return the next answer, after interim ones."""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        size = 0 if head_only or status in {204, 304} else int(headers.get("content-length", "0"))
        while len(self.received) < size:
            self._receive()
        body, self.received = self.received[:size], self.received[size:]
        return Answer(status, headers, body)

    def interim(self) -> int:
        """Return the status of an interim answer."""
        return int(self._until(b"\r\n\r\n").split()[1])

    def rest(self) -> bytes:
        """Return what comes until the server ends the connection, in order or not."""
        with suppress(ConnectionError):
            while True:
                self._receive()
        return self.received

    def upload(self, parts: Iterable[bytes]) -> bytes:
        """Send parts and read meanwhile, until the server ends the connection; return what it said."""
        left: Iterator[bytes] = iter(parts)
        part = b""
        said = b""
        sending = True
        with suppress(ConnectionError):
            while True:
                ready = select.select([self.socket], [self.socket] if sending else [], [], PATIENCE)
                if not any(ready):
                    raise TimeoutError("the server neither reads nor ends the connection")
                if ready[0]:
                    received = self.socket.recv(65536)
                    if not received:
                        break
                    said += received
                if ready[1]:
                    part = part or next(left, b"")
                    sending = bool(part)
                    if part:
                        part = part[self.socket.send(part[:65536]) :]
        return said

    def ended(self) -> bool:
        """Tell whether the server has ended the connection; without waiting, and what came is dropped."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
        except BlockingIOError:
            return False
        except ConnectionError:
            pass
        finally:
            self.socket.settimeout(PATIENCE)
        return True

    def reset(self) -> None:
        """Go away with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self.received:
            self._receive()
        head, _, self.received = self.received.partition(end)
        return head + end

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError("the server has ended the connection")
        self.received += data


def leave() -> None:
    """Close the connections of all clients."""
    while _opened:
        _opened.pop().close()


def statuses(said: bytes) -> list[int]:
    """The statuses of all answers in what a server said."""
    return [int(line.split()[1]) for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def first(said: bytes) -> Answer:
    """The first answer in what a server said."""
    head, _, rest = said.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    return Answer(int(line.split()[1]), headers, rest[: int(headers.get("content-length", "0"))])


def others_are_answered(server: Server, address: str = "127.0.0.99", rounds: int = 3) -> None:
    """Ask as a reader who does nothing wrong, on fresh connections and on one that is kept."""
    with Client(server, address) as kept:
        for _ in range(rounds):
            for target in ("/healthz", heavy(5), "/?q=v%C3%A0ng", "/api/v1/articles/n1"):
                assert kept.ask(get(target)).status == 200
                with Client(server, address) as fresh:
                    assert fresh.ask(get(target)).status == 200


def count(server: Server, name: str, **labels: str) -> float:
    """A number of ``/metrics``, summed over all series that have these labels."""
    total = 0.0
    for line in server.request("GET", "/metrics").body.decode().splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == name and all(f'{key}="{wanted}"' in series for key, wanted in labels.items()):
            total += float(value)
    return total


def processes(server: Server) -> list[int]:
    """The processes of a server, its parent first."""
    found = [server.process.pid]
    for folder in PROC.iterdir():
        with suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == server.process.pid:
                found.append(int(folder.name))
    return found


def _number(process: int, file: str, name: str) -> int:
    lines = Path(PROC, str(process), file).read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def written(server: Server) -> int:
    """Bytes that the processes have written into files so far."""
    return sum(_number(process, "io", "wchar:") for process in processes(server))


def most_memory(server: Server) -> int:
    """The largest resident memory of each process so far, summed, in bytes."""
    return sum(_number(process, "status", "VmHWM:") for process in processes(server)) * 1024


def open_files(server: Server, kind: str = "") -> int:
    """How many files and sockets the processes have open; only sockets if ``kind`` is "socket"."""
    total = 0
    for process in processes(server):
        for link in (PROC / str(process) / "fd").iterdir():
            with suppress(OSError):
                total += str(link.readlink()).startswith(kind)
    return total


def log_of(server: Server) -> str:
    return (server.data.parent / "server.log").read_text("utf-8")


def nothing_failed(server: Server) -> None:
    """Fail if the server logged an exception or answered an error of its own."""
    said = log_of(server)
    assert "Traceback" not in said, said
    assert count(server, "timtin_requests_total", status="500") == 0
