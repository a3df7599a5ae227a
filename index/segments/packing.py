"""Whole numbers of a few bits each. Four of them take a whole number of bytes, since their width is even."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, smallest_unsigned

MOST_BITS = 14
_TOGETHER = 4


class PackedNumbers:
    """``count`` numbers of ``bits`` bits, an even number up to 14, in ``data``; the lowest bits come first.

    Kernels read eight bytes at a time, so there must be some behind ``data``, as there are in a file.
    """

    __slots__ = ("bits", "count", "data", "dtype")

    def __init__(self, data: NDArray[np.uint8], bits: int, count: int) -> None:
        self.data = data
        self.bits = bits
        self.count = count
        self.dtype = smallest_unsigned((1 << bits) - 1)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, places: slice | NDArray[np.int64]) -> Array:
        if not isinstance(places, slice):
            bits = places * self.bits
            words = np.zeros(len(places), np.int64)
            for byte in range(3):  # clipped are only bytes without bits of the number
                words |= self.data.take((bits >> 3) + byte, mode="clip").astype(np.int64) << 8 * byte
            return (words >> (bits & 7) & (1 << self.bits) - 1).astype(self.dtype)
        first, end, _ = places.indices(self.count)
        begin = first // _TOGETHER
        size = _bytes_of_four(self.bits)
        some = self.data[begin * size : -(-end // _TOGETHER) * size].reshape(-1, size)
        word = _word(self.bits)
        words = np.zeros((len(some), word.itemsize), np.uint8)
        words[:, :size] = some
        numbers = np.empty((len(some), _TOGETHER), self.dtype)
        mask = word.type((1 << self.bits) - 1)
        for column in range(_TOGETHER):
            numbers[:, column] = words.view(word)[:, 0] >> word.type(column * self.bits) & mask
        return numbers.ravel()[first - begin * _TOGETHER :][: max(end - first, 0)]


Numbers = Array | PackedNumbers


def bits_of(numbers: Numbers) -> int:
    """Return the width that ``numbers`` have, or need."""
    if isinstance(numbers, PackedNumbers):
        return numbers.bits
    return max(2, int(numbers.max(initial=0)).bit_length() + 1 & ~1)


def packed_bytes(bits: int, count: int) -> int:
    """Return how many bytes ``count`` numbers take."""
    return -(-count // _TOGETHER) * _bytes_of_four(bits)


def packed(pieces: Iterable[Array], bits: int) -> Iterator[tuple[Array, int]]:
    """Yield the bytes of the numbers in ``pieces``, which are below 2 ** ``bits``, and how many numbers these are."""
    left = np.empty(0, np.uint8)
    for piece in pieces:
        numbers = np.concatenate([left, piece])
        whole = len(numbers) // _TOGETHER * _TOGETHER
        left = numbers[whole:]
        yield _pack(numbers[:whole], bits), whole
    yield _pack(np.append(left, np.zeros(-len(left) % _TOGETHER, left.dtype)), bits), len(left)


def _pack(numbers: Array, bits: int) -> Array:
    word = _word(bits)
    columns = numbers.reshape(-1, _TOGETHER).T.astype(word, "C")
    words = columns[0]
    for column in range(1, _TOGETHER):
        words |= columns[column] << word.type(column * bits)
    data: Array = words.view(np.uint8).reshape(-1, word.itemsize)[:, : _bytes_of_four(bits)]
    return data


def _bytes_of_four(bits: int) -> int:
    return bits * _TOGETHER // 8


def _word(bits: int) -> np.dtype[Any]:
    """Return the dtype of what holds four numbers."""
    return np.dtype("<u4" if bits * _TOGETHER <= 32 else "<u8")
