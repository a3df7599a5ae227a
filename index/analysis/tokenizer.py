"""Cut canonical text into syllables and codes, each with its offsets in the original text.

A syllable is a run of letters and digits. Syllables joined by signs (``COVID-19``) are tokens of their own;
``index.analysis.codes`` recognises the whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.codes import CODE_SIGNS, Code, SignRun, city_codes, find_codes
from index.analysis.normalization import NormalizedText, fold, normalize
from index.analysis.syllables import beginnings, canonical_syllable

SYLLABLE = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
"""Matches a syllable of canonical text."""
_RUN = re.compile(rf"{SYLLABLE.pattern}(?:[{CODE_SIGNS}]{SYLLABLE.pattern})*%?")
_SIGNS = ".,:;!?\"'()[]…"
_LONGEST_SYLLABLE = 64
_WIDEST_SPACE = 4
_MOST_REMEMBERED = 1 << 16


@dataclass(frozen=True, slots=True)
class Tokens:
    """The syllables of a text, in columns of equal length, and the codes among them.

    ``starts`` and ``ends`` are character offsets in the original text, ``canonical_starts`` and ``canonical_ends``
    those in the canonical text, ``exact`` the canonical forms with accents, ``folded`` those without.
    """

    canonical: str
    starts: Sequence[int]
    ends: Sequence[int]
    exact: Sequence[str]
    folded: Sequence[str]
    canonical_starts: Sequence[int]
    canonical_ends: Sequence[int]
    codes: Sequence[Code]

    def __len__(self) -> int:
        return len(self.exact)

    def written(self, at: int) -> str:
        """Return a syllable as it stands in the canonical text, with its capitals."""
        return self.canonical[self.canonical_starts[at] : self.canonical_ends[at]]


def tokenize(text: str) -> Tokens:
    """Cut ``text`` into syllables and codes. Any text is valid; punctuation and white space are not tokens."""
    normal = normalize(text)
    canonical = normal.text
    starts: list[int] = []
    ends: list[int] = []
    exact: list[str] = []
    folded: list[str] = []
    runs: list[SignRun] = []
    at = 0
    for chunk in canonical.replace("\n", " ").split(" "):
        cut = _CUTS[chunk]
        if cut.runs:
            runs += [SignRun(len(exact) + run.first, len(exact) + run.end, run.text) for run in cut.runs]
        starts += [at + start for start in cut.starts]
        ends += [at + end for end in cut.ends]
        exact += cut.exact
        folded += cut.folded
        at += len(chunk) + 1
    codes = codes_in(canonical, runs, folded, starts, ends)
    return Tokens(canonical, *original_places(normal, starts, ends), exact, folded, starts, ends, codes)


class ChunkCut(NamedTuple):
    """A tokenized chunk: its syllables in columns, and its sign runs. Offsets and positions count from its start."""

    starts: Sequence[int]
    ends: Sequence[int]
    exact: Sequence[str]
    folded: Sequence[str]
    runs: Sequence[SignRun]


def cut_chunk(chunk: str) -> ChunkCut:
    """Cut a piece of canonical text without spaces."""
    spans: list[tuple[int, int]] = []
    runs: list[SignRun] = []
    core = chunk.strip(_SIGNS)
    if core.isalnum():  # fast path: the patterns would match the same
        start = chunk.index(core)
        whole = canonical_syllable(core[:_LONGEST_SYLLABLE])
        own = (SignRun(0, 1, core),) if core[0].isdecimal() else ()
        return ChunkCut((start,), (start + len(core),), (whole,), (fold(whole),), own)
    for match in _RUN.finditer(chunk):
        run = match.group()
        parts = [match.span()] if run.isalnum() else [part.span() for part in SYLLABLE.finditer(chunk, *match.span())]
        if len(parts) > 1 or not run.isalnum() or run[0].isdecimal():
            runs.append(SignRun(len(spans), len(spans) + len(parts), run))
        spans += parts
    exact = tuple(canonical_syllable(chunk[start:end][:_LONGEST_SYLLABLE]) for start, end in spans)
    starts, ends = tuple(zip(*spans, strict=True)) or ((), ())
    return ChunkCut(starts, ends, exact, tuple(map(fold, exact)), tuple(runs))


class _Cuts(dict[str, ChunkCut]):
    """A cache of tokenized chunks: no token crosses a space, and most chunks repeat."""

    def __missing__(self, chunk: str) -> ChunkCut:
        cut = cut_chunk(chunk)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        if len(chunk) <= _LONGEST_SYLLABLE:
            self[chunk] = cut
        return cut


_CUTS = _Cuts()


def original_places(
    normal: NormalizedText, starts: Sequence[int], ends: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]]:
    """Convert the offsets of syllables in the canonical text to offsets in the original."""
    if normal.starts is None or normal.ends is None:
        return starts, ends
    return [normal.starts[start] for start in starts], [normal.ends[end - 1] for end in ends]


def unfinished_syllable(text: str) -> list[str]:
    """Return the term prefixes to look up for syllables that begin with the last one of ``text``, sorted."""
    return sorted(beginnings(tokenize(text).written(-1).lower()))


def codes_in(
    canonical: str,
    runs: Sequence[SignRun],
    folded: Sequence[str],
    starts: Sequence[int] | NDArray[np.int64],
    ends: Sequence[int] | NDArray[np.int64],
) -> Sequence[Code]:
    """Return the codes of a canonical text, sorted by position; ``folded`` may be empty if ``runs`` is."""

    def beside(at: int) -> bool:
        between = canonical[ends[at - 1] : starts[at]]
        return len(between) < _WIDEST_SPACE and between.isspace() and "\n" not in between

    codes = find_codes(runs, folded, beside) if runs else []
    for start, end, name in city_codes(canonical):
        first, last = bisect_left(starts, start), bisect_left(starts, end) - 1
        if first < last and starts[first] == start and ends[last] == end:
            codes.append(Code(first, last + 1, name))
    return sorted(set(codes), key=attrgetter("first", "end", "text"))
