"""Every error of every endpoint, also those of the server itself, has one shape."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator

import pytest

from index.shared_texts import FolderTexts
from tests.attacks.clients import PATIENCE, Answer, Client, get
from tests.attacks.conftest import Attacked
from tests.attacks.failing_service import FAILURES, FailingServer
from tests.conftest import Server
from web.access import Scope
from web.api.openapi import describe_api
from web.keys import KeyRing

MEMBERS = {"type", "title", "status", "detail", "instance", "errors"}
OPERATIONS = [
    (method.upper(), path.replace("{id}", "n1"), operation)
    for path, operations in describe_api()["paths"].items()
    for method, operation in operations.items()
]
HOST = "Host: 127.0.0.1"
JSON = "Content-Type: application/json"


def check(name: str, answer: Answer, status: int) -> None:
    """Fail if an answer is not an error with this status in the shape of all."""
    assert answer.status == status, (name, answer)
    assert set(answer.problem) == MEMBERS, name
    assert answer.problem["title"], name
    assert all(set(part) == {"name", "detail"} for part in answer.problem["errors"]), name
    if status in {429, 503}:
        assert int(answer.headers["retry-after"]) > 0, name
    if status == 401:
        assert "www-authenticate" in answer.headers, name


def sent(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return get(target, *headers, *length, "Accept: text/html" if target.startswith("/api") else "Accept: */*",
               method=method) + body  # fmt: skip


def of_every_operation(admin: str, search: str) -> Iterator[tuple[str, bytes, int]]:
    """Yield what each operation is wrongly asked, and the status of the error."""
    for method, path, operation in OPERATIONS:
        name = operation["operationId"]
        typed = [JSON] if "requestBody" in operation else []
        empty = b"{}" if typed else b""
        yield f"{name}, by another method", sent("PROPFIND", path), 405
        yield f"{name}, with a long address", sent(method, f"{path}?q={'x' * 70_000}"), 414
        yield f"{name}, with a long head", sent(method, path, f"X-Long: {'x' * 140_000}"), 431
        if method == "GET" and path != "/healthz":
            yield f"{name}, with a body", sent(method, path, admin, body=b"x" * 70_000), 413
        if "security" in operation:
            yield f"{name}, without a key", sent(method, path), 401
            yield f"{name}, with another key", sent(method, path, "Authorization: Bearer x"), 401
        if "scope write" in operation.get("description", "") or "scope admin" in operation.get("description", ""):
            yield f"{name}, with a weak key", sent(method, path, search), 403
        if path.startswith("/api/"):
            yield f"{name}, with an unknown parameter", sent(method, f"{path}?zz=1", admin, *typed, body=empty), 400
        if typed:
            yield f"{name}, with another type", sent(method, path, admin, "Content-Type: text/x", body=b"x"), 415
            packed = ["Content-Encoding: br", *typed]
            yield f"{name}, packed otherwise", sent(method, path, admin, *packed, body=b"x"), 415
            packed = ["Content-Encoding: gzip", *typed]
            yield f"{name}, packed badly", sent(method, path, admin, *packed, body=b"x"), 400
            bomb = gzip.compress(b'"' + b" " * (80 << 20))
            if len(bomb) < (64 << 10) or name in {"add", "put", "patch"}:
                yield f"{name}, too large unpacked", sent(method, path, admin, *packed, body=bomb), 413
            yield f"{name}, with no JSON", sent(method, path, admin, *typed, body=b"{"), 400
            length = "Content-Length: 700000000"
            yield f"{name}, too large", get(path, admin, length, *typed, method=method), 413
        named = {entry["name"] for entry in operation["parameters"]}
        article = b'{"id": "n1", "title": "x"}' if typed else b""
        if "If-Match" in named:
            yield f"{name}, of another article", sent(method, path, admin, *typed, 'If-Match: "x"', body=article), 412
            yield f"{name}, with a bad condition", sent(method, path, admin, *typed, "If-Match: x", body=article), 400
        if "id" in named and method != "PUT":
            gone = path.replace("/n1", "/none")
            yield f"{name}, of none", sent(method, gone, admin, *typed, body=b'{"title": "x"}' if typed else b""), 404
        if "Idempotency-Key" in named:
            yield f"{name}, with a bad key", sent(method, path, admin, *typed, "Idempotency-Key: a b", body=empty), 400


OF_THE_SERVER = {
    "no request line": (b"nonsense\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (f"GET / HTTP/1.1\r\n{HOST}\r\n{HOST}\r\n\r\n".encode(), 400),
    "an unknown version": (f"GET / HTTP/9.9\r\n{HOST}\r\n\r\n".encode(), 400),
    "an unknown method": (f"SMUGGLE / HTTP/1.1\r\n{HOST}\r\n\r\n".encode(), 400),
    "an unknown coding": (f"POST / HTTP/1.1\r\n{HOST}\r\nTransfer-Encoding: gzip\r\n\r\n".encode(), 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "nothing there": (get("/nowhere"), 404),
    "nothing in the API": (get("/api/v2/search"), 404),
    "another host": (get("/api/v1/search", host="evil.example"), 421),
    "a head that does not end": (b"GET / HTTP/1.1\r\n", 408),
}


def test_every_error_has_one_shape(attacked: Attacked) -> None:
    server = attacked(
        limits={"header_seconds": 1, "body_seconds": 1}, access={"search": "key", "metrics": "key"},
        server={"hosts": ["127.0.0.1"]},
    )  # fmt: skip
    admin = f"Authorization: Bearer {server.key}"
    search = f"Authorization: Bearer {KeyRing(FolderTexts(server.data)).add('reader', Scope.SEARCH)}"
    tried: set[int] = set()
    asked = [(name, request, status) for name, (request, status) in OF_THE_SERVER.items()]
    slow = get("/api/v1/articles", admin, "Content-Length: 9", JSON, method="POST")
    asked += [("a body that does not come", slow, 408), *of_every_operation(admin, search)]
    for name, request, status in asked:
        with Client(server) as client:
            check(name, client.ask(request), status)
        tried.add(status)
    tried |= once_for_another(server, admin)
    assert tried == {400, 401, 403, 404, 405, 408, 412, 413, 414, 415, 421, 422, 431}


def once_for_another(server: Server, admin: str) -> set[int]:
    """Send a key again with another request."""
    with Client(server) as client:
        for title, status in (("x", 201), ("y", 422)):
            body = f'{{"id": "k", "title": "{title}"}}'.encode()
            answer = client.ask(sent("POST", "/api/v1/articles", admin, JSON, "Idempotency-Key: 1", body=body))
            assert answer.status == status
        check("a key of another request", answer, 422)
    return {422}


def test_every_failure_of_every_endpoint_has_that_shape(attacked: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.conftest.Server", FailingServer)
    server = attacked()
    admin = f"Authorization: Bearer {server.key}"
    with Client(server) as client:
        for method, path, operation in OPERATIONS:
            if path == "/healthz":  # no view answers it
                continue
            typed = [JSON] if "requestBody" in operation else []
            for kind, (_, status) in FAILURES.items():
                name = f"{operation['operationId']}, {kind}"
                answer = client.ask(sent(method, path, admin, f"X-Fail: {kind}", *typed, body=b"{}" if typed else b""))
                check(name, answer, status)
                assert b"secret" not in answer.body, name


def test_what_cannot_be_cancelled_has_that_shape_too(attacked: Attacked) -> None:
    server = attacked()
    admin = f"Authorization: Bearer {server.key}"
    with Client(server) as client:
        task = json.loads(client.ask(sent("POST", "/api/v1/articles", admin, JSON, body=b'[{"title": "x"}]')).body)
        check("a bulk write", client.ask(sent("POST", f"/api/v1/tasks/{task['task']}/cancel", admin)), 409)


def test_errors_of_a_crowd_have_that_shape_too(attacked: Attacked) -> None:
    server = attacked(limits={"requests_per_minute": 60, "connections_of_address": 2}, flags=("--workers", "1"))
    with Client(server, "127.0.0.9") as one, Client(server, "127.0.0.9") as two, Client(server, "127.0.0.9") as three:
        check("too many connections", three.answer(), 503)
        assert one.ask(get("/healthz")).status == two.ask(get("/healthz")).status == 200
    answers: list[Answer] = []

    def ask() -> None:
        with Client(server, "127.0.0.8") as client:
            answers.extend(client.ask(get("/api/v1/stats")) for _ in range(80))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(PATIENCE)
    check("too many requests", next(answer for answer in answers if answer.status != 200), 429)
