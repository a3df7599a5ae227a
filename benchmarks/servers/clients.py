"""Clients that cost little: a loop over raw sockets for load, threads that ask now and then for what others feel."""

from __future__ import annotations

import math
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

PATIENCE_SECONDS = 5.0


def asking(path: str, headers: str = "", method: str = "GET") -> bytes:
    """Return the bytes of a request without a body."""
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


@dataclass
class Seen:
    """What clients saw: seconds until each answer of 200, and how often anything else."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        failed = ", ".join(f"{count} {name}" for name, count in self.errors.most_common(3))
        answered = f"{ms(self, 0.5)}/{ms(self, 0.99)}" if self.seconds else "no answer"
        return answered + (f" ({failed})" if failed else "")


def quantile(seen: Seen, share: float) -> float:
    """Return a quantile of the seconds of what was answered; infinity if nothing was."""
    ordered = sorted(seen.seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.inf


def ms(seen: Seen, share: float) -> str:
    """Return a quantile in whole milliseconds."""
    return f"{quantile(seen, share) * 1000:.0f}"


class _Client:
    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None
        self.received = bytearray()
        self.needed = -1
        self.began = 0.0
        self.path = b""

    def send(self, selector: selectors.BaseSelector, request: bytes) -> None:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(self.socket, selectors.EVENT_READ, self)
        self.received.clear()
        self.needed, self.path, self.began = -1, request, time.perf_counter()
        self.socket.sendall(request)

    def close(self, selector: selectors.BaseSelector) -> None:
        if self.socket is not None:
            selector.unregister(self.socket)
            self.socket.close()
            self.socket = None

    def read(self) -> str:
        """Return "more", the status of a whole answer, or "closed"."""
        assert self.socket is not None
        try:
            data = self.socket.recv(1 << 18)
        except OSError:
            return "closed"
        if not data:
            return "closed"
        self.received += data
        if self.needed < 0:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return "more"
            head = bytes(self.received[:end]).lower()
            if b"content-length:" not in head:
                raise RuntimeError(f"an answer without a length: {head!r}")
            self.needed = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            self.closes = b"connection: close" in head
        return self.received[9:12].decode() if len(self.received) >= self.needed else "more"


def load(port: int, requests: Iterator[bytes], clients: int, seconds: float) -> Seen:
    """Send ``requests`` from so many connections, each its next once it is answered; stop after ``seconds``.

    A client of a server that closes connects again: that is part of its cost.
    """
    seen = Seen()
    with selectors.DefaultSelector() as selector:
        all_clients = [_Client(port) for _ in range(clients)]
        started = time.perf_counter()

        def next_one(client: _Client) -> None:
            request = next(requests, None)
            if request is None:
                client.close(selector)
                return
            try:
                client.send(selector, request)
            except OSError as error:
                seen.errors[type(error).__name__] += 1
                client.close(selector)

        for client in all_clients:
            next_one(client)
        while (now := time.perf_counter()) < started + seconds and selector.get_map():
            for key, _ in selector.select(min(1.0, started + seconds - now)):
                client = key.data
                state = client.read()
                if state == "more":
                    continue
                if state == "200":
                    seen.seconds.append(time.perf_counter() - client.began)
                else:
                    seen.errors[state] += 1
                if state == "closed" or client.closes:
                    client.close(selector)
                next_one(client)
        for client in all_clients:
            client.close(selector)
    return seen


def ask(port: int, request: bytes, patience: float = PATIENCE_SECONDS) -> str:
    """Send one request on a connection of its own; return its status, "closed", or what went wrong."""
    selector = selectors.DefaultSelector()
    client = _Client(port)
    deadline = time.monotonic() + patience
    try:
        client.send(selector, request)
        assert client.socket is not None
        state = "more"
        while state == "more":
            client.socket.settimeout(max(0.001, deadline - time.monotonic()))
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return f"none in {patience:.0f} s"
            state = client.read()
        return state
    except OSError as error:
        return type(error).__name__
    finally:
        client.close(selector)
        selector.close()


class Others:
    """Two readers beside an attack: one searches for what nobody asked before, one asks for /healthz."""

    def __init__(self, port: int, searches: Iterator[bytes], every: float = 0.1) -> None:
        self.search, self.health = Seen(), Seen()
        self._over = threading.Event()
        health = iter(lambda: asking("/healthz", "Connection: close\r\n"), None)
        pairs = ((self.search, searches), (self.health, health))
        self._threads = [threading.Thread(target=self._ask, args=(port, *pair, every)) for pair in pairs]
        for thread in self._threads:
            thread.start()

    def stop(self) -> str:
        """Stop asking; say what was seen, milliseconds at the median and the 99th percentile."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return f"search {self.search}, health {self.health}"

    def _ask(self, port: int, seen: Seen, requests: Iterator[bytes], every: float) -> None:
        for request in requests:
            began = time.perf_counter()
            state = ask(port, request)
            if state == "200":
                seen.seconds.append(time.perf_counter() - began)
            else:
                seen.errors[state] += 1
            if self._over.wait(every):
                return


def connect(port: int, small: bool = False) -> socket.socket:
    """Return a connection that does not block; a ``small`` one has a small buffer for what it receives."""
    made = socket.socket()
    if small:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(PATIENCE_SECONDS)
    made.connect(("127.0.0.1", port))
    made.setblocking(False)
    return made


def push(connection: socket.socket, data: bytes) -> bool:
    """Send what can be sent at once; return whether the connection still stands."""
    with suppress(BlockingIOError):
        try:
            connection.send(data)
        except BlockingIOError:
            raise
        except OSError:
            return False
    return True
