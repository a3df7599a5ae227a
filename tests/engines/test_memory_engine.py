"""A plain engine in memory passes the contract, so the contract asks for no file, no SQLite and no Whoosh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from search.archive import Archive
from tests.engines.contract import EngineContract
from tests.engines.memory import memory_archive


class TestMemoryEngine(EngineContract):
    """The contract, on an archive in memory."""

    @pytest.fixture
    def archive(self, tmp_path: Path) -> Iterator[Archive]:
        archive = memory_archive(tmp_path)
        yield archive
        archive.close()
