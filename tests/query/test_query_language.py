"""The query language: what is written becomes the tree that is meant, and any text has one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.query.parser import parse
from search.query.tree import (
    AccentExact,
    And,
    DateRange,
    FieldFilter,
    MatchAll,
    MatchNone,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Words,
    has_words,
    typed_tokens,
)


def day(year: int, month: int, number: int) -> int:
    return date(year, month, number).toordinal()


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", MatchAll()),
        ("  \n", MatchAll()),
        ("hội nhập quốc tế", Words("hội nhập quốc tế")),
        ('"hội nhập"', Phrase("hội nhập")),
        ("“hội nhập”", Phrase("hội nhập")),
        ('hội "quốc tế" nhập', And((Words("hội"), Phrase("quốc tế"), Words("nhập")))),
        ("a b OR c d", Or((Words("a b"), Words("c d")))),
        ("a -b", And((Words("a"), Not(Words("b"))))),
        ("a NOT b", And((Words("a"), Not(Words("b"))))),
        ("a b AND c d", And((Words("a b"), Words("c d")))),
        ("AND a", Words("AND a")),
        ("title:(lúa gạo)", Words("lúa gạo", "title")),
        ("date:08/2025", DateRange(day(2025, 8, 1), day(2025, 8, 31))),
        ("(a OR b) c", And((Or((Words("a"), Words("b"))), Words("c")))),
        ("Covid-19", Words("Covid-19")),
        ("14 - 15", Words("14 - 15")),
        ("nhiệt độ -5 độ", Words("nhiệt độ -5 độ")),
        ("nhiệt F -35", Words("nhiệt F -35")),
        ("-5 độ", And((Not(Words("5")), Words("độ")))),
        ("gạo OR -5", Or((Words("gạo"), Not(Words("5"))))),
        ("gạo (-5)", And((Words("gạo"), Not(Words("5"))))),
        ("gạo -nếp -5", And((Words("gạo"), Not(Words("nếp")), Not(Words("5"))))),
        ("xăng -RON95", And((Words("xăng"), Not(Words("RON95"))))),
        ("khách sạn 5*", Words("khách sạn 5*")),
        ("khách sạn 50*", And((Words("khách sạn"), Prefix("50")))),
        ("ng*n lúa", Words("ng*n lúa")),
        ("lúa^3 gạo~2", Words("lúa gạo")),
        ('"lúa gạo"~5 mùa', And((Phrase("lúa gạo"), Words("mùa")))),
        ("10^6 km^2", Words("10^6 km^2")),
        ("title:lúa gạo", And((Words("lúa", "title"), Words("gạo")))),
        ('title:"giá lúa"', Phrase("giá lúa", "title")),
        ("source:Chinhphu.vn", FieldFilter("source", "Chinhphu.vn")),
        ('author:"Thùy Dung"', FieldFilter("author", "Thùy Dung")),
        ("date:2025-01..2025-08", DateRange(day(2025, 1, 1), day(2025, 8, 31))),
        ("date:2024-02", DateRange(day(2024, 2, 1), day(2024, 2, 29))),
        ("date:2024..", DateRange(day(2024, 1, 1), None)),
        ("date:..2024", DateRange(None, day(2024, 12, 31))),
        ("date:hôm", Words("date hôm")),
        ("http://a.vn", Words("http://a.vn")),
        ('Công an bắt "trùm" cho vay nặng lãi', Words("Công an bắt trùm cho vay nặng lãi")),
        ("Bà nói: “Tôi vô tội” trước phiên tòa (sơ thẩm)", Words("Bà nói: Tôi vô tội trước phiên tòa sơ thẩm")),
        ('Công an bắt "trùm" cho vay nặng lãi link:x', Words("Công an bắt trùm cho vay nặng lãi link: x")),
        ('bắt "trùm" cho vay', And((Words("bắt"), Phrase("trùm"), Words("cho vay")))),
        ('"cho vay nặng lãi ở các huyện vùng cao"', Phrase("cho vay nặng lãi ở các huyện vùng cao")),
        (
            'công an bắt nhóm cho vay nặng lãi -"tín dụng"',
            And((Words("công an bắt nhóm cho vay nặng lãi"), Not(Phrase("tín dụng")))),
        ),
        ("khác:lạ", Words("khác:lạ")),
        ("ngh*", Prefix("ngh")),
        ("~đường", AccentExact("đường")),
        ("*", MatchNone()),
        ('"', MatchNone()),
        ("()", MatchNone()),
        ('"chưa đóng', Words("chưa đóng")),
        ("((a", Words("a")),
        ("a))", Words("a")),
        ("a OR", Words("a")),
        ("OR a", Words("a")),
        ("NOT", Words("NOT")),
        ("-", MatchNone()),
    ],
)
def test_trees(text: str, tree: Node) -> None:
    assert parse(text) == tree


@given(st.text(max_size=200) | st.text(alphabet='ab "()-~*:ORNTAD..2025title', max_size=80))
def test_any_text_has_a_tree(text: str) -> None:
    parse(text)


def test_deep_brackets_do_not_overflow() -> None:
    assert parse("(" * 900 + "a" + ")" * 900) == Words("a")
    parse("-(" * 900 + "a")
    parse("NOT " * 400 + "a")


@given(st.text(max_size=5) | st.text("a9_-.½²\u0301\u200bđＡ·、字", max_size=4))
def test_words_are_where_a_letter_or_a_digit_is(text: str) -> None:
    assert has_words(text) == (len(typed_tokens(text)) > 0)
