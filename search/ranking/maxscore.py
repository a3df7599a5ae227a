"""Score only the articles that may be in the top k.

Most matches are never shown. Rare terms have short posting lists and decide most. Once their sums are known, an upper
bound of what the frequent terms add tells which articles cannot be in the top k. This is the idea of Turtle and Flood's
MaxScore (*Query evaluation: strategies and optimizations*, 1995), over whole arrays. The threshold comes from the few
leaders so far, scored in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.errors import SearchTimeoutError
from search.deadline import Deadline
from search.ranking.clauses import DocMask, Matches, ProximityClause, ScoreClause, WeightedTerm
from search.ranking.impacts import TermImpacts
from search.ranking.indexed import IndexedArticles
from search.ranking.top_k import best_first, largest, reached

Articles = NDArray[np.intp]
_FEW = 1000
_LEADERS = 4
_ROUNDING = 1e-5


class MaxScoreScorer:
    """Score the articles ``among`` (a doc mask) for the query ``found``.

    ``articles`` (ascending) may be in the top ``most``; ``best`` are their scores. Once ``deadline`` is over, scores
    lack what is not yet added.
    """

    def __init__(
        self,
        impacts: TermImpacts[IndexedArticles],
        found: Matches[DocMask],
        among: DocMask,
        most: int,
        deadline: Deadline | None = None,
    ) -> None:
        self._deadline = deadline or Deadline()
        self._impacts = impacts
        self._ranking = ranking = impacts.ranking
        self._found = found
        self._ceiling = sum([clause.most(found.k1) for clause in found.clauses])
        self._proximity: list[tuple[str, Articles, Floats]] = []
        self._rare: list[WeightedTerm] = []
        self._frequent: list[WeightedTerm] = []
        for term in [term for clause in found.clauses if clause.name is None for term in clause.groups[0]]:
            (self._frequent if impacts.frequent(term.frequency) else self._rare).append(term)
        self._frequent.sort(key=lambda term: -term.weight)
        self._named = [clause for clause in found.clauses if clause.name is not None]
        self.articles, sums = self._candidates(among, max(most, ranking.proximity_articles if found.proximity else 1))
        best = float(sums.max(initial=0.0))
        with suppress(SearchTimeoutError):
            for proximity in found.proximity if best else ():
                self._add_proximity(proximity, sums, best)
        self.best = self._decayed(self.articles, sums)

    def scores(self, articles: Articles) -> Floats:
        """Return the scores of ``articles``, any of those to score, ascending by doc id."""
        sums = np.zeros(len(articles), np.float32)
        self._complete(articles, sums, [*self._rare, *self._frequent])
        for _, near, gains in self._proximity:
            sums += _spread_to(near, gains, articles)
        return self._decayed(articles, sums)

    def explain(self, articles: Articles) -> dict[int, dict[str, float]]:
        """Return the parts that sum to the score of each of ``articles``, largest first, by doc id."""
        parts: dict[str, Floats] = {}
        for clause in self._found.clauses:
            if clause.name is not None:
                parts[clause.name] = self._clause_scores(clause, articles)
                continue
            for term in clause.groups[0]:
                name = f"{term.stream} {term.term}"
                parts[name] = parts.get(name, 0.0) + self._added([term], articles)
        for name, near, gains in self._proximity:
            parts[name] = parts.get(name, 0.0) + _spread_to(near, gains, articles)
        parts = {name: self._decayed(articles, values) for name, values in parts.items()}
        found = [{name: float(values[at]) for name, values in parts.items()} for at in range(len(articles))]
        return {
            article: dict(sorted([part for part in named.items() if part[1]], key=lambda part: -part[1]))
            for article, named in zip(articles.tolist(), found, strict=True)
        }

    def _candidates(self, among: DocMask, most: int) -> tuple[Articles, Floats]:
        """Return the articles of ``among``, ascending, that may be in the top ``most``, and their sums."""
        enough, full = max(most, _FEW), self._found.k1 + 1.0
        articles = np.flatnonzero(among)
        sums = np.zeros(len(articles), np.float32)
        some: Sequence[WeightedTerm] = self._rare
        others: Sequence[WeightedTerm] = self._frequent
        more = self._ceiling * (1.0 + _ROUNDING)
        while len(articles) > enough and (some or others) and not self._deadline.passed():
            if not some:
                some, others = _heavier(others, more / 2 / full)
            self._impacts.add(some, articles, sums, self._found.k1, self._deadline)
            more -= full * sum([term.weight for term in some])
            some = []
            leading = largest(self._decayed(articles, sums), _LEADERS * most)[: 2 * _LEADERS * most]
            best, in_full = articles.take(leading), sums.take(leading)
            self._complete(best, in_full, others)
            kept = np.flatnonzero(self._may_reach(articles, sums, more, self._decayed(best, in_full), most))
            articles, sums = articles.take(kept), sums.take(kept)
        self._complete(articles, sums, [*some, *others])
        return articles, sums

    def _may_reach(
        self, articles: Articles | slice, sums: Floats, more: float, scores: Floats, most: int
    ) -> NDArray[np.bool_]:
        """Tell which articles, with up to ``more`` to be added to ``sums``, may be among the best ``most``."""
        return self._decayed(articles, sums + np.float32(more)) >= reached(scores, most)

    def _decayed(self, articles: Articles | slice, scores: Floats) -> Floats:
        decay = self._found.decay
        return scores if decay is None else scores * decay[articles]

    def _complete(self, articles: Articles, sums: Floats, others: Sequence[WeightedTerm]) -> None:
        """Complete the ``sums`` of ``articles``: add the terms ``others`` and the named clauses."""
        self._impacts.add(others, articles, sums, self._found.k1, self._deadline)
        for clause in self._named:
            if self._deadline.passed():
                break
            sums += self._clause_scores(clause, articles)

    def _clause_scores(self, clause: ScoreClause[DocMask], articles: Articles) -> Floats:
        most = np.zeros(len(articles), np.float32)
        for number, group in enumerate(clause.groups):
            if self._deadline.must_stop(number):
                break
            np.maximum(most, self._added(group, articles), out=most)
        return most if clause.only is None else most * clause.only.take(articles)

    def _added(self, terms: Sequence[WeightedTerm], articles: Articles) -> Floats:
        """Return what ``terms`` add to the scores of ``articles``."""
        return self._impacts.sums(terms, articles, self._found.k1, self._deadline)

    def _add_proximity(self, proximity: ProximityClause, sums: Floats, best: float) -> None:
        """Add shares of ``best``, the best score, to the ``sums`` of the best articles: for how close together they
        have the words of the query, and for how many they have at the beginning.
        """
        ranking, snapshot = self._ranking, self._impacts.snapshot
        scores = self._decayed(self.articles, sums)
        places = np.sort(best_first(snapshot, self.articles, scores, ranking.proximity_articles))
        near = self.articles[places]
        windows, lead = self._impacts.nearness(proximity, near, self._deadline)
        unit = np.float32(proximity.factor * best / sum(proximity.weights.values()))
        shares = np.array(list(ranking.windows.values()), np.float32)
        for name, gains in (("nearness", shares @ windows * unit), ("beginning", ranking.lead[1] * lead * unit)):
            sums[places] += gains
            self._proximity.append((name, near, gains))


def _heavier(terms: Sequence[WeightedTerm], weight: float) -> tuple[Sequence[WeightedTerm], Sequence[WeightedTerm]]:
    """Return the first of ``terms``, at least one, that weigh so much together, and the others."""
    for number, so_far in enumerate(accumulate([term.weight for term in terms]), 1):
        if so_far >= weight:
            return terms[:number], terms[number:]
    return terms, []


def _spread_to(near: Articles, gains: Floats, articles: Articles) -> Floats:
    """Return the gain of each of ``articles`` (ascending), 0 for those not in ``near``."""
    placed = np.zeros(len(articles), np.float32)
    at = articles.searchsorted(near)
    there = articles.take(at, mode="clip") == near if len(articles) else np.zeros(len(near), bool)
    placed[at[there]] = gains[there]
    return placed
