"""The query language: what is written becomes the tree that is meant, and any text has one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.parser import parse
from search.query import (
    And,
    Dates,
    Everything,
    Exact,
    Label,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Text,
    has_words,
    typed_tokens,
)


def day(year: int, month: int, number: int) -> int:
    return date(year, month, number).toordinal()


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("  \n", Everything()),
        ("hội nhập quốc tế", Text("hội nhập quốc tế")),
        ('"hội nhập"', Phrase("hội nhập")),
        ("“hội nhập”", Phrase("hội nhập")),
        ('hội "quốc tế" nhập', And((Text("hội"), Phrase("quốc tế"), Text("nhập")))),
        ("a b OR c d", Or((Text("a b"), Text("c d")))),
        ("a -b", And((Text("a"), Not(Text("b"))))),
        ("a NOT b", And((Text("a"), Not(Text("b"))))),
        ("a b AND c d", And((Text("a b"), Text("c d")))),
        ("AND a", Text("AND a")),
        ("title:(lúa gạo)", Text("lúa gạo", "title")),
        ("date:08/2025", Dates(day(2025, 8, 1), day(2025, 8, 31))),
        ("(a OR b) c", And((Or((Text("a"), Text("b"))), Text("c")))),
        ("Covid-19", Text("Covid-19")),
        ("14 - 15", Text("14 15")),
        ("title:lúa gạo", And((Text("lúa", "title"), Text("gạo")))),
        ('title:"giá lúa"', Phrase("giá lúa", "title")),
        ("source:Chinhphu.vn", Label("source", "Chinhphu.vn")),
        ('author:"Thùy Dung"', Label("author", "Thùy Dung")),
        ("date:2025-01..2025-08", Dates(day(2025, 1, 1), day(2025, 8, 31))),
        ("date:2024-02", Dates(day(2024, 2, 1), day(2024, 2, 29))),
        ("date:2024..", Dates(day(2024, 1, 1), None)),
        ("date:..2024", Dates(None, day(2024, 12, 31))),
        ("date:hôm", Text("date hôm")),
        ("http://a.vn", Text("http://a.vn")),
        ("khác:lạ", Text("khác:lạ")),
        ("ngh*", Prefix("ngh")),
        ("~đường", Exact("đường")),
        ("*", Nothing()),
        ('"', Nothing()),
        ("()", Nothing()),
        ('"chưa đóng', Text("chưa đóng")),
        ("((a", Text("a")),
        ("a))", Text("a")),
        ("a OR", Text("a")),
        ("OR a", Text("a")),
        ("NOT", Text("NOT")),
        ("-", Nothing()),
    ],
)
def test_trees(text: str, tree: Node) -> None:
    assert parse(text) == tree


@given(st.text(max_size=200) | st.text(alphabet='ab "()-~*:ORNTAD..2025title', max_size=80))
def test_any_text_has_a_tree(text: str) -> None:
    parse(text)


def test_deep_brackets_do_not_overflow() -> None:
    assert parse("(" * 900 + "a" + ")" * 900) == Text("a")
    parse("-(" * 900 + "a")
    parse("NOT " * 400 + "a")


@given(st.text(max_size=5) | st.text("a9_-.½²\u0301\u200bđＡ·、字", max_size=4))
def test_words_are_where_a_letter_or_a_digit_is(text: str) -> None:
    assert has_words(text) == (len(typed_tokens(text)) > 0)
