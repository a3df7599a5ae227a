"""Labels are several values, counted as they are found, on real articles and on the page."""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from index.article import LABELS, SEVERAL, Article, article_from
from index.dates import period_days
from index.errors import InvalidInputError
from index.labels import label_values
from search.archive import Archive
from search.engine import FACETS, PERIODS, Filters, Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from web.app import create_app


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Thanh Hiền;TTXVN", ["Thanh Hiền", "TTXVN"]),
        (" Thu Dung ;\tChâu  Tuấn| ", ["Thu Dung", "Châu Tuấn"]),
        ("An\uff1bBình", ["An", "Bình"]),
        ("Lê Dũng; LÊ DŨNG; Lê Du\u0303ng", ["Lê Dũng"]),
        ("TS Dương Tú (ĐH Purdue, Indiana, Mỹ)", ["TS Dương Tú (ĐH Purdue, Indiana, Mỹ)"]),
        ("Reuters - AFP", ["Reuters - AFP"]),
        (";|", []),
        ("\u200b", []),
    ],
)
def test_several_values_stand_in_one_text(text: str, values: list[str]) -> None:
    assert [value.written for value in label_values("author", text)] == values


@pytest.mark.parametrize("label", SEVERAL)
def test_list_of_texts_is_several_values(label: str) -> None:
    def given(value: Any) -> Any:
        return getattr(article_from({"title": "x", label: value}), label)

    assert given(["An", "Bình", " "]) == "An; Bình"
    assert given([]) is None
    assert given("An;Bình") == "An;Bình"
    for wrong in (["An", 5], {"name": "An"}, ["a" * 300, "b" * 300]):
        with pytest.raises(InvalidInputError, match=label):
            given(wrong)


def test_every_value_of_real_articles_is_counted_as_it_is_found(archive: Archive, shared_data: Path) -> None:
    rows = [json.loads(line) for line in (shared_data / "tuoitre-1k.jsonl").read_text("utf-8").splitlines()]
    for start in (0, 400):
        archive.store.put([article_from(row) for row in rows[start : start + 600]])
        bring_in_sync(archive)
    archive.store.delete([row["id"] for row in rows[::50]])
    bring_in_sync(archive)
    for query in ("", "việt nam"):
        found = archive.engine.retrieve(Request(parse(query), facets=FACETS, collapse=True, size=1000))
        every = archive.engine.retrieve(Request(parse(query), size=1000))
        articles = archive.store.get_many([hit.id for hit in every.hits if not hit.relaxed]).values()
        assert found.total == every.total == len(articles)
        counts = {facet: {one.value: one.count for one in found.facets[facet]} for facet in FACETS}
        for label in LABELS:  # a facet counts the hundred most frequent values; the others are found as well
            texts = [getattr(article, label) or "" for article in articles]
            keys = Counter(one.key for text in texts for one in label_values(label, text))
            assert sorted(counts[label].values()) == sorted(keys.values())[-100:]
            counts[label].update(keys)
        for facet, values in counts.items():
            assert values
            for value, count in values.items():
                first, last = period_days(value) if facet in PERIODS else (None, None)
                only = Filters(() if facet in PERIODS else ((facet, value),), first, last)
                total = archive.engine.retrieve(Request(parse(query), filters=only, size=0)).total
                assert total == count, (facet, value)


def test_choices_on_the_page_count_what_they_find(archive: Archive) -> None:
    names = ["Tuổi Trẻ", "tuổi trẻ", "TUỔI TRẺ", "Tuoi Tre", "Tuổi  Trẻ", "C++ & Java", "C# & Java"]
    days = ["2023-01-01", "2024-03-01", "2024-09-01", "2025-01-01"]
    archive.store.put(
        [Article(id=f"a{n}", title="Lúa gạo", source=names[n % 7], published=days[n % 4]) for n in range(20)]
    )
    bring_in_sync(archive)
    client = create_app(archive).test_client()
    for typed in (
        "sort=newest",
        "q=lúa",
        "q=lúa&source=TUỔI TRẺ",
        "q=lúa&from=2024-05",
        "q=lúa&source=tuoi tre&from=2024",
    ):
        page = client.get(f"/?{typed}").text
        for kind in ('class="choices"', 'class="timeline"'):
            section = re.search(f"<section {kind}>.*?</section>", page, re.DOTALL)
            assert section is not None
            choices = re.findall(r'<li><a href="([^"]+)">.*?<span class="count">(\d+)</span></a></li>', section.group())
            assert choices, (typed, kind)
            for address, count in choices:
                assert shown_total(client.get(unescape(address)).text) == int(count), (typed, address)


def shown_total(page: str) -> int:
    found = re.search(r'role="status">\D*(\d+) bài', page)
    assert found is not None
    return int(found[1])
