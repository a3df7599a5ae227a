"""Cut canonical text into syllables and codes, each with its place in the original text.

A syllable is a run of letters and digits. What signs hold together is cut into its parts; ``index.codes`` tells
what it is as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from index.codes import Code, Run, city_codes, find_codes
from index.normalization import canonical_syllable, fold, normalize

_ATOM = r"[^\W_](?:[^\W_]|[\u0300-\u036f])*"
_RUN = re.compile(rf"{_ATOM}(?:[-./,:&@+']{_ATOM})*%?")
_PART = re.compile(_ATOM)
_LONGEST_SYLLABLE = 64
_WIDEST_SPACE = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """The syllables of a text in columns, all of the same length, and the codes among them.

    ``starts`` and ``ends`` are character offsets in the original text, ``exact`` the canonical forms with
    accents, ``folded`` those without, ``spans`` the offsets in the canonical text.
    """

    canonical: str
    starts: Sequence[int]
    ends: Sequence[int]
    exact: Sequence[str]
    folded: Sequence[str]
    spans: Sequence[tuple[int, int]]
    codes: Sequence[Code]

    def __len__(self) -> int:
        return len(self.exact)


def tokenize(text: str) -> Tokens:
    """Cut ``text`` into syllables and codes. Any text is taken; signs and spaces are not tokens."""
    normal = normalize(text)
    canonical = normal.text
    spans: list[tuple[int, int]] = []
    names: list[str] = []
    runs: list[Run] = []
    for match in _RUN.finditer(canonical):
        run = match.group()
        first = len(names)
        if run.isalnum():
            spans.append(match.span())
            names.append(run)
            if run[0].isdecimal():
                runs.append(Run(first, first + 1, run))
            continue
        for part in _PART.finditer(canonical, match.start(), match.end()):
            spans.append(part.span())
            names.append(part.group())
        runs.append(Run(first, len(names), run))
    exact = [canonical_syllable(name[:_LONGEST_SYLLABLE]) for name in names]
    folded = [fold(syllable) for syllable in exact]
    if normal.starts is None or normal.ends is None:
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
    else:
        starts = [normal.starts[start] for start, _ in spans]
        ends = [normal.ends[end - 1] for _, end in spans]
    return Tokens(canonical, starts, ends, exact, folded, spans, _codes(canonical, runs, folded, spans))


def unfinished_syllable(text: str) -> list[str]:
    """Return the beginnings under which syllables that begin with the last one of ``text`` are found.

    Its canonical form is one; but ``quy`` begins ``quyết`` too, whose ``y`` is not written ``i``.
    """
    tokens = tokenize(text)
    start, end = tokens.spans[-1]
    return sorted({tokens.canonical[start:end].lower(), tokens.exact[-1]})


def _codes(
    canonical: str, runs: Sequence[Run], folded: Sequence[str], spans: Sequence[tuple[int, int]]
) -> Sequence[Code]:
    def beside(at: int) -> bool:
        between = canonical[spans[at - 1][1] : spans[at][0]]
        return len(between) < _WIDEST_SPACE and between.isspace() and "\n" not in between

    codes = find_codes(runs, folded, beside) if runs else []
    for start, end, name in city_codes(canonical):
        first = bisect_left(spans, (start, start))
        last = bisect_left(spans, (end, end)) - 1
        if first < last and spans[first][0] == start and spans[last][1] == end:
            codes.append(Code(first, last + 1, name))
    return sorted(set(codes), key=attrgetter("first", "end", "text"))
