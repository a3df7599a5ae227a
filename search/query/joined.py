"""Other spellings of a name: joined (``vietnam``, ``ôtô``, ``#TựHàoViệtNam``) for spaced, and spaced for joined.

Nothing is guessed: a spelling counts if the archive has it, and a joined one only if it cannot be a syllable
(``to an`` is not ``toan``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from index.analysis.analyzer import Stream, bigram
from index.analysis.normalization import fold
from index.analysis.syllables import LONGEST_FOLDED, accented_forms, canonical_syllable, is_vietnamese_shape, parts_of
from index.analysis.tokenizer import Tokens
from search.query.tree import Alternative
from search.statistics import TermStatistics

_MOST_SYLLABLES = 16
_MOST_JOINED = 6
_LETTERS = range(3, 31)
_LEAST_SHARE = 0.05


def other_spellings(tokens: Tokens, statistics: TermStatistics) -> Iterator[Alternative]:
    """Yield the spellings of names in a query that the archive has: joined ones of several syllables, spaced ones."""
    size = min(len(tokens), _MOST_SYLLABLES)
    for first in range(size):
        yield from _spaced(tokens, first, statistics)
        for end in range(first + 2, min(size, first + _MOST_JOINED) + 1):
            if end - first == 2 or (first, end) == (0, len(tokens)):
                yield from _joined(tokens, first, end, statistics)


def _joined(tokens: Tokens, first: int, end: int, statistics: TermStatistics) -> Iterator[Alternative]:
    exact, folded = "".join(tokens.exact[first:end]), "".join(tokens.folded[first:end])
    if is_vietnamese_shape(folded) or not folded.isalnum() or folded.isdecimal():
        return
    if any(code.first <= first and end <= code.end for code in tokens.codes):
        return
    if statistics.document_frequency(Stream.FOLDED, folded):
        yield Alternative(first, end, folded, is_spelling=True)
        if exact != folded and statistics.document_frequency(Stream.SYLLABLE, exact):
            yield Alternative(first, end, exact, is_spelling=True)


def _spaced(tokens: Tokens, at: int, statistics: TermStatistics) -> Iterator[Alternative]:
    exact, folded = tokens.exact[at], tokens.folded[at]
    if is_vietnamese_shape(exact) or not exact.isalpha() or len(exact) not in _LETTERS:
        return
    plain = exact == folded
    stream = Stream.FOLDED_BIGRAM if plain else Stream.BIGRAM
    typed = statistics.document_frequency(Stream.FOLDED, folded)
    best, most = None, _LEAST_SHARE * typed
    for syllables in _cuts(exact):
        met = min(statistics.document_frequency(stream, bigram(*pair)) for pair in pairwise(syllables))
        if met > most:
            best, most = syllables, met
    if best is not None:
        yield Alternative(at, at + 1, " ".join(best), is_spelling=True)


def _cuts(letters: str) -> Iterator[Sequence[str]]:
    """Yield the ways to cut a word into two to six syllables of the grammar."""
    cuts: list[list[tuple[str, ...]]] = [[()], *([] for _ in letters)]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - LONGEST_FOLDED), end):
            if cuts[start] and (syllable := _syllable(letters[start:end])):
                cuts[end] += [(*before, syllable) for before in cuts[start] if len(before) < _MOST_JOINED]
    return (cut for cut in cuts[-1] if len(cut) > 1)


def _syllable(letters: str) -> str | None:
    """Return the canonical form of a syllable of the grammar, None for any other letters."""
    canonical = canonical_syllable(letters)
    folded = fold(canonical)
    if parts_of(folded) is None:
        return None
    return canonical if canonical == folded or canonical in accented_forms(folded) else None
