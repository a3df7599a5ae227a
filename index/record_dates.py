"""The date of a record among those that it may have under several names, and the zone that a name tells."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from index.dates import local_time, published_or_none
from index.field_names import is_of_utc
from index.field_values import READERS

Candidate = tuple[int, bool, str, Any]
"""What may be the value of a field: the rank of its name, whether that is not the field's own, the name, the value."""

_CLOCK = re.compile(r"\d{1,2}[:hg]\d{2}(?::\d{2})?")
_NO_DATES = (date(1, 1, 1), date(1970, 1, 1), date(1899, 12, 30), date(1900, 1, 1))
"""The days that programs write for no date."""
_DAY = len("2025-08-27")


def in_zone(name: str, value: Any) -> Any:
    """Return a date with the zone that its name tells, if it has none."""
    if not isinstance(value, str) or not is_of_utc(name):
        return value
    published = published_or_none(value)
    if published is None or len(published) == _DAY or datetime.fromisoformat(published).tzinfo:
        return value
    return f"{published}+00:00"


def is_no_date(value: Any) -> bool:
    """Tell whether a date is one that programs write for none; the day of 1970 may be one."""
    published = published_or_none(str(value))
    if published is None:
        return False
    day = local_time(published).date()
    return day.year == 9999 or (day in _NO_DATES and (len(published) > _DAY or day.year != 1970))


def dates_first(candidates: list[Candidate], *, strict: bool) -> list[Candidate]:
    """Put the first candidate that is a date before the others; a day takes its time from another one."""
    clock = next(
        (value for *_, value in candidates if isinstance(value, str) and _CLOCK.fullmatch(value.strip())), None
    )
    for at, (rank, other_name, name, value) in enumerate(candidates):
        published = published_or_none(str(in_zone(name, READERS["published"](value))))
        if published is None or (not strict and is_no_date(published)):
            continue
        day_at_clock = f"{published} {clock.strip()}" if clock is not None and len(published) == _DAY else ""
        if (timed := published_or_none(day_at_clock)) is not None:
            value = timed
            candidates = [candidate for candidate in candidates if candidate[3] is not clock]
            at = next(place for place, candidate in enumerate(candidates) if candidate[2] == name)
        return [(rank, other_name, name, value), *candidates[:at], *candidates[at + 1 :]]
    return candidates
