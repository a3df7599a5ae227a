"""How one file would be read: its articles, one after the other, and what would be refused; nothing is stored.

Unlike ``folder_scan`` this knows nothing of what was read before: it is for files that come from elsewhere and have no
place in a folder. ``name`` is only the name the file came with: it says the format, and the id of a document's article.
"""

from __future__ import annotations

import lzma
import stat
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from index.article import Article, usable_id
from index.errors import InvalidInputError, LeftOutError, TimtinError, UnreadableFileError
from index.reading.article_reading import read_article
from index.reading.files import FoundFile, files_below, open_regular, printable_path, read_document
from index.reading.folder_scan import STANDARD_INPUT, absolute
from index.reading.formats.compressed import unpacked
from index.reading.formats.registry import KNOWN, FileKind, Format, document_fields, kind_of, rows, without_suffixes
from index.reading.given_names import GivenNames

_NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What would be refused, and why; ``line`` is its place in a file of many articles, None for the whole file.

    ``is_left_out`` says that it is rightly no article: a draft, a list of articles.
    """

    line: int | str | None
    why: str
    is_left_out: bool = False


def _refusal(line: int | str | None, error: TimtinError) -> Refusal:
    return Refusal(line, str(error), isinstance(error, LeftOutError))


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An article of a file and its line, None in a document; ``remarks`` say what of it was not understood.

    ``origins`` has the name that each field was read from, where it has one; ``unread`` names what no field was read
    from.
    """

    line: int | str | None
    article: Article
    remarks: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def format_of(name: str) -> str | None:
    """Return what the format is called that a file has by its name; None if timtin does not read it."""
    kind = kind_of(name)
    return None if kind is None else f"{kind.format.value}{kind.packed and f' ({kind.packed})'}"


def previewed(paths: Sequence[str], names: GivenNames) -> Iterator[tuple[str, ReadEntry | Refusal]]:
    """Yield how the articles at ``paths``, files, folders and ``-``, would be read, each with the name of its file."""
    for root in map(Path, paths):
        if str(root) == STANDARD_INPUT and sys.stdin is not None:
            for entry in _entries(
                sys.stdin.buffer, FileKind(Format.JSON_LINES), names.of(STANDARD_INPUT), STANDARD_INPUT
            ):
                yield "standard input", entry
            continue
        try:
            is_folder = stat.S_ISDIR(root.stat().st_mode)
            files = (file for file in files_below(root) if isinstance(file, FoundFile)) if is_folder else None
            for path, name in [(root, root.name)] if files is None else ((file.path, file.name) for file in files):
                for entry in read_entries(path, name, names.of(absolute(path))):
                    yield printable_path(path), entry
        except OSError as error:
            yield printable_path(root), Refusal(None, error.strerror or str(error))


def read_entries(path: Path, name: str, names: Mapping[str, str] = _NO_NAMES) -> Iterator[ReadEntry | Refusal]:
    """Yield every article of the file ``path`` that came as ``name``, and every refusal. No content makes it raise.

    ``names`` says what names stand for that no table has (``records``).
    """
    kind = kind_of(name)
    if kind is None:
        yield Refusal(None, f"is in no format that timtin reads: {KNOWN}")
        return
    try:
        if kind.is_document:
            id = usable_id(without_suffixes(name))
            fields = document_fields(read_document(path), kind, name)
            fields["id"] = id
            yield _entry(None, fields, is_plain=kind.is_markup)
            return
        with open_regular(path) as stream:
            content = stream if kind.is_archive else unpacked(stream, kind.packed)
            yield from _entries(content, kind, names, name)
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        yield Refusal(None, f"is damaged or cut short: {error}")
    except RecursionError:
        yield Refusal(None, "is nested too deeply")
    except OSError as error:
        yield Refusal(None, error.strerror or str(error))
    except (InvalidInputError, UnreadableFileError) as error:
        yield _refusal(None, error)


def _entries(stream: IO[bytes], kind: FileKind, names: Mapping[str, str], file: str) -> Iterator[ReadEntry | Refusal]:
    try:
        for line, row in rows(stream, kind, names, file):
            yield _row(line or None, row)
    except UnreadableFileError as error:
        yield _refusal(None, error)


def _row(line: int | str | None, row: Any) -> ReadEntry | Refusal:
    if isinstance(row, TimtinError):
        return _refusal(line, row)
    try:
        return _entry(line, row)
    except TimtinError as error:
        return _refusal(line, error)


def _entry(line: int | str | None, fields: Any, *, is_plain: bool = False) -> ReadEntry:
    reading = read_article(fields, is_plain=is_plain)
    return ReadEntry(line, reading.article, reading.remarks, reading.origins, reading.unread)
