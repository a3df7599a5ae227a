"""Cut canonical text into syllables and codes, each with its place in the original text.

A syllable is a run of letters and digits. A code is several of them held together by signs and known as a
whole (``59-NQ/TW``, ``7,52%``, ``Covid-19``, ``TP.HCM``, ``26/8``): its parts are syllables like any other,
and the whole is kept beside them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.normalization import canonical_syllable, fold, normalize

_ATOM = r"[^\W_](?:[^\W_]|[\u0300-\u036f])*"
_RUN = re.compile(rf"{_ATOM}(?:[-./,:&@+']{_ATOM})*%?")
_PART = re.compile(_ATOM)
_LONGEST_SYLLABLE = 64
_LONGEST_CODE = 48


@dataclass(frozen=True, slots=True)
class Code:
    """A code as a whole: it covers the syllables ``first`` up to but not including ``end``."""

    first: int
    end: int
    text: str


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
    codes: list[Code] = []
    for match in _RUN.finditer(canonical):
        run = match.group()
        if run.isalnum():
            spans.append(match.span())
            names.append(run)
            continue
        first = len(names)
        for part in _PART.finditer(canonical, match.start(), match.end()):
            spans.append(part.span())
            names.append(part.group())
        if _is_code(run, names[first:]):
            codes.append(Code(first, len(names), canonical_code(run)))
    exact = [canonical_syllable(name[:_LONGEST_SYLLABLE]) for name in names]
    folded = [fold(syllable) for syllable in exact]
    if normal.starts is None or normal.ends is None:
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
    else:
        starts = [normal.starts[start] for start, _ in spans]
        ends = [normal.ends[end - 1] for _, end in spans]
    return Tokens(canonical, starts, ends, exact, folded, spans, codes)


def unfinished_syllable(text: str) -> list[str]:
    """Return the beginnings under which syllables that begin with the last one of ``text`` are found.

    Its canonical form is one; but ``quy`` begins ``quyết`` too, whose ``y`` is not written ``i``.
    """
    tokens = tokenize(text)
    start, end = tokens.spans[-1]
    return sorted({tokens.canonical[start:end].lower(), tokens.exact[-1]})


def canonical_code(text: str) -> str:
    """Return the form a code is indexed under: lower case, without a closing percent sign."""
    return text.lower().removesuffix("%")


def _is_code(run: str, parts: list[str]) -> bool:
    """Tell whether signs make one thing of ``parts``: a digit or an abbreviation is among them."""
    if len(parts) < 2 or len(run) > _LONGEST_CODE:
        return False
    return any((part.isupper() and len(part) > 1) or any(map(str.isdigit, part)) for part in parts)
