"""Near-copies are one hit, and what is found is otherwise what it is without them."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

import search.ranking.maxscore
from index.article import LABELS, Article
from index.directory.commits import OpenSegments
from index.directory.data_folder import open_data_folder
from index.directory.generations import current_generation
from index.directory.snapshot import Snapshot
from index.segments.schema import ID, PUBLISHED, SEQUENCE
from index.segments.segment import Segment
from index.writer import builder
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Filters, Hit, Request, Sort
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.archives import check, similar
from tests.conftest import SEEDS, Server, browser, with_seeds
from tests.matching.test_evaluator import WORDS

FIRST = date(2026, 1, 1)
WIRES = [" ".join(random.Random(number).choices(WORDS, k=120)) for number in range(4)]
"""What several papers print."""


def printed(id: str, wire: int | None, more: str = "", **values: str | None) -> Article:
    """What one paper makes of a wire story, or an article that no other has."""
    own = " ".join(random.Random(id).choices(WORDS, k=60))
    return Article(id=id, title=f"Bài {id}", body=f"{own if wire is None else WIRES[wire]} {more}", **values)


@contextmanager
def opened(data: Path) -> Iterator[Archive]:
    archive = open_archive(ArchiveConfig(data))
    try:
        yield archive
    finally:
        archive.close()


def hits(archive: Archive, query: str = "", **more: object) -> list[tuple[str, int]]:
    found = archive.engine.retrieve(Request(parse(query), collapse=True, sort=Sort.OLDEST, **more))  # type: ignore[arg-type]
    return [(hit.id, hit.copies) for hit in found.hits]


def first_of_each(every: Sequence[Hit], wires: dict[str, int | None]) -> list[Hit]:
    """The definition: later articles of a story are left out, and counted where its first one stands."""
    told = [hit.id if wires[hit.id] is None else wires[hit.id] for hit in every]
    return [
        Hit(hit.id, hit.score, hit.explanation, told.count(story) - 1)
        for at, (hit, story) in enumerate(zip(every, told, strict=True))
        if story not in told[:at]
    ]


PRINTED = st.lists(
    st.tuples(
        st.none() | st.integers(0, len(WIRES) - 1),
        st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
        st.none() | st.integers(0, 3),
        st.sampled_from([None, "Báo Mới", "Tuổi Trẻ"]),
    ),
    min_size=1,
    max_size=25,
)
QUERIES = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
PAGES = st.tuples(st.integers(0, 4), st.integers(1, 6))


@pytest.mark.slow
@pytest.mark.parametrize("few", [0, 1000])
@settings(max_examples=40, deadline=None)
@given(PRINTED, st.lists(st.tuples(QUERIES, st.sampled_from(Sort), PAGES), min_size=1, max_size=8), st.booleans())
def test_pages_are_those_of_all_hits_with_later_copies_left_out(
    few: int,
    articles: list[tuple[int | None, str, int | None, str | None]],
    asked: list[tuple[str, Sort, tuple[int, int]]],
    filtered: bool,
) -> None:
    wires = {f"a{number}": wire for number, (wire, *_) in enumerate(articles)}
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder, "data")) as archive:
        for number, (wire, more, day, source) in enumerate(articles):
            published = None if day is None else (FIRST + timedelta(days=day)).isoformat()
            archive.store.put([printed(f"a{number}", wire, more, published=published, source=source)])
        bring_in_sync(archive)
        filters = Filters((("source", "Báo Mới"),)) if filtered else Filters()
        for query, sort, (page, size) in asked:
            tree, facets = parse(query), ["source"]
            with patch.object(search.ranking.maxscore, "_FEW", few):
                every = archive.engine.retrieve(Request(tree, filters=filters, sort=sort, size=100, facets=facets))
                request = Request(tree, filters=filters, sort=sort, start=page * size, size=size, facets=facets)
                found = archive.engine.retrieve(replace(request, collapse=True))
            wanted = first_of_each(every.hits, wires)
            assert [(hit.id, hit.copies) for hit in found.hits] == [
                (hit.id, hit.copies) for hit in wanted[page * size : (page + 1) * size]
            ]
            scores = {hit.id: hit.score for hit in every.hits}
            assert all(hit.score == pytest.approx(scores[hit.id], rel=1e-6) for hit in found.hits)
            assert (found.total, found.stories, found.facets) == (every.total, len(wanted), every.facets)
            assert every.stories == every.total + every.relaxed_total


def test_many_copies_that_come_first_leave_room_for_others(archive: Archive) -> None:
    archive.store.put([printed(f"c{n:03}", 0, "lúa " * 9) for n in range(300)])
    archive.store.put([printed(f"o{n}", None, "lúa") for n in range(7)])
    bring_in_sync(archive)
    every = archive.engine.retrieve(Request(parse("lúa"), size=300)).hits
    assert all(hit.id.startswith("c") for hit in every)
    for few in (0, 1000):
        with patch.object(search.ranking.maxscore, "_FEW", few):
            found = archive.engine.retrieve(Request(parse("lúa"), size=5, collapse=True))
            rest = archive.engine.retrieve(Request(parse("lúa"), start=5, size=5, collapse=True))
        assert (found.total, found.stories) == (rest.total, rest.stories) == (307, 8)
        assert [hit.copies for hit in found.hits] == [299, 0, 0, 0, 0]
        assert {hit.id for hit in [*found.hits, *rest.hits]} == {"c000", *(f"o{n}" for n in range(7))}


def stories(data: Path) -> dict[str, int]:
    generation = current_generation(open_data_folder(data).indexes)
    assert generation is not None
    snapshot = Snapshot(generation, OpenSegments())
    return {
        snapshot.article_id(article): int(snapshot.stories[article])
        for article in range(snapshot.size)
        if snapshot.live[article]
    }


@pytest.mark.slow
def test_stories_are_the_same_however_articles_come(tmp_path: Path) -> None:
    articles = [printed(f"a{n}", random.Random(n).choice([None, 0, 1, 2, 3]), f"lúa {n}") for n in range(60)]
    with opened(tmp_path / "singly") as archive:
        for article in articles:
            archive.store.put([article])
            bring_in_sync(archive)
    wanted = stories(tmp_path / "singly")
    assert 4 < len(set(wanted.values())) < 30
    with opened(tmp_path / "bulk") as archive, patch.object(builder, "CHUNK_ARTICLES", 7):
        archive.store.put(articles)
        bring_in_sync(archive)
        assert stories(tmp_path / "bulk") == wanted
        with patch.object(builder, "_COMMIT_ARTICLES", 13):
            archive.engine.rebuild()
    assert stories(tmp_path / "bulk") == wanted
    with opened(tmp_path / "singly") as archive:
        archive.engine.rebuild()
    assert stories(tmp_path / "singly") == wanted


def test_copies_of_a_deleted_article_are_still_one_hit(archive: Archive) -> None:
    archive.store.put([printed("founder", 0), printed("copy", 0, "lúa"), printed("other", None)])
    bring_in_sync(archive)
    assert hits(archive) == [("founder", 1), ("other", 0)]
    archive.store.delete(["founder"])
    bring_in_sync(archive)
    assert hits(archive) == [("copy", 0), ("other", 0)]
    archive.store.put([printed("late", 0, "gạo")])
    bring_in_sync(archive)
    assert hits(archive) == [("copy", 1), ("other", 0)]
    archive.store.put([printed("founder", 0)])
    bring_in_sync(archive)
    assert hits(archive) == [("copy", 2), ("other", 0)]
    archive.engine.rebuild()
    assert hits(archive) == [("copy", 2), ("other", 0)]


def test_a_copy_that_is_rewritten_stands_for_itself(archive: Archive) -> None:
    archive.store.put([printed("a", 0), printed("b", 0), printed("c", 0)])
    bring_in_sync(archive)
    archive.store.put([printed("b", None)])
    bring_in_sync(archive)
    assert hits(archive) == [("a", 1), ("b", 0)]
    archive.store.put([printed("a", 1)])  # and the founder: what is left is a story all the same
    bring_in_sync(archive)
    assert hits(archive) == [("c", 0), ("b", 0), ("a", 0)]
    archive.store.put([printed("a", 0), printed("b", 0)])
    bring_in_sync(archive)
    assert hits(archive) == [("c", 2)]
    assert check(archive) == []


def test_a_filter_finds_the_copy_it_asks_for(archive: Archive) -> None:
    archive.store.put(
        [printed("a", 0, source="Báo Mới"), printed("b", 0, source="Tuổi Trẻ"), printed("c", 0, source="Báo Mới")]
    )
    bring_in_sync(archive)
    assert hits(archive) == [("a", 2)]
    assert hits(archive, filters=Filters((("source", "Tuổi Trẻ"),))) == [("b", 0)]
    assert hits(archive, filters=Filters((("source", "Báo Mới"),))) == [("a", 1)]
    assert hits(archive, "title:b") == [("b", 0)]


def test_similar_articles_tell_other_stories(archive: Archive) -> None:
    half = " ".join(WIRES[0].split()[:60])
    archive.store.put(
        [printed("a", 0), printed("copy", 0), printed("half", None, half), *(printed(f"o{n}", None) for n in "12")]
    )
    bring_in_sync(archive)
    found = [hit.id for hit in similar(archive, "a", 5)]
    assert found[0] == "half"
    assert "copy" not in found
    assert "a" not in found


def test_index_of_an_earlier_schema_has_a_story_for_each_article(archive: Archive) -> None:
    columns = [ID, *LABELS, PUBLISHED, SEQUENCE]

    def earlier(segment: Segment) -> Segment:
        return replace(segment, columns={name: segment.columns[name] for name in columns if name in segment.columns})

    archive.store.put([printed("a", 0), printed("b", 0), printed("c", None)])
    with patch.object(builder, "with_stories", lambda fresh, _: earlier(fresh)):
        bring_in_sync(archive)
    assert hits(archive) == [("a", 0), ("b", 0), ("c", 0)]
    assert "b" in [hit.id for hit in similar(archive, "a", 5)]


def test_short_articles_in_one_wording_are_hits_of_their_own(archive: Archive) -> None:
    archive.store.put([Article(id=f"a{n}", title="Giá lúa", body="Giá lúa hôm nay tăng 200 đồng") for n in range(5)])
    bring_in_sync(archive)
    assert hits(archive, "giá lúa") == [(f"a{n}", 0) for n in range(5)]


SEED = next(SEEDS.glob("002*.txt")).stem


@pytest.fixture
def copied(client: FlaskClient, key: dict[str, str]) -> FlaskClient:
    """A client of the seeds, of which one was printed by two more papers."""
    article = client.get(f"/api/v1/articles/{SEED}").json
    for number in (1, 2):
        own = {
            "title": f"Tít khác {number}",
            "source": f"Báo {number}",
            "body": article["body"] + f"\nTheo báo {number}",
        }
        reply = client.put(
            f"/api/v1/articles/copy-{number}?wait=true", json={**article, **own, "id": f"copy-{number}"}, headers=key
        )
        assert reply.json["searchable"]
    return client


def test_api_tells_stories_from_articles(copied: FlaskClient) -> None:
    answer = copied.get("/api/v1/search?q=hội nhập&facets=source").json
    assert (answer["total"], answer["stories"], len(answer["hits"])) == (7, 5, 5)
    assert {hit["id"]: hit["copies"] for hit in answer["hits"] if hit["copies"]}.keys() <= {SEED, "copy-1", "copy-2"}
    assert sum(hit["copies"] for hit in answer["hits"]) == 2
    assert {"Báo 1", "Báo 2"} <= {entry["value"] for entry in answer["facets"]["source"]}
    every = copied.get("/api/v1/search?q=hội nhập&collapse=false").json
    assert (every["total"], every["stories"], len(every["hits"])) == (7, 7, 7)
    assert {hit["copies"] for hit in every["hits"]} == {0}


def test_links_lead_through_stories_or_through_all_articles(copied: FlaskClient) -> None:
    for collapse, count in (("true", 5), ("false", 7)):
        address, seen = f"/api/v1/search?q=hội nhập&size=2&collapse={collapse}", []
        while address:
            answer = copied.get(address).json
            seen += [hit["id"] for hit in answer["hits"]]
            address = answer["links"]["next"]
        assert len(seen) == len(set(seen)) == count


def test_page_leads_to_the_copies_and_back(copied: FlaskClient) -> None:
    page = copied.get("/?q=hội nhập&sort=newest").text
    assert page.count('class="hit"') == 5
    assert page.count("<summary>2 bản sao của bài này</summary>") == 1
    assert "<summary>2 copies of this article</summary>" in copied.get("/?q=hội nhập&lang=en").text
    every = copied.get("/?q=hội nhập&sort=newest&collapse=false&lang=vi").text
    assert every.count('class="hit"') == 7
    assert "bản sao của bài này" not in every
    assert '<input type="hidden" name="collapse" value="false">' in every
    chip = '<a href="/?sort=newest&amp;q=h%E1%BB%99i+nh%E1%BA%ADp" title="Bỏ bộ lọc này">'
    assert chip in every
    assert chip not in page
    assert 'name="collapse"' not in page


@pytest.mark.slow
def test_a_reader_opens_the_copies_of_a_hit_in_a_browser(serve: Callable[..., Server], tmp_path: Path) -> None:
    with_seeds(tmp_path / "data")
    with opened(tmp_path / "data") as archive:
        article = archive.store.get_many([SEED])[SEED]
        archive.store.put([article.model_copy(update={"id": "copy", "title": "Tít khác"})])
        bring_in_sync(archive)
    server = serve()
    with browser() as page:
        page.goto(f"{server.root}/?q=hoi+nhap")
        expect(page.locator(".hit")).to_have_count(5)
        page.get_by_text("1 bản sao của bài này").click()
        expect(page.locator(".copies li a")).to_have_count(1)
        page.locator(".copies li a").click()
        expect(page.locator("article h1")).to_have_text(re.compile("."))
        expect(page.locator("#copies li a")).to_have_count(1)
        page.goto(f"{server.root}/?q=hoi+nhap&collapse=false")
        expect(page.locator(".hit")).to_have_count(6)
        page.get_by_role("link", name="Bỏ bộ lọc này").click()
        expect(page.locator(".hit")).to_have_count(5)


def test_feed_has_each_story_once(copied: FlaskClient) -> None:
    assert copied.get("/feed.atom?q=hội nhập").text.count("<entry>") == 5
    assert copied.get("/feed.atom?q=hội nhập&collapse=false").text.count("<entry>") == 7
