"""Dates as readers say them, and as feeds do."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext

from index.dates import local_time


def day(published: str | None) -> str:
    """Return a date as written in Vietnam: 27/08/2025, 18:24 27/08/2025."""
    if not published:
        return str(gettext("Undated"))
    moment = datetime.fromisoformat(published)
    day = f"{moment.day:02d}/{moment.month:02d}/{moment.year:04d}"
    return f"{moment:%H:%M} {day}" if len(published) > len(date.min.isoformat()) else day


def atom_time(published: str | None) -> str:
    """Return a time in RFC 3339 form; the beginning of 1970 for an undated article."""
    if not published:
        return "1970-01-01T00:00:00Z"
    return local_time(published).isoformat(timespec="seconds")
