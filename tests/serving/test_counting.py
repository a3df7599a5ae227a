"""What ``/metrics`` says: all processes count together, and no count goes back when one of them ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from prometheus_client.parser import text_string_to_metric_families

from search.archive import ArchiveConfig, open_archive
from tests.conftest import Server
from tests.processes import wait_for
from tests.serving.family import (
    FrailServer,
    ask,
    both,
    connect,
    connected_to,
    needs_proc,
    put,
    settings,
    wait_for_others,
)

pytestmark = needs_proc

TWO = ("--workers", "2")
NAMES = {
    "timtin_requests_total",
    "timtin_request_seconds_bucket",
    "timtin_wait_seconds_bucket",
    "timtin_waiting_requests",
    "timtin_open_connections",
    "timtin_process_restarts_total",
    "timtin_refusals_total",
    "timtin_searches_total",
    "timtin_articles",
    "timtin_index_in_sync",
    "timtin_index_lag",
    "timtin_store_bytes",
    "timtin_data_bytes",
    "timtin_free_disk_bytes",
}
"""What docs/dashboard and alarms stand on."""


def samples(server: Server) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    while (answer := server.request("GET", "/metrics")).status == 429:
        time.sleep(0.5)
    assert answer.status == 200
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(answer.body.decode("utf-8")):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def counted(server: Server, name: str, **labels: str) -> float:
    """Return the sum of the samples of this name that have these labels."""
    wanted = set(labels.items())
    return sum(value for has, value in samples(server).get(name, {}).items() if wanted <= set(has))


def search(text: str) -> str:
    return "/api/v1/search?" + urlencode({"q": text})


def test_everything_that_is_to_be_seen_has_a_name(tmp_path: Path, port: int) -> None:
    settings(tmp_path / "data", "[limits]\nrequests_per_minute = 5\n")
    server = FrailServer(tmp_path / "data", port, *TWO)
    assert put(server, "a", "Ngô.")
    while server.request("GET", search("ngô")).status != 429:
        pass
    assert NAMES - samples(server).keys() == set()


def test_requests_of_all_processes_are_counted(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    assert put(server, "a", "Ngô.")
    first, second = both(server)
    with connected_to(server, first) as one, connected_to(server, second) as other:
        for connection, number in ((one, 3), (other, 4)):
            for at in range(number):
                assert ask(connection, search(f"ngô {at}")).status == 200
    of_search = {"endpoint": "api.search"}
    wait_for(lambda: counted(server, "timtin_requests_total", status="200", **of_search) == 7)
    assert counted(server, "timtin_request_seconds_count", **of_search) == 7
    assert counted(server, "timtin_request_seconds_bucket", le="+Inf", **of_search) == 7
    assert counted(server, "timtin_searches_total", cached="false") == 7
    assert counted(server, "timtin_wait_seconds_count") >= 8


def test_answers_that_were_known_are_counted(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    assert put(server, "a", "Ngô.")
    for process in both(server):
        with connected_to(server, process) as connection:
            for _ in range(3):
                assert ask(connection, search("ngô")).json["total"] == 1
    assert counted(server, "timtin_searches_total", cached="false") == 2
    assert counted(server, "timtin_searches_total", cached="true") == 4


def test_counts_never_go_back_when_processes_are_killed(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    assert put(server, "a", "Ngô.")
    both(server)
    before = samples(server)
    for number in range(6):
        killed = both(server)[number % 2]
        with connected_to(server, killed) as connection:
            assert ask(connection, search(f"ngô {number}")).status == 200
            wait_for(lambda number=number: counted(server, "timtin_searches_total") == number + 1)  # type: ignore[misc]
            os.kill(killed, signal.SIGKILL)
        wait_for_others(server, killed)
        after = samples(server)
        for name, values in before.items():
            if name.endswith(("_total", "_count", "_bucket", "_sum")):
                assert [labels for labels, value in values.items() if after[name][labels] < value] == []
        before = after
        assert counted(server, "timtin_process_restarts_total") == number + 1


def test_open_connections_and_waiting_requests_are_shown(tmp_path: Path, port: int) -> None:
    server = FrailServer(tmp_path / "data", port, *TWO)
    both(server)
    connections = [connect(server) for _ in range(20)]
    for connection in connections:
        connection.request("GET", "/hang")
    wait_for(lambda: counted(server, "timtin_waiting_requests") > 5)
    wait_for(lambda: counted(server, "timtin_open_connections") >= 20)
    for connection in connections:
        connection.close()
    wait_for(lambda: counted(server, "timtin_waiting_requests") == 0)
    wait_for(lambda: counted(server, "timtin_open_connections") <= 1)


def test_writes_that_searches_do_not_see_are_shown(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Nobody leads at first."""
    data = tmp_path / "data"
    open_archive(ArchiveConfig(data)).close()
    (data / "follower.lock").mkdir()
    server = serve(data, *TWO)
    for number in range(3):
        assert server.write("PUT", f"/api/v1/articles/{number}", {"body": "Ngô."}).status == 201
    assert counted(server, "timtin_index_in_sync") == 0
    assert counted(server, "timtin_index_lag") >= 3
    assert counted(server, "timtin_articles") == 3
    assert counted(server, "timtin_store_bytes") > 0
    assert counted(server, "timtin_data_bytes") >= counted(server, "timtin_store_bytes")
    assert counted(server, "timtin_free_disk_bytes") > 0
    (data / "follower.lock").rmdir()
    wait_for(lambda: counted(server, "timtin_index_lag") == 0)
    assert counted(server, "timtin_index_in_sync") == 1


def test_metrics_are_answered_while_indexes_are_replaced(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(None, *TWO)
    assert put(server, "a", "Ngô.")
    for _ in range(3):
        task = server.write("POST", "/api/v1/reindex").json["id"]
        while server.request("GET", f"/api/v1/tasks/{task}").json["state"] != "done":
            samples(server)
