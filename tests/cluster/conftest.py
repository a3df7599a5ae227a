"""A real cluster that all processes of a run share; each test keeps to indices of its own, which go with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from index.cluster.connection import Cluster
from index.cluster.store import ClusterArticleStore
from tests.cluster.given import config_of
from tests.cluster.server import VERSIONS, ask, shared_hosts


@pytest.fixture(scope="session")
def hosts_of() -> Iterator[Callable[[str], list[str]]]:
    """Give the hosts of the shared cluster of a version; it is started when it is first asked for."""
    with ExitStack() as entered:
        known: dict[str, list[str]] = {}

        def hosts(version: str) -> list[str]:
            if version not in known:
                known[version] = entered.enter_context(shared_hosts(version))
            return known[version]

        yield hosts


@pytest.fixture
def cluster_hosts(hosts_of: Callable[[str], list[str]]) -> list[str]:
    """The addresses of a cluster of the version that most tests run on."""
    return hosts_of(VERSIONS[0])


@pytest.fixture(params=VERSIONS)
def each_version(request: pytest.FixtureRequest, hosts_of: Callable[[str], list[str]]) -> list[str]:
    """The addresses of a cluster of each version, one after the other."""
    return hosts_of(request.param)


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """What the names of a test's indices begin with; they are deleted after it."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    for fixture in ("cluster_hosts", "each_version"):
        if fixture in request.fixturenames:
            ask("DELETE", f"{request.getfixturevalue(fixture)[0]}/{name}*?expand_wildcards=all")


@pytest.fixture
def cluster(cluster_hosts: list[str], prefix: str) -> Iterator[Cluster]:
    """A cluster with empty indices."""
    cluster = Cluster(config_of(cluster_hosts, prefix))
    cluster.ensure()
    yield cluster
    cluster.close()


@pytest.fixture
def server(cluster_hosts: list[str], prefix: str) -> Iterator[Callable[[], ClusterArticleStore]]:
    """Give the store of one more server on the cluster."""
    stores: list[ClusterArticleStore] = []

    def another() -> ClusterArticleStore:
        stores.append(ClusterArticleStore(Cluster(config_of(cluster_hosts, prefix))))
        return stores[-1]

    yield another
    for store in stores:
        store.close()
