"""The embedded engine passes the contract."""

from __future__ import annotations

from pathlib import Path

from search.archive import ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.engines.contract import EngineContract


class TestEmbeddedEngine(EngineContract):
    """The contract, on the ``archive`` fixture."""


def test_an_index_that_has_no_segments_is_searched(tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfig(tmp_path))
    bring_in_sync(archive)
    archive.engine.rebuild()
    assert search(archive, SearchParameters(q="giá lúa")).total == 0
    archive.close()
