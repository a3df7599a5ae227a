"""The last errors that a service logged, of all its processes, for the desk: in a small file beside its counts.

The file is gone when the service ends, so it tells of nothing before its start.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

KEPT = 100
"""How many errors are shown."""
_FILE = "errors.jsonl"
_LARGEST = 512 * 1024
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class LoggedError:
    """One error: when it was logged last, by which process and logger, what it says, and how often it came."""

    at: datetime
    process: int
    logger: str
    message: str
    times: int = 1


class RecentErrors(logging.Handler):
    """Append errors to a file in ``folder``; processes that are forked append to the same one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(logging.ERROR)
        self._file = folder / _FILE

    def emit(self, record: logging.LogRecord) -> None:
        """Append one error; if that fails, the log itself has it."""
        try:
            message = record.getMessage()
            if record.exc_info and (error := record.exc_info[1]) is not None:
                message = f"{message}: {type(error).__name__}: {error}"
        except Exception:
            self.handleError(record)
            return
        entry = [record.created, os.getpid(), record.name, message[:_LONGEST]]
        with suppress(OSError, ValueError), self._file.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.tell() > _LARGEST:
                file.seek(0)
                last = file.read().splitlines(keepends=True)[-KEPT:]
                file.truncate(0)
                file.writelines(last)
            file.write(json.dumps(entry).encode("ascii") + b"\n")

    def latest(self) -> list[LoggedError]:
        """Return the last 100 errors, the latest first, each text once."""
        try:
            lines = self._file.read_bytes().splitlines()[-KEPT:]
        except OSError:
            return []
        found: dict[tuple[str, str], LoggedError] = {}
        for error in _entries(reversed(lines)):
            what = error.logger, error.message
            found[what] = replace(found[what], times=found[what].times + 1) if what in found else error
        return list(found.values())


def keep_errors(folder: Path) -> RecentErrors:
    """Keep the errors that this process logs, and those forked from it, in a file in ``folder``."""
    handler = RecentErrors(folder)
    logging.getLogger().addHandler(handler)
    return handler


def latest_errors() -> list[LoggedError] | None:
    """Return the last 100 errors, the latest first, each text once; None if none are kept."""
    handlers = [one for one in logging.getLogger().handlers if isinstance(one, RecentErrors)]
    return handlers[0].latest() if handlers else None


def _entries(lines: Iterator[bytes]) -> Iterator[LoggedError]:
    for line in lines:
        with suppress(ValueError, TypeError):  # it is just being written
            at, process, logger, message = json.loads(line)
            yield LoggedError(datetime.fromtimestamp(at, UTC), process, logger, message)
