"""Find the query's words in a text, as marks.

Marks are spans of the original text, which is tokenized as for the index, so accents, spelling and case are the
article's. A word is marked where an article matches by it: whole, in one sentence, with the accents that were typed.
Words adjacent in both query and text are one mark. A word of one syllable is marked without its neighbours from the
query only if it means something by itself. In a relaxed match (``scattered``) single syllables are marked as well.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from index.analysis.analyzer import Analysis
from index.analysis.normalization import fold, normalize
from index.analysis.numerals import GREATEST_NUMERAL
from index.analysis.scripts import is_without_spaces
from index.analysis.sentences import sentence_starts
from index.analysis.stopwords import STOP_SYLLABLES
from index.analysis.syllables import canonical_syllable, is_vietnamese_shape
from index.analysis.tokenizer import unfinished_syllable
from search.deadline import Deadline
from search.query.tree import (
    AccentExact,
    Cut,
    Node,
    Phrase,
    Prefix,
    WordClause,
    Words,
    alternatives,
    typed_analysis,
    wanted_words,
    whole_codes,
)
from search.query.words import cut_of, plain_syllables
from search.snippets.spotter import CodeSpan, Span, Spots, Spotter

_LINE = re.compile(r"\S(?:[^\r\n]*\S)?")
_MANY_CHAINS = 4
_SHORTEST_GROUPED = 3  # figures; longer numbers may be written in groups
_STOP = frozenset(canonical_syllable(syllable) for syllable in STOP_SYLLABLES)
Run = tuple[int, int]
"""The spots of a mark, from the first up to but not including the last."""


class _Word(NamedTuple):
    """A word of a clause, syllables ``first`` to ``end`` (exclusive) of it.

    ``alone`` tells that it may be marked without a neighbour from the query, ``grammar`` that it is a function word.
    """

    first: int
    end: int
    alone: bool
    grammar: bool


@dataclass(frozen=True)
class _Chain:
    """The words of a clause in order, and its syllables.

    ``plain`` tells which syllables stand for any accents. ``prefixes`` are the beginnings of an unfinished syllable.
    """

    words: Sequence[_Word]
    analysis: Analysis
    plain: Sequence[bool]
    prefixes: tuple[str, ...] = ()

    @property
    def exact(self) -> Sequence[str]:
        return self.analysis.tokens.exact

    @property
    def folded(self) -> Sequence[str]:
        return self.analysis.tokens.folded

    def same_sentence(self, at: int) -> bool:
        """Tell whether syllable ``at`` is in one sentence of the query with the one before it."""
        return self.analysis.positions[at] - self.analysis.positions[at - 1] == 1

    @cached_property
    def heads(self) -> tuple[dict[str, list[_Word]], dict[str, list[_Word]]]:
        """The words by their first syllable: by that with its accents, and by that without."""
        heads: tuple[dict[str, list[_Word]], dict[str, list[_Word]]] = defaultdict(list), defaultdict(list)
        for word in self.words:
            if self.plain[word.first]:
                heads[1][self.folded[word.first]].append(word)
            else:
                heads[0][self.exact[word.first]].append(word)
        return heads


class Highlighter:
    """Find the words of the query ``tree`` in texts. Raises SearchTimeoutError once ``deadline`` is over."""

    def __init__(self, tree: Node, deadline: Deadline | None = None) -> None:
        self._deadline = deadline or Deadline()
        leaves, others = list(wanted_words(tree)), list(alternatives(tree))
        spelled = [Phrase(other.text) if other.is_spelling else AccentExact(other.text) for other in others]
        self._chains = [_chain(leaf) for leaf in (*leaves, *spelled)]
        written = [Phrase(other.text) for other in others if not (other.is_spelling and other.text.isalpha())]
        codes = {code for leaf in (*leaves, *written) for code in _codes(leaf)}
        begun = {beginning for chain in self._chains for beginning in chain.prefixes}
        whole = {syllable for chain in self._chains if not chain.prefixes for syllable in chain.folded}
        self._coded = {code for code in codes if code.isalnum()}
        self._spotter = Spotter(whole, begun, codes)

    def marks(self, text: str, *, scattered: bool = False) -> list[Span]:
        """Return the spans of ``text`` to mark: in order, not empty, not overlapping.

        With ``scattered``, for relaxed matches, also mark the syllables of words that the text does not have whole.
        """
        return self.marks_of([text], scattered=scattered)[0]

    def marks_of(self, texts: Sequence[str], *, scattered: bool = False) -> list[list[Span]]:
        """Return ``marks`` of each of ``texts``; faster than one call per text."""
        if not self._chains:
            return [[] for _ in texts]
        return [self._marks(spots, scattered=scattered) for spots in self._spotter.spot(texts)]

    def _marks(self, spots: Spots, *, scattered: bool) -> list[Span]:
        if not spots.starts and not spots.codes:
            return []
        found: set[Run] = set()
        if self._coded:
            found = {(at, at + 1) for at, syllable in enumerate(spots.folded) if syllable in self._coded}
        neighbours = _Neighbours(spots)
        places = _Places(spots, searched=len(self._chains) >= _MANY_CHAINS)
        for chain in self._chains:
            self._deadline.check()
            if chain.prefixes:
                found.update((at, at + 1) for at in range(len(spots.folded)) if _begins(chain, spots, at))
                continue
            there = list(_found(chain, spots, neighbours, places))
            found.update(_runs(there, spots, neighbours))
            if scattered:
                found.update(_scattered(chain, {word for _, word in there}, spots, places))
        starts, ends, exact = spots.starts, spots.ends, spots.exact
        runs = {(starts[first], ends[end - 1], exact[end - 1].isdigit()) for first, end in found}
        return _merged(spots.text, runs, spots.codes)


def _chain(leaf: WordClause) -> _Chain:
    analysis = typed_analysis(leaf.text)
    if isinstance(leaf, Words):
        cut = cut_of(leaf)
        return _Chain([_word(analysis, cut.plain, *span) for span in _spans(analysis, cut)], analysis, cut.plain)
    plain = plain_syllables(analysis.tokens, None)
    if isinstance(leaf, AccentExact):
        plain = (False,) * len(plain)
    prefixes = tuple(unfinished_syllable(leaf.text)) if isinstance(leaf, Prefix) else ()
    return _Chain([_Word(0, len(plain), alone=True, grammar=False)], analysis, plain, prefixes)


def _spans(analysis: Analysis, cut: Cut) -> Iterator[tuple[int, int]]:
    """Yield the words of a cut, a code as a whole; not a certain one, which is found as a code alone."""
    codes = [code for code in analysis.tokens.codes if not (code.implied or code.loose) and code.end <= len(cut.plain)]
    whole = {(code.first, code.end) for code in codes if not code.certain}
    yield from sorted(whole)
    for first, end in cut.words:
        if not any(code.first <= first and end <= code.end for code in codes):
            yield first, end


def _word(analysis: Analysis, plain: Sequence[bool], first: int, end: int) -> _Word:
    if end - first > 1:
        return _Word(first, end, alone=True, grammar=False)
    exact = analysis.tokens.exact[first]
    grammar = len(plain) > 1 and exact in _STOP and not all(plain)
    clear = not plain[first] or not is_vietnamese_shape(exact)
    return _Word(first, end, alone=len(plain) == 1 or (clear and not grammar), grammar=grammar)


def _codes(leaf: WordClause) -> Iterator[str]:
    """Yield, without accents, the codes of a clause and those of its syllables that an article may have as a code.

    A phrase has one if it is one as a whole.
    """
    if isinstance(leaf, AccentExact | Prefix):
        return
    tokens = typed_analysis(leaf.text).tokens
    if isinstance(leaf, Phrase) and len(tokens) > 1:
        yield from whole_codes(tokens)
        return
    yield from (fold(code.text) for code in tokens.codes if not code.implied)
    in_code = {at for code in tokens.codes if code.end - code.first > 1 for at in range(code.first, code.end)}
    for at, (syllable, folded) in enumerate(zip(tokens.exact, tokens.folded, strict=True)):
        if at in in_code or is_vietnamese_shape(syllable) or is_without_spaces(syllable):
            continue
        if not syllable.isdecimal() or len(syllable) > _SHORTEST_GROUPED or int(syllable) <= GREATEST_NUMERAL:
            yield folded


def _begins(chain: _Chain, spots: Spots, at: int) -> bool:
    syllable = spots.folded[at] if chain.exact[0] == chain.folded[0] else spots.exact[at]
    return syllable.startswith(chain.prefixes)


class _Neighbours:
    """Which spots follow the spot before them in one sentence, with no other syllable between."""

    def __init__(self, spots: Spots) -> None:
        self._spots = spots

    def follows(self, at: int, *, same_sentence: bool = True) -> bool:
        """Tell whether spot ``at`` follows the one before it, in one sentence or in the next."""
        before, start = self._spots.ends[at - 1], self._spots.starts[at]
        between = self._spots.text[before:start]
        if between == " ":
            return same_sentence
        if any(map(str.isalnum, between)):
            return False
        if between.isspace() and between.splitlines() == [between]:
            return same_sentence
        ended = bisect_right(self._sentences, start) - bisect_right(self._sentences, before)
        return ended == (0 if same_sentence else 1)

    @cached_property
    def _sentences(self) -> list[int]:
        """Where sentences start in the text, in characters."""
        normal = normalize(self._spots.text)
        starts = sentence_starts(normal.text)
        if normal.starts is None:
            return starts
        places = (*normal.starts, len(self._spots.text))
        return [places[start] for start in starts]


class _Places:
    """Where spots with given syllables are. With ``searched``, they are looked up, which pays for several chains."""

    def __init__(self, spots: Spots, *, searched: bool) -> None:
        self._spots = spots
        self._searched = searched

    def of(self, exact: Collection[str], folded: Collection[str]) -> Iterable[int]:
        """Return the numbers, ascending, of at least the spots with a syllable in ``exact`` or, bare, in ``folded``."""
        if not self._searched:
            return range(len(self._spots.exact))
        with_accents, without = self._by_syllable
        found = [with_accents[one] for one in exact if one in with_accents]
        found += [without[one] for one in folded if one in without]
        return found[0] if len(found) == 1 else sorted(set().union(*found))

    @cached_property
    def _by_syllable(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        with_accents: dict[str, list[int]] = defaultdict(list)
        without: dict[str, list[int]] = defaultdict(list)
        for at, (exact, folded) in enumerate(zip(self._spots.exact, self._spots.folded, strict=True)):
            with_accents[exact].append(at)
            without[folded].append(at)
        return with_accents, without


def _scattered(chain: _Chain, whole: set[_Word], spots: Spots, places: _Places) -> Iterator[Run]:
    """Yield the syllables, but function words, of the words of the query; not of several if they are in ``whole``."""
    apart = [word for word in chain.words if word not in whole or word.end - word.first == 1]
    asked = [at for word in apart for at in range(word.first, word.end)]
    wanted = [at for at in asked if chain.plain[at] or chain.exact[at] not in _STOP]
    exact = {chain.exact[at] for at in wanted if not chain.plain[at]}
    folded = {chain.folded[at] for at in wanted if chain.plain[at]}
    for at in places.of(exact, folded):
        if spots.exact[at] in exact or spots.folded[at] in folded:
            yield at, at + 1


def _runs(found: Sequence[tuple[int, _Word]], spots: Spots, neighbours: _Neighbours) -> Iterator[Run]:
    """Yield runs of words of the query that follow each other in query and text, without function words at the ends."""
    kept: list[tuple[Run, list[_Word]]] = []
    for run, words in _joined(found, neighbours):
        first, end = run
        while len(words) > 1 and words[0].grammar:
            words.pop(0)
            first += 1
        while len(words) > 1 and words[-1].grammar:
            words.pop()
            end -= 1
        kept.append(((first, end), words))
    together = {spots.folded[at] for (first, end), words in kept if len(words) > 1 for at in range(first, end)}
    for (first, end), words in kept:
        if len(words) > 1 or (words[0].alone and (end - first > 1 or spots.folded[first] not in together)):
            yield first, end


def _found(chain: _Chain, spots: Spots, neighbours: _Neighbours, places: _Places) -> Iterator[tuple[int, _Word]]:
    """Yield (first spot, word) wherever a word stands in the text."""
    with_accents, without = chain.heads
    exact, folded = spots.exact, spots.folded
    for at in places.of(with_accents, without):
        for words in (with_accents.get(exact[at]), without.get(folded[at])):
            for word in words or ():
                if word.end - word.first == 1 or _goes_on(chain, word, spots, neighbours, at):
                    yield at, word


def _goes_on(chain: _Chain, word: _Word, spots: Spots, neighbours: _Neighbours, at: int) -> bool:
    """Tell whether the other syllables of a word whose first one stands at spot ``at`` follow it."""
    last = at + word.end - word.first
    if last > len(spots.exact):
        return False
    asked, plain = word.first, chain.plain
    for there in range(at + 1, last):
        asked += 1
        same = spots.folded[there] == chain.folded[asked] if plain[asked] else spots.exact[there] == chain.exact[asked]
        if not same or not neighbours.follows(there, same_sentence=chain.same_sentence(asked)):
            return False
    return True


def _joined(found: Sequence[tuple[int, _Word]], neighbours: _Neighbours) -> Iterator[tuple[Run, list[_Word]]]:
    """Yield the longest runs of words that are neighbours in query and text."""
    runs: dict[tuple[int, int], tuple[int, list[_Word]]] = {}  # by the spot and the query's syllable after them
    for at, word in found:
        first, words = at, [word]
        known = runs.get((at, word.first))
        if known is not None and neighbours.follows(at):
            first, words = known[0], [*known[1], word]
            del runs[at, word.first]
        runs[at + word.end - word.first, word.end] = (first, words)
    for (end, _), (first, words) in runs.items():
        yield (first, end), words


def _merged(text: str, runs: set[CodeSpan], codes: set[CodeSpan]) -> list[Span]:
    """Merge runs and codes, (start, end, whether it ends with a number), to marks within lines.

    A code is one mark with what a single space separates from it. A number takes its sign along.
    """
    merged: list[CodeSpan] = []
    starts, ends = {start for start, _, _ in codes}, {end for _, end, _ in codes}
    for run in sorted(runs | codes):
        beside = bool(merged) and text[merged[-1][1] : run[0]] == " " and (run[0] in starts or merged[-1][1] in ends)
        if merged and (run[0] < merged[-1][1] or beside):
            start, stop, number = merged[-1]
            merged[-1] = (start, run[1], run[2]) if run[1] > stop else (start, stop, number)
        else:
            merged.append(run)
    spans: list[Span] = []
    for start, stop, number in merged:
        stop += number and text[stop : stop + 1] in ("%", "*")
        marked = text[start:stop]
        if "\n" in marked or "\r" in marked:
            spans.extend((start + line.start(), start + line.end()) for line in _LINE.finditer(marked))
        else:
            spans.append((start, stop))
    return spans
