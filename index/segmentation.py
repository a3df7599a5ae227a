"""Cut text into the words pyvi's model finds, with their places.

The labels are those of ``pyvi.ViTokenizer``: the same pattern for tokens, the same attributes, the same best
path, the same rule for joining. What is different is the work: each distinct token's weights are summed once,
and the best path of two labels needs one number a token. Tests compare every cut with pyvi's own.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache

from index.crf import Model, pyvi_model

# pyvi's alternatives, in pyvi's order; the first that matches wins. The first one here is not pyvi's: nothing of
# pyvi's but its last matches a run of letters and digits that ends at a space, so it only saves trying the others.
_TOKEN = re.compile(
    "|".join(
        (
            r"[^\W_]++(?=\s)",
            r"[A-ZĐ]+\.", r"Tp\.", r"Mr\.", r"Mrs\.", r"Ms\.", r"Dr\.", r"ThS\.",
            "==>", "->", r"\.\.\.", ">>", "\n",
            r"\w+://[^\s]+", r"[a-zA-Z0-9_.+-]+@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+",
            r"\d+(?:[.,_]\d+)+", r"[^\w\s]", r"\w+",
        )
    )
)  # fmt: skip
_TYPES_KEPT = 1 << 16


@dataclass(frozen=True, slots=True)
class _TokenType:
    """What the model needs of one distinct token; weights as in ``Model.inside``.

    ``seconds`` are the tokens that make a known pair after this one, ``thirds`` by the second token those that make
    a known triple; all in lower case.
    """

    lower: str
    here: float
    as_previous: float
    as_next: float
    joinable: bool
    title: bool
    seconds: Set[str]
    thirds: Mapping[str, Set[str]]


class Segmenter:
    """Find words in text. Safe to share between threads; keeps at most 65,536 distinct tokens in memory."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._types: dict[str, _TokenType] = {}
        weight = model.inside.get
        self._pair_before, self._pair_after = weight("-1:word.bi_gram()", 0.0), weight("+1:word.bi_gram()", 0.0)
        self._triple_before, self._triple_after = weight("-2:word.tri_gram()", 0.0), weight("+2:word.tri_gram()", 0.0)

    def words(self, text: str) -> list[tuple[int, int]]:
        """Return the (start, end) of each word of ``text`` (NFC), punctuation included, in order."""
        spans: list[tuple[int, int]] = []
        names: list[str] = []
        for match in _TOKEN.finditer(text):
            spans.append(match.span())
            names.append(match.group())
        if not spans:
            return []
        types = [self._types.get(name) or self._type_of(name) for name in names]
        words = [spans[0]]
        for at, inside in enumerate(self._labels(types)):
            here, before = types[at], types[at - 1]
            if at and inside and here.joinable and before.joinable and (before.title or not here.title):
                words[-1] = (words[-1][0], spans[at][1])
            elif at:
                words.append(spans[at])
        return words

    def _type_of(self, token: str) -> _TokenType:
        weight = self._model.inside.get
        lower = token.lower()
        name = lower.partition("\0")[0]  # CRFsuite takes names of attributes as C strings
        here = weight("bias", 0.0) + weight(f"word.lower():{name}", 0.0)
        previous, following = weight(f"-1:word.lower():{name}", 0.0), weight(f"+1:word.lower():{name}", 0.0)
        if token.isupper():
            here += weight("word.isupper()", 0.0)
            previous += weight("-1:word.isupper()", 0.0)
            following += weight("+1:word.isupper()", 0.0)
        if token.istitle():
            here += weight("word.istitle()", 0.0)
            previous += weight("-1:word.istitle()", 0.0)
            following += weight("+1:word.istitle()", 0.0)
        if token.isdigit():
            here += weight("word.isdigit()", 0.0)
        joinable = token not in string.punctuation and not token[0].isdigit()
        made = _TokenType(
            lower, here, previous, following, joinable, token[0].istitle(),
            self._model.pairs.get(lower, frozenset()), self._model.triples.get(lower, {}),
        )  # fmt: skip
        if len(self._types) < _TYPES_KEPT:
            self._types[token] = made
        return made

    def _labels(self, types: list[_TokenType]) -> list[bool]:
        """Return the best path (Viterbi) as one flag a token: inside a word or its beginning."""
        scores = [entry.here for entry in types]
        first = before = types[0]
        for at in range(1, len(types)):
            here = types[at]
            scores[at] += before.as_previous
            scores[at - 1] += here.as_next
            if here.lower in before.seconds:
                scores[at] += self._pair_before
                scores[at - 1] += self._pair_after
            if at > 1 and first.thirds and here.lower in first.thirds.get(before.lower, ()):
                scores[at] += self._triple_before
                scores[at - 2] += self._triple_after
            first, before = before, here
        begin_begin, begin_inside, inside_begin, inside_inside = self._model.transitions
        lead = scores[0]  # how far the best path ending inside is ahead of the best one ending at a beginning
        from_inside: list[tuple[bool, bool]] = []
        for score in scores[1:]:
            stay, leave = lead + inside_inside, lead + inside_begin
            from_inside.append((leave > begin_begin, stay > begin_inside))
            lead = max(begin_inside, stay) - max(begin_begin, leave) + score
        label = lead > 0
        labels = [label]
        for choice in reversed(from_inside):
            label = choice[label]
            labels.append(label)
        labels.reverse()
        return labels


@cache
def default_segmenter() -> Segmenter:
    """Return the shared segmenter over pyvi's model."""
    return Segmenter(pyvi_model())
