"""Numbers, dates, documents, abbreviations and addresses: one canonical text for every way to write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.tokenizer import tokenize
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.engines.contract import article

Hits = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("text", "codes", "parts"),
    [
        ("59-NQ/TW", ["59nqtw", "nq/59"], ["59", "nq", "tw"]),
        ("153/NQ-CP", ["153nqcp", "nq/153"], ["153", "nq", "cp"]),
        ("7,52%", ["7,52", "7,52%"], ["7", "52"]),
        ("14-1", ["14-1", "14/1"], ["14", "1"]),
        ("26/8", ["26/8", "26:8"], ["26", "8"]),
        ("Covid-19", ["covid19"], ["covid", "19"]),
        ("TP.HCM", ["tphcm"], ["tp", "hcm"]),
        ("U.S.A", ["usa"], ["u", "s", "a"]),
        ("P.T.T.H", ["ptth"], ["p", "t", "t", "h"]),
        ("T.Ư", ["t.ư"], ["t", "ư"]),
        ("1,2,3", ["1,2,3"], ["1", "2", "3"]),
        ("30/4-1/5", ["1/5", "30/4"], ["30", "4", "1", "5"]),
        ("14-16/1", ["14/1", "16/1"], ["14", "16", "1"]),
        ("example.vn", ["example.vn"], ["example", "vn"]),
    ],
)
def test_codes_are_kept_whole_and_in_parts(text: str, codes: list[str], parts: list[str]) -> None:
    tokens = tokenize(f"theo {text} thì")
    assert [(found.text, found.first, found.end) for found in tokens.codes] == [
        (code, 1, 1 + len(parts)) for code in codes
    ]
    assert list(tokens.exact) == ["theo", *parts, "thì"]


def test_an_address_is_kept_with_its_host() -> None:
    codes = {(code.text, code.first, code.end) for code in tokenize("gửi an.le@Example.com nhé").codes}
    assert codes == {("an.le@example.com", 1, 5), ("example.com", 3, 5)}


@pytest.mark.parametrize(
    "text", ["quốc gia-dân tộc", "năm 2026", "Hà Nội.Hôm nay", "quyết định 2020", "tháng 1", "kỹ-thuật", "3", "a.B"]
)
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert list(tokenize(text).codes) == []


@pytest.mark.parametrize(
    "spellings",
    [
        ("14-1", "14/1", "14/01", "ngày 14 tháng 1", "ngay 14 thang 01", "ngày 14-1", "ngày 14.1", "14–1"),
        ("14/1/2026", "14-01-2026", "14.1.2026", "2026-01-14", "ngày 14 tháng 1 năm 2026", "ngày 14 tháng 1/2026"),
        ("1/2026", "tháng 1-2026", "tháng 01/2026", "tháng 1 năm 2026"),
        ("7,52%", "7.52%", "7,52", "7.52"),
        ("1.000.000", "1,000,000", "1.000.000%"),
        ("12.345,6", "12,345.6"),
        ("TP.HCM", "TP. HCM", "Tp.HCM", "Tp. HCM", "tp hcm", "tp.hcm"),
        ("Covid-19", "COVID-19", "covid.19"),
        ("GD-ĐT", "GD&ĐT", "GD.ĐT", "gd-đt"),
        ("nghị quyết 59", "Nghị quyết số 59", "NQ 59", "NQ số 59", "nghi quyet so 059"),
        ("http://www.example.vn/a-1", "https://example.vn", "example.vn"),
    ],
)
def test_spellings_of_a_code_meet(spellings: tuple[str, ...]) -> None:
    assert set.intersection(*({code.text for code in tokenize(f"xem {text} nhé").codes} for text in spellings))


@pytest.mark.parametrize("text", ["32/13", "0/5", "41-12", "14/1/9999", "ngày 40 tháng 1"])
def test_what_cannot_be_a_date_is_none(text: str) -> None:
    dates = {code.text for code in tokenize(text).codes if code.implied}
    assert not dates


def test_a_date_does_not_reach_over_a_line_or_a_sign() -> None:
    assert not tokenize("có 14\ntháng 1").codes
    assert not tokenize("có 14, tháng 1").codes


@given(st.text(max_size=60) | st.text(alphabet="0159-/., ABtpTPHCMNQ%@ngàytháng số", max_size=40))
def test_codes_lie_within_the_text(text: str) -> None:
    tokens = tokenize(text)
    for code in tokens.codes:
        assert 0 <= code.first < code.end <= len(tokens)
        assert code.text
    assert [code.first for code in tokens.codes] == sorted(code.first for code in tokens.codes)


@pytest.fixture
def hits(archive: Archive) -> Hits:
    archive.store.put(
        [
            article("so-hieu", "Căn cứ 59-NQ/TW, các bộ triển khai chương trình hành động.", title="Văn bản"),
            article("so-khac", "Nghị quyết số 57 được ban hành, gồm 59 trang.", title="Văn bản khác"),
            article("sang", "Sáng 14-1, hội nghị khai mạc.", title="Thời sự"),
            article("ngay", "Hội nghị diễn ra ngày 14 tháng 1 năm 2026.", title="Sự kiện"),
            article("thang", "Ngày 1 tháng 4 có 14 đoàn.", title="Lịch"),
            article("tang", "GDP tăng 7,52% trong quý.", title="Kinh tế"),
            article("pho", "Người dân TP.HCM và Cần Thơ đón Tết.", title="Địa phương"),
            article("tho", "Thư gửi về ban.doc@example.vn trước ngày 20.", title="Hòm thư"),
        ]
    )
    bring_in_sync(archive)

    def ids(query: str) -> list[str]:
        return [hit.id for hit in archive.engine.retrieve(Request(archive.expand(parse(query)))).hits]

    return ids


@pytest.mark.parametrize("query", ["nghị quyết 59", "NQ 59", "nghị quyết số 59-NQ/TW", "59-NQ/TW", "nghi quyet so 59"])
def test_a_document_is_found_by_every_way_to_name_it(hits: Hits, query: str) -> None:
    assert hits(query)[0] == "so-hieu"


@pytest.mark.parametrize("query", ["14-1", "14/1", "ngày 14 tháng 1", "ngay 14/01"])
def test_a_day_is_found_by_every_way_to_write_it(hits: Hits, query: str) -> None:
    assert set(hits(query)) == {"sang", "ngay"}


def test_a_full_date_finds_articles_that_say_the_year(hits: Hits) -> None:
    assert hits("14/1/2026") == ["ngay"]


@pytest.mark.parametrize(
    ("query", "id"),
    [
        ("7.52%", "tang"), ("7,52", "tang"), ("TP. HCM", "pho"), ("tphcm", "pho"), ("tp hcm", "pho"),
        ("ban.doc@example.vn", "tho"), ("example.vn", "tho"), ("https://www.example.vn/trang-1", "tho"),
        ("TP.HCM-Cần Thơ", "pho"),
    ],
)  # fmt: skip
def test_figures_cities_and_addresses_are_found(hits: Hits, query: str, id: str) -> None:
    assert hits(query) == [id]
