"""Matching by words, on any archive: what is in a row matches, relaxed hits come last, the total is one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.analyzer import Stream, analyze
from index.article import Article
from search.archive import ArchiveConfig, open_archive
from search.engine import Request, Retrieved, Sort
from search.query.parser import parse
from search.query.tree import Match
from search.query.words import cut_words
from search.relevance import without_accents
from search.runtime.index_follower import bring_in_sync

SYLLABLES = ["ca", "sĩ", "cá", "giá", "vàng", "già", "ô", "nhiễm", "không", "khí", "của", "và", "Hà", "Nội", "covid"]
ROWS = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=6).map(" ".join)
TEXTS = st.lists(ROWS, max_size=4).map(". ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=6), ROWS, TEXTS, TEXTS, st.sampled_from(Match), st.booleans())
def test_an_article_with_the_query_in_a_row_matches(
    others: list[str], query: str, before: str, after: str, match: Match, bare: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(ArchiveConfig(Path(folder)))
        archive.store.put([Article(id=f"a{n}", body=text or "trống") for n, text in enumerate(others)])
        archive.store.put([Article(id="it", body=f"{before}. {query}. {after}", published="2020-01-01")])
        bring_in_sync(archive)
        typed = without_accents(query) if bare else query
        tree = archive.expand(parse(typed))
        answers: list[Retrieved] = [
            archive.engine.retrieve(Request(tree, match=match, sort=sort, size=100)) for sort in Sort
        ]
        for found in answers:
            assert "it" in {hit.id for hit in found.hits if not hit.relaxed}
            assert [hit.relaxed for hit in found.hits] == sorted(hit.relaxed for hit in found.hits)
            assert len(found.hits) == found.total + found.relaxed_total
            assert found.total == sum(not hit.relaxed for hit in found.hits)
        assert len({(found.total, found.relaxed_total) for found in answers}) == 1
        archive.close()


class Counts:
    """Statistics of an archive of 1,000 articles of 400 syllables."""

    articles = 1000
    length = 400.0

    def __init__(self, known: dict[str, int], phrases: dict[str, int]) -> None:
        self.known = known
        self.listed = phrases

    def document_frequency(self, stream: Stream, term: str) -> int:
        return 0 if stream is Stream.WORD else self.known.get(term, 0)

    def phrases(self, prefix: str, _most: int) -> list[tuple[str, int]]:
        return sorted((term, count) for term, count in self.listed.items() if term.startswith(prefix))

    def abbreviations(self, _prefix: str, _most: int) -> list[tuple[str, int]]:
        return []


@pytest.mark.parametrize(
    ("query", "known", "phrases", "words"),
    [
        ("ô nhiễm không khí", {"ô_nhiễm": 90, "không_khí": 90, "nhiễm_không": 2}, {}, ["ô nhiễm", "không khí"]),
        ("giá vàng", {"giá": 300, "vàng": 60, "giá_vàng": 6}, {}, ["giá vàng"]),
        ("giá vàng hôm nay", {"giá": 300, "vàng": 60, "giá_vàng": 40, "hôm_nay": 300}, {}, ["giá vàng", "hôm nay"]),
        ("bán nhà xa", {"bán": 300, "nhà": 500, "xa": 200, "bán_nhà": 5, "nhà_xa": 1}, {}, ["bán", "nhà", "xa"]),
        ("đi của xe", {"của": 900, "xe": 200, "của_xe": 20}, {}, ["đi", "của", "xe"]),
        ("cho vay lãi", {"cho": 915, "vay": 31, "cho_vay": 12}, {}, ["cho vay", "lãi"]),
        ("các bên", {"các": 900, "bên": 500, "các_bên": 1}, {}, ["các bên"]),
        ("Messi Ronaldo", {"messi": 20, "ronaldo": 20, "messi_ronaldo": 3}, {}, ["messi", "ronaldo"]),
        ("hoc sinh gioi", {"hoc_sinh": 90, "sinh_gioi": 9}, {"hoc sinh\thọc sinh": 80}, ["hoc sinh", "gioi"]),
        ("hoc sinh roi", {"hoc_sinh": 9, "hoc": 300, "sinh": 300}, {"hoc sinh\thọc sinh": 1}, ["hoc", "sinh", "roi"]),
        ("Bé Na. Na Uy", {"bé": 20, "na": 20, "uy": 20, "bé_na": 5, "na_na": 9, "na_uy": 9}, {}, ["bé na", "na uy"]),
        ("nghị quyết 59 mới", {}, {}, ["nghị", "quyết", "59", "mới"]),
        ("ha nội", {"ha_noi": 90, "ha": 200, "nội": 200}, {"ha noi\thà nội": 80}, ["ha nội"]),
    ],
)
def test_a_query_is_cut_by_what_the_archive_writes_together(
    query: str, known: dict[str, int], phrases: dict[str, int], words: list[str]
) -> None:
    analysis = analyze(query)
    cut = cut_words(analysis, Counts(known, phrases))
    assert [" ".join(analysis.tokens.exact[first:end]) for first, end in cut.words] == words


def test_a_word_does_not_go_beyond_what_something_else_may_stand_for() -> None:
    analysis = analyze("thành phố Hồ Chí Minh")
    known = {"thành_phố": 90, "phố_hồ": 50, "hồ_chí": 50, "chí_minh": 50}
    assert cut_words(analysis, Counts(known, {})).words == ((0, 2), (2, 5))
    assert cut_words(analysis, Counts(known, {}), {3}).words == ((0, 2), (2, 3), (3, 4), (4, 5))


def test_a_bare_syllable_beside_accents_stands_for_any_where_it_never_meets_them_so() -> None:
    counts = Counts({"ha": 200, "ha_noi": 90, "công_ty": 90, "cong_ty": 95, "ty": 90}, {})
    assert cut_words(analyze("ha nội"), counts).plain == (True, False)
    assert cut_words(analyze("công ty"), counts).plain == (False, False)


def test_every_syllable_is_in_one_word() -> None:
    text = "hà nội " * 40
    cut = cut_words(analyze(text), Counts({"hà_nội": 10}, {}))
    assert [place for word in cut.words for place in range(*word)] == list(range(64))
