"""Turn one text into the term streams that are indexed and searched.

===========  ==============================================  ==========================================
stream       terms                                           used for
===========  ==============================================  ==========================================
``SYLLABLE`` syllables with accents; codes as a whole        exact accents first; phrases with accents
``FOLDED``   the same without accents                        matching; phrases
``WORD``     pyvi's words                                    ranking by meaning, never matching
``BIGRAM``   neighbouring syllables without accents          ranking by order and nearness
===========  ==============================================  ==========================================

Every term has a position: the number of its (first) syllable in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from index.analysis.normalization import fold, normalize
from index.analysis.segmentation import default_segmenter
from index.analysis.syllables import with_tones_on_last_vowel
from index.analysis.tokenizer import SYLLABLE, Tokens, original_places, tokenize

ANALYZER_VERSION = 2
"""Raise it whenever a text yields different terms; older indexes are then rebuilt."""


class Stream(StrEnum):
    """The term streams of one text."""

    SYLLABLE = "syllable"
    FOLDED = "folded"
    WORD = "word"
    BIGRAM = "pair"


class Word(NamedTuple):  # a text has hundreds; a frozen dataclass takes twice as long to create
    """A word as pyvi cuts it, over the syllables from ``first`` to ``end`` (exclusive)."""

    first: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """A text cut into syllables, codes and words.

    The words are columns of equal length, one for each field of ``Word``, as the syllables are in ``Tokens``.
    """

    tokens: Tokens
    word_firsts: Sequence[int]
    word_ends: Sequence[int]
    word_texts: Sequence[str]

    @property
    def words(self) -> list[Word]:
        """Return the words as rows."""
        return list(map(Word, self.word_firsts, self.word_ends, self.word_texts))

    def terms(self, stream: Stream) -> Iterator[tuple[str, int]]:
        """Yield (term, position) of ``stream``, positions ascending for any one term."""
        tokens = self.tokens
        match stream:
            case Stream.SYLLABLE:
                yield from self._with_codes(tokens.exact, lambda text: text)
            case Stream.FOLDED:
                yield from self._with_codes(tokens.folded, fold)
            case Stream.WORD:
                yield from zip(self.word_texts, self.word_firsts, strict=True)
            case Stream.BIGRAM:
                yield from zip(bigrams(tokens.folded), range(len(tokens)), strict=False)

    def _with_codes(self, syllables: Sequence[str], form: Callable[[str], str]) -> Iterable[tuple[str, int]]:
        """Return (term, position) of the syllables and the whole codes; one text may be both."""
        terms = list(zip(syllables, range(len(syllables)), strict=True))
        if self.tokens.codes:
            terms += {(form(code.text), code.first) for code in self.tokens.codes}
            terms.sort(key=itemgetter(1))
        return terms


def bigrams(syllables: Iterable[str]) -> Iterator[str]:
    """Yield one term for each pair of neighbouring syllables."""
    return (f"{before}_{syllable}" for before, syllable in pairwise(syllables))


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
    return Analysis(tokens, firsts, stops, texts)


def words_across(places: Sequence[tuple[str, int]]) -> list[tuple[int, int] | None]:
    """Return for each (text, offset) the (start, end) of the word that crosses the offset, None if no word does.

    The words are those of ``analyze``. All texts are segmented at once, without finding codes or canonical syllables.
    """
    if not places:
        return []
    normals = [normalize(text) for text, _ in places]
    whole = "\n".join(normal.text for normal in normals)
    starts, _ = default_segmenter().words_of_lines(with_tones_on_last_vowel(whole))
    spans = list(map(re.Match.span, SYLLABLE.finditer(whole)))
    begins = [start for start, _ in spans]
    words = starts.searchsorted(begins, "right").tolist()
    found: list[tuple[int, int] | None] = []
    base = 0
    for normal, (_, at) in zip(normals, places, strict=True):
        before = bisect_left(begins, base + (at if normal.starts is None else bisect_left(normal.starts, at))) - 1
        word = None
        if before >= 0 and begins[before] >= base:
            first, last = bisect_left(words, words[before]), bisect_right(words, words[before]) - 1
            [start], [end] = original_places(normal, [begins[first] - base], [spans[last][1] - base])
            word = (start, end) if end > at else None
        found.append(word)
        base += len(normal.text) + 1
    return found
