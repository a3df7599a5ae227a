"""What the machine says of the service: the memory of its processes, since when it runs."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flask_babel import format_date, format_datetime, format_decimal

STARTED = datetime.now(UTC)
"""When the service began: the parent loads this module, then forks its processes."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the service and the bytes of memory that it has for itself."""

    number: int
    memory: int


def processes(*, family: bool) -> list[Process]:
    """Return this process and, with ``family``, its parent and those that the parent has started."""
    numbers = {os.getpid()}
    if family:
        parent = os.getppid()
        numbers |= {parent, *(number for number in _running() if _parent_of(number) == parent)}
    return [Process(number, memory) for number in sorted(numbers) if (memory := _memory_of(number)) is not None]


def installed_version() -> str:
    """Return the version of timtin that runs."""
    try:
        return version("timtin")
    except PackageNotFoundError:
        return "?"


def shown_size(size: int) -> str:
    """Return a number of bytes in words: 512 kB, 3.4 GB."""
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{format_decimal(round(amount, 1 if amount < 10 and unit != 'B' else None))} {unit}"


def shown_time(moment: str | datetime | None) -> str:
    """Return a time in the zone and the words of the page; nothing for none."""
    if moment is None:
        return ""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    try:
        return str(format_datetime(at if at.tzinfo else at.replace(tzinfo=UTC), "short"))
    except OverflowError:  # in this zone it is beyond the last year there is
        return at.isoformat(" ", "minutes")


def shown_day(day: date) -> str:
    """Return a day as the page's language writes it."""
    return str(format_date(day, "short"))


def _running() -> list[int]:
    with suppress(OSError):
        return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal()]
    return []


def _parent_of(number: int) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int((_PROC / str(number) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    return None


def _memory_of(number: int) -> int | None:
    with suppress(OSError, ValueError):
        _, resident, shared, *_ = (_PROC / str(number) / "statm").read_text("ascii").split()
        return (int(resident) - int(shared)) * resource.getpagesize()
    return None
