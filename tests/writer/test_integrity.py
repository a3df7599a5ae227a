"""``timtin check`` and ``check --repair``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from index.directory.data_folder import DataFolder
from index.directory.generations import current_generation
from search.archive import ArchiveConfig, open_archive
from tests.archives import check, indexer_of, said_without_kernels
from tests.conftest import Server, with_seeds
from tests.damage import articles, damage_postings, damage_store, found
from tests.processes import timtin


def test_repair_mends_the_index_and_says_so(folder: DataFolder) -> None:
    sound = ["the index agrees with the store", *said_without_kernels()]
    assert timtin("check", "--repair", "--data", str(folder.path)).stdout.splitlines() == sound
    damaged = damage_postings(folder)
    (folder.indexes / "000009").mkdir()
    done = timtin("check", "--data", str(folder.path))
    assert (done.returncode, damaged.exists()) == (1, True)
    assert damaged.name in done.stderr
    wrong = "1 problem; run 'timtin check --repair' to repair the index"
    assert done.stdout.splitlines() == [wrong, *said_without_kernels()]
    done = timtin("check", "--repair", "--data", str(folder.path))
    assert done.returncode == 0
    assert damaged.name in done.stderr
    assert done.stdout.splitlines() == [
        "removed 000009, left behind by an interrupted process",
        "rebuilt the index from the 19 articles in the store",
        *sound,
    ]
    archive = open_archive(ArchiveConfig(folder.path))
    assert len(found(archive)) == 19
    archive.close()


def test_repair_brings_the_index_in_sync(folder: DataFolder) -> None:
    archive = open_archive(ArchiveConfig(folder.path))
    archive.store.put(articles(3, "b"))
    archive.close()
    done = timtin("check", "--repair", "--data", str(folder.path))
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "applied 3 changes that the index lacked")


def test_damaged_store_is_left_alone_and_a_backup_asked_for(folder: DataFolder) -> None:
    damage_store(folder.store)
    before = folder.store.read_bytes()
    done = timtin("check", "--repair", "--data", str(folder.path))
    assert done.returncode == 1
    assert "store: " in done.stderr
    assert "put a backup in the place of articles.sqlite" in done.stdout
    assert folder.store.read_bytes() == before
    folder.store.write_bytes(b"no database" * 1000)
    done = timtin("check", "--data", str(folder.path))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "put a backup in the place of articles.sqlite" in done.stderr


def test_check_is_right_while_a_server_writes_and_rebuilds(serve: Callable[..., Server], tmp_path: Path) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    server = serve(data)
    archive = open_archive(ArchiveConfig(data))
    seen: set[Any] = set()
    for number in range(30):
        rows = [{"id": f"a{(number * 3 + row) % 40}", "body": f"bưởi da xanh {number} {row}"} for row in range(6)]
        assert server.write("POST", "/api/v1/articles", rows).status in {200, 202}
        server.write("DELETE", f"/api/v1/articles/a{number % 40}")
        if number % 10 == 0:
            assert server.write("POST", "/api/v1/reindex").status == 202
        assert check(archive) == []
        current = current_generation(indexer_of(archive)._folder.indexes)
        seen.add(None if current is None else current.name)
    assert len(seen) > 1, "no rebuild came about meanwhile"
    archive.close()
    server.write("PUT", "/api/v1/articles/last?wait=true", {"body": "bưởi da xanh"})
    assert server.stop() == 0
    assert json.loads(timtin("stats", "--json", "--data", str(data)).stdout)["in_sync"] is True
