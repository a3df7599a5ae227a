"""The formats of articles: which one a file has by its name, and how each is read.

``.txt``, ``.html`` and ``.md`` files are documents, one article each; ``.json``, ``.jsonl``, ``.ndjson`` and ``.csv``
files have many. Each may also be compressed, as ``.gz`` or ``.xz``.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import IO, Any

from index.article import Article, article_from
from index.errors import TimtinError, UnreadableFileError
from index.field_names import is_keyword
from index.reading.formats.compressed import SUFFIXES as COMPRESSED
from index.reading.formats.compressed import unpacked
from index.reading.formats.csv_table import table_rows
from index.reading.formats.encodings import decode
from index.reading.formats.html import html_fields
from index.reading.formats.json_lines import LARGEST_DOCUMENT, json_row
from index.reading.formats.json_records import line_records, stream_records
from index.reading.formats.mojibake import mended
from index.reading.formats.parser_process import parsed_apart
from index.reading.formats.plaintext import read_plain_text
from index.records import Record, read_record

KNOWN = ".txt .html .md .json .jsonl .ndjson .csv, also .gz and .xz of these"
_NO_NAMES: Mapping[str, str] = {}
_LARGEST_MARKUP = 16 * 1024 * 1024


class Format(Enum):
    """The format of a file."""

    TEXT = "text"
    HTML = "HTML"
    MARKDOWN = "Markdown"
    JSON = "JSON"
    JSON_LINES = "JSON lines"
    CSV = "CSV"


_FORMATS = {
    ".txt": Format.TEXT,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".json": Format.JSON,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
}
_ROWS: dict[Format, Callable[[IO[bytes], Mapping[str, str]], Iterator[tuple[int, Any]]]] = {
    Format.JSON: stream_records,
    Format.JSON_LINES: line_records,
    Format.CSV: table_rows,
}
_DOCUMENTS = {suffix for suffix, format in _FORMATS.items() if format not in _ROWS}


@dataclass(frozen=True, slots=True)
class FileKind:
    """The format of a file, and its compression suffix, empty if it is not compressed."""

    format: Format
    packed: str = ""

    @property
    def is_document(self) -> bool:
        """Whether the file is one article."""
        return self.format not in _ROWS

    @property
    def is_markup(self) -> bool:
        """Whether the reader of the format reads the markup of its articles."""
        return self.format in {Format.HTML, Format.MARKDOWN}


def kind_of(name: str) -> FileKind | None:
    """Return the format that a file has by its name, or None if it is unknown."""
    stem, dot, last = name.rpartition(".")
    packed = (dot + last).lower() if (dot + last).lower() in COMPRESSED else ""
    if packed:
        _, dot, last = stem.rpartition(".")
    format = _FORMATS.get((dot + last).lower())
    return None if format is None else FileKind(format, packed)


def without_suffixes(name: str) -> str:
    """Return the name of a document without its format and compression suffixes: the id of its article."""
    while True:
        stem, dot, last = name.rpartition(".")
        if (dot + last).lower() not in _DOCUMENTS | COMPRESSED or not stem or stem.endswith("/"):
            return name
        name = stem


def document_fields(data: bytes, kind: FileKind) -> Record:
    """Return the fields of the one article in the bytes of a file. Raises UnreadableFileError, and as ``unpacked``."""
    content = unpacked(io.BytesIO(data), kind.packed).read(LARGEST_DOCUMENT + 1) if kind.packed else data
    largest = LARGEST_DOCUMENT if kind.format is Format.TEXT else _LARGEST_MARKUP
    if len(content) > largest:
        raise UnreadableFileError(f"is larger than {largest >> 20} MB; no article is that long")
    text = decode(content)
    if not text.strip():
        raise UnreadableFileError("has no text")
    misread = mended(text)
    text = text if misread is None else misread.text
    try:
        fields = _READERS[kind.format](text)
    except TimtinError:
        raise
    except Exception as error:  # a text that breaks its parser must not stop the other files
        raise UnreadableFileError(f"is {kind.format.value} that cannot be read: {type(error).__name__}") from error
    if not fields.get("body") and not fields.get("title"):
        raise UnreadableFileError("has no text")
    record = Record(fields)
    record.unread = [name for name in fields.get("extra") or () if not is_keyword(name)]
    if misread is not None:
        record.is_misread = True
        record.doubts.append(misread.remark)
    return record


def rows(stream: IO[bytes], kind: FileKind, names: Mapping[str, str] = _NO_NAMES) -> Iterator[tuple[int, Any]]:
    """Yield the line number and the record of every article in a file of many; for one that cannot be read, its error.

    In a ``.json`` file the number is that of the article. ``names`` says what names stand for that no table has
    (``records``). Raises UnreadableFileError if nothing in the file can be read, and as ``unpacked``.
    """
    return _ROWS[kind.format](stream, names)


def parse_json_article(line: bytes, source: str | None = None) -> Article:
    """Return the article in one line of NDJSON. Raises InvalidInputError."""
    row = json_row(line)
    return article_from(read_record(row, strict=True) if isinstance(row, dict) else row, source=source)


def _plain_fields(text: str) -> dict[str, Any]:
    read = read_plain_text(text)
    return {name: getattr(read, name) for name in read.__slots__}


def _html_fields(text: str) -> dict[str, Any]:
    return parsed_apart(html_fields, text)


def _markdown_fields(text: str) -> dict[str, Any]:
    from index.reading.formats.markdown import markdown_fields  # imported here: most folders have no Markdown

    return parsed_apart(markdown_fields, text)


_READERS = {Format.TEXT: _plain_fields, Format.HTML: _html_fields, Format.MARKDOWN: _markdown_fields}
