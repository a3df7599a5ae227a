"""Folders, files and streams to articles, by format.

``.txt`` and ``.html`` hold one article each, ``.jsonl`` and ``.ndjson`` one a line; each also as ``.gz`` or
``.xz``. What cannot be read becomes a ``Failure`` that names the file and the line, and reading goes on.
"""

from __future__ import annotations

import gzip
import json
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from index.article import Article, article_from
from index.errors import InvalidInputError, TimtinError, UnreadableFileError
from index.plaintext import read_plain_text

LARGEST_DOCUMENT = 64 * 1024 * 1024
"""Bytes of one article's file, or of one line, after decompression."""

_COMPRESSED: dict[str, Callable[[Path], IO[bytes]]] = {
    ".gz": lambda path: cast(IO[bytes], gzip.GzipFile(path)),
    ".xz": lambda path: cast(IO[bytes], lzma.open(path)),  # noqa: SIM115 - closed by the caller
}
_LINES = {".jsonl", ".ndjson"}
_DOCUMENTS = {".txt", ".html", ".htm"}


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that could not be read: ``where`` names the file, with its line where it has many."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read; ``named_by_file`` tells that its id is only the name of its file."""

    where: str
    article: Article
    named_by_file: bool = False


Item = Read | Failure


def read_input(path: str, source: str | None = None, seen: dict[str, str] | None = None) -> Iterator[Item]:
    """Read every article in ``path``: a file, a folder (hidden entries and other formats left out), ``-`` for stdin.

    ``source`` is the source of articles that name none. ``seen`` remembers which input an id came from: one read
    twice from different inputs is a failure, for the second would replace the first.
    """
    seen = {} if seen is None else seen
    for item in _read_path(path, source):
        if isinstance(item, Read):
            id, first = item.article.id, seen.setdefault(item.article.id, item.where)
            if first != item.where:
                yield Failure(item.where, f"has the id {id!r}, which {first} has too; rename one or give it another id")
                continue
        yield item


def _read_path(path: str, source: str | None) -> Iterator[Item]:
    if path == "-":
        yield from _read_lines(sys.stdin.buffer, "standard input", source)
        return
    root = Path(path)
    if root.is_dir():
        for found in _files_below(root):
            if isinstance(found, Failure):
                yield found
            else:
                yield from _read_file(found, str(found.relative_to(root).as_posix()), source)
    elif not root.exists():
        yield Failure(path, "there is no such file or folder")
    elif _format(root) is None:
        yield Failure(path, "has no format timtin reads: .txt .html .jsonl .ndjson, also .gz and .xz of these")
    else:
        yield from _read_file(root, root.name, source)


def _files_below(root: Path) -> Iterator[Path | Failure]:
    """Yield the files of a folder that have a known format, in order; links to folders are not followed."""
    try:
        entries = sorted(root.iterdir())
    except OSError as error:
        yield Failure(str(root), f"cannot be listed: {_reason(error)}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _files_below(entry)
        elif _format(entry) is not None:
            yield entry


def _format(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in _LINES | _DOCUMENTS else None


def _read_file(path: Path, name: str, source: str | None) -> Iterator[Item]:
    if path.exists() and not path.is_file():
        yield Failure(str(path), "is not a regular file")
        return
    try:
        with _open(path) as stream:
            if _format(path) in _LINES:
                yield from _read_lines(stream, str(path), source)
            else:
                yield Read(str(path), _read_document(stream, path, name, source), named_by_file=True)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, TimtinError) as error:
        yield Failure(str(path), _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _open(path: Path) -> IO[bytes]:
    opener = _COMPRESSED.get(path.suffix.lower())
    return opener(path) if opener else path.open("rb")


def _read_document(stream: IO[bytes], path: Path, name: str, source: str | None) -> Article:
    data = stream.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise UnreadableFileError(f"is larger than {LARGEST_DOCUMENT >> 20} MB; one article is never so long")
    text = _decode(data)
    id = name
    while Path(id).suffix.lower() in _DOCUMENTS | _COMPRESSED.keys():
        id = id[: -len(Path(id).suffix)]
    fields = html_fields(text) if _format(path) in {".html", ".htm"} else _plain_fields(text)
    if not fields.get("body") and not fields.get("title"):
        raise UnreadableFileError("has no text in it")
    return article_from({**fields, "id": id}, source=source)


def _plain_fields(text: str) -> dict[str, Any]:
    read = read_plain_text(text)
    return {name: getattr(read, name) for name in read.__slots__}


def html_fields(text: str, url: str | None = None) -> dict[str, Any]:
    """Tell the article of an HTML page from what stands around it: fields of an Article; ``url`` is where it was.

    Raises UnreadableFileError where there is none.
    """
    # imported here: it takes half a second, and most folders have no HTML
    from trafilatura import bare_extraction

    page = bare_extraction(text, url=url, with_metadata=True, include_comments=False, include_tables=True)
    if page is None or isinstance(page, dict) or not page.text:
        raise UnreadableFileError("has no article text that could be told from the page around it")
    body = "\n\n".join(line.strip() for line in page.text.splitlines() if line.strip())
    return {
        "title": page.title or "",
        "body": body,
        "lead": page.description or body.partition("\n")[0],
        "published": page.date,
        "source": page.sitename or page.hostname,
        "url": page.url,
        "author": page.author,
        "category": "; ".join(page.categories) if page.categories else None,
    }


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError("is UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise UnreadableFileError("is not text: it has NUL bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"is not UTF-8 (byte {error.start}); convert it, for instance with: iconv -f WINDOWS-1258 -t UTF-8"
        ) from None


def _read_lines(stream: IO[bytes], name: str, source: str | None) -> Iterator[Item]:
    for number, line in enumerate(iter(lambda: stream.readline(LARGEST_DOCUMENT + 1), b""), 1):
        where = f"{name}:{number}"
        if len(line) > LARGEST_DOCUMENT:
            yield Failure(where, f"is longer than {LARGEST_DOCUMENT >> 20} MB; the rest of the input is left out")
            return
        if not line.strip():
            continue
        try:
            yield Read(where, parse_json_article(line, source))
        except TimtinError as error:
            yield Failure(where, str(error))


def parse_json_article(line: bytes, source: str | None = None) -> Article:
    """Make an article of one line of NDJSON. Raises InvalidInputError."""
    try:
        data = json.loads(_decode(line))
    except UnreadableFileError as error:
        raise InvalidInputError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"is not JSON: {error}") from None
    return article_from(data, source=source)
