"""Choose the phrases of an article that are offered as completions while a reader types.

Offered are the words of an article that have several syllables, its foreign words and acronyms, its codes of letters
(``index.analysis.codes``), and up to three neighbouring words of its title; completions leave out those that begin or
end with a stop word, corrections need them. Single spaces separate their syllables, except in codes.

A suggestion is one term: its unaccented form, a tab, and the phrase as written, so that a prefix lookup in the sorted
terms completes text typed with or without accents. Where a sentence begins, or all is in capitals, a capital does not
tell whether the phrase is a name. Such a suggestion is *unsure*: it is written as if it was none, and ends with a tab.
A text has one suggestion for all capitalizations of a phrase, so that the document frequencies of these add up: that
in lower case, else the first sure one, else the first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from index.analysis.normalization import fold
from index.analysis.runs import Code
from index.analysis.scripts import SYLLABLE
from index.analysis.stopwords import STOP_SYLLABLES
from index.analysis.syllables import canonical_syllable, is_vietnamese_shape

SEPARATOR = "\t"
MOST_WORDS_OF_TITLES = 3
SUGGESTED_SYLLABLES = range(2, 9)
_LONGEST_FOREIGN_WORD = 20
_STOP = frozenset(canonical_syllable(syllable) for syllable in STOP_SYLLABLES)


class SuggestedPhrases(NamedTuple):
    """The suggestions of a text, each by the lower-case one of its phrase."""

    unsure: dict[str, str]
    sure: dict[str, str]


def one_of_each(*texts: SuggestedPhrases) -> Collection[str]:
    """Return the suggestions of an article, given those of its ``texts``: for each phrase one, sure if possible."""
    chosen: dict[str, str] = {}
    for phrases in (*(text.unsure for text in texts), *(text.sure for text in texts)):
        chosen.update(phrases)
    return chosen.values()


def is_stop(exact: str) -> bool:
    """Tell whether a canonical syllable is a stop syllable."""
    return exact in _STOP


def is_foreign(written: str, folded: str) -> bool:
    """Tell whether a lower-case syllable is suggested alone, since it cannot be Vietnamese: ``trump``, ``vtv``."""
    return 1 < len(written) <= _LONGEST_FOREIGN_WORD and not is_vietnamese_shape(folded) and written[0].isalpha()


def _is_foreign(written: str) -> bool:
    return is_foreign(written.lower(), fold(written.lower()))


def bare_syllable(written: str) -> str | None:
    """Return the unaccented form of a lower-case syllable; None if it must not be suggested."""
    return fold(canonical_syllable(written)) if SYLLABLE.fullmatch(written) else None


def suggestion(bare: Sequence[str], written: Sequence[str]) -> str:
    """Return the term for syllables, given their unaccented and their written forms."""
    return f"{' '.join(bare)}{SEPARATOR}{' '.join(written)}"


def with_form(lower: str, written: str) -> str:
    """Return the suggestion for a phrase as ``written``, given that of the phrase in lower case."""
    return lower[: lower.index(SEPARATOR) + 1] + written


@lru_cache(maxsize=1 << 14)
def unsure_suggestion(lower: str, written: str, first_word: int) -> str:
    """Return the suggestion for a phrase ``written`` with capitals that may mean nothing.

    ``lower`` is that of the phrase in lower case, ``first_word`` the number of syllables in its first word. All
    capitals are kept if a syllable is foreign, a first one alone if the first word has others or is foreign.
    """
    name = " ".join(written.split(" ", first_word)[:first_word])
    if " " in written and written.isupper():
        shown = written if any(map(_is_foreign, written.split(" "))) else lower[lower.index(SEPARATOR) + 1 :]
    elif name[1:] == name[1:].lower() and not (first_word == 1 and _is_foreign(name)):
        shown = written[0].lower() + written[1:]
    else:
        shown = written
    return with_form(lower, shown) + SEPARATOR


def is_suggested(code: Code) -> bool:
    """Tell whether a code is offered: one of letters, or of letters and then figures."""
    return code.text[0].isalpha() and code.text.isalnum()


def code_suggestions(code: Code, bare: Sequence[str], written: str) -> dict[str, str]:
    """Return the suggestions for a code: by its syllables, and by its letters and figures alone."""
    if SEPARATOR in written:
        return {}
    keys = (" ".join(bare), fold(code.text))
    return {f"{key}{SEPARATOR}{written.lower()}": f"{key}{SEPARATOR}{written}" for key in keys}


def suggestion_prefix(typed: list[str], *, complete: bool) -> str:
    """Return the term prefix for the folded syllables ``typed``; ``complete`` means that the last one is finished."""
    return " ".join(typed) + (" " if complete and typed else "")


def split_suggestion(term: str) -> tuple[str, str, bool]:
    """Return the unaccented form of a suggestion, its phrase as written, and whether it is sure."""
    unaccented, written, *unsure = term.split(SEPARATOR)
    return unaccented, written, not unsure
