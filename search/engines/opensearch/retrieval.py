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
from dataclasses import dataclass, field
from typing import Any

from index.errors import ClusterError, SearchTimeoutError
from search.engine import Request, Retrieved
from search.engines.opensearch import stories as told
from search.engines.opensearch.candidates import candidate_of
from search.engines.opensearch.facets import ask_names, counted, counting, listed
from search.engines.opensearch.hits import Asking, Formula, Group, Page, timeout_of
from search.engines.opensearch.ordering import order
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
_STORIES = "stories"

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
    """What the cluster said: the evaluated query, counts by value of each facet, stories, and the groups of hits."""

    matches: Matches[Query]
    shown: Query = field(default_factory=lambda: NONE)
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stories: ClusterStories = field(default_factory=ClusterStories)
    groups: Sequence[Group] = ()
    at_least: bool = False


def retrieve(opened: OpenedCluster, ranking: Ranking, request: Request) -> Retrieved:
    """Return the result of ``request``."""
    deadline = request.deadline
    deadline.passed()
    statistics = ClusterStatistics(opened.known, deadline)
    if not statistics.articles:
        return Retrieved(0, 0, [], {facet: [] for facet in request.facets})
    asked = _Asked(opened, statistics, ranking, request)
    try:
        found = statistics.together(asked.run)
        if found.at_least and not any(group.total for group in found.groups):
            deadline.check()
        hits = asked.page(found).hits(found.shown) if request.size else []
    except ClusterError:
        deadline.check()
        raise
    facets = {facet: listed(facet, counts, opened.names.get(facet, {})) for facet, counts in found.facets.items()}
    total = sum(group.total for group in found.groups if not group.relaxed)
    relaxed = sum(group.total for group in found.groups if group.relaxed)
    pages = total + relaxed - found.stories.hidden
    return Retrieved(total, pages, hits, facets, relaxed, found.at_least or deadline.passed(), found.at_least)


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
        self._asking = Asking(statistics, self._index, f"q{digest}", request.sort, timeout)
        self._cut_short = False

    def page(self, found: Found) -> Page:
        """Return the page of what was found."""
        dates = (self._opened.dates or [(0, 0)])[0]
        formula = Formula(found.matches, self._ranking, self._request, dates)
        return Page(self._asking, formula, found.groups, found.stories)

    def run(self) -> Found:
        """Return what the cluster says; of no use while ``statistics`` are guessing, when it is run again."""
        request, statistics = self._request, self._statistics
        few = max(1, self._ranking.few)
        while True:
            sets = QuerySets(statistics, self._index, self._totals, self._opened.counts)
            filters = passing(sets, request.filters)
            evaluator = Evaluator(sets, self._ranking, request.match, request.deadline)
            found = evaluator.run(request.tree, within(sets, filters.values()))
            self._learn_dates()
            if statistics.guessing:
                return Found(found)
            facets = [facet for facet in request.facets if not request.deadline.passed()]
            others = self._other_counts(sets, found, filters, facets)
            answer = self._matching(found, [facet for facet in facets if facet not in others])
            if answer is None or statistics.guessing:
                return Found(found)
            total = _total(answer)
            was_known = key_of(found.matched) in self._totals
            self._totals[key_of(found.matched)] = total
            if was_known or total >= few:
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
        counts = {facet: counted((others.get(facet) or answer)["aggregations"][facet]) for facet in facets}
        labels = {facet: list(values) for facet, values in counts.items()}
        ask_names(statistics, self._index, self._opened.names, labels)
        at_least = evaluator.at_least or sets.cut or self._cut_short
        return Found(found, shown, counts, self._stories(stories, shown), groups, at_least)

    def _matching(self, found: Matches[Query], facets: Sequence[str]) -> Answer | None:
        """Ask for the first candidates of all that match, and count these and their facets."""
        more = {facet: counting(facet) for facet in facets} | self._stories_asked()
        return self._search(self._ranked(found, found.matched), more, ranks=True)

    def _other_counts(
        self, sets: QuerySets, found: Matches[Query], filters: Mapping[str, Query], facets: Sequence[str]
    ) -> dict[str, Answer | None]:
        """Count the facets of labels that are filters, each without its own filter."""
        counts: dict[str, Answer | None] = {}
        for facet in facets:
            if self._request.other_filters and facet in filters:
                left = [query for name, query in filters.items() if name != facet]
                among = sets.intersection([found.unfiltered, *left])
                counts[facet] = self._search(filtered(among), {facet: counting(facet)}, ranks=False)
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
        return Group(among, self._ranked(found, among), _total(answer), first, relaxed)

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
