"""Named arrays in one file, written once and read through a memory map.

Layout::

    magic | arrays, each at a multiple of 8 bytes | directory (JSON) | footer

The directory names every array with its type, place, length and CRC-32. The footer holds the directory's place,
length and checksum, the size of the file and the magic again. All numbers are little-endian.

Opening a file checks magic, size and directory, which tells a truncated or overwritten file; ``problems`` reads
everything and compares the checksums. Arrays are views of the map: they cost nothing until they are touched, may
be read by any thread, and keep the map alive.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedIndexError

Array = NDArray[Any]

_MAGIC = b"timtin01"
_FOOTER = struct.Struct("<QIIQ8s")
_ALIGNMENT = 8
_BLOCK = 1 << 23


def smallest_unsigned(largest: int) -> np.dtype[Any]:
    """Return the smallest little-endian unsigned type that holds ``largest``."""
    return np.dtype(np.min_scalar_type(max(largest, 0))).newbyteorder("<")


def write_arrays(path: Path, arrays: Iterable[tuple[str, Array]], about: Mapping[str, Any]) -> None:
    """Write ``arrays`` and the JSON values ``about`` to a new file and have the disk hold it."""
    directory: dict[str, tuple[str, int, int, int]] = {}
    with path.open("xb") as file:
        file.write(_MAGIC)
        place = len(_MAGIC)
        for name, array in arrays:
            data = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            directory[name] = (data.dtype.str, place, data.size, zlib.crc32(data.data))
            file.write(data.data)
            padding = -data.nbytes % _ALIGNMENT
            file.write(bytes(padding))
            place += data.nbytes + padding
        text = json.dumps({"about": about, "arrays": directory}).encode("utf-8")
        file.write(text)
        size = place + len(text) + _FOOTER.size
        file.write(_FOOTER.pack(place, len(text), zlib.crc32(text), size, _MAGIC))
        file.flush()
        os.fsync(file.fileno())


class ArrayFile:
    """Open the arrays at ``path``. Raises FileNotFoundError, or DamagedIndexError where it is not a whole file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < len(_MAGIC) + _FOOTER.size:
                raise self._damaged("it is too short")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        place, length, checksum, whole, magic = _FOOTER.unpack_from(self._map, size - _FOOTER.size)
        if magic != _MAGIC or self._map[: len(_MAGIC)] != _MAGIC or whole != size:
            raise self._damaged("it is cut off, or was overwritten")
        text = self._map[place : place + length]
        if zlib.crc32(text) != checksum:
            raise self._damaged("its directory was overwritten")
        directory = json.loads(text)
        self.about: dict[str, Any] = directory["about"]
        self._arrays: dict[str, tuple[str, int, int, int]] = directory["arrays"]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __getitem__(self, name: str) -> Array:
        """Return the array ``name``, read-only; raises KeyError."""
        dtype, place, count, _ = self._arrays[name]
        return np.frombuffer(self._map, dtype, count, place)

    def checks(self) -> Iterator[str | None]:
        """Read every array, some megabytes at a time; yield what is wrong with what was read, None where nothing is."""
        for name, (_, _, _, checksum) in self._arrays.items():
            data = self[name].view(np.uint8).data
            found = 0
            for place in range(0, len(data), _BLOCK):
                yield None
                found = zlib.crc32(data[place : place + _BLOCK], found)
            if found != checksum:
                yield str(self._damaged(f"the bytes of {name} have changed since they were written"))

    def problems(self) -> list[str]:
        """Read every array and return what is wrong with them."""
        return [problem for problem in self.checks() if problem is not None]

    def _damaged(self, what: str) -> DamagedIndexError:
        return DamagedIndexError(f"the index file {self.path} is damaged: {what}")
