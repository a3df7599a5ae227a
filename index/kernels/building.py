"""Move runs of items between arrays, by the compiled kernel or in numpy."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, Ints, spread
from index.kernels.library import kernels

_BLOCK = 1 << 18
"""Items that numpy copies at a time, for the memory that their places take."""


def take_runs(items: Array, starts: Ints, counts: Ints) -> Array:
    """Return the runs ``items[starts[i] : starts[i] + counts[i]]``, concatenated. Raises IndexError."""
    copy = _kernel("copy_runs")
    if copy is None:
        return items[spread(starts, counts)]
    _check(items, starts, counts)
    items = np.ascontiguousarray(items)
    taken = np.empty((int(counts.sum()), *items.shape[1:]), items.dtype)
    width = items.itemsize * int(np.prod(items.shape[1:], dtype=int))
    starts, counts = np.ascontiguousarray(starts, np.int64), np.ascontiguousarray(counts, np.int64)
    copy(items.ctypes.data, starts.ctypes.data, taken.ctypes.data, None, counts.ctypes.data, len(counts), width)
    return taken


def put_runs(items: Array, into: Array, targets: Ints, counts: Ints) -> None:
    """Copy ``items``, runs of ``counts[i]`` of them, to ``into[targets[i]:]``. Raises IndexError."""
    copy = _kernel("copy_runs")
    if copy is not None:
        _check(into, targets, counts)
        items = np.ascontiguousarray(items, into.dtype)
        if len(items) != int(counts.sum()):
            raise IndexError("the runs are not as long as what to copy")
        targets, counts = np.ascontiguousarray(targets, np.int64), np.ascontiguousarray(counts, np.int64)
        copy(
            items.ctypes.data, None, into.ctypes.data, targets.ctypes.data, counts.ctypes.data, len(counts),
            into.itemsize,
        )  # fmt: skip
        return
    starts = np.concatenate([[0], np.cumsum(counts)])
    first = 0
    while first < len(counts):
        end = max(first + 1, int(np.searchsorted(starts, starts[first] + _BLOCK, "right")) - 1)
        into[spread(targets[first:end], counts[first:end])] = items[starts[first] : starts[end]]
        first = end


def _check(array: Array, starts: Ints, counts: Ints) -> None:
    """Raise IndexError unless all runs are within ``array``."""
    if len(starts) != len(counts) or (len(counts) and (
        int(counts.min()) < 0 or int(starts.min()) < 0 or int((starts + counts).max()) > len(array)
    )):  # fmt: skip
        raise IndexError("a run is not within the array")


def merge_strings(blob: Array, starts: Ints, bounds: Ints) -> tuple[Ints, Ints] | None:
    """Merge lists of ascending distinct strings, ``blob[starts[i]:starts[i + 1]]``; None if nothing is compiled.

    List ``l`` has those from number ``bounds[l]`` to ``bounds[l + 1]``. Return the number of each string among all
    distinct ones, ascending, and for each of these one string. Raises IndexError.
    """
    merge = _kernel("merge_strings")
    if merge is None:
        return None
    _check(blob, starts[:-1], np.diff(starts))
    if len(bounds) < 2 or bounds[0] != 0 or bounds[-1] != len(starts) - 1 or int(np.diff(bounds).min()) < 0:
        raise IndexError("the lists are not the strings")
    padded = np.concatenate([blob, np.zeros(16, np.uint8)])
    count = len(starts) - 1
    heads, numbers, firsts = np.empty((len(bounds), 3), np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    distinct = merge(
        *map(_address, (padded, starts, bounds)), len(bounds) - 1, *map(_address, (heads, numbers, firsts))
    )
    return numbers, firsts[:distinct]


class StringTable:
    """Strings by number that are looked up by the kernel; a table of more slots than strings has their numbers."""

    def __init__(self) -> None:
        self._blob, self._starts = np.empty(0, np.uint8), np.zeros(1, np.int64)
        self._slots = np.full(1 << 12, -1)

    def add(self, strings: Sequence[bytes]) -> None:
        """Add distinct strings; they are numbered as they come. Nothing is done if nothing is compiled."""
        if (add := _kernel("add_strings")) is None:
            return
        known = len(self._starts) - 1
        ends = np.cumsum(np.fromiter(map(len, strings), np.int64, len(strings))) + self._starts[-1]
        self._blob = np.concatenate([self._blob, np.frombuffer(b"".join(strings), np.uint8)])
        self._starts = np.concatenate([self._starts, ends])
        count = len(self._starts) - 1
        if 2 * count > len(self._slots):
            self._slots = np.full(1 << (4 * count).bit_length(), -1)
            known = 0
        add(known, count, *self._packed())

    def pieces(self, text: bytes, line_break: int) -> tuple[Ints, list[list[int]]] | None:
        """Return the numbers of the pieces of ``text`` that spaces and line breaks end; None if nothing is compiled.

        The text must end with a line break. A line break is a piece, too, and has the number ``line_break``. With them
        come the place among the pieces, the start and the end of each that is not in the table.
        """
        find = _kernel("find_pieces")
        if find is None:
            return None
        count = text.count(b" ") + 2 * text.count(b"\n")
        numbers, unknown = np.empty(count, np.int64), np.empty((count, 3), np.int64)
        missing = find(text, len(text), *self._packed(), line_break, _address(numbers), _address(unknown))
        return numbers, unknown[:missing].tolist()

    def _packed(self) -> tuple[int, int, int, int]:
        return _address(self._slots), len(self._slots) - 1, _address(self._blob), _address(self._starts)


def assign_stories(planes: NDArray[np.uint64], stories: Ints, first: int, most: int) -> bool:
    """Do what ``index.analysis.near_copies.assign`` does, in place, for articles from number ``first`` on.

    ``planes``, shape (2, n), are the sketches of all. Return False, with nothing done, if nothing is compiled.
    """
    assign = _kernel("assign_stories")
    if assign is None:
        return False
    if stories.dtype != np.int64 or planes.shape != (2, len(stories)) or not 0 <= first <= len(stories):
        raise IndexError("there are not as many sketches as stories, or these are not of eight bytes")
    fewest = np.full(len(stories) - first, most + 1)
    planes = np.ascontiguousarray(planes, np.uint64)
    low, high = map(_address, planes)
    assign(low, high, _address(stories), first, len(stories), most, _address(fewest))
    return True


def _address(array: Array) -> int:
    assert array.flags.c_contiguous
    return array.ctypes.data


_ARGUMENTS = {
    "copy_runs": "aaaaann",
    "merge_strings": "aaanaaa",
    "add_strings": "nnanaa",
    "find_pieces": "bnanaanaa",
    "assign_stories": "aaannna",
}


@cache
def _kernel(name: str) -> Callable[..., Any] | None:
    """Return a function of the library; None if nothing is compiled."""
    library = kernels()
    if library is None:
        return None
    function = library[name]
    kinds: dict[str, Any] = {"a": ctypes.c_void_p, "b": ctypes.c_char_p, "n": ctypes.c_int64}
    function.argtypes = [kinds[kind] for kind in _ARGUMENTS[name]]
    function.restype = ctypes.c_int64
    return function
