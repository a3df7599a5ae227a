"""Find the syllables and codes of a query in texts without cutting all of them.

A table turns texts into bytes, one for each character that is not a mark on another or invisible: letters and
figures small and without accents, everything else a space. What is asked for is searched in these bytes, in those of
several texts at once; only what is found there is brought to its canonical form, and only the lines that may have a
code are cut. Texts with characters that stand for several, such as ligatures, are cut as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.normalization import fold, normalize
from index.analysis.syllables import canonical_syllable, spellings
from index.analysis.tokenizer import Tokens, tokenize

_UNKNOWN, _NOT_PLAIN, _PASSED_OVER, _FOREIGN, _SIGN = 0, 1, 2, 3, 32
_LONGEST = 32  # of what is searched as bytes; tokens are kept up to 64 characters
_LONGEST_SYLLABLE = 64
_MOST_SPOTS = 20_000
_MOST_TOGETHER = 2 * _MOST_SPOTS  # characters: no more than 20,000 syllables and the spaces after them
_HEAD = 8  # bytes of a syllable that are compared as one number

Span = tuple[int, int]
"""Where something starts and ends in a text, in characters."""

CodeSpan = tuple[int, int, bool]
"""Where a code starts and ends, and whether its last syllable is a number."""


class Spots(NamedTuple):
    """The syllables of ``text`` that may be asked for, in columns of the same length, and where it has codes.

    ``starts`` and ``ends`` are offsets in ``text``, ``exact`` the canonical forms with accents, ``folded`` those
    without.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    exact: Sequence[str]
    folded: Sequence[str]
    codes: set[CodeSpan]

    def follows(self, at: int) -> bool:
        """Tell whether no other syllable of the text stands between a spot and the one before it."""
        return not any(map(str.isalnum, self.text[self.ends[at - 1] : self.starts[at]]))


class Spotter:
    """Look in texts for ``syllables``, all without accents, beginnings of syllables and whole ``codes``."""

    def __init__(self, syllables: Iterable[str], beginnings: Iterable[str], codes: Iterable[str]) -> None:
        self._codes = frozenset(codes)
        names = {*syllables, *filter(str.isalnum, self._codes)}
        begun = {fold(beginning) for beginning in beginnings}
        patterns = [_code_pattern(code) for code in sorted(self._codes)]
        self._plain = all(map(_is_plain, names | begun)) and all(patterns)
        if self._plain:
            whole = [f"{spelling} " for name in names for spelling in spellings(name)]
            beginnings = [spelling for name in begun for spelling in spellings(name)]
            self._needles = [needle.encode() for needle in (*whole, *beginnings)]
            self._patterns = [re.compile(pattern.encode()) for pattern in patterns if pattern]

    def spot(self, texts: Sequence[str]) -> Iterator[Spots]:
        """Yield the spots of each of ``texts``, of any one syllable only the first 20,000."""
        for some in _together(texts):
            whole = "\n".join(["", *some, ""])
            read = _read(whole) if self._plain else None
            if read is not None:
                yield from self._spots(some, whole, read)
            elif len(some) > 1:
                for text in some:
                    yield from self.spot([text])
            else:
                yield self.cut(some[0])

    def cut(self, text: str) -> Spots:
        """Return all syllables of ``text`` as spots: slower, and the same to who asks."""
        tokens = tokenize(text)
        return Spots(text, tokens.starts, tokens.ends, tokens.exact, tokens.folded, self._coded(tokens, 0))

    def _spots(self, texts: Sequence[str], whole: str, read: _ReadText) -> Iterator[Spots]:
        """Yield the spots of ``texts``, each of which ``whole`` has between line breaks and ``read`` as bytes."""
        found = read.words(self._needles)
        begins, stops = read.places(read.spaces[found] + 1), read.places(read.spaces[found + 1])
        forms = [_forms(whole[first:end]) for first, end in zip(begins.tolist(), stops.tolist(), strict=True)]
        exact, folded = [form for form, _ in forms], [bare for _, bare in forms]
        codes = self._codes_on_lines(whole, read)
        bounds = list(accumulate((len(text) + 1 for text in texts), initial=1))
        numbers = begins.searchsorted(bounds)
        bases = np.repeat(bounds[:-1], np.diff(numbers))
        starts, ends = (begins - bases).tolist(), (stops - bases).tolist()
        spans = [slice(low, high) for low, high in pairwise(numbers.tolist())]
        for text, own, (base, end) in zip(texts, spans, pairwise(bounds), strict=True):
            here = {(first - base, last - base, number) for first, last, number in codes if base <= first < end}
            yield Spots(text, starts[own], ends[own], exact[own], folded[own], here)

    def _codes_on_lines(self, text: str, read: _ReadText) -> set[CodeSpan]:
        found: set[CodeSpan] = set()
        reached = 0
        for first, end in sorted(match.span() for code in self._patterns for match in code.finditer(read.known)):
            if (last := read.place(end - 1)) >= reached:
                start = text.rfind("\n", 0, max(reached, read.place(first))) + 1
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
class _ReadText:
    """A text that begins and ends with a sign, as bytes: ``known``, and which of these are ``spaces``.

    ``heads`` has for each space the eight bytes behind it as one number. ``skipped`` tells of each character that is no
    byte how many bytes are before it.
    """

    known: bytes
    spaces: NDArray[np.intp]
    heads: NDArray[np.uint64]
    skipped: NDArray[np.intp]

    def words(self, needles: Iterable[bytes]) -> NDArray[np.intp]:
        """Return the numbers of the spaces behind which one of ``needles`` is, of each only the first 20,000."""
        found = [np.empty(0, np.intp)]
        for needle in needles:
            width = 8 * min(len(needle), _HEAD)
            head = np.uint64(int.from_bytes(needle[:_HEAD], "little"))
            at = (self.heads & np.uint64((1 << width) - 1) == head).nonzero()[0]
            if len(needle) > _HEAD:
                at = at[[self.known.startswith(needle, space + 1) for space in self.spaces[at].tolist()]]
            found.append(at[:_MOST_SPOTS])
        return np.unique(np.concatenate(found))

    def places(self, at: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return where in the text the characters of these bytes begin."""
        return at + self.skipped.searchsorted(at, "right") if len(self.skipped) else at

    def place(self, at: int) -> int:
        """Return where in the text the character of a byte begins."""
        return at + bisect_right(self.skipped, at)


def _read(text: str) -> _ReadText | None:
    """Return ``text`` as bytes, None where it has characters that cannot be read one by one."""
    characters = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    known = _TABLE.take(characters)
    least = known.min()
    if least == _UNKNOWN:
        for character in np.unique(characters[known == _UNKNOWN]).tolist():
            _TABLE[character] = _byte(chr(character))
        known = _TABLE.take(characters)
        least = known.min()
    if least == _NOT_PLAIN:
        return None
    skipped = np.empty(0, np.intp)
    if least == _PASSED_OVER:
        over = known == _PASSED_OVER
        skipped = over.nonzero()[0]
        skipped -= np.arange(len(skipped))
        known = known[~over]
    spaces = (known == _SIGN).nonzero()[0]
    padded = known.tobytes() + bytes(_HEAD)
    heads = np.ndarray(len(known), "<u8", padded, 1, (1,)).take(spaces)
    return _ReadText(padded[:-_HEAD], spaces, heads, skipped)


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
