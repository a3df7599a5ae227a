"""Extract abbreviations where articles define them: ``hội nhập quốc tế (HNQT)``, ``(viết tắt là Ban Chỉ đạo)``.

A definition is indexed as terms of its article in the field ``abbreviations``, so it is deleted with the article. At
most 2,000 brackets of a text are examined.
If the capitals are the initials of the syllables before them, the long form is certain. Otherwise
(``Tổ chức Y tế thế giới (WHO)``) every possible start of the long form is indexed, and the corpus decides: the text
before ``(WHO)`` in most articles is its meaning.

=====================================  ====================================================================
term                                   meaning
=====================================  ====================================================================
``hnqt TAB = TAB hội nhập quốc tế``    a certain long form
``who TAB ^ TAB y tế thế giới``        a possible one that starts with a capital; ``~`` if with a small letter
``who TAB #``                          any definition of it; in all three, the short form also without accents
``thế giới TAB who``                   a short form of a long form that ends so
=====================================  ====================================================================

The initials are matched from the right, as in Schwartz and Hearst, *A simple algorithm for identifying
abbreviation definitions in biomedical text* (2003), a syllable at a time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from index.analysis.analyzer import Analysis
from index.analysis.normalization import fold
from index.analysis.tokenizer import Tokens, tokenize

CERTAIN, CAPITAL, SMALL = "=", "^", "~"

_BRACKETS = re.compile(r"\(([^()\n]{2,80})\)")
_SHORT = re.compile(r"(?=(?:[^()]*[A-ZĐÂÊÔƠƯĂ]){2})[A-Za-zĐđÂÊÔƠƯĂ]+(?:[-.&][A-Za-zĐđÂÊÔƠƯĂ]+)*")
_MARKER = re.compile(
    r"(?:sau đây\s+|tên\s+|được\s+|còn\s+)*(?:gọi chung|gọi tắt|viết tắt|gọi)(?:\s+là\b|\s*:)\s*[\"']?(.+?)[\"']?",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"[A-ZĐÂÊÔƠƯĂ][A-Za-zĐđÂÊÔƠƯĂ.&-]*[A-ZĐÂÊÔƠƯĂ]")
_BREAK = re.compile(r"[.;:!?\n\"]")
_ASIDE = re.compile(r"\s*\([^()\n]*\)\s*")
_JOINING = frozenset({"và", "của", "về", "các", "cho", "trong", "với", "tại", "trên", "ở", "theo"})
_LONGEST_SHORT = 10
_MOST_BRACKETS = 2000
_LONGEST = 12
_LONGEST_UNCERTAIN = 9
_SYLLABLES_BEFORE = 20
_WIDEST_GAP = 8
_MOST_ASIDES = 2
_LONGEST_ASIDE = 100


@dataclass(frozen=True, slots=True)
class Definition:
    """A short form and what it may stand for; forms are canonical, syllables joined by a space."""

    short: str
    long: str
    kind: str


@lru_cache(maxsize=4096)
def short_form(text: str) -> str | None:
    """Return the single term under which ``text`` is indexed, None if it is several terms."""
    tokens = tokenize(text)
    if len(tokens) == 1:
        return tokens.exact[0]
    whole = (code.text for code in tokens.codes if (code.first, code.end) == (0, len(tokens)))
    return next(whole, None)


def definitions(analysis: Analysis) -> Iterator[Definition]:
    """Yield the definitions in the brackets of a text."""
    for start, inner, marked in _candidates(analysis.tokens.canonical):
        short = marked or inner
        before = _before(analysis, start)
        if _is_capitals(short):
            yield from _of_capitals(analysis, short, before)
        elif marked:
            yield from _of_words(analysis, short, before)
        elif before:
            yield from _reversed(analysis, inner, before)


def written_definitions(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield the (short form, long form) of the certain definitions of a text, as it writes them."""
    for found in definitions(analysis):
        if found.kind == CERTAIN:
            yield _written(analysis.tokens, found.short), _written(analysis.tokens, found.long)


def _written(tokens: Tokens, form: str) -> str:
    """Return a canonical form as it is first written; the form itself if nowhere in one piece."""
    syllables = form.split(" ")
    rows = ((at, at + len(syllables)) for at in range(len(tokens) - len(syllables) + 1))
    there = [(first, end) for first, end in rows if list(tokens.exact[first:end]) == syllables]
    there += [(code.first, code.end) for code in tokens.codes if code.text == form]
    if not there:
        return form
    first, end = there[0]
    return tokens.canonical[tokens.canonical_starts[first] : tokens.canonical_ends[end - 1]]


def may_define(text: str) -> bool:
    """Tell whether a canonical text has a bracket that may define a short form; needs no analysis."""
    return next(_candidates(text), None) is not None


def abbreviation_terms(analysis: Analysis) -> set[str]:
    """Return the terms of the field ``abbreviations`` for a text."""
    terms: set[str] = set()
    for found in definitions(analysis):
        for short in {found.short, fold(found.short)}:
            terms.add(f"{short}\t{found.kind}\t{found.long}")
            terms.add(f"{short}\t#")
        terms.add(f"{long_form_ending(found.long.split())}\t{found.short}")
    return terms


def long_form_ending(syllables: Sequence[str]) -> str:
    """Return the key of a long form in the index: its last two syllables, without accents."""
    return " ".join(fold(syllable) for syllable in syllables[-2:])


def _candidates(text: str) -> Iterator[tuple[int, str, str | None]]:
    """Yield (start, inner text, short form it announces or None) of brackets with a short form in or before them."""
    for brackets in islice(_BRACKETS.finditer(text), _MOST_BRACKETS):
        start, inner = brackets.start(), brackets.group(1).strip()
        marked = _MARKER.fullmatch(inner)
        before = max(0, start - _WIDEST_GAP - _LONGEST_SHORT)
        if marked or _is_capitals(inner) or _CAPITALS.search(text, before, start):
            yield start, inner, marked.group(1) if marked else None


def _is_capitals(text: str) -> bool:
    return len(text) <= _LONGEST_SHORT and _SHORT.fullmatch(text) is not None


def _before(analysis: Analysis, end: int) -> list[int]:
    """Return the positions of the syllables from the last break to ``end`` of the canonical text, without brackets."""
    tokens = analysis.tokens
    text, starts = tokens.canonical, tokens.canonical_starts
    found: list[int] = []
    asides = 0
    at = bisect_left(starts, end) - 1
    while at >= 0 and len(found) < _SYLLABLES_BEFORE and end - tokens.canonical_ends[at] <= _WIDEST_GAP:
        between = text[tokens.canonical_ends[at] : end]
        if ")" in between and asides < _MOST_ASIDES:
            asides += 1
            opened = text.rfind("(", max(0, end - _LONGEST_ASIDE), end)
            if opened < 0 or not _ASIDE.fullmatch(text, opened, end):
                break
            end = opened
            at = bisect_left(starts, end) - 1
            continue
        if ")" in between or "(" in between or _BREAK.search(between):
            break
        found.append(at)
        end = starts[at]
        at -= 1
    return found[::-1]


def _of_capitals(analysis: Analysis, written: str, before: Sequence[int]) -> Iterator[Definition]:
    short = short_form(written)
    if short is None:
        return
    syllables = [analysis.tokens.exact[at] for at in before]
    start = _start_by_initials([char for char in written if char.isupper()], syllables)
    if start is not None:
        yield Definition(short, " ".join(syllables[start:]), CERTAIN)
        return
    tokens = analysis.tokens
    for place in range(max(0, len(before) - _LONGEST_UNCERTAIN), len(before) - 1):
        at = before[place]
        if _begins_word(analysis, at) and syllables[place].isalpha() and syllables[place] not in _JOINING:
            kind = CAPITAL if tokens.written(at)[0].isupper() else SMALL
            yield Definition(short, " ".join(syllables[place:]), kind)


def _begins_word(analysis: Analysis, at: int) -> bool:
    number = bisect_left(analysis.word_firsts, at)
    return number < len(analysis.word_firsts) and analysis.word_firsts[number] == at


def _start_by_initials(capitals: Sequence[str], syllables: Sequence[str]) -> int | None:
    """Return the start of the trailing syllables whose initials are ``capitals``; joining words may be skipped."""
    left = len(capitals)
    for place in range(len(syllables) - 1, -1, -1):
        if _initial(syllables[place]) == _initial(capitals[left - 1]):
            left -= 1
            if not left:
                return place
        elif left == len(capitals) or syllables[place] not in _JOINING:
            return None
    return None


def _initial(text: str) -> str:
    first = text[0].lower()
    return "đ" if first == "đ" else fold(first)


def _of_words(analysis: Analysis, written: str, before: Sequence[int]) -> Iterator[Definition]:
    """Yield the long form that starts with the first syllable of the short one and contains the others in order."""
    short = tokenize(written).exact
    syllables = [analysis.tokens.exact[at] for at in before]
    for place in range(len(syllables) - 2, -1, -1):
        long = syllables[place:]
        if short and long[0] == short[0] and len(long) <= _LONGEST and _in_order(short, long):
            if " ".join(short) not in " ".join(long):  # a short form inside its long form needs no expansion
                yield Definition(" ".join(short), " ".join(long), CERTAIN)
            return


def _in_order(short: Sequence[str], long: Sequence[str]) -> bool:
    rest = iter(long)
    return all(syllable in rest for syllable in short)


def _reversed(analysis: Analysis, inner: str, before: Sequence[int]) -> Iterator[Definition]:
    """Yield the definition of a short form before its bracketed long form: ``HNQT (hội nhập quốc tế)``."""
    tokens = analysis.tokens
    start, end = tokens.canonical_starts[before[-1]], tokens.canonical_ends[before[-1]]
    begins = start
    while (
        begins
        and start - begins <= _LONGEST_SHORT
        and (tokens.canonical[begins - 1].isalpha() or tokens.canonical[begins - 1] in "-.&")
    ):
        begins -= 1
    written = tokens.canonical[begins:end]
    long = list(tokenize(inner).exact)
    if not _is_capitals(written) or len(long) < 2 or not long[0].isalpha():
        return
    short = short_form(written)
    if short is not None and _start_by_initials([char for char in written if char.isupper()], long) == 0:
        yield Definition(short, " ".join(long), CERTAIN)
