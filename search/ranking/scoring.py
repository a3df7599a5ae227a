"""The ranking formulas, as pure functions over arrays, and their tuned parameters.

The score of an article is a sum of BM25 parts, one for every query term, stream and text field. BM25 is that
of Robertson and Zaragoza, *The Probabilistic Relevance Framework* (2009), with the idf of Lucene, which is
never negative. The best articles also get a proximity bonus (``search.ranking.proximity``).
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
    """How much the length of a text field counts; a long headline is no worse than a short one."""
    idf_power: float = 1.0
    """Above 1, common words count even less."""
    streams_accented: Mapping[Stream, float] = field(
        default_factory=lambda: {Stream.SYLLABLE: 0.8, Stream.WORD: 1.0, Stream.BIGRAM: 0.5, Stream.FOLDED: 0.4}
    )
    """Stream weights of a syllable or word typed with accents, or one that is spelled without."""
    streams_plain: Mapping[Stream, float] = field(default_factory=lambda: {Stream.FOLDED: 1.2, Stream.BIGRAM: 0.5})
    """Stream weights of what was typed without the accents it has in articles."""
    fields: Mapping[str, float] = field(default_factory=lambda: {"title": 1.25, "body": 1.0})
    short_query: int = 4
    """Up to this many syllables, articles with all of them come first, those with the accents typed before others."""
    every_word: float = 0.01
    """In longer queries, having every syllable adds this share of the highest score any article can have."""
    least_matched: float = 0.2
    least_matched_short: float = 0.6
    """The share of the query's idf an article must have to match (``match=auto``), in long and in short queries."""
    question_word: float = 0.4
    """The factor of a question word's weight in a longer query; see ``index.analysis.stopwords``."""
    windows: Mapping[int, float] = field(default_factory=lambda: {8: 0.45, 24: 0.4})
    """The bonus, as a share of the best score, for having every word of a longer query within one window; by the width
    of the window in syllables."""
    lead: tuple[int, float] = (60, 0.5)
    """How many syllables are an article's beginning, and the bonus (as above) for having every word there."""
    proximity_articles: int = 50
    """How many of the best articles get these bonuses."""
    alternative: float = 0.5
    """The weight of an alternative (abbreviation, long form, synonym), as a share of the typed words it replaces."""
    unaccented_share: float = 0.05
    """A syllable typed without accents was left bare if less than this share of its articles write it so."""

    def most_proximity(self) -> float:
        """Return the highest proximity bonus, as a share of the best score."""
        return sum(self.windows.values()) + self.lead[1]


def idf(article_count: int, document_frequency: int) -> float:
    """Return ln(1 + (N - df + 0.5) / (df + 0.5))."""
    return math.log1p((article_count - document_frequency + 0.5) / (document_frequency + 0.5))


def length_norm(lengths: Floats, averages: Floats, k1: float, b: Floats) -> Floats:
    """Return BM25's k1 (1 - b + b l / avg) for each length; always above 0."""
    norms: Floats = np.maximum(k1 * (1.0 - b + b * lengths / np.maximum(averages, 1e-9)), 1e-9)
    return norms


def saturation(frequencies: NDArray[Any], norms: Floats, k1: float) -> Floats:
    """Return BM25's tf part, f (k1 + 1) / (f + norm), for arrays of one shape; below k1 + 1, 0 where f is 0."""
    often: Floats = np.asarray(frequencies, np.float32)
    values: Floats = often * np.float32(k1 + 1.0) / (often + norms)
    return values


def query_frequency_weight(count: int) -> float:
    """Return the factor of a term that occurs ``count`` times in the query: sqrt(min(count, 2))."""
    return math.sqrt(min(count, 2))
