"""Which phrases of an article are offered as completions while a reader types.

A suggestion is kept as one term, its unaccented form before its accented one, so that the sorted list of
terms answers what is typed with or without accents by a prefix.
"""

from __future__ import annotations

from collections.abc import Iterator

from index.analysis import Analysis
from index.normalization import canonical_syllable, fold

SEPARATOR = "\t"
_MOST_WORDS = 3
_SYLLABLES = range(2, 9)


def suggestion_terms(title: Analysis, body: Analysis) -> set[str]:
    """Return the terms for the words of the article and for up to three neighbouring words of its title."""
    terms = {_term(phrase) for phrase in _phrases(title, _MOST_WORDS)}
    terms.update(_term(phrase) for phrase in _phrases(body, 1))
    return terms


def suggestion_prefix(typed: list[str], *, complete: bool) -> str:
    """Return the prefix of the terms for the folded syllables ``typed``; ``complete`` if the last one is finished."""
    return " ".join(typed) + (" " if complete and typed else "")


def split_suggestion(term: str) -> tuple[str, str]:
    """Return (unaccented, accented) of a suggestion's term."""
    unaccented, _, accented = term.partition(SEPARATOR)
    return unaccented, accented


def _term(syllables: list[str]) -> str:
    unaccented = " ".join(fold(canonical_syllable(syllable)) for syllable in syllables)
    return unaccented + SEPARATOR + " ".join(syllables)


def _phrases(analysis: Analysis, most_words: int) -> Iterator[list[str]]:
    """Yield runs of up to ``most_words`` words that stand together with nothing but spaces between syllables."""
    tokens, words = analysis.tokens, analysis.words
    surface = [tokens.written(at).lower() for at in range(len(tokens))]
    for at, word in enumerate(words):
        end = word.first
        for following in words[at : at + most_words]:
            if following.first != end or not _unbroken(analysis, word.first, following.end):
                break
            end = following.end
            if end - word.first in _SYLLABLES:
                yield surface[word.first : end]


def _unbroken(analysis: Analysis, first: int, end: int) -> bool:
    tokens = analysis.tokens
    between = zip(tokens.canonical_ends[first : end - 1], tokens.canonical_starts[first + 1 : end], strict=True)
    return all(tokens.canonical[stop:start] == " " for stop, start in between)
