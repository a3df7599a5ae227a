"""The engine on a cluster finds, counts, scores and orders what the embedded engine does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from index.article import Article
from index.cluster.connection import Cluster
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import FACETS, SORTABLE, Cursor, Filters, Hit, Request, Retrieved, Sort, SortKey
from search.query.filter_tree import HasField, HasLabel, NoneOf, PublishedIn, all_of, any_of
from search.query.parser import parse
from search.query.tree import Match, Words
from search.ranking.scoring import Ranking
from search.runtime.index_follower import bring_in_sync
from tests.cluster.given import config_of
from tests.matching.test_evaluator import ARTICLES, DAYS, RANKINGS, TREES, WORDS

WIRE = " ".join(f"lúa vụ {number} gạo" for number in range(40))
CONDITIONS = st.recursive(
    st.builds(
        HasLabel, st.just("source"), st.sampled_from([("báo mới",), ("tuoi tre",), ("Bao Moi", "TUỔI TRẺ"), ("x",)])
    )
    | st.builds(PublishedIn, DAYS, DAYS)
    | st.builds(HasField, st.sampled_from(["source", "author", "published"])),
    lambda parts: (
        st.builds(NoneOf, parts)
        | st.lists(parts, min_size=1, max_size=3).map(all_of)
        | st.lists(parts, min_size=1, max_size=3).map(any_of)
    ),
    max_leaves=4,
)
KEYS = st.builds(SortKey, st.sampled_from(SORTABLE), st.booleans())
REQUESTS = st.builds(
    Request,
    TREES,
    match=st.sampled_from(Match),
    filters=st.builds(
        Filters,
        st.sampled_from([(), (), (("source", "báo mới"),), (("source", "tuoi tre"),)]),
        DAYS | st.none(),
        DAYS,
        CONDITIONS | st.none(),
    )
    | st.just(Filters()),
    sort=st.sampled_from(Sort) | st.lists(KEYS, max_size=3, unique_by=lambda key: key.field).map(tuple),
    start=st.sampled_from([0, 0, 2]),
    size=st.sampled_from([3, 100]),
    facets=st.sampled_from([(), FACETS]),
    explain=st.booleans(),
    collapse=st.booleans(),
    copies=st.integers(0, 2),
    other_filters=st.booleans(),
    recency=st.sampled_from([None, None, 0.5, 30.0]),
    facet_size=st.sampled_from([100, 100, 1]),
    facet_text=st.sampled_from(["", "", "bao", "tuổi t", "x"]),
    count_days=st.booleans(),
    boosts=st.sampled_from([{}, {}, {"title": 3.0}, {"title": 0.5, "body": 2.0}]),
    relax=st.sampled_from([True, True, False]),
    cursor=st.sampled_from([None, None, Cursor()]),
)
numbers = count()


@contextmanager
def both(
    folder: Path, hosts: list[str], prefix: str, articles: list[Article], ranking: Ranking | None = None
) -> Iterator[tuple[Archive, Archive]]:
    """Give the same articles to an archive of each engine."""
    number = next(numbers)
    clustered = config_of(hosts, f"{prefix}-{number}", replicas=0)
    configs = (
        ArchiveConfig(folder / f"{number}", ranking=ranking),
        ArchiveConfig(folder / f"{number}-cluster", ranking=ranking, cluster=clustered),
    )
    opened = [open_archive(config) for config in configs]
    for archive in opened:
        archive.store.put([article.model_copy(update={"id": f"a{place}"}) for place, article in enumerate(articles)])
        bring_in_sync(archive)
    yield opened[0], opened[1]
    for archive in opened:
        archive.close()


def same(wanted: Retrieved, found: Retrieved) -> None:
    """Check that two results differ by the last digits of scores alone."""

    def without_scores(hit: Hit) -> Hit:
        return replace(hit, score=0.0, explanation=None)

    assert [without_scores(hit) for hit in found.hits] == [without_scores(hit) for hit in wanted.hits]
    assert replace(found, hits=()) == replace(wanted, hits=())
    for one, other in zip(found.hits, wanted.hits, strict=True):
        assert one.score == pytest.approx(other.score, rel=1e-4, abs=1e-4)
        assert (one.explanation is None) == (other.explanation is None)
        if one.explanation is not None and other.explanation is not None:
            assert dict(one.explanation) == pytest.approx(dict(other.explanation), rel=1e-4, abs=1e-4)


@pytest.mark.slow
@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.lists(ARTICLES, min_size=1, max_size=3).map(lambda lists: [one for some in lists for one in some]),
    RANKINGS,
    st.lists(REQUESTS, min_size=20, max_size=40),
)
def test_any_request_has_the_result_of_the_embedded_engine(
    tmp_path_factory: pytest.TempPathFactory,
    cluster_hosts: list[str],
    prefix: str,
    articles: list[Article],
    ranking: Ranking,
    asked: list[Request],
) -> None:
    """Without near-copies: their documents are written twice, so that frequencies are near until these are merged."""
    with both(tmp_path_factory.mktemp("same"), cluster_hosts, prefix, articles, ranking) as (embedded, cluster):
        for request in asked:
            wanted = embedded.engine.retrieve(request)
            same(wanted, cluster.engine.retrieve(request))
            while wanted.next is not None:
                following = replace(request, cursor=wanted.next)
                wanted = embedded.engine.retrieve(following)
                same(wanted, cluster.engine.retrieve(following))


def test_pages_of_many_hits_have_each_of_them_once(tmp_path: Path, cluster_hosts: list[str], prefix: str) -> None:
    """Beyond the candidates that are scored by our own formula, and across the border; by cursors too."""
    articles = [
        Article(
            id="a",
            title=" ".join(WORDS[number % 7 : number % 11]),
            body=f"lúa {'gạo ' * (number % 13)} {WORDS[number % 5]} {'ngô ' * (number % 3)}",
            published=f"2026-01-{number % 27 + 1:02d}",
        )
        for number in range(130)
    ]
    articles += [Article(id="a", body=f"{WIRE} báo {number}", published="2026-01-05") for number in range(30)]
    with both(tmp_path, cluster_hosts, prefix, articles) as (embedded, cluster):
        for request in (
            Request(parse("lúa gạo ngô OR lúa")),
            Request(parse("lúa"), sort=Sort.NEWEST),
            Request(parse("lúa"), collapse=True),
            Request(parse("lúa"), recency=9.0, explain=True),
        ):
            whole = embedded.engine.retrieve(replace(request, size=500))
            for size in (30, 150):
                pages = [
                    cluster.engine.retrieve(replace(request, start=start, size=size))
                    for start in range(0, whole.stories, size)
                ]
                hits = [hit for page in pages for hit in page.hits]
                assert {page.stories for page in pages} == {whole.stories}
                assert len(hits) == len({hit.id for hit in hits}) == whole.stories
                if not request.collapse:
                    assert {hit.id for hit in hits} == {hit.id for hit in whole.hits}
                assert [hit.copies for hit in hits if hit.copies] == [hit.copies for hit in whole.hits if hit.copies]
                for hit in hits:
                    assert hit.explanation is None or sum(hit.explanation.values()) == pytest.approx(hit.score)


def test_cursor_goes_through_many_hits_as_in_the_embedded_engine(
    tmp_path: Path, cluster_hosts: list[str], prefix: str
) -> None:
    articles = [
        Article(
            id="a",
            body=f"lúa {'gạo ' * (number % 13)} {WORDS[number % 5]}",
            published=f"2026-01-{number % 27 + 1:02d}" if number % 5 else None,
            source=("Báo Mới", "báo mới", "Bao Moi", "Tuổi Trẻ", None)[number % 5],
            author=("An; Bình", "bình", "Chi", None)[number % 4],
        )
        for number in range(230)
    ]
    down = SortKey("published", descending=True)
    with both(tmp_path, cluster_hosts, prefix, articles) as (embedded, cluster):
        for order in ((down,), (SortKey("author"), down), (SortKey("source", descending=True), SortKey("author"))):
            request = Request(parse("lúa gạo"), sort=order, size=60, cursor=Cursor())
            pages = 0
            while request.cursor is not None:
                wanted, found = embedded.engine.retrieve(request), cluster.engine.retrieve(request)
                assert [hit.id for hit in found.hits] == [hit.id for hit in wanted.hits]
                assert (found.total, found.next) == (wanted.total, wanted.next)
                request = replace(request, cursor=found.next)
                pages += 1
            assert pages == 4


def test_queries_of_very_many_words_are_cut_and_not_refused(
    tmp_path: Path, cluster_hosts: list[str], prefix: str
) -> None:
    articles = [Article(id="a", title=word, body=f"{word} lúa") for word in WORDS]
    many = [f"tiếng{number}" for number in range(64 * 8)]
    runs = [" ".join(many[at : at + 64]) for at in range(0, len(many), 64)]
    with both(tmp_path, cluster_hosts, prefix, articles) as (_, cluster):
        for text in (" ".join(many), " OR ".join(runs), " OR ".join(WORDS * 8), " ".join(f"{one}*" for one in WORDS)):
            request = Request(parse(f"lúa OR {text}"))
            assert cluster.engine.retrieve(request).total >= len(WORDS)
            assert cluster.engine.retrieve(replace(request, tree=Words(text), match=Match.ANY)).total >= 0


def test_ordinary_query_whose_words_are_known_takes_one_round_trip(
    tmp_path: Path, cluster_hosts: list[str], prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [
        Article(id="a", title="Giá lúa", body=f"giá lúa gạo {WORDS[number]}", source="Báo") for number in range(9)
    ]
    with both(tmp_path, cluster_hosts, prefix, articles) as (_, archive):
        request = Request(archive.expand(parse("giá lúa")), facets=FACETS, collapse=True, explain=True)
        found = archive.engine.retrieve(request)
        asked: list[str] = []
        ask = Cluster.ask

        def noted(self: Cluster, method: str, *path: str, **more: Any) -> Any:
            asked.append(path[-1])
            return ask(self, method, *path, **more)

        monkeypatch.setattr(Cluster, "ask", noted)
        assert archive.engine.retrieve(request) == found
        assert found.total == 9
        assert [one for one in asked if one.startswith("_")] == ["_msearch"]
