"""Marks and passages, on any text and any query."""

from __future__ import annotations

import html
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentence_spans
from search.highlight import Highlighter
from search.parser import parse
from search.passages import passages, render

WORDS = st.lists(
    st.sampled_from(
        [
            "hội",
            "nhập",
            "quốc",
            "tế",
            "Hội",
            "hoi",
            "59-NQ/TW",
            "7,52%",
            ".",
            "\n",
            "<b>",
            "&",
            "e\u0301\u0302",
            "…",
            "và",
        ]
    ),
    max_size=60,
).map(" ".join)


@given(WORDS | st.text(max_size=120), WORDS, st.integers(20, 200), st.booleans())
def test_marks_and_passages_are_the_texts_own(text: str, query: str, size: int, lone: bool) -> None:
    marks = Highlighter(parse(query)).marks(text, lone=lone)
    assert marks == sorted(marks)
    assert all(start < end for start, end in marks)
    assert all(before[1] <= after[0] for before, after in pairwise(marks))
    found = passages(text, marks, 3, size)
    for passage in found:
        shown = render(text, passage.start, passage.end, passage.marks)
        assert html.unescape(re.sub("</?mark>", "", shown)) == text[passage.start : passage.end]
        assert not re.search(r"<(?!/?mark>)", shown)
        assert "\n" not in text[passage.start : passage.end]
    ordered = sorted(found, key=lambda passage: passage.start)
    assert all(before.end <= after.start for before, after in pairwise(ordered))
    if marks and text.strip():
        assert all(passage.marks for passage in found)


@given(st.text(max_size=200) | st.text(alphabet='aB. .…!?\n"', max_size=60))
def test_sentences_cover_every_visible_character(text: str) -> None:
    spans = sentence_spans(text)
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())


def test_full_stops_inside_a_sentence() -> None:
    text = "Ông N. Bình nói... rồi đi. TP.HCM tăng 7.5 điểm! Hết?"
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Ông N. Bình nói... rồi đi.",
        "TP.HCM tăng 7.5 điểm!",
        "Hết?",
    ]


def test_rows_of_dots_and_lines_of_marks_are_no_trap() -> None:
    """Each took minutes when the work grew with the square, or the power, of the length."""
    assert len(sentence_spans("Họ và tên:" + "." * 20_000 + "(ghi rõ) " + ". " * 20_000)) >= 1
    for text in ("đường " * 30_000, "Đi đường. " * 18_000, "Hà Nội 25 độ, " * 16_000):
        marks = Highlighter(parse("đường hà nội")).marks(text, lone=True)
        assert len(marks) >= 16_000
        assert 1 <= len(passages(text, marks, 3, 180)) <= 3


def test_mark_does_not_cross_a_line() -> None:
    text = "hội\nnhập quốc tế"
    assert [text[start:end] for start, end in Highlighter(parse("hội nhập quốc tế")).marks(text)] == ["nhập quốc tế"]
    assert [text[start:end] for start, end in Highlighter(parse('"hội nhập"')).marks(text)] == ["hội", "nhập"]


def test_joining_words_are_not_marked_alone() -> None:
    text = "Làm sao để phòng bệnh cho trẻ em ở nhà? Ở đây ai để ý cho."
    marked = [text[start:end] for start, end in Highlighter(parse("phòng bệnh ở trẻ em")).marks(text)]
    assert marked == ["phòng bệnh", "trẻ em"]


def test_accents_of_the_query_decide_where_the_text_has_them() -> None:
    both, other = "đường dài, dương cầm", "dương cầm"
    assert [both[start:end] for start, end in Highlighter(parse("đường")).marks(both)] == ["đường"]
    assert [other[start:end] for start, end in Highlighter(parse("đường")).marks(other)] == ["dương"]
