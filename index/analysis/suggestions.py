"""Which phrases of an article are offered as completions while a reader types.

A suggestion is kept as one term, its unaccented form before its accented one, so that the sorted list of
terms answers what is typed with or without accents by a prefix. The words of an article are suggestions, and up to
three neighbouring words of its title, where nothing but single spaces stands between their syllables.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.analysis.analyzer import SYLLABLE
from index.analysis.normalization import fold
from index.analysis.syllables import canonical_syllable

SEPARATOR = "\t"
MOST_WORDS_OF_TITLES = 3
SUGGESTED_SYLLABLES = range(2, 9)


def bare_syllable(written: str) -> str | None:
    """Return the unaccented form of a lower-case syllable as it is written; None if it is not to be suggested."""
    return fold(canonical_syllable(written)) if SYLLABLE.fullmatch(written) else None


def suggestion(bare: Sequence[str], written: Sequence[str]) -> str:
    """Return the term for syllables in their unaccented form and as they are written."""
    return f"{' '.join(bare)}{SEPARATOR}{' '.join(written)}"


def suggestion_prefix(typed: list[str], *, complete: bool) -> str:
    """Return the prefix of the terms for the folded syllables ``typed``; ``complete`` if the last one is finished."""
    return " ".join(typed) + (" " if complete and typed else "")


def split_suggestion(term: str) -> tuple[str, str]:
    """Return (unaccented, accented) of a suggestion's term."""
    unaccented, _, accented = term.partition(SEPARATOR)
    return unaccented, accented
