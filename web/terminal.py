"""Make text safe for a terminal: it can neither take it over nor forge a line, and any terminal can show it."""

from __future__ import annotations

import codecs
import io
import logging
import re
import sys
import unicodedata
from types import TracebackType

_Error = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_LIKE = str.maketrans({"đ": "d", "Đ": "D", "·": "-", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'"})
"""What is written for signs that have no accents to leave out."""


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


def is_utf8() -> bool:
    """Tell whether standard output is written in UTF-8, or as click does where the locale knows ASCII only."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return codecs.lookup(encoding).name in {"utf-8", "ascii"}


def set_up_streams() -> None:
    """Have letters that a terminal cannot show written without their accents, and standard error unbuffered.

    So a line that a full disk refuses is lost and fails no later flush; starting a process flushes standard error.
    """
    codecs.register_error("timtin.plain", _plain_letters)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="timtin.plain")
    buffer = getattr(sys.stderr, "buffer", None)
    if isinstance(buffer, io.BufferedWriter):
        sys.stderr = io.TextIOWrapper(buffer.raw, sys.stderr.encoding, sys.stderr.errors, write_through=True)


def _plain_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = unicodedata.normalize("NFKD", error.object[error.start : error.end].translate(_LIKE))
    plain = "".join(letter if letter.isascii() else "?" for letter in text if not unicodedata.combining(letter))
    return plain, error.end
