"""Compressed streams, unpacked within bounds."""

from __future__ import annotations

import gzip
import io
import lzma
from collections.abc import Callable
from typing import IO, Protocol, cast

from index.errors import UnreadableFileError

_OPENERS: dict[str, Callable[[IO[bytes]], object]] = {
    ".gz": lambda packed: gzip.GzipFile(fileobj=packed),
    ".xz": lzma.LZMAFile,
}
SUFFIXES = frozenset(_OPENERS)
_BUFFER = 256 * 1024
_LEAST_REFUSED = 16 * 1024 * 1024
_MOST_EXPANDED = 100
"""Text unpacks to three to ten times its size, the dullest log to fifty; what is made to fill memory to a thousand."""


class Packed(Protocol):
    """A stream of compressed bytes that tells how many of them were read."""

    def read(self, size: int = -1, /) -> bytes: ...

    def tell(self) -> int: ...


def unpacked(stream: Packed, suffix: str) -> IO[bytes]:
    """Return what ``stream`` unpacks to, by the suffix of its file: ``.gz``, ``.xz``, anything else as it is.

    Reading it raises UnreadableFileError once it has given more than 16 MB and a hundred times what was read of
    ``stream``, and OSError, EOFError, zlib.error or lzma.LZMAError where ``stream`` is damaged or cut short.
    """
    whole = cast(IO[bytes], stream)
    opener = _OPENERS.get(suffix)
    inner = stream if opener is None else cast(Packed, opener(whole))
    return io.BufferedReader(_Bounded(inner, None if opener is None else stream), _BUFFER)


class _Bounded(io.RawIOBase):
    def __init__(self, inner: Packed, packed: Packed | None) -> None:
        self._inner = inner
        self._packed = packed
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        self._given += len(data)
        if self._packed is not None and self._given > _LEAST_REFUSED + _MOST_EXPANDED * self._packed.tell():
            raise UnreadableFileError(
                f"unpacks to more than {_MOST_EXPANDED} times its size; if it is no trap, unpack it and index that"
            )
        return len(data)
