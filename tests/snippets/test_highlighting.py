"""Marks and passages, on any text and any query."""

from __future__ import annotations

import html
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.analyzer import analyze, words_across
from index.analysis.sentences import sentence_spans
from search.archive import Archive
from search.deadline import Deadline
from search.parameters import SearchParameters
from search.query.parser import parse
from search.service import search
from search.snippets.cuts import cut_sides
from search.snippets.fragments import fragments_of, render
from search.snippets.highlighter import Highlighter
from tests.plain_marks import plain_marks, plain_passages

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
def test_marks_and_passages_are_the_texts_own(text: str, query: str, size: int, scattered: bool) -> None:
    marks = Highlighter(parse(query)).marks(text, scattered=scattered)
    assert marks == sorted(marks)
    assert all(start < end for start, end in marks)
    assert all(before[1] <= after[0] for before, after in pairwise(marks))
    found = fragments_of([(text, marks)], 3, size)[0]
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
        marks = Highlighter(parse("đường hà nội")).marks(text, scattered=True)
        assert len(marks) >= 16_000
        assert 1 <= len(fragments_of([(text, marks)], 3, 180)[0]) <= 3


def marked(query: str, text: str, *, scattered: bool = False) -> list[str]:
    return [text[start:end] for start, end in Highlighter(parse(query)).marks(text, scattered=scattered)]


def test_a_word_is_marked_across_a_line_end_but_not_across_the_end_of_a_sentence() -> None:
    assert marked("hội nhập quốc tế", "hội\nnhập quốc tế") == ["hội", "nhập quốc tế"]
    assert marked('"hội nhập"', "hội\nnhập quốc tế") == ["hội", "nhập"]
    assert marked('"hội nhập"', "Tan hội. Nhập quốc tịch.") == []
    assert marked("hội nhập", "Tan hội.\n\nNhập quốc tịch.") == []


def test_a_word_is_marked_whole_or_not_at_all() -> None:
    text = "Ô nhiễm không chỉ ở phố, nhiều người phơi nhiễm không khí bẩn, ô nhiễm không khí nặng."
    assert marked("ô nhiễm không khí", text) == ["Ô nhiễm", "không khí", "ô nhiễm không khí"]
    assert marked("không khí", "không có khí, khí không màu") == []


def test_scattered_syllables_are_marked_only_where_asked_for() -> None:
    text = "Ca sáng, canh cá nấu chua, bác sĩ khám bệnh."
    assert marked("ca sĩ", text) == []
    assert marked("ca sĩ", text, scattered=True) == ["Ca", "sĩ"]
    text = "Ô nhiễm không chỉ ở phố. Phơi nhiễm không khí bẩn."
    assert marked("ô nhiễm không khí", text, scattered=True) == ["Ô nhiễm", "không khí"]
    assert marked("ô nhiễm không khí", "Phơi nhiễm không khí bẩn.", scattered=True) == ["nhiễm", "không khí"]


def test_a_phrase_with_the_end_of_a_sentence_and_a_grouped_number_are_marked() -> None:
    assert marked('"gạo lứt tốt. Giá rẻ"', "Gạo lứt tốt. Giá rẻ.") == ["Gạo lứt tốt. Giá rẻ"]
    assert marked("20500", "Giá 20.500 đồng") == ["20.500"]


def test_joining_words_are_not_marked_alone() -> None:
    text = "Làm sao để phòng bệnh cho trẻ em ở nhà? Ở đây ai để ý cho."
    assert marked("phòng bệnh ở trẻ em", text) == ["phòng bệnh", "trẻ em"]


def test_accents_of_the_query_decide() -> None:
    text = "đường dài, dương cầm, Giám đốc bị giam"
    assert marked("đường", text) == ["đường"]
    assert marked("duong", text) == ["đường", "dương"]
    assert marked("bắt tạm giam", text, scattered=True) == ["giam"]


PIECES = [
    *("hội", "Nhập", "quốc", "tế", "hoi", "kỹ", "kĩ", "KY", "quy", "qui", "và", "WTO", "w.t.o", ".", "…", ","),
    *("Greenland", "greenlander", "Greenhalgh", "gr", "greenlan"),
    *("59-NQ/TW", "nghị quyết số 059", "Covid-19", "covid19", "TP.HCM", "Tp. HCM", "GD-ĐT", "7,52%", "7.52"),
    *("1.000.000", "ngày 14 tháng 01 năm 2026", "14-1", "www.a-b.vn/x", "\u2028", "\n"),
    *("50km", "50 km", "km", "50"),
    *("45.000đ", "45.000 đồng", "37°C", "37 ℃", "18h30", "18:30", "18 giờ 30", "5*", "5 sao"),
    *("0912.345.678", "+84 912 345 678", "3 000 000", "51F-123.45", "51F12345", "su30mk2", "Su-30MK2", "3-4", "3/4"),
    *("19 tháng Tám", "19/8", "quý I/2025", "quý 1 năm 2025", "thế kỷ XXI", "21", "tháng Tư", "4", "H'Mông", "hmông"),
    *("C++", "C", "c#", ".NET", "net", "K+", "m²", "𝐇𝐚̀", "Hà", "Łódź", "lodz", "ß", "ss", "🇻🇳", "😀", "½"),
    *("ไทย", "iPhoneรุ่น", "東京", "京", "한국", "iphone16", "iPhone 16", "b2b", "a1b2"),
    *("e\u0301\u0302", "ho\u0323\u0302i", "\u200bhội", "te\u0302\u0301", "ﬁ", "Ðà"),
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda joint: joint.join(pieces))
)
QUERIES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).flatmap(
    lambda pieces: st.sampled_from(["{}", '"{}"', "~{}", "{}*", "-a {}"]).map(
        lambda form: form.format(" ".join(pieces))
    )
)


@given(st.lists(TEXTS, max_size=4), QUERIES, st.booleans(), st.integers(20, 200))
def test_marks_and_passages_are_those_found_plainly(texts: list[str], query: str, scattered: bool, size: int) -> None:
    highlighter = Highlighter(parse(query))
    marks = [plain_marks(highlighter, text, scattered=scattered) for text in texts]
    assert highlighter.marks_of(texts, scattered=scattered) == marks
    together = list(zip(texts, marks, strict=True))
    assert fragments_of(together, 3, size) == [plain_passages(*one, 3, size) for one in together]


@pytest.mark.parametrize("size", [30, 90, 180, 400])
def test_marks_and_passages_of_articles_are_those_found_plainly(seeds_archive: Archive, size: int) -> None:
    texts = [text for article in seeds_archive.store.articles() for text in (article.title, article.body)]
    texts += ["\u200b".join(texts), "\n".join(texts * 3), "ﬁ " + texts[1]]
    assert max(map(len, texts)) > 40_000 > len(texts[0]) + len(texts[1])
    shown = 0
    for query in (
        *texts[:8:2],
        "nghị quyết số 59",
        "nghị quyết 59",
        "HNQT",
        "ky thuat",
        "26/8",
        "2025",
        "quo*",
        "tp hcm",
    ):
        highlighter = Highlighter(parse(query[:80]))
        marks = [plain_marks(highlighter, text, scattered=False) for text in texts]
        assert highlighter.marks_of(texts) == marks
        together = list(zip(texts, marks, strict=True))
        found = fragments_of(together, 3, size)
        assert found == [plain_passages(*one, 3, size) for one in together]
        shown += sum(len(fragment.marks) for fragments in found for fragment in fragments)
    assert shown > 100


@given(TEXTS | st.text(max_size=60), st.integers(0, 80))
def test_word_across_an_offset_is_a_word_of_the_analysis(text: str, at: int) -> None:
    analysis = analyze(text)
    spans = [(analysis.tokens.starts[word.first], analysis.tokens.ends[word.end - 1]) for word in analysis.words]
    assert words_across([(text, at)])[0] == next(((start, end) for start, end in spans if start < at < end), None)


@given(TEXTS | st.text(alphabet='aB. .…!?\n"', max_size=60))
def test_sentences_of_a_line_do_not_depend_on_other_lines(text: str) -> None:
    by_line = []
    start = 0
    for line in text.split("\n"):
        by_line += sentence_spans(text, start, start + len(line))
        start += len(line) + 1
    assert by_line == sentence_spans(text)


@pytest.mark.parametrize(
    ("text", "passage", "cut"),
    [
        ("Một câu. Câu hai dài. Câu ba.", "Câu hai dài.", (False, False)),
        ("Một câu. Câu hai dài. Câu ba.", "Câu hai", (False, True)),
        ("Một câu. Câu hai dài. Câu ba.", "hai dài.", (True, False)),
        ("Một câu. Câu hai dài. Câu ba.", "câu. Câu hai", (True, True)),
        ("Một câu. Câu hai dài. Câu ba.", "Một câu. Câu hai dài. Câu ba.", (False, False)),
        ("Ông N. Bình ở TP. Vinh đến.", "Bình ở TP.", (True, True)),
        ('Ông nói: "Tôi đi." Rồi ông đi.', "Rồi ông đi.", (False, False)),
        ('Ông nói: "Tôi đi." Rồi ông đi.', 'Ông nói: "Tôi đi."', (False, False)),
        ("Chữ đầu trang\n\nCâu sau.", "Câu sau.", (False, False)),
        ("Chữ đầu trang\n\nCâu sau.", "Chữ đầu trang", (False, False)),
        ("Bảy mươi ký tự một dòng, như\nthư điện tử vẫn ngắt. Hết.", "Bảy mươi ký tự một dòng, như", (False, True)),
        ("Bảy mươi ký tự một dòng, như\nthư điện tử vẫn ngắt. Hết.", "thư điện tử vẫn ngắt.", (True, False)),
        ("Dòng đầu.\r\nDòng sau.", "Dòng sau.", (False, False)),
        (f"{'dài ' * 100}. Câu hai.", "Câu hai.", (False, False)),
    ],
)
def test_ellipses_stand_only_where_a_sentence_was_cut(text: str, passage: str, cut: tuple[bool, bool]) -> None:
    start = text.index(passage)
    assert cut_sides(text, start, start + len(passage)) == cut


def test_passages_of_whole_sentences_have_no_ellipsis(seeds_archive: Archive) -> None:
    both = set()
    for query in ("hội nhập quốc tế", "kinh tế", "việt nam", "phát triển"):
        for size in (40, 180, 600):
            for hit in search(seeds_archive, SearchParameters(q=query, fragment_size=size)).hits:
                article = seeds_archive.store.get(hit.article.id)
                assert article is not None
                shown = [html.unescape(re.sub("</?mark>", "", passage)) for passage in hit.body_html]
                for passage, (before, after) in zip(shown, hit.body_cut, strict=True):
                    lines = [line for line in article.body.splitlines() if passage in line]
                    spans = [[line[slice(*span)] for span in sentence_spans(line)] for line in lines]
                    begins = any(passage.startswith(one) for some in spans for one in some)
                    ends = any(passage.endswith(one) for some in spans for one in some)
                    assert not (before and begins)
                    assert not (after and ends)
                    both |= {(before, after)}
    assert both == {(False, False), (False, True), (True, False), (True, True)}


def test_hits_out_of_time_say_where_their_opening_ends(seeds_archive: Archive) -> None:
    hits = search(seeds_archive, SearchParameters(fragment_size=40), Deadline(0)).hits
    assert hits
    for hit in hits:
        assert "<mark>" not in hit.title_html
        assert list(hit.body_cut) == [(False, True)]
