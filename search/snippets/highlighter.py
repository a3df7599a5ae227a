"""Find the query's words in a text, as marks.

Marks are spans of the original text, which is tokenized as for the index, so accents, spelling and case are the
article's. Syllables adjacent in both query and text are one mark. A syllable with neighbours in the query is marked
alone only if it is a word by itself, or if the article has no other marks (``lone``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import sub

from index.analysis.codes import CODE_SIGNS
from index.analysis.normalization import fold
from index.analysis.stopwords import STOP_SYLLABLES
from index.analysis.syllables import canonical_syllable, is_vietnamese_shape
from index.analysis.tokenizer import unfinished_syllable
from search.query.tree import (
    MOST_SYLLABLES,
    AccentExact,
    Node,
    Phrase,
    Prefix,
    WordClause,
    alternatives,
    typed_analysis,
    wanted_words,
)
from search.snippets.spotter import CodeSpan, Span, Spots, Spotter

_BETWEEN = re.compile(r"[^\S\r\n]{1,3}|[\u200b-\u200d\ufeff ]{1,3}|[" rf"{CODE_SIGNS}’‐-―]")
_WIDEST_BETWEEN = 3
_LINE = re.compile(r"[^\r\n]+")
_STOP = frozenset(canonical_syllable(syllable) for syllable in STOP_SYLLABLES)


@dataclass(frozen=True, slots=True)
class _Chain:
    """The syllables of a clause in order: ``exact`` as typed, ``folded`` without accents.

    ``alone`` flags those that may be marked without a neighbour from the query, ``grammar`` those that are function
    words. Sets of places in the query are also kept as bits.
    """

    exact: Sequence[str]
    folded: Sequence[str]
    alone: Sequence[bool]
    grammar: Sequence[bool]
    whole: bool  # only the whole sequence is a mark
    accents: bool  # accents must be as typed
    accented: frozenset[str]
    places: Mapping[str, int]  # of each syllable as typed
    bare_places: Mapping[str, int]  # of each syllable without accents
    alone_places: int
    content_places: int  # where a run may begin and end: no function word, unless the query has nothing else
    prefixes: tuple[str, ...] = ()  # possible beginnings of a single unfinished syllable


class Highlighter:
    """Find the words of the query ``tree`` in texts."""

    def __init__(self, tree: Node) -> None:
        leaves = list(wanted_words(tree))
        others = [Phrase(other) for other in alternatives(tree)]
        self._chains = [_chain(leaf) for leaf in (*leaves, *others)]
        codes = {code for leaf in (*leaves, *others) for code in _codes(leaf)}
        begun = {beginning for chain in self._chains for beginning in chain.prefixes}
        whole = {syllable for chain in self._chains if not chain.prefixes for syllable in chain.folded}
        self._coded = {code for code in codes if code.isalnum()}
        self._spotter = Spotter(whole, begun, codes)

    def marks(self, text: str, *, lone: bool = False) -> list[Span]:
        """Return the spans of ``text`` to mark: in order, not empty, not overlapping.

        With ``lone``, for articles without other marks, also mark syllables without their neighbours from the query.
        """
        return self.marks_of([text], lone=lone)[0]

    def marks_of(self, texts: Sequence[str], *, lone: bool = False) -> list[list[Span]]:
        """Return ``marks`` of each of ``texts``; faster than one call per text."""
        if not self._chains:
            return [[] for _ in texts]
        return [self._marks(spots, lone) for spots in self._spotter.spot(texts)]

    def _marks(self, spots: Spots, lone: bool) -> list[Span]:
        if not spots.starts and not spots.codes:
            return []
        found: set[tuple[int, int]] = set()
        if self._coded:
            found = {(at, at + 1) for at, syllable in enumerate(spots.folded) if syllable in self._coded}
        for chain in self._chains:
            if chain.prefixes:
                found.update((at, at + 1) for at in range(len(spots.folded)) if _begins(chain, spots, at))
            elif chain.whole:
                found.update(_whole_runs(chain, spots))
            else:
                found.update(_loose_runs(chain, spots, lone))
        starts, ends, exact = spots.starts, spots.ends, spots.exact
        runs = {(starts[first], ends[end - 1], exact[end - 1].isdigit()) for first, end in found}
        return _merged(spots.text, runs | spots.codes)


def _chain(leaf: WordClause) -> _Chain:
    analysis = typed_analysis(leaf.text)
    exact, folded = analysis.tokens.exact[:MOST_SYLLABLES], analysis.tokens.folded[:MOST_SYLLABLES]
    single = {word.first for word in analysis.words if word.end - word.first == 1}
    accented = exact != folded
    grammar = [accented and at in single and syllable in _STOP for at, syllable in enumerate(exact)]
    alone = [
        (accented and at in single and not grammar[at]) or not is_vietnamese_shape(syllable) or len(exact) == 1
        for at, syllable in enumerate(exact)
    ]
    whole, accents = isinstance(leaf, Phrase | AccentExact), isinstance(leaf, AccentExact)
    prefixes = tuple(unfinished_syllable(leaf.text)) if isinstance(leaf, Prefix) else ()
    typed = frozenset(syllable for syllable, bare in zip(exact, folded, strict=True) if syllable != bare)
    places = _places(exact), _places(folded), _bits(alone), ~0 if all(grammar) else ~_bits(grammar)
    return _Chain(exact, folded, alone, grammar, whole, accents, typed, *places, prefixes)


def _places(syllables: Sequence[str]) -> dict[str, int]:
    return {syllable: _bits(other == syllable for other in syllables) for syllable in dict.fromkeys(syllables)}


def _codes(leaf: WordClause) -> Iterator[str]:
    """Yield, without accents, the codes of a clause and those of its syllables that an article may have as a code."""
    if isinstance(leaf, AccentExact | Prefix):
        return
    tokens = typed_analysis(leaf.text).tokens
    if isinstance(leaf, Phrase) and len(tokens) > 1:
        return
    yield from (fold(code.text) for code in tokens.codes if not code.implied)
    for syllable, folded in zip(tokens.exact, tokens.folded, strict=True):
        if not is_vietnamese_shape(syllable) and not syllable.isdigit():
            yield folded


def _same(chain: _Chain, at_query: int, spots: Spots, at_text: int) -> bool:
    exact, folded = chain.exact[at_query], chain.folded[at_query]
    if chain.accents or (chain.whole and exact != folded):
        return spots.exact[at_text] == exact
    return spots.folded[at_text] == folded


def _begins(chain: _Chain, spots: Spots, at: int) -> bool:
    syllable = spots.folded[at] if chain.exact[0] == chain.folded[0] else spots.exact[at]
    return syllable.startswith(chain.prefixes)


def _whole_runs(chain: _Chain, spots: Spots) -> list[tuple[int, int]]:
    """Return the runs of all the syllables; if some have exactly the accents typed, only these."""
    length = len(chain.folded)
    runs = [
        (at, at + length)
        for at in range(len(spots.folded) - length + 1)
        if all(_same(chain, number, spots, at + number) for number in range(length))
        and all(map(spots.follows, range(at + 1, at + length)))
    ]
    if any(exact != folded for exact, folded in zip(chain.exact, chain.folded, strict=True)):
        return [run for run in runs if list(spots.exact[slice(*run)]) == list(chain.exact)] or runs
    return runs


def _loose_runs(chain: _Chain, spots: Spots, any_lone: bool) -> Iterator[tuple[int, int]]:
    """Yield runs of the query's syllables, and single syllables that may be marked alone.

    Sets of query places are bits: each spot has the places it may stand for, each run those it may have reached.
    """
    places = _possible_places(chain, spots)
    content, alone = chain.content_places, ~0 if any_lone else chain.alone_places
    in_runs: set[str] = set()
    for first, last in _unbroken(places, spots):  # function words are trimmed from both ends
        while first < last and not places[first] & content:
            first += 1
        while first < last and not places[last - 1] & content:
            last -= 1
        if last - first > 1:
            in_runs.update(spots.folded[first:last])
            yield first, last
    for at, (possible, folded) in enumerate(zip(places, spots.folded, strict=True)):
        if possible & alone and possible & content and folded not in in_runs:
            yield at, at + 1


def _unbroken(places: Sequence[int], spots: Spots) -> list[tuple[int, int]]:
    """Return the longest runs of two or more adjacent spots, each one or two places further in the query."""
    runs: list[tuple[int, int]] = []
    reached = 0
    gaps = map(sub, spots.starts[1:], spots.ends)
    for at in [at for at, gap in enumerate(gaps, 1) if gap <= _WIDEST_BETWEEN]:
        goes_on = bool(runs) and runs[-1][1] == at
        before = reached if goes_on else places[at - 1]
        reached = places[at] & (before << 1 | before << 2)
        if reached and _adjoins(spots, at):
            first = runs.pop()[0] if goes_on else at - 1
            runs.append((first, at + 1))
    return runs


def _possible_places(chain: _Chain, spots: Spots) -> list[int]:
    """Return for each spot the query places it may stand for, as bits.

    If the text has an accented syllable of the query exactly as typed, no other spelling stands for it.
    """
    present = chain.accented.intersection(spots.exact)
    open_to_others = ~sum([chain.places[exact] for exact in present])
    own, bare = chain.places.get, chain.bare_places.get
    both = zip(spots.exact, spots.folded, strict=True)
    return [own(exact, 0) | bare(folded, 0) & open_to_others for exact, folded in both]


def _bits(flags: Iterable[bool]) -> int:
    return sum(1 << at for at, flag in enumerate(flags) if flag)


def _adjoins(spots: Spots, at: int) -> bool:
    """Tell whether only white space or one punctuation mark of a code stands between a syllable and the one before."""
    before, start = spots.ends[at - 1], spots.starts[at]
    return spots.text[before:start] == " " or _BETWEEN.fullmatch(spots.text, before, start) is not None


def _merged(text: str, runs: set[CodeSpan]) -> list[Span]:
    """Merge runs, (start, end, whether it ends with a number), to marks within lines; a number takes ``%`` along."""
    merged: list[CodeSpan] = []
    for run in sorted(runs):
        if merged and run[0] < merged[-1][1]:
            start, stop, number = merged[-1]
            merged[-1] = (start, run[1], run[2]) if run[1] > stop else (start, stop, number)
        else:
            merged.append(run)
    spans: list[Span] = []
    for start, stop, number in merged:
        stop += number and text[stop : stop + 1] == "%"
        marked = text[start:stop]
        if "\n" in marked or "\r" in marked:
            spans.extend((start + line.start(), start + line.end()) for line in _LINE.finditer(marked))
        else:
            spans.append((start, stop))
    return spans
