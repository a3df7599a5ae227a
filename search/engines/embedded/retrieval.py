"""One retrieval over a snapshot: evaluate, filter, rank, collapse, count facets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.directory.snapshot import Snapshot
from index.segments.schema import UNDATED
from search.engine import FacetCount, Hit, Request, Retrieved, Sort
from search.matching.collapse import NO_STORIES, Stories, stories_found
from search.matching.doc_masks import DocMasks
from search.matching.evaluator import Evaluator
from search.matching.facets import count_facet
from search.matching.filters import passing, within
from search.ranking.clauses import DocMask, Matches
from search.ranking.dates import ages, days_before
from search.ranking.impacts import TermImpacts
from search.ranking.maxscore import MaxScoreScorer
from search.ranking.scoring import recency
from search.ranking.top_k import best_first, largest


def retrieve(impacts: TermImpacts[Snapshot], request: Request) -> Retrieved:
    """Return the result of ``request``."""
    snapshot = impacts.snapshot
    deadline = request.deadline
    masks = DocMasks(impacts)
    evaluator = Evaluator(masks, impacts.ranking, request.match, deadline)
    filters = passing(masks, request.filters)
    found = evaluator.run(request.tree, within(masks, filters.values()))
    if request.recency is not None:
        found = replace(found, decay=recency(_days_before_newest(snapshot), request.recency))
    total = int(np.count_nonzero(found.matched))
    relaxed = 0 if found.relaxed is None else int(np.count_nonzero(found.relaxed))
    shown = found.matched if found.relaxed is None else found.matched | found.relaxed
    stories = stories_found(snapshot, shown) if request.collapse else NO_STORIES
    facets: dict[str, list[FacetCount]] = {}
    for facet in request.facets:
        if not deadline.passed():
            counted = found.matched
            if request.other_filters and facet in filters:
                others = within(masks, [mask for name, mask in filters.items() if name != facet])
                counted = found.unfiltered if others is None else found.unfiltered & others
            facets[facet] = count_facet(snapshot, facet, counted)
    pages = total + relaxed - stories.hidden
    hits = _Hits(impacts, found, request, stories).of_page() if request.size else []
    return Retrieved(total, pages, hits, facets, relaxed, evaluator.at_least or deadline.passed(), evaluator.at_least)


class _Hits:
    """The hits of a request: first the articles that match, then the relaxed ones."""

    def __init__(
        self, impacts: TermImpacts[Snapshot], found: Matches[DocMask], request: Request, stories: Stories
    ) -> None:
        self._impacts = impacts
        self._found = found
        self._request = request
        self._stories = stories

    def of_page(self) -> list[Hit]:
        """Return the hits of the requested page."""
        snapshot, request, found = self._impacts.snapshot, self._request, self._found
        groups = [found.matched] if found.relaxed is None else [found.matched, found.relaxed]
        counts = [int(np.count_nonzero(group)) for group in groups]
        reach, hidden = request.start + request.size, self._stories.hidden
        all_shown = reach >= sum(counts) - hidden
        most = reach + (hidden if all_shown else min(hidden, reach))
        while True:
            ranked = [self._ranked(group, most) for group in groups]
            some = np.concatenate([articles for _, articles, _ in ranked])
            firsts = self._stories.first_of_each_story(some)
            if len(firsts) >= reach or most >= max(counts) or request.deadline.passed():
                break
            most = min(max(counts), 4 * most)
        firsts = firsts[request.start : reach]
        scores = np.concatenate([scores for _, _, scores in ranked])[firsts]
        some = some[firsts]
        explained: dict[int, dict[str, float]] = {}
        for (scorer, _, _), group in zip(ranked, groups, strict=True):
            if request.explain and not request.deadline.passed():
                explained |= scorer.explain(np.sort(some[group[some]]))
        if request.deadline.passed():  # parts that were left out may be missing
            explained = {}
        others = self._stories.others(snapshot, some, request.copies)
        columns = some.tolist(), scores.tolist(), self._stories.copies(some).tolist(), (~found.matched[some]).tolist()
        return [
            Hit(
                snapshot.article_id(article),
                score,
                explained.get(article),
                copies,
                relaxed,
                tuple(map(snapshot.article_id, copied)),
            )
            for article, score, copies, relaxed, copied in zip(*columns, others, strict=True)
        ]

    def _ranked(self, group: DocMask, most: int) -> tuple[MaxScoreScorer, NDArray[np.intp], Floats]:
        """Return the first ``most`` articles of ``group`` in the requested order, with their scorer and scores."""
        snapshot, sort = self._impacts.snapshot, self._request.sort
        scorer = MaxScoreScorer(self._impacts, self._found, group, most, self._request.deadline)
        if sort is Sort.RELEVANCE:
            some, scores = scorer.articles, scorer.best
            order = best_first(snapshot, some, scores, most)
        else:
            matched = np.flatnonzero(group)
            some = matched[largest(-_ages(snapshot, matched, sort), most)]
            scores = scorer.scores(some)
            order = np.lexsort((snapshot.sequence[some], -scores, _ages(snapshot, some, sort)))[:most]
        return scorer, some[order], scores[order]


def _days_before_newest(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return how many days before the newest article each was published; the oldest one's for undated ones."""
    minutes = snapshot.minutes
    dated = minutes[minutes != UNDATED]
    if not len(dated):
        return np.zeros(len(minutes))
    return days_before(minutes, int(dated.max()), int(dated.min()))


def _ages(snapshot: Snapshot, articles: NDArray[np.int64], sort: Sort) -> NDArray[np.int64]:
    return ages(snapshot.minutes[articles], oldest_first=sort is Sort.OLDEST)
