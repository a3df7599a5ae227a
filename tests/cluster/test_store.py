"""The store on a cluster does what every store must, for any number of servers at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.cluster.connection import Cluster
from index.cluster.store import ClusterArticleStore
from tests.cluster.given import config_of
from tests.store.contract import StoreContract


class TestClusterStore(StoreContract):
    """A cluster of each version."""

    @pytest.fixture
    def store(self, each_version: list[str], prefix: str) -> Iterator[ClusterArticleStore]:
        store = ClusterArticleStore(Cluster(config_of(each_version, prefix)))
        yield store
        store.close()
