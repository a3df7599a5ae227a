"""A slow, simple reference for marks and fragments: texts tokenized whole, one text and one mark after the other."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from index.analysis.analyzer import Analysis, analyze
from index.analysis.normalization import fold
from index.analysis.sentences import sentence_spans
from index.analysis.tokenizer import Tokens
from search.snippets.fragments import Fragment
from search.snippets.highlighter import _STOP as STOP
from search.snippets.highlighter import Highlighter, Span, _Chain, _Word

_LINE = re.compile(r"\S(?:[^\r\n]*\S)?")
_CLAUSE = re.compile(r"[,;:–—]\s+")
_SPACE = re.compile(r"\s+")
_AROUND = 40
_MOST_CANDIDATES = 200


def plain_marks(highlighter: Highlighter, text: str, *, scattered: bool) -> list[Span]:
    """Return what ``highlighter.marks`` must return."""
    analysis = analyze(text)
    tokens = analysis.tokens
    codes = highlighter._spotter._codes
    found = {(at, at + 1) for at, syllable in enumerate(tokens.folded) if syllable in highlighter._coded}
    for chain in highlighter._chains:
        if chain.prefixes:
            found.update((at, at + 1) for at in range(len(tokens)) if _begins(chain, tokens, at))
        else:
            there = _words_there(chain, analysis)
            found.update(_runs(there, analysis))
            if scattered:
                found.update(_scattered(chain, {word for _, word in there}, tokens))
    runs = {(tokens.starts[first], tokens.ends[end - 1], tokens.exact[end - 1].isdigit()) for first, end in found}
    whole = set()
    for code in tokens.codes:
        if fold(code.text) in codes:
            end = code.end - 1
            whole.add((tokens.starts[code.first], tokens.ends[end], tokens.exact[end].isdigit()))
    return _merged(text, runs, whole)


def _begins(chain: _Chain, tokens: Tokens, at: int) -> bool:
    syllable = tokens.folded[at] if chain.exact[0] == chain.folded[0] else tokens.exact[at]
    return syllable.startswith(chain.prefixes)


def _scattered(chain: _Chain, whole: set[_Word], tokens: Tokens) -> Iterator[tuple[int, int]]:
    """Yield the syllables of the words that are not ``whole``."""
    for word in chain.words:
        for place in range(word.first, word.end):
            plain, exact, folded = chain.plain[place], chain.exact[place], chain.folded[place]
            if (word not in whole or word.end - word.first == 1) and (plain or exact not in STOP):
                for at in range(len(tokens)):
                    if (plain and tokens.folded[at] == folded) or (not plain and tokens.exact[at] == exact):
                        yield at, at + 1


def _words_there(chain: _Chain, analysis: Analysis) -> list[tuple[int, _Word]]:
    """Return (syllable of the text, word) wherever a word of the query stands."""
    tokens, positions, asked = analysis.tokens, analysis.positions, chain.analysis.positions

    def is_there(word: _Word, at: int) -> bool:
        places = range(word.first, word.end)
        if at + len(places) > len(tokens):
            return False
        steps = [positions[at + ahead] - positions[at] for ahead in range(len(places))]
        if steps != [asked[place] - asked[word.first] for place in places]:
            return False
        return all(
            tokens.folded[one] == chain.folded[place] if chain.plain[place] else tokens.exact[one] == chain.exact[place]
            for one, place in enumerate(places, at)
        )

    return [(at, word) for at in range(len(tokens)) for word in chain.words if is_there(word, at)]


def _runs(there: Sequence[tuple[int, _Word]], analysis: Analysis) -> list[tuple[int, int]]:
    """Return the runs of the query's words, and the single words that may be marked alone."""
    tokens, positions = analysis.tokens, analysis.positions
    runs: list[list[tuple[int, _Word]]] = []
    for at, word in there:
        for run in runs:
            before, last = run[-1]
            after = before + last.end - last.first
            if (after, last.end) == (at, word.first) and positions[at] - positions[at - 1] == 1:
                run.append((at, word))
                break
        else:
            runs.append([(at, word)])
    for run in runs:
        while len(run) > 1 and run[0][1].grammar:
            del run[0]
        while len(run) > 1 and run[-1][1].grammar:
            del run[-1]
    spans = [(run[0][0], run[-1][0] + run[-1][1].end - run[-1][1].first) for run in runs]
    several = [span for run, span in zip(runs, spans, strict=True) if len(run) > 1]
    together = {tokens.folded[at] for first, end in several for at in range(first, end)}
    single = [
        (first, end)
        for run, (first, end) in zip(runs, spans, strict=True)
        if len(run) == 1 and run[0][1].alone and (end - first > 1 or tokens.folded[first] not in together)
    ]
    return several + single


def _merged(text: str, runs: set[tuple[int, int, bool]], codes: set[tuple[int, int, bool]]) -> list[Span]:
    """Merge runs and codes, (start, end, whether it ends with a number), to marks within lines."""
    merged: list[tuple[int, int, bool]] = []
    for run in sorted(runs | codes):
        beside = bool(merged) and text[merged[-1][1] : run[0]] == " "
        beside = beside and any(run[0] == start or merged[-1][1] == end for start, end, _ in codes)
        if merged and (run[0] < merged[-1][1] or beside):
            start, stop, number = merged[-1]
            merged[-1] = (start, run[1], run[2]) if run[1] > stop else (start, stop, number)
        else:
            merged.append(run)
    spans: list[Span] = []
    for start, stop, number in merged:
        stop += number and text[stop : stop + 1] in ("%", "*")
        spans.extend((start + line.start(), start + line.end()) for line in _LINE.finditer(text[start:stop]))
    return spans


def plain_passages(text: str, marks: Sequence[Span], count: int, size: int) -> list[Fragment]:
    """Return what ``fragments_of`` must return."""
    if count < 1 or not text or text.isspace():
        return []
    if not marks:
        opening = _grown(sentence_spans(text, *_line(text, _skip_spaces(text))), 0, size)
        return [_with_whole_words(text, opening, _shortened(text, opening, (), size))]
    spans: dict[Fragment, Span] = {}
    for sentences, at in _marked_sentences(text, marks):
        grown = _grown(sentences, at, size)
        spans[_shortened(text, grown, marks, size)] = grown
        if len(spans) == _MOST_CANDIDATES:
            break
    candidates = list(spans)
    syllables = {passage: _marked_syllables(text, passage) for passage in candidates}
    chosen: list[Fragment] = []
    shown: set[str] = set()
    while candidates and len(chosen) < count:
        best = max(candidates, key=lambda passage: _worth(text, passage, syllables[passage] - shown))
        chosen.append(best)
        shown |= syllables[best]
        candidates = [other for other in candidates if other.start >= best.end or other.end <= best.start]
    return [_with_whole_words(text, spans[passage], passage) for passage in chosen]


def _skip_spaces(text: str) -> int:
    return len(text) - len(text.lstrip())


def _line(text: str, at: int) -> Span:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _marked_sentences(text: str, marks: Sequence[Span]) -> Iterator[tuple[Sequence[Span], int]]:
    """Yield for each sentence with marks the sentences of its line and its number among them."""
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


def _within(marks: Sequence[Span], start: int, end: int) -> Sequence[Span]:
    """Return the marks that lie in ``text[start:end]``."""
    first = bisect_left(marks, (start, start))
    stop = bisect_left(marks, (end, end), first)
    return marks[first : stop - 1] if stop > first and marks[stop - 1][1] > end else marks[first:stop]


def _shortened(text: str, span: Span, marks: Sequence[Span], size: int) -> Fragment:
    """Cut a span longer than ``size`` around its densest marks: from its start if they fit, else from a clause."""
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
    return Fragment(start, end, tuple(inside))


def _with_whole_words(text: str, span: Span, passage: Fragment) -> Fragment:
    """Shrink a fragment of the sentences ``span`` so that no word of several syllables is cut; keep all marks."""
    start, end = passage.start, passage.end
    cut = _word_across(text, span, start)
    at_start = cut is not None and not any(mark[0] < cut[1] for mark in passage.marks)
    if cut is not None and at_start:
        start = _skip_signs(text, cut[1], end)
    other = _word_across(text, span, end)
    if other is not None and not (at_start and other == cut) and not any(mark[1] > other[0] for mark in passage.marks):
        end = start + len(text[start : other[0]].rstrip())
    return Fragment(start, end, passage.marks) if start < end else passage


def _word_across(text: str, span: Span, at: int) -> Span | None:
    """Return the word that crosses ``at``, or None; only the text near it in ``span`` is segmented."""
    if at in span:
        return None
    low, high = max(span[0], at - _AROUND), min(span[1], at + _AROUND)
    if low > span[0] and " " in text[low:at]:
        low = text.index(" ", low) + 1
    if high < span[1] and " " in text[at + 1 : high]:
        high = text.rindex(" ", 0, high)
    word = _word_around(text[low:high], at - low)
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


def _marked_syllables(text: str, passage: Fragment) -> set[str]:
    return {syllable for start, end in passage.marks for syllable in text[start:end].lower().split()}


def _worth(text: str, passage: Fragment, new: set[str]) -> tuple[int, int, int, int]:
    longest = max((len(text[start:end].split()) for start, end in passage.marks), default=0)
    return len(new), longest, len(passage.marks), -passage.start


def _word_around(text: str, at: int) -> Span | None:
    analysis = analyze(text)
    spans = [(analysis.tokens.starts[word.first], analysis.tokens.ends[word.end - 1]) for word in analysis.words]
    return next(((start, end) for start, end in spans if start < at < end), None)
