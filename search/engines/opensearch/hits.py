"""The hits of a page: the first candidates in the order of our scores, those after them in that of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from index.arrays import Floats
from search.deadline import Deadline
from search.engine import Hit, Order, Request
from search.engines.opensearch.candidates import Candidate, CandidateArticles, candidate_of, wanted_terms
from search.engines.opensearch.ordering import places, sorting
from search.engines.opensearch.query_sets import NONE, Query
from search.engines.opensearch.statistics import ClusterStatistics
from search.engines.opensearch.stories import ClusterStories, others
from search.ranking.clauses import DocMask, Matches, ScoreClause
from search.ranking.dates import days_before
from search.ranking.impacts import TermImpacts
from search.ranking.maxscore import MaxScoreScorer
from search.ranking.scoring import Ranking, recency

LISTED = ("id", "seq", "minutes", "story")
"""What the cluster tells of every candidate."""
TOKENS = "tokens"
_MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Asking:
    """How candidates are asked for: of which index, by whom, in which order."""

    statistics: ClusterStatistics
    index: str
    preference: str
    order: Order
    timeout: str

    def body(self, query: Query, size: int, *, tokens: bool, **more: Any) -> dict[str, Any]:
        """Return a search for candidates."""
        return {
            "size": size,
            "_source": False,
            "query": query,
            "sort": sorting(self.order),
            "track_scores": True,
            "track_total_hits": False,
            "docvalue_fields": [*LISTED, TOKENS] if tokens else list(LISTED),
            "timeout": self.timeout,
            **more,
        }

    def candidates(self, body: Mapping[str, Any]) -> list[Candidate]:
        """Return the candidates of a search."""
        answer = self.statistics.search(self.index, body, None, self.preference)
        return [] if answer is None else [candidate_of(hit) for hit in answer["hits"]["hits"]]

    def listed(self, query: Query, start: int, end: int, after: Sequence[Any]) -> Iterator[Candidate]:
        """Yield the candidates from ``start`` to ``end`` of the cluster's order; those before end at ``after``."""
        if end <= _MOST_AT_ONCE:
            yield from self.candidates(self.body(query, end - start, tokens=False, **{"from": start}))
            return
        at = start if after else 0
        while at < end:
            more = {"search_after": list(after)} if after else {}
            some = self.candidates(self.body(query, min(_MOST_AT_ONCE, end - at), tokens=False, **more))
            yield from some[max(0, start - at) :]
            if not some:
                return
            at, after = at + len(some), some[-1].sort


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind: all that match, or the relaxed ones.

    ``query`` scores the ``total`` articles among them; ``first`` are its first candidates, with tokens.
    """

    query: Query
    total: int
    first: Sequence[Candidate]
    relaxed: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """What scores are computed from; ``dates`` are the minutes of the newest and of the oldest article."""

    found: Matches[Query]
    ranking: Ranking
    request: Request
    dates: tuple[int, int]

    def scorer(self, articles: CandidateArticles, some: Sequence[Candidate], *, near: bool) -> MaxScoreScorer:
        """Return a scorer of candidates; if they are ``near`` the best, how close they have the words counts too."""
        found = self.found
        clauses = [
            ScoreClause(clause.groups, clause.name, None if clause.only is None else _named(some, str(number)))
            for number, clause in enumerate(found.clauses)
        ]
        every = np.ones(len(some), bool)
        proximity = found.proximity if near else ()
        matches: Matches[DocMask] = Matches(every, every, None, clauses, proximity, found.k1, self._decay(articles))
        impacts = TermImpacts(articles, self.ranking)
        return MaxScoreScorer(impacts, matches, every, len(some), self.request.deadline)

    def _decay(self, articles: CandidateArticles) -> Floats | None:
        if self.request.recency is None:
            return None
        return recency(days_before(articles.minutes, *self.dates), self.request.recency)


def _named(some: Sequence[Candidate], name: str) -> DocMask:
    return np.array([name in one.named for one in some], bool)


class Page:
    """The page of a request."""

    def __init__(self, asking: Asking, formula: Formula, groups: Sequence[Group], stories: ClusterStories) -> None:
        self._asking = asking
        self._formula = formula
        self._request = formula.request
        self._groups = [group for group in groups if group.total]
        self._stories = stories
        self._scores: dict[int, float] = {}  # by sequence number
        self._scorers: list[tuple[MaxScoreScorer, Sequence[Candidate]]] = []

    def hits(self, shown: Query) -> list[Hit]:
        """Return the hits; ``shown`` are all articles that match or are relaxed."""
        return self._listed(self._candidates(), shown)

    def following(self, some: Sequence[Candidate]) -> list[Hit]:
        """Return ``some``, those after a cursor with their tokens, as hits."""
        for group in self._groups:
            self._scored_articles(group.first, near=True)
        if missing := [one for one in some if one.seq not in self._scores]:
            self._scored_articles(missing, near=False)
        return self._listed([(one, False) for one in some], NONE)

    def _listed(self, page: Sequence[tuple[Candidate, bool]], shown: Query) -> list[Hit]:
        request = self._request
        explained = self._explained({one.seq for one, _ in page}) if request.explain else {}
        told = [one for one, _ in page if self._stories.copies(one)]
        copied = others(self._asking.statistics, self._asking.index, shown, told, request.copies)
        return [
            Hit(
                one.id,
                self._scores[one.seq],
                explained.get(one.seq),
                self._stories.copies(one),
                relaxed,
                tuple(copied.get(one.seq, ())),
            )
            for one, relaxed in page
        ]

    def _candidates(self) -> list[tuple[Candidate, bool]]:
        """Return the candidates of the page, scored, and whether each is relaxed."""
        request, groups = self._request, self._groups
        start, reach, hidden = request.start, request.start + request.size, self._stories.hidden
        if not any(group.first for group in groups):
            return self._with_scores(self._deep(start, reach))
        firsts = {group.relaxed: self._first(group) for group in groups}
        total = sum(group.total for group in groups)
        most = reach + (hidden if reach >= total - hidden else min(hidden, reach))
        while True:
            ranked = [
                (one, group.relaxed) for group in groups for one in self._ranked(group, firsts[group.relaxed], most)
            ]
            relaxed = {one.seq: is_relaxed for one, is_relaxed in reversed(ranked)}
            kept = self._stories.firsts(one for one, _ in ranked)
            if len(kept) >= reach or most >= total or request.deadline.passed():
                break
            most = min(total, 4 * most)
        return self._with_scores([(one, relaxed[one.seq]) for one in kept[start:reach]])

    def _deep(self, start: int, reach: int) -> list[tuple[Candidate, bool]]:
        """Return the candidates of a page that begins after all that are scored before it is cut."""
        page: list[tuple[Candidate, bool]] = []
        before = 0
        for group in self._groups:
            first, end = max(0, start - before), min(group.total, reach - before)
            if first < end:
                page += [(one, group.relaxed) for one in self._asking.listed(group.query, first, end, ())]
            before += group.total
        return page

    def _ranked(self, group: Group, first: Sequence[Candidate], most: int) -> list[Candidate]:
        """Return the first ``most`` candidates of a group, each once."""
        end = min(most, group.total)
        ranked = {one.seq: one for one in first[:most]}
        if end > len(group.first):
            for one in self._asking.listed(group.query, len(group.first), end, group.first[-1].sort):
                ranked.setdefault(one.seq, one)
        return list(ranked.values())

    def _first(self, group: Group) -> list[Candidate]:
        """Return the first candidates of a group in the requested order, with our scores."""
        some = group.first
        self._scored_articles(some, near=True)
        scores = np.array([self._scores[one.seq] for one in some], np.float32)
        return [some[place] for place in places(self._asking.order, some, scores).tolist()]

    def _scored_articles(self, some: Sequence[Candidate], *, near: bool) -> None:
        articles = CandidateArticles(some, wanted_terms(self._formula.found), self._asking.statistics)
        scorer = self._formula.scorer(articles, some, near=near)
        self._scores.update(zip((one.seq for one in some), scorer.scores(np.arange(len(some))).tolist(), strict=True))
        self._scorers.append((scorer, some))

    def _with_scores(self, page: list[tuple[Candidate, bool]]) -> list[tuple[Candidate, bool]]:
        """Score the candidates of a page that have no score yet; those that are gone meanwhile are left out."""
        for group in self._groups:
            missing = [one for one, relaxed in page if relaxed is group.relaxed and one.seq not in self._scores]
            if missing:
                only: Query = {"terms": {"seq": [one.seq for one in missing]}}
                query: Query = {"bool": {"must": [group.query], "filter": [only]}}
                some = self._asking.candidates(self._asking.body(query, len(missing), tokens=True))
                self._scored_articles(some, near=False)
        return [entry for entry in page if entry[0].seq in self._scores]

    def _explained(self, wanted: set[int]) -> dict[int, Mapping[str, float]]:
        """Return the parts of the scores of some candidates, by sequence number; none once the deadline is over."""
        explained: dict[int, Mapping[str, float]] = {}
        for scorer, some in self._scorers:
            if self._request.deadline.passed():
                return {}
            places = np.array([place for place, one in enumerate(some) if one.seq in wanted], np.intp)
            explained |= {some[place].seq: parts for place, parts in scorer.explain(places).items()}
        return {} if self._request.deadline.passed() else explained


def timeout_of(deadline: Deadline, least: float) -> str:
    """Return for how long the cluster may search: what is left of a deadline, but not too little for any answer."""
    left = deadline.left()
    return "-1" if left is None else f"{int(max(left, least) * 1000)}ms"
