"""The client against a served archive."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from index.article import Article as StoredArticle
from search.parameters import SearchParameters, TimeParameters
from tests.conftest import Server, with_seeds
from timtin.client import (
    Answer,
    Article,
    Client,
    ConflictError,
    Create,
    Delete,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
    Problem,
    SearchOptions,
    UnauthorizedError,
    models,
)
from timtin.client.parameters import record_of
from web.api import schemas, search_schemas
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
    by_cursor = list(service.pages("ngoại giao", size=2, cursor="*", histogram="year"))
    assert sorted(hit.id for answer in by_cursor for hit in answer.hits) == sorted(ids)
    assert by_cursor[-1].next_cursor is None
    assert [bucket.from_[:4] for bucket in by_cursor[0].histogram] == [one.value for one in by_cursor[0].histogram]
    assert by_cursor[0].histogram


def test_completions_and_similar_articles_are_found(service: Client) -> None:
    found = service.suggest("ngoai gi", size=2, titles=3)
    assert found.suggestions == ["ngoại giao", "ngoại giao kinh tế"]
    assert found.titles
    assert "<mark>" in found.titles[0].highlights.title
    similar = service.similar(found.titles[0].id, size=2)
    assert 1 <= len(similar) <= 2


def test_several_searches_each_have_an_answer_or_an_error(service: Client) -> None:
    found, refused, by_day = service.searches(
        [{"q": "ngoại giao", "size": 1, "facets": ["source"]}, {"size": 0}, {"from_": date(2999, 1, 1), "page": None}],
        timeout_ms=5000,
    )
    assert isinstance(found, Answer)
    assert (len(found.hits), found.hits) == (1, service.search("ngoại giao", size=1).hits)
    assert found.facets["source"]
    assert isinstance(refused, InvalidRequestError)
    assert [error["name"] for error in refused.problem.errors] == ["size"]
    assert isinstance(by_day, Answer)
    assert by_day.total == 0
    with pytest.raises(TypeError, match="no parameter 'sizes'"):
        service.searches([{"sizes": 1}])
    with pytest.raises(InvalidRequestError):
        service.searches([])


def test_a_text_is_like_articles_and_cut_into_terms(service: Client) -> None:
    [article, *_] = service.search("ngoại giao", size=1).hits
    assert service.similar_to(f"{article.title} {article.lead}", size=1)[0].id == article.id
    assert service.analyze("Ngoại giao").streams["word"][0].term == "ngoại_giao"
    assert service.analyze(q="ngoai giao").query is not None


def test_a_rebuild_is_a_task(service: Client) -> None:
    task = service.reindex()
    assert task.kind == "reindex"
    done = service.wait(task, timeout=120)
    assert done.state == "done"
    assert done.other == {}
    assert done in service.tasks(size=10, state="done")
    assert service.stats().articles == 5
    assert service.health().ready


def test_a_task_that_has_ended_is_not_cancelled(service: Client) -> None:
    rebuilt = service.wait(service.reindex(), timeout=120)
    for task in (rebuilt, rebuilt.id):
        with pytest.raises(ConflictError, match="it is done"):
            service.cancel(task)


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


def test_an_article_is_written_only_as_its_etag_demands(service: Client) -> None:
    written = service.put(RICE, if_none_match="*")
    article = service.get(written.id)
    assert service.get(written.id, if_none_match=article.etag) is None
    assert service.get(written.id, if_none_match='"other"') == article
    with pytest.raises(PreconditionFailedError):
        service.put(RICE, if_none_match="*")
    changed = service.patch(article.id, {"category": "Kinh tế", "published": None}, if_match=article.etag)
    assert (changed.result, changed.etag != written.etag) == ("replaced", True)
    for write in (
        lambda: service.patch(article.id, {"category": "x"}, if_match=article.etag),
        lambda: service.put(article, if_match=article.etag),
        lambda: service.delete(article.id, if_match=article.etag),
    ):
        with pytest.raises(PreconditionFailedError):
            write()
    now = service.get(article.id)
    assert (now.category, now.published, now.title) == ("Kinh tế", None, article.title)
    assert service.delete(article.id, if_match=changed.etag).result == "deleted"
    with pytest.raises(NotFoundError):
        service.patch("none", {"title": "x"})


def test_writes_in_bulk_have_their_outcomes_in_order(service: Client) -> None:
    seed = next(service.hits()).id
    writes = [{"id": f"a{number}", "title": f"Bưởi {number}"} for number in range(7)]
    outcomes = service.bulk(
        [*writes, Create({"id": "a0", "title": "khác"}), Delete(seed), Delete("none"), {"id": "a1"}, {"title": "Cam"}],
        wait=True,
        most_writes=4,
    )
    results = [(outcome.id, outcome.result) for outcome in outcomes]
    assert results[:11] == [
        *((write["id"], "created") for write in writes),
        ("a0", "refused"),
        (seed, "deleted"),
        ("none", "missing"),
        ("a1", "refused"),
    ]
    assert results[11][1] == "created"
    assert service.search('"bưởi"', size=1).total == 7
    assert service.get(str(results[11][0])).title == "Cam"
    (task,) = service.tasks(size=1)
    assert task.kind == "articles"


def test_a_whole_request_of_refused_writes_says_why_of_each(service: Client) -> None:
    writes = [{"id": f"a{number}", "title": number} for number in range(250)]
    outcomes = list(service.bulk([*writes, {"id": "good", "title": "lúa"}], most_writes=250))
    assert [outcome.id for outcome in outcomes] == [*(write["id"] for write in writes), "good"]
    assert {outcome.result for outcome in outcomes[:-1]} == {"refused"}
    assert all("title" in outcome.detail for outcome in outcomes[:-1])
    assert outcomes[-1].result == "created"


def test_many_articles_are_read_exported_and_deleted(service: Client) -> None:
    for outcome in service.bulk({"id": f"a{number}", "title": "Bưởi", "source": "Báo Mới"} for number in range(2500)):
        assert outcome.result == "created"
    ids = [f"a{number}" for number in range(2600)]
    read = dict(service.get_many(ids))
    assert [id for id, article in read.items() if article is None] == ids[2500:]
    exported = list(service.export(source="Báo Mới"))
    assert [article.id for article in exported] == ids[:2500]
    assert exported[0] == read["a0"]
    assert sum(1 for _ in service.export()) == 2505
    assert service.count_where(source="Báo Mới") == 2500
    task = service.wait(service.delete_where(source="Báo Mới"), timeout=120)
    assert (task.kind, task.counts["deleted"]) == ("delete", 2500)
    assert service.stats().articles == 5
    with pytest.raises(InvalidRequestError, match="all articles would be deleted"):
        service.delete_where()


def test_the_same_request_is_carried_out_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timtin.client.client.uuid4", lambda: "the-same")
    with Client(server.root, server.key) as client:
        first, second = (client.put({"title": "Một lần"}) for _ in range(2))
        assert first.result == second.result == "created"
        with pytest.raises(InvalidRequestError, match="another request"):
            client.put({"title": "Hai lần"})


SAME = [
    (models.Answer, search_schemas.SearchAnswer), (models.Query, search_schemas.QueryRead),
    (models.Note, search_schemas.NoteGiven), (models.Hit, search_schemas.Hit),
    (models.Reason, search_schemas.ReasonGiven), (models.Copy, search_schemas.Copy),
    (models.Highlights, search_schemas.Highlights), (models.FacetCount, search_schemas.FacetValue),
    (models.Links, search_schemas.Links), (models.Suggestions, search_schemas.Suggestions),
    (models.TitleMatch, search_schemas.TitleHit), (models.Article, schemas.StoredArticle),
    (models.Written, schemas.Written), (models.Written, schemas.Deleted), (models.Task, schemas.TaskShown),
    (models.Stats, schemas.Stats), (Problem, schemas.ProblemDetails), (models.Outcome, schemas.Outcome),
    (models.Analysis, search_schemas.TextAnalysis), (models.Token, search_schemas.Token),
    (models.UnderstoodQuery, search_schemas.UnderstoodQuery),
]  # fmt: skip


@pytest.mark.parametrize(("model", "schema"), SAME, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_the_client_knows_every_member_of_every_answer(model: type, schema: type[BaseModel]) -> None:
    known = {field.name: field for field in fields(model)}
    assert set(schema.model_fields) <= set(known)
    needed = {name for name, field in known.items() if field.default is field.default_factory is MISSING}
    assert needed <= {name for name, field in schema.model_fields.items() if field.is_required()}


def test_the_etag_of_a_compressed_answer_is_one_too(service: Client) -> None:
    service.put({"id": "long", "title": "Gạo", "body": "gạo " * 5000})
    etag = service.get("long").etag
    assert service.get("long", if_none_match=etag) is None
    assert service.delete("long", if_match=etag).result == "deleted"
