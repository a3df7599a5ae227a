"""A query typed otherwise than meant is corrected by the articles' own words; a good one is left alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.analysis.tokenizer import tokenize
from search.answer import Answer
from search.archive import Archive
from search.query.parser import plain_words
from search.spelling.corrections import correct
from tests.conftest import SEEDS

MEANT = "hội nhập quốc tế"
Find = Callable[..., Answer]


@pytest.mark.parametrize(
    "typed",
    [
        "hội nhập quốc tê",
        "hội nhập quốc tệ",
        "hồi nhập quốc tế",
        "hội nhâp quôc tế",
        "hội nhap quoc te",
        "hội nhập quoc tế",
        "HỘI NHẬP QUỐC TÊ",
        unicodedata.normalize("NFD", "hội nhập quốc tê"),
        "hoinhapquocte",
        "hộinhậpquốctế",
        "HOINHAPQUOCTE",
        "HộiNhậpQuốcTế",
        "hoinhap quocte",
        "hoi nhapquocte",
        "hội nhậpquốctế",
        "hội nhập quôctế",
        "hooij nhaapj quoocs tees",
        "hoojij nhajaap quosoc tees",
        "HOOIJ NHAAPJ QUOOCS TEES",
        "hooijnhaapjquoocstees",
        "ho65i nha65p quo61c te61",
        "HO65I NHA65P QUO61C TE61",
        "hoi65 nhap65 quoc61 te61",
        "ho65inha65pquo61cte61",
        "hooij nhập quốc tế",
        "hội nhập quoocs tế",
        "hội nhập quốc te61",
        "hooij nha65p quốc tế",
    ],
)
def test_every_way_of_typing_it_wrongly(find: Find, typed: str) -> None:
    assert find(typed).corrected == MEANT


@pytest.mark.parametrize(
    "typed",
    [
        MEANT,
        "HỘI NHẬP QUỐC TẾ",
        "Hội nhập quốc tế",
        unicodedata.normalize("NFD", MEANT),
        "hoi nhap quoc te",
        "HOI NHAP QUOC TE",
        "thoả thuận",
        "thỏa thuận",
        "kỹ thuật",
        "kĩ thuật",
        "",
        "  ",
        "covid",
        "Covid-19",
        "covid19",
        "class",
        "test",
        "been",
        "2025",
        "59-NQ/TW",
        "nghị quyết 59-NQ/TW",
        "F0",
        "U23",
        "CO2",
        "khí CO2",
        "wifi",
        "email",
        "7,52%",
        "xyzzy",
        "hội nhập xyzzy",
        "<b>&amp;</b>",
    ],
)
def test_good_or_unknown_words_are_left_alone(find: Find, typed: str) -> None:
    assert find(typed).corrected is None


def test_sentences_of_the_articles_are_left_alone(seeds_archive: Archive) -> None:
    lines = chain.from_iterable(path.read_text("utf-8").splitlines() for path in sorted(SEEDS.glob("*.txt")))
    asked = [" ".join(line.split()[:12]) for line in lines if len(line.split()) > 3]
    assert len(asked) > 100
    assert [line for line in asked if correct(seeds_archive.engine, line) not in {None, line}] == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("thủ tướng phạm minh chinh", "thủ tướng phạm minh chính"),
        ("Thủ tướng Phạm Minh Chinh", "Thủ tướng Phạm Minh Chính"),
        ("thu tuong phamminhchinh", "thủ tướng phạm minh chính"),
        ("Hooij nhaapj", "Hội nhập"),
        ("Hoinhap", "Hội nhập"),
        ("Ho65i nha65p", "Hội nhập"),
        ("hooij nhap quoc te", "hội nhập quốc tế"),
        ("Nghị quyết HOINHAP", "Nghị quyết hội nhập"),
    ],
)
def test_names_and_capitals(find: Find, typed: str, meant: str | None) -> None:
    assert find(typed).corrected == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ('"nghị quyết" quốc tê', '"nghị quyết" quốc tế'),
        ("quốc tê, hội nhâp!", "quốc tế, hội nhập!"),
        ("quốc tê -xyzzy", "quốc tế -xyzzy"),
        ("(quốc tê OR hooij nhaapj) date:2025", "(quốc tế OR hội nhập) date:2025"),
        ("quốc tê nghị quyết 59-NQ/TW", "quốc tế nghị quyết 59-NQ/TW"),
        ("title:ngoại quốc tê", "title:ngoại quốc tế"),
        ('"quốc tê"', None),
        ("title:quoocs", None),
        ("-hooij", None),
        ("NOT hooij", None),
        ("-(hooij nhaapj)", None),
        ("~quoocs", None),
        ("quoocs*", None),
        ("quốc tê -5", "quốc tế -5"),
    ],
)
def test_only_plain_words_are_corrected(find: Find, typed: str, meant: str | None) -> None:
    assert find(typed).corrected == meant


def test_plain_words_of_a_query() -> None:
    text = 'một title:hai -ba "bốn năm" (sáu OR bảy) ~tám chín* NOT mười -(trăm nghìn) vạn, 5% title:(x y) z'
    assert [text[start:end] for start, end in plain_words(text)] == ["một", "sáu", "bảy", "vạn,", "5%", "z"]


def test_pair_that_stands_as_typed_in_an_article_is_no_mistake(articles: Callable[..., Archive]) -> None:
    archive = articles(*["Quốc tế quan tâm."] * 20, "Cả nước quốc tê liệt.")
    assert correct(archive.engine, "quốc tê") is None
    assert correct(archive.engine, "quốc tề") == "quốc tế"


def test_known_foreign_word_is_no_keys_and_not_taken_apart(articles: Callable[..., Archive]) -> None:
    archive = articles("Bên bờ sông có beer và test.", "Bể bơi bên nhà.", "An toàn an ninh, hoa tan.", "Hotel Hoatan")
    for typed in ("beer", "test", "hoatan", "bên beer", "bể beer"):
        assert correct(archive.engine, typed) is None


def test_single_key_counts_only_beside_a_neighbour(articles: Callable[..., Archive]) -> None:
    archive = articles("Giá vàng hôm nay tăng.", "Bên nhà có cò trắng.")
    assert correct(archive.engine, "gias vangf") == "giá vàng"
    assert correct(archive.engine, "giá vangf") == "giá vàng"
    assert correct(archive.engine, "been") is None
    assert correct(archive.engine, "co2") is None


def test_syllable_without_spaces_is_cut_where_the_articles_have_it_so(articles: Callable[..., Archive]) -> None:
    archive = articles("Tổ chức ở Hội An.", "An ninh trật tự.")
    assert correct(archive.engine, "hoian") == "hội an"
    assert correct(archive.engine, "anhoi") is None
    assert correct(archive.engine, "Hoian") == "Hội an"


@pytest.mark.parametrize(
    ("typed", "bodies"),
    [
        ("công ăn việc làm", ["Công an tạo việc làm."] * 20 + ["Bữa ăn ngon.", "Dự án việc này."]),
        ("rau má", ["Mua rau mà nấu.", "Thế mà hay."] + ["Thế mà hay."] * 40 + ["Má ơi.", "Đôi má hồng.", "Nước rau."]),
        ("bảnh trai", ["Mua bánh trái."] + ["Con trai đi học."] * 8),
        ("cá voi", ["Bắt cá với lưới.", "Con voi to."] + ["Nói với nhau."] * 40),
        ("bánh bèo", ["Mua bánh cho người béo."] + ["Người béo."] * 8),
        ("lật đò", ["Bị lật đổ."] * 2 + ["Con đò nhỏ."] * 4 + ["Điều đó đúng."] * 40),
    ],
)
def test_good_phrase_is_not_changed_for_a_chance_neighbour(
    articles: Callable[..., Archive], typed: str, bodies: list[str]
) -> None:
    assert correct(articles(*bodies).engine, typed) is None


def test_known_syllable_is_changed_for_a_phrase_of_many_articles(articles: Callable[..., Archive]) -> None:
    archive = articles(*["Bị lật đổ."] * 6, *["Con đò nhỏ."] * 4, *["Điều đó đúng."] * 40)
    assert correct(archive.engine, "lật đò") == "lật đổ"


def test_unknown_syllable_takes_the_accents_it_has_beside_its_neighbour(
    articles: Callable[..., Archive],
) -> None:
    world = ["Cả thế giới biết."] * 20
    archive = articles("Một học sinh giỏi.", "Nhiều học sinh giỏi.", "Học sinh cả thế giới.", *world)
    assert correct(archive.engine, "học sinh gioi") == "học sinh giỏi"
    assert correct(archive.engine, "thế gioi") == "thế giới"


def test_short_or_only_token_is_cut_only_on_the_evidence_of_several_articles(
    articles: Callable[..., Archive],
) -> None:
    others = ["Trời đẹp."] * 200
    once = ["Có ba na ná nhau.", "Thế lẽ nào.", "Tế lẽ khác.", "Chú ý mơ an lành.", "Y mở cửa."]
    archive = articles(*others, *once, *["Bão ở Hà Nội."] * 3, "Cấm thuốc lào.")
    for typed in ("Bana", "bana", "Telex", "Y Moan", "thuoclao"):
        assert correct(archive.engine, typed) is None
    assert correct(archive.engine, "Hanoi") == "Hà nội"
    assert correct(archive.engine, "hanoi") == "hà nội"
    assert correct(archive.engine, "cam thuoclao") == "cấm thuốc lào"


def test_keys_in_a_token_without_spaces_must_fit_their_neighbours(articles: Callable[..., Archive]) -> None:
    archive = articles("Tin để đọc.", "Hạt dẻ ngon.", "Trận bóng đá.")
    assert correct(archive.engine, "Tinder") is None
    assert correct(archive.engine, "bongsddas") == "bóng đá"


def test_capitals_of_the_articles_do_not_come_into_the_query(articles: Callable[..., Archive]) -> None:
    archive = articles(*["Người Hà Nội ở Hà Nội."] * 5)
    assert correct(archive.engine, "hà nôi") == "hà nội"
    assert correct(archive.engine, "Hà Nôi") == "Hà Nội"
    assert correct(archive.engine, "Ơ hà nội") == "Ở hà nội"
    assert correct(archive.engine, "nguoi hanoi") == "người hà nội"


def test_decoded_words_need_not_have_met_and_one_key_counts_beside_two(articles: Callable[..., Archive]) -> None:
    archive = articles("Mưa lớn, đường ngập nặng.", "Bên nhà có cò.")
    assert correct(archive.engine, "muwa ngaapj") == "mưa ngập"
    assert correct(archive.engine, "muwa") is None
    assert correct(archive.engine, "been bowf") is None


def test_decoded_words_are_offered_though_no_article_has_all_their_accents(
    articles: Callable[..., Archive],
) -> None:
    archive = articles("Trận bóng đá hay, mua nụ hoa.", "Giải nữ khai mạc.")
    assert correct(archive.engine, "bongs ddas nuwx") == "bóng đá nữ"
    assert correct(archive.engine, "bongs ddas khai nuwx") is None
    assert correct(archive.engine, "bóng đá nư") is None


WORDS = 'hội nhập quốc tế hoi nhap tê hooij nhaapj te61 hoinhapquocte OR NOT - " ( ) title: date:2025 59-NQ/TW * ~ , x'
words = st.sampled_from(WORDS.split(" "))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.lists(words, max_size=12).map(" ".join) | st.lists(words, max_size=12).map("".join))
def test_any_text_has_a_correction_that_differs_from_it_or_none(seeds_archive: Archive, find: Find, text: str) -> None:
    corrected = correct(seeds_archive.engine, text)
    if corrected is not None:
        assert corrected != text
        assert tokenize(corrected).exact != tokenize(text).exact
        assert find(corrected).total + find(corrected).relaxed_total > 0


@pytest.mark.parametrize("text", ["hoinhapquocte" * 150, "hooij " * 400, "a" * 2000, "ho65i" * 400, "tê quốc " * 250])
def test_long_queries_are_answered(seeds_archive: Archive, text: str) -> None:
    assert correct(seeds_archive.engine, text) != text
