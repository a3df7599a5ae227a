"""Turn one text into the term streams that are indexed and searched.

=================  =========================================  =======================================
stream             terms                                      used for
=================  =========================================  =======================================
``SYLLABLE``       syllables with accents; codes as a whole   matching, phrases
``FOLDED``         the same without accents                   the same, for what was typed without
``WORD``           pyvi's words                               ranking by meaning, never matching
``BIGRAM``         two neighbouring syllables of a sentence   matching words, ranking
``FOLDED_BIGRAM``  the same without accents                   the same, for what was typed without
=================  =========================================  =======================================

Every term has a position: the number of its (first) syllable in the text, plus one for every sentence before its own.
So syllables with consecutive positions are neighbours in one sentence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from index.analysis.normalization import fold, normalize
from index.analysis.scripts import SYLLABLE
from index.analysis.segmentation import default_segmenter
from index.analysis.sentences import sentence_starts
from index.analysis.syllables import with_tones_on_last_vowel
from index.analysis.tokenizer import Tokens, original_places, tokenize

ANALYZER_VERSION = 4
"""Raise it whenever a text yields different terms; older indexes are then rebuilt."""


class Stream(StrEnum):
    """The term streams of one text."""

    SYLLABLE = "syllable"
    FOLDED = "folded"
    WORD = "word"
    BIGRAM = "bigram"
    FOLDED_BIGRAM = "pair"


BIGRAMS = (Stream.BIGRAM, Stream.FOLDED_BIGRAM)


class Word(NamedTuple):  # a text has hundreds; a frozen dataclass takes twice as long to create
    """A word as pyvi cuts it, over the syllables from ``first`` to ``end`` (exclusive)."""

    first: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """A text cut into syllables, codes and words.

    ``positions`` are those of the syllables. The words are columns of equal length, one for each field of ``Word``, as
    the syllables are in ``Tokens``.
    """

    tokens: Tokens
    positions: Sequence[int]
    word_firsts: Sequence[int]
    word_ends: Sequence[int]
    word_texts: Sequence[str]

    @property
    def words(self) -> list[Word]:
        """Return the words as rows."""
        return list(map(Word, self.word_firsts, self.word_ends, self.word_texts))

    def terms(self, stream: Stream) -> Iterator[tuple[str, int]]:
        """Yield (term, number of its first syllable) of ``stream``, numbers ascending for any one term."""
        tokens = self.tokens
        match stream:
            case Stream.SYLLABLE:
                yield from self._with_codes(tokens.exact, lambda text: text)
            case Stream.FOLDED:
                yield from self._with_codes(tokens.folded, fold)
            case Stream.WORD:
                yield from zip(self.word_texts, self.word_firsts, strict=True)
            case Stream.BIGRAM:
                yield from self._bigrams(tokens.exact)
            case Stream.FOLDED_BIGRAM:
                yield from self._bigrams(tokens.folded)

    def _bigrams(self, syllables: Sequence[str]) -> Iterator[tuple[str, int]]:
        steps = enumerate(pairwise(self.positions))
        return ((bigram(*syllables[at : at + 2]), at) for at, (one, other) in steps if other - one == 1)

    def _with_codes(self, syllables: Sequence[str], form: Callable[[str], str]) -> Iterable[tuple[str, int]]:
        """Return (term, syllable number) of the syllables and the whole codes; one text may be both."""
        terms = list(zip(syllables, range(len(syllables)), strict=True))
        if self.tokens.codes:
            terms += {(form(code.text), code.first) for code in self.tokens.codes}
            terms.sort(key=itemgetter(1))
        return terms


def bigram(first: str, second: str) -> str:
    """Return the term for two neighbouring syllables."""
    return f"{first}_{second}"


def analyze(text: str) -> Analysis:
    """Cut ``text`` into syllables, codes and words; line breaks end words."""
    tokens = tokenize(text)
    starts, _ = default_segmenter().words_of_lines(with_tones_on_last_vowel(tokens.canonical))
    syllables = np.array(tokens.canonical_starts, np.int64)
    bounds = np.append(syllables.searchsorted(starts), len(tokens))  # every syllable starts inside some word
    named = bounds[:-1] < bounds[1:]  # the others are punctuation
    firsts, stops = bounds[:-1][named].tolist(), bounds[1:][named].tolist()
    exact = tokens.exact
    texts = [
        exact[first] if stop - first == 1 else "_".join(exact[first:stop])
        for first, stop in zip(firsts, stops, strict=True)
    ]
    sentences = sentence_starts(tokens.canonical)
    positions = [at + bisect_right(sentences, start) for at, start in enumerate(tokens.canonical_starts)]
    return Analysis(tokens, positions, firsts, stops, texts)


def words_across(places: Sequence[tuple[str, int]]) -> list[tuple[int, int] | None]:
    """Return for each (text, offset) the (start, end) of the word that crosses the offset, None if no word does.

    The words are those of ``analyze``. All texts are segmented at once, without finding codes or canonical syllables.
    """
    if not places:
        return []
    normals = [normalize(text) for text, _ in places]
    whole = "\n".join(normal.text for normal in normals)
    starts, _ = default_segmenter().words_of_lines(with_tones_on_last_vowel(whole))
    bounds = starts.tolist()
    found: list[tuple[int, int] | None] = []
    base = 0
    for normal, (_, at) in zip(normals, places, strict=True):
        place = base + (at if normal.starts is None else bisect_left(normal.starts, at))
        word = None
        if (span := _word_before(whole, bounds, base, place)) is not None:
            [start], [end] = original_places(normal, [span[0] - base], [span[1] - base])
            word = (start, end) if end > at else None
        found.append(word)
        base += len(normal.text) + 1
    return found


def _word_before(text: str, starts: Sequence[int], base: int, at: int) -> tuple[int, int] | None:
    """Return the span of the syllables of the word that the last one to begin in ``text[base:at]`` is in, if near.

    Words start at ``starts``. None if there is no such syllable, or a space is between it and the word at ``at``.
    """
    number = bisect_left(starts, at)
    if not number:
        return None
    first, last = max(starts[number - 1], base), starts[number] if number < len(starts) else len(text)
    begin = max(text.rfind(" ", base, first) + 1, base)  # no syllable has a space
    end = text.find(" ", last)
    spans = [match.span() for match in SYLLABLE.finditer(text, begin, len(text) if end < 0 else end)]
    before = [span for span in spans if span[0] < at]
    if not before:
        return None
    if before[-1][0] < first:  # a syllable across two words
        number = bisect_right(starts, before[-1][0])
        first, last = max(starts[number - 1], base), starts[number]
        spans = [match.span() for match in SYLLABLE.finditer(text, base, before[-1][1])]
    own = [span for span in spans if first <= span[0] < last]
    return own[0][0], own[-1][1]
