"""Bring the characters of a Vietnamese text to one canonical form, with offsets back to the original.

``normalize`` composes characters, replaces look-alikes, and records where each character of the result stood in the
original. ``fold`` removes all accents. The spelling of syllables is in ``index.analysis.syllables``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

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
    "\u0085": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u0340": "\u0300",  # the deprecated Vietnamese tone marks
    "\u0341": "\u0301",
}
_REPLACED.update({chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)})  # full-width forms
_REPLACED.update({chr(code): " " for code in (0xA0, 0x1680, 0x202F, 0x205F, 0x3000, *range(0x2000, 0x200B))})
_REPLACED.update({chr(0xFB00 + i): text for i, text in enumerate(("ff", "fi", "fl", "ffi", "ffl"))})
_DROPPED = "\u00ad\u034f\u180e\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"

_ONE_FOR_ONE = re.compile(f"[{re.escape(''.join(char for char, text in _REPLACED.items() if len(text) == 1))}]")
_OTHERS = re.escape("".join(char for char, text in _REPLACED.items() if len(text) != 1))
_LENGTH_CHANGING = re.compile(f"[{_DROPPED}{_COMBINING}{_OTHERS}\u0340\u0341]")
_ON_OTHERS = f"[{_COMBINING}{_DROPPED}]"  # these form one unit with the character before them
_CHANGING = re.compile(f"([^{_COMBINING}{_DROPPED}]{_ON_OTHERS}+|{_ON_OTHERS}{{2,}}|[{_OTHERS}])")
_DROP = re.compile(f"[{_DROPPED}]")


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

    A base character and its marks are one unit: no offset points between them. The tone mark may precede or follow the
    quality mark of the vowel (breve, circumflex, horn), as in text converted from Windows-1258.
    """
    if text.isascii():
        return NormalizedText(text)
    changes_length = _LENGTH_CHANGING.search(text) is not None
    for char in set(_ONE_FOR_ONE.findall(text)):  # few distinct ones; str.translate would look up every character
        text = text.replace(char, _REPLACED[char])
    if not changes_length:
        return NormalizedText(text)
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    pieces = _CHANGING.split(text)  # odd-numbered pieces change
    for number, piece in enumerate(pieces):
        end = at + len(piece)
        if number % 2:
            pieces[number] = changed = _normal_cluster(piece)
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
    replaced = "".join(_REPLACED.get(char, char) for char in visible)
    decomposed = unicodedata.normalize("NFD", replaced)
    marks = sorted(decomposed[1:], key=lambda mark: mark in TONE_MARKS) if len(decomposed) > 1 else ()
    composed = unicodedata.normalize("NFC", decomposed[:1] + "".join(marks))
    return composed if any(unicodedata.combining(mark) for mark in marks) else unicodedata.normalize("NFC", replaced)


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return ``text`` without accents: remove marks, replace ``đ`` by ``d``."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare).replace("đ", "d").replace("Đ", "D")
