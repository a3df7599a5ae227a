"""Call a WSGI application (PEP 3333) with a request that has arrived whole, and take its whole answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import IO, Any, NamedTuple
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from web.services import STREAMS
from web.serving.proxies import Origin

_WITHOUT_LENGTH = {204, 304}


PARTS = "timtin.parts"
"""In the WSGI environment: the parts of such an answer, each made when it is asked for."""


class WholeAnswer(NamedTuple):
    """Status, headers and body of a response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def environ_of(scope: Mapping[str, Any], headers: Mapping[str, str], origin: Origin) -> WSGIEnvironment:
    """Return the environment of a request without a body; ``headers`` have lower-case names."""
    host, colon, port = origin.host.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = origin.host, ""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": origin.root,
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": port or ("443" if origin.scheme == "https" else "80"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": origin.address,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": origin.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, value in headers.items():
        if "_" not in name and name not in {"content-type", "content-length", "transfer-encoding"}:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ["HTTP_HOST"] = origin.host
    if "content-type" in headers:
        environ["CONTENT_TYPE"] = headers["content-type"]
    return environ


def call(application: WSGIApplication, environ: WSGIEnvironment, body: IO[bytes], size: int) -> WholeAnswer:
    """Return the application's answer to a request whose body, of ``size`` bytes, is in a file that is closed after."""
    status: list[int] = []
    headers: list[tuple[bytes, bytes]] = []

    def start_response(said: str, given: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        status.append(int(said.split(" ", 1)[0]))
        sent = [(name, value) for name, value in given if name.lower() != "date"]  # the protocol says it
        headers[:] = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent]
        return parts.append

    parts: list[bytes] = []
    with body:
        environ["wsgi.input"] = body
        environ["CONTENT_LENGTH"] = str(size)
        answer: Iterable[bytes] = application(environ, start_response)
        if environ.get(STREAMS):
            environ[PARTS] = _parts(answer)
            return WholeAnswer(status[-1], headers, b"".join(parts))
        try:
            parts.extend(answer)
        finally:
            _close(answer)
    content = b"".join(parts)
    if status[-1] not in _WITHOUT_LENGTH and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"Content-Length", str(len(content)).encode("ascii")))
    return WholeAnswer(status[-1], headers, content)


def _parts(answer: Iterable[bytes]) -> Generator[bytes, None, None]:
    try:
        yield from answer
    finally:
        _close(answer)


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()
