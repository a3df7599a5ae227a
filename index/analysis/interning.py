"""Intern chunks, syllables and words as numbers, since texts repeat them.

A text is split at its spaces into chunks, and each distinct chunk is tokenized once. The results are stored in columns,
so a text is an array of chunk numbers, and array lookups return all that the index needs of it.

Every table numbers its entries in order of first occurrence and only grows. ``InternTables`` that grow too large are
replaced by empty ones.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.analysis.runs import SignRun
from index.analysis.segmentation import END, TOKEN_ROW, Segmenter, pyvi_tokens
from index.analysis.suggestions import bare_syllable, is_foreign, suggestion
from index.analysis.syllables import with_tones_on_last_vowel
from index.analysis.tokenizer import cut_chunk
from index.arrays import Ints, spread

LINE_BREAK = "\n"
"""The chunk for a line break, and for the start and the end of a text; its width is 0."""
_MOST_ENTRIES = 180_000  # about 50 MB
_MOST_CHARACTERS = 1 << 23
_SECOND_BITS = 32


class TermTable(dict[bytes, int]):
    """Terms in UTF-8, as the index has them: ``terms[number]``."""

    def __init__(self) -> None:
        self.terms: list[bytes] = []

    def __missing__(self, term: bytes) -> int:
        number = self[term] = len(self)
        self.terms.append(term)
        return number


class SyllableTable(dict[tuple[str, str], int]):
    """Syllables, keyed by lower-case spelling and canonical form.

    ``exact`` and ``folded`` are the terms with and without accents; ``exact_names`` and ``folded_names`` number them.
    ``foreign`` is 1 for foreign syllables; ``single`` has suggestions of one syllable.
    """

    def __init__(self, names: TermTable) -> None:
        self._names = names
        self.exact: list[str] = []
        self.folded: list[str] = []
        self.written: list[str] = []
        self._bare: dict[int, str | None] = {}
        self.exact_names, self.folded_names = array("q"), array("q")
        self.foreign = array("b")
        self.single = _SingleSuggestions(self)

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
        return number

    def suggestion(self, numbers: Sequence[int]) -> str:
        """Return the suggestion for syllables separated by single spaces, empty if they form none."""
        bare = []
        for number in numbers:
            if number not in self._bare:
                self._bare[number] = bare_syllable(self.written[number])
            syllable = self._bare[number]
            if syllable is None:
                return ""
            bare.append(syllable)
        return suggestion(bare, list(map(self.written.__getitem__, numbers)))


class _SingleSuggestions(dict[int, str]):
    def __init__(self, syllables: SyllableTable) -> None:
        self._syllables = syllables

    def __missing__(self, number: int) -> str:
        found = self[number] = self._syllables.suggestion((number,))
        return found


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
        self._table = np.empty(0, TOKEN_ROW)
        self._fresh: list[tuple[float, ...]] = []

    def __missing__(self, token: str) -> int:
        number = self[token] = len(self)
        self._fresh.append(self._segmenter.token_row(token))
        return number

    def table(self) -> NDArray[np.void]:
        """Return the ``TOKEN_ROW`` of every token, shape (n,)."""
        if self._fresh:
            self._table = np.concatenate([self._table, np.array(self._fresh, TOKEN_ROW)])
            self._fresh = []
        return self._table


class RaggedColumns:
    """Columns with any number of values for each entry: all values concatenated, and the end of each entry."""

    def __init__(self, columns: int) -> None:
        self._ends = array("q", [0])
        self._columns = [array("q") for _ in range(columns)]

    def append(self, *columns: Sequence[int]) -> None:
        """Add an entry: one value in each column for each of its parts."""
        for column, values in zip(self._columns, columns, strict=True):
            column.extend(values)
        self._ends.append(len(self._columns[0]))

    def take(self, entries: Ints) -> tuple[Ints, list[Ints]]:
        """Return the number of parts of each of ``entries``, and the columns of these parts."""
        ends = np.asarray(self._ends)
        starts = ends[entries]
        counts = ends[entries + 1] - starts
        parts = spread(starts, counts)
        return counts, [np.asarray(column).take(parts) for column in self._columns]


class ChunkTable(dict[str, int]):
    """Chunks of canonical text.

    ``widths`` are their lengths, including the space after them. ``syllables`` has the columns syllable, start and end
    in the chunk, capitals (2 for all, 1 for some, 0), and number within the chunk of the pyvi token it starts in;
    ``tokens`` has the numbers of pyvi's tokens. ``runs`` has the ``SignRun`` of the few chunks with any, for which
    ``with_runs`` is 1.
    """

    def __init__(self, syllables: SyllableTable, tokens: TokenTable) -> None:
        self._numbers, self._tokens = syllables, tokens
        self.characters = 0
        self.widths, self.with_runs = array("q"), array("b")
        self.syllables, self.tokens = RaggedColumns(5), RaggedColumns(1)
        self.runs: dict[int, Sequence[SignRun]] = {}

    def __missing__(self, chunk: str) -> int:
        number = self[chunk] = len(self)
        self.characters += len(chunk)
        if chunk == LINE_BREAK:
            self._add(0, (), [(END, 0, 0)], ((), (), (), ()))
            return number
        cut = cut_chunk(chunk)
        syllables = [
            self._numbers.number(chunk[start:end], exact, folded)
            for start, end, exact, folded in zip(cut.starts, cut.ends, cut.exact, cut.folded, strict=True)
        ]
        tokens = pyvi_tokens(with_tones_on_last_vowel(chunk))
        capitals = [0] * len(syllables)
        if chunk != chunk.lower():
            spans = zip(cut.starts, cut.ends, strict=True)
            capitals = [_capitals(chunk[start:end]) for start, end in spans]
        self._add(len(chunk) + 1, cut.runs, tokens, (syllables, cut.starts, cut.ends, capitals))
        if cut.runs:
            self.runs[number] = cut.runs
        return number

    def _add(
        self,
        width: int,
        runs: Sequence[SignRun],
        tokens: Sequence[tuple[str, int, int]],
        columns: tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int]],
    ) -> None:
        self.widths.append(width)
        self.with_runs.append(bool(runs))
        self.tokens.append([self._tokens[token] for token, _, _ in tokens])
        begins = [start for _, start, _ in tokens]
        self.syllables.append(*columns, [bisect_right(begins, place) - 1 for place in columns[1]])


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
