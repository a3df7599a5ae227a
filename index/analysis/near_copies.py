"""Recognise near-copies: one wire story in several papers, under other headlines, cut or slightly edited.

Sketches estimate how similar two texts are: b-bit MinHash (Li and König, 2010) over the set of shingles, three
neighbouring syllables each. The syllables are canonical, so spelling, case and punctuation make no difference. Copies
share a story, a number assigned when an article is indexed, by comparing its sketch with all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from index.kernels.building import assign_stories

NO_SKETCH = (0, 0)
"""The sketch of a text too short to compare; it matches no sketch, not even itself."""

SLOTS = 64
MOST_DIFFERING = 21
"""The number of slots in which the sketches of copies may differ. Unrelated texts differ in 48 of the 64, because two
bits agree by chance in a quarter; 21 means a Jaccard similarity of 1 - 21 / 48 = 0.56.
docs/decisions/0009-near-copies.md says why."""

_SHINGLE = 3
_FEWEST_SHINGLES = 50
_SEED = 1
_BASE, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(32)


def hashed(syllables: Sequence[str] | Sequence[bytes]) -> NDArray[np.uint64]:
    """Return the hashes of syllables (text or UTF-8) that ``sketches`` takes, shape (n,)."""
    return np.array(RMinHash.hash_token_sets([syllables])[0], np.uint64)


def sketches(syllables: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the sketches of n texts in canonical syllables (``Tokens.exact``), shape (2, n); each is a ``sketch``.

    ``syllables`` are ``hashed``; those of text ``t`` run from ``bounds[t]`` to ``bounds[t + 1]``, in text order.
    """
    sizes = np.diff(bounds)
    left = np.repeat(bounds[1:], sizes) - np.arange(len(syllables))
    shingles = _shingles(syllables)[left[: max(len(left) - _SHINGLE + 1, 0)] >= _SHINGLE]
    starts = [0, *np.cumsum((sizes - _SHINGLE + 1).clip(min=0)).tolist()]
    digests = RMinHash.digest_matrix_from_flat_token_hashes(shingles, starts, SLOTS, _SEED).to_rows()
    minima = np.array(digests, np.uint32).reshape(-1, SLOTS)
    planes = np.packbits([minima & 1, minima >> 1 & 1], axis=2).view(">u8")[:, :, 0].astype(np.uint64)
    short = [_is_short(shingles[first:end]) for first, end in pairwise(starts)]
    planes[:, short] = np.array(NO_SKETCH, np.uint64)[:, None]
    return planes


def _is_short(shingles: NDArray[np.uint64]) -> bool:
    some = len(np.unique(shingles[: 2 * _FEWEST_SHINGLES]))  # almost always enough
    return some < _FEWEST_SHINGLES and len(np.unique(shingles)) < _FEWEST_SHINGLES


def sketch(syllables: Sequence[str]) -> tuple[int, int]:
    """Return the sketch of a text in canonical syllables (``Tokens.exact``), the same in every process.

    It is two unsigned 64-bit numbers: the lowest bits of the 64 minima, and their second lowest bits.
    """
    low, high = sketches(hashed(syllables), np.array([0, len(syllables)]))[:, 0].tolist()
    return low, high


def _shingles(syllables: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return one hash for each run of three neighbours: a polynomial of theirs, its bits mixed as in splitmix64."""
    count = max(len(syllables) - _SHINGLE + 1, 0)
    numbers = np.zeros(count, np.uint64)
    for first in range(_SHINGLE):
        numbers = numbers * _BASE + syllables[first : first + count]
    numbers = (numbers ^ numbers >> _SHIFT) * _MIX
    return numbers ^ numbers >> _SHIFT


def differing(one: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Return the number of slots in which sketch ``one``, shape (2,), differs from each of ``others``, shape (2, n)."""
    slots: NDArray[np.uint8] = np.bitwise_count((others[0] ^ one[0]) | (others[1] ^ one[1]))
    return slots


def assign(
    sketches: NDArray[np.uint64],
    numbers: NDArray[np.int64],
    known_sketches: NDArray[np.uint64],
    known_stories: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the story of each article: that of the nearest copy before it, else its own number.

    ``sketches``, shape (2, n), and ``numbers``, shape (n,), are in indexing order; the known ones, shapes (2, m) and
    (m,), may be in any order. Among equally near copies the lowest story wins, so stories do not depend on how the
    articles are divided among calls.
    """
    planes = np.concatenate((known_sketches, sketches), axis=1)
    stories = np.concatenate((known_stories, numbers))
    first = len(known_stories)
    if assign_stories(planes, stories, first, MOST_DIFFERING):
        return stories[first:]
    for at in range(first, len(stories)):
        one = planes[:, at]
        if not one.any():
            continue
        near = np.flatnonzero(np.bitwise_count(planes[0, :at] ^ one[0]) <= MOST_DIFFERING)  # 1 in 250 unrelated ones
        near = near[planes[:, near].any(axis=0)]
        slots = differing(one, planes[:, near])
        least = slots.min(initial=SLOTS)
        if least <= MOST_DIFFERING:
            stories[at] = stories[near[slots == least]].min()
    return stories[first:]
