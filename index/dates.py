"""Dates as articles and queries write them.

An article's ``published`` is an ISO 8601 date or date and time, as precise as it was stated. A query names
periods: a year, a month or a day, or a range of them.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone

LOCAL_ZONE = timezone(timedelta(hours=7))
"""Vietnam's time: an instant with another offset counts for the day it is in Hà Nội."""

_DAY_FIRST = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:\s*[,|-]?\s*(?:lúc\s+)?(\d{1,2})[:hg](\d{2}))?", re.IGNORECASE
)
_PERIOD = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_MONTH_FIRST = re.compile(r"(\d{1,2})[/-](\d{4})")


def parse_published(text: str) -> str:
    """Return ``text`` as an ISO date, or date and time to the minute or second it states.

    Takes ISO 8601 (``2025-08-27``, ``2025-01-06T18:24:00+07:00``) and the day-first forms of Vietnamese papers
    (``31/12/2024 08:05``). Raises ValueError for anything else.
    """
    text = text.strip()
    match = _DAY_FIRST.fullmatch(text)
    if match:
        day, month, year = (int(part) for part in match.group(1, 2, 3))
        if match.group(4) is None:
            return date(year, month, day).isoformat()
        moment = datetime(year, month, day, int(match.group(4)), int(match.group(5)))
        return moment.isoformat(timespec="minutes")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text).isoformat()
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", text):
        raise ValueError(f"not a date: {text[:40]!r}; write 2025-08-27 or 2025-08-27T18:24")
    moment = datetime.fromisoformat(text)
    exact = moment.second or moment.microsecond or moment.tzinfo
    return moment.isoformat(timespec="seconds" if exact else "minutes")


def local_minute(published: str) -> int:
    """Return the minute of ``published`` (as ``parse_published`` gives it), counted in Vietnam from year 1.

    Minutes order articles by time; ``// 1440`` is the day's proleptic ordinal less one.
    """
    moment = datetime.fromisoformat(published)
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(LOCAL_ZONE)
        except OverflowError:  # a moment of year 1 or 9999 that has no local time
            moment = moment.replace(tzinfo=None)
    return (moment.toordinal() - 1) * 1440 + moment.hour * 60 + moment.minute


def period_days(text: str) -> tuple[int, int]:
    """Return the first and last day (ordinals) of a year, a month or a day: ``2025``, ``2025-08``, ``08/2025`` ...

    Raises ValueError where ``text`` is no such period.
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
