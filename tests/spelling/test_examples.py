"""Queries that show what an archive has."""

from __future__ import annotations

from index.article import Article
from search.archive import Archive
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import example_queries, search

TITLES = [
    "Giá vàng thế giới giảm",
    "Hội nhập quốc tế của Việt Nam",
    "Hội nhập quốc tế: cơ hội mới",
    "Thúc đẩy hội nhập quốc tế",
    "Đội tuyển Việt Nam thắng Thái Lan",
    "Đội tuyển Thái Lan sang Hà Nội",
    "Thái Lan mưa lớn",
    "NHƯNG CÁC",
    "59-NQ/TW",
]


def put(archive: Archive) -> None:
    articles = [Article(id=f"a{n}", title=title, published=f"2025-01-0{9 - n}") for n, title in enumerate(TITLES)]
    archive.store.put(articles)
    bring_in_sync(archive)


def test_empty_archive_has_no_examples(archive: Archive) -> None:
    assert example_queries(archive, 6) == []


def test_examples_are_phrases_of_titles_that_several_articles_have(archive: Archive) -> None:
    put(archive)
    assert example_queries(archive, 2) == ["hội nhập quốc tế", "Thái Lan"]
    assert example_queries(archive, 0) == []
    more = example_queries(archive, 9)
    assert more == example_queries(archive, 9)
    assert set(more) > {"hội nhập quốc tế", "Thái Lan"}
    assert len({word for example in more for word in example.lower().split()}) == sum(len(one.split()) for one in more)
    for example in more:
        assert search(archive, SearchParameters(q=example)).total, example
        assert not set(example.lower().split()) & {"nhưng", "các", "59"}


def test_examples_follow_the_newest_titles(archive: Archive) -> None:
    put(archive)
    before = example_queries(archive, 1)
    archive.store.put(
        [Article(id=f"n{n}", title=f"Bóng đá nữ lần {n}", body=str(n), published="2026-01-01") for n in range(9)]
    )
    bring_in_sync(archive)
    assert before == ["hội nhập quốc tế"]
    assert example_queries(archive, 1) == ["bóng đá"]


def test_examples_of_the_seeds_find_several_articles(seeds_archive: Archive) -> None:
    found = example_queries(seeds_archive, 4)
    assert len(found) == 4
    assert len([one for one in found if search(seeds_archive, SearchParameters(q=one)).total >= 3]) >= 3
    for example in found:
        assert 2 <= len(example.split()) <= 5
