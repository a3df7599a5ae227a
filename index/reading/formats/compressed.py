"""Compressed streams, unpacked within limits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from typing import IO, Protocol, cast

from index.errors import UnreadableFileError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_OPENERS: dict[str, Callable[[IO[bytes]], Callable[[int], bytes]]] = {
    ".gz": lambda packed: gzip.GzipFile(fileobj=packed).read1,  # read1 returns what it has before it finds damage
    ".bz2": lambda packed: bz2.BZ2File(packed).read1,
    ".zst": lambda packed: zstd.ZstdFile(packed).read1,
    ".xz": lambda packed: lzma.LZMAFile(packed).read1,  # noqa: SIM115 - the caller closes the file
}
SUFFIXES = frozenset(_OPENERS)
_BUFFER = 256 * 1024
_LEAST_REFUSED = 16 * 1024 * 1024
_MOST_EXPANDED = 100
"""Text unpacks to three to ten times its size, the most repetitive log to fifty; a decompression bomb to a thousand."""


class Packed(Protocol):
    """A stream of compressed bytes; ``tell`` returns how many of them were read."""

    def read(self, size: int = -1, /) -> bytes: ...

    def tell(self) -> int: ...


def unpacked(stream: Packed, suffix: str) -> IO[bytes]:
    """Return ``stream`` decompressed by the suffix of its file, one of ``SUFFIXES``; any other suffix as it is.

    Reading the result raises UnreadableFileError once it has yielded more than 16 MB plus a hundred times the bytes
    read from ``stream``, and OSError, EOFError, zlib.error or lzma.LZMAError if ``stream`` is damaged or cut short.
    """
    opener = _OPENERS.get(suffix)
    if opener is None:
        return io.BufferedReader(_Bounded(stream.read, None, [0]), _BUFFER)
    return bounded(opener(cast(IO[bytes], stream)), stream.tell, [0])


def bounded(read: Callable[[int], bytes], packed: Callable[[], int], given: list[int]) -> IO[bytes]:
    """Return a stream of what ``read`` returns, within the bounds of ``unpacked``; ``given[0]`` counts for several.

    ``packed`` tells how many bytes were read, or may be counted as read.
    """
    return io.BufferedReader(_Bounded(read, packed, given), _BUFFER)


class _Bounded(io.RawIOBase):
    def __init__(self, read: Callable[[int], bytes], packed: Callable[[], int] | None, given: list[int]) -> None:
        self._read = read
        self._packed = packed
        self._given = given

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._read(len(buffer))
        except zstd.ZstdError as error:
            raise EOFError(str(error)) from None
        buffer[: len(data)] = data
        self._given[0] += len(data)
        if self._packed is not None and self._given[0] > _LEAST_REFUSED + _MOST_EXPANDED * self._packed():
            raise UnreadableFileError(
                f"unpacks to more than {_MOST_EXPANDED} times its size; if you trust it, unpack it and index the result"
            )
        return len(data)
