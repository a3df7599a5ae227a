"""JSON lines: one article a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from index.errors import InvalidInputError, UnreadableFileError
from index.reading.formats.encodings import decode, refuse_foreign

LARGEST_DOCUMENT = 64 * 1024 * 1024
"""The most bytes of a single-article file, or of one line, after decompression."""

MOST_CONTAINERS = 1_000_000
"""The most lists and objects in one JSON text, counted by their opening brackets, also those inside of strings."""
MOST_VALUES = 5_000_000
"""The most values in one JSON text, counted by commas. With MOST_CONTAINERS it bounds the memory a text becomes."""

_PIECE = 1024 * 1024
_SMALL = 1_000_000


def numbered_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | UnreadableFileError]]:
    """Yield every line with its number, from 1; skip a line that is too long and yield an error in its place.

    Raises UnreadableFileError if the first line shows that the stream is not UTF-8.
    """
    number = 0
    while line := stream.readline(LARGEST_DOCUMENT + 1):
        number += 1
        if number == 1:
            refuse_foreign(line)
        if len(line) <= LARGEST_DOCUMENT:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_PIECE)
        yield number, UnreadableFileError(f"is a line longer than {LARGEST_DOCUMENT >> 20} MB; it was skipped")


def json_row(line: bytes) -> Any:
    """Return the value of one line of NDJSON. Raises InvalidInputError."""
    try:
        return json_value(decode(line))
    except UnreadableFileError as error:
        raise InvalidInputError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"is not JSON: {error}") from None


def json_value(text: str) -> Any:
    """Return the value of a JSON text.

    Raises ValueError if it is none or has too many values: a text becomes up to thirty times larger in memory.
    RecursionError if it is nested too deeply.
    """
    if len(text) > _SMALL:
        refuse_crowded(text)
    return json.loads(text)


def refuse_crowded(text: str) -> None:
    """Raise ValueError if a JSON text has so many values that it would fill the memory."""
    if text.count("{") + text.count("[") > MOST_CONTAINERS or text.count(",") > MOST_VALUES:
        raise ValueError(
            f"it may have at most {MOST_CONTAINERS:,} lists and objects and {MOST_VALUES:,} values; split it"
        )
