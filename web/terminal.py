"""Make foreign text safe for a terminal: it can neither take it over nor forge a line."""

from __future__ import annotations

import logging
import re
from types import TracebackType

_Error = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def one_line(text: str) -> str:
    """Return text on one line without control characters, so that it cannot take over a terminal."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


class LineFormatter(logging.Formatter):
    """Format each record as one line; its traceback, if any, follows indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: _Error) -> str:  # noqa: N802
        """Return the traceback."""
        return "\n".join(f"    {one_line(line)}" for line in super().formatException(ei).split("\n"))
