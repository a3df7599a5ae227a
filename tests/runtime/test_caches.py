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
from search.engine import Facet, Request
from search.engines.embedded.engine import EmbeddedEngine
from search.query.parser import parse
from search.ranking.top_k import largest
from search.runtime.cache import BoundedCache


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(0, 40))
def test_what_was_used_last_is_kept_up_to_the_bound(asked: list[int], most: int) -> None:
    cache: BoundedCache[int, int] = BoundedCache(most, lambda size: size)
    kept: list[int] = []
    for key in asked:
        made: list[int] = []

        def make(key: int = key, made: list[int] = made) -> int:
            made.append(key)
            return key

        assert cache.get(key, make) == key
        assert made == ([] if key in kept else [key])
        kept = [*(other for other in kept if other != key), key]
        while sum(kept) > most:
            kept.pop(0)


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


def test_a_page_asked_for_again_is_that_of_the_index_as_it_is_now(engine: EmbeddedEngine) -> None:
    request = Request(parse("lúa gạo"), facets=[Facet.SOURCE])
    assert engine.retrieve(request).total == 0
    engine.add([Article(id="a", body="lúa gạo", source="Báo")])
    engine.commit()
    assert [hit.id for hit in engine.retrieve(request).hits] == ["a"]
    engine.add([Article(id="b", body="lúa gạo", source="Báo"), Article(id="a", body="khoai")])
    engine.commit()
    assert [hit.id for hit in engine.retrieve(request).hits] == ["b"]
    engine.delete(["b"])
    engine.commit()
    assert engine.retrieve(request).total == 0
    engine.rebuild()
    assert engine.retrieve(Request(parse("khoai"))).total == 1


def _generation(data: Path) -> Path:
    generation = current_generation(open_data_folder(data).indexes)
    assert generation is not None
    return generation


def test_a_commit_in_the_same_tick_of_the_clock_as_the_last_one_is_seen(tmp_path: Path) -> None:
    engine = EmbeddedEngine(open_data_folder(tmp_path))
    request = Request(parse("lúa"))
    engine.add([Article(id="a", body="lúa")])
    engine.commit()
    assert engine.retrieve(request).total == 1
    generation = _generation(tmp_path)
    changed = generation.stat().st_mtime_ns
    engine.add([Article(id="b", body="lúa")])
    engine.commit()
    os.utime(generation, ns=(changed, changed))
    assert engine.retrieve(request).total == 2
    engine.close()


def test_the_index_is_not_looked_at_again_while_its_folder_has_long_been_the_same(tmp_path: Path) -> None:
    engine = EmbeddedEngine(open_data_folder(tmp_path))
    engine.add([Article(id="a", body="lúa")])
    engine.commit()
    for folder in (_generation(tmp_path), open_data_folder(tmp_path).indexes):
        os.utime(folder, (1e9, 1e9))
    assert engine.retrieve(Request(parse("lúa"))).total == 1
    with patch.object(Snapshot, "is_latest", side_effect=AssertionError("looked")):
        assert engine.retrieve(Request(parse("lúa"))).total == 1
    engine.add([Article(id="b", body="lúa")])
    engine.commit()
    assert engine.retrieve(Request(parse("lúa"))).total == 2
    engine.close()


def test_index_made_anew_after_it_was_deleted_takes_the_place_of_the_one_that_is_open(tmp_path: Path) -> None:
    folder = open_data_folder(tmp_path)
    engine = EmbeddedEngine(folder)
    request = Request(parse("lúa"))
    engine.add([Article(id="a", body="lúa")])
    engine.commit()
    assert engine.retrieve(request).total == 1
    before = _generation(tmp_path)
    shutil.rmtree(folder.indexes)
    engine.add([Article(id="b", body="lúa")])
    engine.commit()
    assert _generation(tmp_path) == before
    assert engine.retrieve(request).total == 2
    engine.close()


def test_what_is_open_answers_while_it_cannot_be_told_which_index_serves(tmp_path: Path) -> None:
    folder = open_data_folder(tmp_path)
    engine = EmbeddedEngine(folder)
    request = Request(parse("lúa"))
    engine.add([Article(id="a", body="lúa")])
    engine.commit()
    assert engine.retrieve(request).total == 1
    current = folder.indexes / "CURRENT"
    current.unlink()
    current.mkdir()
    assert engine.retrieve(request).total == 1
    assert not engine.searchable()
    late = EmbeddedEngine(folder)
    with pytest.raises(DamagedIndexError, match="which index serves"):
        late.retrieve(request)
    late.close()
    engine.close()


def test_file_of_the_index_that_is_deleted_is_found_and_mended_without_a_write(tmp_path: Path) -> None:
    engine = EmbeddedEngine(open_data_folder(tmp_path))
    request = Request(parse("lúa"))
    engine.add([Article(id="a", body="lúa")])
    engine.commit()
    assert engine.retrieve(request).total == 1
    next(_generation(tmp_path).glob("*.doc")).unlink()
    engine.commit()
    assert engine.check() == []
    assert engine.retrieve(request).total == 1
    engine.close()
