"""Choose the accents a run of syllables was meant to have: a noisy channel with the archive as its model.

The result is the cheapest cover of the run with phrases of the archive and single syllables. Each costs its surprise
(the negative logarithm of how likely it comes next in a text), and each syllable whose accents differ from those typed
costs extra. So ``quốc tê`` becomes ``quốc tế`` only if that phrase is far likelier than two syllables that meet by
chance. A pair of syllables that the archive has as typed is kept.

A change needs evidence: a syllable known as typed is not changed for a phrase of very few articles (``rau má``,
``rau mà``), and the changed syllable must also occur beside the words before and after the phrase (``công ăn việc``:
``an việc`` never occurs).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from index.analysis.syllables import parts_of
from search.spelling.readings import ReadSyllable
from search.vocabulary import Vocabulary

_OTHER_ACCENTS = 4.0
_LEFT_OUT = 4.0
_UNDECIDED = 3.0
_BOTH_KNOWN = 3.0
_LONGEST_PHRASE = 6
_LONGEST_WORD = 4
_DOMINANT = 0.8
_INCOMPARABLY = 50
_SELDOM = 0.2
_MOST_ALTERNATIVES = 3
_HANDFUL = 5
_FEW_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class _Piece:
    """Syllables ``start`` to ``end`` (exclusive) of a run, read as one phrase or syllable."""

    start: int
    end: int
    exact: tuple[str, ...]
    written: tuple[str, ...]
    frequency: int
    cost: float


def choose_accents(vocabulary: Vocabulary, run: Sequence[ReadSyllable]) -> list[str]:
    """Return the syllables of ``run`` as they were meant; unchanged ones are ``ReadSyllable.exact``."""
    words = _typed_words(vocabulary, run)
    sure = {at for word in words for at in range(word.start, word.end)}
    if len(sure) == len(run):
        return [syllable.exact for syllable in run]
    costs: list[float] = [0.0] + [float("inf")] * len(run)
    last: list[_Piece | None] = [None] * (len(run) + 1)
    for start in range(len(run)):
        for piece in [*(word for word in words if word.start == start), *_pieces(vocabulary, run, start, sure)]:
            if costs[start] + piece.cost < costs[piece.end]:
                costs[piece.end] = costs[start] + piece.cost
                last[piece.end] = piece
    path: list[_Piece] = []
    end = len(run)
    while end:
        best = last[end]
        assert best is not None
        path.append(best)
        end = best.start
    meant = [exact for piece in reversed(path) for exact in piece.exact]
    chosen: list[str] = [syllable.exact for syllable in run]
    for piece in path:
        if _has_no_rival(vocabulary, run, piece) and _borne_out(vocabulary, run, piece, meant):
            for at in range(piece.start, piece.end):
                if run[at].made or run[at].exact != piece.exact[at - piece.start]:
                    chosen[at] = piece.written[at - piece.start]
    return chosen


def _typed_words(vocabulary: Vocabulary, run: Sequence[ReadSyllable]) -> list[_Piece]:
    """Return the words of the archive that ``run`` has as typed, unless their folded form is far more frequent."""
    words: list[_Piece] = []
    for start in range(len(run)):
        commonest = vocabulary.articles
        for end in range(start + 2, min(len(run), start + _LONGEST_WORD) + 1):
            commonest = min(commonest, vocabulary.pair(run[end - 2].folded, run[end - 1].folded))
            if not commonest or run[end - 2].bare or run[end - 1].bare:
                break
            exact = tuple(syllable.exact for syllable in run[start:end])
            frequency = vocabulary.word(exact)
            if frequency * _INCOMPARABLY > commonest:
                words.append(_Piece(start, end, exact, exact, frequency, vocabulary.surprise(frequency)))
    return words


def _pieces(vocabulary: Vocabulary, run: Sequence[ReadSyllable], start: int, sure: set[int]) -> Iterator[_Piece]:
    """Yield the pieces that begin at ``start``; spans of only ``sure`` syllables are not looked up."""
    yield _single(vocabulary, run, start)
    if sure.isdisjoint(range(start, start + 2)):
        yield from _pairs(vocabulary, run, start)
    as_typed = _single_cost(vocabulary, run[start])
    commonest = vocabulary.articles
    for end in range(start + 2, min(len(run), start + _LONGEST_PHRASE) + 1):
        commonest = min(commonest, vocabulary.pair(run[end - 2].folded, run[end - 1].folded))
        if not commonest:
            return
        meant = run[start:end]
        as_typed += _single_cost(vocabulary, run[end - 1])
        least = 0.0 if any(syllable.bare for syllable in meant) else min(_OTHER_ACCENTS, _LEFT_OUT)
        if sure.issuperset(range(start, end)) or vocabulary.surprise(commonest) + least >= as_typed:
            continue
        for spelling in vocabulary.spellings([syllable.folded for syllable in meant]):
            cost = vocabulary.surprise(spelling.frequency) + _typing_cost(meant, spelling.exact)
            yield _Piece(start, end, spelling.exact, spelling.written, spelling.frequency, cost)


def _single_cost(vocabulary: Vocabulary, syllable: ReadSyllable) -> float:
    if syllable.bare:
        return vocabulary.surprise(vocabulary.folded(syllable.folded)) + _UNDECIDED
    return vocabulary.surprise(vocabulary.exact(syllable.exact))


def _pairs(vocabulary: Vocabulary, run: Sequence[ReadSyllable], start: int) -> Iterator[_Piece]:
    """Yield readings of two neighbours, one of them doubtful, that articles have but no phrase of the archive does."""
    meant = run[start : start + 2]
    if len(meant) < 2 or not vocabulary.pair(meant[0].folded, meant[1].folded):
        return
    typed = tuple(syllable.exact for syllable in meant)
    bare = any(syllable.bare for syllable in meant)
    phrases = vocabulary.spellings([syllable.folded for syllable in meant])
    if any(phrase.exact == typed or bare for phrase in phrases):
        return
    first, second = ([syllable.exact, *_alternatives(vocabulary, syllable)] for syllable in meant)
    if len(first) + len(second) == 2:
        return
    known = not bare and all(vocabulary.exact(syllable) for syllable in typed)
    if known and vocabulary.side_by_side(*typed) * _INCOMPARABLY > vocabulary.pair(meant[0].folded, meant[1].folded):
        return
    for exact in product(first, second):
        together = vocabulary.side_by_side(*exact)
        if together:
            cost = vocabulary.surprise(together) + _typing_cost(meant, exact)
            if exact != typed and known:
                cost += _BOTH_KNOWN
            yield _Piece(start, start + 2, exact, exact, together, cost)


def _alternatives(vocabulary: Vocabulary, syllable: ReadSyllable) -> list[str]:
    """Return other forms of a doubtful syllable, one whose accents are rare or were left out; [] for others."""
    if parts_of(syllable.folded) is None or (syllable.made and not syllable.bare):
        return []
    known = vocabulary.exact(syllable.exact)
    if not syllable.bare and known > _SELDOM * vocabulary.folded(syllable.folded):
        return []
    least = 0 if syllable.bare else known / _SELDOM
    most = _MOST_ALTERNATIVES if known else 2 * _MOST_ALTERNATIVES
    variants = vocabulary.variants(syllable.folded)[:most]
    return [form for form, count in variants if form != syllable.exact and count >= least]


def _typing_cost(meant: Sequence[ReadSyllable], accented: Sequence[str]) -> float:
    cost = 0.0
    for syllable, exact in zip(meant, accented, strict=True):
        if syllable.exact != exact and not syllable.bare:
            cost += _OTHER_ACCENTS if syllable.exact != syllable.folded else _LEFT_OUT
    return cost


def _single(vocabulary: Vocabulary, run: Sequence[ReadSyllable], at: int) -> _Piece:
    """Return one syllable as a piece: as typed if it is known, else with the accents it nearly always has.

    Accents that it never has beside its neighbours are not counted, if it has others there.
    """
    syllable = run[at]
    known = vocabulary.exact(syllable.exact)
    exact, cost = syllable.exact, _single_cost(vocabulary, syllable)
    if (not known or syllable.bare) and parts_of(syllable.folded) is not None:
        variants = vocabulary.variants(syllable.folded)
        if not syllable.bare:
            fitting = variants[: 2 * _MOST_ALTERNATIVES]
            fitting = [variant for variant in fitting if _fits_beside(vocabulary, run, at, variant[0])]
            variants = fitting or variants
        if variants and variants[0][1] >= _DOMINANT * sum(count for _, count in variants):
            exact, known = variants[0]
            cost = min(cost, vocabulary.surprise(known) + (0.0 if syllable.bare else _OTHER_ACCENTS))
    return _Piece(at, at + 1, (exact,), (exact,), known, cost)


def _fits_beside(vocabulary: Vocabulary, run: Sequence[ReadSyllable], at: int, exact: str) -> bool:
    """Tell whether ``exact``, put at ``at``, occurs beside each typed neighbour that any form of it occurs beside."""
    for other in (at - 1, at + 1):
        if 0 <= other < len(run) and not run[other].bare and vocabulary.exact(run[other].exact):
            folded = [run[place].folded for place in sorted((at, other))]
            first, second = (run[other].exact, exact) if other < at else (exact, run[other].exact)
            if vocabulary.pair(*folded) and not vocabulary.side_by_side(first, second):
                return False
    return True


def _has_no_rival(vocabulary: Vocabulary, run: Sequence[ReadSyllable], piece: _Piece) -> bool:
    """Tell whether what was typed is no rival to ``piece``.

    It is one if the archive has a changed syllable, as typed, beside each neighbour that it has in the run.
    """
    for at in range(piece.start, piece.end):
        if run[at].exact == piece.exact[at - piece.start]:
            continue
        pairs = [first for first in (at - 1, at) if 0 <= first < len(run) - 1]
        if pairs and all(_met_as_typed(vocabulary, run, piece, first) for first in pairs):
            return False
    return True


def _met_as_typed(vocabulary: Vocabulary, run: Sequence[ReadSyllable], piece: _Piece, first: int) -> bool:
    """Tell whether syllable ``first`` and the next are neighbours in articles as typed, not far rarer than as meant."""
    typed = run[first : first + 2]
    if any(syllable.bare or syllable.made for syllable in typed):
        return False
    together = vocabulary.side_by_side(typed[0].exact, typed[1].exact)
    if piece.start <= first and first + 1 < piece.end:
        return together * _INCOMPARABLY > piece.frequency
    places = (first, first + 1)
    meant = [piece.exact[at - piece.start] if piece.start <= at < piece.end else run[at].exact for at in places]
    return together > vocabulary.side_by_side(*meant)


def _borne_out(vocabulary: Vocabulary, run: Sequence[ReadSyllable], piece: _Piece, meant: Sequence[str]) -> bool:
    """Tell whether the evidence suffices to change what was typed into ``piece``; ``meant`` is the whole run."""
    places = range(piece.start, piece.end)
    changed = [at for at in places if not run[at].made and not run[at].bare and run[at].exact != meant[at]]
    alone = len(places) - len(changed) < 2
    for at in changed:
        known = vocabulary.exact(run[at].exact)
        if alone and piece.frequency < max(min(2 * known, _HANDFUL), _FEW_SHARE * known):
            return False
        outer = [other for other in (at - 1, at + 1) if 0 <= other < len(run) and other not in places]
        if not all(_goes_with(vocabulary, run, meant, at, other) for other in outer):
            return False
        if len(places) == 1 and outer and not any(_ever_met(vocabulary, run, at, other) for other in outer):
            return False
    return True


def _ever_met(vocabulary: Vocabulary, run: Sequence[ReadSyllable], at: int, other: int) -> bool:
    """Tell whether two neighbours of the run are neighbours in any article, accents aside."""
    return vocabulary.pair(*(run[place].folded for place in sorted((at, other)))) > 0


def _goes_with(vocabulary: Vocabulary, run: Sequence[ReadSyllable], meant: Sequence[str], at: int, other: int) -> bool:
    """Tell whether the changed syllable ``at`` occurs beside its neighbour ``other``, as typed or as meant.

    Two that are never neighbours, accents aside, prove nothing; then the typed form has to be rare.
    """
    neighbours = {meant[other]} if run[other].bare else {meant[other], run[other].exact}
    neighbours = {neighbour for neighbour in neighbours if vocabulary.exact(neighbour)}
    if not neighbours:
        return True
    if not _ever_met(vocabulary, run, at, other):
        return vocabulary.exact(run[at].exact) <= _SELDOM * vocabulary.folded(run[at].folded)
    pairs = [(form, meant[at]) if other < at else (meant[at], form) for form in neighbours]
    return any(vocabulary.side_by_side(*pair) for pair in pairs)
