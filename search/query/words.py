"""Cut a query into words: syllables that an article must have side by side.

pyvi cuts by context and capitals, of which a query has few, and does not cut text without accents. So its cut is
checked against the archive. Side by side, some syllables may be a word of the query if

- pyvi cut them so;
- in articles they mostly are a word, as pyvi cut it there, with the accents that were typed;
- they are two, and stand together far more often than chance would have it (``giá vàng``), or are all that was typed.

The cut is the one whose words have the most syllables in words, each weighed by how sure its word is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import pairwise

from index.analysis.analyzer import Analysis, Stream
from index.analysis.scripts import is_without_spaces
from index.analysis.syllables import is_vietnamese_shape
from index.analysis.tokenizer import Tokens
from search.query.tree import MOST_SYLLABLES, Cut, Words, typed_analysis
from search.statistics import TermStatistics
from search.vocabulary import Vocabulary

_LONGEST_WORD = 4
_LEAST_SHARE = 0.2
_UNKNOWN = 0.1
_TOGETHER = 0.3
_ASSOCIATED = 4.0
_WRITTEN_BARE = 0.05

Frequency = Callable[[Stream, str], int]
"""Returns how many articles have a term of a stream."""


def cut_of(leaf: Words) -> Cut:
    """Return the cut of ``leaf``; pyvi's own if no archive was asked."""
    return leaf.cut or _pyvi_cut(typed_analysis(leaf.text))


def cut_words(analysis: Analysis, statistics: TermStatistics, bounds: Collection[int] = ()) -> Cut:
    """Return how ``analysis``, of a query, is cut into words of the archive; no word goes beyond ``bounds``.

    These are numbers of syllables, where something else may stand for a part of the query.
    """
    return _ArchiveCut(analysis, statistics, bounds).best()


def plain_syllables(tokens: Tokens, frequency: Frequency | None) -> tuple[bool, ...]:
    """Tell for each syllable whether its accents were left out; for the first ``MOST_SYLLABLES``.

    In a query without any accent, all were. In any other, a syllable was if articles hardly ever write it without.
    """
    typed = list(zip(tokens.exact, tokens.folded, strict=True))[:MOST_SYLLABLES]
    if all(exact == folded for exact, folded in typed):
        return (True,) * len(typed)
    if frequency is None:
        return (False,) * len(typed)
    return tuple(
        exact == folded and frequency(Stream.SYLLABLE, exact) < _WRITTEN_BARE * frequency(Stream.FOLDED, exact)
        for exact, folded in typed
    )


def _pyvi_cut(analysis: Analysis) -> Cut:
    plain = plain_syllables(analysis.tokens, None)
    codes = {bound for code in analysis.tokens.codes for bound in (code.first, code.end)}
    ends = {end for _, end in _pyvi_words(analysis)} | codes | {len(plain)}
    inside = {at for run in _runs_without_spaces(analysis.tokens, len(plain)) for at in range(run[0] + 1, run[1])}
    bounds = sorted({0, *(end for end in ends - inside if end <= len(plain))})
    return Cut(tuple(pairwise(bounds)), plain)


def _pyvi_words(analysis: Analysis) -> list[tuple[int, int]]:
    return list(zip(analysis.word_firsts, analysis.word_ends, strict=True))


def _runs_without_spaces(tokens: Tokens, size: int) -> list[tuple[int, int]]:
    """Return the (first, end) of runs of syllables, up to number ``size``, in a script without spaces."""
    runs: list[tuple[int, int]] = []
    for at in range(1, size):
        if tokens.ends[at - 1] == tokens.starts[at] and all(map(is_without_spaces, tokens.exact[at - 1 : at + 1])):
            first = runs.pop()[0] if runs and runs[-1][1] == at else at - 1
            runs.append((first, at + 1))
    return runs


class _ArchiveCut:
    """The possible words of a query, and how sure each is: 1 for certain, 0 for never."""

    def __init__(self, analysis: Analysis, statistics: TermStatistics, bounds: Collection[int]) -> None:
        self._tokens = analysis.tokens
        self._statistics = statistics
        self._vocabulary = Vocabulary(statistics)
        plain = plain_syllables(self._tokens, statistics.document_frequency)
        self._size = len(plain)
        in_codes = {at for code in self._tokens.codes for at in range(code.first, code.end)}
        self._met = [
            at + 1 not in bounds and after - before == 1 and in_codes.isdisjoint((at, at + 1))
            for at, (before, after) in enumerate(pairwise(analysis.positions[: self._size]))
        ]
        self._plain = tuple(bare or self._lacks_accents(at) for at, bare in enumerate(plain))
        self._pyvi = [
            (first, end)
            for first, end in _pyvi_words(analysis)
            if end - first > 1 and end <= self._size and all(self._met[first : end - 1]) and not all(plain)
        ]
        self._pyvi += _runs_without_spaces(self._tokens, self._size)
        self._together = [self._pair_frequency(at) if met else 0 for at, met in enumerate(self._met)]

    def best(self) -> Cut:
        """Return the cut with the highest sum of syllables in words."""
        best = [0.0] * (self._size + 1)
        before = list(range(-1, self._size))
        for end in range(1, self._size + 1):
            best[end] = best[end - 1]
            for first, sure in self._words_that_end(end):
                if best[first] + sure * (end - first - 1) > best[end]:
                    best[end], before[end] = best[first] + sure * (end - first - 1), first
        words = []
        end = self._size
        while end > 0:
            words.append((before[end], end))
            end = before[end]
        return Cut(tuple(reversed(words)), self._plain)

    def _words_that_end(self, end: int) -> Iterator[tuple[int, float]]:
        """Yield (first syllable, how sure) of the words of two or more syllables that end before syllable ``end``."""
        for first, stop in self._pyvi:
            if stop == end:
                yield first, 1.0 if all(self._together[first : end - 1]) else _UNKNOWN
        least = self._statistics.articles
        for first in range(end - 2, max(-1, end - 1 - _LONGEST_WORD), -1):
            least = min(least, self._together[first])
            if not least:
                return
            share = self._word_frequency(first, end) / least
            if share >= _LEAST_SHARE:
                yield first, min(1.0, share)
            elif end - first == 2 and self._associated(first):
                yield first, _TOGETHER

    def _lacks_accents(self, at: int) -> bool:
        """Tell whether a syllable typed bare meets its neighbours only with accents (``ha nội``)."""
        if self._tokens.exact[at] != self._tokens.folded[at]:
            return False
        met = [one for one in (at - 1, at) if 0 <= one < len(self._met) and self._met[one] and self._folded_pair(one)]
        return bool(met) and not any(map(self._exact_pair, met))

    def _pair_frequency(self, at: int) -> int:
        return self._folded_pair(at) if self._plain[at] or self._plain[at + 1] else self._exact_pair(at)

    def _folded_pair(self, at: int) -> int:
        return self._vocabulary.pair(*self._tokens.folded[at : at + 2])

    def _exact_pair(self, at: int) -> int:
        return self._vocabulary.side_by_side(*self._tokens.exact[at : at + 2])

    def _word_frequency(self, first: int, end: int) -> int:
        """Return about how many articles have syllables as a word, in any accents where these were left out."""
        exact, plain = self._tokens.exact[first:end], self._plain[first:end]
        if not any(plain):
            return self._vocabulary.word(exact)
        return sum(
            spelling.frequency
            for spelling in self._vocabulary.spellings(self._tokens.folded[first:end])
            if all(bare or one == other for bare, one, other in zip(plain, exact, spelling.exact, strict=True))
        )

    def _associated(self, at: int) -> bool:
        """Tell whether two syllables that meet are all of the query, or meet far more often than chance."""
        one, other = at, at + 1
        if not all(map(is_vietnamese_shape, self._tokens.folded[at : at + 2])):
            return False  # Messi Ronaldo
        if self._size == 2:
            return True
        frequencies = self._syllable_frequency(one), self._syllable_frequency(other)
        return self._vocabulary.association(*frequencies, self._together[at]) >= _ASSOCIATED

    def _syllable_frequency(self, at: int) -> int:
        if self._plain[at]:
            return self._vocabulary.folded(self._tokens.folded[at])
        return self._vocabulary.exact(self._tokens.exact[at])
