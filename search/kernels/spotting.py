"""Find the syllables of a query in texts by the compiled kernel."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from functools import cache, partial
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.kernels.library import kernels

_UNKNOWN = -1
_NEEDLE = Struct("=32sii")
_MOST_NEEDLES = 256
_MOST_FORMS = 1024


class SpottedText(NamedTuple):
    """The words found in a text: ``starts``, ``ends`` and the number of the form of each, in ``firsts`` by its first
    spot, shape (forms, 3). ``known`` is the text as bytes and ``origins`` the place of each, if they were asked for.
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    forms: NDArray[np.int32]
    firsts: NDArray[np.int32]
    known: bytes
    origins: NDArray[np.int32]


def pack_needles(whole: Iterable[str], begun: Iterable[str]) -> tuple[bytes, int] | None:
    """Return needles, ASCII and up to 32 characters long, as the kernel reads them; None if they are too many.

    A word must be one of ``whole`` or begin like one of ``begun``.
    """
    packed = [_NEEDLE.pack(needle.encode("ascii"), len(needle), is_whole) for needle, is_whole in
              [*((one, 1) for one in whole), *((one, 0) for one in begun)]]  # fmt: skip
    return (b"".join(packed), len(packed)) if len(packed) <= _MOST_NEEDLES else None


@cache
def spotting_kernel() -> SpottingKernel | None:
    """Return the kernel; None if nothing is compiled."""
    library = kernels()
    return None if library is None else SpottingKernel(library)


class SpottingKernel:
    """The kernel in a library of compiled code."""

    def __init__(self, library: ctypes.CDLL) -> None:
        address, number, packed = ctypes.c_void_p, ctypes.c_int64, ctypes.c_char_p
        self._find = library.find_spots
        self._find.argtypes = [packed, number, address, packed, ctypes.c_int32, ctypes.c_int32, *[address] * 5]
        self._find.restype = None

    def find(
        self,
        whole: str,
        table: NDArray[np.uint8],
        learn: Callable[[NDArray[np.uint16]], object],
        needles: tuple[bytes, int],
        most: int,
        *,
        with_bytes: bool,
    ) -> SpottedText | None:
        """Find words in a text that ends with a line break; of each needle only the first ``most``.

        ``table`` has a byte for each character, 65,536 of them; ``learn`` is called if it lacks some. None is returned
        for a text that cannot be read one character by one, or has words that are written in very many ways.
        """
        text = whole.encode("utf-16-le", "surrogatepass")
        read = partial(self._read, text, table, needles, most, with_bytes=with_bytes)
        found = read()
        if found == _UNKNOWN:
            learn(np.frombuffer(text, "<u2"))
            found = read()
        return None if isinstance(found, int) else found

    def _read(
        self, text: bytes, table: NDArray[np.uint8], needles: tuple[bytes, int], most: int, *, with_bytes: bool
    ) -> SpottedText | int:
        """Return the words found, or the kernel's error, a negative number."""
        if table.dtype != np.uint8 or table.shape != (1 << 16,) or not table.flags.c_contiguous:
            raise ValueError("the table of characters is not 65,536 bytes")
        size = len(text) // 2
        if text[-2:] != b"\n\0":
            raise ValueError("the text does not end with a line break")
        spots, firsts = np.empty((size // 2 + 1, 3), np.int32), np.empty((_MOST_FORMS, 3), np.int32)
        known = np.empty(2 * size if with_bytes else 0, np.uint8)
        origins = np.empty(len(known), np.int32)
        counts = np.zeros(3, np.int64)
        asked = (known.ctypes.data, origins.ctypes.data) if with_bytes else (None, None)
        self._find(text, size, table.ctypes.data, *needles, most, spots.ctypes.data, firsts.ctypes.data, *asked,
                   counts.ctypes.data)  # fmt: skip
        found, forms, length = counts.tolist()
        if found < 0:
            return int(found)
        starts, ends, numbers = spots[:found].T
        return SpottedText(starts, ends, numbers, firsts[:forms], known[:length].tobytes(), origins[:length])
