"""The index of a cluster is rebuilt when it is due or asked for, once, whichever servers there are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.analysis.analyzer import Stream
from index.article import Article
from index.cluster import mapping, rebuild
from index.cluster.connection import Cluster
from index.errors import WriterBusyError
from index.store.article_store import TaskKind, TaskState
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request
from search.engines.opensearch import engine
from search.runtime.index_follower import IndexFollower, bring_in_sync
from tests.cluster.given import config_of


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "_GRACE", 0.0)


@pytest.fixture
def archives(cluster: Cluster, tmp_path: Path) -> Iterator[list[Archive]]:
    """The archive as two servers have it, with three articles."""
    config = config_of(cluster.config.hosts, cluster.config.prefix)
    archives = [open_archive(ArchiveConfig(tmp_path / name, cluster=config)) for name in ("one", "two")]
    archives[0].store.put([Article(id=f"a{number}", body=f"quýt hồng {number}") for number in range(3)])
    bring_in_sync(archives[0])
    yield archives
    for archive in archives:
        archive.close()


def test_rebuild_asked_of_two_servers_is_done_once(cluster: Cluster, archives: list[Archive]) -> None:
    followers = [IndexFollower(archive, interval=0.05) for archive in archives]
    asked = {archive.store.tasks.request_rebuild().id for archive in archives}
    for follower in followers:
        follower.start()
    tasks, deadline = archives[0].store.tasks, time.monotonic() + 120
    while tasks.unfinished(TaskKind.REINDEX):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for follower in followers:
        follower.stop()
    assert {task.id: task.state for task in tasks.latest(10)} == dict.fromkeys(asked, TaskState.DONE)
    assert len(asked) == 1
    assert rebuild.current_index(cluster) == cluster.articles_index(2)


def test_who_rebuilds_is_one_and_may_say_so_twice(archives: list[Archive]) -> None:
    one, two = (archive.engine.upkeep for archive in archives)
    assert one is not None
    assert two is not None
    with one.exclusive("rebuilding the index", wait=0):
        with pytest.raises(WriterBusyError), two.exclusive("rebuilding the index", wait=0):
            pass
        archives[0].engine.rebuild(wait=0)
    archives[1].engine.rebuild(wait=0)


def test_index_of_an_earlier_version_is_rebuilt_once(archives: list[Archive], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (archive.engine.upkeep for archive in archives)
    assert one is not None
    assert two is not None
    assert one.check() == []
    assert one.repair() == []
    monkeypatch.setattr(mapping, "ANALYZER_VERSION", mapping.ANALYZER_VERSION + 1)
    assert archives[0].problems() == ["index: it was made by an earlier version of timtin, which reads texts otherwise"]
    for _ in range(2):
        assert one.scrub(1)
        assert two.scrub(1)
    assert len(archives[0].store.tasks.unfinished(TaskKind.REINDEX)) == 1
    assert archives[1].repair() == ["rebuilt the index from the 3 articles in the store"]
    assert archives[0].problems() == []


def test_earlier_server_leaves_the_index_of_a_later_one(
    archives: list[Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "ANALYZER_VERSION", mapping.ANALYZER_VERSION - 1)
    assert archives[0].problems() == []


def test_every_server_learns_of_a_rebuild(archives: list[Archive]) -> None:
    before = archives[1].engine.version()
    archives[0].engine.rebuild()
    deadline = time.monotonic() + 120
    while archives[1].engine.version() == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert archives[1].in_sync()


def test_what_was_replaced_no_longer_counts_once_it_is_condensed(cluster: Cluster, archives: list[Archive]) -> None:
    def counted() -> int:
        return int(cluster.ask("GET", cluster.articles, "_stats", "docs")["_all"]["total"]["docs"]["deleted"])

    for number in range(3):
        archives[0].store.put([Article(id="a0", body=f"quýt vàng {number}"), Article(id=f"b{number}", body="quýt")])
        bring_in_sync(archives[0])
    assert counted()
    assert archives[0].engine.upkeep is not None
    deadline = time.monotonic() + 120
    while counted():  # the cluster keeps it for replicas for half a minute
        assert time.monotonic() < deadline
        archives[0].engine.upkeep.condense()
    archives[0].store.put([Article(id="c", body="cam")])
    bring_in_sync(archives[0])
    statistics = archives[0].engine.statistics()
    terms = ("hồng", "vàng")
    found = statistics.together(lambda: [statistics.document_frequency(Stream.SYLLABLE, term) for term in terms])
    assert found == [2, 1]


def test_writes_become_searchable_while_the_index_is_rebuilt(
    archives: list[Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_APPLY_SECONDS", 0.0)
    monkeypatch.setattr(rebuild, "_AT_ONCE", 1)
    seen: list[bool] = []

    def write_and_look(_: int) -> None:
        if not seen:
            archives[1].store.put([Article(id="mới", body="cam sành")])
        seen.append(archives[1].store.highest_applied() >= archives[1].store.last_seq())

    archives[0].engine.rebuild(progress=write_and_look)
    assert seen[0] is False
    assert seen[1] is True
    node = archives[1].understand("cam sành").tree
    assert archives[1].engine.retrieve(Request(node, size=3)).total == 1
