"""Find the syllables and codes of a query in texts without cutting all of them.

A table turns texts into bytes, one for each character that is not a mark on another or invisible: letters and
figures small and without accents, everything else a space. What is asked for is searched in these bytes, in those of
several texts at once; only what is found there is brought to its canonical form, and only the lines that may have a
code are cut. Texts with characters that stand for several, such as ligatures, are cut as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.normalization import canonical_syllable, fold, normalize
from index.tokens import Tokens, tokenize

_UNKNOWN, _NOT_PLAIN, _PASSED_OVER, _FOREIGN, _SIGN = 0, 1, 2, 3, 32
_LONGEST = 32  # of what is searched as bytes; tokens are kept up to 64 characters
_LONGEST_SYLLABLE = 64
_MOST_SPOTS = 20_000
_MOST_TOGETHER = 2 * _MOST_SPOTS  # characters: no more than 20,000 syllables and the spaces after them

CodeSpan = tuple[int, int, bool]
"""Where a code starts and ends, and whether its last syllable is a number."""


@dataclass(frozen=True, slots=True)
class Spots:
    """The syllables of ``text`` that may be asked for, in columns of the same length, and where it has codes.

    ``starts`` and ``ends`` are offsets in ``text``, ``exact`` the canonical forms with accents, ``folded`` those
    without. ``known`` are bytes with a space for whatever is in no syllable, ``spans`` the places of the spots there.
    Both are empty where the spots are all the syllables of the text.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    exact: Sequence[str]
    folded: Sequence[str]
    codes: set[CodeSpan]
    known: bytes = b""
    spans: Sequence[tuple[int, int]] = ()

    def follows(self, at: int) -> bool:
        """Tell whether no other syllable of the text stands between a spot and the one before it."""
        return not self.spans or self.known[self.spans[at - 1][1] : self.spans[at][0]].isspace()


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
            self._patterns = [re.compile(pattern.encode()) for pattern in patterns if pattern]

    def spot(self, texts: Sequence[str]) -> Iterator[Spots]:
        """Yield the spots of each of ``texts``, of any one syllable only the first 20,000."""
        for some in _together(texts):
            whole = "\n".join(some)
            read = _read(whole) if self._plain else None
            if read is not None:
                yield from self._spots(some, whole, read)
            elif len(some) > 1:
                for text in some:
                    yield from self.spot([text])
            else:
                yield self.cut(whole)

    def cut(self, text: str) -> Spots:
        """Return all syllables of ``text`` as spots: slower, and the same to who asks."""
        tokens = tokenize(text)
        return Spots(text, tokens.starts, tokens.ends, tokens.exact, tokens.folded, self._coded(tokens, 0))

    def _spots(self, texts: Sequence[str], whole: str, read: _Read) -> Iterator[Spots]:
        """Yield the spots of ``texts``, which ``whole`` has one a line or more and ``read`` as bytes."""
        spans = sorted(self._found(read.known).items())
        codes = self._codes_on_lines(whole, read)
        places = read.all_places(spans)
        low = start = 0
        for text in texts:
            stop = start + len(text)
            high = bisect_left(places, (stop,), low)
            starts = [first - start for first, _ in places[low:high]]
            ends = [end - start for _, end in places[low:high]]
            forms = [_forms(text[first:end]) for first, end in zip(starts, ends, strict=True)]
            here = {(first - start, end - start, last) for first, end, last in codes if start <= first < stop}
            exact, folded = [form for form, _ in forms], [bare for _, bare in forms]
            yield Spots(text, starts, ends, exact, folded, here, read.known, spans[low:high])
            low, start = high, stop + 1

    def _found(self, known: bytes) -> dict[int, int]:
        """Return the end of each syllable that is asked for by its start."""
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
        return spans

    def _codes_on_lines(self, text: str, read: _Read) -> set[CodeSpan]:
        found: set[CodeSpan] = set()
        reached = 0
        for first, end in sorted(match.span() for code in self._patterns for match in code.finditer(read.known)):
            if (last := read.place(end - 1)) >= reached:
                start = text.rfind("\n", 0, max(reached, read.place(first), 0)) + 1
                stop = text.find("\n", last)
                reached = len(text) if stop < 0 else stop
                for line in text[start:reached].split("\n"):  # several texts may be joined by line breaks
                    found |= self._coded(tokenize(line), start)
                    start += len(line) + 1
        return found

    def _coded(self, tokens: Tokens, offset: int) -> set[CodeSpan]:
        return {
            (offset + tokens.starts[code.first], offset + tokens.ends[code.end - 1], _number(tokens, code.end - 1))
            for code in tokens.codes
            if fold(code.text) in self._codes
        }


def _together(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ``texts`` in groups of one, or of several that have 40,000 characters together."""
    low = held = 0
    for high, text in enumerate(texts):
        held += len(text) + 1
        if held > _MOST_TOGETHER and high > low:
            yield texts[low:high]
            low, held = high, len(text) + 1
    if low < len(texts):
        yield texts[low:]


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
    be others, but with none it is a syllable. It begins and ends where syllables do.
    """
    if not code.isascii() or code != code.lower():
        return None
    if "/" in code:
        figures = max(re.findall("[1-9][0-9]*", code), key=len, default=None)
        return figures and f"{figures}(?![0-9])(?<![1-9]{figures})"
    letters = "".join(filter(str.isalnum, code))
    return f" {' *'.join(letters)}(?= )(?<! {letters})" if letters else None


# --- texts as bytes ----------------------------------------------------------------------------------------

_TABLE = np.zeros(1 << 16, np.uint8)  # filled as characters are met; threads may fill the same place with the same


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as bytes between two spaces; ``places`` tells where in the text each stands, if not one before."""

    known: bytes
    places: NDArray[np.int64] | None

    def place(self, at: int) -> int:
        """Return where in the text the character of byte ``at`` begins."""
        return at - 1 if self.places is None else int(self.places[at])

    def all_places(self, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return ``spans`` of the bytes as spans of the text."""
        if self.places is None:
            return [(first - 1, end - 1) for first, end in spans]
        return [(first, end) for first, end in self.places[np.array(spans, np.int64).reshape(-1, 2)].tolist()]


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
    places: NDArray[np.int64] | None = None
    if least == _PASSED_OVER:
        kept = np.flatnonzero(known != _PASSED_OVER)
        known, places = known[kept], np.concatenate([[-1], kept, [len(text)]])
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


@lru_cache(maxsize=1 << 14)
def _forms(written: str) -> tuple[str, str]:
    form = canonical_syllable(normalize(written).text[:_LONGEST_SYLLABLE])
    return form, fold(form)
