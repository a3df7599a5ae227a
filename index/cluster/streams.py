"""The streams of a batch of texts, as the cluster is given them: tokens joined by spaces, and gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream, bigram
from index.analysis.batch import AnalyzedBatch
from index.arrays import Ints
from index.cluster.mapping import GAP, LONGEST_TERM, TOGETHER, indexed_term
from index.segments.postings import neighbours

_SURE_TO_FIT = LONGEST_TERM // 4
_PAIRS = ((Stream.BIGRAM, Stream.SYLLABLE), (Stream.FOLDED_BIGRAM, Stream.FOLDED))


class StreamTexts(NamedTuple):
    """One text: its streams and the distinct terms of two of them as indexed, and what ``packed_tokens.pack`` takes."""

    texts: dict[Stream, str]
    vocabulary: dict[Stream, set[str]]
    packed: tuple[str, NDArray[np.bool_]]


def stream_texts(batch: AnalyzedBatch) -> Iterator[StreamTexts]:
    """Yield the streams of each text of ``batch``."""
    total = int(batch.bounds[-1])
    holes = _holes(batch.bounds, batch.positions)
    begins = np.zeros(total, bool)
    begins[batch.words.firsts] = True
    beside = neighbours(batch.bounds, batch.positions)
    pair_bounds = np.concatenate([[0], np.cumsum(beside)])[batch.bounds].tolist()
    pairs_at = np.flatnonzero(beside).tolist()
    listed: dict[Stream, tuple[list[str], Sequence[int]]] = {
        Stream.WORD: (_fitting(_decoded(batch, batch.words.terms)), batch.word_bounds.tolist())
    }
    vocabulary: dict[Stream, tuple[list[str], list[list[str]]]] = {}
    bounds = batch.bounds.tolist()
    for joined, stream in _PAIRS:
        numbers, places = batch.streams[stream]
        plain, codes = _decoded(batch, numbers[:total]), _decoded(batch, numbers[total:])
        at = places[total:].tolist()
        fitting, fitting_codes = _fitting(plain), list(map(indexed_term, codes))
        listed[stream] = _laid(fitting, fitting_codes, at, holes), bounds
        listed[joined] = _fitting([bigram(plain[one], plain[one + 1]) for one in pairs_at]), pair_bounds
        vocabulary[stream] = fitting, _by_text(fitting_codes, at, batch.bounds)
        if stream is Stream.SYLLABLE:
            whole = _laid(plain, codes, at, holes)
    for text, (first, stop) in enumerate(pairwise(bounds)):
        yield StreamTexts(
            {stream: " ".join(terms[where[text] : where[text + 1]]) for stream, (terms, where) in listed.items()},
            {stream: {*plain[first:stop], *codes[text]} for stream, (plain, codes) in vocabulary.items()},
            (" ".join(whole[first:stop]), begins[first:stop]),
        )


def _decoded(batch: AnalyzedBatch, numbers: Ints) -> list[str]:
    listed = numbers.tolist()
    known = {number: batch.terms[number].decode() for number in set(listed)}
    return list(map(known.__getitem__, listed))


def _fitting(terms: list[str]) -> list[str]:
    """Return syllables, words or bigrams as they are indexed; almost always they are short enough as they are."""
    return terms if max(map(len, terms), default=0) <= _SURE_TO_FIT else list(map(indexed_term, terms))


def _holes(bounds: Ints, positions: Ints) -> list[tuple[int, str]]:
    """Return the syllables before which positions are empty, and what stands there in their place."""
    before = np.diff(positions, prepend=-1) - 1
    firsts = bounds[:-1][np.diff(bounds) > 0]
    before[firsts] = positions[firsts]
    at = np.flatnonzero(before)
    return [(one, f"{GAP} " * gap) for one, gap in zip(at.tolist(), before[at].tolist(), strict=True)]


def _laid(plain: Sequence[str], codes: Sequence[str], at: Sequence[int], holes: Sequence[tuple[int, str]]) -> list[str]:
    """Return for each syllable what stands at its place, with the codes that begin there and the gap before it."""
    laid = list(plain)
    for code, place in zip(codes, at, strict=True):
        laid[place] += f"{TOGETHER}{code}"
    for place, hole in holes:
        laid[place] = f"{hole}{laid[place]}"
    return laid


def _by_text(codes: Sequence[str], at: Sequence[int], bounds: Ints) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(len(bounds) - 1)]
    for code, owner in zip(codes, np.searchsorted(bounds, at, "right").tolist(), strict=True):
        found[owner - 1].append(code)
    return found
