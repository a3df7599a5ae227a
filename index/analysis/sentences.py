"""Where sentences begin and end."""

from __future__ import annotations

import re

# A first sign or a line break, as a set, for which the pattern's engine looks soonest; of signs in a row the first,
# possessively, as forms have lines of nothing but dots.
_END = re.compile(r"[.!?…\n](?:(?<=\n)|(?<![.!?…][.!?…])(?:(?<!\.)|(?<!\b\w\.)|(?=\.))[.!?…]*+[\"'”’)\]]*+(?=\s+(\S)))")


def sentence_spans(text: str, first: int = 0, last: int | None = None) -> list[tuple[int, int]]:
    """Return the (start, end) of the sentences of ``text``, outer spaces left out; of the lines ``text[first:last]``.

    A line break ends a sentence, and so does a full stop, unless a small letter follows it or a lone letter
    stands before it (``ông N. Bình``). The sentences of a line do not depend on the other lines.
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
