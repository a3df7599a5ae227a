"""What is kept between queries is bounded, and never older than the index; the best are found without sorting."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article
from index.directory.data_folder import open_data_folder
from index.directory.generations import current_generation
from index.directory.snapshot import Snapshot
from index.errors import DamagedIndexError
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request
from search.query.parser import parse
from search.ranking.top_k import largest
from search.runtime.index_follower import bring_in_sync
from tests.archives import check


@given(
    st.lists(st.integers(0, 50) | st.integers(0, 10_000), max_size=60),
    st.integers(1, 60),
    st.integers(0, 60),
)
def test_largest_are_those_that_sorting_finds(some: list[int], times: int, count: int) -> None:
    keys = np.random.default_rng(times).permutation(np.array(some * times, np.float32))
    places = largest(keys, count)
    assert (np.diff(places) > 0).all()
    least = sorted(keys.tolist(), reverse=True)[:count][-1:]
    assert places.tolist() == [place for place, key in enumerate(keys.tolist()) if least and key >= least[0]]


def test_a_page_asked_for_again_is_that_of_the_index_as_it_is_now(archive: Archive) -> None:
    request = Request(parse("lúa gạo"), facets=["source"])
    assert archive.engine.retrieve(request).total == 0
    archive.store.put([Article(id="a", body="lúa gạo", source="Báo")])
    bring_in_sync(archive)
    assert [hit.id for hit in archive.engine.retrieve(request).hits] == ["a"]
    archive.store.put([Article(id="b", body="lúa gạo", source="Báo"), Article(id="a", body="khoai")])
    bring_in_sync(archive)
    assert [hit.id for hit in archive.engine.retrieve(request).hits] == ["b"]
    archive.store.delete(["b"])
    bring_in_sync(archive)
    assert archive.engine.retrieve(request).total == 0
    archive.engine.rebuild()
    assert archive.engine.retrieve(Request(parse("khoai"))).total == 1


def _generation(data: Path) -> Path:
    generation = current_generation(open_data_folder(data).indexes)
    assert generation is not None
    return generation


def test_a_commit_in_the_same_tick_of_the_clock_as_the_last_one_is_seen(tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfig(tmp_path))
    request = Request(parse("lúa"))
    archive.store.put([Article(id="a", body="lúa")])
    bring_in_sync(archive)
    assert archive.engine.retrieve(request).total == 1
    generation = _generation(tmp_path)
    changed = generation.stat().st_mtime_ns
    archive.store.put([Article(id="b", body="lúa")])
    bring_in_sync(archive)
    os.utime(generation, ns=(changed, changed))
    assert archive.engine.retrieve(request).total == 2
    archive.close()


def test_the_index_is_not_looked_at_again_while_its_folder_has_long_been_the_same(tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfig(tmp_path))
    archive.store.put([Article(id="a", body="lúa")])
    bring_in_sync(archive)
    for folder in (_generation(tmp_path), open_data_folder(tmp_path).indexes):
        os.utime(folder, (1e9, 1e9))
    assert archive.engine.retrieve(Request(parse("lúa"))).total == 1
    with patch.object(Snapshot, "is_latest", side_effect=AssertionError("looked")):
        assert archive.engine.retrieve(Request(parse("lúa"))).total == 1
    archive.store.put([Article(id="b", body="lúa")])
    bring_in_sync(archive)
    assert archive.engine.retrieve(Request(parse("lúa"))).total == 2
    archive.close()


def test_index_made_anew_after_it_was_deleted_takes_the_place_of_the_one_that_is_open(tmp_path: Path) -> None:
    folder = open_data_folder(tmp_path)
    archive = open_archive(ArchiveConfig(folder.path))
    request = Request(parse("lúa"))
    archive.store.put([Article(id="a", body="lúa")])
    bring_in_sync(archive)
    assert archive.engine.retrieve(request).total == 1
    before = _generation(tmp_path)
    shutil.rmtree(folder.indexes)
    archive.store.put([Article(id="b", body="lúa")])
    bring_in_sync(archive)
    assert _generation(tmp_path) == before
    assert archive.engine.retrieve(request).total == 2
    archive.close()


def test_what_is_open_answers_while_it_cannot_be_told_which_index_serves(tmp_path: Path) -> None:
    folder = open_data_folder(tmp_path)
    archive = open_archive(ArchiveConfig(folder.path))
    request = Request(parse("lúa"))
    archive.store.put([Article(id="a", body="lúa")])
    bring_in_sync(archive)
    assert archive.engine.retrieve(request).total == 1
    current = folder.indexes / "CURRENT"
    current.unlink()
    current.mkdir()
    assert archive.engine.retrieve(request).total == 1
    assert not archive.in_sync()
    late = open_archive(ArchiveConfig(folder.path))
    with pytest.raises(DamagedIndexError, match="name of the current index"):
        late.engine.retrieve(request)
    late.close()
    archive.close()


def test_file_of_the_index_that_is_deleted_is_found_and_mended_without_a_write(tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfig(tmp_path))
    request = Request(parse("lúa"))
    archive.store.put([Article(id="a", body="lúa")])
    bring_in_sync(archive)
    assert archive.engine.retrieve(request).total == 1
    next(_generation(tmp_path).glob("*.doc")).unlink()
    bring_in_sync(archive)
    assert check(archive) == []
    assert archive.engine.retrieve(request).total == 1
    archive.close()
