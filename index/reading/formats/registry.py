"""The formats of articles: which one a file has by its name, and how each is read.

``.txt``, ``.html``, ``.md``, ``.docx``, ``.epub``, ``.pdf`` files and the like are documents, one article each;
``.json``, ``.jsonl``, ``.csv``, feeds and the like have many. Each may also be compressed, and any may stand in a
``.zip``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from importlib import import_module
from typing import IO, Any, cast

from index.article import usable_id
from index.errors import LeftOutError, TimtinError, UnreadableFileError
from index.field_names import is_keyword
from index.reading.formats.compressed import SUFFIXES as COMPRESSED
from index.reading.formats.compressed import Packed, unpacked
from index.reading.formats.csv_table import table_rows
from index.reading.formats.encodings import decode, legacy_font
from index.reading.formats.feed_file import feed_rows
from index.reading.formats.html import html_fields
from index.reading.formats.json_lines import LARGEST_DOCUMENT
from index.reading.formats.json_records import line_records, stream_records
from index.reading.formats.mojibake import Mended, mended
from index.reading.formats.parser_process import parsed_apart
from index.reading.formats.plaintext import read_plain_text
from index.reading.formats.zipped import zip_rows
from index.records import NO_NAMES, Record

KNOWN = (
    ".txt .html .md .docx .pdf .epub .srt .vtt .mht .json .jsonl .ndjson .csv .rss .atom .xml .zip,"
    " also .gz .xz .bz2 .zst of these"
)
_DATED_NAME = re.compile(r"(?:^|/)(\d{4}-\d{2}-\d{2})-[^/]*$")
_ASKED = re.compile(r"(?<=\.)([a-z]{2,5})\?[^/]*$", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\ufeff?(?:---|\+\+\+)[ \t]*\r?\n")
_PAGE = re.compile(
    r"\ufeff?\s*(?:<\?xml[^>]*>\s*|<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_SECTION = re.compile(r"(?:^|/)_index\.[^/]*$")
_LARGEST_MARKUP = 16 * 1024 * 1024


class Format(Enum):
    """The format of a file."""

    TEXT = "text"
    HTML = "HTML"
    SITE_PAGE = "page of a site"
    MARKDOWN = "Markdown"
    JSON = "JSON"
    JSON_LINES = "JSON lines"
    CSV = "CSV"
    FEED = "feed"
    WORD = "Word"
    PDF = "PDF"
    EPUB = "EPUB"
    SUBTITLES = "subtitles"
    WEB_ARCHIVE = "web archive"
    ZIP = "zip"


_SUFFIXES = {
    Format.TEXT: ".txt",
    Format.HTML: ".html .htm .xhtml .xht",
    Format.SITE_PAGE: ".shtml .php .asp .aspx .jsp",
    Format.MARKDOWN: ".md .markdown",
    Format.JSON: ".json",
    Format.JSON_LINES: ".jsonl .ndjson",
    Format.CSV: ".csv .tsv",
    Format.FEED: ".rss .atom .xml",
    Format.WORD: ".docx .doc .docm",
    Format.PDF: ".pdf",
    Format.EPUB: ".epub",
    Format.SUBTITLES: ".srt .vtt",
    Format.WEB_ARCHIVE: ".mht .mhtml",
    Format.ZIP: ".zip",
}
_FORMATS = {suffix: format for format, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
_ROWS: dict[Format, Callable[[IO[bytes], Mapping[str, str]], Iterator[tuple[int, Any]]]] = {
    Format.JSON: stream_records,
    Format.JSON_LINES: line_records,
    Format.CSV: table_rows,
    Format.FEED: feed_rows,
}
_DOCUMENTS = {suffix for suffix, format in _FORMATS.items() if format not in {*_ROWS, Format.ZIP}}
_PAGES = {Format.HTML, Format.SITE_PAGE}
_MARKUP = {*_PAGES, Format.MARKDOWN, Format.FEED, Format.EPUB, Format.WEB_ARCHIVE, Format.SUBTITLES}


@dataclass(frozen=True, slots=True)
class FileKind:
    """The format of a file, and its compression suffix, empty if it is not compressed."""

    format: Format
    packed: str = ""

    @property
    def is_document(self) -> bool:
        """Whether the file is one article."""
        return self.format not in _ROWS and self.format is not Format.ZIP

    @property
    def is_archive(self) -> bool:
        """Whether the file has other files in it, so that its stream must be one that can be sought in."""
        return self.format is Format.ZIP

    @property
    def is_markup(self) -> bool:
        """Whether the reader of the format reads the markup of its articles."""
        return self.format in _MARKUP or self.format in _BINARY


def kind_of(name: str) -> FileKind | None:
    """Return the format that a file has by its name, or None if it is unknown.

    ``index.html?page=2``, as mirrors of sites name what they asked for, is a page too.
    """
    asked = _ASKED.search(name)
    if asked is not None:
        found = _FORMATS.get(f".{asked[1]}".lower())
        return FileKind(found) if found in _PAGES else None
    stem, dot, last = name.rpartition(".")
    packed = (dot + last).lower() if (dot + last).lower() in COMPRESSED else ""
    if packed:
        _, dot, last = stem.rpartition(".")
    format = _FORMATS.get((dot + last).lower())
    return None if format is None or (packed and format is Format.ZIP) else FileKind(format, packed)


def without_suffixes(name: str) -> str:
    """Return the name of a document without its format and compression suffixes: the id of its article."""
    while True:
        stem, dot, last = name.rpartition(".")
        if (dot + last).lower() not in _DOCUMENTS | COMPRESSED or not stem or stem.endswith("/"):
            return name
        name = stem


def document_fields(data: bytes, kind: FileKind, name: str = "") -> Record:
    """Return the fields of the one article in the bytes of a file.

    Markdown that states no date has that of the file's ``name`` if it begins with one, as Jekyll's do. Raises
    UnreadableFileError, and as ``unpacked``.
    """
    content = unpacked(io.BytesIO(data), kind.packed).read(LARGEST_DOCUMENT + 1) if kind.packed else data
    largest = LARGEST_DOCUMENT if kind.format is Format.TEXT or kind.format in _BINARY else _LARGEST_MARKUP
    if len(content) > largest:
        raise UnreadableFileError(f"is larger than {largest >> 20} MB; no article is that long")
    try:
        fields, misread = _read(content, kind.format)
    except TimtinError:
        raise
    except Exception as error:  # a text that breaks its parser must not stop the other files
        raise UnreadableFileError(f"is {kind.format.value} that cannot be read: {type(error).__name__}") from error
    if kind.format is Format.MARKDOWN and not fields.get("body") and _SECTION.search(name):
        raise LeftOutError("is the head of a section, without a text", "list page")
    if not fields.get("body") and not fields.get("title"):
        raise UnreadableFileError("has no text")
    if kind.format in _BINARY and (font := legacy_font(str(fields.get("body")))):
        raise UnreadableFileError(f"is written for {font} fonts; convert it to Unicode, for instance with UniKey")
    record = Record({name: value for name, value in fields.items() if name != "lost"})
    if kind.format is Format.MARKDOWN and not record.get("published") and (dated := _DATED_NAME.search(name)):
        record["published"] = dated[1]
    record.is_plain = kind.is_markup
    record.unread = [name for name in fields.get("extra") or () if not is_keyword(name)]
    record.doubts += [f"was read without a part of it: {part}" for part in fields.get("lost", ())]
    if misread is not None:
        record.is_misread = True
        record.doubts.append(misread.remark)
    return record


def _read(content: bytes, format: Format) -> tuple[dict[str, Any], Mended | None]:
    """Return the fields of a document, and how its letters were read back if they were."""
    if format in _BINARY:
        if not content:
            raise UnreadableFileError("has no text")
        return _BINARY[format](content), None
    text = decode(content)
    if not text.strip():
        raise UnreadableFileError("has no text")
    misread = mended(text)
    return _READERS[format](text if misread is None else misread.text), misread


def rows(
    stream: IO[bytes], kind: FileKind, names: Mapping[str, str] = NO_NAMES, name: str = ""
) -> Iterator[tuple[int | str, Any]]:
    """Yield the place and the record of every article in a file of many; for one that cannot be read, its error.

    The place is the number of a line, or of an article or entry where lines mean nothing, or the name of a file in an
    archive. ``names`` says what names stand for that no table has (``records``). The documents of an archive get ids
    from ``name``, that of the archive. Raises UnreadableFileError if nothing in the file can be read, and as
    ``unpacked``.
    """
    if not kind.is_archive:
        return iter(_ROWS[kind.format](stream, names))
    prefix = name[: -len(".zip")] if name.lower().endswith(".zip") else name
    return zip_rows(stream, lambda entry: kind_of(entry) is not None, partial(_entry_rows, prefix, names))


def _entry_rows(prefix: str, names: Mapping[str, str], name: str, stream: IO[bytes]) -> Iterator[Any]:
    """Yield the records of the articles in one file of an archive."""
    kind = kind_of(name)
    assert kind is not None
    if kind.is_archive:
        raise UnreadableFileError("is a zip file in a zip file; unpack it yourself")
    if not kind.is_document:
        yield from (row for _, row in _ROWS[kind.format](unpacked(cast(Packed, stream), kind.packed), names))
        return
    data = stream.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise UnreadableFileError(f"is larger than {LARGEST_DOCUMENT >> 20} MB; no article is that long")
    fields = document_fields(data, kind, name)
    fields["id"] = usable_id(f"{prefix}/{without_suffixes(name)}".strip("/"))
    yield fields


def _apart(module: str) -> Callable[[Any], dict[str, Any]]:
    """Return what reads a document with a module of this package in the parser process.

    Only the first document loads the module: most folders have none of its format.
    """

    def read(content: Any) -> dict[str, Any]:
        reader = getattr(import_module(f"index.reading.formats.{module}"), f"{module}_fields")
        fields: dict[str, Any] = parsed_apart(reader, content)
        return fields

    return read


_markdown_fields = _apart("markdown")


def _html_fields(text: str) -> dict[str, Any]:
    if _FRONT_MATTER.match(text):  # a page of a site that is not built yet
        return _markdown_fields(text)
    return parsed_apart(html_fields, text)


def _site_page_fields(text: str) -> dict[str, Any]:
    """Read what a server's program put out; the program itself is no page."""
    if not _PAGE.match(text):
        raise LeftOutError("is no page: it does not begin as HTML", "other")
    return _html_fields(text)


def _pdf_fields(data: bytes) -> dict[str, Any]:
    from index.reading.formats.pdf import pdf_fields

    return pdf_fields(data)  # which asks the process for some pages at a time


_READERS: dict[Format, Callable[[str], dict[str, Any]]] = {
    Format.TEXT: lambda text: asdict(read_plain_text(text)),
    Format.HTML: _html_fields,
    Format.SITE_PAGE: _site_page_fields,
    Format.MARKDOWN: _markdown_fields,
    Format.SUBTITLES: _apart("subtitles"),
}
_BINARY: dict[Format, Callable[[bytes], dict[str, Any]]] = {
    Format.WORD: _apart("word"),
    Format.EPUB: _apart("epub"),
    Format.PDF: _pdf_fields,
    Format.WEB_ARCHIVE: _apart("web_archive"),
}
