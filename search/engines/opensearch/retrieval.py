"""One retrieval from a cluster: evaluate, filter, count facets, choose candidates, rank them, collapse.

Work that asks the cluster is done ``together``: it is run with placeholders to learn what it asks. An ordinary query
takes one round trip if the frequencies of its terms are known, else one more: the count of all that match, the facets,
and the first candidates with their tokens come together. A query of many words takes two more, for how frequent they
are and for what the best article has of them; one that few articles match takes two for the relaxed ones; values of
facets that were not seen yet take one for their names; a page beyond the first candidates takes two, and the ids of
near-copies one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from index.errors import ClusterError, SearchTimeoutError
from search.engine import ORDERS, Hit, Request, Retrieved, Sort, order_of
from search.engines.opensearch import stories as told
from search.engines.opensearch.candidates import Candidate, candidate_of
from search.engines.opensearch.facets import DAYS, ask_names, counted, counting, days, listed
from search.engines.opensearch.hits import Asking, Formula, Group, Page, timeout_of
from search.engines.opensearch.ordering import after, cursor_at, cursor_order, order
from search.engines.opensearch.query_sets import NONE, Query, QuerySets, clauses, filtered, key_of
from search.engines.opensearch.statistics import ClusterStatistics, KnownStatistics
from search.engines.opensearch.stories import ClusterStories
from search.matching.evaluator import Evaluator
from search.matching.filters import passing, within
from search.ranking.clauses import Matches
from search.ranking.scoring import Ranking

WINDOW = 100
"""So many candidates of the cluster are scored by our own formula; those after them keep the cluster's order."""
_MOST_CLAUSES = 1000
_LEAST_SECONDS = 0.5
_MINUTES = {"newest": {"max": {"field": "minutes"}}, "oldest": {"min": {"field": "minutes"}}}
_STORIES, _DAYS = "stories", "days"

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenedCluster:
    """What is known of one version of the index. Threads may share it.

    ``names`` has what each value of a label is called, by its key; ``counts`` how many articles have a word of a query;
    ``dates`` the minutes of the newest and the oldest article, once they were asked for.
    """

    version: int
    known: KnownStatistics
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    dates: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """What the cluster said: the evaluated query, counts by value of each facet and by day, stories, and the hits.

    ``following`` are the candidates after the cursor; without one, those of ``groups`` are chosen from.
    """

    matches: Matches[Query]
    shown: Query = field(default_factory=lambda: NONE)
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stories: ClusterStories = field(default_factory=ClusterStories)
    groups: Sequence[Group] = ()
    at_least: bool = False
    days: Mapping[int, int] = field(default_factory=dict)
    following: Sequence[Candidate] = ()


def retrieve(opened: OpenedCluster, ranking: Ranking, request: Request) -> Retrieved:
    """Return the result of ``request``."""
    deadline = request.deadline
    deadline.passed()
    if request.cursor is not None:
        request = replace(request, start=0, collapse=False, relax=False)
    statistics = ClusterStatistics(opened.known, deadline)
    if not statistics.articles:
        return Retrieved(0, 0, [], {facet: [] for facet in request.facets})
    asked = _Asked(opened, statistics, ranking.boosted(request.boosts), request)
    try:
        found = statistics.together(asked.run)
        if found.at_least and not any(group.total for group in found.groups):
            deadline.check()
        hits = asked.hits(found) if request.size else []
    except ClusterError:
        deadline.check()
        raise
    facets = {
        facet: listed(facet, counts, opened.names.get(facet, {}), request.facet_size)
        for facet, counts in found.facets.items()
    }
    total = sum(group.total for group in found.groups if not group.relaxed)
    relaxed = sum(group.total for group in found.groups if group.relaxed)
    pages = total + relaxed - found.stories.hidden
    partial = found.at_least or deadline.passed()
    following = None
    if request.cursor is not None and request.size and len(found.following) == request.size:
        following = cursor_at(cursor_order(request.sort), found.following[-1])
    return Retrieved(total, pages, hits, facets, relaxed, partial, found.at_least, found.days, following)


class _Asked:
    """What one request asks of the cluster."""

    def __init__(
        self, opened: OpenedCluster, statistics: ClusterStatistics, ranking: Ranking, request: Request
    ) -> None:
        self._opened = opened
        self._statistics = statistics
        self._ranking = ranking
        self._request = request
        self._index = opened.known.cluster.articles
        self._totals: dict[str, int] = {}
        digest = hashlib.blake2b(repr(request.tree).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        timeout = timeout_of(request.deadline, _LEAST_SECONDS)
        by = order_of(request.sort) if request.cursor is None else ORDERS[Sort.RELEVANCE]
        self._asking = Asking(statistics, self._index, f"q{digest}", by, timeout)
        self._cut_short = False

    def hits(self, found: Found) -> list[Hit]:
        """Return the hits of what was found."""
        dates = (self._opened.dates or [(0, 0)])[0]
        formula = Formula(found.matches, self._ranking, self._request, dates)
        page = Page(self._asking, formula, found.groups, found.stories)
        return page.hits(found.shown) if self._request.cursor is None else page.following(found.following)

    def run(self) -> Found:
        """Return what the cluster says; of no use while ``statistics`` are guessing, when it is run again."""
        request, statistics = self._request, self._statistics
        few = max(1, self._ranking.few)
        while True:
            sets = QuerySets(statistics, self._index, self._totals, self._opened.counts)
            filters = passing(sets, request.filters)
            evaluator = Evaluator(sets, self._ranking, request.match, request.deadline)
            found = evaluator.run(request.tree, within(sets, filters.values()), relax=request.relax)
            self._learn_dates()
            if statistics.guessing:
                return Found(found)
            facets = [facet for facet in request.facets if not request.deadline.passed()]
            others = self._other_counts(sets, found, filters, facets)
            following = self._following(found)
            answer = self._matching(found, [facet for facet in facets if facet not in others])
            if answer is None or statistics.guessing:
                return Found(found)
            total = _total(answer)
            was_known = key_of(found.matched) in self._totals
            self._totals[key_of(found.matched)] = total
            if was_known or total >= few or not request.relax:
                break
        groups = [self._group(found, found.matched, answer)]
        shown, stories = found.matched, answer
        if found.relaxed is not None:
            shown = sets.union([found.matched, found.relaxed])
            relaxed = self._search(self._ranked(found, found.relaxed), {}, ranks=True)
            union = self._search(filtered(shown), self._stories_asked(), ranks=False)
            if relaxed is None or union is None:
                return Found(found)
            groups.append(self._group(found, found.relaxed, relaxed, relaxed=True))
            stories = union
        chosen = request.facet_size, request.facet_text
        answers = {facet: (others.get(facet) or answer)["aggregations"][facet] for facet in facets}
        counts = {facet: counted(one, facet, *chosen) for facet, one in answers.items()}
        labels = {facet: list(values) for facet, values in counts.items()}
        ask_names(statistics, self._index, self._opened.names, labels)
        at_least = evaluator.at_least or sets.cut or self._cut_short
        by_day = days(answer["aggregations"][_DAYS]) if _DAYS in answer.get("aggregations", {}) else {}
        after_cursor = [candidate_of(hit) for hit in following["hits"]["hits"]] if following else []
        return Found(found, shown, counts, self._stories(stories, shown), groups, at_least, by_day, after_cursor)

    def _matching(self, found: Matches[Query], facets: Sequence[str]) -> Answer | None:
        """Ask for the first candidates of all that match, and count these, their facets and their days."""
        more = {facet: self._counting(facet) for facet in facets} | self._stories_asked()
        if self._request.count_days and not self._request.deadline.passed():
            more[_DAYS] = DAYS
        return self._search(self._ranked(found, found.matched), more, ranks=True)

    def _following(self, found: Matches[Query]) -> Answer | None:
        """Ask for the candidates after the cursor; None without one."""
        request = self._request
        if request.cursor is None or not request.size:
            return None
        by = cursor_order(request.sort)
        body = replace(self._asking, order=by).body(self._ranked(found, found.matched), request.size, tokens=True)
        if request.cursor.id is not None:
            body["search_after"] = after(by, request.cursor)
        return self._statistics.search(self._index, body, None, self._asking.preference)

    def _counting(self, facet: str) -> dict[str, Any]:
        return counting(facet, self._request.facet_size, self._request.facet_text)

    def _other_counts(
        self, sets: QuerySets, found: Matches[Query], filters: Mapping[str, Query], facets: Sequence[str]
    ) -> dict[str, Answer | None]:
        """Count the facets of labels that are filters, each without its own filter."""
        counts: dict[str, Answer | None] = {}
        for facet in facets:
            if self._request.other_filters and facet in filters:
                left = [query for name, query in filters.items() if name != facet]
                among = sets.intersection([found.unfiltered, *left])
                counts[facet] = self._search(filtered(among), {facet: self._counting(facet)}, ranks=False)
        return counts

    def _search(self, query: Query, aggregations: Mapping[str, Any], *, ranks: bool) -> Answer | None:
        """Ask for the first candidates, if it ``ranks``, with the total; None until they are known."""
        if clauses(query) > _MOST_CLAUSES:
            raise SearchTimeoutError("The search has more parts than fit into one. Use fewer words and clauses.")
        deep = self._request.start >= WINDOW + self._ranking.few and not self._request.collapse
        size = WINDOW if ranks and self._request.size and not deep else 0
        body = self._asking.body(query, size, tokens=True, track_total_hits=True)
        if not size:
            body = {name: body[name] for name in ("size", "query", "track_total_hits", "timeout")}
        if aggregations:
            body["aggs"] = aggregations
        answer = self._statistics.search(self._index, body, None, self._asking.preference if ranks else None)
        if answer is not None and answer["timed_out"]:
            self._cut_short = True
        return answer

    def _ranked(self, found: Matches[Query], among: Query) -> Query:
        """Return the query that scores the articles ``among`` those found."""
        days = self._request.recency
        recency = (days, *self._opened.dates[0]) if days is not None and self._opened.dates else None
        return order(found, among, self._statistics, self._ranking, recency)

    def _group(self, found: Matches[Query], among: Query, answer: Answer, *, relaxed: bool = False) -> Group:
        first = [candidate_of(hit) for hit in answer["hits"]["hits"]]
        return Group(self._ranked(found, among), _total(answer), first, relaxed)

    def _stories_asked(self) -> dict[str, Any]:
        return {_STORIES: told.counting()} if self._request.collapse else {}

    def _stories(self, answer: Answer, shown: Query) -> ClusterStories:
        if not self._request.collapse:
            return ClusterStories()
        return told.counted(answer["aggregations"][_STORIES], self._statistics, self._index, shown)

    def _learn_dates(self) -> None:
        """Learn when the newest and the oldest article were published, if recent ones are preferred."""
        if self._request.recency is None or self._opened.dates:
            return
        body = {"size": 0, "query": filtered({"exists": {"field": "minutes"}}), "aggs": _MINUTES}
        answer = self._statistics.search(self._index, body, None)
        if answer is not None:
            newest, oldest = (answer["aggregations"][name]["value"] or 0 for name in _MINUTES)
            self._opened.dates.append((int(newest), int(oldest)))


def _total(answer: Answer) -> int:
    return int(answer["hits"]["total"]["value"])
