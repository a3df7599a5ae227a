"""Accents, coordination and match modes decide the order of hits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.article import Article
from search.answer import Answer
from search.archive import Archive
from search.engine import Request, Sort
from search.parameters import SearchParameters
from search.query.parser import parse
from search.query.tree import Match
from search.runtime.index_follower import bring_in_sync
from search.service import completions, search

FILLER = "Người dân thành phố mong trời nắng ráo để đi làm cho thuận tiện hơn trong những ngày cuối năm bận rộn này."


def found(archive: Archive, query: str, match: Match = Match.AUTO) -> list[str]:
    return [hit.id for hit in archive.engine.retrieve(Request(parse(query), match, size=100)).hits]


def put(archive: Archive, **bodies: str) -> None:
    archive.store.put([Article(id=id, title="", body=body) for id, body in bodies.items()])
    bring_in_sync(archive)


@pytest.mark.parametrize("typed", ["đường", "dương", "đương"])
def test_each_of_a_minimal_pair_finds_its_own(archive: Archive, typed: str) -> None:
    put(
        archive,
        duong1=f"đường {FILLER} {FILLER} {FILLER}",
        duong2=f"dương {FILLER} {FILLER} {FILLER}",
        duong3=f"đương {FILLER} {FILLER} {FILLER}",
        many=" ".join(word for word in ("đường", "dương", "đương") if word != typed) + " đườnh" * 3,
        bare="duong duong duong duong",
    )
    assert found(archive, typed) == [{"đường": "duong1", "dương": "duong2", "đương": "duong3"}[typed]]
    assert set(found(archive, "duong")) == {"duong1", "duong2", "duong3", "many", "bare"}


def test_exact_accents_come_first_even_once_in_a_long_text(archive: Archive) -> None:
    put(archive, right=f"{FILLER} " * 20 + "hội nhập sâu", wrong="hối nhập sâu " * 30)
    assert found(archive, "hội nhập") == ["right"]
    assert found(archive, "hội nhập sâu") == ["right", "wrong"]


def test_bare_syllables_of_a_partly_accented_query_match_any_accents(archive: Archive) -> None:
    put(archive, right=f"hội nhập quốc tế {FILLER}", other=f"hội đồng quốc gia {FILLER}", more=FILLER)
    assert found(archive, "hội nhap quoc te")[0] == "right"


def test_articles_with_every_word_come_first(archive: Archive) -> None:
    put(archive, both=f"{FILLER} gạo {FILLER} {FILLER} {FILLER} sầu", one="gạo gạo gạo gạo", two="sầu sầu sầu")
    assert found(archive, "gạo sầu") == ["both"]


def test_whole_question_finds_articles_that_lack_some_of_its_words(archive: Archive) -> None:
    put(archive, answer=f"Vịnh Hạ Long được UNESCO công nhận năm 1994. {FILLER}", other=FILLER)
    assert found(archive, "Vịnh Hạ Long được công nhận là di sản thế giới khi nào?")[0] == "answer"


def test_two_words_that_never_meet_find_articles_with_one(archive: Archive) -> None:
    put(archive, one=f"gạo {FILLER}", two=f"sầu {FILLER}")
    assert set(found(archive, "gạo sầu")) == {"one", "two"}
    assert found(archive, "gạo sầu", Match.ALL) == []


def test_match_modes(archive: Archive) -> None:
    put(archive, a="một hai ba", b="một hai", c="ba bốn", d="năm")
    assert found(archive, "một hai ba", Match.ALL) == ["a"]
    assert set(found(archive, "một hai ba", Match.ANY)) == {"a", "b", "c"}


def test_code_asks_for_its_parts_together(archive: Archive) -> None:
    put(archive, whole="tăng 7,52% trong quý", apart="7 người và 52 xe", spaced="mục 7 52")
    assert found(archive, "7,52%") == ["whole"]
    assert found(archive, "7,52")[0] == "whole"


def test_stop_words_alone_find_articles(archive: Archive) -> None:
    put(archive, a="và của là", b=FILLER)
    assert found(archive, "và của") == ["a"]


def test_title_counts_more_than_body(archive: Archive) -> None:
    archive.store.put(
        [Article(id="title", title="Giá lúa", body=FILLER), Article(id="body", title="Tin", body=f"{FILLER} giá lúa")]
    )
    bring_in_sync(archive)
    assert found(archive, "giá lúa") == ["title", "body"]
    assert found(archive, "title:lúa") == ["title"]


def test_excluded_words_are_excluded_with_their_accents(archive: Archive) -> None:
    put(archive, a="đường phố", b="đường và dương", c="duong")
    assert found(archive, "đường -dương") == ["a"]
    assert found(archive, "đường -duong") == []


def test_words_that_match_nothing_do_not_loosen_the_rest_of_a_query(archive: Archive) -> None:
    put(archive, a="bóng đá", b="bóng chuyền", c="xe máy")
    assert found(archive, "(bóng xyzzyq) OR máy") == ["c"]
    assert set(found(archive, "bóng NOT (đá máy qqqzz)")) == {"a", "b"}


def test_and_wants_both_sides(archive: Archive) -> None:
    put(archive, both="giá lúa gạo và giá vàng bạc hôm nay", one="giá lúa gạo", other="giá vàng bạc")
    assert found(archive, "lúa gạo AND vàng bạc") == ["both"]


def test_phrase_with_accents_wants_bare_syllables_bare(archive: Archive) -> None:
    put(archive, right="tai nạn", wrong="tại nạn", many=" ".join(["tai"] * 3))
    assert found(archive, '"tai nạn"') == ["right"]
    assert set(found(archive, '"tai nan"')) == {"right", "wrong"}


def test_unfinished_syllable_is_not_respelled(archive: Archive) -> None:
    put(archive, a="quyết định", b="quý khách", c="hoàng hôn", d="quê hương")
    assert set(found(archive, "quy*")) == {"a", "b"}
    assert found(archive, "hoà*") == ["c"]
    assert "quyết định" in completions(archive, "quy", 5)
    assert "hoàng hôn" in completions(archive, "hoà", 5)


def test_mere_unaccented_matches_do_not_lead_by_date(archive: Archive) -> None:
    archive.store.put(
        [
            Article(id="right", body=f"giá vé số xổ {FILLER}", published="2020-01-01"),
            Article(id="wrong", body=f"nói về sổ xổ {FILLER}", published="2025-01-01"),
        ]
    )
    bring_in_sync(archive)
    newest = Request(parse("vé số xổ"), sort=Sort.NEWEST)
    assert [(hit.id, hit.relaxed) for hit in archive.engine.retrieve(newest).hits] == [
        ("right", False),
        ("wrong", True),
    ]


def test_minus_and_or(archive: Archive) -> None:
    put(archive, a="lúa gạo", b="lúa mì", c="ngô khoai")
    assert found(archive, "lúa -mì") == ["a"]
    assert set(found(archive, "gạo OR ngô")) == {"a", "c"}
    assert set(found(archive, "-lúa")) == {"c"}
    assert set(found(archive, "(gạo OR mì) -ngô")) == {"a", "b"}


def test_accent_exact_operator(archive: Archive) -> None:
    put(archive, a="đường phố", b="dương phố", c="duong phố")
    assert found(archive, "~đường") == ["a"]
    assert found(archive, "~duong") == ["c"]


def test_prefix(archive: Archive) -> None:
    put(archive, a="nghiên cứu", b="nghiêng", c="ngang")
    assert set(found(archive, "nghie*")) == {"a", "b"}
    assert set(found(archive, "nghiên*")) == {"a", "b"}
    assert found(archive, "nghiêng*") == ["b"]
    assert found(archive, '"nghie*"') == []


def test_phrase_does_not_join_title_and_body(archive: Archive) -> None:
    archive.store.put(
        [Article(id="a", title="hội nhập", body="quốc tế"), Article(id="b", title="x", body="hội nhập quốc tế")]
    )
    bring_in_sync(archive)
    assert found(archive, '"nhập quốc"') == ["b"]


def test_equal_scores_go_to_the_newer(archive: Archive) -> None:
    archive.store.put([Article(id=f"{year}", body="lúa gạo", published=f"{year}-01-01") for year in (2021, 2025, 2023)])
    bring_in_sync(archive)
    assert found(archive, "lúa") == ["2025", "2023", "2021"]


def test_very_long_article_is_highlighted_where_the_word_is(archive: Archive) -> None:
    put(archive, long=f"{FILLER}\n" * 8000 + "Chim lạc bay về.")
    answer = search(archive, SearchParameters(q="chim lạc"))
    assert answer.hits[0].body_html == ["<mark>Chim lạc</mark> bay về."]


def test_parts_of_an_explanation_sum_to_the_score(find: Callable[..., Answer]) -> None:
    for query in (
        "HNQT kinh tế HNQT",
        "hội nhập quốc tế kinh tế văn hóa OR giáo dục phát triển kinh tế xã hội",
        "hội nhập quốc tế là gì và vì sao phải hội nhập kinh tế",
    ):
        hits = find(query, explain=True).hits
        assert hits
        for hit in hits:
            assert sum((hit.explanation or {}).values()) == pytest.approx(hit.score, rel=1e-4)
