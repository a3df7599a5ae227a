"""Choose the phrases of an article that are offered as completions while a reader types.

A suggestion is one term, its unaccented form before its accented one, so a prefix lookup in the sorted terms completes
text typed with or without accents. The words of an article are suggestions, and so are up to three neighbouring words
of its title, if single spaces separate their syllables.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.analysis.normalization import fold
from index.analysis.syllables import canonical_syllable
from index.analysis.tokenizer import SYLLABLE

SEPARATOR = "\t"
MOST_WORDS_OF_TITLES = 3
SUGGESTED_SYLLABLES = range(2, 9)


def bare_syllable(written: str) -> str | None:
    """Return the unaccented form of a lower-case syllable; None if it must not be suggested."""
    return fold(canonical_syllable(written)) if SYLLABLE.fullmatch(written) else None


def suggestion(bare: Sequence[str], written: Sequence[str]) -> str:
    """Return the term for syllables, given their unaccented and their written forms."""
    return f"{' '.join(bare)}{SEPARATOR}{' '.join(written)}"


def suggestion_prefix(typed: list[str], *, complete: bool) -> str:
    """Return the term prefix for the folded syllables ``typed``; ``complete`` means that the last one is finished."""
    return " ".join(typed) + (" " if complete and typed else "")


def split_suggestion(term: str) -> tuple[str, str]:
    """Return (unaccented, accented) of a suggestion."""
    unaccented, _, accented = term.partition(SEPARATOR)
    return unaccented, accented
