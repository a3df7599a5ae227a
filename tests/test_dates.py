"""Dates in all formats that feeds, programs and Vietnamese papers write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from index.article import article_from
from index.dates import LOCAL_ZONE, local_minute, local_time, parse_published
from index.errors import InvalidInputError

DAY, MINUTE, LOCAL = "2025-01-06", "2025-01-06T18:24", "2025-01-06T18:24:00+07:00"


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("2025-01-06", DAY), ("20250106", DAY), ("2025/01/06", DAY), ("2025.1.6", DAY), ("2025-1-6", DAY),
        ("2025-01-06T18:24", MINUTE), ("2025-01-06 18:24:00", MINUTE), ("2025/01/06 18:24", MINUTE),
        ("2025-01-06T18:24:00+07:00", LOCAL), ("2025-01-06T18:24:00.000+0700", LOCAL), ("20250106T182400+07", LOCAL),
        ("2025-01-06T11:24:05Z", "2025-01-06T11:24:05+00:00"),
        ("06-01-2025", DAY), ("6.1.2025", DAY), ("6/1/2025", DAY), ("06 / 01 / 2025", DAY),
        ("6/1/2025 18:24", MINUTE), ("18:24 06/01/2025", MINUTE), ("06/01/2025 | 18h24", MINUTE),
        ("06/01/2025 6:24:00 CH", MINUTE), ("16/1/2025 6:24 PM", "2025-01-16T18:24"),
        ("1/16/2025 6:24 PM", "2025-01-16T18:24"), ("06/01/2025 12:05 SA", "2025-01-06T00:05"),
        ("Thứ hai, 6/1/2025, 18:24 (GMT+7)", MINUTE), ("Thứ Hai, ngày 06/01/2025 - 18:24", MINUTE),
        ("T2, 06/01/2025", DAY), ("Chủ nhật, 5/1/2025", "2025-01-05"), ("Cập nhật lúc 18:24, ngày 6/1/2025", MINUTE),
        ("6/1/2025 18:24 (GMT+0)", "2025-01-06T18:24:00+00:00"),
        ("ngày 6 tháng 1 năm 2025", DAY), ("6 tháng 1, 2025", DAY), ("Ngày 6 tháng 01 năm 2025", DAY),
        ("ngày 5 tháng năm năm 2025", "2025-05-05"), ("6 tháng mười hai năm 2025", "2025-12-06"),
        ("18 giờ 24 phút, ngày 6 tháng 1 năm 2025", MINUTE), ("6 tháng 1 năm 2025 lúc 18:24", MINUTE),
        ("Mon, 06 Jan 2025 18:24:00 +0700", LOCAL), ("06 Jan 2025 18:24 +0700", LOCAL),
        ("Mon, 6 Jan 2025 18:24:00 GMT+7", LOCAL), ("Mon, 06 Jan 2025 11:24:00 GMT", "2025-01-06T11:24:00+00:00"),
        ("1736162640", LOCAL), ("1736162640000", LOCAL), ("1736162640.25", LOCAL), ("1736162640,5", LOCAL),
        ("1736162640000000", LOCAL), ("1736162640000000000", LOCAL), ("20250106182400", MINUTE),
        ("Mon, 06 Jan 25 18:24:00 +0700", LOCAL), ("Monday, 06-Jan-25 11:24:00 GMT", "2025-01-06T11:24:00+00:00"),
        ("Mon, 6 Jan 2025 18:24:00 +07:00", LOCAL), ("Mon, 06 Jan 2025 18:24:00 ICT", LOCAL),
        ("Mon, 06 Jan 2025 06:24:00 EST", "2025-01-06T06:24:00-05:00"), ("06 Jan 99", "1999-01-06"),
        ("Mon Jan  6 18:24:00 2025", MINUTE), ("Mon Jan 06 18:24:00 +0700 2025", LOCAL),
        ("Mon Jan 06 2025 18:24:00 GMT+0700 (Indochina Time)", LOCAL), ("January 6, 2025", DAY),
        ("6 January 2025", DAY), ("Jan 6, 2025 6:24 PM", MINUTE), ("Monday, January 6th, 2025 at 6:24 pm", MINUTE),
        ("6 Jan 2025 18:24", MINUTE),
        ("2025-01-06T18:24:00.1234567+07:00", LOCAL), ("2025-01-06 11:24:00 UTC", "2025-01-06T11:24:00+00:00"),
        ("(6/1/2025)", DAY), ("T.Hai, 06/01/2025", DAY),
        ("6:24 chiều 06/01/2025", MINUTE), ("18:24 tối 6/1/2025", MINUTE),
        ("6:24 sáng 06/01/2025", "2025-01-06T06:24"), ("12 Tháng Bảy, 2021", "2021-07-12"),
        ("Tháng Một 6, 2025", DAY), ("Th1 6, 2025", DAY), ("6 Th1 2025", DAY), ("18:24, 6 thg 1, 2025", MINUTE),
        ("18:24 Thứ hai, 06/01/2025", MINUTE), ("06:24 PM, thứ Hai ngày 06/01/2025", MINUTE),
        ("Thứ Hai, 06/01/2025 06:24 PM (GMT+7)", MINUTE), ("06/01/2025 6:24 PM GMT+7", MINUTE),
        ("Thứ hai, 6/1/2025 18:24 PM", MINUTE), ("06/01/2025 18h24'", MINUTE), ("Thứ Bẩy, 4/1/2025", "2025-01-04"),
        ("Thu 2, 06/01/2025", DAY), ("Chu nhat, 5/1/2025", "2025-01-05"), ("Gửi lúc 18:24 06/01/2025", MINUTE),
        ("Thời gian: 06/01/2025 18:24", MINUTE), ("Cập nhật lần cuối 06/01/2025", DAY), ("202501061824", MINUTE),
        ("20250106182400123", MINUTE), ("190000000000", "1976-01-09T08:46:40+07:00"),
        ("2025-01-06T18:24:00+07:00[Asia/Ho_Chi_Minh]", LOCAL), ("2025-01-06 18:24 Asia/Ho_Chi_Minh", MINUTE),
        ("2025-01-06 18:24:00 +0700 UTC", LOCAL), ("2025-01-06T18:24:00 (GMT+7)", MINUTE),
        ("2025-01-06T18:24:00+7:00", MINUTE), ("06/01/2025T18:24", MINUTE), ("6:24 trưa 06/01/2025", MINUTE),
        ("11:24 trưa 06/01/2025", "2025-01-06T11:24"), ("Thu\u031b\u0301 hai, 6/1/2025", DAY),
    ],
)  # fmt: skip
def test_shape(text: str, published: str) -> None:
    assert parse_published(text) == published
    assert parse_published(published) == published


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("31/02/2025", "day is out of range"), ("2025-13-01", "month must be"), ("6/1/2025 25:00", "hour must be"),
        ("6/1/2025 6:24 PM", "may be day 6 of month 1 or day 1 of month 6"), ("6/1/25", "two digits"),
        ("06/01/2025 13:00 CH", "no hour 13"), ("hôm qua", "write 2025-08-27"), ("", "not a date"), ("0", "not a date"),
        ("12345", "not a date"), ("2025-01-06T18:24+99:99", "not a date"), ("ngày 6 tháng 1", "not a date"),
        ("18:24 6/1/2025 19:30", "two times"), ("1" * 5000, "not a date"), ("2 giờ trước", "not a date"),
        ("5 phút đọc", "not a date"), ("3/19/2024", "month must be"), ("Feb 30, 2025", "day is out of range"),
        ("Mon Jan 06 18:24:00 2025 19:30", "two times"), ("20251306182400", "month must be"), ("-1", "not a date"),
        ("99999999999", "not a date"), ("July 2021", "not a date"), ("Jan 6, 2025 13:24 PM", "no hour 13"),
    ],
)  # fmt: skip
def test_date_that_is_none_or_unclear_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_published(text)


def test_numbers_are_seconds_or_milliseconds() -> None:
    for value in (1736162640, 1736162640000, 1736162640.5, "1736162640"):
        assert article_from({"body": "x", "date": value}).published == LOCAL
    for wrong in (True, [2025], 12):
        with pytest.raises(InvalidInputError):
            article_from({"body": "x", "published": wrong})


def test_wrong_date_costs_the_article_only_where_that_is_asked_for() -> None:
    row = {"id": "a", "body": "x", "published": "hôm qua", "url": "/bai-1", "extra": {"k": 1}}
    with pytest.raises(InvalidInputError, match="published: not a date"):
        article_from(row)
    said: list[str] = []
    article = article_from(row, unsure=said.append)
    assert (article.published, article.url) == (None, None)
    assert article.extra == {"published": "hôm qua", "url": "/bai-1", "k": 1}
    assert [line.partition(":")[0] for line in said] == ["published", "url"]
    with pytest.raises(InvalidInputError, match="title"):
        article_from({**row, "title": 7}, unsure=said.append)


ENDS_OF_TIME = [
    "9999-12-31T23:59-12:00", "9999-12-31T20:00Z", "9999-12-31T17:00:00+00:00", "0001-01-01T00:00+14:00",
    "0001-01-01T06:59", "0001-01-01T05:00+07:00", "0001-01-01T00:00+00:01", "31/12/9999 23:59 (GMT-5)",
    "Fri, 31 Dec 9999 23:59:00 -1200", "1/1/0001 00:00",
]  # fmt: skip


@pytest.mark.parametrize("text", ENDS_OF_TIME)
def test_instant_that_cannot_be_told_everywhere_is_refused_by_field(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        article_from({"id": "a", "title": "x", "published": text})
    assert [problem.where for problem in refused.value.problems] == ["published"]
    assert "not in the years 1 to 9999" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["9999-12-31", "0001-01-01", "9999-12-31T23:59", "0001-01-01T07:00", "9999-12-31T16:59:59Z", "0001-01-01T00:00Z"],
)
def test_what_is_accepted_can_be_told_everywhere(text: str) -> None:
    published = article_from({"title": "x", "published": text}).published
    assert published is not None
    moment = datetime.fromisoformat(published)
    if len(published) > len(DAY):
        local = moment.astimezone(LOCAL_ZONE) if moment.tzinfo else moment.replace(tzinfo=LOCAL_ZONE)
        assert local.astimezone(UTC).isoformat()
    assert local_minute(published) >= 0
    assert local_time(published).utcoffset() == LOCAL_ZONE.utcoffset(None)
