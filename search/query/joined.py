"""Other spellings of a name: joined (``vietnam``, ``ôtô``, ``#TựHàoViệtNam``) for spaced, and spaced for joined.

Nothing is guessed: a spelling counts if the archive has it, and a joined one only if it cannot be a syllable
(``to an`` is not ``toan``). The beginning of a code finds the longer one: ``29B123`` finds ``29B12345``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from index.analysis.analyzer import Stream
from index.analysis.days import MONTH_NAMES
from index.analysis.normalization import fold
from index.analysis.syllables import LONGEST_FOLDED, accented_forms, canonical_syllable, is_vietnamese_shape, parts_of
from index.analysis.tokenizer import Tokens, tokenize
from search.query.tree import Alternative, Cut, Origin
from search.statistics import TermStatistics
from search.vocabulary import Vocabulary

_MOST_SYLLABLES = 16
_MOST_JOINED = 6
_FEW_SYLLABLES = 8
_LETTERS = range(3, 31)
_LEAST_SHARE = 0.05
_TWO = 2
_OCTOBER = 10
_SELDOM_APART = 0.2
_SHORTEST_BEGUN = 4
_MOST_SCANNED = 200
_MOST_LONGER = 10


def other_spellings(tokens: Tokens, cut: Cut, statistics: TermStatistics) -> Iterator[Alternative]:
    """Yield the spellings of names in a query that the archive has: joined ones of several syllables, spaced ones.

    What may be joined is a word of its ``cut``, several such words of a short query, all of it, or what no Vietnamese
    word has beside it (``covid 19``); ``Mỹ lần`` is not Milan.
    """
    size, vocabulary = min(len(tokens), _MOST_SYLLABLES), Vocabulary(statistics)
    for code in tokens.codes:
        if code.end <= size and not code.implied and not (code.certain and code.end - code.first > 1):
            yield from _longer(code.first, code.end, fold(code.text), statistics)
    for first, end in _dialled(tokens, size):
        yield from _longer(first, end, "".join(tokens.folded[first:end]), statistics)
    for first in range(size):
        yield from _months(tokens, first)
        yield from _spaced(tokens, first, vocabulary)
        for end in range(first + 2, min(size, first + _MOST_JOINED) + 1):
            if _may_be_joined(tokens, first, end, cut):
                yield from _joined(tokens, first, end, statistics)


def _may_be_joined(tokens: Tokens, first: int, end: int, cut: Cut) -> bool:
    if end - first == _TWO and not all(map(is_vietnamese_shape, tokens.folded[first:end])):
        return True
    inside = [word for word in cut.words if first <= word[0] and word[1] <= end]
    if (first, end) in inside or (first, end) == (0, len(tokens)):
        return True
    whole = sum(stop - start for start, stop in inside) == end - first
    return len(tokens) <= _FEW_SYLLABLES and whole and all(stop - start > 1 for start, stop in inside)


def joined_spellings(others: Iterable[Alternative], statistics: TermStatistics) -> Iterator[Alternative]:
    """Yield the joined spellings of alternatives that the archive has: ``vắcxin`` for a synonym ``vắc-xin``."""
    for other in others:
        tokens = tokenize(other.text)
        for text in _written_joined(tokens, 0, len(tokens), statistics):
            yield Alternative(other.first, other.end, text, is_spelling=True, origin=other.origin)


def _joined(tokens: Tokens, first: int, end: int, statistics: TermStatistics) -> Iterator[Alternative]:
    if not any(code.first <= first and end <= code.end for code in tokens.codes):
        for text in _written_joined(tokens, first, end, statistics):
            yield Alternative(first, end, text, is_spelling=True, origin=Origin.SPELLING)


def _written_joined(tokens: Tokens, first: int, end: int, statistics: TermStatistics) -> Iterator[str]:
    """Yield syllables as one word, without accents and with them, where the archive has it."""
    exact, folded = "".join(tokens.exact[first:end]), "".join(tokens.folded[first:end])
    if end - first == 1 or is_vietnamese_shape(folded) or not folded.isalnum() or folded.isdecimal():
        return
    if statistics.document_frequency(Stream.FOLDED, folded):
        yield folded
        if exact != folded and statistics.document_frequency(Stream.SYLLABLE, exact):
            yield exact


def _months(tokens: Tokens, at: int) -> Iterator[Alternative]:
    """Yield the other way to write the month that syllable ``at`` announces: ``tháng 8`` for ``tháng tám``."""
    if tokens.folded[at] != "thang":
        return
    for size in (2, 1):
        said = " ".join(tokens.folded[at + 1 : at + 1 + size])
        for month in range(1, 13):
            if said in (str(month), f"0{month}"):
                names = MONTH_NAMES[month] if month != _OCTOBER else ()  # the others after it begin with its name
                yield from (Alternative(at, at + 2, f"tháng {name}", origin=Origin.SPELLING) for name in names)
                return
            if said in map(fold, MONTH_NAMES[month]):
                yield Alternative(at, at + 1 + size, f"tháng {month}", origin=Origin.SPELLING)
                return


def _spaced(tokens: Tokens, at: int, vocabulary: Vocabulary) -> Iterator[Alternative]:
    exact, folded = tokens.exact[at], tokens.folded[at]
    if is_vietnamese_shape(exact) or not exact.isalpha() or len(exact) not in _LETTERS:
        return
    if exact != folded and vocabulary.exact(folded):
        yield Alternative(at, at + 1, folded, is_spelling=True, origin=Origin.SPELLING)
    typed = vocabulary.folded(folded)
    best, most = None, _LEAST_SHARE * typed
    for syllables in (*_cuts(exact), *_halves(exact)):
        if (met := _frequency(vocabulary, syllables, plain=exact == folded, known=typed > 0)) > most:
            best, most = syllables, met
    if best is not None:
        yield Alternative(at, at + 1, " ".join(best), is_spelling=True, origin=Origin.SPELLING)


def _frequency(vocabulary: Vocabulary, syllables: Sequence[str], *, plain: bool, known: bool) -> int:
    """Return about how many articles have ``syllables`` in a row, with any accents if ``plain``.

    Any two are neighbours somewhere (``de lay``), so two that also are a ``known`` word when joined must be a word, or
    seldom be apart.
    """
    met, alone = (vocabulary.pair, vocabulary.folded) if plain else (vocabulary.side_by_side, vocabulary.exact)
    together = min(met(*pair) for pair in pairwise(syllables))
    if not known or len(syllables) > _TWO or together >= _SELDOM_APART * min(map(alone, syllables)):
        return together
    return sum(one.frequency for one in vocabulary.spellings(syllables) if plain or one.exact == tuple(syllables))


def _longer(first: int, end: int, begun: str, statistics: TermStatistics) -> Iterator[Alternative]:
    """Yield the codes that begin with ``begun``: letters and figures, or figures after a zero."""
    if len(begun) < _SHORTEST_BEGUN or not begun.isalnum() or (begun.isdecimal() and begun[0] != "0"):
        return
    if begun.isalpha():
        return
    known = [entry for entry in statistics.terms(Stream.FOLDED, begun, _MOST_SCANNED) if entry[0] != begun]
    for term, _ in sorted(known, key=lambda entry: (-entry[1], entry[0]))[:_MOST_LONGER]:
        yield Alternative(first, end, term, is_spelling=True, origin=Origin.SPELLING)


def _dialled(tokens: Tokens, size: int) -> Iterator[tuple[int, int]]:
    """Yield the (first, end) of figures that begin with a zero, as telephone numbers do, and of those after them."""
    at = 0
    while at < size:
        end = at
        while end < size and tokens.folded[end].isdecimal() and tokens.folded[at][0] == "0":
            end += 1
        if end > at:
            yield at, end
        at = max(end, at + 1)


def _cuts(letters: str) -> Iterator[Sequence[str]]:
    """Yield the ways to cut a word into two to six syllables of the grammar."""
    cuts: list[list[tuple[str, ...]]] = [[()], *([] for _ in letters)]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - LONGEST_FOLDED), end):
            if cuts[start] and (syllable := _syllable(letters[start:end])):
                cuts[end] += [(*before, syllable) for before in cuts[start] if len(before) < _MOST_JOINED]
    return (cut for cut in cuts[-1] if len(cut) > 1)


def _halves(letters: str) -> Iterator[Sequence[str]]:
    """Yield the ways to cut a word in two that are not both syllables of the grammar: ``wi fi``, ``o neal``."""
    for at in range(1, len(letters)):
        halves = letters[:at], letters[at:]
        if not all(map(_syllable, halves)) and max(map(len, halves)) > 1:
            yield halves


def _syllable(letters: str) -> str | None:
    """Return the canonical form of a syllable of the grammar, None for any other letters."""
    canonical = canonical_syllable(letters)
    folded = fold(canonical)
    if parts_of(folded) is None:
        return None
    return canonical if canonical == folded or canonical in accented_forms(folded) else None
