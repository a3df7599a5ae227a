"""How one file would be read: its articles, one after the other, and what would be refused; nothing is stored.

Unlike ``folder_scan`` this knows nothing of what was read before: it is for files that come from elsewhere and have no
place in a folder. ``name`` is only the name the file came with: it says the format, and the id of a document's article.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from index.article import usable_id
from index.errors import LeftOutError, TimtinError, UnreadableFileError
from index.reading.article_reading import Reading, read_article
from index.reading.files import FoundFile, files_below, open_regular, printable_path, read_document
from index.reading.folder_scan import REFUSALS, STANDARD_INPUT, absolute, reason_of
from index.reading.formats.compressed import unpacked
from index.reading.formats.registry import KNOWN, FileKind, Format, document_fields, kind_of, rows, without_suffixes
from index.reading.given_names import GivenNames
from index.records import NO_NAMES


@dataclass(frozen=True, slots=True)
class Refusal:
    """What would be refused, and why; ``line`` is its place in a file of many articles, None for the whole file.

    ``is_left_out`` says that it is rightly no article: a draft, a list of articles.
    """

    line: int | str | None
    why: str
    is_left_out: bool = False


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An article of a file and how it was read, and its line, None in a document."""

    line: int | str | None
    reading: Reading


def format_of(name: str) -> str | None:
    """Return what the format is called that a file has by its name; None if timtin does not read it."""
    kind = kind_of(name)
    return None if kind is None else f"{kind.format.value}{kind.packed and f' ({kind.packed})'}"


def previewed(paths: Sequence[str], names: GivenNames) -> Iterator[tuple[str, ReadEntry | Refusal]]:
    """Yield how the articles at ``paths``, files, folders and ``-``, would be read, each with the name of its file."""
    for root in map(Path, paths):
        if str(root) == STANDARD_INPUT and sys.stdin is not None:
            kind, given = FileKind(Format.JSON_LINES), names.of(STANDARD_INPUT)
            for entry in _entries(sys.stdin.buffer, kind, given, STANDARD_INPUT):
                yield "standard input", entry
            continue
        try:
            is_folder = stat.S_ISDIR(root.stat().st_mode)
            files = (file for file in files_below(root) if isinstance(file, FoundFile)) if is_folder else None
            for path, name in [(root, root.name)] if files is None else ((file.path, file.name) for file in files):
                for entry in read_entries(path, name, names.of(absolute(path))):
                    yield printable_path(path), entry
        except OSError as error:
            yield printable_path(root), _refusal(None, error)


def read_entries(path: Path, name: str, names: Mapping[str, str] = NO_NAMES) -> Iterator[ReadEntry | Refusal]:
    """Yield every article of the file ``path`` that came as ``name``, and every refusal. No content makes it raise.

    ``names`` says what names stand for that no table has (``records``).
    """
    kind = kind_of(name)
    if kind is None:
        yield Refusal(None, f"is in no format that timtin reads: {KNOWN}")
        return
    try:
        if kind.is_document:
            fields = document_fields(read_document(path), kind, name)
            fields["id"] = usable_id(without_suffixes(name))
            yield ReadEntry(None, read_article(fields, is_plain=kind.is_markup))
            return
        with open_regular(path) as stream:
            content = stream if kind.is_archive else unpacked(stream, kind.packed)
            yield from _entries(content, kind, names, name)
    except REFUSALS as error:
        yield _refusal(None, error)


def _entries(stream: IO[bytes], kind: FileKind, names: Mapping[str, str], file: str) -> Iterator[ReadEntry | Refusal]:
    try:
        for line, row in rows(stream, kind, names, file):
            try:
                if isinstance(row, TimtinError):
                    raise row
                yield ReadEntry(line or None, read_article(row))
            except TimtinError as error:
                yield _refusal(line or None, error)
    except UnreadableFileError as error:
        yield _refusal(None, error)


def _refusal(line: int | str | None, error: Exception) -> Refusal:
    return Refusal(line, reason_of(error), isinstance(error, LeftOutError))
