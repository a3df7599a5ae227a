"""What a folder, a file or standard input has that the store has not.

Files are told by the digest of their bytes. One whose digest is known is not parsed; where it is the digest of a file
that is gone or has other bytes by now, the file was moved, and its articles keep their ids. A known file with other
bytes is looked at last, when it is clear which files were moved.
"""

from __future__ import annotations

import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.article import Article, article_from, usable_id
from index.errors import TimtinError, UnreadableFileError
from index.reading.files import (
    Failure,
    FoundFile,
    HashedStream,
    LeftOut,
    Remark,
    digest,
    digest_of_file,
    files_below,
    of_bytes,
    open_regular,
    read_document,
    real_path,
    shown,
)
from index.reading.formats.compressed import unpacked
from index.reading.formats.registry import KNOWN, Format, Kind, document_fields, kind_of, rows, without_suffixes
from index.reading.inputs import Input, Inputs, Place
from index.reading.stability import Looks

_MANY_COPIES = 20
"""Files of the same bytes, none of them moved, after which no more of them are looked for among the moved."""

_OPEN = "is still open for writing; it is read when its writer has closed it, or after an hour"


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read; one named by its file has the ``digest`` of that file."""

    where: str
    article: Article
    place: Place
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Something at ``place`` that could not be read."""

    place: Place | None
    failure: Failure


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a file, all of whose articles were given."""

    place: Place
    digest: str


@dataclass(frozen=True, slots=True)
class Known:
    """A file whose articles are stored already: counts of those, and of those the file was moved with."""

    unchanged: int = 0
    moved: int = 0


Item = Read | Refused | Finished | Known | Remark


class Reading:
    """Read ``path``, one of those given to a run; ``seen`` has the paths of all files the run came by.

    ``source`` is the source of articles that name none. ``looks`` tells files that are still being written.
    """

    def __init__(self, path: str, inputs: Inputs, seen: set[str], source: str | None, looks: Looks | None) -> None:
        self.origin = path if path == "-" else shown(os.path.realpath(path))
        self.moves: dict[int, Place] = {}
        self.unlisted: list[str] = []
        self._path = path
        self._inputs = inputs
        self._seen = seen
        self._source = source
        self._looks = looks
        self._known = {} if path == "-" else {input.place.path: input for input in inputs.below(self.origin)}
        self._by_number = {input.number: input for input in self._known.values()}
        self._there: set[int] = set()
        self._copied: set[tuple[str, Kind]] = set()
        self._later: list[FoundFile] = []

    def known(self, place: Place) -> Input | None:
        """Return what was known of an input before this reading."""
        return self._known.get(place.path)

    def gone(self) -> list[Input]:
        """Return the inputs whose files this run did not come by, and which are not there."""
        return [
            input
            for input in ([] if self._path == "-" else self._inputs.below(self.origin))
            if input.place.path not in self._seen
            and not any(input.place.path.startswith(folder) for folder in self.unlisted)
            and not (input.place.is_told_apart and input.place.exists())
        ]

    def items(self) -> Iterator[Item]:
        """Yield what there is to keep and to say; what cannot be read is named, and reading goes on."""
        try:
            yield from self._standard_input() if self._path == "-" else self._named(Path(self._path))
        except (FileNotFoundError, NotADirectoryError):
            yield Refused(None, Failure(shown(self._path), "there is no such file or folder"))
        except OSError as error:  # nothing can be told of the path, or standard input broke off
            yield Refused(None, Failure(shown(self._path), _reason(error)))
        for file in self._later:
            yield from self._file(file, last=True)

    def _standard_input(self) -> Iterator[Item]:
        if sys.stdin is None:
            yield Refused(None, Failure("standard input", "is closed"))
        else:
            found = rows(sys.stdin.buffer, Kind(Format.JSON_LINES))
            try:
                yield from self._rows_of(found, Place("-", ""), "standard input")
            except UnreadableFileError as error:
                yield Refused(None, Failure("standard input", str(error)))

    def _named(self, root: Path) -> Iterator[Item]:
        """Give what is at a path that was asked for. Raises OSError where the system does not tell."""
        if stat.S_ISDIR(root.stat().st_mode):
            for found in files_below(root):
                if isinstance(found, LeftOut):
                    yield self._left_out(found)
                else:
                    yield from self._file(found)
        elif (kind := kind_of(root.name)) is None:
            yield Refused(None, Failure(shown(root), f"has no format timtin reads: {KNOWN}"))
        else:
            yield from self._file(FoundFile(root, "", kind))

    def _left_out(self, found: LeftOut) -> Item:
        place = Place(self.origin, shown(found.name))
        self._seen.add(place.path)
        if found.unlisted:
            self.unlisted.append(place.path.rstrip("/") + "/")
        where = shown(found.path)
        return Refused(place, Failure(where, found.why)) if found.failed else Remark(where, found.why)

    def _file(self, file: FoundFile, *, last: bool = False) -> Iterator[Item]:
        place = Place(self.origin, shown(file.name))
        if not last and place.path in self._seen:
            return
        self._seen.add(place.path)
        known = self._known.get(place.path)
        place = known.place if known else place
        try:
            if self._looks is not None and not last:
                is_current = known is not None and known.digest is not None and known.articles > 0
                if not self._looks.wants(place.path, file.path.stat(), is_current):
                    if self._looks.is_long_open(place.path):
                        yield Remark(shown(file.path), _OPEN)
                    yield Known(unchanged=known.articles if known else 0)
                    return
            yield from self._changed(file, place, known, last)
        except (OSError, EOFError, zlib.error, lzma.LZMAError, TimtinError, RecursionError) as error:
            yield Refused(place, Failure(shown(file.path), _reason(error)))

    def _changed(self, file: FoundFile, place: Place, known: Input | None, last: bool) -> Iterator[Item]:
        """Give the articles of a file unless they are known."""
        data = read_document(file.path) if file.kind.is_document else b""
        bytes_ = digest(data, self._source) if file.kind.is_document else digest_of_file(file.path, self._source)
        if known is not None and known.articles and known.digest == bytes_:
            self._there.add(known.number)
            yield Known(unchanged=known.articles)
        elif known is not None and known.articles and _same_bytes(known, bytes_):
            self._there.add(known.number)  # only the source that its articles are told to have is another
            yield from self._articles(file, data, bytes_, place, known)
        elif known is not None and known.digest is not None and not last:
            self._later.append(file)
        elif moved := self._moved_to(place, bytes_, file.kind):
            if moved.digest == bytes_:
                yield Known(moved=moved.articles)
            else:
                yield from self._articles(file, data, bytes_, place, moved)
        else:
            if known is not None:
                self._there.add(known.number)  # its articles are those of this file, whatever it had before
            yield from self._articles(file, data, bytes_, place, known)

    def _articles(self, file: FoundFile, data: bytes, bytes_: str, place: Place, known: Input | None) -> Iterator[Item]:
        if file.kind.is_document:
            yield from self._document(file, data, bytes_, place, known)
        else:
            with open_regular(file.path) as raw:
                stream = HashedStream(raw, self._source)
                yield from self._rows_of(rows(unpacked(stream, file.kind.packed), file.kind), place, shown(file.path))
                yield Finished(place, stream.finish())

    def _document(self, file: FoundFile, data: bytes, bytes_: str, place: Place, known: Input | None) -> Iterator[Item]:
        where = shown(file.path)
        name = without_suffixes(file.name or file.path.name)
        ids = self._inputs.ids(known.number) if known is not None else set()
        id = natural = usable_id(name)
        if ids and natural not in ids:
            id = min(ids)
        elif natural != name:
            yield Remark(where, f"has a name that cannot be an id; its article is {natural!r}")
        unsure: list[str] = []
        fields = document_fields(data, file.kind)
        article = article_from({**fields, "id": id}, source=self._source, unsure=unsure.append)
        yield from (Remark(where, why) for why in unsure)
        yield Read(where, article, place, bytes_)
        yield Finished(place, bytes_)

    def _rows_of(self, found: Iterator[tuple[int, Any]], place: Place, name: str) -> Iterator[Item]:
        for number, row in found:
            where = f"{name}:{number}"
            unsure: list[str] = []
            try:
                if isinstance(row, TimtinError):
                    raise row
                article = article_from(row, source=self._source, unsure=unsure.append)
            except TimtinError as error:
                yield Refused(place, Failure(where, str(error)))
                continue
            yield from (Remark(where, why) for why in unsure)
            yield Read(where, article, place)

    def _moved_to(self, place: Place, bytes_: str, kind: Kind) -> Input | None:
        """Return the input whose file was moved to ``place``, after giving it that place; None where there is none.

        An input that had the place gets the place that was left.
        """
        bytes_ = of_bytes(bytes_)
        if (bytes_, kind) in self._copied:
            return None
        same = self._inputs.with_bytes(bytes_)
        for found in same:
            input = self._by_number.setdefault(found.number, found)
            if not _same_bytes(input, bytes_) or not input.articles or input.place.path == place.path:
                continue
            if kind_of(input.place.path) != kind or self._is_there(input):
                continue
            left = input.place
            self._known.pop(left.path, None)
            if (other := self._known.pop(place.path, None)) is not None:
                self._put(other, left)
            self._put(input, place)
            self._there.add(input.number)
            return input
        if len(same) > _MANY_COPIES:
            self._copied.add((bytes_, kind))
        return None

    def _put(self, input: Input, place: Place) -> None:
        input.place = place
        self._known[place.path] = input
        self.moves[input.number] = place

    def _is_there(self, input: Input) -> bool:
        """Tell whether the file of an input still has the bytes that were read; one that cannot be read may have."""
        if input.number in self._there:
            return True
        try:
            is_there = _same_bytes(input, digest_of_file(real_path(input.place.path), None))
        except (FileNotFoundError, NotADirectoryError, UnreadableFileError):
            return False
        except OSError:
            is_there = True
        if is_there:
            self._there.add(input.number)
        return is_there


def _same_bytes(input: Input, digest: str) -> bool:
    return input.digest is not None and of_bytes(input.digest) == of_bytes(digest)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "went away while it was to be read"
    if isinstance(error, EOFError | zlib.error | lzma.LZMAError):
        return f"is damaged or cut short: {error}"
    if isinstance(error, RecursionError):
        return "is nested too deep"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def is_below(path: str, folder: str) -> bool:
    """Tell whether ``path`` is ``folder`` or in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
