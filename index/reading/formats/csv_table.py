"""CSV: a header that names the fields, then one article a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import IO

from index.article import LONGEST_BODY
from index.errors import TimtinError, UnreadableFileError
from index.field_names import renamed
from index.reading.formats.encodings import decode
from index.reading.formats.json_lines import numbered_lines
from index.records import NO_NAMES, Record, read_cells

_DELIMITERS = ",;\t|"
_MOST_BEFORE = 10
"""Lines that may stand before the header, as a spreadsheet has its heading there."""
_MOST_READ_AGAIN = 100_000_000
"""Bytes that may be read again after bad rows; each line counts as a hundred more."""
_LARGEST_ROW = 2 * LONGEST_BODY


def table_rows(stream: IO[bytes], names: Mapping[str, str] = NO_NAMES) -> Iterator[tuple[int, Record | TimtinError]]:
    """Yield the number of the line in which a row begins, and the row as an article's fields or its error.

    ``names`` says what names of columns stand for that no table has (``records``).

    The delimiter is the one of ``, ; | tab`` that splits the header into the most known fields. After a row that cannot
    be read, the next line is taken as the start of a row; where the file ends in such a row, most of whose lines have
    other numbers of cells, none of them is. Rows without text are skipped, as are empty cells beyond the header. Raises
    UnreadableFileError as ``numbered_lines``, and if the header names neither a title nor a body, or if unclosed quotes
    would have the table read over and over.
    """
    csv.field_size_limit(LONGEST_BODY)
    lines = _Lines(stream)
    try:
        header = _first_written(lines)
        if header.strip()[:4].lower() == "sep=":
            header = _first_written(lines)
        if "\r" in header.strip():
            raise UnreadableFileError("has old Mac line endings (CR only); save it with LF or CRLF, as CSV UTF-8 has")
        delimiter, columns = _columns(header, names)
        for _ in range(_MOST_BEFORE):
            if _names_a_text(columns, names) or not (below := _first_written(lines)):
                break
            sign, cells = _columns(below, names)
            if _names_a_text(cells, names) and _known(cells, names) > 1:
                header, delimiter, columns = below, sign, cells
    except csv.Error as error:
        raise UnreadableFileError(f"has no header line that can be read: {error}") from None
    if not _names_a_text(columns, names):
        raise UnreadableFileError(
            "names neither a title nor a body in its first line; name a column title, body, tiêu đề ..., or say which"
            " column it is with --map NAME=body"
        )
    found = _rows(lines, columns, delimiter, names, is_spaced=f"{delimiter} " in header)
    for number, row in found:
        yield number, row
        if isinstance(row, TimtinError) and lines.has_ended:
            rest = list(found)
            if sum(isinstance(row, Record) - isinstance(row, _OddRowError) for _, row in rest) >= 0:
                yield from rest
            return


def _rows(
    lines: _Lines, columns: list[str], delimiter: str, names: Mapping[str, str], *, is_spaced: bool
) -> Iterator[tuple[int, Record | TimtinError]]:
    while True:
        lines.keep_from_here()
        try:
            for cells in csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=is_spaced):
                if any(map(str.strip, cells)):
                    yield lines.first, _row(columns, cells, names)
                lines.keep_from_here()
            return
        except csv.Error as error:
            what = str(error) if isinstance(error, _BadLine) else f"is not a row: {str(error).partition(' - ')[0]}"
            lines.has_ended = lines.has_ended or "unexpected end of data" in what
            yield lines.first, UnreadableFileError(what)
            lines.again_from_second()


class _BadLine(csv.Error):
    """A line that is not text or is too long; other errors of the stream end the table."""


class _OddRowError(UnreadableFileError):
    """A row has another number of cells than the header."""


class _Lines:
    """The lines of a table as text; keeps those of the row being read, so that they can be read again."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines = numbered_lines(stream)
        self._row: list[tuple[int, bytes | UnreadableFileError]] = []
        self._again: list[tuple[int, bytes | UnreadableFileError]] = []
        self._read_again = self._size = 0
        self.first = 0
        self.has_ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, line = self._again.pop() if self._again else next(self._lines)
        self.has_ended = self.has_ended or (isinstance(line, bytes) and not line.endswith(b"\n"))
        if not self._row:
            self.first = number
        self._row.append((number, line))
        try:
            if isinstance(line, UnreadableFileError):
                raise line
            self._size += len(line)
            if self._size > _LARGEST_ROW:
                raise UnreadableFileError(f"begins a row of more than {_LARGEST_ROW >> 20} MB; a quote is not closed")
            return decode(line)
        except UnreadableFileError as error:
            raise _BadLine(str(error)) from None

    def keep_from_here(self) -> None:
        self._row.clear()
        self._size = 0

    def again_from_second(self) -> None:
        self._read_again += self._size + 100 * len(self._row)
        if self._read_again > _MOST_READ_AGAIN:
            raise UnreadableFileError(f"has unclosed quotes in line {self.first} and others; close them")
        self._again.extend(reversed(self._row[1:]))
        self.keep_from_here()


def _first_written(lines: _Lines) -> str:
    """Return the first line that is not blank, or an empty string."""
    return next(filter(str.strip, lines), "")


def _cells(header: str, delimiter: str) -> list[str]:
    return [cell.strip() for row in csv.reader([header], delimiter=delimiter) for cell in row]


def _columns(header: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the delimiter of a header, and the names in it."""
    delimiter = max(_DELIMITERS, key=lambda sign: _known(_cells(header, sign), names))
    return delimiter, _cells(header, delimiter)


def _names_a_text(columns: list[str], names: Mapping[str, str]) -> bool:
    return any(standing.field in {"title", "body"} for name in columns if (standing := renamed(name, names)))


def _known(columns: list[str], names: Mapping[str, str]) -> int:
    return sum(renamed(name, names) is not None for name in columns)


def _row(columns: list[str], cells: list[str], names: Mapping[str, str]) -> Record | TimtinError:
    while len(cells) > len(columns) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(columns):
        return _OddRowError(f"has {len(cells)} cells, but the first line names {len(columns)}")
    return read_cells(zip(columns, cells, strict=True), names)
