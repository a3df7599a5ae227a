"""The main job on the seeds: the right articles, in the right order, with the right words marked."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

import pytest

from search.answer import Answer
from search.archive import Archive
from search.engine import Sort
from tests.conftest import numbers

Find = Callable[..., Answer]


def marks(answer: Answer) -> list[str]:
    texts = [text for hit in answer.hits for text in (hit.title_html, *hit.body_html)]
    return [html.unescape(mark) for text in texts for mark in re.findall("<mark>(.*?)</mark>", text)]


@pytest.mark.parametrize("query", ['"An Giang"', '"Kon Tum"'])
def test_menu_is_not_found(find: Find, query: str) -> None:
    assert numbers(find(query)) == []


@pytest.mark.parametrize(
    "query", ['"Thanh Hóa"', '"Thanh Hoá"', unicodedata.normalize("NFD", '"Thanh Hóa"'), '"thanh hoa"', "“Thanh Hóa”"]
)
def test_phrase_in_any_spelling_finds_its_article_alone(find: Find, query: str) -> None:
    assert numbers(find(query)) == ["002"]


def test_tone_placement_changes_neither_articles_nor_scores(find: Find) -> None:
    old, new = find("thỏa thuận"), find("thoả thuận")
    assert [(hit.article.id, hit.score) for hit in old.hits] == [(hit.article.id, hit.score) for hit in new.hits]
    assert old.total >= 3


@pytest.mark.parametrize("query", ["hội nhập quốc tế", "hoi nhap quoc te", "HỘI NHẬP QUỐC TẾ"])
def test_query_without_accents_finds_and_marks_what_the_accented_one_does(find: Find, query: str) -> None:
    answer = find(query)
    assert {"000", "001", "002", "003"} <= set(numbers(answer))
    assert numbers(answer)[0] in {"001", "003"}
    found = marks(answer)
    assert sum(mark.lower() == "hội nhập quốc tế" for mark in found) >= 4


@pytest.mark.parametrize(
    "query",
    [
        "hội nhập quốc tế",
        "hoi nhap quoc te",
        '"59-NQ/TW"',
        "7,52%",
        "thủ tướng",
        "Nghị quyết số 59",
        "một hai",
        "&",
        "(",
    ],
)
@pytest.mark.parametrize("fragment_size", [20, 60, 180, 1000])
def test_highlights_without_marks_are_the_articles_own_text(
    find: Find, seeds_archive: Archive, query: str, fragment_size: int
) -> None:
    for hit in find(query, fragment_size=fragment_size, fragments=10).hits:
        article = seeds_archive.store.get(hit.article.id)
        for own, shown in [(article.title, hit.title_html), *((article.body, text) for text in hit.body_html)]:
            plain = html.unescape(shown.replace("<mark>", "").replace("</mark>", ""))
            assert plain in own
            assert plain.strip() == plain
            assert not re.search(r"<(?!/?mark>)", shown)


def test_passages_begin_and_end_with_whole_syllables(find: Find, seeds_archive: Archive) -> None:
    for hit in find("hội nhập quốc tế", fragments=10).hits:
        body = seeds_archive.store.get(hit.article.id).body
        for shown in hit.body_html:
            plain = html.unescape(re.sub("</?mark>", "", shown))
            at = body.find(plain)
            before, after = body[at - 1 : at], body[at + len(plain) : at + len(plain) + 1]
            assert not (before.isalnum() and plain[0].isalnum())
            assert not (after.isalnum() and plain[-1].isalnum())
            assert len(plain) <= 200


def test_document_number_as_a_phrase(find: Find) -> None:
    assert set(numbers(find('"59-NQ/TW"'))) == {"001", "002"}


def test_resolution_by_its_number(find: Find) -> None:
    assert set(numbers(find("Nghị quyết số 59"))[:3]) == {"000", "001", "003"}


@pytest.mark.parametrize(
    ("query", "number"),
    [("Covid-19", "003"), ("covid 19", "003"), ("7,52%", "001"), ("920 tỷ USD", "000"), ("920 ty usd", "000")],
)
def test_codes_and_figures_find_their_article_first(find: Find, query: str, number: str) -> None:
    assert numbers(find(query))[0] == number


@pytest.mark.parametrize("mark", ["Covid-19", "7,52%", "920 tỷ USD"])
def test_codes_and_figures_are_marked_whole(find: Find, mark: str) -> None:
    assert mark in marks(find(mark))


def test_undated_article_comes_last_by_date(find: Find) -> None:
    assert numbers(find("hội nhập quốc tế", sort=Sort.NEWEST)) == ["002", "003", "001", "004", "000"]
    assert numbers(find("hội nhập quốc tế", sort=Sort.OLDEST)) == ["004", "001", "003", "002", "000"]


def test_date_range_leaves_the_undated_article_out(find: Find) -> None:
    assert set(numbers(find("hội nhập quốc tế", from_="2025", to="2025"))) == {"001", "003", "004"}
    assert numbers(find("hội nhập quốc tế", from_="2025-01-06", to="2025-01-06")) == ["004"]
    assert set(numbers(find("hội nhập date:2025-08..2025-09"))) == {"001", "003"}


def test_facets_count_sources_years_and_months(find: Find) -> None:
    answer = find("hội nhập quốc tế", facets=["source", "year", "month"], size=1)
    counted = {facet: [(count.value, count.count) for count in counts] for facet, counts in answer.facets.items()}
    assert answer.total == 5
    assert counted == {
        "source": [("Chinhphu.vn", 1), ("Ngày Nay", 1), ("Đồng Tháp", 1)],
        "year": [("2026", 1), ("2025", 3)],
        "month": [("2026-01", 1), ("2025-09", 1), ("2025-08", 1), ("2025-01", 1)],
    }


def test_source_filter_takes_accents_and_case_lightly(find: Find) -> None:
    assert numbers(find("hội nhập", source="dong thap")) == ["000"]
    assert numbers(find('source:"Đồng Tháp" hội nhập')) == ["000"]
    assert numbers(find("author:dũng")) == ["004"]


def test_empty_query_gives_everything_newest_first(find: Find) -> None:
    assert numbers(find("")) == ["002", "003", "001", "004", "000"]


def test_pages_follow_one_another(find: Find) -> None:
    everything = numbers(find("hội nhập quốc tế"))
    assert [numbers(find("hội nhập quốc tế", page=page, size=2)) for page in (1, 2, 3, 4)] == [
        everything[:2],
        everything[2:4],
        everything[4:],
        [],
    ]


def test_explanation_adds_up_to_the_score(find: Find) -> None:
    for query in ("hội nhập quốc tế", '"nghị quyết" covid*', "thu tuong"):
        for hit in find(query, explain=True).hits:
            assert hit.explanation
            assert sum(hit.explanation.values()) == pytest.approx(hit.score, rel=1e-4)
