"""What files, folders and standard input have that the store lacks.

A file is identified by the digest of its bytes. A file whose digest is known is not parsed. If the file that the digest
was recorded for is gone or has changed, the file was moved, and its articles keep their ids. So all files are digested
before any is parsed, but for files with unknown digests in a folder that nothing was read from before.
"""

from __future__ import annotations

import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.article import Article, usable_id
from index.errors import InvalidInputError, LeftOutError, TimtinError, UnreadableFileError
from index.reading.article_reading import read_article
from index.reading.files import (
    Failure,
    FoundFile,
    HashedStream,
    LeftOut,
    Remark,
    bytes_digest,
    digest,
    digest_of_file,
    files_below,
    open_regular,
    path_from_printable,
    printable_path,
    read_document,
)
from index.reading.formats.compressed import unpacked
from index.reading.formats.registry import KNOWN, FileKind, Format, document_fields, kind_of, rows, without_suffixes
from index.reading.given_names import GivenNames
from index.reading.import_run import ImportRun
from index.reading.stability import Stability
from index.store.input_log import Input, InputLog

STANDARD_INPUT = "-"
REFUSALS = (
    OSError, EOFError, zlib.error, lzma.LZMAError, RecursionError, InvalidInputError, UnreadableFileError,
)  # fmt: skip
"""As what files and their contents can fail."""


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An article read from ``path``; ``digest`` is the digest of the file if the whole file is this article."""

    path: str
    where: str
    article: Article
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class FileEnd:
    """The end of a file, all of whose articles were yielded."""

    path: str
    digest: str


class FolderScan:
    """Find what is new at the given paths and read it.

    ``source`` is the source of articles that name none, ``names`` what users have said that names stand for. With
    ``stability``, files still being written are left out. ``failed`` has the paths of files that could not be read
    completely, ``left_out`` those that are rightly not read, ``unlisted`` the folders that could not be listed, each
    with a slash at its end.
    """

    def __init__(
        self,
        run: ImportRun,
        inputs: InputLog,
        source: str | None,
        stability: Stability | None,
        names: GivenNames,
    ) -> None:
        self.failed: set[str] = set()
        self.left_out: set[str] = set()
        self._run = run
        self._inputs = inputs
        self._source = source
        self._names = names
        self._stability = stability
        self._known: dict[str, Input] = {}
        self._seen: set[str] = set()
        self.unlisted: list[str] = []
        self._files: dict[str, tuple[FoundFile, str]] = {}
        self._parsed: set[str] = set()
        self._passed = 0

    def items(self, paths: Sequence[str]) -> Iterator[ReadArticle | FileEnd]:
        """Yield what is new at ``paths``, standard input last; refuse what cannot be read, and go on."""
        if self._run.report.size is not None:
            self._run.report.size(*_files_and_bytes(paths))
        for root in paths:
            if root != STANDARD_INPUT:
                with self._refusing(None, printable_path(root)):
                    for path in self._find(Path(root)):
                        yield from self._parse(path)
        for path in self._files_to_parse():
            yield from self._parse(path)
        if STANDARD_INPUT in paths:
            with self._refusing(None, "standard input"):
                if sys.stdin is None:
                    raise UnreadableFileError("is closed")
                found = rows(sys.stdin.buffer, FileKind(Format.JSON_LINES), self._names.of(STANDARD_INPUT))
                yield from self._rows(found, STANDARD_INPUT, "standard input")

    def refuse(self, path: str | None, where: str, why: str) -> None:
        """Record that something could not be read; ``path`` is its file, if known."""
        if path is not None:
            self.failed.add(path)
        self._run.refuse(Failure(where, why))

    def _leave_out(self, where: str, error: LeftOutError) -> None:
        """Record what is rightly not read as an article."""
        for what, count in error.counts.items():
            self._run.leave_out(what, count)
        self._run.report.remark(Remark(where, str(error)))

    def gone(self, root: str) -> list[Input]:
        """Return the inputs at or below ``root`` whose files no longer exist.

        An old store may have one input for all files of a folder; it is gone once a run has read everything without a
        failure.
        """
        failed = self._run.summary.failures > 0
        return [
            input
            for input in self._inputs.below(root)
            if input.path not in self._seen
            and not any(input.path.startswith(folder) for folder in self.unlisted)
            and not (is_file(input.path) or (failed and path_from_printable(input.path).is_dir()))
        ]

    @contextmanager
    def _refusing(self, path: str | None, where: str) -> Iterator[None]:
        """Refuse what fails as files and their contents can fail; let other errors through."""
        try:
            yield
        except LeftOutError as error:
            self._leave_out(where, error)
            if path is not None:
                self.left_out.add(path)
        except REFUSALS as error:
            self.refuse(path, where, reason_of(error))

    def _find(self, root: Path) -> Iterator[str]:
        """Digest the files at ``root``; yield those to parse at once: all unknown ones, where nothing was read yet."""
        origin = absolute(root)
        self._known |= {input.path: input for input in self._inputs.below(origin)}
        found: Iterable[FoundFile | LeftOut]
        if stat.S_ISDIR(root.stat().st_mode):
            found = files_below(root)
        elif kind := kind_of(root.name):
            found = (FoundFile(root, "", kind),)
        else:
            raise UnreadableFileError(f"is in no format that timtin reads: {KNOWN}")
        for file in found:
            path = f"{origin.rstrip('/')}/{printable_path(file.name)}".rstrip("/")
            self._digest_file(file, path)
            if path in self._files and not self._known and not self._has_digest(path):
                self._parsed.add(path)
                yield path

    def _has_digest(self, path: str) -> bool:
        return bool(self._inputs.with_digest(bytes_digest(self._files[path][1])))

    def _parse(self, path: str) -> Iterator[ReadArticle | FileEnd]:
        file, _ = self._files[path]
        with self._refusing(path, printable_path(file.path)):
            yield from self._articles(file, path)
            self._run.done_with_file()
        if path in self.left_out:
            yield FileEnd(path, "")
        self._pass_to_end(file)

    def _counted(
        self, items: Iterator[ReadArticle | FileEnd], tell: Callable[[], int]
    ) -> Iterator[ReadArticle | FileEnd]:
        """Yield ``items``, and report how far the file that they come from was read."""
        for item in items:
            self._pass_to(tell())
            yield item

    def _pass_to(self, place: int) -> None:
        if self._run.report.read is not None and place > self._passed:
            self._run.report.read(place - self._passed)
            self._passed = place

    def _pass_to_end(self, file: FoundFile) -> None:
        if self._run.report.read is not None:
            with suppress(OSError):
                self._pass_to(file.path.stat().st_size)
        self._passed = 0

    def _digest_file(self, found: FoundFile | LeftOut, path: str) -> None:
        """Digest a file, unless it was seen already or is still being written."""
        if path in self._seen:
            return
        self._seen.add(path)
        if isinstance(found, LeftOut) and found.suffix:
            self._run.leave_out(found.suffix)
            return
        if isinstance(found, LeftOut):
            if found.unlisted:
                self.unlisted.append(f"{path}/")
            if found.failed:
                self.refuse(path, printable_path(found.path), found.why)
            else:
                self._run.report.remark(Remark(printable_path(found.path), found.why))
            return
        with self._refusing(path, printable_path(found.path)):
            known, way = self._known.get(path), self._names.way(path, self._source)
            is_stored = known is not None and known.digest is not None and known.articles > 0
            if self._stability is not None and not self._stability.wants(path, found.path.stat(), is_stored):
                self._run.done_with_file(unchanged=known.articles if known else 0)
            elif found.kind.is_document:
                self._files[path] = found, digest(read_document(found.path), way)
            else:
                self._files[path] = found, digest_of_file(found.path, way)

    def _files_to_parse(self) -> list[str]:
        """Return the paths of the files to parse: those whose articles are neither stored unchanged nor moved."""
        new: list[str] = []
        unknown: dict[tuple[str, FileKind], list[str]] = {}
        for path, (file, found) in self._files.items():
            if path in self._parsed:
                continue
            known = self._known.get(path)
            if known is None or not known.articles or known.digest is None or not _same_bytes(known.digest, found):
                unknown.setdefault((bytes_digest(found), file.kind), []).append(path)
            elif known.digest == found:
                self._pass_to_end(file)
                self._run.done_with_file(unchanged=known.articles)
            else:  # the same bytes, but another ``source`` is given
                new.append(path)
        moved: dict[str, Input] = {}
        for (bytes_, kind), paths in unknown.items():
            moved.update(zip(paths, self._moved_from(bytes_, kind), strict=False))
            new.extend(paths)
        if moved:
            self._inputs.move([(input.number, path) for path, input in moved.items()])
        for path, input in moved.items():
            if input.digest == self._files[path][1]:
                self._pass_to_end(self._files[path][0])
                self._run.done_with_file(moved=input.articles)
                del self._files[path]
        return [path for path in new if path in self._files]

    def _moved_from(self, bytes_: str, kind: FileKind) -> Iterator[Input]:
        """Yield the inputs that were read with these bytes and whose files no longer have them."""
        for input in self._inputs.with_digest(bytes_):
            if input.articles and kind_of(input.path) == kind and not self._may_still_have(input.path, bytes_):
                yield input

    def _may_still_have(self, path: str, bytes_: str) -> bool:
        """Tell whether the file at ``path`` has these bytes; one that cannot be read may have them."""
        try:
            found = self._files[path][1] if path in self._files else digest_of_file(path_from_printable(path), None)
        except (FileNotFoundError, NotADirectoryError, UnreadableFileError):
            return False
        except OSError:
            return True
        return _same_bytes(found, bytes_)

    def _articles(self, file: FoundFile, path: str) -> Iterator[ReadArticle | FileEnd]:
        where = printable_path(file.path)
        if file.kind.is_archive:
            with open_regular(file.path) as raw:
                found = rows(raw, file.kind, self._names.of(path), file.name or file.path.name)
                yield from self._counted(self._rows(found, path, where), raw.tell)
                raw.seek(0)
                yield FileEnd(path, HashedStream(raw, self._names.way(path, self._source)).finish())
            return
        if not file.kind.is_document:
            with open_regular(file.path) as raw:
                stream = HashedStream(raw, self._names.way(path, self._source))
                found = rows(unpacked(stream, file.kind.packed), file.kind, self._names.of(path))
                count, left_out = 0, self._run.summary.left_out.copy()
                for item in self._counted(self._rows(found, path, where), raw.tell):
                    count += 1
                    yield item
                yield FileEnd(path, stream.finish())
            is_read = count > 0 or path in self.failed or left_out != self._run.summary.left_out
            if file.kind.format is Format.JSON and not is_read:
                self._run.leave_out(".json")
                self._run.report.remark(Remark(where, "has no article: no object with a title or a body"))
            return
        data = read_document(file.path)
        whole, id = digest(data, self._names.way(path, self._source)), self._id(file, path)
        fields = document_fields(data, file.kind, file.name or file.path.name)
        fields["id"] = id
        yield self._article(path, where, fields, whole, is_plain=file.kind.is_markup)
        yield FileEnd(path, whole)

    def _id(self, file: FoundFile, path: str) -> str:
        """Return the id of a single-article file's article: its present id, otherwise one from the file name."""
        name = without_suffixes(file.name or file.path.name)
        ids, natural = self._inputs.ids(path), usable_id(name)
        if ids and natural not in ids:
            return min(ids)
        if natural != name:
            why = f"has a name that cannot be an id; its article gets the id {natural!r}"
            self._run.report.remark(Remark(printable_path(file.path), why))
        return natural

    def _rows(self, found: Iterator[tuple[int | str, Any]], path: str, name: str) -> Iterator[ReadArticle | FileEnd]:
        for number, row in found:
            where = f"{name}:{number}" if number else name
            try:
                if isinstance(row, TimtinError):
                    raise row
                yield self._article(path, where, row)
            except LeftOutError as error:
                self._leave_out(where, error)
            except TimtinError as error:
                self.refuse(path, where, str(error))

    def _article(
        self, path: str, where: str, fields: Any, digest: str | None = None, *, is_plain: bool = False
    ) -> ReadArticle:
        reading = read_article(fields, source=self._source, is_plain=is_plain)
        for why in reading.remarks:
            self._run.report.remark(Remark(where, why))
        self._run.note(reading)
        return ReadArticle(path, where, reading.article, digest)


def _files_and_bytes(paths: Sequence[str]) -> tuple[int, int]:
    """Return how many files there are to read at ``paths``, and how many bytes they have."""
    files = size = 0
    for root in paths:
        with suppress(OSError):
            found: Iterable[Path] = [Path(root)]
            if Path(root).is_dir():
                found = (file.path for file in files_below(Path(root)) if isinstance(file, FoundFile))
            for path in found if root != STANDARD_INPUT else ():
                size += path.stat().st_size
                files += 1
    return files, size


def absolute(path: str | Path) -> str:
    """Return the absolute path of a file or folder, links resolved, in the form of ``printable_path``."""
    return printable_path(os.path.realpath(path))


def is_file(path: str) -> bool:
    """Tell whether a file or a link, but not a folder, exists at ``path``, a ``printable_path``."""
    return os.path.lexists(path_from_printable(path)) and not path_from_printable(path).is_dir()


def is_below(path: str, folder: str) -> bool:
    """Tell whether ``path`` is ``folder`` or in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _same_bytes(digest: str, other: str) -> bool:
    return bytes_digest(digest) == bytes_digest(other)


def reason_of(error: Exception) -> str:
    """Return why a file cannot be read, from what was raised."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "there is no such file or folder"
    if isinstance(error, EOFError | zlib.error | lzma.LZMAError):
        return f"is damaged or cut short: {error}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
