"""The engine on a cluster passes the contract, on each version of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from search.archive import Archive, ArchiveConfig, open_archive
from tests.cluster.given import config_of
from tests.engines.contract import EngineContract


class TestClusterEngine(EngineContract):
    """The contract, on an archive of a cluster."""

    @pytest.fixture
    def archive(self, each_version: list[str], prefix: str, tmp_path: Path) -> Iterator[Archive]:
        archive = open_archive(ArchiveConfig(tmp_path, cluster=config_of(each_version, prefix)))
        yield archive
        archive.close()
