"""A server with something to find, and its limits as short as a test needs them."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.article import Article
from search.archive import ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync
from tests.attacks.clients import leave
from tests.conftest import SEEDS, Server
from tests.processes import wait_for

Attacked = Callable[..., Server]


@pytest.fixture(scope="session")
def crowd_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 120 articles that all have the words every search here asks for."""
    data = tmp_path_factory.mktemp("crowd") / "data"
    words = " ".join(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt"))).split()
    chance = random.Random(5)
    archive = open_archive(ArchiveConfig(data))
    archive.store.put(
        [
            Article(
                id=f"n{number}",
                title=f"Tin số {number}",
                body="Giá vàng hôm nay: " + " ".join(chance.choices(words, k=300)),
            )
            for number in range(120)
        ]
    )
    bring_in_sync(archive)
    archive.close()
    return data


@pytest.fixture(autouse=True)
def clients_leave() -> Iterator[None]:
    yield
    leave()


@pytest.fixture
def attacked(
    serve: Callable[..., Server], tmp_path: Path, crowd_data: Path, monkeypatch: pytest.MonkeyPatch
) -> Attacked:
    """Start a server: ``attacked(limits={"header_seconds": 1}, server={...}, flags=[...])``."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))

    def begin(flags: tuple[str, ...] = (), **sections: dict[str, object]) -> Server:
        shutil.copytree(crowd_data, tmp_path / "data")
        lines = []
        for section, values in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        settings = tmp_path / "settings.toml"
        settings.write_text("\n".join(lines), "utf-8")
        server = serve(tmp_path / "data", "--config", str(settings), *flags)
        wait_for(lambda: server.request("GET", "/api/v1/stats").status != 503)
        return server

    return begin
