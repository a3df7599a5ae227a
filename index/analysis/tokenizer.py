"""Cut canonical text into syllables and codes, each with its offsets in the original text.

``index.analysis.scripts`` says what a syllable is. Syllables joined by signs or by nothing (``COVID-19``, ``50km``) are
tokens of their own; ``index.analysis.codes`` recognises the whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from index.analysis.codes import CODE_SIGNS, city_codes, find_codes, is_numeral
from index.analysis.normalization import NormalizedText, fold, normalize
from index.analysis.runs import Code, SignRun, Surroundings
from index.analysis.scripts import DOT_NET, SYLLABLE, is_coded, is_simple
from index.analysis.syllables import beginnings, canonical_syllable
from index.memo import Memo

_SIGNS = ".,:;!?\"'()[]…"
_JOINING = frozenset(CODE_SIGNS)
_BETWEEN_FIGURES = (",", ":")
_LONGEST_SYLLABLE = 64
_LONGEST_RUN = 1000  # syllables; a run is read again after each code in it
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
    codes = codes_in(Surroundings(canonical, exact, folded, starts, ends), runs)
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
    core = chunk.strip(_SIGNS)
    if is_simple(core) and DOT_NET not in chunk.lower():  # fast path: the pattern would match the same
        start = chunk.index(core)
        whole = canonical_syllable(core[:_LONGEST_SYLLABLE])
        own = (SignRun(0, 1, core),) if core[0].isdecimal() or is_numeral(core) else ()
        return ChunkCut((start,), (start + len(core),), (whole,), (fold(whole),), own)
    spans = [match.span() for match in SYLLABLE.finditer(chunk)]
    exact = tuple(canonical_syllable(chunk[start:end][:_LONGEST_SYLLABLE]) for start, end in spans)
    starts, ends = tuple(zip(*spans, strict=True)) or ((), ())
    return ChunkCut(starts, ends, exact, tuple(map(fold, exact)), tuple(_runs(chunk, spans)))


def _runs(chunk: str, spans: Sequence[tuple[int, int]]) -> Iterator[SignRun]:
    """Yield the sign runs among the syllables of ``chunk``."""
    first = 0
    for at, (_, end) in enumerate(spans):
        if at + 1 < len(spans) and at - first < _LONGEST_RUN and _joins(chunk, spans[at], spans[at + 1]):
            continue
        written = chunk[spans[first][0] : end]
        if at > first or written[0].isdecimal() or is_numeral(written):
            yield SignRun(first, at + 1, written)
        first = at + 1


def _joins(chunk: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether nothing or one sign joins two syllables to a run."""
    between = chunk[one[1] : other[0]]
    if between in _BETWEEN_FIGURES and not (chunk[one[0]].isdecimal() and chunk[other[0]].isdecimal()):
        return False
    return (not between or between in _JOINING) and is_coded(chunk[slice(*one)]) and is_coded(chunk[slice(*other)])


_CUTS = Memo(cut_chunk, _MOST_REMEMBERED, len, _LONGEST_SYLLABLE)  # no token crosses a space, and most chunks repeat


def original_places(
    normal: NormalizedText, starts: Sequence[int], ends: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]]:
    """Convert the offsets of syllables in the canonical text to offsets in the original."""
    if normal.starts is None or normal.ends is None:
        return starts, ends
    return [normal.starts[start] for start in starts], [normal.ends[end - 1] for end in ends]


def unbroken(tokens: Tokens) -> list[tuple[int, int]]:
    """Return the (first, end) of the runs of letters and figures that nothing separates: ``ho65i`` is one."""
    runs: list[tuple[int, int]] = []
    for at in range(len(tokens)):
        joined = at > 0 and tokens.ends[at - 1] == tokens.starts[at]
        if joined and all(map(is_coded, tokens.exact[at - 1 : at + 1])):
            runs.append((runs.pop()[0], at + 1))
        else:
            runs.append((at, at + 1))
    return runs


def unfinished_syllable(text: str) -> list[str]:
    """Return the term prefixes to look up for syllables that begin with the last one of ``text``, sorted."""
    return sorted(beginnings(tokenize(text).written(-1).lower()))


def codes_in(around: Surroundings, runs: Sequence[SignRun], bare: Container[int] = ()) -> Sequence[Code]:
    """Return the codes of a canonical text, sorted by position; ``bare`` as for ``find_codes``."""
    codes = find_codes(runs, around, bare) if runs else []
    for start, end, name in city_codes(around.text):
        first, last = bisect_left(around.starts, start), bisect_left(around.starts, end) - 1
        if first < last and around.starts[first] == start and around.ends[last] == end:
            codes.append(Code(first, last + 1, name))
    return sorted(set(codes), key=attrgetter("first", "end", "text"))
