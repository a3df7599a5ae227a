"""Analyse many texts at once, into columns of numbers instead of lists of strings.

The result equals ``index.analysis.analyzer.analyze`` for each text. Only codes, which are rare, are found text by text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Analysis, Stream
from index.analysis.interning import LINE_BREAK, InternTables
from index.analysis.normalization import NormalizedText, fold, normalize
from index.analysis.runs import Code, SignRun, Surroundings
from index.analysis.segmentation import default_segmenter
from index.analysis.sentences import sentence_starts
from index.analysis.tokenizer import Tokens, codes_in, original_places
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

    def analysis(self, at: int) -> Analysis:
        """Return what ``index.analysis.analyzer.analyze`` returns for text number ``at``."""
        normal = self.normals[at]
        own, words = slice(*self.bounds[at : at + 2].tolist()), slice(*self.word_bounds[at : at + 2].tolist())
        known = self.tables.syllables
        numbers = self.syllables.numbers[own].tolist()
        exact, folded = (list(map(column.__getitem__, numbers)) for column in (known.exact, known.folded))
        places = self.syllables.starts[own].tolist(), self.syllables.ends[own].tolist()
        tokens = Tokens(normal.text, *original_places(normal, *places), exact, folded, *places, self.codes[at])
        firsts, stops = ((column[words] - own.start).tolist() for column in (self.words.firsts, self.words.stops))
        texts = list(map(bytes.decode, map(self.terms.__getitem__, self.words.terms[words].tolist())))
        return Analysis(tokens, self.positions[own].tolist(), firsts, stops, texts)


class BatchAnalyzer:
    """Analyse batches of texts, keeping the intern tables between them. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tables: InternTables | None = None

    def analyze(self, texts: Sequence[str]) -> AnalyzedBatch:
        """Cut ``texts`` into syllables, codes and words; line breaks end words."""
        with self._lock:
            if self._tables is None or self._tables.are_full:
                self._tables = InternTables(default_segmenter())
            tables, self._tables = self._tables, None  # an exception drops the tables, which may be incomplete
            batch = _analyze(tables, list(map(normalize, texts)))
            self._tables = tables
        return batch


def _analyze(tables: InternTables, normals: Sequence[NormalizedText]) -> AnalyzedBatch:
    chunks: list[str] = []
    starts = []
    for normal in normals:
        starts.append(len(chunks))
        chunks.append(LINE_BREAK)
        chunks += normal.text.replace("\n", f" {LINE_BREAK} ").split(" ")
    starts.append(len(chunks))
    chunks.append(LINE_BREAK)
    numbers = np.fromiter(map(tables.chunks.__getitem__, chunks), np.int64, len(chunks))
    texts_at = np.array(starts)
    counts, columns = tables.chunks.syllables.take(numbers)
    before = np.concatenate([[0], np.cumsum(counts)])
    bounds = before[texts_at]
    chunk_of = np.repeat(np.arange(len(chunks)), counts)
    syllables = _placed(np.asarray(tables.chunks.widths)[numbers], texts_at, chunk_of, columns)
    words = _words(tables, numbers, chunk_of, columns)
    runs = _runs(tables, numbers, texts_at, before, len(normals))
    codes = [
        _codes(tables, normal.text, own, syllables, slice(first, end))
        for normal, own, first, end in zip(normals, runs, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    ]
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
    positions = _positions(normals, bounds, syllables.starts)
    return AnalyzedBatch(
        normals, bounds, positions, syllables, np.searchsorted(words.firsts, bounds), words, codes, streams, tables
    )


def _positions(normals: Sequence[NormalizedText], bounds: Ints, starts: Ints) -> Ints:
    """Return the position of every syllable in its text."""
    positions = np.arange(len(starts)) - np.repeat(bounds[:-1], np.diff(bounds))
    for normal, first, end in zip(normals, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if sentences := sentence_starts(normal.text):
            positions[first:end] += np.searchsorted(sentences, starts[first:end], "right")
    return positions


def _placed(widths: Ints, texts_at: Ints, chunk_of: Ints, columns: Sequence[Ints]) -> SyllableColumns:
    """Return the syllables with offsets counted from the start of their text."""
    bases = np.cumsum(widths) - widths
    bases[:-1] -= np.repeat(bases[texts_at[:-1]], np.diff(texts_at))
    numbers, starts, ends, capitals, _ = columns
    starts += bases[chunk_of]
    ends += bases[chunk_of]
    spaced = np.zeros(len(numbers), bool)
    spaced[:-1] = (starts[1:] - ends[:-1] == 1) & (np.diff(chunk_of) == 1)
    return SyllableColumns(numbers, starts, ends, spaced, capitals)


def _words(tables: InternTables, chunks: Ints, chunk_of: Ints, columns: Sequence[Ints]) -> WordColumns:
    syllables, _, _, _, begun_in = columns
    counts, [tokens] = tables.chunks.tokens.take(chunks)
    joined = tables.segmenter.joined(tables.tokens.table().take(tokens))
    word_of_token = np.concatenate([[0], np.cumsum(~joined)])
    word_of = word_of_token[(np.cumsum(counts) - counts)[chunk_of] + begun_in]
    firsts = np.flatnonzero(np.diff(word_of, prepend=-1))
    stops = np.append(firsts, len(word_of))[1:]
    numbers = np.full(len(firsts), -1)
    sizes = stops - firsts
    several, two = np.flatnonzero(sizes > 1), np.flatnonzero(sizes == 2)
    numbers[two] = _numbers(
        tables.words, tables.words.pair_keys(syllables[firsts[two]], syllables[firsts[two] + 1]).tolist()
    )
    longer = np.flatnonzero(sizes > 2)
    spans = zip(firsts[longer].tolist(), stops[longer].tolist(), strict=True)
    numbers[longer] = _numbers(tables.words, (tuple(syllables[first:stop].tolist()) for first, stop in spans))
    terms = np.asarray(tables.syllables.exact_names)[syllables[firsts]]
    terms[several] = np.asarray(tables.words.names)[numbers[several]]
    return WordColumns(firsts, stops, terms, numbers)


def _numbers(words: dict[tuple[int, ...] | int, int], keys: Iterable[tuple[int, ...] | int]) -> Ints:
    return np.fromiter(map(words.__getitem__, keys), np.int64)


def _runs(tables: InternTables, chunks: Ints, texts_at: Ints, before: Ints, texts: int) -> list[list[SignRun]]:
    """Return the sign runs of each text, over its own syllables."""
    found: list[list[SignRun]] = [[] for _ in range(texts)]
    at = np.flatnonzero(np.asarray(tables.chunks.with_runs)[chunks])
    owners = np.searchsorted(texts_at, at, "right") - 1
    shifts = before[at] - before[texts_at][owners]
    for owner, shift, chunk in zip(owners.tolist(), shifts.tolist(), chunks[at].tolist(), strict=True):
        found[owner] += [SignRun(shift + run.first, shift + run.end, run.text) for run in tables.chunks.runs[chunk]]
    return found


class _Column(NamedTuple):
    """A column of the syllables of a text, given their numbers in the table."""

    values: Sequence[str]
    numbers: Sequence[int]

    def __getitem__(self, at: int, /) -> str:  # type: ignore[override]
        return self.values[self.numbers[at]]

    def __len__(self) -> int:
        return len(self.numbers)


def _codes(
    tables: InternTables, text: str, runs: Sequence[SignRun], syllables: SyllableColumns, own: slice
) -> Sequence[Code]:
    known, numbers = tables.syllables, syllables.numbers[own].tolist()
    exact, folded = _Column(known.exact, numbers), _Column(known.folded, numbers)
    starts, ends = syllables.starts[own].tolist(), syllables.ends[own].tolist()
    return codes_in(Surroundings(text, exact, folded, starts, ends), runs)


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
