"""A text of a query, cut into terms, and how much each term weighs beside the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.analysis.analyzer import BIGRAMS, Analysis, Stream
from index.analysis.normalization import fold
from index.analysis.runs import Code
from search.ranking.scoring import Ranking, query_frequency_weight


@dataclass(frozen=True, slots=True)
class AnalyzedWords:
    """A text cut into terms.

    For each syllable, up to ``MOST_SYLLABLES``, ``plain`` tells whether its accents were left out, and ``shares`` has
    the factor of its weight.
    """

    analysis: Analysis
    scope: str | None
    plain: Sequence[bool]
    shares: Sequence[float]

    def weights(self, ranking: Ranking, part: range | None = None) -> Iterator[tuple[Stream, str, float]]:
        """Yield the terms of all streams, or of the syllables in ``part``, with their weights but for their idf.

        A repeated term has the highest weight of its tokens, times ``query_frequency_weight``.
        """
        size, accented = len(self.plain), not all(self.plain)
        for stream in Stream:
            bare = stream is not Stream.WORD and any(self.plain)
            if not ((accented and stream in ranking.streams_accented) or (bare and stream in ranking.streams_plain)):
                continue
            found: dict[str, list[float]] = {}
            after = 1 if stream in BIGRAMS else 0
            for term, at in self.analysis.terms(stream):
                if at < size and (part is None or (at in part and at + after in part)):
                    found.setdefault(term, []).append(self._weight(ranking, stream, term, at))
            for term, weights in found.items():
                if any(weights):
                    yield stream, term, max(weights) * query_frequency_weight(len(weights))

    def _weight(self, ranking: Ranking, stream: Stream, term: str, at: int) -> float:
        """Return the weight of a term that starts at syllable ``at``."""
        together, spare = stream in BIGRAMS, False
        if self.analysis.tokens.codes:
            codes = self._codes(stream, term, at)
            together, spare = self._together(stream, term, at, codes), any(code.spare for code in codes)
        weight = ranking.stream_weight(stream, len(self.plain), plain=self._is_plain(stream, at), together=together)
        return weight * self._share(stream, at) * (ranking.spare if spare else 1.0)

    def _share(self, stream: Stream, at: int) -> float:
        """Return the factor of a term that starts at syllable ``at``; for a bigram, the geometric mean of its two."""
        if stream not in BIGRAMS:
            return self.shares[at]
        return math.sqrt(self.shares[at] * self.shares[min(at + 1, len(self.shares) - 1)])

    def _is_plain(self, stream: Stream, at: int) -> bool:
        """Tell whether a term that starts at syllable ``at`` lacks accents; of a bigram, one syllable suffices."""
        if stream in BIGRAMS:
            return any(self.plain[at : at + 2])
        return stream is not Stream.WORD and self.plain[at]

    def _codes(self, stream: Stream, term: str, at: int) -> list[Code]:
        """Return the codes that a term which starts at syllable ``at`` is."""
        if stream not in (Stream.SYLLABLE, Stream.FOLDED):
            return []
        codes = self.analysis.tokens.codes
        return [code for code in codes if code.first == at and fold(code.text) == fold(term)]

    def _together(self, stream: Stream, term: str, at: int, codes: Sequence[Code]) -> bool:
        """Tell whether a term is several syllables that stand together: a code, or a bigram outside of one."""
        tokens = self.analysis.tokens
        if stream in BIGRAMS:
            return not any(code.first <= at < code.end - 1 for code in tokens.codes)
        if term in (tokens.exact[at], tokens.folded[at]):
            return False
        return any(code.end - at > 1 for code in codes)
