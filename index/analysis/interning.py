"""Intern chunks, syllables and words as numbers, since texts repeat them.

A text is split at its spaces into chunks, and each distinct chunk is tokenized once. The results are stored in columns,
so a text is an array of chunk numbers, and array lookups return all that the index needs of it.

Every table numbers its entries in order of first occurrence and only grows. ``InternTables`` that grow too large are
replaced by empty ones.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.codes import may_follow_number, number_marks, syllable_marks
from index.analysis.runs import SignRun
from index.analysis.segmentation import END, TOKEN_ROW, Segmenter, pyvi_tokens
from index.analysis.suggestions import bare_syllable, is_foreign, suggestion
from index.analysis.syllables import with_tones_on_last_vowel
from index.analysis.tokenizer import cut_chunk
from index.arrays import Ints
from index.kernels.building import StringTable, take_runs
from index.kernels.library import kernels
from index.memo import Memo

LINE_BREAK = "\n"
"""The chunk for a line break, and for the start and the end of a text; its width is 0."""
RUNS, FOLLOWS_NUMBER, CITY = 4, 8, 16
"""Marks of a chunk, beside those of ``codes``: sign runs, what may follow a number, what may begin a city."""
_LINE_BREAK_NUMBER = 0
_MOST_ENTRIES = 180_000  # about 50 MB
_MOST_CHARACTERS = 1 << 23
_SECOND_BITS = 32


class RankedTerms(NamedTuple):
    """Terms in arrays: ``ranks`` by number, ``order`` has the number of each rank; likewise with ``_`` after each term,
    if it has none.

    Term ``n`` is ``lengths[n]`` bytes of ``blob`` from ``starts[n]`` on, and ``_`` follows it.
    """

    ranks: Ints
    order: Ints
    ranks_before_sign: Ints
    order_before_sign: Ints
    blob: NDArray[np.uint8]
    starts: Ints
    lengths: Ints


class TermTable(dict[bytes, int]):
    """Terms in UTF-8, as the index has them: ``terms[number]``."""

    def __init__(self) -> None:
        self.terms: list[bytes] = []
        self._ranking = Lock()
        none = np.empty(0, np.int64)
        self._order = self._signed = _Order(none, np.empty(0, np.uint64))
        self._ranked = RankedTerms(none, none, none, none, np.empty(0, np.uint8), none, none)

    def __missing__(self, term: bytes) -> int:
        number = self[term] = len(self)
        self.terms.append(term)
        return number

    def ranked(self) -> RankedTerms:
        """Return all terms so far; what is returned does not change. Threads may share it."""
        with self._ranking:
            known = self._ranked
            if fresh := self.terms[len(known.ranks) :]:
                numbers = range(len(known.ranks), len(known.ranks) + len(fresh))
                syllables = [number for number in numbers if b"_" not in self.terms[number]]
                order = self._order = self._order.added(numbers, self.terms.__getitem__)
                signed = self._signed = self._signed.added(syllables, lambda number: self.terms[number] + b"_")
                lengths = np.append(known.lengths, list(map(len, fresh)))
                starts = np.cumsum(lengths + 1) - lengths - 1
                blob = np.append(known.blob, np.frombuffer(b"_".join([*fresh, b""]), np.uint8))
                count = len(starts)
                self._ranked = RankedTerms(
                    order.ranks(count), order.numbers, signed.ranks(count), signed.numbers, blob, starts, lengths
                )
            return self._ranked


class _Order(NamedTuple):
    """Numbers of strings in ascending order of these, and the first eight bytes of each string as a number."""

    numbers: Ints
    begins: NDArray[np.uint64]

    def added(self, fresh: Sequence[int], name: Callable[[int], bytes]) -> _Order:
        """Return the order with ``fresh`` numbers added; ``name`` returns the string of any number."""
        fresh, known = sorted(fresh, key=name), memoryview(self.numbers.data)
        begins = np.array([int.from_bytes(name(number)[:8].ljust(8, b"\0")) for number in fresh], np.uint64)
        lows, highs = self.begins.searchsorted(begins).tolist(), self.begins.searchsorted(begins, "right").tolist()
        spans = zip(fresh, lows, highs, strict=True)
        places = [bisect_left(known, name(number), low, high, key=name) for number, low, high in spans]
        return _Order(np.insert(self.numbers, places, fresh), np.insert(self.begins, places, begins))

    def ranks(self, count: int) -> Ints:
        """Return the place in the order of each of ``count`` numbers, 0 for one that is not there."""
        ranks = np.zeros(count, np.int64)
        ranks[self.numbers] = np.arange(len(self.numbers))
        return ranks


class SyllableTable(dict[tuple[str, str], int]):
    """Syllables, keyed by lower-case spelling and canonical form.

    ``exact`` and ``folded`` are the terms with and without accents; ``exact_names`` and ``folded_names`` number them.
    ``foreign`` is 1 for foreign syllables, ``marks`` are ``codes.syllable_marks``; ``single`` has suggestions of one
    syllable.
    """

    def __init__(self, names: TermTable) -> None:
        self._names = names
        self.exact: list[str] = []
        self.folded: list[str] = []
        self.written: list[str] = []
        self._bare: Memo[int, str | None] = Memo(lambda number: bare_syllable(self.written[number]), _MOST_ENTRIES)
        self.exact_names, self.folded_names = array("q"), array("q")
        self.foreign, self.marks = array("b"), array("B")
        self.single: Memo[int, str] = Memo(lambda number: self.suggestion((number,)), _MOST_ENTRIES)

    def number(self, written: str, exact: str, folded: str) -> int:
        """Return the number of a syllable; ``written`` is its spelling in the canonical text."""
        lower = written.lower()
        number = self.get((lower, exact))
        if number is None:
            number = self[lower, exact] = len(self)
            self.exact.append(exact)
            self.folded.append(folded)
            self.written.append(lower)
            self.exact_names.append(self._names[exact.encode()])
            self.folded_names.append(self._names[folded.encode()])
            self.foreign.append(is_foreign(lower, folded))
            self.marks.append(syllable_marks(folded))
        return number

    def suggestion(self, numbers: Sequence[int]) -> str:
        """Return the suggestion for syllables separated by single spaces, empty if they form none."""
        bare = []
        for number in numbers:
            syllable = self._bare[number]
            if syllable is None:
                return ""
            bare.append(syllable)
        return suggestion(bare, list(map(self.written.__getitem__, numbers)))


class WordTable(dict[tuple[int, ...] | int, int]):
    """Words of two or more syllables, keyed by the numbers of these; those of two, by ``pair_keys``.

    ``names`` are their term numbers, ``suggestions`` their suggestions where single spaces separate the syllables.
    """

    def __init__(self, names: TermTable, syllables: SyllableTable) -> None:
        self._names, self._syllables = names, syllables
        self.characters = 0
        self.names = array("q")
        self.suggestions: list[str] = []

    @staticmethod
    def pair_keys(firsts: Ints, seconds: Ints) -> Ints:
        """Return the keys of words of two syllables: one number each, which takes a third of the memory of two."""
        return firsts << _SECOND_BITS | seconds

    def __missing__(self, key: tuple[int, ...] | int) -> int:
        number = self[key] = len(self)
        syllables = key if isinstance(key, tuple) else (key >> _SECOND_BITS, key & ((1 << _SECOND_BITS) - 1))
        term = "_".join(map(self._syllables.exact.__getitem__, syllables))
        self.characters += len(term)
        self.names.append(self._names[term.encode()])
        self.suggestions.append(self._syllables.suggestion(syllables))
        return number


class TokenTable(dict[str, int]):
    """The tokens of pyvi, with the model's row for each."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._table = np.empty(1 << 10, TOKEN_ROW)
        self._fresh: list[tuple[float, ...]] = []

    def __missing__(self, token: str) -> int:
        number = self[token] = len(self)
        self._fresh.append(self._segmenter.token_row(token))
        return number

    def table(self) -> NDArray[np.void]:
        """Return the ``TOKEN_ROW`` of every token, and of more rows."""
        if self._fresh:
            if len(self) > len(self._table):
                self._table = np.concatenate([self._table, np.empty(len(self), TOKEN_ROW)])
            self._table[len(self) - len(self._fresh) : len(self)] = self._fresh
            self._fresh = []
        return self._table


class RaggedRows:
    """Any number of rows of so many columns for each entry: all rows concatenated, and the end of each entry."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._ends, self._values = array("q", [0]), array("i")

    def append(self, rows: Sequence[int]) -> None:
        """Add an entry: its rows, concatenated."""
        self._values.extend(rows)
        self._ends.append(len(self._values) // self._columns)

    def take(self, entries: Ints) -> tuple[Ints, Ints]:
        """Return the number of rows of each of ``entries``, and these rows as columns, shape (columns, n)."""
        ends = np.asarray(self._ends)
        starts = ends[entries]
        counts = ends[entries + 1] - starts
        rows = take_runs(np.asarray(self._values).reshape(-1, self._columns), starts, counts)
        return counts, np.ascontiguousarray(rows.T, np.int64)


class ChunkTable(dict[str, int]):
    """Chunks of canonical text; where kernels are compiled, a table of theirs has those of earlier texts instead.

    ``widths`` are their lengths, including the space after them. ``syllables`` has the columns syllable, start and end
    in the chunk, capitals (2 for all, 1 for some, 0), and number within the chunk of the pyvi token it starts in;
    ``tokens`` has the numbers of pyvi's tokens. ``runs`` has the ``SignRun`` of the few chunks with any. ``marks`` are
    those of this module and of ``codes``.
    """

    def __init__(self, syllables: SyllableTable, tokens: TokenTable) -> None:
        self._numbers, self._tokens = syllables, tokens
        self.characters = 0
        self.widths, self.marks = array("q"), array("B")
        self.syllables, self.tokens = RaggedRows(5), RaggedRows(1)
        self.runs: dict[int, Sequence[SignRun]] = {}
        self._table = StringTable()
        self[LINE_BREAK] = _LINE_BREAK_NUMBER
        self._add(0, FOLLOWS_NUMBER, [END], ())

    def __len__(self) -> int:
        return len(self.widths)

    def of_texts(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Return the numbers of the chunks of canonical texts, and where among them each text starts.

        There is a line break before each text, and after the last.
        """
        sizes = [2 + text.count(" ") + 2 * text.count(LINE_BREAK) for text in texts]
        together = LINE_BREAK.join([*texts, ""])
        encoded = together.encode("utf-8", "surrogatepass")
        if kernels():
            self._table.add([chunk.encode("utf-8", "surrogatepass") for chunk in self])
            self.clear()
        found = self._table.pieces(encoded, _LINE_BREAK_NUMBER)
        if found is None:
            pieces = together.replace(LINE_BREAK, f" {LINE_BREAK} ").split(" ")[:-1]
            numbers = np.fromiter(map(self.__getitem__, pieces), np.int64, len(pieces))
        else:
            numbers, unknown = found
            for place, start, end in unknown:
                numbers[place] = self[encoded[start:end].decode("utf-8", "surrogatepass")]
        return np.concatenate([[0], numbers]), np.cumsum([0, *sizes])

    def __missing__(self, chunk: str) -> int:
        number = self[chunk] = len(self)
        self.characters += len(chunk)
        cut = cut_chunk(chunk)
        tokens = pyvi_tokens(chunk if chunk.isascii() else with_tones_on_last_vowel(chunk))
        begins = [start for _, start, _ in tokens]
        has_capitals = chunk != chunk.lower()
        rows: list[int] = []
        for start, end, exact, folded in zip(cut.starts, cut.ends, cut.exact, cut.folded, strict=True):
            written = chunk[start:end]
            capitals = _capitals(written) if has_capitals else 0
            syllable = self._numbers.number(written, exact, folded)
            rows += (syllable, start, end, capitals, bisect_right(begins, start) - 1)
        marks = FOLLOWS_NUMBER * may_follow_number(chunk) | CITY * ("tp" in chunk.lower())
        if cut.runs:
            self.runs[number] = cut.runs
            plain = len(cut.runs) == 1 and cut.runs[0][:2] == (0, 1)
            marks |= RUNS | (number_marks(chunk, cut.starts[0], cut.ends[0]) if plain else 0)
        self._add(len(chunk) + 1, marks, [token for token, _, _ in tokens], rows)
        return number

    def _add(self, width: int, marks: int, tokens: Sequence[str], syllables: Sequence[int]) -> None:
        self.widths.append(width)
        self.marks.append(marks)
        self.tokens.append([self._tokens[token] for token in tokens])
        self.syllables.append(syllables)


def _capitals(written: str) -> int:
    return 2 if written.isupper() else written != written.lower()


class InternTables:
    """The tables of chunks, syllables, words, tokens and terms. Not safe to share between threads."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter
        self.names = TermTable()
        self.syllables = SyllableTable(self.names)
        self.words = WordTable(self.names, self.syllables)
        self.tokens = TokenTable(segmenter)
        self.chunks = ChunkTable(self.syllables, self.tokens)

    @property
    def are_full(self) -> bool:
        """Tell whether the tables should be replaced by empty ones."""
        entries = len(self.chunks) + len(self.words) + len(self.names)
        return entries > _MOST_ENTRIES or self.chunks.characters + self.words.characters > _MOST_CHARACTERS
