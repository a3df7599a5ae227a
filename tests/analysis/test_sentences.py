"""Where sentences end, for syllables that stand in a row."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.analyzer import analyze
from index.analysis.sentences import sentence_spans, sentence_starts

WRAPPED = (
    "Chiều qua, đoàn công tác do Thủ tướng Phạm\n"
    "Minh Chính dẫn đầu đã đến thăm bà con vùng\n"
    "lũ ở xã Trà Leng.\n"
    "Nhiều nhà đã dựng lại\n"
    "\n"
    "Tin liên quan"
)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Giá vàng tăng. Sáng nay lặng gió", ["Giá vàng tăng.", "Sáng nay lặng gió"]),
        ("Thật không? Thật! Rồi… Đi", ["Thật không?", "Thật!", "Rồi…", "Đi"]),
        ("“Tôi đi.” Bà nói", ["“Tôi đi.”", "Bà nói"]),
        ("Ông hỏi: đi chưa? rồi cười", ["Ông hỏi: đi chưa? rồi cười"]),
        ("Ở TP. Hồ Chí Minh và TP.HCM", ["Ở TP. Hồ Chí Minh và TP.HCM"]),
        ("GS. Nguyễn Lân, ThS. Mai, ông N. Bình", ["GS. Nguyễn Lân, ThS. Mai, ông N. Bình"]),
        ("Tăng 7.5 điểm, còn 1.000 đồng", ["Tăng 7.5 điểm, còn 1.000 đồng"]),
        ("Giá\nvàng tăng", ["Giá\nvàng tăng"]),
        ("Hồ Chí\nMinh", ["Hồ Chí\nMinh"]),
        ("Giá\n\nvàng", ["Giá", "vàng"]),
        ("Tin vắn\nHôm nay trời đẹp, gió nhẹ", ["Tin vắn", "Hôm nay trời đẹp, gió nhẹ"]),
        ("- gạo\n- ngô", ["- gạo", "- ngô"]),
        ("x" * 130 + "\nNgười", ["x" * 130, "Người"]),
        (
            WRAPPED,
            [
                WRAPPED.partition("Nhiều")[0].strip(),
                "Nhiều nhà đã dựng lại",
                "Tin liên quan",
            ],
        ),
    ],
)
def test_sentences_of_a_text(text: str, sentences: list[str]) -> None:
    bounds = [0, *sentence_starts(text), len(text)]
    found = [text[start:end].strip() for start, end in pairwise(bounds)]
    assert [sentence for sentence in found if sentence] == sentences


@given(st.text(max_size=80) | st.text('aB. .\u2026!?\\n"-TP', max_size=60))
def test_positions_leave_a_gap_where_a_sentence_ends(text: str) -> None:
    starts = sentence_starts(text)
    assert starts == sorted(set(starts))
    assert all(0 < start <= len(text) for start in starts)
    analysis = analyze(text)
    steps = [after - before for before, after in pairwise(analysis.positions)]
    assert all(step >= 1 for step in steps)
    places = analysis.tokens.canonical_starts
    parted = [
        any(one < start <= other for start in sentence_starts(analysis.tokens.canonical))
        for one, other in pairwise(places)
    ]
    assert [step > 1 for step in steps] == parted


def test_sentences_of_one_line_end_alike_for_passages_and_for_positions() -> None:
    text = "Ông N. Bình ở TP. Vinh nói... rồi đi. TP.HCM tăng 7.5 điểm! Hết? Chưa."
    assert [start for start, _ in sentence_spans(text)][1:] == [start + 1 for start in sentence_starts(text)]
