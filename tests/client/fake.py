"""A server that answers what a test tells it to, request by request, and remembers what it was asked."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """An answer: ``raw`` stands for all of it, head and body; ``broken`` ends the connection without one.

    With ``held``, what was sent is all until the next request comes, which ends the connection.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    broken: bool = False
    silent: bool = False
    held: bool = False


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    kind = "application/problem+json" if status >= 400 else "application/json"
    sent = {"Content-Type": kind} | {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), sent)


def problem_reply(status: int, detail: str = "no", **headers: str) -> Reply:
    return json_reply({"type": "about:blank", "title": "T", "status": status, "detail": detail}, status, **headers)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that leave."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class FakeServer:
    """Gives ``replies`` one after the other, the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.asked: list[Asked] = []
        self.replies = list(replies)
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.asked_again = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with fake.lock:
                    fake.asked.append(Asked(self.command, self.path, dict(self.headers), body, self.client_address[1]))
                    reply = fake.replies.pop(0) if len(fake.replies) > 1 else fake.replies[0]
                if len(fake.asked) > 1:
                    fake.asked_again.set()
                if reply.silent:
                    fake.released.wait(120)
                if reply.broken or reply.silent:
                    self.close_connection = True
                    return
                if reply.raw is not None:
                    self.wfile.write(reply.raw)
                    if reply.held:
                        fake.asked_again.wait(120)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        self.server = _Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def serving(*replies: Reply) -> Iterator[FakeServer]:
    """A fake server that gives these replies."""
    fake = FakeServer(*replies)
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        fake.server.shutdown()
        thread.join()
        fake.server.server_close()
