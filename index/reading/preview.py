"""How one file would be read: its articles, one after the other, and what would be refused; nothing is stored.

Unlike ``folder_scan`` this knows nothing of what was read before: it is for files that come from elsewhere and have no
place in a folder. ``name`` is only the name the file came with: it says the format, and the id of a document's article.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.article import Article, article_from, usable_id
from index.errors import InvalidInputError, TimtinError, UnreadableFileError
from index.reading.files import open_regular, read_document
from index.reading.formats.compressed import unpacked
from index.reading.formats.registry import KNOWN, PlainFields, document_fields, kind_of, rows, without_suffixes


@dataclass(frozen=True, slots=True)
class Refusal:
    """What would be refused, and why; ``line`` is its place in a file of many articles, None for the whole file."""

    line: int | str | None
    why: str


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An article of a file and its line, None in a document; ``remarks`` say what of it was not understood."""

    line: int | str | None
    article: Article
    remarks: tuple[str, ...] = ()


def format_of(name: str) -> str | None:
    """Return what the format is called that a file has by its name; None if timtin does not read it."""
    kind = kind_of(name)
    return None if kind is None else f"{kind.format.value}{kind.packed and f' ({kind.packed})'}"


def read_entries(path: Path, name: str) -> Iterator[ReadEntry | Refusal]:
    """Yield every article of the file ``path`` that came as ``name``, and every refusal. No content makes it raise."""
    kind = kind_of(name)
    if kind is None:
        yield Refusal(None, f"is in no format that timtin reads: {KNOWN}")
        return
    try:
        if kind.is_document:
            id = usable_id(without_suffixes(name))
            fields = {**document_fields(read_document(path), kind), "id": id}
            yield _entry(None, fields, is_plain=kind.is_markup)
            return
        with open_regular(path) as stream:
            for line, row in rows(stream if kind.is_archive else unpacked(stream, kind.packed), kind, name):
                yield _row(line or None, row)
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        yield Refusal(None, f"is damaged or cut short: {error}")
    except RecursionError:
        yield Refusal(None, "is nested too deeply")
    except OSError as error:
        yield Refusal(None, error.strerror or str(error))
    except (InvalidInputError, UnreadableFileError) as error:
        yield Refusal(None, str(error))


def _row(line: int | str | None, row: Any) -> ReadEntry | Refusal:
    if isinstance(row, TimtinError):
        return Refusal(line, str(row))
    try:
        return _entry(line, row, is_plain=isinstance(row, PlainFields))
    except TimtinError as error:
        return Refusal(line, str(error))


def _entry(line: int | str | None, fields: Any, *, is_plain: bool = False) -> ReadEntry:
    remarks: list[str] = []
    article = article_from(fields, unsure=remarks.append, is_plain=is_plain)
    return ReadEntry(line, article, tuple(remarks))
