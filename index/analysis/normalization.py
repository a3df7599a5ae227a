"""Bring the characters of a Vietnamese text to one canonical form, with offsets back to the original.

``normalize`` composes characters, replaces look-alikes, and records where each character of the result stood in the
original. ``fold`` removes all accents. The spelling of syllables is in ``index.analysis.syllables``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from index.analysis.scripts import SYLLABLE

TONE_MARKS = "\u0300\u0301\u0303\u0309\u0323"
"""The combining marks of huyền, sắc, ngã, hỏi and nặng."""
_COMBINING = "\u0300-\u036f"

# Characters to replace or to drop. Dropped ones are invisible and occur inside words.
_REPLACED = {
    "\u00d0": "Đ",  # people type Eth and African D for the Vietnamese letter
    "\u0189": "Đ",
    "\u00f0": "đ",
    "\u0256": "đ",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u2039": "'",
    "\u203a": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u201f": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u00b4": "'",
    "\u02b9": "'",
    "\u02bb": "'",
    "\u02bc": "'",
    "\u2032": "'",
    "\u20ab": "đ",
    "\u00ba": "°",
    "\u2044": "/",
    "\u2122": " ",  # signs of trade marks are no letters
    "\u2120": " ",
    "\u0085": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u0340": "\u0300",  # the deprecated Vietnamese tone marks
    "\u0341": "\u0301",
}
_REPLACED.update({chr(code): " " for code in (0xA0, 0x1680, 0x202F, 0x205F, 0x3000, *range(0x2000, 0x200C))})
_REPLACED.update(  # figures of other scripts
    {char: str(unicodedata.decimal(char)) for char in map(chr, range(0x660, 0xAC00)) if char.isdecimal()}
)
_DROPPED = "\u00ad\u034f\u180e\u200c\u200d\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"

_ONE_FOR_ONE = re.compile(f"[{re.escape(''.join(_REPLACED))}]")
_JAMO = "[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?"  # the letters of one Korean syllable
_LENGTH_CHANGING = re.compile(f"[{_DROPPED}{_COMBINING}\u0340\u0341\u1160-\u11a7]")
_ON_OTHERS = f"[{_COMBINING}{_DROPPED}]"  # these form one unit with the character before them
_DROP = re.compile(f"[{_DROPPED}]")
# Where characters with a compatibility decomposition are: letters in bold or in circles, ligatures, squared units.
_COMPATIBLE = (
    *range(0xA8, 0x1000), *range(0x1D2C, 0x1E9C), *range(0x1F70, 0x2018), *range(0x2024, 0x2E00),
    *range(0x2E9F, 0x3400), *range(0xA69C, 0xA800), *range(0xAB5C, 0xAB6A), *range(0xF900, 0x10000),
    *range(0x10780, 0x107BB), *range(0x1CCD6, 0x1CCFA), *range(0x1D15E, 0x1D800), *range(0x1E030, 0x1E06E),
    *range(0x1EE00, 0x1EEBC), *range(0x1F100, 0x1F252), *range(0x1FBF0, 0x1FBFA), *range(0x2F800, 0x2FA1E),
)  # fmt: skip


@cache
def _compatible() -> tuple[dict[str, str], dict[str, str], frozenset[str], re.Pattern[str]]:
    """Return the characters that stand for one other, those that stand for several, and which of these for several
    syllables; and what may change the length.

    Only what gives letters or figures counts, and what gives one character.
    """
    single, several = {}, {}
    for char in map(chr, _COMPATIBLE):
        plain = unicodedata.normalize("NFKC", char)
        if plain == char or char in _REPLACED or unicodedata.combining(char):
            continue
        if unicodedata.category(plain[0])[0] == "M":  # as of a Thai vowel: it would join the letter before it
            continue
        if len(plain) == 1:
            single[char] = _REPLACED.get(plain, plain)
        elif any(map(str.isalnum, plain)):
            plain = "".join(_REPLACED.get(other, other) for other in plain)
            several[char] = plain
    parted = frozenset(char for char, plain in several.items() if len(SYLLABLE.findall(plain)) > 1)
    others = re.escape("".join(several))
    bases = f"[^{_COMBINING}{_DROPPED}{others}]"
    changing = re.compile(f"({_JAMO}|{bases}{_ON_OTHERS}+|{_ON_OTHERS}{{2,}}|[{others}]{_ON_OTHERS}*)")
    return single, several, parted, changing


_CHANGING = re.compile(f"({_JAMO}|[^{_COMBINING}{_DROPPED}]{_ON_OTHERS}+|{_ON_OTHERS}{{2,}})")


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """A canonical text, with the offsets of its characters in the original.

    ``starts`` and ``ends`` have one entry for each character of ``text``; both are None if each character stands for
    exactly one of the original.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None


def normalize(text: str) -> NormalizedText:
    """Compose ``text`` (NFC), replace look-alike characters and drop invisible ones.

    Characters that only look different (NFKC) become plain: bold letters, circled figures, squared units. A base
    character and its marks are one unit: no offset points between them. The tone mark may precede or follow the
    quality mark of the vowel (breve, circumflex, horn), as in text converted from Windows-1258.
    """
    if text.isascii():
        return NormalizedText(text)
    changes_length = _LENGTH_CHANGING.search(text) is not None
    for char in set(_ONE_FOR_ONE.findall(text)):  # few distinct ones; str.translate would look up every character
        text = text.replace(char, _REPLACED[char])
    changing, several, parted = _CHANGING, dict[str, str](), frozenset[str]()
    if not unicodedata.is_normalized("NFKC", text):
        single, several, parted, ending = _compatible()
        found = set(text)
        for char in found & single.keys():
            text = text.replace(char, single[char])
        if found & several.keys():
            changes_length, changing = True, ending
    if not changes_length:
        return NormalizedText(text)
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    pieces = changing.split(text)  # odd-numbered pieces change
    for number, piece in enumerate(pieces):
        end = at + len(piece)
        if number % 2:
            changed = _normal_cluster(piece)
            if piece[0] in parted:  # 2½ is no 21/2, nor ½5 1/25
                before, after = "".join(pieces[max(0, number - 2) : number])[-1:], text[end : end + 1]
                goes_on = before != "" and unicodedata.category(before)[0] in "LMN"
                changed = " " * goes_on + changed + " " * several.get(after, after)[:1].isalnum()
            pieces[number] = changed
            starts += [at] * len(changed)
            ends += [end] * len(changed)
        else:
            starts += range(at, end)
            ends += range(at + 1, end + 1)
        at = end
    return NormalizedText("".join(pieces), starts, ends)


@lru_cache(maxsize=8192)
def _normal_cluster(cluster: str) -> str:
    visible = _DROP.sub("", cluster)
    several = _compatible()[1] if not unicodedata.is_normalized("NFKC", visible) else {}
    replaced = "".join(several.get(char) or _REPLACED.get(char, char) for char in visible)
    decomposed = unicodedata.normalize("NFD", replaced)
    marks = sorted(decomposed[1:], key=lambda mark: mark in TONE_MARKS) if len(decomposed) > 1 else ()
    composed = unicodedata.normalize("NFC", decomposed[:1] + "".join(marks))
    return composed if any(unicodedata.combining(mark) for mark in marks) else unicodedata.normalize("NFC", replaced)


_OPTIONAL_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks that people leave out: those on Latin, Greek and Cyrillic letters, Hebrew points, Arabic vowel signs."""
_PLAIN_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "ı": "i",
    "ŋ": "ng",
    "ə": "e",
    "ĸ": "k",
    "ẞ": "SS",
}
_PLAIN_LETTERS |= {letter.upper(): plain.upper() for letter, plain in _PLAIN_LETTERS.items() if letter not in "ßıĸ"}
_VARIANT = re.compile("LATIN (SMALL|CAPITAL) LETTER ([A-Z]) WITH ")


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return ``text`` without accents: remove marks, replace ``đ`` by ``d`` and other Latin letters by plain ones.

    The marks of scripts that have vowels as marks stay.
    """
    if text.isascii():
        return text
    bare = _OPTIONAL_MARKS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", "".join(map(_plain_letter, bare)))


@lru_cache(maxsize=1024)
def _plain_letter(char: str) -> str:
    """Return the plain letters for a Latin one without marks: ``l`` for ``ł``."""
    if char.isascii() or char in _PLAIN_LETTERS:
        return _PLAIN_LETTERS.get(char, char)
    match = _VARIANT.match(unicodedata.name(char, ""))
    if match is None:
        return char
    return match.group(2).lower() if match.group(1) == "SMALL" else match.group(2)
