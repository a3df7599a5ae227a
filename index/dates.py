"""Parse dates as articles and queries write them.

An article's ``published`` is an ISO 8601 date, or date and time, as precise as it was stated; a time without a zone is
Vietnam's. A query names periods: a year, a month or a day, or a range of them. The day comes before the month, as in
Vietnam: ``06-01-2025`` is 6 January. An ambiguous date is rejected: ``1/6/2025 6:24 PM`` may be American.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

_LOCAL_OFFSET = timedelta(hours=7)
LOCAL_ZONE = timezone(_LOCAL_OFFSET)
"""Vietnam's time zone. An instant with another UTC offset belongs to its day in Hà Nội."""

MINUTES_A_DAY = 24 * 60

_MONTH_WORDS = ["một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "mười_một", "mười_hai"]
_MONTH = r"\d{1,2}|mười (?:một|hai)|" + "|".join(_MONTH_WORDS[:10])
_MONTH_WORD = r"(?:tháng\s+|thg\.?\s?|th\.?\s?)"
_DAY_FIRST = (
    rf"(?P<day>\d{{1,2}})(?:(?P<sign>\s?[/.-]\s?)(?P<month>\d{{1,2}})(?P=sign)"
    rf"|,?\s+{_MONTH_WORD}(?P<named>{_MONTH})(?:,?\s+năm|,|/)?\s*)(?P<year>\d{{2}}|\d{{4}})"
)
_MONTH_BEFORE_DAY = (
    rf"{_MONTH_WORD}(?P<named_1>{_MONTH})\s+(?P<day_1>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year_1>\d{{4}})"
)
"""What content systems make of English formats: ``Tháng Năm 6, 2025``."""
_YEAR_FIRST = r"(?P<y>\d{4})(?P<mark>[/.-])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2})"
_CLOCK = (
    r"(?:lúc\s+)?(?P<hour{0}>\d{{1,2}})\s?(?:[:hg]|giờ)\s?(?P<minute{0}>\d{{2}})"
    r"(?:\s?phút|\s?[’'′]|:?(?P<second{0}>\d{{2}})(?:\.\d+)?)?(?:\s?(?P<half{0}>[AP]M|SA|CH|sáng|trưa|chiều|tối))?"
)
_ZONE = r"(?:\s*\(?(?P<utc>GMT|UTC)\s*(?P<zone>[+-]\s?\d{1,2}(?::?\d{2})?)?\)?|\s?(?P<offset>Z|[+-]\d{1,2}:?\d{2}))?"
_WORDS_BEFORE = (
    r"(?:(?:th[ứu]\s+(?:hai|ba|t[ưu]|n[ăa]m|s[áa]u|b[ảẩa]y|[2-7])|t\.\s?(?:hai|ba|tư|năm|sáu|bảy)|t\.?[2-7]|cn"
    r"|ch[ủu]\s+nh[ậa]t|ngày|cập\s+nhật|lần\s+cuối|đăng(?:\s+tải)?|gửi|xuất\s+bản|phát\s+hành|thời\s+gian|lúc|vào"
    r")\b[\s:,|–-]*)*"
)
_TIMES_OF_DAY = {"SÁNG", "TRƯA", "CHIỀU", "TỐI"}
_BETWEEN = r"\s*[,|–-]?\s*"
_WRITTEN = re.compile(
    rf"(?P<before>{_WORDS_BEFORE})(?:{_CLOCK.format(1)}{_BETWEEN}(?P<between>{_WORDS_BEFORE}))?"
    rf"(?:{_DAY_FIRST}|{_MONTH_BEFORE_DAY}|{_YEAR_FIRST})(?:{_BETWEEN}{_CLOCK.format(2)})?{_ZONE}",
    re.IGNORECASE,
)
_T_OF_ISO = re.compile(r"(?<=\d)T(?=\d{2}:)")
_ZONE_TOLD_TWICE = re.compile(r"\s?\[?Asia/(?:Ho_Chi_Minh|Saigon|Bangkok)\]?|(?<=[+-]\d{4})\s(?:UTC|ICT|\+07)")
_ISO = re.compile(
    r"\d{4}-?\d{2}-?\d{2}(?:[T ]\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d+)?)?\s?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?", re.IGNORECASE
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_ENGLISH_CLOCK = r"(?:at\s+)?(?P<hour{0}>\d{{1,2}}):(?P<minute{0}>\d{{2}})(?::(?P<second{0}>\d{{2}})(?:\.\d+)?)?"
_ENGLISH_ZONE = (
    r"(?:(?P<named{0}>GMT|UTC|UT|Z|ICT|E[SD]T|C[SD]T|M[SD]T|P[SD]T)?(?P<zone{0}>[+-]\d{{1,2}}(?::?\d{{2}})?)?)"
)
_ENGLISH = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\.?,?\s+)?(?:"
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -](?P<month>{_ENGLISH_MONTH})[ ,-]\s?(?P<year>\d{{4}}|\d{{2}})"
    rf"|(?P<month2>{_ENGLISH_MONTH})\s(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"(?:,?\s(?P<year2>\d{{4}})|\s{_ENGLISH_CLOCK.format(1)}\s?{_ENGLISH_ZONE.format(1)}\s(?P<year3>\d{{4}}))"
    rf")(?:,?\s{_ENGLISH_CLOCK.format(2)}\s?(?P<half>[AP]M)?\s?{_ENGLISH_ZONE.format(2)})?(?:\s?\([^()]{{1,40}}\))?",
    re.IGNORECASE,
)
"""The dates of mails and feeds, of programs (``Tue Mar 19 10:58:00 2024``), and as English writes them."""
_NAMED_ZONES = {"ict": 7, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_OLDEST_SHORT_YEAR = 69
"""Years of two digits from here on are of the last century, as mails have it."""
_STAMP = re.compile(
    r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\d{3})?"
    r"|((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)"
)
"""Year to second, or to minute: twelve digits that might be milliseconds too would be of 1976."""
_EPOCH = re.compile(
    r"(?P<seconds>\d{9,10}(?:[.,]\d+)?)|(?P<milli>\d{12,13})(?:\.\d+)?|(?P<micro>\d{15,16})|(?P<nano>\d{18,19})"
)
_PARTS = {"seconds": 1, "milli": 10**3, "micro": 10**6, "nano": 10**9}
_DATE_LENGTH = len("2025-08-27")
_PERIOD = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_MONTH_FIRST = re.compile(r"(\d{1,2})[/-](\d{4})")
_HINT = "write 2025-08-27 or 2025-08-27T18:24"


def parse_published(text: str) -> str:
    """Return ``text`` as an ISO date, or as date and time to the minute or second it states.

    Accepts ISO 8601 (``2025-08-27``, ``20250827``, ``2025-01-06T18:24:00+07:00``), the dates of feeds (RFC 2822) and
    of English (``March 19, 2024``), seconds since 1970 or a thousandth, millionth or billionth of them, year-first
    dates (``2025/01/06``) and the day-first forms of Vietnamese papers (``31/12/2024 08:05``,
    ``Thứ hai, 6/1/2025, 18:24 (GMT+7)``, ``ngày 6 tháng 1 năm 2025``). Raises ValueError for anything else, for days
    that do not exist, for an ambiguous day and month, and for an instant that is not in the years 1 to 9999 both in UTC
    and in Vietnam's time.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    bare = text[1:-1].strip() if text[:1] + text[-1:] in {"()", "[]"} else text
    try:
        published = _published(bare)
        if published is not None:
            if len(published) > _DATE_LENGTH:  # a day alone is no instant
                in_both_zones(datetime.fromisoformat(published))
            return published
    except (ValueError, OverflowError) as error:
        raise ValueError(f"not a date: {text[:40]!r} ({error}); {_HINT}") from None
    raise ValueError(f"not a date: {text[:40]!r}; {_HINT}")


def published_or_none(text: str) -> str | None:
    """Return the same; None where that raises ValueError."""
    try:
        return parse_published(text)
    except ValueError:
        return None


def in_both_zones(moment: datetime) -> datetime:
    """Return ``moment`` in Vietnam's time; one without a zone is Vietnam's.

    Raises ValueError if it is not in the years 1 to 9999 there and in UTC, so that it could not be converted or shown.
    """
    try:
        local = moment.astimezone(LOCAL_ZONE) if moment.tzinfo else moment.replace(tzinfo=LOCAL_ZONE)
        local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("it is not in the years 1 to 9999 in UTC and in Vietnam's time") from None
    return local


def _published(text: str) -> str | None:
    if told_twice := _ZONE_TOLD_TWICE.search(text):
        text = text[: told_twice.start()] if told_twice.end() == len(text) else text
    if _ISO.fullmatch(text):
        return _iso(text)
    if written := _WRITTEN.fullmatch(_T_OF_ISO.sub(" ", text)):
        return _as_written(written)
    if english := _ENGLISH.fullmatch(text):
        return _as_in_english(english)
    if stamp := _STAMP.fullmatch(text):
        moment = datetime(*(int(part) for part in stamp.groups() if part))  # type: ignore[arg-type]
        return moment.isoformat(timespec="seconds" if moment.second else "minutes")
    if epoch := _EPOCH.fullmatch(text):
        unit = epoch.lastgroup or "seconds"
        moment = datetime.fromtimestamp(float(epoch[unit].replace(",", ".")) / _PARTS[unit], UTC)
        return moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")
    return None


def _iso(text: str) -> str:
    text = text.upper().replace(",", ".")
    text = re.sub(r"\s(?=Z|[+-]\d)", "", text)
    if len(text) in {8, 10} and "T" not in text:
        return date.fromisoformat(text).isoformat()
    moment = datetime.fromisoformat(text)
    exact = moment.second or moment.microsecond or moment.tzinfo
    return moment.isoformat(timespec="seconds" if exact else "minutes")


def _as_in_english(english: re.Match[str]) -> str:
    part = english.groupdict()
    year = int(part["year"] or part["year2"] or part["year3"] or 0)
    if part["year"] and len(part["year"]) == 2:
        year += 1900 if year >= _OLDEST_SHORT_YEAR else 2000
    month = _MONTHS.index((part["month"] or part["month2"] or "")[:3].lower()) + 1
    day = int(part["day"] or part["day2"] or 0)
    number = _number_of_clock(part)
    if part[f"hour{number}"] is None:
        return date(year, month, day).isoformat()
    hour = _of_half(int(part[f"hour{number}"]), (part["half"] or "").upper())
    name, zone = (part[f"named{number}"] or "").lower(), _zone(part[f"zone{number}"])
    if zone is None and name:
        zone = timezone(timedelta(hours=_NAMED_ZONES.get(name, 0)))
    return _moment(part, number, (year, month, day), hour, zone)


def _number_of_clock(part: Mapping[str, Any]) -> str:
    """Return the number of the time that is stated, of two that may be."""
    if part["hour1"] and part["hour2"]:
        raise ValueError("it has two times")
    return "1" if part["hour1"] else "2"


def _moment(part: Mapping[str, Any], number: str, day: tuple[int, int, int], hour: int, zone: timezone | None) -> str:
    second = int(part[f"second{number}"] or 0)
    moment = datetime(*day, hour, int(part[f"minute{number}"]), second, tzinfo=zone)
    return moment.isoformat(timespec="seconds" if second or zone is not None else "minutes")


def _of_half(hour: int, half: str) -> int:
    """Return the hour of the day for an hour of its first or second half, or for an hour with a time of day."""
    if not half or (half in _TIMES_OF_DAY and hour > 12) or (hour == 0 and half in {"AM", "SA"}):
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"no hour {hour} {half}")
    if half == "TRƯA":
        return hour if hour > 9 else hour + 12
    return hour % 12 + (12 if half in {"PM", "CH", "CHIỀU", "TỐI"} else 0)


def _as_written(written: re.Match[str]) -> str:
    """Return a date written for human readers as ISO 8601; a time in Vietnam's zone is returned without the zone."""
    part = written.groupdict()
    number = _number_of_clock(part)
    half = (part[f"half{number}"] or "").upper()
    zone = _zone(part["zone"] or part["offset"] or (part["utc"] and "Z"))
    is_vietnamese = bool(part["before"] or part["between"]) or zone == LOCAL_ZONE
    day = _year_month_day(part, may_be_american=half in {"AM", "PM"} and not is_vietnamese)
    if part[f"hour{number}"] is None:
        return date(*day).isoformat()
    hour = int(part[f"hour{number}"])
    hour = _of_half(hour, "" if half == "PM" and hour > 12 else half)  # Vietnamese sites write 13:05 PM
    return _moment(part, number, day, hour, None if zone == LOCAL_ZONE else zone)


def _year_month_day(part: dict[str, str | None], *, may_be_american: bool) -> tuple[int, int, int]:
    if part["y"]:
        return int(part["y"]), int(part["m"] or 0), int(part["d"] or 0)
    year, day = part["year"] or part["year_1"] or "", int(part["day"] or part["day_1"] or 0)
    if len(year) == 2:
        raise ValueError("the year has two digits")
    if named := part["named"] or part["named_1"]:
        name = " ".join(named.lower().split())
        month = int(name) if name.isdigit() else _MONTH_WORDS.index(name.replace(" ", "_")) + 1
    else:
        month = int(part["month"] or 0)
        if may_be_american and day != month and day <= 12:
            if month <= 12:
                raise ValueError(f"it may be day {day} of month {month} or day {month} of month {day}")
            day, month = month, day
    return int(year), month, day


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text.upper() == "Z":
        return UTC
    digits = text[1:].strip().replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    return timezone((1 if text[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))


def local_time(published: str) -> datetime:
    """Return ``published`` (as ``parse_published`` returns it) in Vietnam's time zone, a day at its beginning.

    A moment that there is not within the years 1 to 9999, which articles of earlier versions may have, keeps its zone.
    """
    moment = datetime.fromisoformat(published)
    offset = moment.utcoffset()
    ahead = timedelta(0) if offset is None else _LOCAL_OFFSET - offset  # in UTC, it may be in the year 0
    try:
        return (moment.replace(tzinfo=None) + ahead).replace(tzinfo=LOCAL_ZONE)
    except OverflowError:
        return moment


def local_minute(published: str) -> int:
    """Return the minute of ``published`` (as ``parse_published`` returns it), in Vietnam's time, counted from year 1.

    Minutes sort articles by time; ``// MINUTES_A_DAY`` is the day's proleptic ordinal minus one.
    """
    moment = local_time(published)
    return (moment.toordinal() - 1) * MINUTES_A_DAY + moment.hour * 60 + moment.minute


def period_days(text: str) -> tuple[int, int]:
    """Return the first and last day (ordinals) of a year, a month or a day: ``2025``, ``2025-08``, ``08/2025`` ...

    Raises ValueError if ``text`` is no such period.
    """
    match = _PERIOD.fullmatch(_MONTH_FIRST.sub(r"\2-\1", text.strip()) if text.count("/") == 1 else text.strip())
    if match is None:
        try:
            day = date.fromisoformat(parse_published(text)[:10]).toordinal()
        except ValueError:
            raise ValueError(f"not a date: {text[:40]!r}; write 2025, 2025-08 or 2025-08-27") from None
        return day, day
    year, month, day_of_month = int(match[1]), match[2], match[3]
    try:
        if month is None:
            return date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        if day_of_month is None:
            last = monthrange(year, int(month))[1]
            return date(year, int(month), 1).toordinal(), date(year, int(month), last).toordinal()
        day = date(year, int(month), int(day_of_month)).toordinal()
    except ValueError as error:
        raise ValueError(f"no such date: {text[:40]!r} ({error})") from None
    return day, day
