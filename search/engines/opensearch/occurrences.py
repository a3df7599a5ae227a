"""Where the terms of a query occur in the packed tokens of many articles, all looked through at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.analysis.normalization import fold
from index.cluster.mapping import GAP, TOGETHER
from index.cluster.packed_tokens import unpack

Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]
_UNWANTED, _GAP = 0, 1
_MOST_FOLDED = 1 << 16
_folded = lru_cache(maxsize=_MOST_FOLDED)(fold)
_PLAIN = (Stream.FOLDED, Stream.FOLDED_BIGRAM)


class Occurrences:
    """The terms of ``wanted``, (stream, term), in the texts that are packed in ``articles``.

    Texts are numbered through all articles, from 0 to m, and so are their syllables, from 0 to n. ``texts`` and
    ``positions`` tell where each syllable is, shape (n,); ``lengths`` how many terms of a stream each text has, (m,).
    """

    def __init__(self, articles: Iterable[bytes], wanted: Collection[tuple[Stream, str]]) -> None:
        read = list(chain.from_iterable(map(unpack, articles)))
        sizes = np.array([text.count(" ") + 2 if text else 0 for text, _ in read], np.intp)
        tokens = "".join(f"{text} {GAP} " for text, _ in read if text).split(" ")[:-1]
        self._wanted = _Wanted(wanted)
        self._distinct = distinct = _Distinct(self._wanted, set(tokens))
        rows = np.fromiter(map(distinct.rows.get, tokens, repeat(_UNWANTED)), np.int32, len(tokens))
        places = np.flatnonzero(rows != _GAP)
        self._rows = rows = rows.take(places)
        self.texts: Numbers = np.arange(len(read)).repeat(sizes).take(places)
        self.positions: Numbers = places - (sizes.cumsum() - sizes).take(self.texts)
        self._exact, self._plain = np.append(distinct.exact.take(rows), 0), np.append(distinct.plain.take(rows), 0)
        self._follows: Flags = np.append(np.diff(places) == 1, False)[: len(places)]
        syllables: Numbers = np.bincount(self.texts, minlength=len(read))
        self._begins: Flags = np.append(_begins([bits for _, bits in read], syllables), True)
        words, pairs = self._counted(self._begins[:-1], len(read)), self._counted(self._follows, len(read))
        self.lengths: dict[Stream, Numbers] = {
            Stream.SYLLABLE: syllables + self._counted(self._distinct.code_counts.take(rows), len(read)),
            Stream.FOLDED: syllables + self._counted(self._distinct.plain_code_counts.take(rows), len(read)),
            Stream.WORD: words,
            Stream.BIGRAM: pairs,
            Stream.FOLDED_BIGRAM: pairs,
        }

    def at(self, stream: Stream, term: str) -> Numbers:
        """Return the numbers of the syllables at which ``term`` begins, one of those that were wanted; ascending."""
        syllables: Numbers = self._plain if stream in _PLAIN else self._exact
        first, *others = self._wanted.parts(stream, term)
        places: Numbers = np.flatnonzero(syllables == first)
        if stream in self._distinct.codes:
            rows = self._distinct.codes[stream].get(term, ())
            coded = [np.flatnonzero(self._rows == row) for row in rows]
            return np.sort(np.concatenate([places, *coded])) if coded else places
        if stream is not Stream.WORD:
            follows: Flags = self._follows[places] & (syllables[places + 1] == others[0])
            return places[follows]
        places = places[self._begins[places]]
        for number, other in enumerate(others, 1):
            there = np.minimum(places + number, len(syllables) - 1)
            places = places[(syllables[there] == other) & ~self._begins[there]]
        ends: Flags = self._begins[places + 1 + len(others)]
        return places[ends]

    def _counted(self, numbers: NDArray[Any], texts: int) -> Numbers:
        """Return the sum of ``numbers``, one for each syllable, in each text."""
        counts: Numbers = np.bincount(self.texts, numbers, minlength=texts).astype(np.intp)
        return counts


class _Wanted:
    """The syllables that terms are made of, numbered from 1: as written, and without accents."""

    def __init__(self, terms: Iterable[tuple[Stream, str]]) -> None:
        self.exact: dict[str, int] = {}
        self.plain: dict[str, int] = {}
        for stream, term in terms:
            numbers = self.plain if stream in _PLAIN else self.exact
            for syllable in _syllables(stream, term):
                numbers.setdefault(syllable, len(numbers) + 1)

    def parts(self, stream: Stream, term: str) -> list[int]:
        """Return the numbers of the syllables of a term."""
        numbers = self.plain if stream in _PLAIN else self.exact
        return [numbers[syllable] for syllable in _syllables(stream, term)]


class _Distinct:
    """The distinct tokens of texts that matter, each a row: its numbers as wanted, 0 for none, and how many codes.

    ``codes`` are the rows that have a code, once for each time that they have it.
    """

    def __init__(self, wanted: _Wanted, tokens: Iterable[str]) -> None:
        exact, plain = wanted.exact, wanted.plain
        self.rows = {GAP: _GAP}
        self.codes: dict[Stream, defaultdict[str, list[int]]] = {
            stream: defaultdict(list) for stream in (Stream.SYLLABLE, Stream.FOLDED)
        }
        numbers = [(0, 0, 0, 0), (0, 0, 0, 0)]
        for token in tokens:
            if (token not in exact and _folded(token) not in plain and TOGETHER not in token) or token == GAP:
                continue
            syllable, *codes = token.split(TOGETHER)
            plain_codes = dict.fromkeys(map(_folded, codes))
            for stream, own in ((Stream.SYLLABLE, codes), (Stream.FOLDED, plain_codes)):
                for code in own:
                    self.codes[stream][code].append(len(numbers))
            self.rows[token] = len(numbers)
            numbers.append((exact.get(syllable, 0), plain.get(_folded(syllable), 0), len(codes), len(plain_codes)))
        self.exact, self.plain, self.code_counts, self.plain_code_counts = np.array(numbers, np.int32).T


def _syllables(stream: Stream, term: str) -> list[str]:
    return [term] if stream in (Stream.SYLLABLE, Stream.FOLDED) else term.split("_")


def _begins(bits: Sequence[bytes], syllables: Numbers) -> Flags:
    """Return which syllables begin a word; each text has bits for its ``syllables``, and up to seven more."""
    spaces = 8 * ((syllables + 7) // 8)
    skipped = (spaces - syllables).cumsum() - (spaces - syllables)
    flags = np.unpackbits(np.frombuffer(b"".join(bits), np.uint8)).astype(bool)
    begins: Flags = flags[np.arange(syllables.sum()) + skipped.repeat(syllables)]
    return begins
