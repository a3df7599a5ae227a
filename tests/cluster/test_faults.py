"""Nodes of a cluster are killed under work: what was acknowledged stays, and what was begun is finished."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from index.article import Article
from index.cluster import entries, rebuild
from index.cluster.connection import Cluster, ClusterConfig
from index.cluster.leases import Lease
from index.cluster.store import ClusterArticleStore
from index.cluster.tasks import ClusterTaskLog
from index.errors import StoreError
from index.store.article_store import TaskKind
from index.writer.workers import Workers
from tests.cluster.commands import ClusterServer, serve_cluster
from tests.cluster.server import Nodes, nodes
from tests.conftest import Reply

__all__ = ["serve_cluster"]

pytestmark = pytest.mark.slow
PATIENT = 120.0
"""Seconds that requests are tried again: the machine may be busy, and no test asserts on time."""


@pytest.fixture(scope="module")
def three() -> Iterator[Nodes]:
    """Three nodes; whoever kills one starts it again."""
    with nodes(count=3, heap="256m") as running:
        yield running


@pytest.fixture
def cluster(three: Nodes, prefix: str) -> Iterator[Cluster]:
    cluster = Cluster(ClusterConfig(tuple(three.hosts), prefix, replicas=1, timeout=PATIENT))
    cluster.ensure()
    three.wait_until_green()
    yield cluster
    cluster.ask("DELETE", f"{prefix}*")
    cluster.close()


@pytest.fixture(scope="module")
def cluster_hosts(three: Nodes) -> list[str]:
    """The servers of this module work on these three nodes."""
    return three.hosts


def node_of_primary(cluster: Cluster) -> int:
    """Return the number of the node that has the first copy of the articles."""
    copies = cluster.ask("GET", "_cat", "shards", cluster.articles, params={"format": "json"})
    return next(int(copy["node"].removeprefix("node-")) for copy in copies if copy["prirep"] == "p")


@contextmanager
def working(*works: Callable[[int], None]) -> Iterator[list[BaseException]]:
    """Do ``works`` again and again, each in a thread, with the number of the turn; give what fails."""
    over, failures = threading.Event(), list[BaseException]()

    def go(work: Callable[[int], None]) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            try:
                work(turn)
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        over.set()
        for thread in threads:
            thread.join()


def wait_for_more(written: list[str], more: int = 10) -> None:
    """Wait until more was written, so that some of it was written now."""
    enough, deadline = len(written) + more, time.monotonic() + PATIENT
    while len(written) < enough:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("which", ["primary", "manager"])
def test_no_acknowledged_write_is_lost_or_doubled_when_a_node_is_killed_and_comes_back(
    three: Nodes, cluster: Cluster, which: str
) -> None:
    store = ClusterArticleStore(cluster)
    written: list[str] = []
    numbers: list[int] = []

    def put(turn: int) -> None:
        ids = [f"{which}-{turn}-{number}" for number in range(3)]
        assert store.put([Article(id=id, body=f"bưởi {id}") for id in ids]).added == ids
        written.extend(ids)

    def search(_: int) -> None:
        cluster.search(cluster.live, {"query": {"match": {"body_folded": "buoi"}}})

    with working(put, search, lambda _: numbers.append(entries.next_numbers(cluster, "some"))) as failures:
        wait_for_more(written)
        killed = node_of_primary(cluster) if which == "primary" else three.manager()
        three.kill(killed)
        wait_for_more(written)
        three.start(killed)
        wait_for_more(written)
    three.wait_until_green()
    assert failures == []
    assert set(store.get_many(written)) == set(written)
    assert store.count() == len(written)
    assert len(set(numbers)) == len(numbers)


def test_lease_and_tasks_outlive_a_node(three: Nodes, cluster: Cluster) -> None:
    lease, tasks = Lease(cluster, "some", "some work", 60), ClusterTaskLog(cluster)
    assert lease.take()
    task = tasks.written(1, {}, [])
    killed = three.manager()
    three.kill(killed)
    with ThreadPoolExecutor(4) as pool:
        asked = {task.id for task in pool.map(lambda _: tasks.request_rebuild(), range(4))}
    lease.renew()
    assert not Lease(cluster, "some", "some work", 60).take()
    assert len(asked) == 1
    assert {task.id for task in tasks.unfinished(TaskKind.REINDEX)} == asked
    assert tasks.get(task.id) == task
    three.start(killed)
    three.wait_until_green()
    assert tasks.get(task.id) == task


def test_rebuild_goes_on_when_a_node_is_killed(three: Nodes, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "_GRACE", 0.0)
    monkeypatch.setattr(rebuild, "_AT_ONCE", 20)
    store = ClusterArticleStore(cluster)
    store.put([Article(id=f"a{number}", body=f"quýt hồng {number}") for number in range(200)])
    written: list[str] = []
    killed: list[int] = []

    def put(turn: int) -> None:
        store.put([Article(id=f"w{turn}", body=f"cam {turn}")])
        written.append(f"w{turn}")

    def kill_once(_: int) -> None:
        if not killed:
            killed.append(node_of_primary(cluster))
            three.kill(killed[0])

    with working(put) as failures:
        deadline = time.monotonic() + 2 * PATIENT
        while rebuild.current_index(cluster) == cluster.articles_index() or rebuild.is_interrupted(cluster):
            assert time.monotonic() < deadline
            lease = Lease(cluster, "rebuild", "rebuilding the index")
            try:
                rebuild.rebuild(cluster, lease, Workers(0), wait=PATIENT, progress=kill_once)
            except StoreError:
                time.sleep(1)
        wait_for_more(written)
    assert failures == []
    assert len(killed) == 1
    three.start(killed[0])
    three.wait_until_green()
    assert set(store.get_many(written)) == set(written)
    assert store.count() == 200 + len(written)


def test_rolling_restart_and_a_killed_server_under_search_and_write(
    three: Nodes,
    cluster: Cluster,
    prefix: str,
    serve_cluster: Callable[..., ClusterServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIMTIN_LIMITS_SEARCH_MS", str(int(PATIENT * 1000)))
    monkeypatch.setenv("TIMTIN_CLUSTER_TIMEOUT", str(PATIENT))
    first = serve_cluster("first")
    servers = [first, serve_cluster("second", first.key)]
    longest = {"write": 0.0, "search": 0.0}
    written: list[str] = []

    def asked(kind: str, send: Callable[[ClusterServer], Reply], order: Sequence[ClusterServer]) -> Reply:
        """Ask one server, and the other if that one is gone, as a balancer would."""
        started = time.monotonic()
        try:
            reply = send(order[0])
        except OSError:
            reply = send(order[1])
        longest[kind] = max(longest[kind], time.monotonic() - started)
        return reply

    def put(turn: int) -> None:
        id = f"{prefix}-{turn}"
        body = {"body": f"bưởi da xanh {turn}"}
        order = servers if turn % 2 else servers[::-1]
        reply = asked("write", lambda server: server.write("PUT", f"/api/v1/articles/{id}", body), order)
        assert reply.status in {200, 201}, reply.body
        written.append(id)

    def search(turn: int) -> None:
        order = servers if turn % 2 else servers[::-1]
        reply = asked("search", lambda server: server.request("GET", f"/api/v1/search?q=bu%E1%BB%9Fi+{turn}"), order)
        assert reply.status == 200, reply.body

    with working(put, search) as failures:
        wait_for_more(written)
        for number in (1, 2, 3):
            three.stop(number)
            wait_for_more(written)
            three.start(number)
            three.wait_until_green()
            wait_for_more(written)
        os.killpg(first.process.pid, signal.SIGKILL)
        wait_for_more(written)
    print(f"longest write {longest['write']:.1f} s, longest search {longest['search']:.1f} s, {len(written)} written")
    assert failures == []
    assert servers[1].write("PUT", "/api/v1/articles/last?wait=true", {"body": "bưởi"}).json["searchable"]
    totals = servers[1].search("bưởi", collapse="false", size=1)["total"]
    assert totals == len(written) + 1 == len(set(written)) + 1
