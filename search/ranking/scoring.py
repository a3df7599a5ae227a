"""The ranking formulas, as pure functions over arrays, and their tuned parameters.

The score of an article is a sum of BM25F parts, one for every query term and stream. In BM25F the frequencies of a term
in the text fields are weighted and added before they saturate: Robertson and Zaragoza, *The Probabilistic Relevance
Framework* (2009), with the idf of Lucene, which is never negative. The best articles also get a proximity bonus
(``search.ranking.proximity``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Floats


@dataclass(frozen=True, slots=True)
class Ranking:
    """The parameters of ranking. The defaults are measured: see docs/decisions/0002-term-streams.md."""

    k1: float = 0.9
    k1_long: float = 2.0
    """In a text of more than ``long_text`` syllables: what an article repeats of it, the article is about."""
    long_text: int = 20
    fields: Mapping[str, float] = field(default_factory=lambda: {"title": 4.0, "body": 1.0})
    """How much an occurrence in a text field of average length counts."""
    b: Mapping[str, float] = field(default_factory=lambda: {"title": 0.75, "body": 0.65})
    """How much the length of a text field counts."""
    idf_power: float = 1.0
    """Above 1, common words count even less."""
    streams_accented: Mapping[Stream, float] = field(
        default_factory=lambda: {Stream.SYLLABLE: 0.8, Stream.WORD: 0.8, Stream.BIGRAM: 0.5}
    )
    """Stream weights of a syllable or word typed with accents, or one that is spelled without."""
    streams_plain: Mapping[Stream, float] = field(
        default_factory=lambda: {Stream.FOLDED: 1.2, Stream.FOLDED_BIGRAM: 0.75}
    )
    """Stream weights of what was typed without the accents it has in articles."""
    together_short: float = 8.0
    """The factor of the weight of what stands together in a short query: bigrams and codes."""
    short_query: int = 4
    """Up to this many syllables, a query is short."""
    most_required: int = 4
    """Up to this many words, an article must have each of them to match (``match=auto``)."""
    least_matched: float = 0.45
    least_matched_power: float = 1.5
    """Of a query of more words, an article must have this share of the idf that the best article has; less of it if the
    best one lacks words too, as answers to a question do: times the share that this one has, to this power."""
    few: int = 3
    """If fewer articles match, those with scattered syllables follow; for a single word, only if none matches."""
    least_scattered: float = 0.6
    """The share of the idf of the syllables that these must have, of what the best one has."""
    question_word: float = 0.4
    """The factor of a question word's weight in a longer query; see ``index.analysis.stopwords``."""
    windows: Mapping[int, float] = field(default_factory=lambda: {8: 0.45, 24: 0.4})
    """The bonus, as a share of the best score, for having every word of a longer query within one window; by the width
    of the window in syllables."""
    lead: tuple[int, float] = (50, 0.4)
    """How many syllables are an article's beginning, and the bonus (as above) for having every word there."""
    nearness_short: float = 0.1
    """The factor of these bonuses in a short query."""
    proximity_articles: int = 50
    """How many of the best articles get these bonuses."""
    spare: float = 0.1
    """The factor of a code that the query may mean as well as another, or says besides."""
    alternative: float = 0.5
    """The weight of an alternative (abbreviation, long form, synonym), as a share of the typed words it replaces."""
    other_spelling: float = 0.25
    """The same for another spelling of what was typed: so low that even many occurrences rank after one as typed."""

    def least_of_words(self, best: float) -> float:
        """Return the share of the best article's idf that others need, where that is ``best`` of the query's idf."""
        return self.least_matched * math.pow(best, self.least_matched_power)

    def stream_weight(self, stream: Stream, syllables: int, *, plain: bool, together: bool) -> float:
        """Return the weight of a term of ``stream`` in a query of so many ``syllables``."""
        weight = (self.streams_plain if plain else self.streams_accented).get(stream, 0.0)
        return weight * self.together_short if together and syllables <= self.short_query else weight

    def boosted(self, boosts: Mapping[str, float]) -> Ranking:
        """Return this ranking with the weights of text fields multiplied by ``boosts``."""
        return replace(self, fields={name: weight * boosts.get(name, 1.0) for name, weight in self.fields.items()})


def idf(article_count: int, document_frequency: int) -> float:
    """Return ln(1 + (N - df + 0.5) / (df + 0.5))."""
    return math.log1p((article_count - document_frequency + 0.5) / (document_frequency + 0.5))


def occurrence_weight(lengths: Floats, averages: Floats, b: Floats, boosts: Floats) -> Floats:
    """Return BM25F's boost / (1 - b + b l / avg) for each length: how much an occurrence in a field counts."""
    weights = lengths * b  # in place from here: an archive has millions of these
    weights /= np.maximum(averages, 1e-9)
    weights += 1.0 - b
    np.maximum(weights, 1e-9, out=weights)
    np.divide(boosts, weights, out=weights)
    return weights


def saturation(weighted: NDArray[Any], k1: float) -> Floats:
    """Return BM25F's tf part, f (k1 + 1) / (f + k1), for weighted frequencies; below k1 + 1, 0 where f is 0."""
    often: Floats = np.asarray(weighted, np.float32)
    values: Floats = often * np.float32(k1 + 1.0) / (often + np.float32(max(k1, 1e-9)))
    return values


def recency(days: NDArray[Any], half_life: float) -> Floats:
    """Return 2 ** (-days / half_life): how much of a score is left after so many days."""
    left: Floats = np.exp2(-np.asarray(days, np.float64) / half_life).astype(np.float32)
    return left


def query_frequency_weight(count: int) -> float:
    """Return the factor of a term that occurs ``count`` times in the query: sqrt(min(count, 2))."""
    return math.sqrt(min(count, 2))
