"""Find the syllables and codes of a query in a text without cutting all of it.

A table turns a text into bytes, one for each character that is not a mark on another or invisible: letters and
figures small and without accents, everything else a space. What is asked for is searched in these bytes; only what is
found there is brought to its canonical form, and only the lines that may have a code are cut. Texts with characters
that stand for several, such as ligatures, are cut as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.normalization import canonical_syllable, fold, normalize
from index.tokens import Tokens, tokenize

_UNKNOWN, _NOT_PLAIN, _PASSED_OVER, _FOREIGN, _SIGN = 0, 1, 2, 3, 32
_LONGEST = 32  # of what is searched as bytes; tokens are kept up to 64 characters
_LONGEST_SYLLABLE = 64
_MOST_SPOTS = 20_000

CodeSpan = tuple[int, int, bool]
"""Where a code starts and ends, and whether its last syllable is a number."""


class Spotter:
    """Look in texts for ``syllables``, all without accents, beginnings of syllables and whole ``codes``."""

    def __init__(self, syllables: Iterable[str], beginnings: Iterable[str], codes: Iterable[str]) -> None:
        self._codes = frozenset(codes)
        names = {*syllables, *filter(str.isalnum, self._codes)}
        begun = {fold(beginning) for beginning in beginnings}
        patterns = [_code_pattern(code) for code in sorted(self._codes)]
        self._plain = all(map(_is_plain, names | begun)) and all(patterns)
        if self._plain:
            self._names = [f" {spelling} ".encode() for name in names for spelling in _spellings(name)]
            self._begun = [f" {spelling}".encode() for name in begun for spelling in _spellings(name)]
            self._code = re.compile("|".join(filter(None, patterns)).encode()) if patterns else None

    def spot(self, text: str) -> tuple[Tokens, set[CodeSpan]]:
        """Return the syllables of ``text`` that may be asked for, and where it has one of the codes.

        Where other syllables stand between two of them an empty one stands for these. Of any one only the first 20,000
        are returned.
        """
        read = _read(text) if self._plain else None
        if read is None:
            return self.cut(text)
        known = read.known
        spans: dict[int, int] = {}
        for needle in self._names:
            length = len(needle) - 1
            at = known.find(needle)
            most = len(spans) + _MOST_SPOTS
            while at >= 0 and len(spans) < most:
                spans[at + 1] = at + length
                at = known.find(needle, at + length)
        for needle in self._begun:
            at = known.find(needle)
            most = len(spans) + _MOST_SPOTS
            while at >= 0 and len(spans) < most:
                spans[at + 1] = end = known.index(b" ", at + 1)
                at = known.find(needle, end)
        return _sparse(text, read, sorted(spans.items())), self._codes_on_lines(text, read)

    def cut(self, text: str) -> tuple[Tokens, set[CodeSpan]]:
        """Return all syllables of ``text``, and where it has one of the codes: slower, and the same to who asks."""
        tokens = tokenize(text)
        return tokens, self._coded(tokens, 0)

    def _codes_on_lines(self, text: str, read: _Read) -> set[CodeSpan]:
        found: set[CodeSpan] = set()
        reached = 0
        for match in self._code.finditer(read.known) if self._code is not None else ():
            if (last := read.place(match.end() - 1)) >= reached:
                start = text.rfind("\n", 0, max(reached, read.place(match.start()))) + 1
                end = text.find("\n", last)
                reached = len(text) if end < 0 else end
                found |= self._coded(tokenize(text[start:reached]), start)
        return found

    def _coded(self, tokens: Tokens, offset: int) -> set[CodeSpan]:
        return {
            (offset + tokens.starts[code.first], offset + tokens.ends[code.end - 1], _number(tokens, code.end - 1))
            for code in tokens.codes
            if fold(code.text) in self._codes
        }


def _number(tokens: Tokens, at: int) -> bool:
    return tokens.exact[at].isdigit()


def _is_plain(name: str) -> bool:
    return 0 < len(name) <= _LONGEST and name.isascii() and name.isalnum() and name == name.lower()


def _spellings(name: str) -> set[str]:
    """Return how a canonical syllable without accents may be written: its ``i`` may have been a ``y``."""
    return {name} | {name[:at] + "y" + name[at + 1 :] for at, letter in enumerate(name) if letter == "i"}


def _code_pattern(code: str) -> str | None:
    """Return a pattern for what every spelling of a code has, None if nothing is known of it.

    With a slash it may be a date or a document spelled out, of which only the figures are sure; else its signs may
    be others or none.
    """
    if not code.isascii() or code != code.lower():
        return None
    if "/" in code:
        return max(re.findall("[1-9][0-9]*", code), key=len, default=None)
    return " *".join(filter(str.isalnum, code)) or None


# --- texts as bytes ----------------------------------------------------------------------------------------

_TABLE = np.zeros(1 << 16, np.uint8)  # filled as characters are met; threads may fill the same place with the same


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as bytes between two spaces; ``places`` tells where in the text each stands, if not one before."""

    known: bytes
    places: Sequence[int] | None

    def place(self, at: int) -> int:
        """Return where in the text the character of byte ``at`` begins."""
        return at - 1 if self.places is None else self.places[at]


def _read(text: str) -> _Read | None:
    """Return ``text`` as bytes, None where it has characters that cannot be read one by one."""
    characters = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    known = _TABLE.take(characters)
    least = known.min(initial=_SIGN)
    if least == _UNKNOWN:
        for character in np.unique(characters[known == _UNKNOWN]).tolist():
            _TABLE[character] = _byte(chr(character))
        known = _TABLE.take(characters)
        least = known.min(initial=_SIGN)
    if least == _NOT_PLAIN:
        return None
    places: list[int] | None = None
    if least == _PASSED_OVER:
        kept = np.flatnonzero(known != _PASSED_OVER)
        known, places = known[kept], [-1, *kept.tolist(), len(text)]
    return _Read(b" " + known.tobytes() + b" ", places)


def _byte(character: str) -> int:
    """Return the byte for a character: its letter or figure, or what else it is."""
    normal = normalize(character)
    if normal.starts is not None:
        beside = normalize("a" + character)
        return _PASSED_OVER if set(beside.starts or ()) == {0} else _NOT_PLAIN
    canonical = normal.text
    if "\ud800" <= character <= "\udfff":
        return _NOT_PLAIN
    if not canonical.isalnum():
        return _SIGN
    bare = fold(canonical.lower())
    if len(bare) != 1 or (canonical.isdecimal() and not canonical.isascii()):
        return _NOT_PLAIN
    return ord(bare) if bare.isascii() else _FOREIGN


def _sparse(text: str, read: _Read, spans: Sequence[tuple[int, int]]) -> Tokens:
    """Return the tokens at ``spans`` of the bytes, those that others stand between with an empty one between them."""
    starts: list[int] = []
    ends: list[int] = []
    exact: list[str] = []
    folded: list[str] = []
    reached = 0
    for first, last in spans:
        if starts and not read.known[reached:first].isspace():
            starts.append(ends[-1])
            ends.append(ends[-1])
            exact.append("")
            folded.append("")
        start, end = read.place(first), read.place(last)
        form, bare = _forms(text[start:end])
        starts.append(start)
        ends.append(end)
        exact.append(form)
        folded.append(bare)
        reached = last
    return Tokens(text, starts, ends, exact, folded, starts, ends, ())


@lru_cache(maxsize=1 << 14)
def _forms(written: str) -> tuple[str, str]:
    form = canonical_syllable(normalize(written).text[:_LONGEST_SYLLABLE])
    return form, fold(form)
