"""An index that an earlier version wrote answers at once, follows the store, and is rebuilt behind."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from index.article import Article
from index.directory.commits import read_commit
from index.directory.generations import current_generation, read_state
from index.errors import DamagedIndexError
from index.segments.schema import SCHEMA_VERSION
from index.whoosh_codec.contents import read_listed_segments
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.archives import check, indexer_of
from tests.conftest import ROOT, Server

EARLIER = ROOT / "tests" / "indexes"


@pytest.fixture(params=["schema-4", "schema-5", "schema-6"])
def data(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A data folder that an earlier version wrote."""
    with tarfile.open(EARLIER / f"{request.param}.tar.xz") as archived:
        archived.extractall(tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # since 3.11.4
    (tmp_path / "data").chmod(0o700)
    return tmp_path / "data"


def found(archive: Archive, query: str) -> set[str]:
    return {hit.id for hit in archive.engine.retrieve(Request(parse(query), size=100)).hits}


def serving(data: Path) -> Path:
    generation = current_generation(data / "indexes")
    assert generation is not None
    return generation


def test_it_is_searched_before_anything_is_written(data: Path) -> None:
    archive = open_archive(ArchiveConfig(data))
    assert archive.in_sync()
    assert found(archive, "lúa OR gạo") == {"a0", "a1", "a2", "a5"}
    assert found(archive, '"giá gạo"') == {"a1"}
    assert found(archive, "cây xanh") == set()  # its article was deleted
    assert check(archive) == ["index: another version of timtin made it"]
    archive.close()


def test_it_follows_the_store_until_its_successor_is_built(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = open_archive(ArchiveConfig(data))
    earlier = serving(data)
    archive.store.put([Article(id="new", body="Sầu riêng vào mùa.")])
    archive.store.delete(["a0"])
    monkeypatch.setattr("index.writer.indexer._FOLLOW_SECONDS", 0.0)
    seen: list[set[str]] = []
    index = indexer_of(archive)
    apply = index._apply

    def noted(generation: Path, *arguments: object, **more: object) -> int:
        count = apply(generation, *arguments, **more)  # type: ignore[arg-type]
        seen.append(found(archive, "sầu riêng OR nông dân"))
        return count

    monkeypatch.setattr(index, "_apply", noted)
    bring_in_sync(archive)
    assert {"new"} in seen[:-1]  # before the successor served
    assert serving(data) != earlier
    state = read_state(serving(data))
    assert state is not None
    assert state.schema == SCHEMA_VERSION
    assert found(archive, "lúa OR gạo") == {"a1", "a2", "a5"}
    assert check(archive) == []
    archive.close()


def test_a_server_answers_from_it_at_once_and_rebuilds_it_behind(data: Path, serve: Callable[..., Server]) -> None:
    earlier = serving(data)
    server = serve(data)
    assert server.search("lúa OR gạo")["total"] == 4
    while serving(data) == earlier:
        assert server.search("lúa OR gạo")["total"] == 4
    assert server.search("lúa OR gạo")["total"] == 4


def test_no_class_that_its_pickle_names_is_run(data: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (data / "touched",))

    import pickle

    [contents] = serving(data).glob("*.toc")
    whole = contents.read_bytes()
    at = whole.index(b"\x80", whole.index(b"whoosh.fields") + 1)
    with pytest.raises((ValueError, DamagedIndexError)):
        read_listed_segments(whole[:at] + pickle.dumps(Evil()))
    assert not (data / "touched").exists()


def test_it_lists_the_segments_and_what_was_deleted(data: Path) -> None:
    commit = read_commit(serving(data))
    assert [(segment.count, segment.deleted) for segment in commit.segments] == [(6, (1, 3)), (1, ())]
