"""Recognise near-copies: what several papers print of one wire story, under other headlines, cut or slightly edited.

An article's sketch tells how alike its text is to another's: b-bit MinHash (Li and König, 2010) of its set of three
neighbouring syllables. Canonical syllables go in, so spellings, capitals and signs make no difference. Copies share a
story, a number that is found when an article enters the index, by comparing its sketch with all others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

NO_SKETCH = (0, 0)
"""The sketch of a text too short to tell; it is like no other, not even like itself."""

SLOTS = 64
MOST_DIFFERING = 21
"""In how many slots the sketches of copies may differ. Texts with nothing in common differ in 48, for two bits agree by
chance in a quarter; 21 stands for a Jaccard similarity of 1 - 21 / 48 = 0.56. docs/decisions/0009 says why."""

_SHINGLE = 3
_FEWEST_SHINGLES = 50
_SEED = 1


def shingles(syllables: Sequence[str]) -> set[str]:
    """Return what a text is compared by: each three neighbouring syllables, once."""
    return set(map(" ".join, zip(*(syllables[first:] for first in range(_SHINGLE)), strict=False)))


def sketch(syllables: Sequence[str]) -> tuple[int, int]:
    """Return the sketch of a text in canonical syllables (``Tokens.exact``), the same in every process.

    It is two unsigned 64-bit numbers: the lowest bits of the 64 minima, and the bits above them.
    """
    parts = shingles(syllables)
    if len(parts) < _FEWEST_SHINGLES:
        return NO_SKETCH
    minima = RMinHash(num_perm=SLOTS, seed=_SEED)
    minima.update(parts)
    digest = np.array(minima.digest(), np.uint32)
    lowest, above = np.packbits([digest & 1, digest >> 1 & 1], axis=1)
    return int.from_bytes(lowest.tobytes(), "big"), int.from_bytes(above.tobytes(), "big")


def differing(one: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Return in how many slots the sketch ``one``, shape (2,), differs from each of ``others``, shape (2, n)."""
    slots: NDArray[np.uint8] = np.bitwise_count((others[0] ^ one[0]) | (others[1] ^ one[1]))
    return slots


def assign(
    sketches: NDArray[np.uint64],
    numbers: NDArray[np.int64],
    known_sketches: NDArray[np.uint64],
    known_stories: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the story of each article: that of its nearest copy among those before it, else its own number.

    ``sketches``, shape (2, n), and ``numbers``, shape (n,), are the articles' in the order they are taken in; the known
    ones, shapes (2, m) and (m,), may stand in any order. Of equally near copies the lowest story is taken, so the
    stories do not depend on how the articles are divided among calls.
    """
    planes = np.concatenate((known_sketches, sketches), axis=1)
    stories = np.concatenate((known_stories, numbers))
    for at in range(len(known_stories), len(stories)):
        one = planes[:, at]
        if not one.any():
            continue
        near = np.flatnonzero(np.bitwise_count(planes[0, :at] ^ one[0]) <= MOST_DIFFERING)  # 1 in 250 that are unlike
        near = near[planes[:, near].any(axis=0)]
        slots = differing(one, planes[:, near])
        least = slots.min(initial=SLOTS)
        if least <= MOST_DIFFERING:
            stories[at] = stories[near[slots == least]].min()
    return stories[len(known_stories) :]
