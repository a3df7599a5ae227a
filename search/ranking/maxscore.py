"""Score only the articles that may be in the top k.

Most matches are never shown. Rare terms have short posting lists and decide most. Once their sums are known, an upper
bound of what the frequent terms add tells which articles cannot be in the top k. This is the idea of Turtle and Flood's
MaxScore (*Query evaluation: strategies and optimizations*, 1995), over whole arrays. The threshold comes from the few
leaders so far, scored in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.errors import SearchTimeoutError
from search.deadline import Deadline
from search.ranking.clauses import DocMask, Matches, ProximityClause, ScoreClause, WeightedTerm
from search.ranking.impacts import TermImpacts
from search.ranking.indexed import IndexedArticles
from search.ranking.proximity import proximity_of
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
        self.best = self._scores(self.articles, sums)

    def scores(self, articles: Articles) -> Floats:
        """Return the scores of ``articles``, any of those to score, ascending by doc id."""
        sums = self._impacts.sums_of_all(self._rare, self._found.k1, self._deadline).take(articles)
        self._complete(articles, sums, self._frequent)
        return self._scores(articles, sums)

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
        k1 = self._found.k1
        enough, others, full = max(most, _FEW), self._frequent, k1 + 1.0
        more = full * sum([term.weight for term in others])
        more += sum([clause.most(k1) for clause in self._named]) + _ROUNDING * self._ceiling
        sums = self._impacts.sums_of_all(self._rare, k1, self._deadline, among)
        if np.count_nonzero(among) > enough:
            among = among & self._may_reach(slice(None), sums, more, self._decayed(slice(None), sums), most)
        articles = np.flatnonzero(among)
        sums = sums.take(articles)
        while len(articles) > enough and not self._deadline.passed():
            some = largest(self._decayed(articles, sums), _LEADERS * most)[: 2 * _LEADERS * most]
            best, in_full = articles.take(some), sums.take(some)
            self._complete(best, in_full, others)
            kept = np.flatnonzero(self._may_reach(articles, sums, more, self._decayed(best, in_full), most))
            articles, sums = articles.take(kept), sums.take(kept)
            if len(articles) <= enough or not others:
                break
            heavy, half = 0, more / 2
            while heavy < len(others) and more > half:
                more -= full * others[heavy].weight
                heavy += 1
            self._impacts.add(others[:heavy], articles, sums, k1, self._deadline)
            others = others[heavy:]
        self._complete(articles, sums, others)
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
        sums = np.zeros(len(articles), np.float32)
        self._impacts.add(terms, articles, sums, self._found.k1, self._deadline)
        return sums

    def _scores(self, articles: Articles, sums: Floats) -> Floats:
        scores = sums.copy()
        for _, near, gains in self._proximity:
            scores += _spread_to(near, gains, articles)
        return self._decayed(articles, scores)

    def _add_proximity(self, proximity: ProximityClause, sums: Floats, best: float) -> None:
        """Add shares of ``best``, the best score, to the best articles: for how close together they have the words of
        the query, and for how many they have at the beginning.
        """
        ranking, snapshot = self._ranking, self._impacts.snapshot
        scores = self._scores(self.articles, sums)
        near = self.articles[np.sort(best_first(snapshot, self.articles, scores, ranking.proximity_articles))]
        windows, lead = proximity_of(
            snapshot,
            proximity.fields,
            proximity.weights,
            near.astype(np.int32),
            list(ranking.windows),
            ranking.lead[0],
            self._deadline,
        )
        unit = np.float32(proximity.factor * best / sum(proximity.weights.values()))
        shares = np.array(list(ranking.windows.values()), np.float32)
        self._proximity.append(("nearness", near, shares @ windows * unit))
        self._proximity.append(("beginning", near, ranking.lead[1] * lead * unit))


def _spread_to(near: Articles, gains: Floats, articles: Articles) -> Floats:
    """Return the gain of each of ``articles`` (ascending), 0 for those not in ``near``."""
    placed = np.zeros(len(articles), np.float32)
    at = articles.searchsorted(near)
    there = articles.take(at, mode="clip") == near if len(articles) else np.zeros(len(near), bool)
    placed[at[there]] = gains[there]
    return placed
