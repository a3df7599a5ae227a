"""Named arrays in one file, written once and read through a memory map.

Layout::

    magic | arrays, each at a multiple of 8 bytes | directory (JSON) | footer

The directory gives the name, dtype (or ``4 bits``, if the numbers are packed), file offset, length and CRC-32 of every
array. The footer gives the offset, length and CRC-32 of the directory, the size of the file and the magic again. All
numbers are little-endian.

Opening a file checks magic, size and directory, which detects a truncated or overwritten file. ``problems`` reads
everything and compares the checksums; ``verified_blocks`` does the same without the map. Arrays are views of the map:
they cost nothing until they are touched, any thread may read them, and they keep the map alive.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from index.arrays import Array
from index.errors import DamagedIndexError
from index.segments.packing import MOST_BITS, PackedNumbers, packed, packed_bytes

_ArrayTable = dict[str, tuple[str, int, int, int]]

_MAGIC = b"timtin01"
_FOOTER = struct.Struct("<QIIQ8s")
_ALIGNMENT = 8
_BLOCK = 1 << 20
_BITS = " bits"


@dataclass(frozen=True, slots=True)
class Pieces:
    """An array that is too large to be in memory as a whole: its pieces, one after the other.

    A file has its numbers packed, if they need at most so many ``bits`` and these are few.
    """

    dtype: np.dtype[np.generic]
    pieces: Iterable[Array]
    bits: int = 64


def write_arrays(path: Path, arrays: Iterable[tuple[str, Array | Pieces]], about: Mapping[str, Any]) -> None:
    """Write ``arrays`` and the metadata ``about`` (JSON values) to a new file and fsync it."""
    directory: _ArrayTable = {}
    with path.open("xb") as file:
        file.write(_MAGIC)
        place = len(_MAGIC)
        for name, array in arrays:
            dtype = array.dtype.newbyteorder("<")
            kind, size, count, checksum = dtype.str, 0, 0, 0
            pieces: Iterable[Array] = array.pieces if isinstance(array, Pieces) else [array]
            data: Iterable[tuple[Array, int]] = ((piece, len(piece)) for piece in pieces)
            if isinstance(array, Pieces) and array.bits <= MOST_BITS:
                kind, dtype, data = f"{array.bits}{_BITS}", np.dtype(np.uint8), packed(pieces, array.bits)
            for piece, numbers in data:
                block = np.ascontiguousarray(piece, dtype).data
                checksum = zlib.crc32(block, checksum)
                file.write(block)
                size, count = size + block.nbytes, count + numbers
            directory[name] = (kind, place, count, checksum)
            padding = -size % _ALIGNMENT
            file.write(bytes(padding))
            place += size + padding
        text = json.dumps({"about": about, "arrays": directory}).encode("utf-8")
        file.write(text)
        size = place + len(text) + _FOOTER.size
        file.write(_FOOTER.pack(place, len(text), zlib.crc32(text), size, _MAGIC))
        file.flush()
        os.fsync(file.fileno())


class ArrayFile:
    """Open the arrays at ``path``. Raises FileNotFoundError, or DamagedIndexError if the file is not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.about, self._arrays = _read_directory(path, file)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __getitem__(self, name: str) -> Any:
        """Return the array ``name``, read-only, or its ``PackedNumbers``. Raises KeyError."""
        kind, _, count, _ = self._arrays[name]
        data = self._bytes(name)
        return PackedNumbers(data, _bits(kind), count) if _bits(kind) else data.view(kind)

    def _bytes(self, name: str) -> Array:
        kind, place, count, _ = self._arrays[name]
        return np.frombuffer(self._map, np.uint8, _size(kind, count), place)

    def release(self) -> None:
        """Stop counting what was read as memory of this process; arrays stay valid, and are read again if needed."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def problems(self) -> list[str]:
        """Read every array; return one message for each whose checksum differs."""
        return [
            str(_changed(self.path, name))
            for name, (_, _, _, checksum) in self._arrays.items()
            if self._checksum(name) != checksum
        ]

    def _checksum(self, name: str) -> int:
        data = self._bytes(name).data
        checksum = 0
        for at in range(0, len(data), _BLOCK):
            checksum = zlib.crc32(data[at : at + _BLOCK], checksum)
            self.release()
        return checksum


def verified_blocks(path: Path) -> Iterator[None]:
    """Verify a file's checksums, yielding after each megabyte. Raises OSError, or DamagedIndexError if bytes changed.

    The file is read without a map: truncating it meanwhile is safe, and it does not count as memory of this process.
    """
    block = memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as file:
        for name, (kind, place, count, checksum) in _read_directory(path, file)[1].items():
            file.seek(place)
            left, found = _size(kind, count), 0
            while size := file.readinto(block[:left]):
                found = zlib.crc32(block[:size], found)
                left -= size
                yield
            if found != checksum:
                raise _changed(path, name)


def _bits(kind: str) -> int:
    """Return how many bits packed numbers have, 0 for an array."""
    return int(kind.removesuffix(_BITS)) if kind.endswith(_BITS) else 0


def _size(kind: str, count: int) -> int:
    return packed_bytes(_bits(kind), count) if _bits(kind) else count * np.dtype(kind).itemsize


def _read_directory(path: Path, file: BinaryIO) -> tuple[dict[str, Any], _ArrayTable]:
    """Return the metadata and the directory of an open file. Raises DamagedIndexError."""
    size = os.fstat(file.fileno()).st_size
    if size < len(_MAGIC) + _FOOTER.size:
        raise _damaged(path, "it is too short")
    start = file.read(len(_MAGIC))
    file.seek(size - _FOOTER.size)
    place, length, checksum, whole, magic = _FOOTER.unpack(file.read(_FOOTER.size))
    if start != _MAGIC or magic != _MAGIC or whole != size or place + length + _FOOTER.size != size:
        raise _damaged(path, "it is truncated or was overwritten")
    file.seek(place)
    text = file.read(length)
    if zlib.crc32(text) != checksum:
        raise _damaged(path, "its directory was overwritten")
    directory = json.loads(text)
    return directory["about"], directory["arrays"]


def _changed(path: Path, name: str) -> DamagedIndexError:
    return _damaged(path, f"the bytes of {name} have changed since they were written")


def _damaged(path: Path, what: str) -> DamagedIndexError:
    return DamagedIndexError(f"the index file {path} is damaged: {what}")
