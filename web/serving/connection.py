"""One client's connection: uvicorn's HTTP protocol with a deadline and a bound for everything a client can draw out.

A head must arrive in time and be of bearable size, a response must be read in time, and one address opens only so many
connections. Bodies have their bounds in ``web.serving.bodies``. One request a connection is under way; those a client
sends ahead wait unread.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from web.problems import PROBLEM_JSON, problem_body
from web.serving.proxies import client_of
from web.settings import LimitSettings

_LONGEST_TARGET = 64 * 1024
_LONGEST_HEAD = 128 * 1024
_MOST_AHEAD = 200
_LINGER_SECONDS = 3.0
_MOST_LINGERING = 64
_LEAST_READ = 16 * 1024
_ASCII = "".join(map(chr, range(0x80)))


class Door:
    """Who is connected to this process: at most ``most`` clients, of one address at most ``most_of_address``.

    These are its share of what the settings allow, so an address may reach its limit a little early.

    When it is full, whoever has been silent for longest makes room. ``is_proxy`` tells of an address whether many
    clients may come from it; ``refused`` is told of each connection that is not let in.
    """

    def __init__(
        self,
        limits: LimitSettings,
        most: int,
        most_of_address: int,
        is_proxy: Callable[[str], bool],
        refused: Callable[[str], object],
    ) -> None:
        self.limits = limits
        self.connections: dict[Connection, None] = {}
        self.silent: dict[Connection, None] = {}
        """Those that wait for a request, the one that has waited longest first."""
        self.lingering: dict[Connection, None] = {}
        """Those that have been refused and may still read why, the first one refused first."""
        self._most = most
        self._most_of_address = most_of_address
        self._is_proxy = is_proxy
        self._refused = refused
        self._of_client: Counter[str] = Counter()

    def enter(self, connection: Connection, address: str) -> str | None:
        """Let a connection in; return why not otherwise."""
        limited = self._most_of_address and not self._is_proxy(address)
        client = client_of(address)
        if limited and self._of_client[client] >= self._most_of_address:
            self._refused("connections of an address")
            return "Too many connections from your address are open; close some first."
        if len(self.connections) >= self._most:
            if not self.silent:
                self._refused("connections")
                return "Too many connections are open; try again later."
            next(iter(self.silent)).abort()
        self.connections[connection] = None
        self._of_client[client] += 1
        return None

    def linger(self, connection: Connection) -> None:
        """Let a refused connection read why, for as long as there are not many: each takes an open file."""
        self.lingering[connection] = None
        if len(self.lingering) > _MOST_LINGERING:
            next(iter(self.lingering)).abort()

    def leave(self, connection: Connection, address: str) -> None:
        """Note that a connection has ended."""
        self.silent.pop(connection, None)
        self.lingering.pop(connection, None)
        if connection in self.connections:
            del self.connections[connection]
            client = client_of(address)
            self._of_client[client] -= 1
            if not self._of_client[client]:
                del self._of_client[client]


class _WholeWriter:
    """A transport that sends the head of a response with what is written next, in one packet if it fits."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        """Keep the head; send all else."""
        if self._head is None:
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self) -> None:
        """Send the head if nothing followed it."""
        if self._head:
            self._transport.write(self._head)
        self._head = b""

    def close(self) -> None:
        """Send what is left, and end the connection."""
        self.flush()
        self._transport.close()


class Connection(HttpToolsProtocol):
    """A connection of ``door``; ``on_lost`` is called when the client is gone."""

    def __init__(self, door: Door, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.on_lost: Callable[[], None] | None = None
        self._door = door
        self._address = ""
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._head = 0
        self._deaf = False
        self._amid = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let the client in, or say why not."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        refused = self._door.enter(self, self._address)
        if refused is not None:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, refused)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the client is gone."""
        for timer in (self._reading, self._writing):
            if timer is not None:
                timer.cancel()
        self._door.leave(self, self._address)
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        if self._deaf or self.transport.is_closing():
            return
        if self._is_idle() and self._reading is None:
            self._await_head()
        if not self._amid and not data.isascii():
            data = _with_ascii_target(data)
        self._head += len(data)
        super().data_received(data)
        if self._head > _LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Note that a request has begun to arrive."""
        self._amid = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head is too long."""
        if self._deaf:
            return
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._door.silent.pop(self, None)
        length = sum(len(name) + len(value) for name, value in self.headers)
        self._head = 0
        if len(self.url) > _LONGEST_TARGET:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG, "The address of the request is too long.")
        elif length > _LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too long.")
        elif len(self.pipeline) >= _MOST_AHEAD:
            self.abort()
        elif not self._is_clear():
            self.send_400_response("")
        else:
            self.scope["state"]["connection"] = self
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._head = 0
        if not self._deaf:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a request has arrived."""
        self._amid = False
        self._head = 0
        if not self._deaf:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the client to have read the last response."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._abort_unread()
        elif self._is_idle():
            self._door.silent[self] = None

    def pause_writing(self) -> None:
        """Give the client time to read."""
        super().pause_writing()
        self._abort_unread()

    def resume_writing(self) -> None:
        """Note that the client reads."""
        super().resume_writing()
        if self._writing is not None and not self.transport.is_closing():
            self._writing.cancel()
            self._writing = None

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that nothing is asked on."""
        super().timeout_keep_alive_handler()
        self._abort_unread()

    def shutdown(self) -> None:
        """End the connection, after the request under way if there is one."""
        super().shutdown()
        if self.transport.is_closing():
            self._abort_unread()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Say that what came is not HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, "This is not a valid HTTP request.")

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Send the head of the response under way together with what is written next."""
        cycle, writer = self.cycle, _WholeWriter(self.transport)
        cycle.transport = writer  # type: ignore[assignment]
        try:
            yield
        finally:
            cycle.transport = self.transport
            writer.flush()

    def abort(self) -> None:
        """End the connection now, whatever was not sent yet."""
        self.transport.abort()

    def _is_clear(self) -> bool:
        """Tell whether a proxy in front would take the head as it is taken here: RFC 9112, sections 3.2 and 6.1."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        encodings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        named = hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")
        return named and encodings in ([], [b"chunked"])

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._head = 0
        self._door.silent[self] = None
        self._reading = self.loop.call_later(self._door.limits.header_seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._reading = None
        if self._head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The head of the request took too long to arrive.")
        else:
            self.abort()

    def _abort_unread(self) -> None:
        """End the connection if the client reads nothing, or next to nothing, of what waits for it."""
        left = self.transport.get_write_buffer_size()
        if self._writing is None and left:
            self._writing = self.loop.call_later(self._door.limits.write_seconds, self._look_unread, left)

    def _look_unread(self, before: int) -> None:
        self._writing = None
        if before - self.transport.get_write_buffer_size() < _LEAST_READ:
            self.abort()
        else:
            self._abort_unread()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer past the application, and end the connection once the client has had time to read why."""
        if self._deaf:
            return
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if not self._is_idle():  # the refusal would stand amid another response
            self.abort()
            return
        body = json.dumps(problem_body(status, detail, "")).encode("ascii")
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {PROBLEM_JSON}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n"
        )
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            head += "Retry-After: 5\r\n"
        self.transport.write(f"{head}\r\n".encode("ascii") + body)
        self.transport.write_eof()
        self._deaf = True
        self._door.linger(self)
        self.loop.call_later(_LINGER_SECONDS, self.abort)


def _with_ascii_target(data: bytes) -> bytes:
    """Return the beginning of a request with the letters in its target percent-encoded, as many a program forgets."""
    line, end, rest = data.partition(b"\r\n")
    return quote(line, safe=_ASCII).encode("ascii") + end + rest
