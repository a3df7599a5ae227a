"""Figures in any spelling: numbers with units, days, times and codes meet in one code, and ranges are no day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import codes as finder
from index.analysis.figures import _CANONICAL_UNIT as UNITS
from index.analysis.tokenizer import cut_chunk, tokenize
from search.query.parser import parse
from search.snippets.highlighter import Highlighter

DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
WORDS = ("Giêng", "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Mười Một", "Mười Hai")
MEASURES = ["năm tù", "tháng", "ngày", "giờ", "lần", "triệu đồng", "tỷ", "%", "km", "tuổi", "người", "con bò", "độ C"]
RANKS = ["khoảng", "xếp hạng", "tỷ số", "thắng", "thua", "lớp", "cấp", "gấp", "chiếm", "phòng"]


AROUND = [
    *(" ngày", " tháng", " năm", " quý", " thứ", " lúc", " từ", " và", " số", " nghị định", " luật", " TT", " TP. HCM"),
    *(" giờ", " g", " h", " phút", " km", " %", "  %", "  €", "%", "°", "$", " - 5", "-5", "/5", ",5", ".000", " 000"),
    *(" Giêng", " mười", " hai", " II", " 2025", "+", "(", ")", ":", "–", ",", ".", "\n", " ", "  "),
]


def codes(text: str) -> set[str]:
    return {code.text for code in tokenize(f"Theo đó, {text}, báo viết.").codes}


def whole(text: str) -> bool:
    """Tell whether some code covers all syllables of ``text``."""
    tokens = tokenize(text)
    return any((code.first, code.end) == (0, len(tokens)) for code in tokens.codes)


@given(DAYS)
def test_a_full_date_meets_in_every_spelling(day: date) -> None:
    d, m, y = day.day, day.month, day.year
    spellings = [f"{d}/{m}/{y}", f"{d:02}-{m:02}-{y}", f"{d}.{m}.{y}", f"{y}-{m:02}-{d:02}"]
    spellings += [
        f"ngày {d} tháng {m} năm {y}",
        f"ngày {d}/{m}/{y}",
        f"ngày {d} tháng {m}/{y}",
        f"ngày {d}-{m} năm {y}",
    ]
    spellings += [f"{d} tháng {WORDS[m - 1]} năm {y}", f"ngay {d} thang {m} nam {y}"]
    wanted = {f"{d}/{m}/{y}", f"{d}/{m}", f"{m}/{y}"}
    for text in spellings:
        assert wanted <= codes(text), text
        assert whole(text), text


@given(DAYS, st.sampled_from(["ngày", "Ngày", "hôm", "mùng"]), st.sampled_from(["-", "/", "."]))
def test_a_day_that_is_said_to_be_one_is_a_day(day: date, before: str, sign: str) -> None:
    assert codes(f"{before} {day.day}{sign}{day.month}") == {f"{day.day}/{day.month}"}


@given(DAYS, st.sampled_from(MEASURES), st.sampled_from(["-", "/"]))
def test_a_range_or_share_of_something_measured_is_no_day(day: date, what: str, sign: str) -> None:
    assert f"{day.day}/{day.month}" not in codes(f"hơn {day.day}{sign}{day.month} {what}")
    assert f"{day.day}/{day.month}" not in codes(f"cần {day.day}{sign}{day.month} {what}")


@given(DAYS, st.sampled_from(RANKS), st.sampled_from(["-", "/"]))
def test_a_rank_or_score_is_no_day(day: date, before: str, sign: str) -> None:
    assert f"{day.day}/{day.month}" not in codes(f"{before} {day.day}{sign}{day.month}")


@given(st.integers(1, 28), st.integers(1, 12), st.integers(1, 3))
def test_a_range_of_days_has_its_first_and_last(first: int, month: int, more: int) -> None:
    wanted = {f"{first}/{month}", f"{first + more}/{month}"}
    for text in (f"{first}-{first + more}/{month}", f"ngày {first}-{first + more} tháng {month}"):
        assert wanted <= codes(text), text


@given(st.integers(1, 4), st.integers(1990, 2050))
def test_a_quarter_meets_in_every_spelling_and_is_no_month(number: int, year: int) -> None:
    roman = ("I", "II", "III", "IV")[number - 1]
    for text in (f"quý {number}/{year}", f"quý {roman}/{year}", f"Quý {roman} năm {year}", f"quí {number} năm {year}"):
        assert codes(text) == {f"quý{number}", f"quý{number}/{year}"}, text


@given(st.integers(0, 24), st.integers(0, 59))
def test_a_time_meets_in_every_spelling(hour: int, minute: int) -> None:
    spellings = [
        f"{hour}h{minute:02}",
        f"{hour:02}h{minute:02}",
        f"{hour:02}:{minute:02}",
        f"{hour} giờ {minute:02} phút",
    ]
    assert set.intersection(*map(codes, spellings))


@given(st.integers(1, 10**9), st.sampled_from(sorted(UNITS)))
def test_a_number_and_its_unit_meet_in_every_spelling(number: int, unit: str) -> None:
    grouped, comma = f"{number:,}".replace(",", "."), f"{number:,}"
    found = [codes(f"{figures}{space}{unit}") for figures in (grouped, comma, str(number)) for space in ("", " ")]
    assert f"{number}{UNITS[unit]}" in set.intersection(*found)
    assert grouped.isdecimal() or str(number) in found[0]


@given(st.integers(1, 999), st.integers(0, 99), st.sampled_from(["km", "kg", "%", "ha"]))
def test_a_decimal_meets_with_point_and_comma(whole_part: int, fraction: int, unit: str) -> None:
    texts = [f"{whole_part}{sign}{fraction:02}{space}{unit}" for sign in ".," for space in ("", " ")]
    decimal = f"{whole_part},{f'{fraction:02}'.rstrip('0') or '00'}"
    assert set.intersection(*map(codes, texts)) == {decimal, f"{decimal}{unit}"}


def test_a_number_that_may_be_either_is_both() -> None:
    assert codes("2,577 triệu") == {"2,577", "2577", "2,577triệu", "2577triệu"}
    assert codes("0,987mg/l") == {"0,987", "0,987mg"}
    assert codes("2.577 triệu") == {"2577", "2577triệu"}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("ngày 17 và 18-11", {"17/11", "18/11"}),
        ("từ 5 đến 11/7", {"5/7", "11/7"}),
        ("đêm 24 đến rạng sáng ngày 25-11", {"24/11", "25/11"}),
        ("ngày 12, 15 và 16-4", {"12/4", "15/4", "16/4"}),
        ("ngày 20 tháng 11 và 21 tháng 11", {"20/11", "21/11"}),
        ("ngày 11-9 đến 11-11-2024", {"11/9", "11/9/2024", "9/2024", "11/11", "11/11/2024", "11/2024"}),
        ("từ tháng 6 đến tháng 10-2024", {"6/2024", "10/2024"}),
        ("tháng 5-6/2025", {"5/2025", "6/2025"}),
        ("tháng 9-10-2024", {"9/2024", "10/2024"}),
        ("sáng 22-11 giờ Việt Nam", {"22/11"}),
        ("5 tháng sau", set()),
        ("trong vòng 12 tháng sau khi sinh", set()),
        ("7 đồng chí, tối đa 5 lần, kỷ luật 14 người", set()),
        ("mạng xã hội X", set()),
        ("7h-9h30", {"7h", "9h30"}),
        ("1.000-5.000 km", {"1000", "5000", "1000-5000", "5000km"}),
        ("51G – 452.82", {"51g45282"}),
    ],
)
def test_what_news_write(text: str, days: set[str]) -> None:
    assert codes(text) == days


@given(st.from_regex("0[35789][0-9]{8}", fullmatch=True))
def test_a_telephone_number_meets_in_every_spelling(number: str) -> None:
    parts = (number[:4], number[4:7], number[7:])
    for text in (
        ".".join(parts),
        " ".join(parts),
        "-".join(parts),
        f"+84{number[1:]}",
        f"+84 {number[1:4]} {number[4:]}",
    ):
        assert codes(text) == {number}, text
        assert whole(text), text
    assert number in tokenize(number).exact


SEGMENTS = st.lists(
    st.from_regex("[A-Z]{1,4}", fullmatch=True) | st.from_regex("[0-9]{1,4}", fullmatch=True), min_size=2, max_size=5
).filter(lambda parts: any(map(str.isalpha, parts)) and any(map(str.isdecimal, parts)) and parts[0].isalpha())


@given(SEGMENTS, st.sampled_from(["-", ".", "/", "&"]))
def test_a_code_meets_in_every_spelling(parts: list[str], sign: str) -> None:
    joined = "".join(parts)
    assert joined.lower() in codes(sign.join(parts))
    tokens = tokenize(joined)
    assert joined.lower() in {code.text for code in tokens.codes}
    assert whole(sign.join(parts))
    assert whole(joined)


@pytest.mark.parametrize(
    ("query", "text", "marks"),
    [
        ("50km", "Đi 50 km nữa.", ["50 km"]),
        ("50 km", "Đi 50km nữa.", ["50km"]),
        ("45.000 đồng", "Giá 45.000đ/kg.", ["45.000đ"]),
        ("9h", "Từ 7h-9h, 100g/m2.", ["9h"]),
        ("18h30", "Lúc 18 giờ 30 phút, lúc 18:30.", ["18 giờ 30 phút", "18:30"]),
        ("0912345678", "Gọi +84 912 345 678 nhé.", ["84 912 345 678"]),
        ("51F12345", "Xe 51F-123.45 chạy.", ["51F-123.45"]),
        ("su30mk2", "Chiếc Su-30MK2 bay.", ["Su-30MK2"]),
        ("19/8/1945", "Ngày 19 tháng Tám năm 1945 ấy.", ["Ngày 19 tháng Tám năm 1945"]),
        ("0912345678", "Gọi 0084912345678 nhé.", ["0084912345678"]),
        ("quý 1/2025", "GDP quý I năm 2025 tăng.", ["quý I năm 2025"]),
        ('"51F12345"', "Xe 51F-123.45 chạy.", ["51F-123.45"]),
        ('"19/8"', "Từ 19 tháng Tám.", ["19 tháng Tám"]),
        ("12,5 km", "Dài 12.50 km, tỷ lệ 12,5.", ["12.50 km"]),
        ("7,5", "Tăng 7,50 điểm.", ["7,50"]),
        ("C++", "Viết C++ và C.", ["C++"]),
        ("việt nam", "Việt\u200b Na\u00adm+ gì.", ["Việt\u200b Na\u00adm"]),
        ("C", "Viết C++ và C.", ["C"]),
        (".net", "Học .NET (.NET) ngay.", [".NET", ".NET"]),
        ("khách sạn 5*", "Khách sạn 5 sao mới.", ["Khách sạn 5 sao"]),
        ("khách sạn 5 sao", "Khách sạn 5* mới.", ["Khách sạn 5*"]),
        ("hà nội", "𝐇𝐚̀ 𝐍𝐨̣̂𝐢 vào thu", ["𝐇𝐚̀ 𝐍𝐨̣̂𝐢"]),
        ("75 m2", "Căn 75㎡ đẹp", ["75㎡"]),
        ("thế kỷ 21", "Vào thế kỷ XXI này", ["thế kỷ XXI"]),
        ("hmông", "Người H'Mông", ["H'Mông"]),
        ("ไทย", "ประเทศไทย", ["ไทย"]),
        ("🇻🇳", "Vui 🇻🇳 lên", ["🇻🇳"]),
    ],
)
def test_marks_cover_the_whole(query: str, text: str, marks: list[str]) -> None:
    assert [text[start:end] for start, end in Highlighter(parse(query)).marks(text)] == marks


@pytest.mark.parametrize(
    "text",
    [
        *(f"tháng {'1' * 5000}", f"{'1' * 5000} tháng 5", f"5 tháng {'1' * 5000}", f"tháng Năm năm {'1' * 5000}"),
        *("quý İ-2", "quý ı-2", "5 kılogam", "5 mİlilít", "ngày ٣ tháng ٤", "quý ٣/٢٠٢٥"),
    ],
    ids=lambda text: text[:12],
)
def test_no_figures_and_no_letters_are_an_error(text: str) -> None:
    assert len(tokenize(text)) > 1


@pytest.mark.parametrize("piece", ["1,5-", "1:30-", "1km-", "a1"])
def test_a_run_ends_after_a_thousand_syllables(piece: str) -> None:
    """A run is read again after each code in it, so a long one would take the square of its length."""
    assert all(run.end - run.first <= 1001 for run in cut_chunk(piece * 5000).runs)


@given(
    st.lists(st.sampled_from(AROUND), max_size=4),
    st.integers(1, 10**8).map(str),
    st.lists(st.sampled_from(AROUND), max_size=4),
)
def test_a_number_is_passed_over_only_if_nothing_makes_it_a_code(
    before: list[str], number: str, after: list[str]
) -> None:
    text = "".join([*before, " ", number, *after])
    with pytest.MonkeyPatch.context() as patch:
        found = tokenize(text).codes
        patch.setattr(finder, "_is_bare", lambda run, around: False)
        assert tokenize(text).codes == found
