"""While there is no index of the store's articles, nothing says that there are none."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from index.article import Article
from index.directory.data_folder import DataFolder
from index.errors import IndexMissingError
from search.archive import Archive, ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync
from search.service import completions, similar_articles
from tests.archives import indexer_of
from tests.conftest import Server
from tests.damage import articles, found
from web.app import create_app

PATHS = [
    "/api/v1/search?q=b%C6%B0%E1%BB%9Fi", "/api/v1/search?q=", "/api/v1/suggest?q=b%C6%B0",
    "/api/v1/articles/a2/similar", "/?q=b%C6%B0%E1%BB%9Fi", "/", "/feed.atom?q=b%C6%B0%E1%BB%9Fi", "/readyz",
]  # fmt: skip


@pytest.fixture
def restored(folder: DataFolder, tmp_path: Path) -> Path:
    """A data folder with a backup of twenty articles and nothing else."""
    archive = open_archive(ArchiveConfig(folder.path))
    (tmp_path / "restored").mkdir(mode=0o700)
    assert archive.store.back_up(tmp_path / "restored" / "articles.sqlite") == []
    archive.close()
    return tmp_path / "restored"


@pytest.fixture
def client(restored: Path) -> Iterator[FlaskClient]:
    """A client of a server on a restored backup that has not begun to index."""
    archive = open_archive(ArchiveConfig(restored))
    with create_app(archive).test_client() as client:
        yield client
    archive.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_it_is_a_503_that_says_so(client: FlaskClient, path: str, accept: str) -> None:
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 503
    assert "there is no index of the 19 articles in the store" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_articles_can_be_read(client: FlaskClient) -> None:
    assert client.get("/api/v1/articles/a2").status_code == 200


def test_empty_store_finds_nothing(archive: Archive) -> None:
    assert found(archive) == set()
    assert completions(archive, "bưởi", 5) == []
    archive.store.put([Article(id="a", body="bưởi")])
    with pytest.raises(IndexMissingError, match="1 articles"):
        found(archive)
    archive.store.delete(["a"])
    assert found(archive) == set()


def test_how_far_it_is_built_is_said(restored: Path) -> None:
    archive, other = open_archive(ArchiveConfig(restored)), open_archive(ArchiveConfig(restored))
    archive.store.put([Article(id=f"n{number}", body=f"bưởi {number}") for number in range(200)])
    said: list[str] = []

    def tell(_: int) -> None:
        with pytest.raises(IndexMissingError) as refused:
            found(other)
        said.append(str(refused.value))
        assert other.problem() == said[-1]

    archive.engine.apply(progress=tell)
    assert any("% done" in message for message in said)
    assert len(found(other)) == 219
    assert other.problem() is None
    archive.close()
    other.close()


@pytest.mark.parametrize("other_store", [False, True])
def test_index_of_articles_that_the_store_does_not_have_is_not_searched(
    folder: DataFolder, tmp_path: Path, other_store: bool
) -> None:
    shutil.copy(folder.store, tmp_path / "older")
    archive = open_archive(ArchiveConfig(folder.path))
    archive.store.put(articles(5, "lost"))
    bring_in_sync(archive)
    if other_store:
        archive.store.back_up(tmp_path / "backup")
    archive.close()
    for path in folder.path.glob("articles.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / ("backup" if other_store else "older"), folder.store)
    archive = open_archive(ArchiveConfig(folder.path))
    why = "made from another store" if other_store else "ahead of the store"
    for ask in (
        found,
        lambda archive: completions(archive, "bưởi", 5),
        lambda archive: similar_articles(archive, "a2", 5),
    ):
        with pytest.raises(IndexMissingError, match=why):
            ask(archive)
    assert why in (archive.problem() or "")
    bring_in_sync(archive)
    assert len(found(archive)) == (24 if other_store else 19)
    assert archive.problem() is None
    archive.close()


def test_server_on_a_restored_backup_never_says_that_it_has_nothing(
    serve: Callable[..., Server], restored: Path
) -> None:
    archive = open_archive(ArchiveConfig(restored))
    archive.store.put([Article(id=f"n{number}", body=f"bưởi da xanh {number} " * 20) for number in range(1000)])
    held = indexer_of(archive).lock.held("indexing", 0)
    held.__enter__()
    server = serve(restored)
    refused = server.request("GET", "/api/v1/search?q=b%C6%B0%E1%BB%9Fi")
    assert (refused.status, "Retry-After" in refused.headers) == (503, True)
    assert "there is no index of the 1,019 articles" in server.request("GET", "/readyz").json["detail"]
    held.__exit__(None, None, None)
    archive.close()
    seen = threading.Event()
    while not seen.is_set():
        answer = server.request("GET", "/api/v1/search?q=b%C6%B0%E1%BB%9Fi&collapse=false")
        assert answer.status == 503 or answer.json["total"] == 1019
        if answer.status == 200:
            seen.set()
    while server.request("GET", "/readyz").status != 200:
        pass
    assert server.stop() == 0
