"""Several servers on one cluster: none has a data folder, what one is given the others have, and one of them leads."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.cluster.commands import SHOWN_ONCE, ClusterServer, Run, on_cluster, serve_cluster
from tests.processes import is_refused, wait_for

__all__ = ["on_cluster", "serve_cluster"]

Start = Callable[..., ClusterServer]


def put(server: ClusterServer, id: str, body: str) -> bool:
    """Write an article and wait for it; return whether searches see it."""
    answer = server.write("PUT", f"/api/v1/articles/{id}?wait=true", {"body": body})
    assert answer.status in {200, 201}, answer.body
    return bool(answer.json["searchable"])


def test_a_write_through_one_server_is_found_through_the_other(serve_cluster: Start) -> None:
    first = serve_cluster("first")
    second = serve_cluster("second", first.key)
    assert SHOWN_ONCE not in second.log

    def total(server: ClusterServer) -> int:
        return int(server.search("bưởi", collapse="false")["total"])

    for number in range(6):
        one, other = (first, second) if number % 2 else (second, first)
        assert put(one, f"a{number}", f"Bưởi da xanh số {number}.")
        assert total(one) == number + 1
        wait_for(lambda other=other, number=number: total(other) == number + 1)  # type: ignore[misc]
    assert {server.request("GET", "/readyz").status for server in (first, second)} == {200}
    assert first.write("DELETE", "/api/v1/articles/a0").status == 200
    wait_for(lambda: second.search("bưởi", collapse="false")["total"] == 5)
    metrics = second.request("GET", "/metrics").body.decode()
    assert "timtin_articles 5.0" in metrics
    assert "timtin_store_bytes" in metrics


def test_another_server_leads_when_the_leader_is_killed(serve_cluster: Start) -> None:
    first = serve_cluster("first")
    assert put(first, "a", "Bưởi.")
    second = serve_cluster("second", first.key)
    key = first.key
    os.killpg(first.process.pid, signal.SIGKILL)
    wait_for(lambda: is_refused(first.port))
    assert put(second, "b", "Bưởi nữa.")
    third = serve_cluster("third", key)
    assert put(third, "c", "Bưởi thứ ba.")
    assert second.stop() == 0
    assert put(third, "d", "Bưởi thứ tư.")
    assert third.search("bưởi", collapse="false")["total"] == 4


def test_a_rebuild_asked_of_both_runs_once(serve_cluster: Start) -> None:
    first = serve_cluster("first")
    second = serve_cluster("second", first.key)
    rows = [{"id": f"a{number}", "body": f"bưởi da xanh {number}"} for number in range(300)]
    assert first.write("POST", "/api/v1/articles?wait=true", rows).json["searchable"]
    with ThreadPoolExecutor(2) as pool:
        asked: list[Any] = list(pool.map(lambda server: server.write("POST", "/api/v1/reindex").json, (first, second)))
    for task in asked:
        wait_for(lambda task=task: second.request("GET", f"/api/v1/tasks/{task['id']}").json["state"] == "done")  # type: ignore[misc]
    assert len({task["id"] for task in asked}) == 1
    assert second.search("bưởi", collapse="false", size=1)["total"] == 300
    assert put(first, "new", "bưởi da xanh")


def test_keys_and_sessions_hold_for_all_servers(serve_cluster: Start, on_cluster: Run) -> None:
    first = serve_cluster("first")
    token = on_cluster("keys", "add", "may", "--scope", "write").stdout.strip()
    second = serve_cluster("second", token)
    assert put(second, "a", "Bưởi.")
    on_cluster("keys", "revoke", "may")
    wait_for(lambda: second.write("DELETE", "/api/v1/articles/a").status == 401)
    assert first.write("DELETE", "/api/v1/articles/a").status == 200
    on_cluster("keys", "revoke", "api-key")
    third = serve_cluster("third", "none")
    assert SHOWN_ONCE not in third.log
    assert third.write("DELETE", "/api/v1/articles/a").status == 401
