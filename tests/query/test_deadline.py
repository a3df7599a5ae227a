"""A search whose time is over gives what it has found, and says so; one that nobody waits for ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from index.article import Article
from index.errors import InvalidInputError, SearchCancelledError, SearchTimeoutError
from search.answer import Answer
from search.archive import Archive, ArchiveConfig, open_archive
from search.deadline import Deadline
from search.limits import SearchLimits
from search.parameters import SearchParameters
from search.query.parser import parse_noting
from search.query.tree import Or
from search.rendering import marked_article
from search.runtime.answer_cache import AnswerCache
from search.runtime.index_follower import bring_in_sync
from search.service import search, similar_articles
from web.app import create_app

TEXT = "lúa gạo ngô khoai sắn đồng bằng sông Cửu Long giá nông dân thị trường xuất khẩu Hà Nội vụ mùa"
WORDS = TEXT.split()
QUERIES = (
    "",
    "lúa",
    "lúa gạo",
    "lua gao",
    "nông dân đồng bằng sông Cửu Long trồng lúa xuất khẩu",
    "nong dan dong bang song cuu long trong lua xuat khau",
    '"nông dân"',
    '"nông dân" lúa -ngô',
    "~lúa ~ngô",
    "l* g* n*",
    "title:lúa OR title:ngô",
    "lúa -ngô -khoai",
    "lúa (ngô OR (khoai sắn))",
    "source:a OR source:b",
    "date:2024 OR date:2025",
    "không có ở đâu",
    "lúaa gạoo",
    "khoai xyz",
    "nongdan lua",
    " ".join(WORDS * 4),
    " OR ".join(WORDS),
    " OR ".join(f'"{one} {other}"' for one, other in pairwise(WORDS)),
    " OR ".join(f"{one}xyz" for one in WORDS) + " OR lúa",
    " ".join(f"({one} OR {other})" for one, other in zip(WORDS, WORDS[3:], strict=False)),
    " OR ".join(f"NOT ({one} OR {other})" for one, other in zip(WORDS, WORDS[3:], strict=False)),
    "lúa " + " ".join(f"-({word} gạo)" for word in WORDS[2:]),
    "lúa OR -(" + " OR ".join(WORDS[1:]) + ")",
)
OPTIONS: tuple[dict[str, object], ...] = (
    {"facets": ("source", "year"), "size": 100},
    {"sort": "newest", "explain": True, "size": 5, "recency": 30.0},
    {"match": "any", "size": 20, "page": 2},
)


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    archive = open_archive(ArchiveConfig(tmp_path_factory.mktemp("fields")))
    articles = []
    for number in range(60):
        body = ". ".join(" ".join(WORDS[(number * 5 + at * 3) % 17 :][: 2 + number % 7]) for at in range(6))
        published = f"202{number % 6}-0{1 + number % 9}-01"
        title = WORDS[number % len(WORDS)]
        articles.append(Article(id=f"a{number}", title=title, body=body, source="ab"[number % 2], published=published))
    archive.store.put(articles)
    bring_in_sync(archive)
    yield archive
    archive.close()


def after(checks: int) -> Deadline:
    """Return a deadline that is over at the check with this number, whatever the time."""
    return Deadline(checks, clock=count().__next__)


def same(one: Answer, other: Answer) -> bool:
    return replace(one, took_ms=0.0) == replace(other, took_ms=0.0)


@pytest.mark.parametrize("options", OPTIONS, ids=["facets", "newest", "any"])
@pytest.mark.parametrize("query", QUERIES)
def test_answer_is_true_whenever_its_time_is_over(fields: Archive, query: str, options: dict[str, object]) -> None:
    parameters = SearchParameters(q=query, **options)
    whole = search(fields, parameters)
    every = search(fields, parameters.model_copy(update={"page": 1, "size": 100, "collapse": False}))
    relaxed = {hit.article.id: hit.relaxed for hit in every.hits}
    assert not whole.partial
    for checks in range(1, 100_000):
        try:
            found = search(fields, parameters, after(checks))
        except SearchTimeoutError:
            continue
        if not found.partial:
            assert same(found, whole)
            break
        assert all(relaxed[hit.article.id] == hit.relaxed for hit in found.hits)
        assert set(found.facets) <= set(whole.facets)
        if found.at_least:
            assert found.total <= whole.total
            assert found.stories <= whole.stories
        else:
            counts = (whole.total, whole.relaxed_total, whole.stories)
            assert (found.total, found.relaxed_total, found.stories) == counts
            assert all(found.facets[facet] == whole.facets[facet] for facet in found.facets)
        assert found.total + found.relaxed_total > 0 or whole.total + whole.relaxed_total == 0
    else:
        pytest.fail("the search never ends")


@pytest.mark.parametrize("query", QUERIES)
def test_dropped_search_ends_at_its_next_check(fields: Archive, query: str) -> None:
    parameters = SearchParameters(q=query, facets=("year",), explain=True)
    calls = 0
    for number in range(1, 100_000):
        calls = 0
        deadline = Deadline(1e9, clock=lambda: 0.0)

        def clock(deadline: Deadline = deadline, number: int = number) -> float:
            nonlocal calls
            calls += 1
            if calls == number:
                deadline.cancel()
            return 0.0

        deadline._clock = clock
        try:
            search(fields, parameters, deadline)
        except SearchCancelledError:
            assert calls == number
            continue
        assert calls <= number
        break
    else:
        pytest.fail("the search never ends")


@pytest.mark.parametrize("query", [query for query in QUERIES if query.count(" ") < 7 and query.count("-") < 3])
def test_ordinary_query_is_answered_in_no_time(fields: Archive, query: str) -> None:
    found, whole = (search(fields, SearchParameters(q=query), deadline) for deadline in (Deadline(0), None))
    assert found.partial
    assert bool(found.hits) == bool(whole.hits)
    assert {hit.relaxed for hit in found.hits} <= {hit.relaxed for hit in whole.hits}
    assert all(hit.article.title == hit.title_html for hit in found.hits)
    assert all(hit.body_html for hit in found.hits)


def test_many_clauses_that_all_have_to_hold_are_an_error_without_time(fields: Archive) -> None:
    with pytest.raises(SearchTimeoutError, match="fewer words"):
        search(fields, SearchParameters(q="lúa " + " ".join(f"-{word}" for word in WORDS)), Deadline(0))


def test_article_and_similar_ones_are_shown_without_time(fields: Archive) -> None:
    article = fields.store.get("a1")
    assert article is not None
    assert marked_article(fields, article, "lúa gạo", Deadline(0)) == (article.title, article.body)
    assert len(similar_articles(fields, "a1", 5, Deadline(0))) == len(similar_articles(fields, "a1", 5))


def test_partial_answer_is_not_remembered(fields: Archive) -> None:
    answers = AnswerCache(lambda parameters, deadline=None: search(fields, parameters, deadline), lambda: 0)
    parameters = SearchParameters(q="lúa gạo")
    assert answers.search(parameters, Deadline(0)).partial
    whole = answers.search(parameters, Deadline(1000))
    assert not whole.partial
    assert answers.search(parameters, Deadline(0)).hits is whole.hits


def test_whoever_has_little_time_does_not_wait_for_an_equal_search_with_more(fields: Archive) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def answer(parameters: SearchParameters, deadline: Deadline) -> Answer:
        if not deadline.passed():
            begun.set()
            assert may_end.wait(60)
        return search(fields, parameters, deadline)

    answers = AnswerCache(answer, lambda: 0)
    parameters = SearchParameters(q="lúa gạo")
    with ThreadPoolExecutor(1) as pool:
        patient = pool.submit(answers.search, parameters, Deadline(1000))
        assert begun.wait(60)
        assert answers.search(parameters, Deadline(0.01)).partial
        may_end.set()
        assert not patient.result().partial


def test_clauses_beyond_the_limit_are_left_out_and_noted() -> None:
    tree, notes, _ = parse_noting("a OR (b OR -c) OR d", clauses=3)
    assert tree == parse_noting("a OR (b OR -c)").tree
    assert [(note.code, note.allowed) for note in notes] == [("too_many_clauses", "3")]
    assert not parse_noting("a OR (b OR -c) OR d", clauses=4).notes
    long = parse_noting(" OR ".join("abcdefghijklmnop"[n % 16] + str(n) for n in range(400)))
    assert isinstance(long.tree, Or)
    assert len(long.tree.nodes) == 256


def test_limits_of_an_archive_hold(tmp_path: Path) -> None:
    limits = SearchLimits(query_characters=5, clauses=2, page_depth=20, search_ms=50)
    archive = open_archive(ArchiveConfig(tmp_path, limits=limits))
    archive.store.put([Article(id=f"a{number}", title="t", body="lúa gạo") for number in range(30)])
    bring_in_sync(archive)
    client = create_app(archive).test_client()
    try:
        assert [note.code for note in archive.understand("lúa OR gạo OR ngô").notes] == ["too_long"]
        last = client.get("/api/v1/search?q=lúa&page=2&collapse=false").json
        assert (len(last["hits"]), last["total"], last["links"]["next"]) == (10, 30, None)
        for path, name in (
            ("/api/v1/search?q=lúa&page=3", "page"),
            ("/api/v1/search?q=lúa&size=7&page=3", "page"),
            ("/api/v1/search?q=lúa&timeout_ms=51", "timeout_ms"),
            ("/feed.atom?q=lúa&timeout_ms=0", "timeout_ms"),
            ("/feed.atom?q=lúa&timeout_ms=x", "timeout_ms"),
        ):
            response = client.get(path)
            assert (response.status_code, [error["name"] for error in response.json["errors"]]) == (400, [name])
        page = client.get("/?q=lúa&page=3", headers={"Accept": "text/html"})
        assert (page.status_code, "Không có trang 3." in page.text) == (400, True)
        assert '<a class="button" href="/?q=l%C3%BAa&amp;page=2">Đến trang cuối, trang 2</a>' in page.text
        assert 'rel="next"' not in client.get("/?q=lúa&page=2&collapse=false").text
        with pytest.raises(InvalidInputError, match="page"):
            search(archive, SearchParameters(page=3))
        with pytest.raises(InvalidInputError, match="timeout_ms"):
            limits.deadline(51)
        assert client.get("/api/v1/search?q=lúa&timeout_ms=50").status_code == 200
    finally:
        archive.close()


@pytest.mark.parametrize("query", ["hội nhập", "hoi nhap", '"hội nhập quốc tế"', "hội nhập OR quốc tế", ""])
def test_shortest_timeout_is_answered(client: FlaskClient, query: str) -> None:
    answer = client.get("/api/v1/search", query_string={"q": query, "timeout_ms": 1}).json
    whole = client.get("/api/v1/search", query_string={"q": query}).json
    assert (whole["partial"], whole["total_is_lower_bound"]) == (False, False)
    assert answer["total"] == whole["total"]
    assert answer["partial"] or answer["hits"] == whole["hits"]


def answering(archive: Archive, answer: Callable[[SearchParameters], object]) -> FlaskClient:
    """A client of an application whose searches are answered by ``answer``."""
    app = create_app(archive)
    cache = AnswerCache(lambda parameters, deadline=None: answer(parameters), archive.version)  # type: ignore[arg-type,return-value]
    app.extensions["timtin"] = replace(app.extensions["timtin"], answers=cache)
    return app.test_client()


def test_page_says_that_its_answer_is_partial(fields: Archive) -> None:
    client = answering(fields, lambda parameters: search(fields, parameters, Deadline(0)))
    for language, words in (("vi", "hết thời gian"), ("en", "ran out of time")):
        assert words in client.get(f"/?q=lúa&lang={language}").text
    assert client.get("/api/v1/search?q=lúa").json["partial"] is True


def test_search_without_time_or_any_certain_hit_is_unavailable(fields: Archive) -> None:
    client = answering(fields, lambda _: Deadline(0).check())
    response = client.get("/api/v1/search?q=lúa&timeout_ms=7")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert "timeout_ms" in response.json["detail"]
