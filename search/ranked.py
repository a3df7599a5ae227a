"""The scores of what a query finds, worked out only for the articles that may come first.

Most of what a query finds will not be shown. Two things tell it before it is scored:

- Of a short query the articles with every word come first, those with the accents typed before others: where these
  are enough, the rest is not looked at.
- The rare terms have few postings and decide most. When their sums are known, what the frequent ones can add at most
  tells which articles cannot be among the best. It is the idea of Turtle and Flood's MaxScore (*Query evaluation:
  strategies and optimizations*, 1995), over whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from search.evaluation import Found, Gain, Longer
from search.impacts import Flags, Sums, TermImpacts
from search.nearness import nearness
from search.snapshot import Floats
from search.top import best_first, reached

Articles = NDArray[np.intp]
_FEW = 1000
_NARROW = 4
_ROUNDING = 1e-5


class Ranked:
    """Score ``found``. ``articles`` (ascending) may be among the best ``most``; ``best`` are their scores."""

    def __init__(self, impacts: TermImpacts, found: Found, most: int) -> None:
        self._impacts = impacts
        self._ranking = ranking = impacts.ranking
        self._found = found
        self._ceiling = sum([gain.most(ranking.k1) for gain in found.gains])
        self._first = (1.0 + ranking.most_nearness()) * self._ceiling if found.first else 0.0
        self._near: list[tuple[str, Articles, Floats]] = []
        plain = [addend for gain in found.gains if gain.name is None for addend in gain.groups[0]]
        self._rare = [addend for addend in plain if not impacts.frequent(addend)]
        self._frequent = [addend for addend in plain if impacts.frequent(addend)]
        most = max(most, ranking.near_articles if found.longer else 1)
        tier = self._tier(most)
        sums_of_rare = impacts.sums_of_all(self._rare, tier)
        self.articles = self._promising(tier, sums_of_rare, most)
        sums = self._sums(self.articles, sums_of_rare)
        if not sums.any() and self._first:  # what has every word need not have a term that counts
            self.articles = np.flatnonzero(found.matched)
            sums = self._sums(self.articles, impacts.sums_of_all(self._rare))
        best = float(sums.max(initial=0.0))
        if not best:
            self._first = 0.0
        for longer in found.longer if best else ():
            self._find_near(longer, sums, best)
        self.best = self._scores(self.articles, sums)

    def scores(self, articles: Articles) -> Floats:
        """Return the scores of some of the articles found, ascending."""
        return self._scores(articles, self._sums(articles, self._impacts.sums_of_all(self._rare)))

    def explained(self, articles: Articles) -> dict[int, dict[str, float]]:
        """Return what the scores of ``articles`` are the sums of, the most first."""
        parts: dict[str, Sums | Floats] = {}
        for gain in self._found.gains:
            if gain.name is not None:
                parts[gain.name] = self._gained(gain, articles)
                continue
            for addend in gain.groups[0]:
                name = " ".join((*addend.field.split("_"), addend.term))
                parts[name] = parts.get(name, 0.0) + self._impacts.sums([addend], articles)
        parts |= dict(self._firsts(articles))
        for name, near, gains in self._near:
            parts[name] = parts.get(name, 0.0) + _placed(near, gains, articles)
        found = [{name: float(values[at]) for name, values in parts.items()} for at in range(len(articles))]
        return {
            article: dict(sorted([part for part in named.items() if part[1]], key=lambda part: -part[1]))
            for article, named in zip(articles.tolist(), found, strict=True)
        }

    def _promising(self, tier: Flags, sums_of_rare: Floats, most: int) -> Articles:
        """Return the articles of ``tier``, ascending, that may be among the best ``most``."""
        enough, count = max(most, _FEW), np.count_nonzero(tier)
        if count <= enough:
            return np.flatnonzero(tier)
        some = np.flatnonzero(tier) if count * _NARROW <= len(tier) else slice(None)  # many are faster added all
        full = self._ranking.k1 + 1.0
        others = sorted(self._frequent, key=lambda addend: addend.weight)
        more = full * sum([addend.weight for addend in others])
        more += sum([gain.most(self._ranking.k1) for gain in self._found.gains if gain.name is not None])
        among = tier[some]
        first = sum([first for _, first in self._firsts(some)], np.float32(0.0))
        sums = sums_of_rare[some] * among
        while True:
            scores = sums + first
            least = reached(scores, most)
            if self._found.longer:  # the one that would be first but for having every word is wanted too
                least = min(least, float(sums.max()))
            promising = among & (scores >= least - more - _ROUNDING * self._ceiling)
            if not others or np.count_nonzero(promising) <= enough:
                return np.flatnonzero(promising) if isinstance(some, slice) else some[promising]
            half = more / 2
            while others and more > half:
                addend = others.pop()
                sums += self._impacts.dense(addend)[some] * np.float32(addend.weight)
                more -= full * addend.weight
            sums *= among

    def _tier(self, most: int) -> Flags:
        """Return the articles of which those that come first are at least ``most``, as far as that is told by flags."""
        found = self._found
        if self._first and found.short:
            if found.choosy and np.count_nonzero(both := found.every & found.exact) >= most:
                return both
            if np.count_nonzero(found.every) >= most:
                return found.every
        return found.matched

    def _firsts(self, articles: Articles | slice) -> Iterator[tuple[str, Floats]]:
        """Yield what articles score for having every word, and every accent typed."""
        if self._first:
            found = self._found
            share = 1.0 if found.short else self._ranking.every_word
            every = found.every[articles]
            yield "every word", every * np.float32(share * self._first)
            if found.choosy:
                yield "accents as typed", (every & found.exact[articles]) * np.float32(self._first)

    def _sums(self, articles: Articles, sums_of_rare: Floats) -> Sums:
        """Return the scores of ``articles`` but for what comes from having every word, and from nearness."""
        sums = sums_of_rare.take(articles) + self._impacts.sums(self._frequent, articles)
        for gain in self._found.gains:
            if gain.name is not None:
                sums += self._gained(gain, articles)
        return sums

    def _gained(self, gain: Gain, articles: Articles) -> Sums:
        sums = np.zeros(len(articles))
        for group in gain.groups:
            np.maximum(sums, self._impacts.sums(group, articles), out=sums)
        return sums if gain.only is None else sums * gain.only[articles]

    def _scores(self, articles: Articles, sums: Sums) -> Floats:
        scores = sums.copy()
        for _, first in self._firsts(articles):
            scores += first
        for _, near, gains in self._near:
            scores += _placed(near, gains, articles)
        return scores.astype(np.float32)

    def _find_near(self, longer: Longer, sums: Sums, best: float) -> None:
        """Add to the best articles shares of ``best``, the best score: for how close together they have the words of a
        longer query, and for how many at the beginning.
        """
        ranking, snapshot = self._ranking, self._impacts.snapshot
        scores = self._scores(self.articles, sums)
        near = self.articles[np.sort(best_first(snapshot, self.articles, scores, ranking.near_articles))]
        windows, lead = nearness(
            snapshot, longer.fields, longer.weights, near.astype(np.int32), list(ranking.windows), ranking.lead[0]
        )
        unit = np.float32(best / sum(longer.weights.values()))
        shares = np.array(list(ranking.windows.values()), np.float32)
        self._near.append(("nearness", near, shares @ windows * unit))
        self._near.append(("beginning", near, ranking.lead[1] * lead * unit))


def _placed(near: Articles, gains: Floats, articles: Articles) -> Floats:
    """Return for each of ``articles`` (ascending) what it gains, nothing if it is not ``near``."""
    placed = np.zeros(len(articles), np.float32)
    at = articles.searchsorted(near)
    there = articles.take(at, mode="clip") == near if len(articles) else np.zeros(len(near), bool)
    placed[at[there]] = gains[there]
    return placed
