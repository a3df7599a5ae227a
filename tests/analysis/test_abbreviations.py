"""Abbreviations are learned where articles define them, and searched both ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.analysis.abbreviations import definitions
from index.analysis.analyzer import analyze
from index.article import Article
from search.answer import Answer
from search.archive import Archive
from search.engine import Request
from search.parameters import SearchParameters
from search.query.parser import parse
from search.query.tree import Match
from search.rendering import marked_article
from search.runtime.index_follower import bring_in_sync
from search.service import abbreviations_in, search
from tests.conftest import numbers
from tests.engines.contract import article


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("về hội nhập quốc tế (HNQT) và", "hnqt", "hội nhập quốc tế"),
        ("công tác ngoại giao kinh tế (NGKT).", "ngkt", "ngoại giao kinh tế"),
        ("của Bộ Giáo dục và Đào tạo (GD-ĐT) vừa", "gdđt", "giáo dục và đào tạo"),
        ("với Liên hợp quốc (viết tắt là LHQ) hôm", "lhq", "liên hợp quốc"),
        ("Bộ luật tố tụng hình sự (sau đây gọi tắt là BLTTHS).", "bltths", "bộ luật tố tụng hình sự"),
        ("theo HNQT (hội nhập quốc tế) thì", "hnqt", "hội nhập quốc tế"),
        ("Uỷ ban nhân dân (UBND) tỉnh", "ubnd", "ủy ban nhân dân"),
        ("Hội đồng quản lý (gọi tắt là Hội đồng lý)", "hội đồng lí", "hội đồng quản lí"),
    ],
)
def test_definitions_are_read(text: str, short: str, long: str) -> None:
    assert [(found.short, found.long, found.kind) for found in definitions(analyze(text))] == [(short, long, "=")]


@pytest.mark.parametrize(
    "text",
    [
        "Ban Chỉ đạo quốc gia về hội nhập (HNX) (viết tắt là Ban Chỉ đạo)",  # the short form is part of the long
        "ông An (40 tuổi) nói", "(HNQT)", "tăng 5% (theo HSBC)", "giá vàng. (SJC)", "", "((((", "A (B) (viết tắt là)",
    ],
)  # fmt: skip
def test_what_defines_nothing_is_passed_over(text: str) -> None:
    assert [found for found in definitions(analyze(text)) if found.kind == "="] == []


@pytest.mark.parametrize(
    "text", ["a " + "(..)" * 100_000, "(a)" * 100_000, "(AB " * 100_000, "(AB) " * 60_000, "a." * 200_000 + "(AB)"]
)
def test_rows_of_signs_take_no_more_time_than_words(text: str) -> None:
    assert [found for found in definitions(analyze(text)) if found.kind == "="] == []


@pytest.fixture
def archive(archive: Archive) -> Archive:
    archive.store.put(
        [
            article("nghia", "Chính phủ thúc đẩy hội nhập quốc tế (HNQT) trong năm nay."),
            article("tat", "Đề án về HNQT được thông qua."),
            article("day-du", "Doanh nghiệp chủ động hội nhập quốc tế sâu rộng."),
            article("khac", "Giá lúa gạo tăng mạnh."),
        ]
    )
    bring_in_sync(archive)
    return archive


def found(archive: Archive, query: str) -> list[str]:
    return [hit.article.id for hit in search(archive, SearchParameters(q=query)).hits]


@pytest.mark.parametrize("query", ["HNQT", "hnqt"])
def test_an_abbreviation_finds_what_it_stands_for_below_itself(archive: Archive, query: str) -> None:
    ids = found(archive, query)
    assert set(ids[:2]) == {"nghia", "tat"}
    assert ids[2:] == ["day-du"]


def test_letters_without_their_marks_are_the_abbreviation(archive: Archive) -> None:
    archive.store.put(
        [article("a", "Kỳ họp Hội đồng nhân dân (HĐND) tỉnh."), article("b", "Đại biểu hội đồng nhân dân.")]
    )
    bring_in_sync(archive)
    for query in ("HĐND", "hđnd", "hdnd", "HDND"):
        assert found(archive, query) == ["a", "b"]


@pytest.mark.parametrize("query", ["hội nhập quốc tế", "hoi nhap quoc te", "Hội nhập Quốc tế"])
def test_a_long_form_finds_its_abbreviation_below_itself(archive: Archive, query: str) -> None:
    ids = found(archive, query)
    assert set(ids[:2]) == {"nghia", "day-du"}
    assert ids[2:] == ["tat"]


def test_what_was_typed_comes_first_in_longer_queries_too(archive: Archive) -> None:
    ending = "được bàn trong năm nay tại thành phố"
    archive.store.put([article("tat", f"HNQT {ending}."), article("day-du", f"Hội nhập quốc tế {ending}.")])
    archive.store.put([article("nghia", "Về hội nhập quốc tế (HNQT)."), article("khac", "Giá lúa gạo tăng mạnh.")])
    bring_in_sync(archive)
    assert found(archive, f"HNQT {ending}")[:2] == ["tat", "day-du"]
    assert found(archive, f"hội nhập quốc tế {ending}")[:2] == ["day-du", "tat"]


def test_an_alternative_counts_no_more_than_half_of_what_was_typed(archive: Archive) -> None:
    for query in ("HNQT", "hội nhập quốc tế"):
        hits = archive.engine.retrieve(Request(archive.expand(parse(query)), match=Match.ANY, explain=True)).hits
        parts = {hit.id: hit.explanation or {} for hit in hits}
        said = [sum(of.values()) for of in parts.values() if any(name.startswith("for ") for name in of)]
        typed = [sum(of.values()) for of in parts.values() if not any(name.startswith("for ") for name in of)]
        assert said
        assert max(said) < min(typed)


def test_other_accents_are_not_the_long_form(archive: Archive) -> None:
    assert "tat" not in found(archive, "hồi nhập quốc tế")


def test_every_way_to_match_takes_abbreviations(archive: Archive) -> None:
    for query in ("đề án hội nhập quốc tế", "title:HNQT OR (thông qua hội nhập quốc tế)"):
        assert "tat" in found(archive, query)
    assert "tat" not in found(archive, '"hội nhập quốc tế"')


def test_the_definition_goes_with_its_article(archive: Archive) -> None:
    archive.store.delete(["nghia"])
    bring_in_sync(archive)
    assert found(archive, "HNQT") == ["tat"]
    assert found(archive, "hội nhập quốc tế") == ["day-du"]


def test_what_the_answer_searched_for_is_said_and_marked(archive: Archive) -> None:
    answer = search(archive, SearchParameters(q="HNQT"))
    assert list(answer.expanded) == ["hội nhập quốc tế"]
    marked = {hit.article.id: hit.body_html[0] for hit in answer.hits}
    assert "<mark>hội nhập quốc tế</mark>" in marked["day-du"]
    assert "<mark>HNQT</mark>" in marked["tat"]
    page = marked_article(archive, archive.store.get_many(["day-du"])["day-du"], "HNQT")
    assert "<mark>hội nhập quốc tế</mark>" in page[1]


def test_foreign_abbreviations_mean_what_most_articles_put_before_them(archive: Archive) -> None:
    openings = ["Theo", "Báo cáo của", "Ngày 5-3, đại diện", "Trong khi đó,"]
    archive.store.put(
        [article(f"{n}", f"{text} Tổ chức Y tế thế giới (WHO) cho biết.") for n, text in enumerate(openings)]
    )
    archive.store.put([article("x", "Tổ chức Y tế thế giới khuyến cáo."), article("y", "Đại diện WHO có mặt.")])
    archive.store.put(
        [article("z", "Chị Lan, quận Tân Bình (TP.HCM) kể."), article("q", "Anh Minh, huyện Củ Chi (TP.HCM) kể.")]
    )
    bring_in_sync(archive)
    assert list(search(archive, SearchParameters(q="WHO")).expanded) == ["tổ chức y tế thế giới"]
    assert found(archive, "WHO")[-1] == "x"
    assert found(archive, "tổ chức y tế thế giới")[-1] == "y"
    (archive.home / "synonyms.txt").write_text("!places off\n", "utf-8")
    assert list(search(archive, SearchParameters(q="TP.HCM")).expanded) == []


def test_a_small_word_is_no_abbreviation(archive: Archive) -> None:
    openings = ["Họ dùng", "Nhờ có", "Sự phát triển của"]
    archive.store.put([article(f"{n}", f"{text} trí tuệ nhân tạo (AI).") for n, text in enumerate(openings)])
    bring_in_sync(archive)
    assert list(search(archive, SearchParameters(q="ai")).expanded) == []
    assert list(search(archive, SearchParameters(q="AI")).expanded) == ["trí tuệ nhân tạo"]


def test_seeds_learn_their_abbreviations(find: Callable[..., Answer]) -> None:
    assert list(find("HNQT").expanded) == ["hội nhập quốc tế"]
    assert numbers(find("HNQT"))[0] == "000"
    assert set(numbers(find("HNQT"))) == {"000", "001", "002", "003"}
    assert list(find("ngoại giao kinh tế").expanded) == ["NGKT"]


@pytest.mark.parametrize(
    ("text", "defined"),
    [
        ("Về hội nhập quốc tế (HNQT) và hội nhập.", [("HNQT", "hội nhập quốc tế")]),
        ("Theo HNQT (Hội nhập  quốc tế) thì", [("HNQT", "Hội nhập  quốc tế")]),
        ("Bộ Giáo dục và Đào tạo (GD-ĐT) vừa", [("GD-ĐT", "Giáo dục và Đào tạo")]),
        ("Uỷ ban nhân dân (UBND) tỉnh", [("UBND", "Uỷ ban nhân dân")]),
        ("Lúa (xem trang 3) và ngô (NGÔ)", []),
        ("Liên đoàn bóng đá Thế giới (FIFA)", []),
        ("Hội nhập quốc tế (HNQT).\nHà Nội, hội nhập Quốc tế (HNQT).\nLiên hợp quốc (LHQ)",
         [("HNQT", "Hội nhập quốc tế"), ("LHQ", "Liên hợp quốc")]),
        ("", []),
    ],
)  # fmt: skip
def test_definitions_of_an_article_are_listed_as_written(text: str, defined: list[tuple[str, str]]) -> None:
    assert abbreviations_in(Article(id="a", title="Lúa gạo", body=text)) == defined
    assert abbreviations_in(Article(id="a", title=text.partition("\n")[0], body=text)) == defined
