"""Spell Vietnamese syllables: initial consonant, vowels, final consonant, tone.

Three rules live here and nowhere else. *Tone placement*: ``hoà`` and ``hòa`` are one syllable. *y and i*: ``kỹ`` and
``kĩ`` are one syllable (``canonical_syllable``; ``spellings`` is the inverse). *Grammar*: which vowels, finals and
tones go together, by the tables of the orthography, plus the final ``k`` of ``Đắk``.

A syllable has Vietnamese *shape* if its letters are in the right order, whatever its vowels; that decides how text is
normalised. The *grammar* is stricter; it decides what a reader may have meant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from index.analysis.normalization import TONE_MARKS, fold

TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
"""The combining marks of level (none), huyền, sắc, hỏi, ngã and nặng."""

_DIGRAPHS = "ngh|ng|nh|ch|gh|kh|ph|th|tr"
_VOWELS = "aăâeêioôơuưy"
# initial consonants (with the u of qu and the i of gi where a vowel follows), vowels, final consonants
_SHAPE = re.compile(
    rf"(qu(?=[{_VOWELS}])|gi(?=[{_VOWELS}])|{_DIGRAPHS}|[bcdđghklmnpqrstvxfjwz])?"
    rf"([{_VOWELS}]{{1,3}})(ch|ng|nh|[cmnptk])?"
)
_MARKED_VOWELS = "ăâêôơư"
_OWN_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzđ").union(
    unicodedata.normalize("NFC", vowel + tone) for vowel in _VOWELS for tone in ("", *TONE_MARKS)
)
_BEGUN = re.compile(rf"((?:qu|gi)(?=[{_VOWELS}])|[^{_VOWELS}]*)([{_VOWELS}]{{1,3}})([^{_VOWELS}]*)")


@lru_cache(maxsize=65536)
def canonical_syllable(syllable: str) -> str:
    """Return the one lower-case spelling for all spellings of ``syllable``; lower-case what is not Vietnamese.

    A letter that no Vietnamese word has becomes plain, as news write names both ways (``Łódź`` to ``lodz``).
    The tone goes on the vowel with a quality mark, else on the middle one of three, else on the second before
    a final consonant, else on the first (``hoà`` to ``hòa``, ``qúy`` to ``quí``). A lone ``y`` after an initial
    consonant becomes ``i`` (``kỹ`` to ``kĩ``).
    """
    lower = unicodedata.normalize("NFC", syllable.lower())
    if not lower.isascii() and not _OWN_LETTERS.issuperset(lower):
        lower = "".join(letter if letter in _OWN_LETTERS else fold(letter) for letter in lower)
    if not lower.isalpha():
        return lower
    decomposed = unicodedata.normalize("NFD", lower)
    tones = [char for char in decomposed if char in TONE_MARKS]
    if len(tones) > 1:
        return lower
    toneless = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in TONE_MARKS))
    match = _SHAPE.fullmatch(toneless)
    if match is None:
        return lower
    initial, vowels, final = match.group(1) or "", match.group(2), match.group(3) or ""
    if initial and vowels == "y":  # the rule of y and i; ``spellings`` and ``beginnings`` undo it
        vowels = "i"
    if not tones:
        return initial + vowels + final
    at = _tone_position(vowels, bool(final))
    toned = unicodedata.normalize("NFC", vowels[at] + tones[0])
    return initial + vowels[:at] + toned + vowels[at + 1 :] + final


def is_vietnamese_shape(syllable: str) -> bool:
    """Tell whether a lower-case syllable, ignoring accents, has Vietnamese shape."""
    return _SHAPE.fullmatch(fold(syllable)) is not None


def _tone_position(vowels: str, has_final: bool) -> int:
    marked = [i for i, vowel in enumerate(vowels) if vowel in _MARKED_VOWELS]
    if marked:
        return marked[-1]
    if len(vowels) == 3:
        return 1
    return 1 if len(vowels) == 2 and has_final else 0


def spellings(folded: str) -> set[str]:
    """Return the possible spellings of a canonical syllable without accents: an ``i`` may have been a ``y``."""
    return {folded} | {folded[:at] + "y" + folded[at + 1 :] for at, letter in enumerate(folded) if letter == "i"}


_ON_FIRST_VOWEL = {
    unicodedata.normalize("NFC", first + tone) + second: first + unicodedata.normalize("NFC", second + tone)
    for firsts, seconds in (("oO", "aAeE"), ("uU", "yY"))
    for first in firsts
    for second in seconds
    for tone in TONE_MARKS
}
_OPEN_RIME = re.compile(f"[{''.join({rime[0] for rime in _ON_FIRST_VOWEL})}][aeyAEY](?!\\w)")


def with_tones_on_last_vowel(text: str) -> str:
    """Return ``text`` (NFC) with the tone of oa, oe and uy on their last vowel: ``hòa`` as ``hoà``.

    The length does not change. pyvi's dictionary uses this spelling.
    """
    return _OPEN_RIME.sub(lambda match: _ON_FIRST_VOWEL.get(match.group(), match.group()), text)


# --- grammar ------------------------------------------------------------------------------------------

LONGEST_FOLDED = 7
"""Length of the longest syllable without accents (``nghieng``), in letters."""


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
_NOT_BEFORE_FRONT = _table("c g ng")
_NOT_BEFORE_BACK = _table("k gh ngh")
_LETTERS = re.compile(rf"(qu(?=[aeioy])|gi(?=[aeou])|{_DIGRAPHS}|[bcdghklmnpqrstvx])?([aeiouy]{{1,3}})([a-z]*)")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a syllable without accents."""

    initial: str
    vowels: str
    final: str


@lru_cache(maxsize=16384)
def parts_of(folded: str) -> Parts | None:
    """Cut a lower-case syllable without accents into its parts; return None if it breaks the grammar."""
    match = _LETTERS.fullmatch(folded)
    if match is None or match.group(3) not in _FINALS or match.group(1) == "q":
        return None
    parts = Parts(match.group(1) or "", match.group(2), match.group(3))
    return parts if nuclei(parts) else None


@lru_cache(maxsize=16384)
def nuclei(parts: Parts) -> tuple[str, ...]:
    """Return every nucleus that the vowels of a syllable can be, horns before circumflexes before none."""
    found = []
    for letters in product(*(_QUALITIES.get(vowel, vowel) for vowel in parts.vowels)):
        nucleus = "".join(letters)
        if nucleus in _OPEN_OR_CLOSED or nucleus in (_CLOSED if parts.final else _OPEN):
            found.append(nucleus)
    return tuple(nucleus for nucleus in found if parts.final != "k" or nucleus == "ă")


def allows_tone(parts: Parts, tone: str) -> bool:
    """Tell whether a syllable may have this tone: one that ends in a stop takes only sắc or nặng."""
    return parts.final not in _STOPS or tone in _STOPPED_TONES


def compose(initial: str, nucleus: str, final: str, tone: str) -> str:
    """Return the canonical spelling of a syllable from its parts."""
    return canonical_syllable(unicodedata.normalize("NFC", initial + nucleus + tone + final))


@lru_cache(maxsize=4096)
def accented_forms(folded: str) -> tuple[str, ...]:
    """Return every syllable whose unaccented form is ``folded``, in canonical spelling."""
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


def is_syllable(word: str) -> bool:
    """Tell whether a lower-case word is a Vietnamese syllable by the grammar, in any of its spellings."""
    canonical = canonical_syllable(word)
    return canonical in accented_forms(fold(canonical))


# --- unfinished syllables -----------------------------------------------------------------------------

_NUCLEUS_BEGINNINGS = frozenset(
    nucleus[:end] for nucleus in _OPEN_OR_CLOSED | _CLOSED | _OPEN for end in range(1, len(nucleus) + 1)
)


@lru_cache(maxsize=4096)
def beginnings(written: str) -> frozenset[str]:
    """Return the term prefixes to look up for syllables that begin with ``written`` (lower-case).

    Both spellings of ``written`` count: ``quy`` also begins ``quyết``, whose ``y`` does not become ``i``. Without
    accents, ``written`` is a prefix of terms without accents. With some, it is one of terms with accents, and what is
    typed last may be missing: a tone, which goes on any vowel (``nô`` begins ``nội``), and the mark of a vowel beside
    a marked letter (``trưo`` begins ``trường``). A tone that was typed stays, on whatever vowel (``hoà`` begins
    ``hoàn``), and so do the marks under it.
    """
    plain = {written, canonical_syllable(written)}
    if written == fold(written):
        return frozenset(plain)
    return frozenset(plain.union(*map(_with_open_marks, plain)))


def _with_open_marks(written: str) -> set[str]:
    """Return what ``written`` becomes where its tone and, if it has none yet, the marks of bare vowels are added."""
    decomposed = unicodedata.normalize("NFD", written)
    typed = [char for char in decomposed if char in TONE_MARKS]
    toneless = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in TONE_MARKS))
    match = _BEGUN.fullmatch(toneless)
    if match is None or len(typed) > 1:
        return set()
    initial, vowels, final = match.groups()
    nuclei = {vowels}
    if not typed:
        marked = ("".join(letters) for letters in product(*(_QUALITIES.get(vowel, vowel) for vowel in vowels)))
        nuclei.update(nucleus for nucleus in marked if nucleus in _NUCLEUS_BEGINNINGS)
    return {
        unicodedata.normalize("NFC", f"{initial}{nucleus[:at]}{tone}{nucleus[at:]}{final}")
        for nucleus in nuclei
        for tone in typed or TONES
        for at in range(max(0, *map(nucleus.rfind, _MARKED_VOWELS)) + 1, len(nucleus) + 1)
    }


def is_well_spelled(word: str) -> bool:
    """Tell whether a lower-case word is a syllable whose initial fits its vowels (``nghe``, not ``nge``).

    A word without accents may have lost them.
    """
    canonical = canonical_syllable(word)
    folded = fold(canonical)
    parts = parts_of(folded)
    if parts is None or (canonical != folded and canonical not in accented_forms(folded)):
        return False
    if parts.vowels.startswith(("ye", "ie")):
        return parts.vowels[0] == ("y" if parts.initial in {"", "qu"} else "i")
    if parts.vowels[0] not in "eiy":
        return parts.initial not in _NOT_BEFORE_BACK
    return parts.initial not in _NOT_BEFORE_FRONT or (parts.initial, parts.vowels) == ("g", "i")


@lru_cache(maxsize=1)
def folded_syllables() -> tuple[str, ...]:
    """Return every syllable of the grammar without accents, in canonical spelling, sorted; there are about 4,000."""
    vowels = {fold(nucleus) for nucleus in _CLOSED | _OPEN_OR_CLOSED | _OPEN}
    rimes = [rime for parts in product(vowels, _FINALS) if parts_of(rime := "".join(parts)) is not None]
    written = map("".join, product(["", "qu", "gi", *_DIGRAPHS.split("|"), *"bcdghklmnpqrstvx"], rimes))
    return tuple(sorted({canonical_syllable(syllable) for syllable in written if parts_of(syllable) is not None}))
