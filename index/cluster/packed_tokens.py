"""The tokens of an article, packed: what ranking needs to score a candidate of the cluster with our own code.

Each text field is two lines: its syllables and codes as the cluster is given them (``index.cluster.mapping``), of any
length, and a bit for each syllable that begins a word. All else follows: the folded stream has the same terms without
their accents, a word is its syllables joined by ``_``, a bigram two syllables at neighbouring positions.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_LEVEL = 1


def pack(texts: Sequence[tuple[str, NDArray[np.bool_]]]) -> bytes:
    """Return texts as bytes; each is (syllables and codes, whether each of n syllables begins a word, shape (n,))."""
    lines = (line for text, begins in texts for line in (text.encode(), np.packbits(begins).tobytes().hex().encode()))
    return zlib.compress(b"\n".join(lines), _LEVEL)


def unpack(packed: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (syllables and codes, packed bits) of each text that was packed, in the same order."""
    lines = zlib.decompress(packed).decode().split("\n")
    for text, bits in zip(lines[::2], lines[1::2], strict=True):
        yield text, bytes.fromhex(bits)
