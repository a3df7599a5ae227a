"""The query's words in an article's own text, and the passages that show them best.

Marks are spans of the original text, found by cutting it as it was cut for the index, so accents, spelling
and case are the article's. Syllables that follow one another in the query and in the text are one mark. A
syllable the query has in company is marked alone only where the article never shows any in company.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.analysis import analyze
from index.normalization import canonical_syllable, fold, is_vietnamese_shape
from index.sentences import sentence_spans
from index.stopwords import STOP_SYLLABLES
from index.tokens import Tokens, tokenize, unfinished_syllable
from search.query import Exact, Node, Phrase, Prefix, Words, alternatives, wanted_words

_BETWEEN = re.compile(r"[^\S\r\n]{1,3}|[\u200b-\u200d\ufeff ]{1,3}|[-./,:&@+'’‐-―]")
_CLAUSE = re.compile(r"[,;:–—]\s+")
_LINE = re.compile(r"[^\r\n]+")
_SPACE = re.compile(r"\s+")
_NEAR = 60
_MOST_CANDIDATES = 200
_STOP = frozenset(canonical_syllable(syllable) for syllable in STOP_SYLLABLES)
_MOST_SYLLABLES = 64

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


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text and the marks in it, all as offsets in the text."""

    start: int
    end: int
    marks: Sequence[Span]


class Highlighter:
    """Find the words of ``tree`` in texts."""

    def __init__(self, tree: Node) -> None:
        leaves = list(wanted_words(tree))
        others = [Phrase(other) for other in alternatives(tree)]
        self._chains = [_chain(leaf) for leaf in (*leaves, *others)]
        self._codes = {code for leaf in (*leaves, *others) for code in _codes(leaf)}

    def marks(self, text: str, *, lone: bool = False) -> list[Span]:
        """Return the spans of ``text`` to mark: in order, not empty, not overlapping.

        With ``lone``, syllables the query has in company are marked alone too, for articles that show it nowhere.
        """
        if not self._chains or not text:
            return []
        tokens = tokenize(text)
        found = {(code.first, code.end) for code in tokens.codes if fold(code.text) in self._codes}
        if self._codes:
            found.update((at, at + 1) for at, syllable in enumerate(tokens.folded) if syllable in self._codes)
        for chain in self._chains:
            if chain.prefixes:
                found.update((at, at + 1) for at in range(len(tokens)) if _begins(chain, tokens, at))
            elif chain.whole:
                found.update(_whole_runs(chain, tokens))
            else:
                found.update(_loose_runs(chain, text, tokens, lone))
        return _merged(text, tokens, found)


def render(text: str, start: int, end: int, marks: Iterable[Span]) -> str:
    """Return ``text[start:end]`` as HTML: everything escaped, the marks in ``<mark>``."""
    pieces = []
    at = start
    for first, last in marks:
        if start <= first and last <= end:
            pieces += [html.escape(text[at:first]), "<mark>", html.escape(text[first:last]), "</mark>"]
            at = last
    pieces.append(html.escape(text[at:end]))
    return "".join(pieces)


def passages(text: str, marks: Sequence[Span], count: int, size: int) -> list[Passage]:
    """Return up to ``count`` passages of about ``size`` characters, the best first; the first one if none is marked.

    A passage is made of whole sentences of one line where they fit, else of whole words around its marks. It
    is the better the more different words it marks, then the more marks it has.
    """
    sentences = sentence_spans(text)
    if not sentences or count < 1:
        return []
    if not marks:
        opening = _grown(text, sentences, 0, size)
        return [_with_whole_words(text, opening, _shortened(text, opening, (), size))]
    spans: dict[Passage, Span] = {}
    for at, inside in enumerate(_marks_by_span(sentences, marks)):
        if inside:
            grown = _grown(text, sentences, at, size)
            spans[_shortened(text, grown, marks, size)] = grown
            if len(spans) == _MOST_CANDIDATES:
                break
    candidates = list(spans)
    words = {passage: _marked_words(text, passage) for passage in candidates}
    chosen: list[Passage] = []
    shown: set[str] = set()
    while candidates and len(chosen) < count:
        best = max(candidates, key=lambda passage: _worth(passage, words[passage] - shown))
        chosen.append(best)
        shown |= words[best]
        candidates = [other for other in candidates if other.start >= best.end or other.end <= best.start]
    return [_with_whole_words(text, spans[passage], passage) for passage in chosen]


# --- marks -------------------------------------------------------------------------------------------------


def _chain(leaf: Words) -> _Chain:
    analysis = analyze(leaf.text)
    exact, folded = analysis.tokens.exact[:_MOST_SYLLABLES], analysis.tokens.folded[:_MOST_SYLLABLES]
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


def _merged(text: str, tokens: Tokens, runs: set[tuple[int, int]]) -> list[Span]:
    merged: list[list[int]] = []
    for first, end in sorted(runs):
        if merged and first < merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([first, end])
    spans: list[Span] = []
    for first, end in merged:
        start, stop = tokens.starts[first], tokens.ends[end - 1]
        if text[stop : stop + 1] == "%" and tokens.exact[end - 1].isdigit():
            stop += 1
        spans.extend((start + line.start(), start + line.end()) for line in _LINE.finditer(text[start:stop]))
    return spans


# --- passages ----------------------------------------------------------------------------------------------


def _marks_by_span(spans: Sequence[Span], marks: Sequence[Span]) -> list[list[Span]]:
    inside: list[list[Span]] = [[] for _ in spans]
    at = 0
    for mark in marks:
        while at < len(spans) - 1 and spans[at][1] <= mark[0]:
            at += 1
        inside[at].append(mark)
    return inside


def _grown(text: str, sentences: Sequence[Span], at: int, size: int) -> Span:
    """Add the sentences that follow, then those before, while they are on the same line and fit in ``size``."""
    start, end = sentences[at]
    following = at + 1
    while following < len(sentences) and sentences[following][1] - start <= size:
        if "\n" in text[end : sentences[following][0]]:
            break
        end = sentences[following][1]
        following += 1
    before = at - 1
    while before >= 0 and end - sentences[before][0] <= size and "\n" not in text[sentences[before][1] : start]:
        start = sentences[before][0]
        before -= 1
    return start, end


def _within(marks: Sequence[Span], start: int, end: int) -> Sequence[Span]:
    """Return the marks that lie in ``text[start:end]``."""
    first = bisect_left(marks, (start, start))
    stop = bisect_left(marks, (end, end), first)
    return marks[first : stop - 1] if stop > first and marks[stop - 1][1] > end else marks[first:stop]


def _shortened(text: str, span: Span, marks: Sequence[Span], size: int) -> Passage:
    """Cut a long passage around the densest of its marks: from its beginning if that fits, else from a clause."""
    start, end = span
    inside = _within(marks, start, end)
    if end - start > size:
        first = _densest(inside, size) if inside else (start, start + 1)
        near = _within(inside, first[0], first[0] + size)
        reach = near[-1][1] if near else first[1]
        if reach - start > size:
            room = max(0, size - (reach - first[0])) // 2
            start = _clause_start(text, max(start, min(first[0] - room, end - size)), first[0])
        stop = min(end, max(start + size, first[1]))
        end = _word_end(text, start, stop, first[1]) if stop < end else end
        inside = _within(inside, start, end)
    return Passage(start, end, tuple(inside))


def _with_whole_words(text: str, span: Span, passage: Passage) -> Passage:
    """Shrink a passage cut out of the sentence ``span`` so that no word of two syllables is cut, marks kept."""
    start, end = passage.start, passage.end
    if (start, end) == span:
        return passage
    low, high = max(span[0], start - _NEAR), min(span[1], end + _NEAR)
    analysis = analyze(text[low:high])
    tokens = analysis.tokens
    for word in analysis.words:
        first, last = low + tokens.starts[word.first], low + tokens.ends[word.end - 1]
        if first < start < last and not any(mark[0] < last for mark in passage.marks):
            start = _skip_signs(text, last, end)
        elif first < end < last and not any(mark[1] > first for mark in passage.marks):
            end = start + len(text[start:first].rstrip())
    return Passage(start, end, passage.marks) if start < end else passage


def _densest(marks: Sequence[Span], size: int) -> Span:
    """Return the mark from whose start ``size`` characters hold the most marks."""
    best, most, last = marks[0], 0, 0
    for first, mark in enumerate(marks):
        last = max(last, first)
        while last < len(marks) and marks[last][1] <= mark[0] + size:
            last += 1
        if last - first > most:
            best, most = mark, last - first
    return best


def _clause_start(text: str, earliest: int, latest: int) -> int:
    """Return where a clause begins between the two, else a word, else ``latest``."""
    clause = _CLAUSE.search(text, earliest, latest)
    if clause is not None:
        return clause.end()
    space = _SPACE.search(text, max(earliest - 1, 0), latest)
    return latest if space is None else space.end()


def _skip_signs(text: str, at: int, latest: int) -> int:
    while at < latest and not text[at].isalnum():
        at += 1
    return at


def _word_end(text: str, start: int, at: int, earliest: int) -> int:
    """Move back to the end of a word, not before ``earliest``; a word longer than the passage is cut."""
    if at >= len(text) or text[at].isspace():
        return start + len(text[start:at].rstrip())
    spaces = [match.start() for match in re.finditer(r"\s+", text[start:at])]
    ends = [start + space for space in spaces if start + space >= earliest]
    return ends[-1] if ends else _cluster_end(text, max(at, earliest))


def _cluster_end(text: str, at: int) -> int:
    """Move past combining marks, so that no letter is cut from its accents."""
    while at < len(text) and "\u0300" <= text[at] <= "\u036f":
        at += 1
    return at


def _marked_words(text: str, passage: Passage) -> set[str]:
    return {text[start:end].lower() for start, end in passage.marks}


def _worth(passage: Passage, new_words: set[str]) -> tuple[int, int, int, int]:
    longest = max((word.count(" ") + 1 for word in new_words), default=0)
    return len(new_words), longest, len(passage.marks), -passage.start
