"""Analyse many texts at once, into columns of numbers instead of lists of strings.

The result equals ``index.analysis.analyzer.analyze`` for each text. Only codes, which are rare, are found text by text.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Analysis, Stream
from index.analysis.codes import OPEN, PLAIN, bare_numbers
from index.analysis.interning import CITY, FOLLOWS_NUMBER, RUNS, InternTables
from index.analysis.normalization import NormalizedText, fold, normalize
from index.analysis.runs import Code, SignRun, Surroundings
from index.analysis.segmentation import default_segmenter
from index.analysis.sentences import sentence_starts
from index.analysis.tokenizer import Tokens, codes_in
from index.arrays import Ints


@dataclass(frozen=True, slots=True)
class SyllableColumns:
    """The syllables of all texts, concatenated, in columns.

    ``numbers`` are those of the intern tables; ``starts`` and ``ends`` are offsets in the canonical text; ``spaced``
    tells whether a single space separates a syllable from the next one, ``capitals`` is 2
    for one in capitals, 1 for one with some.
    """

    numbers: Ints
    starts: Ints
    ends: Ints
    spaced: NDArray[np.bool]
    capitals: Ints

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class WordColumns:
    """The words of all texts, over the syllables from ``firsts`` to ``stops`` (exclusive), with their term numbers.

    ``numbers`` are those of words in the intern tables, -1 for a word of one syllable.
    """

    firsts: Ints
    stops: Ints
    terms: Ints
    numbers: Ints


@dataclass(frozen=True, slots=True)
class AnalyzedBatch:
    """Texts cut into syllables, codes and words.

    The syllables of text ``t`` run from ``bounds[t]`` to ``bounds[t + 1]``, its words from ``word_bounds[t]`` likewise.
    ``positions`` are those of the syllables, each in its text.
    ``streams`` has (term numbers, syllables they stand at) of each stream: first the syllables, then the whole codes,
    both in text order; in a bigram stream, the first syllable's term stands for the bigram. ``terms`` has the terms.
    """

    normals: Sequence[NormalizedText]
    bounds: Ints
    positions: Ints
    syllables: SyllableColumns
    word_bounds: Ints
    words: WordColumns
    codes: Sequence[Sequence[Code]]
    streams: dict[Stream, tuple[Ints, Ints]]
    tables: InternTables

    @property
    def terms(self) -> Sequence[bytes]:
        """Return the terms by number, including terms of earlier batches."""
        return self.tables.names.terms

    def outline(self, at: int) -> Analysis:
        """Return text number ``at`` as ``analyze`` does, but for what definitions need not.

        Places in the original text, forms without accents, positions, and ends and texts of words are left out.
        """
        own, words = slice(*self.bounds[at : at + 2].tolist()), slice(*self.word_bounds[at : at + 2].tolist())
        exact = list(map(self.tables.syllables.exact.__getitem__, self.syllables.numbers[own].tolist()))
        places = memoryview(self.syllables.starts[own].data), memoryview(self.syllables.ends[own].data)
        tokens = Tokens(self.normals[at].text, (), (), exact, (), *places, self.codes[at])
        return Analysis(tokens, (), memoryview((self.words.firsts[words] - own.start).data), (), ())


class BatchAnalyzer:
    """Analyse batches of texts, keeping the intern tables between them. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tables: InternTables | None = None

    def analyze(self, texts: Sequence[str]) -> AnalyzedBatch:
        """Cut ``texts`` into syllables, codes and words; line breaks end words."""
        with self._lock:
            if self._tables is not None and self._tables.are_full:
                self._tables = None
                gc.collect()  # parts of the tables know each other, and a worker has no collector running
            if self._tables is None:
                self._tables = InternTables(default_segmenter())
            tables, self._tables = self._tables, None  # an exception drops the tables, which may be incomplete
            batch = _analyze(tables, list(map(normalize, texts)))
            self._tables = tables
        return batch


def _analyze(tables: InternTables, normals: Sequence[NormalizedText]) -> AnalyzedBatch:
    texts = [normal.text for normal in normals]
    numbers, texts_at = tables.chunks.of_texts(texts)
    counts, columns = tables.chunks.syllables.take(numbers)
    before = np.concatenate([[0], np.cumsum(counts)])
    bounds = before[texts_at]
    chunk_of = np.repeat(np.arange(len(numbers)), counts)
    marks = np.asarray(tables.chunks.marks)[numbers]
    syllables = _placed(np.asarray(tables.chunks.widths)[numbers], texts_at, chunk_of, columns)
    words = _words(tables, numbers, chunk_of, columns)
    codes = _codes(tables, normals, syllables, (numbers, marks, texts_at, before))
    exact, folded = (
        np.asarray(column)[syllables.numbers]
        for column in (tables.syllables.exact_names, tables.syllables.folded_names)
    )
    streams = {
        Stream.SYLLABLE: _with_codes(tables, exact, bounds, codes, str),
        Stream.FOLDED: _with_codes(tables, folded, bounds, codes, fold),
        Stream.WORD: (words.terms, words.firsts),
        Stream.BIGRAM: (exact, np.arange(len(exact))),
        Stream.FOLDED_BIGRAM: (folded, np.arange(len(folded))),
    }
    positions = _positions(texts, bounds, syllables.starts)
    return AnalyzedBatch(
        normals, bounds, positions, syllables, np.searchsorted(words.firsts, bounds), words, codes, streams, tables
    )


def _positions(texts: Sequence[str], bounds: Ints, starts: Ints) -> Ints:
    """Return the position of every syllable in its text."""
    positions = np.arange(len(starts)) - np.repeat(bounds[:-1], np.diff(bounds))
    for text, first, end in zip(texts, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if sentences := sentence_starts(text):
            positions[first:end] += np.searchsorted(sentences, starts[first:end], "right")
    return positions


def _placed(widths: Ints, texts_at: Ints, chunk_of: Ints, columns: Ints) -> SyllableColumns:
    """Return the syllables with offsets counted from the start of their text."""
    bases = np.cumsum(widths) - widths
    bases[:-1] -= np.repeat(bases[texts_at[:-1]], np.diff(texts_at))
    numbers, starts, ends, capitals, _ = columns
    starts += bases[chunk_of]
    ends += bases[chunk_of]
    spaced = np.zeros(len(numbers), bool)
    spaced[:-1] = (starts[1:] - ends[:-1] == 1) & (np.diff(chunk_of) == 1)
    return SyllableColumns(numbers, starts, ends, spaced, capitals)


def _words(tables: InternTables, chunks: Ints, chunk_of: Ints, columns: Ints) -> WordColumns:
    syllables, _, _, _, begun_in = columns
    counts, (tokens,) = tables.chunks.tokens.take(chunks)
    joined = tables.segmenter.joined(tables.tokens.table().take(tokens))
    word_of_token = np.concatenate([[0], np.cumsum(~joined)])
    word_of = word_of_token[(np.cumsum(counts) - counts)[chunk_of] + begun_in]
    firsts = np.flatnonzero(np.diff(word_of, prepend=-1))
    stops = np.append(firsts, len(word_of))[1:]
    numbers = np.full(len(firsts), -1)
    sizes = stops - firsts
    several, two = np.flatnonzero(sizes > 1), np.flatnonzero(sizes == 2)
    pairs = tables.words.pair_keys(syllables[firsts[two]], syllables[firsts[two] + 1])
    distinct, known = np.unique(pairs, return_inverse=True)
    numbers[two] = _numbers(tables.words, distinct.tolist())[known]
    longer = np.flatnonzero(sizes > 2)
    spans = zip(firsts[longer].tolist(), stops[longer].tolist(), strict=True)
    numbers[longer] = _numbers(tables.words, (tuple(syllables[first:stop].tolist()) for first, stop in spans))
    terms = np.asarray(tables.syllables.exact_names)[syllables[firsts]]
    terms[several] = np.asarray(tables.words.names)[numbers[several]]
    return WordColumns(firsts, stops, terms, numbers)


def _numbers(words: dict[tuple[int, ...] | int, int], keys: Iterable[tuple[int, ...] | int]) -> Ints:
    return np.fromiter(map(words.__getitem__, keys), np.int64)


class _Column(NamedTuple):
    """A column of the syllables of a text, given their numbers in the table."""

    values: Sequence[str]
    numbers: Sequence[int]

    def __getitem__(self, at: int, /) -> str:  # type: ignore[override]
        return self.values[self.numbers[at]]

    def __len__(self) -> int:
        return len(self.numbers)


def _codes(
    tables: InternTables,
    normals: Sequence[NormalizedText],
    syllables: SyllableColumns,
    chunks: tuple[Ints, NDArray[np.uint8], Ints, Ints],
) -> list[Sequence[Code]]:
    """Return the codes of each text, given its chunks: their numbers and marks, where texts start, syllables before."""
    numbers, marks, texts_at, before = chunks
    at = np.flatnonzero(marks & RUNS)
    closed = (marks[at] & OPEN == 0) | (marks[at + 1] & FOLLOWS_NUMBER == 0)
    bare = bare_numbers(
        before[at], closed & (marks[at] & PLAIN != 0), np.asarray(tables.syllables.marks)[syllables.numbers]
    )
    found: list[list[SignRun]] = [[] for _ in normals]
    passed: list[set[int]] = [set() for _ in normals]
    owners = texts_at.searchsorted(at, "right") - 1
    shifts = before[at] - before[texts_at][owners]
    runs = tables.chunks.runs
    for owner, shift, chunk, is_bare in zip(
        *(column.tolist() for column in (owners, shifts, numbers[at], bare)), strict=True
    ):
        found[owner] += [SignRun(shift + first, shift + end, text) for first, end, text in runs[chunk]]
        if is_bare:
            passed[owner].add(shift)
    with_cities = set((texts_at.searchsorted(np.flatnonzero(marks & CITY), "right") - 1).tolist())
    codes: list[Sequence[Code]] = []
    for text, (normal, own, known) in enumerate(zip(normals, found, passed, strict=True)):
        if len(own) == len(known) and text not in with_cities:
            codes.append([])
            continue
        syllables_of = slice(*before[texts_at[text : text + 2]].tolist())
        of_text = memoryview(syllables.numbers[syllables_of].data)
        exact, folded = _Column(tables.syllables.exact, of_text), _Column(tables.syllables.folded, of_text)
        starts, ends = (memoryview(column[syllables_of].data) for column in (syllables.starts, syllables.ends))
        codes.append(codes_in(Surroundings(normal.text, exact, folded, starts, ends), own, known))
    return codes


def _with_codes(
    tables: InternTables, terms: Ints, bounds: Ints, codes: Sequence[Sequence[Code]], form: Callable[[str], str]
) -> tuple[Ints, Ints]:
    """Return (term numbers, syllables they stand at) of the syllables and the whole codes; one text may be both."""

    def whole() -> Iterator[tuple[int, int]]:
        for first, own in zip(bounds.tolist(), codes, strict=False):
            for text, at in {(form(code.text), code.first) for code in own}:
                yield tables.names[text.encode()], first + at

    found = np.array(list(whole()), np.int64).reshape(-1, 2)
    return np.concatenate([terms, found[:, 0]]), np.concatenate([np.arange(len(terms)), found[:, 1]])
