"""Zip files of articles: every file in them that has a known format, in order; nothing is unpacked to disk.

Of a file that was cut off, what is whole is read from the beginning, without the list that stood at its end.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import IO, Any, cast

from index.errors import LeftOutError, TimtinError, UnreadableFileError
from index.reading.formats.compressed import bounded
from index.reading.formats.site_files import is_beside, pages_among

LARGEST_LIST = 32 << 20
"""Bytes of the list of files at the end of a zip; ten thousand files need one or two million."""
_LONGEST_NAME = 1000
_HEADER = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_STREAMED, _LOCKED, _UTF8 = 0x8, 0x1, 0x800
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError)
_HIDDEN = re.compile(r"(?:^|/)(?:\.[^./]|~\$|__MACOSX/)")

Row = tuple[str, Any]
ReadEntry = Callable[[str, IO[bytes]], Iterator[Any]]
"""Yields the fields of the articles in an entry of that name, an error for one that cannot be read."""


def zip_rows(stream: IO[bytes], is_known: Callable[[str], bool], read: ReadEntry) -> Iterator[Row]:
    """Yield the place of each article in a zip file and its fields; for what cannot be read, its error.

    The last row is a LeftOutError that counts the files of other formats. ``stream`` can be sought in. Raises
    UnreadableFileError if it is no zip file.
    """
    others: Counter[str] = Counter()
    number = 0
    for name, opened in _entries(stream):
        if _HIDDEN.search(name) or name.endswith("/"):
            continue
        if isinstance(opened, LeftOutError) or (not is_known(name) and not isinstance(opened, TimtinError)):
            others[_suffix(name)] += 1
            continue
        number += 1
        if isinstance(opened, TimtinError):
            yield name, opened
            continue
        try:
            for at, row in enumerate(read(name, opened()), 1):
                yield (f"{name}:{at}" if at > 1 else name), row
        except TimtinError as error:
            yield name, error
        except _DAMAGE as error:
            yield name, UnreadableFileError(f"is damaged or cut short: {error}")
        except RecursionError:
            yield name, UnreadableFileError("is nested too deeply")
    if others:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(20))
        yield "", LeftOutError(f"left out {others.total()} files of other formats: {kinds}", dict(others))
    elif not number:
        yield "", LeftOutError("has no files", ".zip")


def _suffix(name: str) -> str:
    _, dot, last = name.rpartition("/")[2].rpartition(".")
    return f".{last.lower()[:10]}" if dot else "without a suffix"


Opened = Callable[[], IO[bytes]]


def _entries(stream: IO[bytes]) -> Iterator[tuple[str, Opened | UnreadableFileError]]:
    """Yield the name of each file in a zip and how to open it, or why it is not. Raises UnreadableFileError."""
    stream.seek(0, 2)
    size = stream.tell()
    if _size_of_list(stream, size) > LARGEST_LIST:
        raise UnreadableFileError("has a list of files larger than a zip file of articles has; unpack it yourself")
    stream.seek(0)
    if not stream.read(4).startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00")):
        raise UnreadableFileError("is no zip file")
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        stream.seek(0)
        yield from _whole_entries(stream, size)
        return
    given = [0]
    named = [(_name(entry), entry) for entry in archive.infolist()]
    pages = pages_among(name for name, _ in named)
    for name, entry in named:
        if is_beside(name, pages):
            yield name, LeftOutError("is of the site or the saved page beside it", _suffix(name))
            continue
        if entry.flag_bits & _LOCKED:
            yield name, UnreadableFileError("is locked with a password; unpack it yourself")
        elif len(name) > _LONGEST_NAME:
            yield name[:100], UnreadableFileError("has a name that is too long")
        else:

            def opened(entry: zipfile.ZipInfo = entry) -> IO[bytes]:
                return bounded(cast(io.BufferedIOBase, archive.open(entry)).read1, lambda: size, given)

            yield name, opened


def _name(entry: zipfile.ZipInfo) -> str:
    """Return the name of an entry; one that is UTF-8 without saying so, as other programs write it, is read so."""
    name = entry.filename
    if not entry.flag_bits & _UTF8:
        with suppress(UnicodeEncodeError, UnicodeDecodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _size_of_list(stream: IO[bytes], size: int) -> int:
    """Return the size in bytes that the end of a zip states for the list of its files; 0 if it has no end."""
    stream.seek(max(0, size - 66_000))
    tail = stream.read(66_000)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        return 0
    stated: int = _END.unpack_from(tail, at)[5]
    if stated < 0xFFFFFFFF:
        return stated
    wide = tail.rfind(b"PK\x06\x06")
    return int(struct.unpack_from("<Q", tail, wide + 40)[0]) if 0 <= wide <= len(tail) - 56 else 0


def _whole_entries(stream: IO[bytes], size: int) -> Iterator[tuple[str, Opened | UnreadableFileError]]:
    """Yield what is whole in a zip file that was cut off, then an error that says so."""
    given = [0]
    while True:
        start = stream.tell()
        header = stream.read(_HEADER.size)
        if len(header) < _HEADER.size or header[:4] != b"PK\x03\x04":
            break
        _, _, flags, method, _, _, _, packed, _, name_length, more = _HEADER.unpack(header)
        raw = stream.read(name_length)
        extra = stream.read(more)
        name = raw.decode("utf-8", "replace")[:_LONGEST_NAME].replace("\\", "/")
        if packed == 0xFFFFFFFF and extra[:2] == b"\x01\x00" and len(extra) >= 20:
            packed = struct.unpack_from("<Q", extra, 12)[0]
        at = stream.tell()
        unpacker = _UNPACKERS.get(method)
        if unpacker is None or flags & _LOCKED or (method == 0 and flags & _STREAMED):
            yield name, UnreadableFileError("cannot be read from a zip file that was cut off")
            if flags & _STREAMED:
                break
            stream.seek(at + packed)
            continue
        reader = _Unpacked(stream, unpacker(), None if flags & _STREAMED else packed)
        yield name, lambda reader=reader: bounded(reader.read, lambda: size, given)  # type: ignore[misc]
        try:
            while reader.read(1 << 16):
                pass
        except _DAMAGE:
            break
        if flags & _STREAMED:
            stream.seek(at + reader.consumed)
            after = stream.read(24)
            stream.seek(at + reader.consumed + next((n for n in (16, 12, 24, 20) if after[n : n + 2] == b"PK"), 16))
        else:
            stream.seek(at + packed)
        if stream.tell() <= start:
            break
    yield "", UnreadableFileError("is cut off or damaged: what was whole from its beginning was read")


class _Stored:
    eof = False
    unused_data = b""
    unconsumed_tail = b""

    def decompress(self, data: bytes, _most: int = -1) -> bytes:
        return data


_UNPACKERS: dict[int, Callable[[], Any]] = {0: _Stored, 8: partial(zlib.decompressobj, -15), 12: bz2.BZ2Decompressor}


class _Unpacked:
    """The bytes of one entry of a cut-off zip; ``consumed`` counts those it took from the file."""

    def __init__(self, stream: IO[bytes], unpack: Any, packed: int | None) -> None:
        self._stream, self._unpack, self._left = stream, unpack, packed
        self._at = stream.tell()
        self.consumed = 0

    def read(self, size: int, /) -> bytes:
        """Return up to about ``size`` bytes, none at the end. Raises EOFError where the file ends before."""
        while not self._unpack.eof:
            pending = getattr(self._unpack, "unconsumed_tail", b"")
            data = b""
            if not pending and getattr(self._unpack, "needs_input", True):
                wanted = 1 << 14 if self._left is None else min(1 << 14, self._left)
                self._stream.seek(self._at + self.consumed)
                data = self._stream.read(wanted)
                self.consumed += len(data)
                if self._left is not None:
                    self._left -= len(data)
                if not data:
                    if self._left == 0 and isinstance(self._unpack, _Stored):
                        return b""
                    raise EOFError("the file ends within it")
            found: bytes = self._unpack.decompress(pending or data, size)
            if self._unpack.eof:
                self.consumed -= len(self._unpack.unused_data)
            if found:
                return found
        return b""
