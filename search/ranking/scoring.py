"""The formulas of ranking: pure functions over arrays, and the numbers they were tuned to.

The score of an article is a sum of BM25 parts, one for every query term, stream and text field. BM25 is that
of Robertson and Zaragoza, *The Probabilistic Relevance Framework* (2009), with the idf of Lucene, which is
never negative. To it comes what nearness adds to the best articles (``search.ranking.proximity``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Floats


@dataclass(frozen=True, slots=True)
class Ranking:
    """The parameters of ranking. The defaults are measured: see docs/decisions/0002-term-streams.md."""

    k1: float = 1.2
    b: Mapping[str, float] = field(default_factory=lambda: {"title": 0.0, "body": 0.75})
    """How much the length of a text field counts; a long headline says no less than a short one."""
    idf_power: float = 1.0
    """More than 1 makes common words count still less."""
    streams_accented: Mapping[Stream, float] = field(
        default_factory=lambda: {Stream.SYLLABLE: 0.8, Stream.WORD: 1.0, Stream.BIGRAM: 0.5, Stream.FOLDED: 0.4}
    )
    """Weights for a syllable or word typed with accents, or without where that is its spelling."""
    streams_plain: Mapping[Stream, float] = field(default_factory=lambda: {Stream.FOLDED: 1.2, Stream.BIGRAM: 0.5})
    """Weights for what was typed without the accents it has in articles."""
    fields: Mapping[str, float] = field(default_factory=lambda: {"title": 1.25, "body": 1.0})
    short_query: int = 4
    """Up to this many syllables, articles with all of them come first, those with the accents typed before others."""
    every_word: float = 0.01
    """In longer queries having every syllable adds this share of the most any article can score."""
    least_matched: float = 0.2
    least_matched_short: float = 0.6
    """The share of the query's idf an article must have to be found (``match=auto``), in long and short queries."""
    question_word: float = 0.4
    """What a question word of a longer query counts; see ``index.analysis.stopwords``."""
    windows: Mapping[int, float] = field(default_factory=lambda: {8: 0.45, 24: 0.4})
    """How much more, in parts of the best score, an article scores that has every word of a longer query within one
    window; by the width of the window in syllables."""
    lead: tuple[int, float] = (60, 0.5)
    """The syllables that an article's beginning has, and how much more it scores that has every word there."""
    proximity_articles: int = 50
    """How many of the best articles are looked at so."""
    alternative: float = 0.5
    """What an abbreviation or a synonym counts, or what it stands for, in parts of what was typed and is lacking."""
    unaccented_share: float = 0.05
    """A syllable typed without accents was left bare if fewer than this share of its articles write it so."""

    def most_proximity(self) -> float:
        """Return the most that nearness can add, in parts of the best score."""
        return sum(self.windows.values()) + self.lead[1]


def idf(article_count: int, document_frequency: int) -> float:
    """Return ln(1 + (N - df + 0.5) / (df + 0.5))."""
    return math.log1p((article_count - document_frequency + 0.5) / (document_frequency + 0.5))


def length_norm(lengths: Floats, averages: Floats, k1: float, b: Floats) -> Floats:
    """Return BM25's k1 (1 - b + b l / avg) for each length, and more than 0."""
    norms: Floats = np.maximum(k1 * (1.0 - b + b * lengths / np.maximum(averages, 1e-9)), 1e-9)
    return norms


def saturation(frequencies: NDArray[Any], norms: Floats, k1: float) -> Floats:
    """Return BM25's tf part, f (k1 + 1) / (f + norm), for arrays of one shape; less than k1 + 1, and 0 for none."""
    often: Floats = np.asarray(frequencies, np.float32)
    values: Floats = often * np.float32(k1 + 1.0) / (often + norms)
    return values


def query_frequency_weight(count: int) -> float:
    """Return how much a term counts that the query has ``count`` times: its root, for two times at the most."""
    return math.sqrt(min(count, 2))
