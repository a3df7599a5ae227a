"""Bring every spelling of a Vietnamese text to one canonical form, and keep the way back to the original.

Two steps. ``normalize`` works on whole texts: it composes characters and replaces look-alikes, and remembers
where each character of its result stood in the original. ``canonical_syllable`` works on one syllable: it
puts the tone mark on one agreed vowel and writes ``y`` and ``i`` one way. ``fold`` takes all accents away.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_COMBINING = "\u0300-\u036f"

# Characters replaced one for one or dropped. Dropped ones are invisible and stand inside words.
_REPLACED = {
    "\u00d0": "Đ",  # Eth and African D are typed for the Vietnamese letter
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
_ON_OTHERS = f"[{_COMBINING}{_DROPPED}]"  # what makes one unit with the character before it
_CHANGING = re.compile(f"([^{_COMBINING}{_DROPPED}]{_ON_OTHERS}+|{_ON_OTHERS}{{2,}}|[{_OTHERS}])")
_DROP = re.compile(f"[{_DROPPED}]")


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """A canonical text and where each of its characters stood in the original.

    ``starts`` and ``ends`` have one entry a character of ``text``; both are None where text and original are
    the same, character for character.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None


def normalize(text: str) -> NormalizedText:
    """Compose ``text`` (NFC), replace look-alike characters and drop invisible ones.

    A base character and the marks on it are one unit: no offset ever points between them. The tone may come
    before or after the mark of the vowel's quality, as in text converted from Windows-1258.
    """
    if text.isascii():
        return NormalizedText(text)
    changes_length = _LENGTH_CHANGING.search(text) is not None
    for char in set(_ONE_FOR_ONE.findall(text)):  # few, where str.translate looks every character up
        text = text.replace(char, _REPLACED[char])
    if not changes_length:
        return NormalizedText(text)
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    pieces = _CHANGING.split(text)  # every other one changes
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
    marks = sorted(decomposed[1:], key=lambda mark: mark in _TONES) if len(decomposed) > 1 else ()
    composed = unicodedata.normalize("NFC", decomposed[:1] + "".join(marks))
    return composed if any(unicodedata.combining(mark) for mark in marks) else unicodedata.normalize("NFC", replaced)


_ON_FIRST_VOWEL = {
    unicodedata.normalize("NFC", first + tone) + second: first + unicodedata.normalize("NFC", second + tone)
    for firsts, seconds in (("oO", "aAeE"), ("uU", "yY"))
    for first in firsts
    for second in seconds
    for tone in _TONES
}
_OPEN_RIME = re.compile(f"[{''.join({rime[0] for rime in _ON_FIRST_VOWEL})}][aeyAEY](?!\\w)")


def with_tones_on_last_vowel(text: str) -> str:
    """Return ``text`` (NFC) with the tone of oa, oe and uy on their last vowel: ``hòa`` as ``hoà``.

    It is as long as it was. The words pyvi knows are spelt so.
    """
    return _OPEN_RIME.sub(lambda match: _ON_FIRST_VOWEL.get(match.group(), match.group()), text)


# initial consonants (with the u of qu and the i of gi where a vowel follows), vowels, final consonants
_SYLLABLE = re.compile(
    r"(qu(?=[aăâeêioôơuưy])|gi(?=[aăâeêioôơuưy])|ngh|ng|nh|ch|gh|kh|ph|th|tr|[bcdđghklmnpqrstvxfjwz])?"
    r"([aăâeêioôơuưy]{1,3})"
    r"(ch|ng|nh|[cmnptk])?"
)
_MARKED_VOWELS = "ăâêôơư"


@lru_cache(maxsize=65536)
def canonical_syllable(syllable: str) -> str:
    """Return the lower-case spelling all spellings of ``syllable`` share; what is not Vietnamese is lower-cased.

    The tone goes to the vowel with a mark of its own, else to the middle one of three, else to the second
    before a final consonant, else to the first (``hoà`` to ``hòa``, ``qúy`` to ``quí``). A lone ``y`` after
    an initial consonant becomes ``i`` (``kỹ`` to ``kĩ``).
    """
    lower = unicodedata.normalize("NFC", syllable.lower())
    if not lower.isalpha():
        return lower
    decomposed = unicodedata.normalize("NFD", lower)
    tones = [char for char in decomposed if char in _TONES]
    if len(tones) > 1:
        return lower
    toneless = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in _TONES))
    match = _SYLLABLE.fullmatch(toneless)
    if match is None:
        return lower
    initial, vowels, final = match.group(1) or "", match.group(2), match.group(3) or ""
    if initial and vowels == "y":
        vowels = "i"
    if not tones:
        return initial + vowels + final
    at = _tone_position(vowels, bool(final))
    toned = unicodedata.normalize("NFC", vowels[at] + tones[0])
    return initial + vowels[:at] + toned + vowels[at + 1 :] + final


def is_vietnamese_shape(syllable: str) -> bool:
    """Tell whether a lower-case syllable, accents aside, is built as Vietnamese syllables are."""
    return _SYLLABLE.fullmatch(fold(syllable)) is not None


def _tone_position(vowels: str, has_final: bool) -> int:
    marked = [i for i, vowel in enumerate(vowels) if vowel in _MARKED_VOWELS]
    if marked:
        return marked[-1]
    if len(vowels) == 3:
        return 1
    return 1 if len(vowels) == 2 and has_final else 0


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return ``text`` without accents: marks removed, ``đ`` as ``d``."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare).replace("đ", "d").replace("Đ", "D")
