"""Bodies: without a key none is taken, with one there is a bound for size, time and disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.clients import (
    MB,
    Client,
    count,
    first,
    get,
    most_memory,
    nothing_failed,
    open_files,
    others_are_answered,
    processes,
    statuses,
    written,
)
from tests.attacks.conftest import Attacked
from tests.conftest import Server
from tests.processes import PROC, timtin, wait_for

SIZE = 96 * MB
PART = b"x" * 60_000
ROUTES = {
    ("GET", "/healthz"): {"none": 413, "wrong": 413, "search": 413},
    ("GET", "/api/v1/search?q=v%C3%A0ng"): {"none": 413, "wrong": 413, "search": 413},
    ("GET", "/nowhere"): {"none": 404, "wrong": 404, "search": 404},
    ("PUT", "/nowhere"): {"none": 404, "wrong": 404, "search": 404},
    ("POST", "/"): {"none": 405, "wrong": 405, "search": 405},
    ("POST", "/api/v1/articles"): {"none": 401, "wrong": 401, "search": 403},
    ("PUT", "/api/v1/articles/n1"): {"none": 401, "wrong": 401, "search": 403},
    ("DELETE", "/api/v1/articles/n1"): {"none": 401, "wrong": 401, "search": 403},
    ("POST", "/api/v1/reindex"): {"none": 401, "wrong": 401, "search": 403},
}


def head(method: str, target: str, key: str | None, length: int | None, *more: str) -> bytes:
    """The head of a request with a body of ``length`` bytes, or with one in chunks."""
    given = [] if key is None else [f"Authorization: Bearer {key}"]
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return get(target, "Content-Type: application/json", size, *given, *more, method=method)


def sent(start: bytes, length: int | None) -> Iterator[bytes]:
    """A request with a body of ``SIZE`` bytes."""
    yield start
    for _ in range(SIZE // len(PART)):
        yield PART if length is not None else b"%x\r\n%s\r\n" % (len(PART), PART)


def key_of(server: Server, scope: str) -> str:
    made = timtin("keys", "add", scope, "--scope", scope, "--data", str(server.data))
    assert made.returncode == 0, made.stderr
    return str(made.stdout).strip()


def files_of_bodies(server: Server) -> list[str]:
    """The files that are open in the processes and have no name (any more), and those in its temporary folder."""
    found = [str(path) for path in (server.data.parent / "temporary").iterdir()]
    for process in processes(server):
        for link in (PROC / str(process) / "fd").iterdir():
            try:
                path = str(link.readlink())
            except FileNotFoundError:
                continue
            if path.endswith("(deleted)") and path.startswith(str(server.data)):
                found.append(path)
    return found


def test_bodies_without_a_key_are_refused_at_the_head(attacked: Attacked) -> None:
    server = attacked()
    keys = {"none": None, "wrong": "wrong", "search": key_of(server, "search")}
    names = {path.name for path in server.data.rglob("*")}
    before, memory = written(server), most_memory(server)
    for (method, target), expected in ROUTES.items():
        for kind, status in expected.items():
            for length in (SIZE, None):
                with Client(server) as client:
                    client.send(head(method, target, keys[kind], length, "Expect: 100-continue"))
                    assert client.answer().problem["status"] == status, (method, target, kind, length)
                    assert client.rest() == b""
                with Client(server) as client:
                    client.send(head(method, target, keys[kind], length))
                    assert client.answer().problem["status"] == status, (method, target, kind, length)
    for length in (SIZE, None):
        for method, target in (("GET", "/healthz"), ("GET", "/nowhere"), ("POST", "/api/v1/articles")):
            with Client(server) as client:
                said = client.upload(sent(head(method, target, None, length), length))
            assert statuses(said) in ([ROUTES[method, target]["none"]], [])  # a client that sends on may not hear
            assert files_of_bodies(server) == []
    assert written(server) - before < 8 * MB
    assert most_memory(server) - memory < 48 * MB
    assert {path.name for path in server.data.rglob("*")} - names <= {"keys.json"}
    others_are_answered(server)
    nothing_failed(server)


def test_many_bodies_without_a_key_do_not_keep_writers_out(attacked: Attacked) -> None:
    server = attacked()
    memory, before = most_memory(server), written(server)
    clients = [Client(server, f"127.0.0.{2 + number % 9}") for number in range(90)]
    for number, each in enumerate(clients):
        length = SIZE if number % 2 else None
        each.send(head("POST", "/api/v1/articles", "wrong", length) + (PART if length else b"ea60\r\n" + PART))
    for number in range(5):
        assert server.write("PUT", f"/api/v1/articles/w{number}", {"title": "T", "body": "B"}).status == 201
    others_are_answered(server)
    for each in clients:
        assert each.answer().problem["status"] == 401
        each.rest()  # the server ends it, though the body is not whole
    assert most_memory(server) - memory < 48 * MB
    assert written(server) - before < 8 * MB
    nothing_failed(server)


def test_a_key_that_may_write_is_asked_for_its_body(attacked: Attacked) -> None:
    server = attacked(limits={"body_mb": 1})
    article = b'{"title": "T", "body": "B"}'
    with Client(server) as client:
        client.send(head("PUT", "/api/v1/articles/a", server.key, len(article), "Expect: 100-continue"))
        assert client.interim() == 100
        assert client.ask(article).status == 201
    for length in (MB + 1, None):
        with Client(server) as client:
            said = client.upload(sent(head("POST", "/api/v1/articles", server.key, length), length))
            assert statuses(said) == [413]
            assert first(said).problem
            assert files_of_bodies(server) == []
    with Client(server) as client:
        client.send(head("POST", "/api/v1/articles", server.key, MB + 1, "Expect: 100-continue"))
        assert client.answer().problem["status"] == 413
    nothing_failed(server)


@pytest.mark.slow
@pytest.mark.parametrize("length", [500_000, None])
def test_a_body_that_comes_slowly_is_not_waited_for(attacked: Attacked, length: int | None) -> None:
    """Neither one that pauses nor one that comes byte by byte."""
    server = attacked(limits={"body_seconds": 1})
    sockets = open_files(server, "socket")
    with Client(server) as client:
        client.send(head("POST", "/api/v1/articles", server.key, length) + b"1\r\n{\r\n")
        assert client.answer().problem["status"] == 408
        client.rest()
    with Client(server) as client:
        client.send(head("POST", "/api/v1/articles", server.key, length))
        part, said = b"1" if length else b"1\r\n1\r\n", b""
        client.socket.settimeout(0.1)
        for _ in range(400):  # 40 seconds
            client.send(part)
            try:
                said = client.socket.recv(65536)
                break
            except TimeoutError:
                pass
        assert statuses(said) == [408]
    others_are_answered(server)
    wait_for(lambda: open_files(server, "socket") <= sockets + 4)
    assert files_of_bodies(server) == []
    nothing_failed(server)


def test_a_full_disk_refuses_writes_and_not_reads(attacked: Attacked) -> None:
    server = attacked(limits={"free_disk_mb": 1_000_000_000})
    before = written(server)
    for body in ({"title": "T", "body": "B"}, {"title": "T", "body": "B" * 3 * MB}):
        assert server.write("PUT", "/api/v1/articles/full", body).status == 507
    others_are_answered(server)
    assert server.request("GET", "/readyz").status == 503
    assert server.request("GET", "/api/v1/articles/full").status == 404
    assert written(server) - before < 2 * MB
    assert count(server, "timtin_requests_total", endpoint="api.put_article", status="507") == 2
    nothing_failed(server)
