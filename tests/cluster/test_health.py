"""A cluster that cannot take writes or answer says why, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from index.article import Article
from index.cluster.connection import Cluster, ClusterConfig
from index.cluster.store import ClusterArticleStore
from index.errors import ClusterError, DiskFullError
from tests.cluster.given import config_of

Servers = Callable[[], ClusterArticleStore]


def set_block(store: ClusterArticleStore, block: str, value: Any) -> None:
    store.cluster.ask("PUT", store.cluster.articles, "_settings", body={f"index.blocks.{block}": value})


def test_whole_cluster_has_no_problem(server: Servers) -> None:
    store = server()
    store.put([Article(id="a", body="một")])
    assert store.obstacle() is None
    assert store.problems() == []


def test_full_disk_is_told_until_there_is_room_again(server: Servers) -> None:
    store = server()
    store.put([Article(id="a", body="một")])
    set_block(store, "read_only_allow_delete", True)
    assert "disk of a node is too full" in (store.obstacle() or "")
    with pytest.raises(DiskFullError, match="No acknowledged write is lost"):
        store.put([Article(id="b", body="hai")])
    assert store.get("a") == Article(id="a", body="một")
    set_block(store, "read_only_allow_delete", None)
    assert store.obstacle() is None
    assert store.put([Article(id="b", body="hai")]).added == ["b"]


def test_closed_index_is_named_with_its_setting(server: Servers) -> None:
    store = server()
    store.put([Article(id="a", body="một")])
    set_block(store, "read_only", True)
    assert f"{store.cluster.articles}-000001 is closed by its setting index.blocks.read_only" in (
        store.obstacle() or ""
    )
    set_block(store, "read_only", None)


def test_write_waits_for_a_block_that_goes(
    cluster_hosts: list[str], server: Servers, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = server()
    other.put([Article(id="a", body="một")])
    set_block(other, "write", True)
    impatient = ClusterArticleStore(Cluster(config_of(cluster_hosts, prefix, timeout=0.3)))
    with pytest.raises(ClusterError, match="look at its health and try again later"):
        impatient.put([Article(id="b", body="hai")])
    impatient.close()
    store = server()
    ask = store.cluster.ask

    def asked(method: str, *path: str, **options: Any) -> Any:
        if path[-1] == "_bulk":
            set_block(other, "write", None)
        return ask(method, *path, **options)

    monkeypatch.setattr(store.cluster, "ask", asked)
    assert store.put([Article(id="b", body="hai")]).added == ["b"]


def test_shards_without_a_node_are_told(server: Servers) -> None:
    store = server()
    store.put([Article(id="a", body="một")])
    store.cluster.ask(
        "PUT", store.cluster.inputs, "_settings", body={"auto_expand_replicas": False, "number_of_replicas": 3}
    )
    assert store.obstacle() is None
    [problem] = store.problems()
    assert f"3 copies of shards of the index {store.cluster.inputs} are on no node" in problem


def test_cluster_that_does_not_answer_is_an_obstacle() -> None:
    store = ClusterArticleStore(Cluster(ClusterConfig(("http://127.0.0.1:9",), timeout=0.2)))
    assert "look whether it runs" in (store.obstacle() or "")
    with pytest.raises(ClusterError, match="look whether it runs"):
        store.put([Article(id="a", body="một")])
