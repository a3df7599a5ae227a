"""JSON files to records: one article a line where the lines are whole, else any JSON, as it streams."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from index.errors import InvalidInputError, TimtinError, UnreadableFileError
from index.reading.formats.json_lines import json_row, numbered_lines
from index.reading.formats.json_shapes import articles_in, has_text, may_hold_articles
from index.reading.formats.json_stream import json_articles
from index.records import NO_NAMES, read_record

_BEFORE = b"\xef\xbb\xbf \t\r\n\x1e"
_SEVERAL = re.compile(rb"\}\s*,?\s*\{|\x1e")
_OPENS_A_LIST = re.compile(rb"\"\s*:\s*[\[{]\s*[\[{]")


def line_records(stream: IO[bytes], names: Mapping[str, str] = NO_NAMES) -> Iterator[tuple[int, Any]]:
    """Yield the number and the record of every line, or of every article if the stream is JSON of another form.

    ``names`` says what names stand for that no table has (``records``). What is no object is yielded as it is, what
    cannot be read as its error. Raises UnreadableFileError as ``numbered_lines``.
    """
    peekable: Any = stream if hasattr(stream, "peek") else io.BufferedReader(cast(io.RawIOBase, stream))
    if not _has_whole_lines(peekable.peek(1)):
        yield from stream_records(peekable, names)
        return
    told: Any = None
    for number, line in numbered_lines(peekable):
        for row in [line] if isinstance(line, UnreadableFileError) else _rows_of(line):
            if (action := _bulk_action(row)) is not None:
                told = action.get("_id")
                continue
            if isinstance(row, dict) and told is not None:
                row, told = {"_id": told, **row}, None
            yield number, read_record(row, names) if isinstance(row, dict) else row


def _bulk_action(row: Any) -> Mapping[str, Any] | None:
    """Return what a line says of the next one, in what is sent to Elasticsearch in bulk; None for any other line."""
    if not isinstance(row, dict) or len(row) != 1:
        return None
    [(name, value)] = row.items()
    if name not in {"index", "create", "update", "delete"} or not isinstance(value, dict):
        return None
    if not {"_id", "_index"} & value.keys():
        return None
    return {} if name == "delete" else value


def _rows_of(line: bytes) -> list[Any]:
    """Return the value of a line, or the articles in it if it has several; an error if it cannot be read."""
    if not line.strip():
        return []
    try:
        row = json_row(line)
    except InvalidInputError as error:
        if not _SEVERAL.search(line):
            return [error]
        found = [value for _, value in json_articles(io.BytesIO(line))]
        return [error] if any(isinstance(value, TimtinError) for value in found) else found
    if not isinstance(row, dict) or isinstance(row.get("body") or row.get("content"), str):
        return [row]
    may_hold = isinstance(row.get("title"), dict) or may_hold_articles(row) or not has_text(row)
    return (articles_in(row) if may_hold else None) or [row]


def stream_records(stream: IO[bytes], names: Mapping[str, str] = NO_NAMES) -> Iterator[tuple[int, Any]]:
    """Yield the number, from 1, and the record of every article in JSON of any form; else as ``line_records``."""
    for number, row in json_articles(stream, names):
        yield number, read_record(row, names) if isinstance(row, dict) else row


def _has_whole_lines(start: bytes) -> bool:
    """Tell whether a stream that begins so may have a JSON value a line."""
    start = start.lstrip(_BEFORE)
    if start[:1] != b"{":
        return start[:1] != b"["
    first, newline, rest = start.partition(b"\n")
    first = first.strip()
    if not newline:
        return not _OPENS_A_LIST.search(first)
    if first == b"{":
        return rest.lstrip(_BEFORE)[:1] not in (b'"', b"")
    return not first.endswith((b",", b"{", b"["))
