"""Tell where a passage was cut out of a sentence, so that a page can show an ellipsis there and nowhere else."""

from __future__ import annotations

from index.analysis.sentences import sentence_starts

_NEAR = 40
_MAY_END = frozenset(".!?…\"'”’)]")
_FAR = 2000  # characters; whether a line break ends a sentence depends on the lines around it


def cut_sides(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Tell whether text of the same sentence is left out before, and after, ``text[start:end]``.

    A sentence of hard-wrapped text goes on after a line break (``index.analysis.sentences``).
    """
    return _in_sentence(text, start), _in_sentence(text, end)


def _in_sentence(text: str, at: int) -> bool:
    """Tell whether a sentence begins before ``at`` and goes on after it."""
    first, last, low, high = at, at, max(0, at - _NEAR), min(len(text), at + _NEAR)
    while first > low and text[first - 1].isspace():
        first -= 1
    while last < high and text[last].isspace():
        last += 1
    if first == low or last == high:
        return False
    wrapped = "\n" in text[first:last]
    may_end = text[first - 1] in _MAY_END
    if wrapped is may_end:  # what ends a sentence stands at the end of a line, or nothing does within one
        return not may_end
    reach = _FAR if wrapped else _NEAR
    low = max(0, first - reach)
    ends = sentence_starts(text[low : last + reach])
    return not any(first <= low + end <= last for end in ends)
