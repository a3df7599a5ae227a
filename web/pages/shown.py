"""Dates and numbers as readers say them, and dates as feeds do."""

from __future__ import annotations

import calendar
import html
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from unicodedata import normalize

from babel.dates import format_skeleton
from flask_babel import format_date, format_decimal, get_locale, gettext

from index.dates import LOCAL_ZONE, local_time, period_days
from index.labels import label_values
from search.answer import RenderedHit

_DAY_LENGTH = len("2025-08-27")
_MONTH_LENGTH = len("2025-08")
_MARK = re.compile("</?mark>")
_LONGEST = 8  # words of a name


def number(value: int) -> str:
    """Return a number with the separators of the page's language."""
    return str(format_decimal(value))


def names(text: str, label: str) -> str:
    """Return the values of a label with commas between them."""
    return ", ".join(value.written for value in label_values(label, text))


def is_same(text: str, other: str) -> bool:
    """Tell whether two texts differ in nothing but case, spaces and signs."""
    return _letters(text) == _letters(other)


def passages(hit: RenderedHit) -> list[tuple[str, bool, bool]]:
    """Return the passages of a hit, each with whether it is cut before and after; none that only repeats its title."""
    title = _letters(hit.article.title)
    cuts = hit.body_cut or [(False, False)] * len(hit.body_html)
    return [
        (passage, *cut)
        for passage, cut in zip(hit.body_html, cuts, strict=True)
        if not title.startswith(_letters(html.unescape(_MARK.sub("", passage))))
    ]


def others_than(query: str, texts: Iterable[str]) -> list[str]:
    """Return ``texts`` without those that are the same as a part of the query or as one before."""
    words = query.split()
    starts = range(len(words))
    typed = {_letters("".join(words[start : start + length])) for start in starts for length in range(1, _LONGEST + 1)}
    found = {_letters(text): text for text in reversed(list(texts))}
    return [text for letters, text in reversed(found.items()) if letters not in typed]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, normalize("NFC", text).lower()))


def day(published: str) -> str:
    """Return the day an article was published: today, yesterday, 27 tháng 8, 2025; its time, too, if it is of today."""
    moment = local_time(published)
    timed = len(published) > _DAY_LENGTH
    today = datetime.now(LOCAL_ZONE).date()
    if moment.date() == today:
        return str(gettext("today, %(time)s", time=f"{moment:%H:%M}") if timed else gettext("today"))
    if moment.date() == today - timedelta(days=1):
        return str(gettext("yesterday"))
    return _long(moment.date())


def moment(published: str) -> str:
    """Return the day an article was published in full, with its time if that is known."""
    known = local_time(published)
    if len(published) > _DAY_LENGTH:
        return f"{known:%H:%M}, {_long(known.date())}"
    return _long(known.date())


def period(name: str) -> str:
    """Return a year, a month or a day, such as ``2025-08``, as readers say it."""
    first = date.fromordinal(period_days(name)[0])
    if len(name) < _MONTH_LENGTH:
        return name
    if len(name) < _DAY_LENGTH:
        return str(format_skeleton("yMMMM", first, locale=get_locale()))
    return _long(first)


def days(first: str | None, last: str | None) -> str:
    """Return the days from the beginning of one period to the end of another; None leaves a side open."""
    if first is not None and last is not None:
        begin, end = period_days(first)[0], period_days(last)[1]
        if begin == period_days(last)[0] and end == period_days(first)[1]:
            return period(first)
        if whole := _whole_period(date.fromordinal(begin), date.fromordinal(end)):
            return period(whole)
        return str(gettext("%(first)s to %(last)s", first=period(first), last=period(last)))
    if first is not None:
        return str(gettext("since %(first)s", first=period(first)))
    return str(gettext("until %(last)s", last=period(last or "")))


def first_day(name: str | None) -> str:
    """Return the first day of a period as an ISO date; nothing for None."""
    return date.fromordinal(period_days(name)[0]).isoformat() if name else ""


def last_day(name: str | None) -> str:
    """Return the last day of a period as an ISO date; nothing for None."""
    return date.fromordinal(period_days(name)[1]).isoformat() if name else ""


def _whole_period(begin: date, end: date) -> str | None:
    """Return the year, month or day that two days are the first and the last one of."""
    if begin == end:
        return begin.isoformat()
    if (begin.year, begin.month, begin.day) == (end.year, end.month, 1):
        return f"{begin:%Y-%m}" if end.day == calendar.monthrange(end.year, end.month)[1] else None
    if begin.year == end.year and (begin.month, begin.day, end.month, end.day) == (1, 1, 12, 31):
        return f"{begin.year:04}"
    return None


def atom_time(published: str) -> str:
    """Return a time in RFC 3339 form."""
    return local_time(published).isoformat(timespec="seconds")


def _long(known: date) -> str:
    return str(format_date(datetime(known.year, known.month, known.day), "long", rebase=False))
