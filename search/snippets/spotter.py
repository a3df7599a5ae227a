"""Find the syllables and codes of a query in texts without tokenizing all of them.

A table turns a text into bytes, one per character that is neither a combining mark nor invisible: letters and digits in
lower case without accents, everything else a space. The query is looked up in these bytes, in several texts at once.
Only what is found is brought to its canonical form, and only lines that may have a code are tokenized. Texts with
characters that stand for several, such as ligatures, are tokenized whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.days import month_names
from index.analysis.normalization import fold, normalize
from index.analysis.numerals import GREATEST_NUMERAL, roman_numeral
from index.analysis.scripts import DOT_NET, SYLLABLE, is_simple
from index.analysis.syllables import canonical_syllable, spellings
from index.analysis.tokenizer import Tokens, tokenize
from index.batches import bounded_batches
from index.memo import Memo
from search.kernels.spotting import pack_needles, spotting_kernel

_UNKNOWN, _NOT_PLAIN, _PASSED_OVER, _FOREIGN, _SIGN = 0, 1, 2, 3, 32
_LONGEST = 32  # characters of a term searched as bytes; tokens have up to 64
_LONGEST_SYLLABLE = 64
_MOST_REMEMBERED = 1 << 14
_MOST_SPOTS = 20_000
_MOST_TOGETHER = 2 * _MOST_SPOTS  # characters: at most 20,000 syllables, each with a space after it
_HEAD = 8  # first bytes of a syllable, compared as one number

Span = tuple[int, int]
"""(start, end) of something in a text, in characters."""

CodeSpan = tuple[int, int, bool]
"""(start, end, whether the last syllable is a number) of a code."""


class Spots(NamedTuple):
    """The syllables of ``text`` that the query may ask for, as columns of equal length, and the spans of its codes.

    ``starts`` and ``ends`` are offsets in ``text``, ``exact`` are the canonical forms with accents, ``folded`` those
    without.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    exact: Sequence[str]
    folded: Sequence[str]
    codes: set[CodeSpan]


class Spotter:
    """Find ``syllables`` and ``codes``, both without accents, and syllables with one of ``beginnings``, in texts."""

    def __init__(self, syllables: Iterable[str], beginnings: Iterable[str], codes: Iterable[str]) -> None:
        self._codes = frozenset(codes)
        names = {*syllables, *filter(str.isalnum, self._codes)}
        begun = {fold(beginning) for beginning in beginnings}
        patterns = [_code_pattern(code) for code in sorted(self._codes)]
        self._plain = all(map(_is_plain, names | begun)) and all(patterns)
        if self._plain:
            whole = {spelling for name in names for spelling in spellings(name)}
            beginnings = {spelling for name in begun for spelling in spellings(name)}
            self._needles = [*(f"{spelling} ".encode() for spelling in whole), *map(str.encode, beginnings)]
            self._patterns = [re.compile(pattern.encode()) for pattern in patterns if pattern]
            self._dotted = "net" in whole or any(map("net".startswith, beginnings))
            self._packed = pack_needles(whole, beginnings)

    def spot(self, texts: Sequence[str]) -> Iterator[Spots]:
        """Yield the spots of each of ``texts``; of any one syllable, only the first 20,000."""
        for some in bounded_batches(texts, lambda text: len(text) + 1, _MOST_TOGETHER):
            whole = "\n".join(["", *some, ""])
            found = self._found(whole) if self._plain else None
            if found is not None:
                yield from self._spots(some, whole, found)
            elif len(some) > 1:
                for text in some:
                    yield from self.spot([text])
            else:
                yield self.cut(some[0])

    def cut(self, text: str) -> Spots:
        """Return all syllables of ``text`` as spots; slower, but leads to the same marks."""
        tokens = tokenize(text)
        return Spots(text, tokens.starts, tokens.ends, tokens.exact, tokens.folded, self._coded(tokens, 0))

    def _found(self, whole: str) -> _FoundWords | None:
        """Return what is found in a text that begins and ends with a separator; None if it cannot be read so."""
        kernel, found = spotting_kernel(), None
        if kernel is not None and self._packed is not None:
            coded = bool(self._patterns)
            found = kernel.find(whole, _TABLE, _learn, self._packed, _MOST_SPOTS, with_bytes=coded)
        if found is None:
            return _found_by_numpy(whole, self._needles)
        if "+" in whole or "#" in whole or self._dotted:
            forms = [_form_at(whole, *span) for span in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]
        else:
            known = [_FORMS[whole[first:end]] for first, end, _ in found.firsts.tolist()]
            forms = list(map(known.__getitem__, found.forms.tolist()))
        return _FoundWords(found.starts, found.ends, forms, found.known, found.origins)

    def _spots(self, texts: Sequence[str], whole: str, found: _FoundWords) -> Iterator[Spots]:
        """Yield the spots of ``texts``; ``whole`` is the texts between line breaks."""
        exact, folded = [form for form, _ in found.forms], [bare for _, bare in found.forms]
        codes = self._codes_on_lines(whole, found) if self._patterns else ()
        bounds = list(accumulate((len(text) + 1 for text in texts), initial=1))
        numbers = found.starts.searchsorted(bounds)
        bases = np.repeat(bounds[:-1], np.diff(numbers))
        starts, ends = (found.starts - bases).tolist(), (found.ends - bases).tolist()
        spans = [slice(low, high) for low, high in pairwise(numbers.tolist())]
        for text, own, (base, end) in zip(texts, spans, pairwise(bounds), strict=True):
            here = {(first - base, last - base, number) for first, last, number in codes if base <= first < end}
            yield Spots(text, starts[own], ends[own], exact[own], folded[own], here)

    def _codes_on_lines(self, text: str, read: _FoundWords) -> set[CodeSpan]:
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
            (offset + tokens.starts[code.first], offset + tokens.ends[last], tokens.exact[last].isdigit())
            for code, last in ((code, code.end - 1) for code in tokens.codes)
            if fold(code.text) in self._codes
        }


def _is_plain(name: str) -> bool:
    return 0 < len(name) <= _LONGEST and name.isascii() and name.isalnum() and name == name.lower()


def _code_pattern(code: str) -> str | None:
    """Return a pattern that every spelling of a code contains, None if nothing is certain.

    Of a day, a time, a range or a number with its unit, only some figures are certain. In other codes the punctuation
    may differ; without any, the code is just a syllable, or a number in letters. Matches begin and end at syllable
    boundaries.
    """
    if not code.replace("°", "").isascii() or code != code.lower():
        return None
    if code.isdecimal() and 0 < int(code) <= GREATEST_NUMERAL:
        return (
            f" (?:{'|'.join([f'thang {month}' for month in month_names(int(code))] + [roman_numeral(int(code))])})(?= )"
        )
    if _QUARTER.match(code):
        return " qu[iy](?= )"
    if decimal := _DECIMAL.match(code):  # 12.50 is 12,5
        return f" 0*{' *'.join(decimal.group().replace(',', ''))}0*(?= )"
    for form in _FIGURES:
        if match := form.fullmatch(code):
            certain = next(filter(None, match.groups()))
            return f" 0*{' *'.join(certain)}(?= )"
    letters = "".join(filter(str.isalnum, code))
    if code.isdecimal() and code.startswith("0"):
        return f" (?:0|(?:00 *)?84) *0?{' *'.join(code[1:])}(?= )(?<! {code})"
    return f" {' *'.join(letters)}(?= )(?<! {letters})" if letters else None


_QUARTER = re.compile("quy[1-4]")
_DECIMAL = re.compile(r"\d+,\d+")
# Days (of a full one the year, of a month the year), documents, times, ranges, and numbers with a unit: in each the
# first group that matches is always in figures.
_FIGURES = tuple(
    map(
        re.compile,
        (
            r"\d+/(?:\d+/)?(\d{4})",
            r"(\d+)/\d+",
            r"[a-z]+/(\d+)",
            r"(\d+)(?:h\d*|[-:]\d+(?:,\d+)?)",
            r"(\d+)(?:°c|%|[a-z]+(?:/h|[23])?)",
        ),
    )
)


# --- texts as bytes ----------------------------------------------------------------------------------------

_TABLE = np.zeros(1 << 16, np.uint8)  # filled on first use; threads may race, but write the same value
_SIGN_KIND, _FIGURE_KIND, _LETTER_KIND, _FOREIGN_KIND = range(4)
_KINDS = np.full(1 << 8, _LETTER_KIND, np.uint8)
_KINDS[[_SIGN, _FOREIGN]] = _SIGN_KIND, _FOREIGN_KIND
_KINDS[list(b"0123456789")] = _FIGURE_KIND


class _FoundWords(NamedTuple):
    """The words found in a text, and their canonical ``forms`` with accents and without.

    ``known`` is the text as bytes; ``origins`` has for each byte the offset of its character, None if each byte is at
    the offset of its own. Where figures meet letters, a space is between them, at the offset of the second.
    """

    starts: NDArray[np.integer]
    ends: NDArray[np.integer]
    forms: Sequence[tuple[str, str]]
    known: bytes
    origins: NDArray[np.integer] | None

    def place(self, at: int) -> int:
        """Return the offset in the text of the character that the byte ``at`` stands for."""
        return at if self.origins is None else int(self.origins[at])


def _found_by_numpy(text: str, needles: Iterable[bytes]) -> _FoundWords | None:
    """Return the words of ``text`` that begin with one of ``needles``; of each needle only the first 20,000.

    None if the text has characters that cannot be read one by one. It begins and ends with a separator.
    """
    characters = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    known = _TABLE.take(characters)
    if known.min() == _UNKNOWN:
        _learn(characters)
        known = _TABLE.take(characters)
    least = known.min()
    if least == _NOT_PLAIN:
        return None
    origins: NDArray[np.intp] | None = None
    if least == _PASSED_OVER:
        origins = (known != _PASSED_OVER).nonzero()[0]
        known = known[origins]
    kinds = _KINDS.take(known)
    seams = ((kinds[1:] != kinds[:-1]) & (kinds[1:] != _SIGN_KIND) & (kinds[:-1] != _SIGN_KIND)).nonzero()[0] + 1
    if len(seams):
        origins = np.arange(len(known)) if origins is None else origins
        origins = np.insert(origins, seams, origins[seams])
        known = np.insert(known, seams, _SIGN)
    spaces = (known == _SIGN).nonzero()[0]
    padded = known.tobytes() + bytes(_HEAD)
    heads = np.ndarray(len(known), "<u8", padded, 1, (1,)).take(spaces)  # the eight bytes after each space
    found = [np.empty(0, np.intp)]
    for needle in needles:
        width = 8 * min(len(needle), _HEAD)
        head = np.uint64(int.from_bytes(needle[:_HEAD], "little"))
        at = (heads & np.uint64((1 << width) - 1) == head).nonzero()[0]
        if len(needle) > _HEAD:
            at = at[[padded.startswith(needle, space + 1) for space in spaces[at].tolist()]]
        found.append(at[:_MOST_SPOTS])
    words = np.unique(np.concatenate(found))
    starts, ends = spaces[words] + 1, spaces[words + 1]
    if origins is not None:
        starts, ends = origins[starts], origins[ends]
    forms = [_form_at(text, first, end) for first, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return _FoundWords(starts, ends, forms, padded[:-_HEAD], origins)


def _learn(characters: NDArray[np.uint16]) -> None:
    """Find the bytes of those of ``characters`` that the table lacks."""
    for character in np.unique(characters[_TABLE.take(characters) == _UNKNOWN]).tolist():
        _TABLE[character] = _byte(chr(character))


def _byte(character: str) -> int:
    """Return the byte for a character: its letter or digit without accents, or its class."""
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
    if bare.isascii():
        return ord(bare)
    return _NOT_PLAIN if is_simple(canonical) else _FOREIGN


def _form_at(text: str, first: int, end: int) -> tuple[str, str]:
    """Return the canonical forms of the syllable at ``first``, where letters and figures end at ``end``."""
    dotted = text[first - 1 : end].lower() == DOT_NET
    if dotted or text[end : end + 1] in ("+", "#"):  # C++ is a syllable, C of it is none
        syllable = SYLLABLE.match(text, first - dotted)
        if syllable is not None and (dotted or syllable.end() > end):
            return syllable.group().lower(), ""
    return _FORMS[text[first:end]]


def _forms(written: str) -> tuple[str, str]:
    """Return the canonical forms of a written syllable, with accents and without."""
    form = canonical_syllable(normalize(written).text[:_LONGEST_SYLLABLE])
    return form, fold(form)


_FORMS = Memo(_forms, _MOST_REMEMBERED, len, _LONGEST_SYLLABLE)
