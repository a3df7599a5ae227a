"""Pick the fragments of a text that show the query's words best, and render them as HTML with marks."""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import chain, islice
from operator import or_
from typing import NamedTuple

from index.analysis.analyzer import words_across
from index.analysis.sentences import sentence_spans
from search.deadline import Deadline
from search.snippets.spotter import Span

_CLAUSE_SIGNS = ",;:–—"
_CLAUSE = re.compile(rf"[{_CLAUSE_SIGNS}]\s+")
_SPECIAL = re.compile("[&<>\"']")
_SPACE = re.compile(r"\s+")
_NEAR = 60
_AROUND = 40  # characters that are segmented on either side of a place
_MOST_CANDIDATES = 200
_FIRST, _SECOND, _THIRD = 100, 60, 36  # bits of numbers that are compared: more than any text has characters
_Shown = tuple[Sequence[int], Sequence[int]]
"""The syllables of each mark as bits, and how many it has."""


class Fragment(NamedTuple):
    """A passage of a text and the marks in it, all as character offsets in the text."""

    start: int
    end: int
    marks: Sequence[Span]


class _Candidate(NamedTuple):
    """A fragment that may be shown, or a line of which one may be: then there is no ``span`` yet.

    Its marks are the text's from ``first`` to ``stop``; ``syllables`` has theirs as bits. Of candidates with the same
    syllables, the one that is ``worth`` most is the best.
    """

    syllables: int
    worth: int
    start: int
    end: int
    first: int
    stop: int
    span: Span | None = None  # the whole sentences it was cut from


class _CutFragment(NamedTuple):
    """A fragment of ``text`` cut from the whole sentences ``span``; it may begin or end within a word."""

    text: str
    span: Span
    passage: Fragment


PRE, POST = "<mark>", "</mark>"
"""What stands around a marked word."""


def render(text: str, start: int, end: int, marks: Iterable[Span]) -> str:
    """Return ``text[start:end]`` as HTML: everything escaped, the marks that lie in it in ``<mark>``."""
    escape = html.escape if _SPECIAL.search(text, start, end) else str
    pieces = []
    at = start
    for first, last in marks:
        if start <= first and last <= end:
            pieces += [escape(text[at:first]), PRE, escape(text[first:last]), POST]
            at = last
    pieces.append(escape(text[at:end]))
    return "".join(pieces)


def fragments_of(
    texts: Sequence[tuple[str, Sequence[Span]]], count: int, size: int, deadline: Deadline | None = None
) -> list[list[Fragment]]:
    """Return up to ``count`` fragments of about ``size`` characters of each (text, marks), best first.

    If nothing is marked, return the opening one. A fragment is made of whole sentences of one line if they fit, else of
    whole words around its marks. The next one is always the one that marks the most different syllables not yet shown,
    then the most in a row, then the most marks. Raises SearchTimeoutError once ``deadline`` is over.
    """
    chosen = []
    for text, marks in texts:
        if deadline is not None:
            deadline.check()
        chosen.append(_chosen(text, marks, count, size))
    whole = iter(_with_whole_words([cut for cuts in chosen for cut in cuts]))
    return [list(islice(whole, len(cuts))) for cuts in chosen]


def _chosen(text: str, marks: Sequence[Span], count: int, size: int) -> list[_CutFragment]:
    """Return the best fragments of a text; their ends may still cut words."""
    if count < 1 or not text or text.isspace():
        return []
    if not marks:
        opening = _grown(sentence_spans(text, *_line(text, len(text) - len(text.lstrip()))), 0, size)
        return [_CutFragment(text, opening, Fragment(*_shortened(text, opening, (), (), size), ()))]
    starts = [start for start, _ in marks]
    shown = _as_bits([text[start:end].lower() for start, end in marks])
    candidates = _marked_lines(text, starts, shown, size)
    if len(marks) > _MOST_CANDIDATES:
        each = ([one] if one.span else _cut_line(text, marks, starts, shown, one, size) for one in candidates)
        candidates = list(islice(chain.from_iterable(each), _MOST_CANDIDATES))
    chosen: list[_CutFragment] = []
    unseen = ~0
    while candidates and len(chosen) < count:
        worth = [((one[0] & unseen).bit_count() << _FIRST) + one[1] for one in candidates]
        best = candidates[at := worth.index(max(worth))]
        if best.span is None:  # no other line has a better fragment than the best that this one may have
            candidates[at : at + 1] = _cut_line(text, marks, starts, shown, best, size)
            continue
        start, end = best.start, best.end
        chosen.append(_CutFragment(text, best.span, Fragment(start, end, tuple(marks[best.first : best.stop]))))
        unseen &= ~best.syllables
        candidates = [other for other in candidates if other[2] >= end or other[3] <= start]
    return chosen


def _candidate(shown: _Shown, start: int, end: int, first: int, stop: int, span: Span | None) -> _Candidate:
    """Return a candidate that is worth most by its longest mark, then by how many it has, then by coming first."""
    together, longest = reduce(or_, shown[0][first:stop], 0), max(shown[1][first:stop], default=0)
    return _Candidate(together, (longest << _SECOND) + (stop - first << _THIRD) - start, start, end, first, stop, span)


def _as_bits(marked: Sequence[str]) -> _Shown:
    """Return the syllables of each marked text as bits, and how many it has."""
    numbers: dict[str, int] = {}
    cut = {text: [numbers.setdefault(syllable, len(numbers)) for syllable in text.split()] for text in set(marked)}
    bits = {text: sum(1 << number for number in set(own)) for text, own in cut.items()}
    return [bits[text] for text in marked], [len(cut[text]) for text in marked]


def _line(text: str, at: int) -> Span:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _marked_lines(text: str, starts: Sequence[int], shown: _Shown, size: int) -> list[_Candidate]:
    """Return the lines with marks, which begin at ``starts``; those that fit in ``size`` are fragments."""
    found = []
    stop = 0
    while stop < len(starts):
        first = stop
        line = _line(text, starts[first])
        stop = bisect_left(starts, line[1], first)
        whole = _trimmed(text, *line)
        fits = whole[1] - whole[0] <= size
        found.append(_candidate(shown, *(whole if fits else line), first, stop, whole if fits else None))
    return found


def _cut_line(
    text: str, marks: Sequence[Span], starts: Sequence[int], shown: _Shown, line: _Candidate, size: int
) -> list[_Candidate]:
    """Return a candidate for each sentence of a line with marks: as much of the line around it as fits in ``size``."""
    sentences = sentence_spans(text, line.start, line.end)
    ends = [end for _, end in sentences[:-1]]
    found: dict[Span, _Candidate] = {}
    for at in dict.fromkeys([bisect_right(ends, start) for start in starts[line.first : line.stop]]):
        span = _grown(sentences, at, size)
        cut = _shortened(text, span, marks, starts, size)
        found[cut] = _candidate(shown, *cut, *_within(marks, starts, *cut), span)
    return list(found.values())


def _trimmed(text: str, start: int, end: int) -> Span:
    if not (text[start].isspace() or text[end - 1].isspace()):
        return start, end
    piece = text[start:end].rstrip()
    return start + len(piece) - len(piece.lstrip()), start + len(piece)


def _grown(sentences: Sequence[Span], at: int, size: int) -> Span:
    """Extend sentence ``at`` by the sentences after it, then those before it, while all fit in ``size``."""
    start, end = sentences[at]
    following = at + 1
    while following < len(sentences) and sentences[following][1] - start <= size:
        end = sentences[following][1]
        following += 1
    before = at - 1
    while before >= 0 and end - sentences[before][0] <= size:
        start = sentences[before][0]
        before -= 1
    return start, end


def _within(marks: Sequence[Span], starts: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Return (first, stop) of the marks that lie in ``text[start:end]``; ``starts`` are where the marks begin."""
    first = bisect_left(starts, start)
    stop = bisect_left(starts, end, first)
    return first, stop - (stop > first and marks[stop - 1][1] > end)


def _shortened(text: str, span: Span, marks: Sequence[Span], starts: Sequence[int], size: int) -> Span:
    """Cut a span longer than ``size`` around its densest marks: from its start if they fit, else from a clause."""
    start, end = span
    if end - start <= size:
        return span
    first, stop = _within(marks, starts, start, end)
    dense, reach = _densest(marks[first:stop], size) if first < stop else ((start, start + 1), start + 1)
    if reach - start > size:
        room = max(0, size - (reach - dense[0])) // 2
        start = _clause_start(text, max(start, min(dense[0] - room, end - size)), dense[0])
    cut = min(end, max(start + size, dense[1]))
    return start, _word_end(text, start, cut, dense[1]) if cut < end else end


def _with_whole_words(cuts: Sequence[_CutFragment]) -> list[Fragment]:
    """Shrink fragments so that their ends cut no word of several syllables; keep all marks."""
    places = [(cut, at) for cut in cuts for at in cut.passage[:2] if at not in cut.span and not _apart(cut, at)]
    found = dict(zip(((id(cut), at) for cut, at in places), _words_across(places), strict=True))
    return [
        _shrunk(cut, found.get((id(cut), cut.passage.start)), found.get((id(cut), cut.passage.end))) for cut in cuts
    ]


def _shrunk(cut: _CutFragment, first: Span | None, last: Span | None) -> Fragment:
    """Drop from a fragment the words that cross its start (``first``) and end (``last``), unless they have marks."""
    passage, text = cut.passage, cut.text
    if first is None and last is None:
        return passage
    start, end = passage.start, passage.end
    at_start = first is not None and not any(mark[0] < first[1] for mark in passage.marks)
    if first is not None and at_start:
        start = _skip_signs(text, first[1], end)
    if last is not None and not (at_start and last == first) and not any(mark[1] > last[0] for mark in passage.marks):
        end = start + len(text[start : last[0]].rstrip())
    return Fragment(start, end, passage.marks) if start < end else passage


def _apart(cut: _CutFragment, at: int) -> bool:
    """Tell cheaply whether no word crosses ``at``; False proves nothing.

    A digit begins a word, and so does a capital after a word without one; punctuation after a clause is in no word.
    """
    before, after = cut.text[max(cut.span[0], at - _NEAR) : at], cut.text[at : at + _NEAR]
    chunk, following = before.split()[-1:], after.lstrip()[:1]
    if not chunk or "/" in chunk[0] or "@" in chunk[0] or not (before[-1].isspace() or after[0].isspace()):
        return False
    if chunk[0][-1] in _CLAUSE_SIGNS or following.isdigit():
        return True
    return following.istitle() and chunk[0].isalnum() and not chunk[0][0].istitle()


def _words_across(places: Sequence[tuple[_CutFragment, int]]) -> list[Span | None]:
    """Return for each place the word that crosses it, or None; only the text near the place is segmented."""
    near = [_near(cut.text, *cut.span, at) for cut, at in places]
    words = words_across([(cut.text[slice(*span)], at - span[0]) for (cut, at), span in zip(places, near, strict=True)])
    return [word and (low + word[0], low + word[1]) for word, (low, _) in zip(words, near, strict=True)]


def _near(text: str, start: int, end: int, at: int) -> Span:
    """Return the text near a place, but for pieces of words: most are new to the segmenter, which knows words."""
    low, high = max(start, at - _AROUND), min(end, at + _AROUND)
    if low > start:
        low = text.find(" ", low, at) + 1 or low
    if high < end and (space := text.rfind(" ", at + 1, high)) > 0:
        high = space
    return low, high


def _densest(marks: Sequence[Span], size: int) -> tuple[Span, int]:
    """Return the mark from whose start ``size`` characters hold the most marks, and the end of the last of these."""
    best = most = last = 0
    for first, (start, _) in enumerate(marks):
        while last < len(marks) and marks[last][1] <= start + size:
            last += 1
        if last - first > most:
            best, most = first, last - first
    return marks[best], marks[best + max(most, 1) - 1][1]


def _clause_start(text: str, earliest: int, latest: int) -> int:
    """Return where the first clause begins in ``text[earliest:latest]``, else the first word, else ``latest``."""
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
    """Move back to the end of a word, not before ``earliest``; cut a word that is longer than the fragment."""
    head = text[start:at]
    if at >= len(text) or text[at].isspace() or head[-1:].isspace():
        return start + len(head.rstrip())
    words = head.rsplit(None, 1)
    end = start + len(words[0])
    return end if len(words) > 1 and end >= earliest else _cluster_end(text, max(at, earliest))


def _cluster_end(text: str, at: int) -> int:
    """Move past combining marks, so that no letter is cut from its accents."""
    while at < len(text) and "\u0300" <= text[at] <= "\u036f":
        at += 1
    return at
