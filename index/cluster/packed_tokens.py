"""The tokens of an article, packed: what ranking needs to score a candidate of the cluster with our own code.

Each text field is two lines: its syllables and codes as the cluster is given them (``index.cluster.mapping``), of any
length, and a bit for each syllable that begins a word. All else follows: the folded stream has the same terms without
their accents, a word is its syllables joined by ``_``, a bigram two syllables at neighbouring positions.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream, bigram
from index.analysis.normalization import fold
from index.cluster.mapping import GAP, TOGETHER

_LEVEL = 1
_MOST_FOLDED = 1 << 16
folded = lru_cache(maxsize=_MOST_FOLDED)(fold)


@dataclass(frozen=True, slots=True)
class PackedText:
    """The tokens of one text field.

    ``syllables`` are canonical, with their ``positions``, both of length n; ``codes`` are (term, number of the syllable
    that it begins at); ``begins`` tells which syllables begin a word, shape (n,).
    """

    syllables: Sequence[str]
    positions: Sequence[int]
    codes: Collection[tuple[str, int]]
    begins: NDArray[np.bool_]

    def terms(self, stream: Stream) -> Iterator[tuple[str, int]]:
        """Yield (term, number of its first syllable) of ``stream``, as ``Analysis.terms`` does, in another order."""
        match stream:
            case Stream.SYLLABLE:
                yield from zip(self.syllables, range(len(self.syllables)), strict=True)
                yield from self.codes
            case Stream.FOLDED:
                yield from zip(map(folded, self.syllables), range(len(self.syllables)), strict=True)
                yield from {(folded(code), at) for code, at in self.codes}
            case Stream.WORD:
                firsts = np.flatnonzero(self.begins).tolist()
                for first, stop in pairwise([*firsts, len(self.syllables)]):
                    yield "_".join(self.syllables[first:stop]), first
            case Stream.BIGRAM:
                yield from self._bigrams(self.syllables)
            case Stream.FOLDED_BIGRAM:
                yield from self._bigrams(list(map(folded, self.syllables)))

    def _bigrams(self, syllables: Sequence[str]) -> Iterator[tuple[str, int]]:
        steps = enumerate(pairwise(self.positions))
        return ((bigram(*syllables[at : at + 2]), at) for at, (one, other) in steps if other - one == 1)


def pack(texts: Sequence[tuple[str, NDArray[np.bool_]]]) -> bytes:
    """Return texts as bytes; each is (syllables and codes, whether each of n syllables begins a word, shape (n,))."""
    lines = (line for text, begins in texts for line in (text.encode(), np.packbits(begins).tobytes().hex().encode()))
    return zlib.compress(b"\n".join(lines), _LEVEL)


def unpack(packed: bytes) -> list[PackedText]:
    """Return the texts that were packed, in the same order."""
    lines = zlib.decompress(packed).decode().split("\n")
    return [_unpacked(text, bits) for text, bits in zip(lines[::2], lines[1::2], strict=True)]


def _unpacked(text: str, bits: str) -> PackedText:
    tokens = text.split(" ") if text else []
    positions = [at for at, token in enumerate(tokens) if token != GAP]
    syllables = [tokens[at] for at in positions]
    codes = []
    if TOGETHER in text:
        for at, token in enumerate(syllables):
            if TOGETHER in token:
                syllables[at], *own = token.split(TOGETHER)
                codes += [(code, at) for code in own]
    begins = np.unpackbits(np.frombuffer(bytes.fromhex(bits), np.uint8), count=len(syllables)).astype(bool)
    return PackedText(syllables, positions, codes, begins)
