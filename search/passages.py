"""The passages of an article that show the query's words best, as marked HTML."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.analysis import word_across
from index.sentences import sentence_spans

_CLAUSE = re.compile(r"[,;:–—]\s+")
_SPACE = re.compile(r"\s+")
_NEAR = 60
_MOST_CANDIDATES = 200

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text and the marks in it, all as offsets in the text."""

    start: int
    end: int
    marks: Sequence[Span]


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
    if count < 1 or not text or text.isspace():
        return []
    if not marks:
        opening = _grown(sentence_spans(text, *_line(text, _skip_spaces(text))), 0, size)
        return [_with_whole_words(text, opening, _shortened(text, opening, (), size))]
    spans: dict[Passage, Span] = {}
    for sentences, at in _marked_sentences(text, marks):
        grown = _grown(sentences, at, size)
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


def _skip_spaces(text: str) -> int:
    return len(text) - len(text.lstrip())


def _line(text: str, at: int) -> Span:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _marked_sentences(text: str, marks: Sequence[Span]) -> Iterator[tuple[Sequence[Span], int]]:
    """Yield the sentences of a line and the number of one of them, for each that has marks."""
    reached = 0
    while reached < len(marks):
        line = _line(text, marks[reached][0])
        sentences = sentence_spans(text, *line)
        at = -1
        while reached < len(marks) and marks[reached][0] < line[1]:
            following = at
            while following < 0 or (following < len(sentences) - 1 and sentences[following][1] <= marks[reached][0]):
                following += 1
            if following != at:
                at = following
                yield sentences, at
            reached += 1


def _grown(sentences: Sequence[Span], at: int, size: int) -> Span:
    """Add the sentences of the line that follow, then those before, while they fit in ``size``."""
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
    cut = _word_across(text, span, start)
    at_start = cut is not None and not any(mark[0] < cut[1] for mark in passage.marks)
    if cut is not None and at_start:
        start = _skip_signs(text, cut[1], end)
    other = _word_across(text, span, end)
    if other is not None and not (at_start and other == cut) and not any(mark[1] > other[0] for mark in passage.marks):
        end = start + len(text[start : other[0]].rstrip())
    return Passage(start, end, passage.marks) if start < end else passage


def _word_across(text: str, span: Span, at: int) -> Span | None:
    """Return the word that goes beyond ``at``, cut by what stands near it in the sentence ``span``."""
    if at in span:
        return None
    low = max(span[0], at - _NEAR)
    word = word_across(text[low : min(span[1], at + _NEAR)], at - low)
    return None if word is None else (low + word[0], low + word[1])


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
