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
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.analysis.normalization import fold
from index.analysis.syllables import (
    LONGEST_FOLDED,
    TONES,
    canonical_syllable,
    folded_syllables,
    is_well_spelled,
    parts_of,
)
from search.spelling.keyboard import TELEX_TONES
from search.spelling.vocabulary import SYLLABLES_AN_ARTICLE, Vocabulary

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_MISSING = _DOUBLED = _SWAPPED = 2.0
_NEXT_KEY = 2.5
_ADDED = 3.0
_OTHER_KEY = 4.5
_TONE_LEFT_OUT = 1.0
_OTHER_TONE = 4.0
_OTHER_MARK = 4.0
_CHANCE = 0.1  # articles in which two terms are neighbours by mere chance, at least
_MARGIN = 0.7
_MARGIN_ALONE = 2.0
_SHORTEST = 4
_SHORTEST_NAME = 5
_LONG_NAME = 7
_INCOMPARABLY = 100
_NEVER = math.inf
_LONGEST = 20


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A term beside the token: without accents, and with them, or "" if these are not known."""

    folded: str
    exact: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term that may have been meant, with and without accents, and in how many articles it is.

    ``score`` is a logarithm: how likely it was meant, against a term that every article has. ``beside`` and ``apart``
    count the neighbours that it does and does not stand beside in some article.
    """

    folded: str
    exact: str
    frequency: int
    slip: float
    score: float
    beside: int
    apart: int


def mend(
    vocabulary: Vocabulary,
    typed: str,
    before: Neighbour | None,
    after: Neighbour | None,
    *,
    bare: bool,
    capital: bool,
    fewest: int,
) -> Candidate | None:
    """Return what the canonical token ``typed`` was surely meant to be, None if it may be right.

    The neighbours are None where there is none that the archive knows. ``bare`` means that the query has no accents,
    ``capital`` that the token is capitalised. A name that stands beside no neighbour must be in ``fewest`` articles.
    """
    folded = fold(typed)
    if not typed.isalpha() or not 1 < len(folded) <= _LONGEST:
        return None
    known = vocabulary.folded(folded) if bare else vocabulary.exact(typed)
    well_spelled = is_well_spelled(typed)
    if known and (
        well_spelled or known * _INCOMPARABLY > vocabulary.articles or _met(vocabulary, folded, before, after)
    ):
        return None
    found = candidates(vocabulary, typed, before, after, bare=bare)
    if not found or found[0].folded == folded or found[0].frequency < known * _INCOMPARABLY:
        return None
    best = found[0]
    lead = best.score - found[1].score if len(found) > 1 else _NEVER
    if lead < (_MARGIN if best.beside else _MARGIN_ALONE):
        return None
    if known and (best.apart or not best.beside):
        return None
    if parts_of(best.folded) is None:
        sure = best.slip < _OTHER_KEY or len(folded) >= _LONG_NAME
        return best if sure and (best.beside or best.frequency >= fewest) else None
    if well_spelled and typed != folded and not _met_exactly(vocabulary, best.exact, before, after):
        return None
    least = _least_score(best, folded, well_spelled=well_spelled, plain=typed == folded, bare=bare, capital=capital)
    return best if best.score >= least else None


def _least_score(best: Candidate, folded: str, *, well_spelled: bool, plain: bool, bare: bool, capital: bool) -> float:
    """Return the least score that a syllable must have to be offered for a token like this."""
    if best.apart and (well_spelled or not best.beside):
        return _NEVER
    if well_spelled:
        return (-3.0 if best.beside < 2 else -4.0) + 1.5 * plain if best.beside else _NEVER
    if not plain:
        return (-3.0 if best.apart else -4.5) if best.beside else -5.0
    if len(folded) < _SHORTEST:
        return (-1.7 if len(folded) == 3 else 0.5) if best.beside and not best.apart and not capital else _NEVER
    if not best.beside:
        return -5.0 if bare and len(folded) > _SHORTEST else _NEVER
    if capital and not bare:
        return 2.0
    return -1.0 if best.apart else -2.5


def _met(vocabulary: Vocabulary, folded: str, before: Neighbour | None, after: Neighbour | None) -> bool:
    return any(vocabulary.pair(*pair) for pair in _pairs(folded, before, after))


def _met_exactly(vocabulary: Vocabulary, exact: str, before: Neighbour | None, after: Neighbour | None) -> bool:
    """Tell whether ``exact`` stands, so accented, beside each neighbour whose accents are known."""
    return (before is None or not before.exact or vocabulary.side_by_side(before.exact, exact) > 0) and (
        after is None or not after.exact or vocabulary.side_by_side(exact, after.exact) > 0
    )


def _pairs(folded: str, before: Neighbour | None, after: Neighbour | None) -> list[tuple[str, str]]:
    pairs = [(before.folded, folded)] if before is not None else []
    return pairs + ([(folded, after.folded)] if after is not None else [])


def candidates(
    vocabulary: Vocabulary, typed: str, before: Neighbour | None, after: Neighbour | None, *, bare: bool
) -> list[Candidate]:
    """Return what the canonical token ``typed`` may have been meant to be, the likeliest first."""
    folded = fold(typed)
    bare = bare or typed == folded
    found = []
    for term in _near_terms(vocabulary, folded):
        form, frequency, cost = _best_form(vocabulary, typed, term, bare=bare)
        if not frequency:
            continue
        pairs = _pairs(term, before, after)
        together = [vocabulary.pair(*pair) for pair in pairs]
        slip = _slip(folded, term)
        score = math.log(frequency / vocabulary.articles) - slip - cost
        score += sum(_association(vocabulary, *pair, count) for pair, count in zip(pairs, together, strict=True))
        beside = sum(map(bool, together))
        found.append(Candidate(term, form, frequency, slip, score, beside, len(pairs) - beside))
    return sorted(found, key=lambda one: (-one.score, one.folded))


def _near_terms(vocabulary: Vocabulary, folded: str) -> Iterator[str]:
    """Yield the terms of the archive that differ from ``folded`` by one slip or none, without accents."""
    seen: set[str] = set()
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
    """Return the cost of typing ``typed`` for ``meant``, which differ by one slip or none."""
    if len(typed) < len(meant):
        return _MISSING
    differing = [at for at, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other]
    if len(typed) > len(meant):
        at = differing[0] if differing else len(typed) - 1
        doubled = at and typed[at] == typed[at - 1]
        return _DOUBLED if doubled or (at == len(meant) and typed[at] in TELEX_TONES) else _ADDED
    if len(differing) != 1:
        return _SWAPPED if differing else 0.0
    [at] = differing
    return _NEXT_KEY if typed[at] in _next_keys(meant[at]) else _OTHER_KEY


@lru_cache(maxsize=64)
def _next_keys(letter: str) -> frozenset[str]:
    """Return the letters around a letter on the keyboard."""
    at = next(((row, keys.index(letter)) for row, keys in enumerate(_ROWS) if letter in keys), None)
    if at is None:
        return frozenset()
    around = {(at[0] + down, at[1] + right) for down, right in ((0, -1), (0, 1), (-1, 0), (-1, 1), (1, -1), (1, 0))}
    return frozenset(
        keys[place] for row, keys in enumerate(_ROWS) for place in range(len(keys)) if (row, place) in around
    )


def _best_form(vocabulary: Vocabulary, typed: str, term: str, *, bare: bool) -> tuple[str, int, float]:
    """Return the form of ``term`` that fits the accents of ``typed`` best, its frequency, and what its accents cost."""
    if bare or parts_of(term) is None:
        return term, vocabulary.folded(term), 0.0
    own = _without_tone(typed)
    found = [(form, count, _accents(own, _without_tone(form))) for form, count in vocabulary.variants(term)]
    return max(found, key=lambda one: math.log(one[1]) - one[2], default=(term, 0, 0.0))


def _accents(typed: tuple[str, str], meant: tuple[str, str]) -> float:
    cost = 0.0
    if typed[1] != meant[1]:
        cost += _OTHER_TONE if typed[1] else _TONE_LEFT_OUT
    return cost + _OTHER_MARK * max(0, OSA.distance(typed[0], meant[0]) - 1)


def _without_tone(syllable: str) -> tuple[str, str]:
    decomposed = unicodedata.normalize("NFD", syllable)
    tones = "".join(char for char in decomposed if char in TONES[1:])
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in TONES[1:])), tones
