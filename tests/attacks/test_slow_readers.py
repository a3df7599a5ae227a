"""Clients that ask and do not read: they lose their connection, and nobody else waits for them."""

from __future__ import annotations

import signal

import pytest

from tests.attacks.clients import (
    MB,
    Client,
    count,
    get,
    heavy,
    most_memory,
    nothing_failed,
    open_files,
    others_are_answered,
    statuses,
)
from tests.attacks.conftest import Attacked
from tests.processes import wait_for


def test_pipelined_searches_that_nobody_reads(attacked: Attacked) -> None:
    server = attacked(limits={"write_seconds": 1, "idle_seconds": 1})
    sockets, memory = open_files(server, "socket"), most_memory(server)
    large = heavy()
    clients = [Client(server, f"127.0.0.{2 + number % 4}", buffer=4096) for number in range(16)]
    for each in clients:
        each.send(get(large) * 100)
    others_are_answered(server)
    wait_for(lambda: count(server, "timtin_open_connections") <= 2)
    for each in clients:
        assert len(statuses(each.rest())) < 100
    wait_for(lambda: open_files(server, "socket") <= sockets + 4)
    assert most_memory(server) - memory < 150 * MB
    assert count(server, "timtin_requests_total", endpoint="api.search", status="200") < 800
    others_are_answered(server)
    nothing_failed(server)


@pytest.mark.slow
def test_a_stop_does_not_wait_for_who_does_not_read(attacked: Attacked) -> None:
    server = attacked(server={"drain_seconds": 1}, limits={"write_seconds": 600})
    large = heavy()
    clients = [Client(server, buffer=4096) for _ in range(16)]
    for each in clients:
        each.send(get(large) * 100)
    others_are_answered(server)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=60) == 0
    for each in clients:
        assert len(statuses(each.rest())) < 100


def test_an_answer_that_is_not_read_to_its_end(attacked: Attacked) -> None:
    """One that is larger than the buffers, on a connection that is kept or ends; and one read by a few bytes."""
    server = attacked(limits={"write_seconds": 1, "idle_seconds": 1})
    large = heavy()
    clients = [Client(server, buffer=2048) for _ in range(4)]
    pipelined = get(large) * 50
    clients[0].send(pipelined)
    clients[1].send(pipelined + get(large, "Connection: close"))
    clients[2].send(pipelined)
    clients[3].send(pipelined + get("/nowhere", "Content-Length: 99999999", method="POST"))
    read = 0
    while not count(server, "timtin_open_connections") <= 2:
        try:
            read += len(clients[2].socket.recv(10))
        except ConnectionError:
            break
    assert read < 50 * 90_000
    wait_for(lambda: count(server, "timtin_open_connections") <= 2)
    assert all(len(statuses(each.rest())) < 50 for each in clients)
    others_are_answered(server)
    nothing_failed(server)


def test_clients_that_are_gone_before_the_answer(attacked: Attacked) -> None:
    """Half-closed, closed and reset, before, amid and after their request."""
    server = attacked()
    sockets = open_files(server, "socket")
    requests = (b"", get("/healthz")[:20], get(heavy())[:-2], get(heavy()), get(heavy()) * 3, get("/healthz") * 3)
    unread = get("/nowhere", "Content-Length: 999999999", method="POST") + b"x" * 1000
    for request in (*requests, unread):
        for leave in (lambda each: each.socket.shutdown(1), lambda each: each.socket.close(), Client.reset):
            for _ in range(3):
                with Client(server) as client:
                    client.send(request)
                    leave(client)
                    if leave is not Client.reset and client.socket.fileno() >= 0:
                        client.rest()  # the server ends it, too
    wait_for(lambda: open_files(server, "socket") <= sockets + 4)
    wait_for(lambda: count(server, "timtin_waiting_requests") == 0)
    others_are_answered(server)
    nothing_failed(server)
