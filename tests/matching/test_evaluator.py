"""The engine finds, scores and orders what a slow and plain evaluator of the same rules does."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import search.ranking.impacts
import search.ranking.maxscore
from index.analysis.analyzer import Stream
from index.article import Article
from index.dates import local_minute
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request, Sort
from search.query.tree import (
    AccentExact,
    Alternative,
    And,
    DateRange,
    FieldFilter,
    Match,
    MatchAll,
    MatchNone,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Words,
)
from search.ranking.maxscore import MaxScoreScorer
from search.ranking.scoring import Ranking
from search.runtime.index_follower import bring_in_sync
from tests.reference import Reference

WORDS = [
    "đường",
    "sắt",
    "đương",
    "duong",
    "dường",
    "cao",
    "tốc",
    "Hà",
    "Nội",
    "ha",
    "noi",
    "hội",
    "nhập",
    "quốc",
    "tế",
    "TP.HCM",
    "tphcm",
    "A.I",
    "ai",
    "là",
    "gì",
    "ở",
    "đâu",
    "nghị",
    "quyết",
    "57",
    "số",
    "57-NQ/TW",
    "26/8",
    "Covid-19",
    "hoà",
    "hòa",
    "quý",
    "quí",
    "lúa",
    "lúa",
    "gạo",
    "gạo",
    *("50km", "50", "km", "3-4", "3,4", "lần", "iPhone16", "iphone", "16", "C++", "I/2025", "1/2025"),
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
QUERIES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join)
SHORT = st.lists(st.sampled_from(WORDS[:12]), min_size=1, max_size=2).map(" ".join)
SCOPES = st.sampled_from([None, None, "title", "body"])
FIRST = date(2026, 1, 1)
ARTICLES = st.lists(
    st.builds(
        lambda title, body, day, source: Article(
            id="a",
            title=title,
            body=body or "trống",
            published=None if day is None else (FIRST + timedelta(days=day)).isoformat(),
            source=source,
        ),
        TEXTS,
        TEXTS,
        st.none() | st.integers(0, 3),
        st.sampled_from([None, "Báo Mới", "Tuổi Trẻ"]),
    ),
    min_size=1,
    max_size=14,
)


@st.composite
def texts(draw: st.DrawFn) -> Words:
    text, scope = draw(QUERIES), draw(SCOPES)
    others = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), QUERIES, st.booleans()), max_size=2))
    return Words(text, scope, tuple(Alternative(first, first + width, *other) for first, width, *other in others))


DAYS = st.none() | st.integers(FIRST.toordinal() - 1, FIRST.toordinal() + 4)
LEAVES = (
    texts()
    | texts()
    | st.builds(Phrase, QUERIES | st.sampled_from(["50 km", "50km", "26/8", "3 4"]), SCOPES)
    | st.builds(AccentExact, QUERIES, SCOPES)
    | st.builds(Prefix, st.sampled_from(["đ", "d", "ho", "hoà", "q", "57"]), SCOPES)
    | st.builds(FieldFilter, st.just("source"), st.sampled_from(["báo", "tuoi tre", "x"]))
    | st.builds(DateRange, DAYS, DAYS)
    | st.sampled_from([MatchAll(), MatchNone()])
    | st.builds(lambda first, second: Or((Words(first), Words(second))), SHORT, SHORT)
    | st.builds(lambda first, second: Or((Words(first), Words(second))), SHORT, SHORT)
)
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda nodes: (
        st.builds(Not, nodes)
        | st.builds(lambda some: And(tuple(some)), st.lists(nodes, min_size=1, max_size=3))
        | st.builds(lambda some: Or(tuple(some)), st.lists(nodes, min_size=1, max_size=3))
    ),
    max_leaves=4,
)
RANKINGS = st.sampled_from(
    [
        Ranking(),
        Ranking(k1=1.2, b={"title": 0.3, "body": 0.75}, short_query=1, windows={3: 1.5, 6: 0.5}, lead=(2, 0.7)),
        Ranking(k1=0.0, idf_power=1.0, windows={}, lead=(0, 0.0), short_query=2, alternative=1.0, most_required=1),
        Ranking(streams_accented={Stream.SYLLABLE: 1.0}, streams_plain={}, least_matched=0.8, most_required=0, few=20),
        Ranking(long_text=3, k1_long=3.0),
        Ranking(few=0, nearness_short=0.7, together_short=0.5, least_scattered=0.9),
    ]
)


@contextmanager
def filled_archive(articles: list[Article], replaced: int, ranking: Ranking) -> Iterator[tuple[Archive, list[Article]]]:
    """Index ``articles`` in two segments, the first ``replaced`` of them twice; give those that are there."""
    kept = [article.model_copy(update={"id": f"a{number}"}) for number, article in enumerate(articles)]
    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(ArchiveConfig(Path(folder), ranking=ranking))
        old = [article.model_copy(update={"body": f"cũ {article.body}"}) for article in kept[:replaced]]
        archive.store.put([*old, *kept[replaced:], Article(id="gone", title="lúa gạo", body="đường sắt Hà Nội")])
        bring_in_sync(archive)
        archive.store.put(kept[:replaced])
        archive.store.delete(["gone"])
        bring_in_sync(archive)
        yield archive, [*kept[replaced:], *kept[:replaced]]
        archive.close()


each_way = pytest.mark.parametrize(
    ("thresholds", "at_once"),
    [
        ({"_FEW": 1000}, {"_MANY": 64}),
        ({"_FEW": 0}, {"_MANY": 0, "_FREQUENT": 3}),
        ({"_FEW": 0, "_LEADERS": 1}, {"_FREQUENT": 2}),
    ],
)
"""Thresholds at which rare cases become usual ones."""


@pytest.mark.slow
@each_way
@settings(max_examples=80, deadline=None)
@given(
    ARTICLES,
    st.integers(0, 2),
    RANKINGS,
    st.lists(
        st.tuples(TREES, st.sampled_from(Match), st.sampled_from(Sort), st.sampled_from([None, None, 0.5, 30.0])),
        min_size=1,
        max_size=12,
    ),
)
def test_the_engine_finds_what_the_plain_evaluator_finds(
    thresholds: dict[str, int],
    at_once: dict[str, int],
    articles: list[Article],
    replaced: int,
    ranking: Ranking,
    asked: list[tuple[Node, Match, Sort, float | None]],
) -> None:
    patches = patch.multiple(search.ranking.maxscore, **thresholds), patch.multiple(search.ranking.impacts, **at_once)
    with filled_archive(articles, replaced, ranking) as (archive, present), patches[0], patches[1]:
        reference = Reference(present, ranking)
        written = {article.id: number for number, article in enumerate(present)}
        for tree, match, sort, recency in asked:
            wanted = reference.run(tree, match, recency=recency)
            request = Request(tree, match=match, sort=sort, recency=recency)
            found = archive.engine.retrieve(replace(request, size=2))
            rest = archive.engine.retrieve(replace(request, start=2, size=100))
            hits = [*found.hits, *rest.hits]
            assert found.total == rest.total == len(wanted.matched)
            assert found.relaxed_total == rest.relaxed_total == len(wanted.relaxed)
            assert {hit.id for hit in hits if not hit.relaxed} == wanted.matched
            assert {hit.id for hit in hits if hit.relaxed} == wanted.relaxed
            for hit in hits:
                assert hit.score == pytest.approx(wanted.score[hit.id], rel=1e-5, abs=1e-5)
            minutes = {
                id: None if (day := reference.articles[id].published) is None else local_minute(day)
                for id in reference.articles
            }

            def newest_first(id: str, minutes: dict[str, int | None] = minutes) -> float:
                return float("inf") if (minute := minutes[id]) is None else -minute

            def oldest_first(id: str, minutes: dict[str, int | None] = minutes) -> float:
                return float("inf") if (minute := minutes[id]) is None else minute

            keys = {
                Sort.RELEVANCE: lambda hit: (-hit.score, newest_first(hit.id), written[hit.id]),
                Sort.NEWEST: lambda hit: (newest_first(hit.id), -hit.score, written[hit.id]),
                Sort.OLDEST: lambda hit: (oldest_first(hit.id), -hit.score, written[hit.id]),
            }
            assert hits == sorted(hits, key=lambda hit, key=keys[sort]: (hit.relaxed, key(hit)))


@pytest.mark.parametrize("tried", [1, 4])
def test_leaving_out_what_cannot_come_first_changes_no_page(tried: int) -> None:
    chance = random.Random(tried)
    texts = [" ".join(chance.choices(WORDS, weights=range(1, len(WORDS) + 1), k=30)) for _ in range(200)]
    articles = [Article(id="a", title=text[: chance.randint(0, 40)], body=text) for text in texts]
    queries = [" ".join(chance.choices(WORDS, k=length)) for length in range(1, 9) for _ in range(12)]
    requests = [Request(Words(text), sort=sort, size=5, start=5) for text in queries for sort in Sort]
    left_out: list[int] = []

    def promising(self: MaxScoreScorer, *arguments: Any) -> Any:
        found = original(self, *arguments)
        left_out.append(int(np.count_nonzero(arguments[0])) - len(found[0]))
        return found

    original = MaxScoreScorer._candidates
    rare = patch.object(search.ranking.impacts, "_FREQUENT", 2)  # of so few words most are in every sixteenth article
    with filled_archive(articles, 40, Ranking(proximity_articles=4)) as (archive, _), rare:
        wanted = [archive.engine.retrieve(request) for request in requests]
    thresholds = patch.multiple(search.ranking.maxscore, _FEW=0, _LEADERS=tried)
    counted = patch.object(MaxScoreScorer, "_candidates", promising)
    with (
        filled_archive(articles, 40, Ranking(proximity_articles=4)) as (archive, _),
        rare,
        thresholds,
        counted,
    ):
        assert [archive.engine.retrieve(request) for request in requests] == wanted
    assert sum(map(bool, left_out)) > len(requests) / 4


def test_scores_of_long_codes_are_those_of_any_page() -> None:
    """Few words of many syllables: what leads by its words, but lacks one, is what nearness is measured by."""
    some = ["57-NQ/TW 26/8 lúa" + " gạo" * number for number in range(12)]
    most = ["57-NQ/TW 26/8 " * 20] * 3
    articles = [Article(id="a", body=body) for body in [*some, *most, *["lúa gạo"] * 60]]
    with filled_archive(articles, 2, Ranking(proximity_articles=2, most_required=2, least_matched=0.2)) as (archive, _):
        whole = archive.engine.retrieve(Request(Words("57-NQ/TW 26/8 lúa"), size=100)).hits
        assert len(whole) == 15
        for size in range(1, 15):
            assert archive.engine.retrieve(Request(Words("57-NQ/TW 26/8 lúa"), size=size)).hits == whole[:size]
