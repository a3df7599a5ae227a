"""Cut text into the words pyvi's model finds, with their places.

The labels are those of ``pyvi.ViTokenizer``: the same pattern for tokens, the same attributes, the same best
path, the same rule for joining; tests compare every cut with pyvi's own. Only the work differs:

- No token of pyvi's goes beyond a space, so a text is split at its spaces, and each distinct chunk is cut into
  tokens and looked up in the model once. The text is then a list of numbers of rows in a table of weights.
- The score of a token is the sum of its own weights and of those its neighbours lend it: a few sums of arrays.
- Most scores outweigh the transitions and decide their label alone; only through the others is the best path
  (Viterbi) followed.

pyvi's output has ``_`` inside words and one space between them, so the places are lost where the text itself has
``_`` or other spaces. Here a word is a pair of offsets, and nothing needs finding again.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from functools import cache
from threading import Lock

import numpy as np
import numpy.typing as npt

from index.crf import Model, pyvi_model

# pyvi's alternatives, in pyvi's order; the first that matches wins.
_TOKEN = re.compile(
    "|".join(
        (
            r"[A-ZĐ]+\.", r"Tp\.", r"Mr\.", r"Mrs\.", r"Ms\.", r"Dr\.", r"ThS\.",
            "==>", "->", r"\.\.\.", ">>", "\n",
            r"\w+://[^\s]+", r"[a-zA-Z0-9_.+-]+@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+",
            r"\d+(?:[.,_]\d+)+", r"[^\w\s]", r"\w+",
        )
    )
)  # fmt: skip
_END = "\n\n"  # the chunk for an end of a sequence; never one of a text, where each "\n" is a chunk of its own
_REMEMBERED = 1 << 20  # characters of chunks, counting 16 more for each chunk

_Ints = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool]
# A token of a chunk: weights as in Model.inside, its syllable's number in the dictionary, its place in the chunk.
_TOKEN_ROW = np.dtype(
    [
        ("here", "f8"), ("as_previous", "f8"), ("as_next", "f8"), ("syllable", "i8"), ("start", "i8"), ("end", "i8"),
        ("joinable", "?"), ("title", "?"), ("in_triple", "?"),
    ],
    align=True,
)  # fmt: skip
_CHUNK_ROW = np.dtype([("first", "i8"), ("tokens", "i8"), ("width", "i8")])


class Segmenter:
    """Find words in text. Safe to share between threads; remembers about 50,000 distinct chunks."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._dictionary = _Dictionary(model)
        begin_begin, begin_inside, inside_begin, inside_inside = model.transitions
        # The lead of "inside" over "begin" that the label before gives, and the one the label after asks for.
        self._given = (begin_inside - begin_begin, inside_inside - inside_begin)
        self._asked = (begin_begin - inside_begin, begin_inside - inside_inside)
        self._chunks = _Chunks(self._token_row)

    def words(self, text: str) -> list[tuple[int, int]]:
        """Return the (start, end) of each word of ``text`` (NFC), punctuation included, in order."""
        starts, ends = self._cut(text.replace("\n", " \n "))
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def words_of_lines(self, text: str) -> tuple[_Ints, _Ints]:
        """Return the starts and the ends of the words of each line of ``text`` (NFC), offsets counted in ``text``."""
        return self._cut(text.replace("\n", f" {_END} "))

    def _cut(self, spaced: str) -> tuple[_Ints, _Ints]:
        tokens, starts, ends = self._tokens(f"{_END} {spaced} {_END}".split(" "))
        inside = self._labels(self._scores(tokens))
        joinable, title = tokens["joinable"], tokens["title"]
        begins = np.ones(len(tokens) + 1, np.bool)
        begins[1:-1] = ~(inside[1:] & joinable[1:] & joinable[:-1] & (title[:-1] | ~title[1:]))
        bounds = begins.nonzero()[0]
        first, last = bounds[:-1], bounds[1:] - 1
        words = tokens["here"][first] > -np.inf
        return starts[first[words]], ends[last[words]]

    def _tokens(self, names: list[str]) -> tuple[npt.NDArray[np.void], _Ints, _Ints]:
        """Return the rows of the tokens, their starts and their ends."""
        chunks = self._chunks
        if chunks.size > _REMEMBERED:
            self._chunks = chunks = _Chunks(self._token_row)
        numbers = np.fromiter(map(chunks.__getitem__, names), np.int64, len(names))
        entries = chunks.entries.take(numbers)
        counts, widths = entries["tokens"], entries["width"]
        after = counts.cumsum()
        rows = np.arange(after[-1]) + (entries["first"] - after + counts).repeat(counts)
        tokens = chunks.tokens.take(rows)
        offsets = (widths.cumsum() - widths).repeat(counts)
        return tokens, tokens["start"] + offsets, tokens["end"] + offsets

    def _scores(self, tokens: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
        """Return for each token how much speaks for "inside" over "begin", transitions aside."""
        weight = self._model.inside.get
        scores = tokens["here"].copy()
        scores[1:] += tokens["as_previous"][:-1]
        scores[:-1] += tokens["as_next"][1:]
        pairs = self._dictionary.pairs(tokens["syllable"])
        scores[pairs + 1] += weight("-1:word.bi_gram()", 0.0)
        scores[pairs] += weight("+1:word.bi_gram()", 0.0)
        triples = self._dictionary.triples(tokens["syllable"], tokens["in_triple"])
        if triples:
            scores[[at + 2 for at in triples]] += weight("-2:word.tri_gram()", 0.0)
            scores[triples] += weight("+2:word.tri_gram()", 0.0)
        return scores

    def _labels(self, scores: npt.NDArray[np.float64]) -> _Flags:
        """Return the best path as one flag a token: inside a word or its beginning."""
        given, asked = self._given, self._asked
        inside: _Flags = scores > max(asked) - min(given)
        unsure = ((scores > min(asked) - max(given)) ^ inside).nonzero()[0].tolist()
        begin_begin, begin_inside, inside_begin, inside_inside = self._model.transitions
        leads: dict[int, float] = {}
        for at in unsure:
            lead = leads.get(at - 1)
            if lead is None:
                leads[at] = scores[at] + given[int(inside[at - 1])]
            else:
                gain = max(begin_inside, lead + inside_inside) - max(begin_begin, lead + inside_begin)
                leads[at] = scores[at] + gain
        for at in reversed(unsure):
            inside[at] = leads[at] > asked[int(inside[at + 1])]
        return inside

    def _token_row(self, token: str, start: int, end: int) -> tuple[float | bool, ...]:
        if token == _END:  # always a beginning; what it lends its neighbours makes up for the transitions to it
            return (-np.inf, -self._given[0], self._asked[0], 0, start, end, False, False, False)
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
        syllable = self._dictionary.numbers.get(lower, 0)
        joinable = token not in string.punctuation and not token[0].isdigit()
        in_triple = lower in self._dictionary.in_triples
        return (here, previous, following, syllable, start, end, joinable, token[0].istitle(), in_triple)


class _Dictionary:
    """pyvi's words of two and three syllables by the numbers of their syllables, 0 being that of any other."""

    def __init__(self, model: Model) -> None:
        pairs = [(first, second) for first, seconds in model.pairs.items() for second in seconds]
        triples = [
            (first, second, third)
            for first, seconds in model.triples.items()
            for second, thirds in seconds.items()
            for third in thirds
        ]
        self.in_triples = {syllable for triple in triples for syllable in triple}
        self.numbers = {name: at for at, name in enumerate(sorted(self.in_triples.union(*pairs)), 1)}
        self._triples = {tuple(map(self.numbers.__getitem__, triple)) for triple in triples}
        self._rows = len(self.numbers) + 1
        keys = np.array([self.numbers[first] * self._rows + self.numbers[second] for first, second in pairs])
        self._pair_bits = np.zeros(self._rows**2 // 8 + 1, np.uint8)  # 4 MB: one bit for each two syllables
        np.bitwise_or.at(self._pair_bits, keys >> 3, (1 << (keys & 7)).astype(np.uint8))

    def pairs(self, syllables: _Ints) -> _Ints:
        """Return where a known pair begins."""
        keys = syllables[:-1] * self._rows + syllables[1:]
        return (self._pair_bits[keys >> 3] >> (keys & 7) & 1).nonzero()[0]

    def triples(self, syllables: _Ints, possible: _Flags) -> list[int]:
        """Return where a known triple begins; only ``possible`` syllables are in one."""
        found = (possible[:-2] & possible[1:-1] & possible[2:]).nonzero()[0].tolist()
        return [at for at in found if tuple(syllables[at : at + 3].tolist()) in self._triples]


class _Chunks(dict[str, int]):
    """The numbers of the chunks met so far; one asked for the first time is cut into tokens and added."""

    def __init__(self, token_row: Callable[[str, int, int], tuple[float | bool, ...]]) -> None:
        self.entries, self.tokens = np.zeros(1024, _CHUNK_ROW), np.zeros(1024, _TOKEN_ROW)
        self.size = 0
        self._token_row = token_row
        self._tokens_used = 0
        self._adding = Lock()

    def __missing__(self, chunk: str) -> int:
        if chunk == _END:
            rows = [self._token_row(_END, -1, 0)]
        else:  # a line break stands at the space put before it, and takes no room
            back = chunk == "\n"
            rows = [self._token_row(m.group(), m.start() - back, m.end() - back) for m in _TOKEN.finditer(chunk)]
        width = 0 if chunk[:1] == "\n" else len(chunk) + 1
        with self._adding:
            number, first = len(self), self._tokens_used
            if chunk in self:
                return self[chunk]
            # Readers may hold the arrays: they are replaced, never resized, and a row is written before it is known.
            if number == len(self.entries):
                self.entries = np.concatenate([self.entries, np.zeros_like(self.entries)])
            while first + len(rows) > len(self.tokens):
                self.tokens = np.concatenate([self.tokens, np.zeros_like(self.tokens)])
            self.entries[number] = first, len(rows), width
            for at, row in enumerate(rows, first):
                self.tokens[at] = row
            self._tokens_used += len(rows)
            self.size += len(chunk) + 16
            self[chunk] = number
        return number


@cache
def default_segmenter() -> Segmenter:
    """Return the shared segmenter over pyvi's model."""
    return Segmenter(pyvi_model())
