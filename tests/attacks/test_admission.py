"""More requests than can be answered: the turn goes round, the queue has an end, and nobody works for who is gone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from tests.attacks.clients import Client, count, get, heavy, nothing_failed, others_are_answered
from tests.attacks.conftest import Attacked
from tests.conftest import Server
from tests.processes import timtin, wait_for


def searched(server: Server) -> float:
    """How many searches have been done."""
    return count(server, "timtin_searches_total")


def at_once(
    server: Server, groups: dict[str, tuple[list[str], Callable[[], str]]], until: dict[str, int]
) -> Counter[str]:
    """Have a client for each address of each group ask without a pause; return the answers each group had by the end.

    It ends when every group has had as many answers as ``until`` says. Each is to be 200.
    """
    answered: Counter[str] = Counter()
    wrong: list[object] = []
    enough = threading.Event()
    begin = threading.Barrier(sum(len(addresses) for addresses, _ in groups.values()))

    def ask(group: str, address: str, target: Callable[[], str]) -> None:
        try:
            with Client(server, address) as client:
                begin.wait(60)
                while not enough.is_set():
                    answer = client.ask(get(target()))
                    assert answer.status == 200, answer
                    if not enough.is_set():
                        answered[group] += 1
                    if all(answered[name] >= number for name, number in until.items()):
                        enough.set()
        except Exception as error:
            wrong.append(error)
            enough.set()

    threads = [
        threading.Thread(target=ask, args=(name, address, target))
        for name, (addresses, target) in groups.items()
        for address in addresses
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(240)
    assert wrong == []
    assert enough.is_set(), answered
    return answered


def test_light_clients_beside_heavy_ones(attacked: Attacked) -> None:
    """Time is shared evenly, between clients and between the connections of one: light requests are far more."""
    server = attacked(server={"workers": 1}, limits={"waiting_seconds": 60})  # heavy ones wait long on a slow machine
    light = "/api/v1/articles/n1"
    for addresses in ([f"127.0.3.{number}" for number in range(1, 17)], ["127.0.0.2"] * 16):
        groups = {
            "heavy": (["127.0.0.2"] * 4, heavy),
            "light": (addresses, lambda: light),
        }
        answered = at_once(server, groups, {"heavy": 40, "light": 160})  # who asks for much is soon known
        assert answered["light"] > 6 * answered["heavy"], answered  # in turn, it would be 4 times
    nothing_failed(server)


def test_abandoned_searches_are_not_done(attacked: Attacked) -> None:
    server = attacked(server={"workers": 1})
    before = searched(server)
    clients = [Client(server, f"127.0.0.{2 + number % 4}") for number in range(100)]
    for each in clients:
        each.send(get(heavy()))
    for number, each in enumerate(clients):
        if number % 2:
            each.reset()
        else:
            each.socket.close()
    others_are_answered(server, rounds=1)
    wait_for(lambda: count(server, "timtin_waiting_requests") == 0)
    wait_for(lambda: count(server, "timtin_requests_total", endpoint="api.search") >= 102)
    assert count(server, "timtin_requests_total", status="499") > 50
    assert searched(server) - before < 50
    nothing_failed(server)


def test_whoever_floods_is_told_to_come_back(attacked: Attacked) -> None:
    server = attacked(server={"workers": 1}, limits={"waiting": 40, "waiting_of_client": 20, "waiting_seconds": 60})
    for addresses in (1, 60):  # one client has its own limit; the limit for all hits whoever has most waiting
        clients = [Client(server, f"127.0.0.{2 + number % addresses}") for number in range(60)]
        flooding = [Client(server, "127.0.0.2") for _ in range(20)]
        for each in (*clients, *flooding):
            each.send(get(heavy(20)))
        others_are_answered(server, "127.0.9.9", rounds=1)
        got = Counter[int]()
        for each in (*clients, *flooding):
            answer = each.answer()
            got[answer.status] += 1
            if answer.status != 200:
                assert answer.problem["status"] == 503
                assert int(answer.headers["retry-after"]) > 0
        assert got.keys() == {200, 503}
        assert got[200] >= 20
        assert got[503] >= 20
    assert count(server, "timtin_refusals_total", reason="busy") >= 40
    nothing_failed(server)


def test_nobody_waits_without_end(attacked: Attacked) -> None:
    server = attacked(server={"workers": 1}, limits={"waiting_seconds": 0.2})
    clients = [Client(server) for _ in range(60)]
    for each in clients:
        each.send(get(heavy()))
    answers = [each.answer() for each in clients]
    late = [each for each in answers if each.status != 200]
    assert late
    assert len(late) < 60
    for each in late:
        assert each.problem["status"] == 503
        assert int(each.headers["retry-after"]) > 0
    others_are_answered(server)
    nothing_failed(server)


def test_requests_a_minute_are_counted_over_all_processes(attacked: Attacked) -> None:
    server = attacked(server={"workers": 3}, limits={"requests_per_minute": 30})
    statuses = []
    for number in range(60):
        with Client(server, "127.0.0.5") as client:
            answer = client.ask(get("/api/v1/articles/n1", f"X-Forwarded-For: 10.0.0.{number}"))
            statuses.append(answer.status)
            if answer.status != 200:
                assert answer.problem["status"] == 429
                assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert client.ask(get("/healthz")).status == 200
    assert set(statuses) == {200, 429}
    assert 30 <= statuses.count(200) < 50
    with Client(server, "127.0.0.6") as client:
        assert client.ask(get("/api/v1/articles/n1")).status == 200
    nothing_failed(server)


def test_requests_with_a_key_are_counted_by_key(attacked: Attacked) -> None:
    server = attacked(server={"workers": 2}, limits={"requests_per_minute_of_key": 20})
    keys = [
        timtin("keys", "add", name, "--scope", "search", "--data", str(server.data)).stdout.strip()
        for name in ("one", "two")
    ]

    def ask(key: str, address: str) -> int:
        with Client(server, address) as client:
            return client.ask(get("/api/v1/articles/n1", f"Authorization: Bearer {key}")).status

    statuses = [ask(keys[0], f"127.0.0.{2 + number}") for number in range(40)]
    assert set(statuses) == {200, 429}
    assert 20 <= statuses.count(200) < 35
    assert ask(keys[1], "127.0.0.2") == 200
    assert {ask("none of them", "127.0.0.2") for _ in range(30)} == {200}
    nothing_failed(server)


def test_a_stop_finishes_what_is_under_way(attacked: Attacked) -> None:
    server = attacked(server={"workers": 1})
    clients = [Client(server, f"127.0.0.{2 + number}") for number in range(10)]
    for each in clients:
        each.send(get(heavy()))
    wait_for(lambda: count(server, "timtin_open_connections") >= 10)
    server.process.terminate()
    assert [each.answer().status for each in clients] == [200] * 10
    assert server.process.wait(60) == 0
    with suppress(OSError), Client(server) as client:
        assert client.rest() == b""
