"""The files below a folder that articles can be read from, their bytes and digests."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from index.errors import UnreadableFileError
from index.reading.formats.json_lines import LARGEST_DOCUMENT
from index.reading.formats.registry import FileKind, kind_of
from index.reading.formats.site_files import has_parts_of_page, is_of_site, pages_among

_CHUNK = 1024 * 1024
_WRITTEN_OUT = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that could not be read: ``where`` names the file, and the line if it has many articles."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth reporting about an input that was read or rightly left out."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read: ``name`` is its path below the folder given, empty if the file itself was given."""

    path: Path
    name: str
    kind: FileKind


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is not read: a failure, or a file read elsewhere; ``name`` as in ``FoundFile``.

    The contents of an ``unlisted`` folder are unknown: files that were read from it before may still be there. A file
    of a format that is not read has only its ``suffix``, or "no suffix".
    """

    path: Path
    name: str
    why: str
    failed: bool = True
    unlisted: bool = False
    suffix: str = ""


Found = FoundFile | LeftOut


def printable_path(path: str | Path) -> str:
    """Return a path as text that can be stored and printed; bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def path_from_printable(text: str) -> Path:
    """Return the path for which ``printable_path`` returned ``text``."""
    if os.path.lexists(text) or "\\x" not in text:
        return Path(text)
    return Path(os.fsdecode(_WRITTEN_OUT.sub(lambda match: bytes([int(match[1], 16)]), text.encode())))


def files_below(root: Path) -> Iterator[Found]:
    """Yield the files of a folder in order, those of other formats as left out; skip hidden entries.

    A link is followed if it leads to a file inside the folder that is not read under its own name. The parts of a saved
    page beside it, and the feeds, sitemaps and search data of a built site beside its pages, are left out.
    """
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield LeftOut(root / folder, folder, f"cannot be listed: {error.strerror}", unlisted=True)
            continue
        below: list[str] = []
        pages = pages_among(entry.name for entry in entries)
        for entry in entries:
            if entry.name.startswith((".", "~$")):  # the second are those of Word while it has a document open
                continue
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                yield from _link(root, name)
            elif entry.is_dir(follow_symlinks=False):
                if has_parts_of_page(entry.name, pages):
                    yield LeftOut(root / name, name, "has the parts of the saved page beside it", failed=False)
                else:
                    below.append(name)
            elif is_of_site(entry.name, pages):
                yield LeftOut(root / name, name, "is of the site around", failed=False, suffix=Path(name).suffix)
            elif kind := kind_of(entry.name):
                yield FoundFile(root / name, name, kind)
            else:
                suffix = Path(entry.name).suffix.lower() or "no suffix"
                yield LeftOut(root / name, name, "is of another format", failed=False, suffix=suffix)
        folders.extend(reversed(below))


def _link(root: Path, name: str) -> Iterator[Found]:
    path, kind = root / name, kind_of(name)
    try:
        target, inside = path.resolve(strict=True), root.resolve()
    except (OSError, RuntimeError):
        if kind is not None:
            yield LeftOut(path, name, "is a link that is broken or leads back to itself")
        return
    if target.is_dir():
        yield LeftOut(path, name, "is a link to a folder, which is not followed; name that folder itself", failed=False)
    elif kind is not None:
        if not target.is_relative_to(inside):
            why = f"is a link out of the folder, to {printable_path(target)}; name that file itself or copy it"
            yield LeftOut(path, name, why)
            return
        parts = target.relative_to(inside).parts
        if kind_of(parts[-1]) is not None and not any(part.startswith(".") for part in parts):
            yield LeftOut(
                path, name, f"is a link to {printable_path(target)}, which is read under its own name", failed=False
            )
        else:
            yield FoundFile(path, name, kind)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; never wait for a pipe. Raises UnreadableFileError if it is none, OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFileError("is not a regular file")
    return os.fdopen(descriptor, "rb")


def read_document(path: Path) -> bytes:
    """Return the bytes of a single-article file. Raises as ``open_regular``, and if it is too large."""
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > LARGEST_DOCUMENT:
            raise UnreadableFileError(f"is larger than {LARGEST_DOCUMENT >> 20} MB; no article is that long")
        return stream.read()


class HashedStream:
    """A stream that digests what is read from it; see ``digest``."""

    def __init__(self, stream: BinaryIO, source: str | None) -> None:
        self._stream = stream
        self._hash = hashlib.blake2b(digest_size=16, person=_DIGEST_VERSION)
        self._source = source
        self._read = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read up to ``size`` bytes, or all."""
        data = self._stream.read(size)
        self._hash.update(data)
        self._read += len(data)
        return data

    def tell(self) -> int:
        """Return the number of bytes read."""
        return self._read

    def finish(self) -> str:
        """Read the rest and return the digest of the whole stream."""
        while self.read(_CHUNK):
            pass
        return self._hash.hexdigest() + _digest_of_source(self._source)


def digest(data: bytes, source: str | None) -> str:
    """Return the digest of how a file is read: 32 hexadecimal digits of its bytes, then 16 of ``source``.

    ``source`` is the one given for its articles, with the names given for it (``given_names``); without any there are
    no digits of it.
    """
    return hashlib.blake2b(data, digest_size=16, person=_DIGEST_VERSION).hexdigest() + _digest_of_source(source)


def bytes_digest(digest: str) -> str:
    """Return the part of a digest that covers the file's bytes only."""
    return digest[:32]


def digest_of_file(path: Path, source: str | None) -> str:
    """Return the digest of a file, reading it in pieces. Raises as ``open_regular``."""
    with open_regular(path) as stream:
        return HashedStream(stream, source).finish()


def _digest_of_source(source: str | None) -> str:
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() if source else ""


_DIGEST_VERSION = b"timtin-2"
"""Change this when files are read differently, so that they are read again."""
