"""Choose queries that show what an archive has: phrases of its newest titles that other articles have too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product, takewhile
from typing import NamedTuple

from index.analysis.analyzer import analyze
from index.analysis.suggestions import is_stop
from search.spelling.completions import WholePhrases
from search.statistics import TermStatistics

_SYLLABLES = range(2, 6)
_LONG, _NAME, _OTHER = range(3)
_ORDER = (*product((3, 2), (_LONG, _NAME, _OTHER)), (1, _NAME), (1, _OTHER), (1, _LONG))
"""In how many articles a phrase must be, and of which kind it must be; what is in one article alone may be anything."""
_LONG_SYLLABLES = 3
_MANY_ARTICLES = 100
_LARGEST_SHARE = 0.1


class _Candidate(NamedTuple):
    kind: int
    rarity: int
    exact: tuple[str, ...]
    written: str


def examples(statistics: TermStatistics, titles: Sequence[str], size: int) -> list[str]:
    """Return up to ``size`` phrases of ``titles``, one of a title, as articles write them.

    Each is in at least three articles if possible, else in fewer, and in no more than a tenth of many. Long ones go
    before names, names before other words. No two have a syllable in common that means something.
    """
    return statistics.together(lambda: _chosen(statistics, titles, size))


def _chosen(statistics: TermStatistics, titles: Sequence[str], size: int) -> list[str]:
    phrases = WholePhrases(statistics)
    known = [_candidates(statistics, phrases, title) for title in titles]
    chosen: dict[int, str] = {}
    used: set[str] = set()
    for (few, kind), (number, candidates) in product(_ORDER, enumerate(known)):
        if len(chosen) == size:
            break
        if number in chosen:
            continue
        for one in candidates:
            fits = one.kind == kind and -one.rarity >= few and used.isdisjoint(one.exact)
            if fits and phrases.is_whole(one.exact):
                chosen[number] = one.written
                used.update(syllable for syllable in one.exact if not is_stop(syllable))
                break
    return [chosen[number] for number in sorted(chosen)]


def _candidates(statistics: TermStatistics, phrases: WholePhrases, title: str) -> list[_Candidate]:
    """Return the phrases of a title, the best of each kind first, without those of a tenth of many articles."""
    many = statistics.articles >= _MANY_ARTICLES
    most = _LARGEST_SHARE * statistics.articles if many else statistics.articles
    found = []
    for exact in dict.fromkeys(_phrases(title)):
        frequency = phrases.frequency(exact)
        if 0 < frequency <= most:
            written = phrases.written(exact)
            kind = _LONG if len(exact) >= _LONG_SYLLABLES else _OTHER if written.islower() else _NAME
            found.append(_Candidate(kind, -frequency, exact, written))
    return sorted(found)


def _phrases(title: str) -> Iterator[tuple[str, ...]]:
    """Yield neighbouring words of a title, each of several syllables, with up to five together, letters alone."""
    analysis = analyze(title)
    exact, positions = analysis.tokens.exact, analysis.positions
    words = analysis.words
    for number, word in enumerate(words):
        for last in takewhile(lambda one: one.end - one.first > 1, words[number:]):
            row = tuple(exact[word.first : last.end])
            together = positions[last.end - 1] - positions[word.first] == len(row) - 1
            if len(row) in _SYLLABLES and together and all(map(str.isalpha, row)):
                yield row
