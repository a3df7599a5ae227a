"""Decode what a keyboard in the wrong mode typed: raw Telex or VNI keys to the syllable they stand for.

========  ==============================================  =============================================
keys      marks                                           tones
========  ==============================================  =============================================
Telex     ``aa ee oo`` â ê ô, ``aw ow uw w`` ă ơ ư ư,     ``f s r x j`` huyền sắc hỏi ngã nặng
          ``uow uwow`` ươ, ``dd`` đ
VNI       ``6`` â ê ô, ``7`` ơ ư, ``8`` ă, ``9`` đ        ``2 1 3 4 5`` huyền sắc hỏi ngã nặng
========  ==============================================  =============================================

Both (TCVN 5712 for Telex) let a key come right after its letter or anywhere later in the syllable
(``tieesng``, ``tieengs``, ``tiengse``), also when other marks were composed already (``tiêngs``). A key pressed once
too often counts once. A token whose result is not built as a Vietnamese syllable has no decoding, so most foreign words
and codes have none; ``readings`` tells those that have one (``been``, ``co2``) from Vietnamese by the words of the
archive.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from index.analysis.normalization import fold
from index.analysis.syllables import allows_tone, canonical_syllable, compose, is_vietnamese_shape, nuclei, parts_of

LONGEST_TYPED = 14
"""The most keys a syllable may have to be decoded."""

TELEX_TONES = {"f": "\u0300", "s": "\u0301", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
"""The combining mark of each Telex key of a tone."""

_VNI_TONES = {"2": "\u0300", "1": "\u0301", "3": "\u0309", "4": "\u0303", "5": "\u0323"}
_MOST_VNI_KEYS = 5
_HORN = "\u031b"
_COMPOSED = {"\u0302": ("", "6"), "\u031b": ("w", "7"), "\u0306": ("w", "8"), "\u0335": ("d", "9")} | {
    tone: (telex, vni) for (telex, tone), vni in zip(TELEX_TONES.items(), "21345", strict=True)
}
"""The Telex and VNI keys of a combining mark; a circumflex in Telex is its letter again, \u0335 is the stroke of đ."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A syllable in its canonical spelling, and how many marks its keys stood for; a single mark proves little."""

    text: str
    keys: int


@dataclass(slots=True)
class _Keys:
    """The letters of a syllable and the marks its keys ask for; ``circumflex`` is the letter it goes on, or ``any``."""

    letters: str = ""
    tone: str = ""
    stroke: bool = False
    circumflex: str = ""
    horn: bool = False
    breve: bool = False

    def count(self) -> int:
        return bool(self.tone) + self.stroke + bool(self.circumflex) + (self.horn or self.breve)


@lru_cache(maxsize=8192)
def decode(typed: str) -> Decoded | None:
    """Return the syllable that ``typed`` stands for in Telex or VNI, None if it stands for none.

    Case is ignored; a token without a key for a mark is not decoded.
    """
    lower = typed.lower()
    if not 1 < len(lower) <= LONGEST_TYPED or not lower.isalnum() or lower[0].isdigit():
        return None
    if not lower.isascii():
        return _half_composed(lower)
    if any(char.isdigit() for char in lower):
        return _decoded(_vni_keys(lower), vni=True)
    return _decoded(_telex_keys(lower, repeated=True), vni=False) or _decoded(
        _telex_keys(lower, repeated=False), vni=False
    )


def _half_composed(lower: str) -> Decoded | None:
    """Decode a token some of whose keys were composed; that counts as two marks, as no foreign word looks so.

    A letter beside one composed of it is the same letter (``nguyeễn``), or else the key of its mark (``nguyẽen``). That
    counts as one mark, as two words may have been run together (``làanh``).
    """
    letters: list[tuple[str, set[str]]] = []
    repeated: list[str] = []
    for char in unicodedata.normalize("NFC", lower):
        letter, *marks = list(unicodedata.normalize("NFD", "d\u0335" if char == "đ" else char))
        if not _COMPOSED.keys() >= set(marks):
            return None
        of_rime = letter == "u" and not marks and letters and _HORN in letters[-1][1]  # ưu, as in lưu
        if letters and letters[-1][0] == letter and (marks or letters[-1][1]) and not of_rime:
            letters[-1][1].update(marks)
            repeated.append(letter)
        else:
            letters.append((letter, set(marks)))
    vni = any(char.isdigit() for char in lower)
    raw = "".join(
        letter + "".join(_COMPOSED[mark][vni] or letter for mark in sorted(marks)) for letter, marks in letters
    )
    typed = [raw, raw + "".join(repeated)]
    readings = (
        map(_vni_keys, typed) if vni else (_telex_keys(raw, repeated=way) for raw in typed for way in (True, False))
    )
    for keys in readings:
        decoded = _decoded(keys, vni=vni)
        if decoded is not None and decoded.text != canonical_syllable(lower):
            return Decoded(decoded.text, 1 if repeated else max(2, decoded.keys))
    return None


def _telex_keys(lower: str, *, repeated: bool) -> _Keys | None:
    """Separate the keys of raw Telex from the letters; ``repeated`` reads a repeated vowel as the key of its mark."""
    keys = _Keys()
    vowels = ""
    for char in lower:
        if char in TELEX_TONES and vowels:
            if keys.tone not in {"", TELEX_TONES[char]}:
                return None
            keys.tone = TELEX_TONES[char]
        elif char == "w":
            keys.horn = keys.breve = True
            if not vowels:
                keys.letters += "u"
                vowels = "u"
        elif char == "d" and keys.letters[:1] == "d":
            keys.stroke = True
        elif char in "aeo" and char in vowels and repeated:
            if keys.circumflex not in {"", char}:
                return None
            keys.circumflex = char
        else:
            keys.letters += char
            vowels += char if char in "aeiouy" else ""
    return keys


def _vni_keys(lower: str) -> _Keys | None:
    """Separate the keys of raw VNI from the letters."""
    digits = {char for char in lower if char.isdigit()}
    tones = digits & _VNI_TONES.keys()
    if len(tones) > 1 or "0" in digits or sum(char.isdigit() for char in lower) > _MOST_VNI_KEYS:
        return None
    return _Keys(
        letters="".join(char for char in lower if not char.isdigit()),
        tone="".join(_VNI_TONES[digit] for digit in tones),
        stroke="9" in digits,
        circumflex="any" if "6" in digits else "",
        horn="7" in digits,
        breve="8" in digits,
    )


def _decoded(keys: _Keys | None, *, vni: bool) -> Decoded | None:
    """Put the marks on the letters; return None if the result is no Vietnamese syllable."""
    parts = None if keys is None or not keys.count() else parts_of(keys.letters)
    if keys is None or parts is None or (keys.stroke and parts.initial != "d"):
        return None
    if keys.tone and not allows_tone(parts, keys.tone):
        return None
    for nucleus in nuclei(parts):
        if _has_marks(nucleus, keys, vni=vni):
            initial = "đ" if keys.stroke else parts.initial
            syllable = compose(initial, nucleus, parts.final, keys.tone)
            return Decoded(syllable, keys.count()) if is_vietnamese_shape(syllable) else None
    return None


def _has_marks(nucleus: str, keys: _Keys, *, vni: bool) -> bool:
    """Tell whether ``nucleus`` has exactly the marks that the keys ask for."""
    circumflexed = "".join(fold(letter) for letter in nucleus if letter in "âêô")
    if bool(circumflexed) != bool(keys.circumflex) or keys.circumflex not in {"", "any", circumflexed}:
        return False
    horn, breve = any(letter in "ơư" for letter in nucleus), "ă" in nucleus
    return (horn, breve) == (keys.horn, keys.breve) if vni else (horn or breve) == keys.horn
