"""Cut text into the words that pyvi's model finds, with their offsets.

The words are those of ``pyvi.ViTokenizer``: the same token pattern, attributes, best path and joining rule; tests
compare every cut with pyvi's own. Only the computation differs:

- No token of pyvi crosses a space, so a text is split at its spaces, and each distinct chunk is cut into tokens and
  looked up in the model once. The text is then an array of row numbers in a table of weights.
- A token's score is the sum of its own weights and those from its neighbours: a few array additions.
- Most scores outweigh the transitions and decide their label alone; the best path (Viterbi) is computed only for the
  others.

pyvi's output has ``_`` inside words and one space between them, so offsets are lost if the text itself has ``_`` or
other white space. Here a word is a pair of offsets.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from threading import Lock

import numpy as np
import numpy.typing as npt

from index.analysis.pyvi_model import BestPath, Model, pyvi_model

# pyvi's alternatives, in pyvi's order; the first that matches wins. The one for e-mail addresses is left out where none
# can match: from every character of a long run of letters and dots, it would read to the end of the run.
_LOCAL, _DOMAIN = r"[a-zA-Z0-9_.+-]", r"@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+"
_BEFORE_ADDRESSES = (
    r"[A-ZĐ]+\.", r"Tp\.", r"Mr\.", r"Mrs\.", r"Ms\.", r"Dr\.", r"ThS\.", "==>", "->", r"\.\.\.", ">>", "\n",
    r"\w+://[^\s]+",
)  # fmt: skip
_AFTER_ADDRESSES = (r"\d+(?:[.,_]\d+)+", r"[^\w\s]", r"\w+")
_TOKEN = re.compile("|".join((*_BEFORE_ADDRESSES, *_AFTER_ADDRESSES)))
_TOKEN_OR_ADDRESS = re.compile("|".join((*_BEFORE_ADDRESSES, f"{_LOCAL}+{_DOMAIN}", *_AFTER_ADDRESSES)))
_LOCAL_RUN, _DOMAIN_AFTER = re.compile(f"{_LOCAL}*"), re.compile(_DOMAIN)
END = "\n\n"
"""The token that starts and ends every sequence. No text yields it, because each line break is a chunk of its own."""
_REMEMBERED = 1 << 20  # characters in all chunks, plus 16 for each chunk

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Tokens = npt.NDArray[np.void]
# A token: its weights as in Model.inside, where _Dictionary has the pairs that start or end with it, and how it joins
# its neighbours.
_TOKEN_FIELDS = [
    ("here", "f8"), ("as_previous", "f8"), ("as_next", "f8"), ("pair_row", "i8"), ("pair_byte", "i8"),
    ("pair_bit", "u1"), ("joins_next", "u1"), ("joins_previous", "u1"),
]  # fmt: skip
TOKEN_ROW = np.dtype(_TOKEN_FIELDS, align=True)
# A token of a chunk also has offsets, relative to the sum of ``advance`` up to and including its row.
_PLACED_ROW = np.dtype([*_TOKEN_FIELDS, ("start", "i8"), ("end", "i8"), ("advance", "i8")], align=True)


class Segmenter:
    """Find words in text. Safe to share between threads; caches at most about 60,000 distinct chunks."""

    def __init__(self, model: Model) -> None:
        self._weight = weight = model.inside.get
        known_pair = np.array([0.0, 1.0, 0.0, 1.0])  # by the dictionary's two bits: 1 and 3 are words
        self._pair_before, self._pair_after = (known_pair * weight(f"{at}:word.bi_gram()", 0.0) for at in ("-1", "+1"))
        self._triple_before, self._triple_after = (weight(f"{at}:word.tri_gram()", 0.0) for at in ("-2", "+2"))
        self._best_path = BestPath(model.transitions)
        self._dictionary = _Dictionary(model)
        self._chunks = _Chunks(self.token_row)

    def words(self, text: str) -> list[tuple[int, int]]:
        """Return the (start, end) of each word of ``text`` (NFC), in order; punctuation counts as words."""
        starts, ends = self._cut(text.replace("\n", " \n "))
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def words_of_lines(self, text: str) -> tuple[_Ints, _Ints]:
        """Return the starts and ends of the words in ``text`` (NFC), cut line by line, and of its line breaks."""
        return self._cut(text.replace("\n", f" {END} "))

    def _cut(self, spaced: str) -> tuple[_Ints, _Ints]:
        if self._chunks.size > _REMEMBERED:
            self._chunks = _Chunks(self.token_row)
        tokens = self._chunks.tokens(f"{END} {spaced} {END}".split(" "))
        last = (~self.joined(tokens)).nonzero()[0]  # last token of each word; the first word is the leading END
        base = np.add.accumulate(tokens["advance"])
        starts, ends = base + tokens["start"], base + tokens["end"]
        return starts[1:][last[:-1]], ends[last[1:]]

    def joined(self, tokens: _Tokens) -> npt.NDArray[np.bool]:
        """Return for each token but the last whether the next one belongs to its word.

        ``tokens`` have the fields of ``TOKEN_ROW``. The first and the last must be ``END``, and an ``END`` must
        separate sequences.
        """
        inside = self._best_path.labels(self._scores(tokens))
        joined: npt.NDArray[np.bool] = (tokens["joins_next"][:-1] & tokens["joins_previous"][1:]) * inside[1:] != 0
        return joined

    def _scores(self, tokens: _Tokens) -> _Floats:
        """Return each token's score for "inside" minus that for "begin", without transitions."""
        known = self._dictionary.look_up(tokens)
        scores = tokens["here"].copy()
        after, before = scores[1:], scores[:-1]
        after += tokens["as_previous"][:-1]
        after += self._pair_before[known]
        before += tokens["as_next"][1:]
        before += self._pair_after[known]
        begun = (known > 1).nonzero()[0]
        if len(begun):
            triples = begun[self._dictionary.are_triples(tokens["pair_row"], begun)]
            scores[triples + 2] += self._triple_before
            scores[triples] += self._triple_after
        return scores

    def token_row(self, token: str) -> tuple[float, ...]:
        """Return the values of the ``TOKEN_ROW`` of a token."""
        if token == END:  # always begins a word; its weights for its neighbours cancel the transitions
            path = self._best_path
            return (-np.inf, -path.given[0], path.asked[0], 0, 0, 0, 0, 0)
        weight = self._weight
        lower = token.lower()
        name = lower.partition("\0")[0]  # CRFsuite reads attribute names as C strings
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
        joins_next = joins_previous = 0
        if token not in string.punctuation and not token[0].isdigit():
            joins_next, joins_previous = (3, 2) if token[0].istitle() else (1, 1)  # a title follows only a title
        return (here, previous, following, *self._dictionary.places(lower), joins_next, joins_previous)


class _Dictionary:
    """pyvi's words of two and three syllables.

    A table of 9 MB has two bits for each pair of syllables: 1 if the pair is a word, 2 if it begins a word of three.
    The first syllable's number selects the row of the table, the second's the byte in the row and the bits in it.
    """

    def __init__(self, model: Model) -> None:
        pairs = [(first, second) for first, seconds in model.pairs.items() for second in seconds]
        begun = [(first, second) for first, seconds in model.triples.items() for second in seconds]
        thirds = (third for seconds in model.triples.values() for thirds in seconds.values() for third in thirds)
        names = sorted({*chain(*pairs, *begun), *thirds})
        self._numbers = number = {name: number for number, name in enumerate(names, 1)}
        self._row = len(names) // 4 + 1
        table = bytearray((len(names) + 1) * self._row)
        for words, bit in ((pairs, 1), (begun, 2)):
            for first, second in words:
                row, _, _ = self.places(first)
                _, byte, shift = self.places(second)
                table[row + byte] |= bit << shift
        self._bits = np.frombuffer(table, np.uint8)
        triples = [
            [number[first], number[second], number[third]]
            for first, seconds in model.triples.items()
            for second, thirds in seconds.items()
            for third in thirds
        ]
        self._triples = np.sort(self._triple_keys(np.array(triples, np.int64).reshape(-1, 3).T))

    def places(self, syllable: str) -> tuple[int, int, int]:
        """Return the row of pairs that start with ``syllable``, and the byte and bit in a row for pairs that end so."""
        number = self._numbers.get(syllable, 0)
        return number * self._row, number >> 2, 2 * (number & 3)

    def look_up(self, tokens: _Tokens) -> npt.NDArray[np.uint8]:
        """Return the two bits of each pair of neighbours."""
        found: npt.NDArray[np.uint8] = (
            self._bits[tokens["pair_row"][:-1] + tokens["pair_byte"][1:]] >> tokens["pair_bit"][1:] & 3
        )
        return found

    def are_triples(self, rows: _Ints, at: _Ints) -> npt.NDArray[np.bool]:
        """Return for places ``at`` in ``rows``, where two tokens begin a word of three, whether the third ends it."""
        keys = self._triple_keys(np.stack([rows[at], rows[at + 1], rows[at + 2]]) // self._row)
        found = self._triples.searchsorted(keys).clip(max=max(len(self._triples) - 1, 0))
        same: npt.NDArray[np.bool] = self._triples[found] == keys
        return same

    @staticmethod
    def _triple_keys(numbers: _Ints) -> _Ints:
        first, second, third = numbers
        keys: _Ints = (first << 40) | (second << 20) | third
        return keys


class _Chunks(dict[str, tuple[int, ...]]):
    """The row numbers of the tokens of each chunk; the first lookup of a chunk cuts and adds it."""

    def __init__(self, token_row: Callable[[str], tuple[float, ...]]) -> None:
        self.size = 0
        self._token_row = cache(token_row)
        self._table = np.zeros(1 << 14, _PLACED_ROW)
        self._used = 0
        self._adding = Lock()

    def tokens(self, names: list[str]) -> _Tokens:
        """Return the rows of the tokens of a text split at its spaces; the first chunk must be ``END``."""
        rows = list(map(self.__getitem__, names))
        if not all(rows):  # white space has no token to carry its width: join it to the chunk before
            groups: list[list[str]] = []
            for name, found in zip(names, rows, strict=True):
                if found:
                    groups.append([name])
                else:
                    groups[-1].append(name)
            rows = [self[" ".join(group)] for group in groups]
        return self._table.take(np.fromiter(chain.from_iterable(rows), np.int64))

    def __missing__(self, chunk: str) -> tuple[int, ...]:
        width = len(chunk) + 1
        if chunk.startswith("\n"):  # stands at the space inserted before it
            sign = END if chunk.startswith(END) else "\n"
            width -= len(sign) + 1
            cuts = [(sign, -1, 0)]
        else:
            cuts = pyvi_tokens(chunk)
        with self._adding:
            if chunk in self:
                return self[chunk]
            rows = tuple(range(self._used, self._used + len(cuts)))
            self._used += len(cuts)
            # Other threads may be reading: replace the table, never resize it; write a row before adding its number.
            if self._used > len(self._table):
                self._table = np.concatenate([self._table, np.zeros(self._used, _PLACED_ROW)])
            for row, (token, start, end) in zip(rows, cuts, strict=True):
                advance = width if row == rows[-1] else 0
                self._table[row] = (*self._token_row(token), start - advance, end - advance, advance)
            self.size += len(chunk) + 16
            self[chunk] = rows
        return rows


def pyvi_tokens(chunk: str) -> list[tuple[str, int, int]]:
    """Return pyvi's tokens of a chunk without spaces, each with its start and end."""
    if chunk.isalnum():  # fast path: the pattern would match the same
        return [(chunk, 0, len(chunk))]
    return [(match.group(), match.start(), match.end()) for match in _matches(chunk)]


def _matches(chunk: str) -> Iterator[re.Match[str]]:
    """Yield pyvi's tokens of a chunk, in time linear in its length."""
    if "@" not in chunk:
        yield from _TOKEN.finditer(chunk)
        return
    at = run_end = 0
    pattern = _TOKEN
    while at < len(chunk):
        if at >= run_end:  # an address is a run of local-part characters, then @ and a domain
            run = _LOCAL_RUN.match(chunk, at)
            run_end = max(at + 1, run.end() if run else 0)
            pattern = _TOKEN_OR_ADDRESS if _DOMAIN_AFTER.match(chunk, run_end) else _TOKEN
        match = pattern.match(chunk, at)
        if match is None:
            at += 1
        else:
            yield match
            at = match.end()


@cache
def default_segmenter() -> Segmenter:
    """Return the shared segmenter with pyvi's model."""
    return Segmenter(pyvi_model())
