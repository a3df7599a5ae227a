"""How a Vietnamese syllable is built: initial consonant, vowels, final consonant, tone.

The tables are those of the orthography, with the final ``k`` of ``Đắk`` beside them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from index.analysis.normalization import canonical_syllable

TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
"""The combining marks of level (none), huyền, sắc, hỏi, ngã and nặng."""

LONGEST_FOLDED = 7
"""Letters of the longest syllable without accents (``nghieng``)."""


def _table(entries: str) -> frozenset[str]:
    return frozenset(entries.split())


_STOPPED_TONES = ("\u0301", "\u0323")
_STOPS = _table("p t c ch k")
_FINALS = _table("c ch m n ng nh p t k") | {""}
_CLOSED = _table("ă â iê oă oo uâ uô ươ yê uyê")
_OPEN_OR_CLOSED = _table("a e ê i o ô ơ u ư y oa oe uê uy")
_OPEN = _table(
    "ai ao au ay âu ây eo êu ia iu iêu oai oao oay oeo oi ôi ơi ua uây ui uôi uơ uya uyu ưa ưi ươi ươu ưu yêu"
)
_QUALITIES = {"a": "âăa", "e": "êe", "o": "ơôo", "u": "ưu"}
_LETTERS = re.compile(
    r"(qu(?=[aeioy])|gi(?=[aeou])|ngh|ng|nh|ch|gh|kh|ph|th|tr|[bcdghklmnpqrstvx])?([aeiouy]{1,3})([a-z]*)"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a syllable without accents."""

    initial: str
    vowels: str
    final: str


@lru_cache(maxsize=16384)
def parts_of(folded: str) -> Parts | None:
    """Cut a lower-case syllable without accents into its parts; None where it is not built as Vietnamese ones are."""
    match = _LETTERS.fullmatch(folded)
    if match is None or match.group(3) not in _FINALS or match.group(1) == "q":
        return None
    parts = Parts(match.group(1) or "", match.group(2), match.group(3))
    return parts if nuclei(parts) else None


@lru_cache(maxsize=16384)
def nuclei(parts: Parts) -> tuple[str, ...]:
    """Return what the vowels of a syllable can be with their marks, horns before circumflexes before none."""
    found = []
    for letters in product(*(_QUALITIES.get(vowel, vowel) for vowel in parts.vowels)):
        nucleus = "".join(letters)
        if nucleus in _OPEN_OR_CLOSED or nucleus in (_CLOSED if parts.final else _OPEN):
            found.append(nucleus)
    return tuple(nucleus for nucleus in found if parts.final != "k" or nucleus == "ă")


def allows_tone(parts: Parts, tone: str) -> bool:
    """Tell whether a syllable can have this tone: one that ends in a stop has sắc or nặng."""
    return parts.final not in _STOPS or tone in _STOPPED_TONES


def compose(initial: str, nucleus: str, final: str, tone: str) -> str:
    """Return the canonical spelling of a syllable from its parts."""
    return canonical_syllable(unicodedata.normalize("NFC", initial + nucleus + tone + final))


@lru_cache(maxsize=4096)
def accented_forms(folded: str) -> tuple[str, ...]:
    """Return every syllable that is written ``folded`` without its accents, in canonical spelling."""
    parts = parts_of(folded)
    if parts is None:
        return ()
    initials = ("d", "đ") if parts.initial == "d" else (parts.initial,)
    forms = (
        compose(initial, nucleus, parts.final, tone)
        for initial, nucleus, tone in product(initials, nuclei(parts), TONES)
        if allows_tone(parts, tone)
    )
    return tuple(dict.fromkeys(forms))
