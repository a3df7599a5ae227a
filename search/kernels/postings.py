"""Hand posting lists to the compiled kernels.

The arrays of a segment's fields are packed once, as addresses and sizes (``postings.h`` has the same layouts); kernels
look up terms in them. Arrays are checked here before their addresses cross, and stay alive with what is packed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import chain
from struct import Struct, pack
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, Floats
from index.segments.columns import SAMPLED
from index.segments.packing import Numbers, PackedNumbers
from index.segments.segment import COUNT_BITS, InvertedField

_NUMBERS = "Qqihh"
_FIELD = Struct("=" + 11 * _NUMBERS + "qqq")
_PART = Struct("=" + 5 * _NUMBERS + "Qqqqq")
_BLOCK_BYTES, _ARTICLES_A_BLOCK = 12, 64
_OCCURRENCES_BYTES = 32
_READABLE = {np.dtype(name) for name in ("u1", "u2", "u4", "u8", "i8")}
_NONE = np.empty(0, np.uint8)

Articles = NDArray[np.intp]


class PackedFields(NamedTuple):
    """Index fields in some segments, ``size`` in all; ``arrays`` are those that they point to.

    Their doc ids are below ``limit``, their rows of occurrence weights below ``rows``.
    """

    packed: bytes
    size: int
    limit: int
    rows: int
    arrays: Sequence[Numbers]


class TermLists(NamedTuple):
    """The posting lists of a term in packed fields: so many ``parts``.

    For each of the fields, ``having`` says how many articles have the term, ``living`` how many of them are live. Where
    there are ``blocks``, articles are found by them.
    """

    packed: bytes
    parts: int
    fields: PackedFields
    having: Sequence[int]
    living: Sequence[int]
    blocks: Array | None = None


def pack_field(inverted: InvertedField, row: int, offset: int, limit: int) -> PackedFields:
    """Return a field of a segment whose doc ids plus ``offset`` are those of the snapshot, below ``limit``.

    ``row`` is that of its occurrence weights. Raises TypeError or ValueError for arrays that kernels cannot read.
    """
    terms, samples = inverted.terms.strings, inverted.terms.samples()
    strings = [terms.blob, terms.starts, samples.blob, samples.starts, inverted.starts, inverted.articles]
    more = [inverted.counts, inverted.large, inverted.large_counts, inverted.position_starts, inverted.positions]
    arrays: list[Numbers] = [_NONE if array is None else _readable(array) for array in (*strings, *more)]
    lengths = {len(terms.starts), len(inverted.starts)} | ({len(arrays[9])} if len(arrays[9]) else set())
    if len(arrays[5]) != len(arrays[6]) or len(arrays[7]) != len(arrays[8]) or len(lengths) > 1:
        raise ValueError("the arrays of a field differ in length")
    if _layout(arrays[6])[2:] not in {(1, 0, 0), (0, COUNT_BITS, 0)} or row < 0 or not 0 <= offset <= limit:
        raise ValueError("a field has counts or doc ids that no segment has")
    numbers = chain.from_iterable(map(_layout, arrays))
    return PackedFields(_FIELD.pack(*numbers, offset, limit, row), 1, limit, row + 1, arrays)


def joined(fields: Sequence[PackedFields]) -> PackedFields:
    """Return several packed fields as one."""
    return PackedFields(
        b"".join([one.packed for one in fields]),
        sum([one.size for one in fields]),
        max([one.limit for one in fields], default=0),
        max([one.rows for one in fields], default=0),
        [array for one in fields for array in one.arrays],
    )


class PostingKernels:
    """The kernels over posting lists in a library of compiled code; what each does is said in C.

    ``lists`` are of one term each. ``articles`` are doc ids, ascending.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        address, number, real, packed = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float, ctypes.c_char_p
        lists, articles = [packed, packed, packed, number], [address, number]
        self._find = _function(library.find_parts, packed, number, packed, number, number, address, address)
        self._find.restype = number
        self._flag = _function(library.flag_articles, packed, number, address)
        self._fill = _function(library.fill_blocks, address, number, address)
        self._add = _function(library.add_terms, *lists, *articles, *articles, real, real, address, address)
        self._windows = _function(
            library.weigh_windows, *lists, number, *articles, *articles, number, address, address, address
        )
        self._rows = _function(library.find_rows, packed, packed, address, number, *articles, address, address)

    def find(self, fields: PackedFields, term: bytes, live: NDArray[np.bool_] | None) -> TermLists:
        """Look up a term; ``live`` is the doc mask of live articles, None if all are."""
        room = (ctypes.c_int64 * (fields.size * (2 + _PART.size // 8)))()
        alive = None if live is None else _address(live, np.bool_, fields.limit)
        found = self._find(fields.packed, fields.size, term, len(term), SAMPLED, alive, room)
        counts = fields.size * 2
        packed = bytes(room)[counts * 8 :][: found * _PART.size] if found else b""
        return TermLists(packed, found, fields, room[: fields.size], room[fields.size : counts])

    def with_blocks(self, lists: TermLists) -> tuple[TermLists, int]:
        """Return ``lists`` with blocks, which make it cheap to look up any article, and the bytes that these take."""
        parts = ctypes.create_string_buffer(lists.packed, len(lists.packed))
        sizes = [limit - offset for *_, offset, limit, _ in _PART.iter_unpack(lists.packed)]
        blocks = np.zeros(sum([-(-size // _ARTICLES_A_BLOCK) for size in sizes]) * _BLOCK_BYTES, np.uint8)
        self._fill(parts, lists.parts, _start(blocks))
        return lists._replace(packed=parts.raw, blocks=blocks), blocks.nbytes

    def flag_articles(self, lists: TermLists, flags: NDArray[np.bool_]) -> None:
        """Set the ``flags`` of the articles in ``lists``."""
        self._flag(lists.packed, lists.parts, _address(flags, np.bool_, lists.fields.limit))

    def add_terms(
        self,
        lists: Sequence[TermLists],
        weights: Sequence[float],
        occurrence_weights: Floats,
        articles: Articles,
        k1: float,
        sums: Floats,
    ) -> None:
        """Add to ``sums`` what terms add to the scores of ``articles``, term by term."""
        rows, size = occurrence_weights.shape
        limits, ends = [one.fields.limit for one in lists], [one.fields.rows for one in lists]
        if max(limits, default=0) > size or max(ends, default=0) > rows:
            raise ValueError("a posting list has fields or articles without occurrence weights")
        often = np.empty(len(articles), np.float32)
        self._add(
            *_packed(lists, weights),
            len(lists),
            _address(occurrence_weights, np.float32),
            size,
            _address(articles, np.intp),
            len(articles),
            k1 + 1.0,
            max(k1, 1e-9),
            _start(often),
            _address(sums, np.float32, len(articles)),
        )

    def weigh_windows(
        self,
        fields: Sequence[Sequence[TermLists]],
        weights: Sequence[float],
        articles: Articles,
        widths: Sequence[int],
        lead: int,
    ) -> tuple[Floats, Floats]:
        """Return what ``search.ranking.proximity.proximity_of`` does; ``fields`` has the lists of all terms each."""
        lists = list(chain.from_iterable(fields))
        best = np.zeros((len(widths), len(articles)), np.float32)
        beginning = np.zeros(len(articles), np.float32)
        wide = np.array(widths, np.int64)
        room = _room(len(articles) * len(lists))
        self._windows(
            *_packed(lists, weights),
            len(weights),
            len(fields),
            _address(articles, np.intp),
            len(articles),
            _start(wide),
            len(wide),
            lead,
            _start(room),
            _start(best),
            _start(beginning),
        )
        return best, beginning

    def find_rows(self, lists: Sequence[TermLists], distances: Sequence[int], articles: Articles) -> NDArray[np.bool_]:
        """Tell which of ``articles`` have the terms in one row, at these distances; ``lists`` are of one field."""
        flags = np.zeros(len(articles), bool)
        apart = np.array(distances, np.int64)
        room = _room(len(articles) * len(lists))
        packed, counts, _ = _packed(lists, [])
        self._rows(
            packed,
            counts,
            _address(apart, np.int64, len(lists)),
            len(lists),
            _address(articles, np.intp),
            len(articles),
            _start(room),
            _start(flags),
        )
        return flags


def _function(function: Any, *types: Any) -> Any:
    function.argtypes, function.restype = types, None
    return function


def _packed(lists: Sequence[TermLists], weights: Sequence[float]) -> tuple[bytes, bytes, bytes]:
    """Return the parts of several terms, how many each has, and the weights."""
    counts = pack(f"={len(lists)}i", *[one.parts for one in lists])
    return b"".join([one.packed for one in lists]), counts, pack(f"={len(weights)}f", *weights)


def _room(occurrences: int) -> Array:
    return np.empty(occurrences * _OCCURRENCES_BYTES, np.uint8)


def _layout(array: Numbers) -> tuple[int, int, int, int, int]:
    """Return the values of a ``Numbers`` of the kernels."""
    if isinstance(array, PackedNumbers):
        return _start(array.data), len(array), 0, array.bits, 0
    return _start(array), len(array), array.itemsize, 0, 0


def _readable(array: Numbers) -> Numbers:
    """Return ``array``, or a copy if it does not lie in memory as kernels read it. Raises TypeError."""
    if isinstance(array, PackedNumbers):
        return array
    if array.dtype not in _READABLE or array.ndim != 1:
        raise TypeError(f"kernels read whole numbers in a row, not {array.dtype} of shape {array.shape}")
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else np.require(array, requirements=["C", "A"])


def _address(array: NDArray[Any], dtype: Any, least: int = 0) -> int:
    """Return where the numbers of ``array`` begin. Raises TypeError for an array that kernels do not expect."""
    if array.dtype != dtype or not array.flags.carray or array.size < least:
        raise TypeError(f"a kernel was handed {array.size} {array.dtype} for {least} {dtype}")
    return _start(array)


def _start(array: Array) -> int:
    start: int = array.__array_interface__["data"][0]
    return start
