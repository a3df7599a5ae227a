"""Which phrases of an article are offered as completions while a reader types.

A suggestion is kept as one term, its unaccented form before its accented one, so that the sorted list of
terms answers what is typed with or without accents by a prefix.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from index.analysis import SYLLABLE, Analysis
from index.normalization import canonical_syllable, fold

SEPARATOR = "\t"
_MOST_WORDS = 3
_SYLLABLES = range(2, 9)
_LONGEST_REMEMBERED = 100


def suggestion_terms(title: Analysis, body: Analysis) -> set[str]:
    """Return the terms for the words of the article and for up to three neighbouring words of its title."""
    return {*_terms(title, _MOST_WORDS), *_terms(body, 1)}


def suggestion_prefix(typed: list[str], *, complete: bool) -> str:
    """Return the prefix of the terms for the folded syllables ``typed``; ``complete`` if the last one is finished."""
    return " ".join(typed) + (" " if complete and typed else "")


def split_suggestion(term: str) -> tuple[str, str]:
    """Return (unaccented, accented) of a suggestion's term."""
    unaccented, _, accented = term.partition(SEPARATOR)
    return unaccented, accented


def _terms(analysis: Analysis, most_words: int) -> Iterator[str]:
    """Yield the terms of runs of up to ``most_words`` words that stand together with nothing but spaces in them."""
    tokens, firsts, ends = analysis.tokens, analysis.word_firsts, analysis.word_ends
    canonical, starts, stops = tokens.canonical, tokens.canonical_starts, tokens.canonical_ends
    for ahead in range(most_words):
        for first, end in zip(firsts, ends[ahead:], strict=False):
            if end - first in _SYLLABLES:
                phrase = canonical[starts[first] : stops[end - 1]]
                term = _known_term(phrase) if len(phrase) <= _LONGEST_REMEMBERED else _term(phrase)
                if term is not None:
                    yield term


def _term(phrase: str) -> str | None:
    """Return the term of a phrase as written; None if other than single spaces stand between its syllables."""
    syllables = phrase.lower().split(" ")
    if not all(map(SYLLABLE.fullmatch, syllables)):
        return None
    return " ".join(fold(canonical_syllable(syllable)) for syllable in syllables) + SEPARATOR + " ".join(syllables)


_known_term = lru_cache(maxsize=1 << 16)(_term)
