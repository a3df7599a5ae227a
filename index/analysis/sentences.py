"""Find where sentences begin and end."""

from __future__ import annotations

import re

# It starts with a character class, which the regex engine finds fastest. It takes a run of end marks at its first one
# and possessively, because forms have lines of nothing but dots.
_END = re.compile(r"[.!?…\n](?:(?<=\n)|(?<![.!?…][.!?…])(?:(?<!\.)|(?<!\b\w\.)|(?=\.))[.!?…]*+[\"'”’)\]]*+(?=\s+(\S)))")


def sentence_spans(text: str, first: int = 0, last: int | None = None) -> list[tuple[int, int]]:
    """Return the (start, end) of the sentences in the lines ``text[first:last]``, without outer white space.

    A line break ends a sentence, and so does a full stop, unless a small letter follows it or a single letter
    precedes it (``ông N. Bình``). The sentences of a line do not depend on other lines.
    """
    spans = []
    start = first
    last = len(text) if last is None else last
    for match in _END.finditer(text, first, last):
        if match.group(1) is None or not match.group(1).islower():
            spans.append(_trimmed(text, start, match.end()))
            start = match.end()
    spans.append(_trimmed(text, start, last))
    return [span for span in spans if span[0] < span[1]]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, end - len(piece) + len(piece.rstrip()))
