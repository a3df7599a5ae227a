"""Turn one text into the term streams that are indexed and searched.

===========  ==============================================  ==========================================
stream       terms                                           what it is for
===========  ==============================================  ==========================================
``SYLLABLE`` syllables with accents; codes as a whole        exact accents first; phrases with accents
``FOLDED``   the same without accents                        what an article is found by; phrases
``WORD``     pyvi's words                                    meaning: raises the score, never decides
``PAIR``     neighbouring syllables without accents          order and nearness, with or without accents
===========  ==============================================  ==========================================

Every term has a position: the number of its (first) syllable in the text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from index.normalization import fold
from index.segmentation import default_segmenter
from index.tokens import Tokens, tokenize

ANALYZER_VERSION = 2
"""Raise it whenever the same text gives other terms: indexes made before are then rebuilt."""


class Stream(StrEnum):
    """The term streams of one text."""

    SYLLABLE = "syllable"
    FOLDED = "folded"
    WORD = "word"
    PAIR = "pair"


@dataclass(frozen=True, slots=True)
class Word:
    """A word as pyvi cuts it: it covers the syllables ``first`` up to but not including ``end``."""

    first: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """A text cut into syllables, codes and words."""

    tokens: Tokens
    words: list[Word]

    def terms(self, stream: Stream) -> Iterator[tuple[str, int]]:
        """Yield (term, position) of ``stream``, positions ascending for any one term."""
        tokens = self.tokens
        match stream:
            case Stream.SYLLABLE:
                yield from self._with_codes(tokens.exact, lambda text: text)
            case Stream.FOLDED:
                yield from self._with_codes(tokens.folded, fold)
            case Stream.WORD:
                yield from ((word.text, word.first) for word in self.words)
            case Stream.PAIR:
                yield from zip(pairs(tokens.folded), range(len(tokens)), strict=False)

    def _with_codes(self, syllables: Sequence[str], form: Callable[[str], str]) -> Iterable[tuple[str, int]]:
        """Return the syllables and the codes as wholes with their positions; the same text may be both."""
        terms = list(zip(syllables, range(len(syllables)), strict=True))
        if self.tokens.codes:
            terms += {(form(code.text), code.first) for code in self.tokens.codes}
            terms.sort(key=itemgetter(1))
        return terms


def pairs(syllables: Iterable[str]) -> Iterator[str]:
    """Yield each two neighbouring syllables as one term."""
    before: str | None = None
    for syllable in syllables:
        if before is not None:
            yield f"{before}_{syllable}"
        before = syllable


def analyze(text: str) -> Analysis:
    """Cut ``text`` into syllables, codes and words; line breaks end words."""
    tokens = tokenize(text)
    segmenter = default_segmenter()
    first_of = [start for start, _ in tokens.spans]
    words: list[Word] = []
    at = 0
    for line in tokens.canonical.split("\n"):
        for start, end in segmenter.words(line):
            first, stop = bisect_left(first_of, at + start), bisect_left(first_of, at + end)
            if first < stop:
                words.append(Word(first, stop, "_".join(tokens.exact[first:stop])))
        at += len(line) + 1
    return Analysis(tokens, words)
