"""Guess which term of the archive a token with one wrong letter was meant to be.

A letter is missing, added or wrong, or two stand in the wrong order. The candidates are the syllables of the grammar
and, for a longer token, the archive's own terms, at edit distance one. The archive's frequencies choose among them: a
candidate gains by how many articles have it, and by standing beside its neighbours in more of them than chance would
put it there. It loses by how unusual the slip is, and by each accent that differs from those typed.

How sure the choice must be depends on the token. One that no Vietnamese syllable is written like, accents included
(``chủgn``), is a mistake. One without accents may be foreign, an abbreviation or a name, the more so the shorter it is.
One that is well spelled may be a word that the archive lacks. A token that the archive knows is taken for a mistake
only if it is badly spelled, incomparably rarer than what it is taken for, and never beside its neighbours.
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
from search.vocabulary import SYLLABLES_AN_ARTICLE, Vocabulary

# what a slip costs, in the logarithms of how likely a term is
_MISSING = _DOUBLED = _SWAPPED = 2.0
_NEXT_KEY = 2.5
_ADDED = 3.0
_OTHER_KEY = 4.5
_TONE_LEFT_OUT = 1.0
_OTHER_TONE = 4.0
_OTHER_MARK = 4.0

# the least score of a syllable, by what the token looks like
_MISSPELT = -7.0
_MISSPELT_APART = -4.5
_PLAIN = -3.5
_PLAIN_APART = -1.0
_PLAIN_CAPITAL = 2.0
_WELL_SPELLED = -3.0
_WELL_SPELLED_PLAIN = -1.5
_THREE_LETTERS = -2.5
_TWO_LETTERS = 0.5
_ALONE = -6.0

_LEAD = 0.7
_LEAD_ALONE = 2.0
_LEAD_ACCENTS = 4.5
_CHANCE = 0.1
_INCOMPARABLY = 100
_SHORTEST_ALONE = 4
_SHORTEST_NAME = 5
_LONG_NAME = 7
_LONGEST = 20
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A term beside a token: without accents, and with them, or "" if these are not known."""

    folded: str
    exact: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token in canonical spelling, and its neighbours, None where there is none that the archive knows.

    ``bare`` means that the whole query has no accents, ``capital`` that the token begins with a capital.
    """

    exact: str
    before: Neighbour | None
    after: Neighbour | None
    bare: bool = False
    capital: bool = False

    @property
    def plain(self) -> bool:
        """Whether the token has no accents."""
        return self.exact == fold(self.exact)

    def pairs(self, folded: str) -> list[tuple[str, str]]:
        """Return ``folded`` in the token's place with each neighbour, in order, without accents."""
        before = [(self.before.folded, folded)] if self.before is not None else []
        return before + ([(folded, self.after.folded)] if self.after is not None else [])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term that may have been meant, without accents and with those that fit, and how many articles have it.

    ``score`` is the logarithm of how likely it was meant, less what the slip costs. ``beside`` counts the neighbours
    that it stands beside in some article, ``apart`` the others.
    """

    folded: str
    exact: str
    frequency: int
    slip: float
    score: float
    beside: int
    apart: int


def may_be_wrong(vocabulary: Vocabulary, token: Token) -> bool:
    """Tell whether the archive lacks ``token``, or has it seldom, badly spelled, and never beside its neighbours.

    A very short one that it knows is taken for an abbreviation.
    """
    folded = fold(token.exact)
    known = vocabulary.folded(folded) if token.bare else vocabulary.exact(token.exact)
    if not known:
        return True
    if known * _INCOMPARABLY > vocabulary.articles or len(folded) < _SHORTEST_ALONE or is_well_spelled(token.exact):
        return False
    return not any(vocabulary.pair(*pair) for pair in token.pairs(folded))


def mend(vocabulary: Vocabulary, token: Token, fewest: int) -> Candidate | None:
    """Return what ``token``, which ``may_be_wrong``, was surely meant to be, None if nothing is sure.

    A name that stands beside no neighbour must be in ``fewest`` articles.
    """
    folded = fold(token.exact)
    if not token.exact.isalpha() or not 1 < len(folded) <= _LONGEST or len(_without_tone(token.exact)[1]) > 1:
        return None
    found = _candidates(vocabulary, token)
    well_spelled = is_well_spelled(token.exact)
    if not found or found[0].folded == folded:
        return None
    best, *others = found
    if well_spelled and any(one.folded == folded and best.score - one.score < _LEAD_ACCENTS for one in others):
        return None
    known = vocabulary.folded(folded) if token.bare else vocabulary.exact(token.exact)
    is_name = parts_of(best.folded) is None
    if known and (best.frequency < known * _INCOMPARABLY or (not is_name and (token.capital or not best.beside))):
        return None
    if others and best.score - others[0].score < (_LEAD if best.beside else _LEAD_ALONE):
        return None
    if is_name:
        sure = token.plain and (best.slip < _OTHER_KEY or len(folded) >= _LONG_NAME)
        return best if sure and (best.beside or best.frequency >= fewest) else None
    sure = best.score >= _least_score(token, best, well_spelled=well_spelled)
    if sure and well_spelled and not token.plain:
        sure = _stands_as_accented(vocabulary, token, best.exact)
    return best if sure else None


def _least_score(token: Token, best: Candidate, *, well_spelled: bool) -> float:
    """Return the least score that a syllable must have to be sure."""
    letters = len(token.exact)
    if well_spelled:
        sure = best.beside and not best.apart and not token.capital and best.slip < _OTHER_KEY
        return (_WELL_SPELLED_PLAIN if token.plain else _WELL_SPELLED) if sure else math.inf
    if not best.beside:
        return _ALONE if not token.plain or (token.bare and letters > _SHORTEST_ALONE) else math.inf
    if not token.plain:
        return _MISSPELT_APART if best.apart else _MISSPELT
    if letters < _SHORTEST_ALONE:
        if best.slip > _NEXT_KEY or best.apart or token.capital:
            return math.inf
        return _TWO_LETTERS if letters == 2 or (best.slip == _NEXT_KEY and best.beside < 2) else _THREE_LETTERS
    if token.capital and not token.bare:
        return _PLAIN_CAPITAL
    return _PLAIN_APART if best.apart else _PLAIN


def _stands_as_accented(vocabulary: Vocabulary, token: Token, exact: str) -> bool:
    """Tell whether ``exact`` stands, so accented, beside each neighbour whose accents are known."""
    before = token.before.exact if token.before is not None else ""
    after = token.after.exact if token.after is not None else ""
    pairs = [pair for pair in ((before, exact), (exact, after)) if all(pair)]
    return all(vocabulary.side_by_side(*pair) for pair in pairs)


def _candidates(vocabulary: Vocabulary, token: Token) -> list[Candidate]:
    """Return what ``token`` may have been meant to be, the likeliest first; itself with other accents may be one.

    A syllable that never stands beside any of the neighbours is none.
    """
    folded = fold(token.exact)
    found = []
    for term in _near_terms(vocabulary, folded):
        pairs = token.pairs(term)
        together = [vocabulary.pair(*pair) for pair in pairs]
        if pairs and not any(together) and parts_of(term) is not None:
            continue
        form, frequency, accents = _best_form(vocabulary, token, term)
        if frequency:
            slip = _slip(folded, term)
            score = math.log(frequency / vocabulary.articles) - slip - accents
            score += sum(_association(vocabulary, *pair, count) for pair, count in zip(pairs, together, strict=True))
            beside = sum(count > 0 for count in together)
            found.append(Candidate(term, form, frequency, slip, score, beside, len(pairs) - beside))
    return sorted(found, key=lambda one: (-one.score, one.folded))


def _near_terms(vocabulary: Vocabulary, folded: str) -> Iterator[str]:
    """Yield the terms of the archive, without accents, that differ from ``folded`` by one slip or none."""
    near: dict[str, None] = {}
    if len(folded) <= LONGEST_FOLDED + 1:
        near.update((canonical_syllable(written), None) for written in _within_one(folded, _written_syllables()))
    if len(folded) >= _SHORTEST_NAME:
        for letter in set(folded[:2]):
            near.update((term, None) for term in _within_one(folded, vocabulary.terms(letter)) if term.isalpha())
    return (term for term in near if vocabulary.folded(term))


def _within_one(folded: str, terms: list[str]) -> Iterator[str]:
    found = process.extract(folded, terms, scorer=OSA.distance, score_cutoff=1, limit=None)
    return (term for term, _, _ in found)


@lru_cache(maxsize=1)
def _written_syllables() -> list[str]:
    """Return the syllables of the grammar; those that may end in i or y, both ways."""
    both_ways = [
        syllable[:-1] + "y"
        for syllable in folded_syllables()
        if (parts := parts_of(syllable)) is not None and parts.initial and (parts.vowels, parts.final) == ("i", "")
    ]
    return [*folded_syllables(), *both_ways]


def _association(vocabulary: Vocabulary, first: str, second: str, together: int) -> float:
    """Return the logarithm of how much more often than by chance two terms are neighbours, ``together`` articles."""
    by_chance = vocabulary.folded(first) * vocabulary.folded(second) / (vocabulary.articles * SYLLABLES_AN_ARTICLE)
    return math.log((together + _CHANCE) / (by_chance + _CHANCE))


def _slip(typed: str, meant: str) -> float:
    """Return the cost of typing ``typed`` for ``meant``, which differ by one slip or none."""
    if len(typed) < len(meant):
        return _MISSING
    differing = [at for at, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other]
    if len(typed) > len(meant):
        at = differing[0] if differing else len(meant)
        doubled = at > 0 and typed[at] == typed[at - 1]
        return _DOUBLED if doubled or (at == len(meant) and typed[at] in TELEX_TONES) else _ADDED
    if len(differing) != 1:
        return _SWAPPED if differing else 0.0
    [at] = differing
    return _NEXT_KEY if typed[at] in _next_keys(meant[at]) else _OTHER_KEY


@lru_cache(maxsize=64)
def _next_keys(letter: str) -> frozenset[str]:
    """Return the letters around a letter on the keyboard."""
    places = {key: (row, at) for row, keys in enumerate(_ROWS) for at, key in enumerate(keys)}
    row, at = places.get(letter, (-9, -9))
    around = {(row, at - 1), (row, at + 1), (row - 1, at), (row - 1, at + 1), (row + 1, at - 1), (row + 1, at)}
    return frozenset(key for key, place in places.items() if place in around)


def _best_form(vocabulary: Vocabulary, token: Token, term: str) -> tuple[str, int, float]:
    """Return the form of ``term`` that fits the token's accents best, its frequency, and what its accents cost.

    A token without accents has no say in them.
    """
    if token.plain or parts_of(term) is None:
        return term, vocabulary.folded(term), 0.0
    typed = _without_tone(token.exact)
    forms = [(form, count, _accents_cost(typed, _without_tone(form))) for form, count in vocabulary.variants(term)]
    return max(forms, key=lambda form: math.log(form[1]) - form[2], default=(term, 0, 0.0))


def _accents_cost(typed: tuple[str, str], meant: tuple[str, str]) -> float:
    """Return the cost of typing one (letters, tone) for another whose letters differ by one slip or none, marks aside.

    With no slip, both together are one mistake.
    """
    tone = 0.0 if typed[1] == meant[1] else _OTHER_TONE if typed[1] else _TONE_LEFT_OUT
    if fold(typed[0]) == fold(meant[0]):
        return max(tone, _OTHER_MARK if typed[0] != meant[0] else 0.0)
    return tone + _OTHER_MARK * max(0, OSA.distance(typed[0], meant[0]) - 1)


def _without_tone(syllable: str) -> tuple[str, str]:
    """Return the letters of a syllable, marks included, and its tone."""
    decomposed = unicodedata.normalize("NFD", syllable)
    tones = "".join(char for char in decomposed if char in TONES[1:])
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in TONES[1:])), tones
