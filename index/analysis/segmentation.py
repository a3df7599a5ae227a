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
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from threading import Lock

import numpy as np
import numpy.typing as npt

from index.analysis.pyvi_model import BestPath, Model, pyvi_model

# pyvi's alternatives, in pyvi's order; the first that matches wins. That of addresses is left out where none can be: it
# would read a long run of letters and points to its end from each of them.
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
"""The token for an end of a sequence; never one of a text, where each line break is a chunk of its own."""
_REMEMBERED = 1 << 20  # characters of chunks, counting 16 more for each chunk

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Tokens = npt.NDArray[np.void]
# A token: its weights as in Model.inside, where the dictionary keeps the pairs it is the first or the second of, how it
# joins with its neighbours.
_TOKEN_FIELDS = [
    ("here", "f8"), ("as_previous", "f8"), ("as_next", "f8"), ("pair_row", "i8"), ("pair_byte", "i8"),
    ("pair_bit", "u1"), ("joins_next", "u1"), ("joins_previous", "u1"),
]  # fmt: skip
TOKEN_ROW = np.dtype(_TOKEN_FIELDS, align=True)
# A token of a chunk has a place too, counted from the sum of ``advance`` up to and with it.
_PLACED_ROW = np.dtype([*_TOKEN_FIELDS, ("start", "i8"), ("end", "i8"), ("advance", "i8")], align=True)


class Segmenter:
    """Find words in text. Safe to share between threads; remembers at most about 60,000 distinct chunks."""

    def __init__(self, model: Model) -> None:
        self._weight = weight = model.inside.get
        known_pair = np.array([0.0, 1.0, 0.0, 1.0])  # by what the dictionary says of two tokens
        self._pair_before, self._pair_after = (known_pair * weight(f"{at}:word.bi_gram()", 0.0) for at in ("-1", "+1"))
        self._triple_before, self._triple_after = (weight(f"{at}:word.tri_gram()", 0.0) for at in ("-2", "+2"))
        self._best_path = BestPath(model.transitions)
        self._dictionary = _Dictionary(model)
        self._chunks = _Chunks(self.token_row)

    def words(self, text: str) -> list[tuple[int, int]]:
        """Return the (start, end) of each word of ``text`` (NFC), punctuation included, in order."""
        starts, ends = self._cut(text.replace("\n", " \n "))
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def words_of_lines(self, text: str) -> tuple[_Ints, _Ints]:
        """Return the starts and ends in ``text`` (NFC) of the words of each of its lines, and of the line breaks."""
        return self._cut(text.replace("\n", f" {END} "))

    def _cut(self, spaced: str) -> tuple[_Ints, _Ints]:
        if self._chunks.size > _REMEMBERED:
            self._chunks = _Chunks(self.token_row)
        tokens = self._chunks.tokens(f"{END} {spaced} {END}".split(" "))
        last = (~self.joined(tokens)).nonzero()[0]  # that of each word, the first word being the end put before
        base = np.add.accumulate(tokens["advance"])
        starts, ends = base + tokens["start"], base + tokens["end"]
        return starts[1:][last[:-1]], ends[last[1:]]

    def joined(self, tokens: _Tokens) -> npt.NDArray[np.bool]:
        """Return for each token but the last whether the next one belongs to its word.

        ``tokens`` have the fields of ``TOKEN_ROW``. The first and the last must be ``END``, and one must stand between
        any two sequences.
        """
        inside = self._best_path.labels(self._scores(tokens))
        joined: npt.NDArray[np.bool] = (tokens["joins_next"][:-1] & tokens["joins_previous"][1:]) * inside[1:] != 0
        return joined

    def _scores(self, tokens: _Tokens) -> _Floats:
        """Return for each token how much speaks for "inside" over "begin", transitions aside."""
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
        """Return what the model says of a token, the values of a ``TOKEN_ROW``."""
        if token == END:  # a beginning, whatever stands near; what it lends undoes the transitions to and from it
            path = self._best_path
            return (-np.inf, -path.given[0], path.asked[0], 0, 0, 0, 0, 0)
        weight = self._weight
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
        joins_next = joins_previous = 0
        if token not in string.punctuation and not token[0].isdigit():
            joins_next, joins_previous = (3, 2) if token[0].istitle() else (1, 1)  # only a title joins with a title
        return (here, previous, following, *self._dictionary.places(lower), joins_next, joins_previous)


class _Dictionary:
    """pyvi's words of two and three syllables.

    A table has two bits for each two syllables, 9 MB: 1 if they are a word, 2 if they begin a word of three. The
    first syllable's number chooses the row of the table, the second one's the byte in the row and the bits in it.
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
        """Return where the table has the pairs that ``syllable`` is in: row, byte in a row, bit in a byte."""
        number = self._numbers.get(syllable, 0)
        return number * self._row, number >> 2, 2 * (number & 3)

    def look_up(self, tokens: _Tokens) -> npt.NDArray[np.uint8]:
        """Return the two bits of each two neighbours."""
        found: npt.NDArray[np.uint8] = (
            self._bits[tokens["pair_row"][:-1] + tokens["pair_byte"][1:]] >> tokens["pair_bit"][1:] & 3
        )
        return found

    def are_triples(self, rows: _Ints, at: _Ints) -> npt.NDArray[np.bool]:
        """Tell for places ``at`` in ``rows``, where two tokens begin a word of three, whether the third ends it."""
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
    """The chunks met so far, each as the rows of its tokens; one asked for the first time is cut and added."""

    def __init__(self, token_row: Callable[[str], tuple[float, ...]]) -> None:
        self.size = 0
        self._token_row = cache(token_row)
        self._table = np.zeros(1 << 14, _PLACED_ROW)
        self._used = 0
        self._adding = Lock()

    def tokens(self, names: list[str]) -> _Tokens:
        """Return the rows of the tokens of a text split at its spaces; the first chunk is an end."""
        rows = list(map(self.__getitem__, names))
        if not all(rows):  # chunks of spaces have no token to keep their length: add them to the one before
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
        if chunk.startswith("\n"):  # stands at the space that was put before it
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
            # Other threads may be reading: a table is replaced, never resized, and a row is there before its number.
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
    if chunk.isalnum():  # what the pattern would find, sooner
        return [(chunk, 0, len(chunk))]
    return [(match.group(), match.start(), match.end()) for match in _matches(chunk)]


def _matches(chunk: str) -> Iterator[re.Match[str]]:
    """Yield pyvi's tokens of a chunk, in time that grows with its length."""
    if "@" not in chunk:
        yield from _TOKEN.finditer(chunk)
        return
    at = run_end = 0
    pattern = _TOKEN
    while at < len(chunk):
        if at >= run_end:  # an address is a run of its characters, up to the sign, with a domain behind it
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
    """Return the shared segmenter over pyvi's model."""
    return Segmenter(pyvi_model())
