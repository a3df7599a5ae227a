"""Guess which term of the archive a token with one wrong letter was meant to be.

A letter is missing, too many, wrong, or two stand in the wrong order. The candidates are the syllables of the grammar
and, for longer tokens, the archive's own terms, at edit distance one; the archive's frequencies choose. A candidate
gains by how often it is written, and by standing beside its neighbours more often than chance would put it there; it
loses by how unusual the slip would be, and by each accent that differs from those typed.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.analysis.normalization import fold
from index.analysis.syllables import LONGEST_FOLDED, TONES, canonical_syllable, folded_syllables, parts_of
from search.spelling.vocabulary import SYLLABLES_AN_ARTICLE, Vocabulary

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHORTEST_NAME = 5
_CHANCE = 0.1
_OTHER_TONE = 4.0
_OTHER_MARKS = 4.0
_TONE_LEFT_OUT = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term that may have been meant: without accents, with them, whether any will do; ``score`` is a logarithm.

    ``beside`` and ``apart`` are the numbers of neighbours that it does and does not stand beside in some article.
    """

    folded: str
    exact: str
    frequency: int
    score: float
    beside: int
    apart: int


def candidates(vocabulary: Vocabulary, typed: str, before: str, after: str, *, bare: bool) -> list[Candidate]:
    """Return what the canonical token ``typed`` may have been meant to be, the likeliest first.

    ``before`` and ``after`` are the neighbours without accents, "" where there is none that the archive knows. ``bare``
    means that accents were left out.
    """
    found = []
    folded = fold(typed)
    bare = bare or typed == folded
    for term in _at_distance_one(vocabulary, folded):
        pairs = [pair for pair in ((before, term), (term, after)) if all(pair)]
        together = [vocabulary.pair(*pair) for pair in pairs]
        score = sum(_association(vocabulary, *pair, count) for pair, count in zip(pairs, together, strict=True))
        score -= _slip(folded, term)
        form, frequency, accents = _best_form(vocabulary, typed, term, bare=bare)
        score += math.log(frequency) - accents if frequency else -math.inf
        beside = sum(map(bool, together))
        found.append(Candidate(term, form, frequency, score, beside, len(pairs) - beside))
    return sorted((one for one in found if one.frequency), key=lambda one: -one.score)


def _at_distance_one(vocabulary: Vocabulary, folded: str) -> Iterator[str]:
    """Yield the terms of the archive that differ from ``folded`` by one slip, without accents."""
    seen = {folded}
    if len(folded) <= LONGEST_FOLDED + 1:
        for written, _, _ in process.extract(
            folded, _written_syllables(), scorer=OSA.distance, score_cutoff=1, limit=None
        ):
            syllable = canonical_syllable(written)
            if syllable not in seen and vocabulary.folded(syllable):
                seen.add(syllable)
                yield syllable
    if len(folded) >= _SHORTEST_NAME and folded.isalpha():
        for letter in dict.fromkeys(folded[:2]):
            terms = vocabulary.terms(letter)
            for term, _, _ in process.extract(folded, terms, scorer=OSA.distance, score_cutoff=1, limit=None):
                if term not in seen and term.isalpha():
                    seen.add(term)
                    yield term


_written: list[str] = []


def _written_syllables() -> list[str]:
    if not _written:
        for syllable in folded_syllables():
            parts = parts_of(syllable)
            _written.append(syllable)
            if parts is not None and parts.initial and parts.vowels == "i" and not parts.final:
                _written.append(syllable[:-1] + "y")
    return _written


def _association(vocabulary: Vocabulary, first: str, second: str, together: int) -> float:
    by_chance = vocabulary.folded(first) * vocabulary.folded(second) / (vocabulary.articles * SYLLABLES_AN_ARTICLE)
    return math.log((together + _CHANCE) / (by_chance + _CHANCE))


def _slip(typed: str, meant: str) -> float:
    """Return the cost of typing ``typed`` for ``meant``, which differ by one slip."""
    at = next((at for at, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), -1)
    if len(typed) > len(meant):
        extra = typed[at]
        return 2.0 if at and typed[at - 1] == extra or extra == typed[-2] else 3.0
    if len(typed) < len(meant):
        return 2.0
    if sum(one != other for one, other in zip(typed, meant, strict=True)) == 2:
        return 2.0
    return 2.5 if typed[at] in _near(meant[at]) else 4.5


def _near(letter: str) -> set[str]:
    return {other for row in _ROWS for pair in pairwise(row) if letter in pair for other in pair} | {
        other
        for upper, lower in pairwise(_ROWS)
        for at, key in enumerate(lower)
        for other in (upper[at], upper[at + 1], key)
        if letter in (key, upper[at], upper[at + 1])
    }


def _best_form(vocabulary: Vocabulary, typed: str, term: str, *, bare: bool) -> tuple[str, int, float]:
    """Return the form of ``term`` that fits the accents of ``typed`` best, its frequency, and what its accents cost."""
    if bare or parts_of(term) is None:
        return term, vocabulary.folded(term), 0.0
    own = _without_tone(typed)
    found = [
        (form, count, _accents(own, _without_tone(form))) for form, count in vocabulary.variants(term)
    ]
    return max(found, key=lambda one: math.log(one[1]) - one[2], default=(term, 0, 0.0))


def _accents(typed: tuple[str, str], meant: tuple[str, str]) -> float:
    cost = 0.0
    if typed[1] != meant[1]:
        cost += _OTHER_TONE if typed[1] else _TONE_LEFT_OUT
    return cost + _OTHER_MARKS * max(0, OSA.distance(typed[0], meant[0]) - 1)


def _without_tone(syllable: str) -> tuple[str, str]:
    decomposed = unicodedata.normalize("NFD", syllable)
    tones = "".join(char for char in decomposed if char in TONES[1:])
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in TONES[1:])), tones
