"""The query's words in an article's own text.

Marks are spans of the original text, found by cutting it as it was cut for the index, so accents, spelling
and case are the article's. Syllables that follow one another in the query and in the text are one mark. A
syllable the query has in company is marked alone only where the article never shows any in company.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.analysis import analyze
from index.normalization import canonical_syllable, fold, is_vietnamese_shape
from index.stopwords import STOP_SYLLABLES
from index.tokens import Tokens, tokenize, unfinished_syllable
from search.query import MOST_SYLLABLES, Exact, Node, Phrase, Prefix, Words, alternatives, wanted_words
from search.spotting import CodeSpan, Spotter

_BETWEEN = re.compile(r"[^\S\r\n]{1,3}|[\u200b-\u200d\ufeff ]{1,3}|[-./,:&@+'’‐-―]")
_LINE = re.compile(r"[^\r\n]+")
_STOP = frozenset(canonical_syllable(syllable) for syllable in STOP_SYLLABLES)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Chain:
    """Syllables in the order of the query: as typed, and without accents.

    ``alone`` tells which may be marked with nothing of the query beside them, ``grammar`` which are words that
    only join others.
    """

    exact: Sequence[str]
    folded: Sequence[str]
    alone: Sequence[bool]
    grammar: Sequence[bool]
    whole: bool  # only all of them together are a mark
    accents: bool  # only with these accents
    prefixes: tuple[str, ...] = ()  # what a single unfinished syllable begins with


class Highlighter:
    """Find the words of ``tree`` in texts."""

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

        With ``lone``, syllables the query has in company are marked alone too, for articles that show it nowhere.
        """
        if not self._chains or not text:
            return []
        return self._marks(text, *self._spotter.spot(text), lone)

    def _marks(self, text: str, tokens: Tokens, codes: set[CodeSpan], lone: bool) -> list[Span]:
        """Return the marks for the syllables in ``tokens`` and the codes at ``codes``."""
        found = {(at, at + 1) for at, syllable in enumerate(tokens.folded) if syllable in self._coded}
        present = set(tokens.folded)
        for chain in self._chains:
            if chain.prefixes:
                found.update((at, at + 1) for at in range(len(tokens)) if _begins(chain, tokens, at))
            elif present.isdisjoint(chain.folded):
                continue
            elif chain.whole:
                found.update(_whole_runs(chain, tokens))
            else:
                found.update(_loose_runs(chain, text, tokens, lone))
        runs = {(tokens.starts[first], tokens.ends[end - 1], tokens.exact[end - 1].isdigit()) for first, end in found}
        return _merged(text, runs | codes)


def _chain(leaf: Words) -> _Chain:
    analysis = analyze(leaf.text)
    exact, folded = analysis.tokens.exact[:MOST_SYLLABLES], analysis.tokens.folded[:MOST_SYLLABLES]
    single = {word.first for word in analysis.words if word.end - word.first == 1}
    accented = exact != folded
    grammar = [accented and at in single and syllable in _STOP for at, syllable in enumerate(exact)]
    alone = [
        (accented and at in single and not grammar[at]) or not is_vietnamese_shape(syllable) or len(exact) == 1
        for at, syllable in enumerate(exact)
    ]
    whole, accents = isinstance(leaf, Phrase | Exact), isinstance(leaf, Exact)
    prefixes = tuple(unfinished_syllable(leaf.text)) if isinstance(leaf, Prefix) else ()
    return _Chain(exact, folded, alone, grammar, whole, accents, prefixes)


def _codes(leaf: Words) -> Iterator[str]:
    """Yield the texts, without accents, of what a query has as a code, or an article may have as one."""
    if isinstance(leaf, Exact | Prefix):
        return
    tokens = tokenize(leaf.text)
    if isinstance(leaf, Phrase) and len(tokens) > 1:
        return
    yield from (fold(code.text) for code in tokens.codes if not code.implied)
    for syllable, folded in zip(tokens.exact, tokens.folded, strict=True):
        if not is_vietnamese_shape(syllable) and not syllable.isdigit():
            yield folded


def _same(chain: _Chain, at_query: int, tokens: Tokens, at_text: int) -> bool:
    exact, folded = chain.exact[at_query], chain.folded[at_query]
    if chain.accents or (chain.whole and exact != folded):
        return tokens.exact[at_text] == exact
    return tokens.folded[at_text] == folded


def _begins(chain: _Chain, tokens: Tokens, at: int) -> bool:
    syllable = tokens.folded[at] if chain.exact[0] == chain.folded[0] else tokens.exact[at]
    return syllable.startswith(chain.prefixes)


def _whole_runs(chain: _Chain, tokens: Tokens) -> list[tuple[int, int]]:
    """Return the runs of all the syllables; where some have just the accents typed, these alone."""
    length = len(chain.folded)
    runs = [
        (at, at + length)
        for at in range(len(tokens) - length + 1)
        if all(_same(chain, number, tokens, at + number) for number in range(length))
    ]
    if any(exact != folded for exact, folded in zip(chain.exact, chain.folded, strict=True)):
        return [run for run in runs if list(tokens.exact[slice(*run)]) == list(chain.exact)] or runs
    return runs


def _loose_runs(chain: _Chain, text: str, tokens: Tokens, any_lone: bool) -> Iterable[tuple[int, int]]:
    """Yield runs of the query's syllables, and those that may be marked alone."""
    places: dict[str, list[int]] = {}
    for at, syllable in enumerate(chain.folded):
        places.setdefault(syllable, []).append(at)
    accented = _accents_present(chain, tokens)
    hits = [
        [place for place in places.get(folded, ()) if _accents_agree(chain, place, exact, accented)]
        for exact, folded in zip(tokens.exact, tokens.folded, strict=True)
    ]
    runs: list[tuple[int, int]] = []
    lone: list[int] = []
    at = 0
    while at < len(hits):
        if not hits[at]:
            at += 1
            continue
        end = at + 1
        reached = hits[at]
        while reached and end < len(hits) and _adjoin(text, tokens, end):
            reached = [place for place in hits[end] if any(0 < place - before <= 2 for before in reached)]
            end += bool(reached)
        first, last = _without_grammar(chain, hits, at, end)
        if last - first > 1:
            runs.append((first, last))
        elif last - first == 1:
            lone.append(first)
        at = end
    yield from runs
    in_runs = {tokens.folded[at] for first, end in runs for at in range(first, end)}
    for at in lone:
        if tokens.folded[at] not in in_runs and (any_lone or any(chain.alone[place] for place in hits[at])):
            yield at, at + 1


def _without_grammar(chain: _Chain, hits: Sequence[Sequence[int]], first: int, end: int) -> tuple[int, int]:
    """Take words that only join others off both ends of a run, unless the query has no other words."""

    def joins(at: int) -> bool:
        return all(chain.grammar[place] for place in hits[at])

    if all(chain.grammar):
        return first, end
    while first < end and joins(first):
        first += 1
    while first < end and joins(end - 1):
        end -= 1
    return first, end


def _accents_present(chain: _Chain, tokens: Tokens) -> set[str]:
    """Return the accented syllables of the query that the text has just so."""
    typed = {exact for exact, folded in zip(chain.exact, chain.folded, strict=True) if exact != folded}
    return typed.intersection(tokens.exact)


def _accents_agree(chain: _Chain, place: int, exact: str, accented: set[str]) -> bool:
    """Tell whether a syllable of the text may stand for the query's: with its accents, where the text has it so."""
    return chain.exact[place] not in accented or chain.exact[place] == exact


def _adjoin(text: str, tokens: Tokens, at: int) -> bool:
    """Tell whether nothing but a space or a sign inside a code stands between a syllable and the one before."""
    return _BETWEEN.fullmatch(text, tokens.ends[at - 1], tokens.starts[at]) is not None


def _merged(text: str, runs: set[CodeSpan]) -> list[Span]:
    """Return runs, each with whether it ends with a number, as marks."""
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
        spans.extend((start + line.start(), start + line.end()) for line in _LINE.finditer(text[start:stop]))
    return spans
