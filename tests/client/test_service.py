"""The client against a served archive."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.article import Article as StoredArticle
from search.parameters import SearchParameters, TimeParameters
from tests.conftest import Server, with_seeds
from timtin.client import (
    Article,
    Client,
    InvalidRequestError,
    NotFoundError,
    SearchOptions,
    UnauthorizedError,
)
from timtin.client.parameters import record_of
from web.api.parameters import SimilarParameters, SuggestParameters, TaskParameters

RICE = {"id": "báo/lúa 1", "title": "Giá lúa tăng", "body": "Nông dân miền Tây phấn khởi.", "published": "2025-08-27"}


@pytest.fixture
def server(serve: Callable[..., Server], tmp_path: Path) -> Server:
    with_seeds(tmp_path / "data")
    return serve()


@pytest.fixture
def service(server: Server) -> Iterator[Client]:
    with Client(server.root, server.key) as client:
        yield client


def test_an_article_is_written_found_read_and_deleted(service: Client) -> None:
    written = service.put(RICE, wait=True)
    assert (written.id, written.result, written.searchable) == (RICE["id"], "created", True)
    assert service.put(RICE).result == "unchanged"
    (hit,) = service.search("gia lua").hits
    assert (hit.id, hit.published) == (RICE["id"], "2025-08-27")
    assert hit.highlights.title == "<mark>Giá lúa</mark> tăng"
    article = service.get("báo/lúa 1")
    assert article == Article(**RICE)
    assert service.put(article).result == "unchanged"
    assert service.delete(article.id, wait=True).result == "deleted"
    assert service.search("gia lua").total == 0
    for gone in (service.get, service.delete, service.similar):
        with pytest.raises(NotFoundError):
            gone(article.id)


def test_an_article_without_an_id_gets_one(service: Client) -> None:
    first = service.put({"title": "Cá lóc", "content": "Nướng trui."})
    assert service.get(first.id).body == "Nướng trui."


def test_a_search_with_everything_is_answered(service: Client) -> None:
    answer = service.search(
        "ngoai giao", page=1, size=2, sort="newest", match="any", from_="2020", to="2030", facets=["source", "year"],
        facet_filters="others", fragments=1, fragment_size=60, explain=True, collapse=False, copies=3, recency=30,
        timeout_ms=5000,
    )  # fmt: skip
    assert (answer.page, answer.size, len(answer.hits), answer.other) == (1, 2, 2, {})
    assert answer.total > 2
    assert answer.total == sum(count.count for count in answer.facets["year"])
    for hit in answer.hits:
        assert hit.other == {}
        assert len(hit.highlights.body) == 1
        assert hit.explanation
    assert answer.query.terms
    assert service.search("hooij nhaapj quoocs tees").query.corrected == "hội nhập quốc tế"
    assert [note.code for note in service.search("lúa^3").query.notes] == ["unknown_modifier"]


def test_all_pages_are_all_hits(service: Client) -> None:
    ids = [hit.id for hit in service.hits("ngoại giao", size=2)]
    assert len(ids) == len(set(ids)) == service.search("ngoại giao").total > 2
    assert [len(answer.hits) for answer in service.pages(size=2)] == [2, 2, 1]


def test_completions_and_similar_articles_are_found(service: Client) -> None:
    found = service.suggest("ngoai gi", size=2, titles=3)
    assert found.suggestions == ["ngoại giao", "ngoại giao kinh tế"]
    assert found.titles
    assert "<mark>" in found.titles[0].highlights.title
    similar = service.similar(found.titles[0].id, size=2)
    assert 1 <= len(similar) <= 2


def test_a_rebuild_is_a_task(service: Client) -> None:
    task = service.reindex()
    assert task.kind == "reindex"
    done = service.wait(task, timeout=120)
    assert done.state == "done"
    assert done.other == {}
    assert done in service.tasks(size=10, state="done")
    assert service.stats().articles == 5
    assert service.health().ready


def test_who_may_not_write_is_told(server: Server) -> None:
    with Client(server.root) as client, pytest.raises(UnauthorizedError, match="This needs a key"):
        client.put(RICE)


def test_what_is_wrong_is_named(service: Client) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        service.put({"id": "x", "title": "t", "published": "hôm qua"})
    assert [error["name"] for error in caught.value.problem.errors] == ["published"]
    with pytest.raises(InvalidRequestError, match="size"):
        service.search(size=1000)


def test_the_client_has_every_parameter_that_the_api_has() -> None:
    names = {
        field.alias or name
        for model in (SearchParameters, TimeParameters)
        for name, field in model.model_fields.items()
    }
    assert {name.rstrip("_") for name in typing.get_type_hints(SearchOptions)} == names - {"q"}
    for method, model in (
        (Client.suggest, SuggestParameters),
        (Client.tasks, TaskParameters),
        (Client.similar, SimilarParameters),
    ):
        assert set(model.model_fields) <= set(inspect.signature(method).parameters)
    assert set(StoredArticle.model_fields) == set(record_of(Article(id="a")))
