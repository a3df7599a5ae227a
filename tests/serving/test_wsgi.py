"""What an application is told of a request, and how its answer is taken."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from web.serving.proxies import Origin
from web.serving.wsgi import call, environ_of

SCOPE = {"method": "GET", "raw_path": b"/a%2Fb/%C3%A0%0A", "query_string": b"q=%C3%A0&x=\xff", "http_version": "1.1"}


def environ(headers: dict[str, str] | None = None, host: str = "tin.vn:99", **more: Any) -> dict[str, Any]:
    return environ_of({**SCOPE, **more}, headers or {}, Origin("203.0.113.7", "https", host, "/tim"))


def test_a_request_is_told_of() -> None:
    told = environ({"x-a": "1", "content-type": "text/plain", "content-length": "9", "transfer-encoding": "chunked"})
    assert told["PATH_INFO"].encode("latin-1") == "/a/b/à\n".encode()
    assert told["QUERY_STRING"] == "q=%C3%A0&x=\xff"
    assert (told["SCRIPT_NAME"], told["wsgi.url_scheme"], told["REMOTE_ADDR"]) == ("/tim", "https", "203.0.113.7")
    assert told["HTTP_X_A"] == "1"
    assert told["CONTENT_TYPE"] == "text/plain"
    assert not {"CONTENT_LENGTH", "HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_TYPE"} & told.keys()


def test_a_header_cannot_pass_for_another() -> None:
    told = environ(
        {"host": "evil.example", "x_forwarded_for": "1", "content_length": "5", "_": "1", "authorization_": "x"}
    )
    assert told["HTTP_HOST"] == "tin.vn:99"
    assert [name for name in told if name.startswith("HTTP_")] == ["HTTP_HOST"]


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("tin.vn", "tin.vn", "443"),
        ("tin.vn:99", "tin.vn", "99"),
        ("[::1]", "[::1]", "443"),
        ("[::1]:99", "[::1]", "99"),
    ],
)
def test_names_and_ports(host: str, name: str, port: str) -> None:
    told = environ(host=host)
    assert (told["SERVER_NAME"], told["SERVER_PORT"], told["HTTP_HOST"]) == (name, port, host)


class Parts:
    """An answer in parts that is to be closed."""

    closed = False

    def __init__(self, *parts: bytes, fails: bool = False) -> None:
        self._parts, self._fails = parts, fails

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts
        if self._fails:
            raise OSError("amid the answer")

    def close(self) -> None:
        self.closed = True


def test_a_whole_answer_is_taken() -> None:
    parts = Parts(b"b", b"c")
    body = io.BytesIO(b"asked")

    def application(told: dict[str, Any], start: Any) -> Iterable[bytes]:
        assert told["wsgi.input"].read() == b"asked"
        assert told["CONTENT_LENGTH"] == "5"
        start("200 OK", [("X", "first")])(b"a")
        start("404 Not Found", [("X", "é")])
        return parts

    answer = call(application, environ(), body, 5)
    assert answer == (404, [(b"X", b"\xe9"), (b"Content-Length", b"3")], b"abc")
    assert parts.closed
    assert body.closed


def test_a_length_that_is_given_stays() -> None:
    def application(told: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [("content-length", "77")])
        return []

    assert call(application, environ(method="HEAD"), io.BytesIO(), 0) == (200, [(b"content-length", b"77")], b"")


def test_an_answer_that_fails_is_closed() -> None:
    parts, body = Parts(b"a", fails=True), io.BytesIO()

    def application(told: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [])
        return parts

    with pytest.raises(OSError, match="amid"):
        call(application, environ(), body, 0)
    assert parts.closed
    assert body.closed
