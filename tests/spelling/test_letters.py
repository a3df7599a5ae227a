"""A query with a wrong letter is corrected by the articles' own words; one that may be right is left alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import pytest

from index.analysis.normalization import fold
from index.analysis.syllables import accented_forms, folded_syllables, is_well_spelled, parts_of
from search.archive import Archive
from search.spelling.corrections import correct
from tests.conftest import SEEDS

NEWS = (
    "Phố Nguyễn Huệ đông người.",
    "Chính phủ họp bàn, chính phủ số.",
    "Bóng đá trẻ, bóng đá nữ.",
    "Tiêm chủng mở rộng.",
    "Ngân hàng nhà nước, ngân hàng số.",
    "Tổng thống Ukraine thăm Việt Nam.",
    "Thủ tướng đến Hà Nội, thủ tướng nói.",
    "Quy định mới về kỹ thuật.",
)


@pytest.fixture
def news(articles: Callable[..., Archive]) -> Archive:
    return articles(*NEWS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ngyễn huệ", "nguyễn huệ"),
        ("nguyễn uệ", "nguyễn huệ"),
        ("chíh phủ", "chính phủ"),
        ("chính phhủ", "chính phủ"),
        ("cihnh phủ", "chính phủ"),
        ("tiêm chủgn", "tiêm chủng"),
        ("itêm chủng", "tiêm chủng"),
        ("tiêmm chủng", "tiêm chủng"),
        ("bóbg đá", "bóng đá"),
        ("thủ tướg hà nộii", "thủ tướng hà nội"),
        ("việt nma", "việt nam"),
        ("quuy định", "quy định"),
        ("tổng thốg ukrain", "tổng thống ukraine"),
        ("ngyen hue", "nguyễn huệ"),
        ("chih phu", "chính phủ"),
        ("tiem chugn", "tiêm chủng"),
        ("ngan hagn", "ngân hàng"),
        ("Ngyễn Huệ", "Nguyễn Huệ"),
        ("NGYỄN HUỆ", "nguyễn huệ"),
        ("Ukrain", "Ukraine"),
        ("urkaine", "ukraine"),
        ("ngyễn", "nguyễn"),
        ("chíh phủ, họp!", "chính phủ, họp!"),
    ],
)
def test_wrong_letter_is_mended_by_what_stands_beside_it(news: Archive, typed: str, meant: str) -> None:
    assert correct(news.engine, typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nguyeễn huệ", "nguyễn huệ"),
        ("nguyẽen huệ", "nguyễn huệ"),
        ("chiính phủ", "chính phủ"),
        ("việtj nam", "việt nam"),
        ("hà nôij", "hà nội"),
        ("thủ tươngs", "thủ tướng"),
        ("thủ tương1", "thủ tướng"),
        ("hà nội5", "hà nội"),
        ("bóng ddá", "bóng đá"),
        ("bóng đa1", "bóng đá"),
        ("vietj nam", "việt nam"),
    ],
)
def test_half_composed_keys_are_decoded(news: Archive, typed: str, meant: str) -> None:
    assert correct(news.engine, typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *(body.rstrip(".") for body in NEWS),
        *(fold(body.rstrip(".")) for body in NEWS),
        "ukr",
        "ngy",
        "chíh xyzzy",
        "tổng thống Alena",
        "phố HVE",
        "chính phủ 2045",
        "59-NQ/TG",
        "ngyễn2 huệ",
        "thủ tướng nước ngoài",
        "thăm Việt Nim",
    ],
)
def test_what_may_be_right_is_left_alone(news: Archive, typed: str) -> None:
    assert correct(news.engine, typed) is None


def test_sentences_of_the_articles_without_accents_are_left_alone(seeds_archive: Archive) -> None:
    lines = chain.from_iterable(path.read_text("utf-8").splitlines() for path in sorted(SEEDS.glob("*.txt")))
    asked = [fold(" ".join(line.split()[:12])) for line in lines if len(line.split()) > 3]
    assert len(asked) > 100
    assert [line for line in asked if correct(seeds_archive.engine, line) is not None] == []


def test_name_that_stands_beside_nothing_needs_several_articles(articles: Callable[..., Archive]) -> None:
    archive = articles(*["Trời đẹp."] * 300, *["Đội Barcelona thắng."] * 4, "Ông Mandela.")
    assert correct(archive.engine, "Barcelna") == "Barcelona"
    assert correct(archive.engine, "Mandel") is None
    assert correct(archive.engine, "ông Mandel") == "ông Mandela"


def test_word_that_several_candidates_fit_alike_is_left_alone(articles: Callable[..., Archive]) -> None:
    archive = articles(*["Ông Martin nói."] * 3, *["Ông Marlin nói."] * 3)
    assert correct(archive.engine, "ông Marin nói") is None
    assert correct(archive.engine, "ông Martn nói") == "ông Martin nói"


def test_rare_mistake_in_an_article_is_a_mistake_in_a_query_too(articles: Callable[..., Archive]) -> None:
    archive = articles(*["Bà Nguyễn nói chuyện."] * 250, "Ông ngyễn đi vắng.")
    assert correct(archive.engine, "bà ngyễn") == "bà nguyễn"
    assert correct(archive.engine, "ba ngyen") == "bà nguyễn"
    assert correct(archive.engine, "ông ngyễn") is None
    assert correct(archive.engine, "ong ngyen") is None


def test_well_spelled_word_is_changed_only_for_one_that_stands_there_with_its_accents(
    articles: Callable[..., Archive],
) -> None:
    archive = articles(*["Thật cũng tại anh."] * 20, *["Đường phố đông."] * 20)
    assert correct(archive.engine, "thất sủng tại") is None
    assert correct(archive.engine, "đườn phố") == "đường phố"


def test_token_is_split_rather_than_mended_where_more_articles_have_it_so(articles: Callable[..., Archive]) -> None:
    archive = articles(*["Phố cổ Hội An đẹp."] * 3, "Phố cổ hoan nghênh.")
    assert correct(archive.engine, "cổ hoian đẹp") == "cổ hội an đẹp"


def test_syllables_of_the_grammar() -> None:
    syllables = folded_syllables()
    assert {"nguyen", "nghieng", "qui", "quyet", "gi", "giang", "li", "yeu", "a", "dak"} <= set(syllables)
    assert not {"ly", "xyz", "ukraine", "ngh"} & set(syllables)
    assert all(parts_of(syllable) is not None and accented_forms(syllable) for syllable in syllables)


@pytest.mark.parametrize(
    ("well", "badly"),
    [
        ("nghe kẻ ghé gì giêng", "nge cẻ gé"),
        ("nga cả gà", "ngha kả ghà"),
        ("nguyễn yên quyết tiền", "ngyễn iên quiết tyền"),
        ("chính viet hoà đường", "chíh tiềnk xyz đưngờ"),
    ],
)
def test_spelling_of_initials(well: str, badly: str) -> None:
    assert [word for word in well.split() if not is_well_spelled(word)] == []
    assert [word for word in badly.split() if is_well_spelled(word)] == []
