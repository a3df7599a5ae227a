"""Find where sentences begin and end.

An end mark ends a sentence, unless a small letter follows it, or a single letter (``ông N. Bình``) or the short form of
a title (``TP. Vinh``) precedes it. So does a line break after an end mark, a blank line, and the end of a line that is
not filled. A line break within hard-wrapped text ends nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise

_SHORT_FORMS = "BS|CN|Co|Dr|GS|Jr|KS|LS|Mr|Mrs|Ms|No|NXB|Nxb|PGS|Ph|Q|Sr|St|TP|Tp|tp|ThS|Ths|TS|Ts|TT|TX|Tx|tx|vs"
# It starts with a character class, which the regex engine finds fastest. It takes a run of end marks at its first one
# and possessively, because forms have lines of nothing but dots.
_END = re.compile(r"[.!?…\n](?:(?<=\n)|(?<![.!?…][.!?…])(?:(?<!\.)|(?<!\b\w\.)|(?=\.))[.!?…]*+[\"'”’)\]]*+(?=\s+(\S)))")
_SHORTENED = re.compile(rf"\b(?:{_SHORT_FORMS})\.")
_LONGEST_SHORTENED = 5
_END_MARKS = frozenset(".!?…")
_LINE_END = re.compile("\n")
_CLOSING = "\"'”’)]» "
_OPENING = frozenset("\"'“‘«([")
_WIDEST_WRAPPED = 120


def sentence_spans(text: str, first: int = 0, last: int | None = None) -> list[tuple[int, int]]:
    """Return the (start, end) of the sentences in the lines ``text[first:last]``, without outer white space.

    Here every line break ends a sentence. The sentences of a line do not depend on other lines.
    """
    spans = []
    start = first
    last = len(text) if last is None else last
    for match in _END.finditer(text, first, last):
        if match.group() == "\n" or _ends(text, match):
            spans.append(_trimmed(text, start, match.end()))
            start = match.end()
    spans.append(_trimmed(text, start, last))
    return [span for span in spans if span[0] < span[1]]


def sentence_starts(text: str) -> list[int]:
    """Return the offsets in a canonical ``text`` where one sentence has ended and no letter of the next has come."""
    breaks: _LineBreaks | None = None
    starts = []
    for match in _END.finditer(text):
        if match.group() == "\n":
            breaks = breaks or _LineBreaks(text)
            if breaks.ends_sentence(match.start()):
                starts.append(match.end())
        elif _ends(text, match):
            starts.append(match.end())
    return starts


def _ends(text: str, match: re.Match[str]) -> bool:
    """Tell whether the end mark ``match`` ends a sentence."""
    if match.group(1).islower():
        return False
    dot = match.start() + 1
    return not (text[dot - 1] == "." and _SHORTENED.search(text, max(0, dot - _LONGEST_SHORTENED), dot))


class _LineBreaks:
    """The line breaks of ``text``."""

    def __init__(self, text: str) -> None:
        self._text = text
        ends = [match.start() for match in _LINE_END.finditer(text)]
        self._lines = [text[start:end].strip() for start, end in pairwise([0, *ends, len(text)])]
        self._number = {at: number for number, at in enumerate(ends)}
        self._widths: dict[int, int] = {}

    def ends_sentence(self, at: int) -> bool:
        """Tell whether the line break at ``at`` ends a sentence."""
        number = self._number[at]
        line, following = self._lines[number], self._lines[number + 1]
        if not line or not following or line[-1] in _END_MARKS or line.rstrip(_CLOSING)[-1:] in _END_MARKS:
            return True
        first = following[0]
        if first.islower():
            return False
        if not (first.isalnum() or first in _OPENING):  # an item of a list
            return True
        widest = self._widest_of_paragraph(number)
        return widest > _WIDEST_WRAPPED or len(line) + 1 + len(following.split(None, 1)[0]) <= widest

    def _widest_of_paragraph(self, number: int) -> int:
        """Return the length of the longest of the lines around line ``number`` up to blank lines."""
        if number not in self._widths:
            first, end = number, number
            while first and self._lines[first - 1]:
                first -= 1
            while end < len(self._lines) and self._lines[end]:
                end += 1
            widest = max(map(len, self._lines[first:end]))
            self._widths.update(dict.fromkeys(range(first, end), widest))
        return self._widths[number]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, end - len(piece) + len(piece.rstrip()))
