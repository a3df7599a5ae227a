"""Where sentences begin and end."""

from __future__ import annotations

import re

# possessive, and never begun inside a row of signs: forms have lines of nothing but dots
_END = re.compile(r"(?<![.!?…])(?:(?<!\b\w)\.|[!?…]|\.{2,})[.!?…]*+[\"'”’)\]]*+(?=\s+(\S))|\n")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of the sentences of ``text``, outer spaces left out.

    A line break ends a sentence, and so does a full stop, unless a small letter follows it or a lone letter
    stands before it (``ông N. Bình``).
    """
    spans = []
    start = 0
    for match in _END.finditer(text):
        if match.group(1) is None or not match.group(1).islower():
            spans.append(_trimmed(text, start, match.end()))
            start = match.end()
    spans.append(_trimmed(text, start, len(text)))
    return [span for span in spans if span[0] < span[1]]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, end - len(piece) + len(piece.rstrip()))
