"""Many connections, or ones that stay silent: others get in."""

from __future__ import annotations

import resource
import sys

import pytest

from tests.attacks.clients import (
    Client,
    count,
    first,
    get,
    heavy,
    log_of,
    nothing_failed,
    open_files,
    others_are_answered,
    processes,
    statuses,
)
from tests.attacks.conftest import Attacked
from tests.processes import wait_for


def connections(server: object) -> float:
    return count(server, "timtin_open_connections")  # type: ignore[arg-type]


def trickling(server: object, number: int, addresses: int) -> list[Client]:
    """Clients that have sent a part of a head each."""
    clients = []
    for each in range(number):
        client = Client(server, f"127.0.1.{1 + each % addresses}")  # type: ignore[arg-type]
        client.send(b"GET /api/v1/search?q=a HTTP/1.1\r\nHost: ")
        clients.append(client)
    return clients


def send_on(clients: list[Client]) -> None:
    for each in clients:
        each.send(b"a")


def test_trickling_heads_of_one_address(attacked: Attacked) -> None:
    server = attacked(limits={"connections_of_address": 100, "header_seconds": 5})
    clients = trickling(server, 300, 1)
    refused = [each for each in clients if each.ended()]
    send_on(clients)
    others_are_answered(server)
    wait_for(lambda: connections(server) <= 100 + 2)
    said = [each.rest() for each in clients]  # all are ended by the deadline of the head, however much they send
    assert len(said) == 300
    for each in said:
        assert statuses(each) in ([], [408], [503])
        if statuses(each) == [503]:
            assert int(first(each).headers["retry-after"]) > 0
        if each:
            assert first(each).problem
    assert len(refused) + sum(statuses(each) == [503] for each in said) > 100
    assert any(statuses(each) == [408] for each in said)
    others_are_answered(server)
    nothing_failed(server)


@pytest.mark.slow
def test_a_thousand_connections_from_many_addresses(attacked: Attacked) -> None:
    """The limit is of connections to all processes; those that have been silent for longest make room."""
    server = attacked(limits={"connections": 400, "header_seconds": 600, "idle_seconds": 600})
    clients = trickling(server, 1000, 200)
    others_are_answered(server)
    send_on(clients)
    others_are_answered(server, rounds=10)
    assert connections(server) <= 400 + 2
    assert sum(each.ended() for each in clients) >= 600
    send_on(clients)
    others_are_answered(server)
    nothing_failed(server)


def test_connections_under_way_are_not_ended_for_new_ones(attacked: Attacked) -> None:
    server = attacked(server={"workers": 1}, limits={"connections": 30, "waiting_seconds": 60})
    asking = [Client(server, f"127.0.2.{number + 1}") for number in range(20)]
    for each in asking:
        each.send(get(heavy()))
    clients = trickling(server, 100, 50)
    for each in asking:
        assert each.answer().status == 200
    assert sum(each.ended() for each in clients) >= 70
    others_are_answered(server)
    nothing_failed(server)


@pytest.mark.slow
def test_silent_connections_are_closed(attacked: Attacked) -> None:
    """Those on which nothing came, only line ends came, or a request was answered; each by its deadline."""
    server = attacked(limits={"header_seconds": 1, "idle_seconds": 1})
    with Client(server) as client:
        assert client.rest() == b""
    with Client(server) as client:
        client.send(b"\r\n" * 10)
        assert statuses(client.rest()) in ([], [408])
    with Client(server) as client:
        assert client.ask(get("/healthz")).status == 200
        assert client.rest() == b""
    with Client(server) as client:
        assert client.ask(get("/healthz")).status == 200
        client.send(b"GET / HT")
        assert statuses(client.rest()) == [408]
    with Client(server) as client:
        client.send(get(heavy()) + b"GET / HT")
        assert client.answer().status == 200
        assert statuses(client.rest()) in ([], [408])
    with Client(server) as client:
        client.send(b"GET / HT")
        client.socket.settimeout(0.1)
        said = b""
        for _ in range(400):
            client.send(b"T")
            try:
                said = client.socket.recv(65536)
                break
            except TimeoutError:
                pass
        assert statuses(said) in ([400], [408])
    nothing_failed(server)


def test_the_soft_limit_of_open_files_is_raised(attacked: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        # Connections that ask nothing are kept for as long as a slow machine takes to open them all.
        server = attacked(limits={"connections_of_address": 0, "header_seconds": 600, "idle_seconds": 600})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    clients = [Client(server, f"127.0.1.{1 + number % 9}") for number in range(700)]
    wait_for(lambda: connections(server) >= 700)
    others_are_answered(server)
    for each in clients:
        assert each.ask(get("/healthz")).status == 200
    assert server.write("PUT", "/api/v1/articles/w", {"title": "T", "body": "B"}).status == 201
    nothing_failed(server)


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
def test_a_hard_limit_of_open_files_leaves_room_for_work(attacked: Attacked) -> None:
    """Refused connections keep files open, too, while they read why."""
    server = attacked(limits={"connections_of_address": 10, "header_seconds": 600})
    for process in processes(server)[1:]:
        resource.prlimit(process, resource.RLIMIT_NOFILE, (300, 300))
    clients = [Client(server, f"127.0.1.{1 + number % 2}") for number in range(1500)]
    send_on(clients)
    for number in range(5):
        assert server.write("PUT", f"/api/v1/articles/w{number}", {"title": "T", "body": "B"}).status == 201
    others_are_answered(server)
    assert "Too many open files" not in log_of(server)
    assert open_files(server) < 2 * 300
    nothing_failed(server)
