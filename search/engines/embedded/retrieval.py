"""One retrieval over a snapshot: evaluate, filter, rank, collapse, count facets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.directory.snapshot import Snapshot
from index.segments.schema import UNDATED
from search.engine import Cursor, FacetCount, Hit, Request, Retrieved, fixed_order, order_of
from search.engines.embedded.ordering import Ordering, cursor_at, page_after
from search.matching.collapse import NO_STORIES, Stories, stories_found
from search.matching.doc_masks import DocMasks
from search.matching.evaluator import Evaluator
from search.matching.facets import count_days, count_facet
from search.matching.filters import passing, within
from search.ranking.clauses import DocMask, Matches
from search.ranking.dates import days_before
from search.ranking.impacts import TermImpacts
from search.ranking.maxscore import MaxScoreScorer
from search.ranking.scoring import recency
from search.ranking.top_k import largest


def retrieve(impacts: TermImpacts[Snapshot], request: Request) -> Retrieved:
    """Return the result of ``request``."""
    snapshot = impacts.snapshot
    deadline = request.deadline
    if request.boosts:
        impacts = impacts.boosted(request.boosts)
    masks = DocMasks(impacts)
    evaluator = Evaluator(masks, impacts.ranking, request.match, deadline)
    filters = passing(masks, request.filters)
    relax = request.relax and request.cursor is None
    found = evaluator.run(request.tree, within(masks, filters.values()), relax=relax)
    if request.recency is not None:
        found = replace(found, decay=recency(_days_before_newest(snapshot), request.recency))
    total = int(np.count_nonzero(found.matched))
    relaxed = 0 if found.relaxed is None else int(np.count_nonzero(found.relaxed))
    shown = found.matched if found.relaxed is None else found.matched | found.relaxed
    collapse = request.collapse and request.cursor is None
    stories = stories_found(snapshot, shown) if collapse else NO_STORIES
    facets: dict[str, list[FacetCount]] = {}
    for facet in request.facets:
        if not deadline.passed():
            counted = found.matched
            if request.other_filters and facet in filters:
                others = within(masks, [mask for name, mask in filters.items() if name != facet])
                counted = found.unfiltered if others is None else found.unfiltered & others
            facets[facet] = count_facet(snapshot, facet, counted, request.facet_size, request.facet_text)
    days = count_days(snapshot, found.matched) if request.count_days and not deadline.passed() else {}
    pages = total + relaxed - stories.hidden
    hits = _Hits(impacts, found, request, stories)
    page: list[Hit] = []
    following = None
    if request.size:
        page, following = (hits.of_page(), None) if request.cursor is None else hits.after(request.cursor)
    partial = evaluator.at_least or deadline.passed()
    return Retrieved(total, pages, page, facets, relaxed, partial, evaluator.at_least, days, following)


class _Hits:
    """The hits of a request: first the articles that match, then the relaxed ones."""

    def __init__(
        self, impacts: TermImpacts[Snapshot], found: Matches[DocMask], request: Request, stories: Stories
    ) -> None:
        self._impacts = impacts
        self._found = found
        self._request = request
        self._stories = stories
        self._ordering = Ordering(impacts.snapshot, order_of(request.sort))

    def of_page(self) -> list[Hit]:
        """Return the hits of the requested page."""
        request, found = self._request, self._found
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
        return self._hits(some[firsts], scores, [scorer for scorer, _, _ in ranked], groups)

    def after(self, cursor: Cursor) -> tuple[list[Hit], Cursor | None]:
        """Return the hits after ``cursor``, and where the next page begins, None after the last hit."""
        snapshot, request, matched = self._impacts.snapshot, self._request, self._found.matched
        order = fixed_order(request.sort)
        some = page_after(snapshot, matched, order, cursor, request.size)
        scorer = MaxScoreScorer(self._impacts, self._found, matched, request.size, request.deadline)
        ascending = np.sort(some)
        scores = scorer.scores(ascending)[ascending.searchsorted(some)]
        following = cursor_at(snapshot, int(some[-1]), order) if len(some) == request.size else None
        return self._hits(some, scores, [scorer], [matched]), following

    def _hits(
        self, some: NDArray[np.intp], scores: Floats, scorers: Sequence[MaxScoreScorer], groups: Sequence[DocMask]
    ) -> list[Hit]:
        """Return the articles ``some``, each in one of ``groups``, as hits."""
        snapshot, request, found = self._impacts.snapshot, self._request, self._found
        explained: dict[int, dict[str, float]] = {}
        for scorer, group in zip(scorers, groups, strict=True):
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
        ordering = self._ordering
        scorer = MaxScoreScorer(self._impacts, self._found, group, most, self._request.deadline)
        if ordering.scores_first:
            best = largest(scorer.best, most)
            some, scores = scorer.articles[best], scorer.best[best]
        else:
            some = ordering.candidates(np.flatnonzero(group), most)
            scores = scorer.scores(some)
        places = ordering.places(some, scores, most)
        return scorer, some[places], scores[places]


def _days_before_newest(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return how many days before the newest article each was published; the oldest one's for undated ones."""
    minutes = snapshot.minutes
    dated = minutes[minutes != UNDATED]
    if not len(dated):
        return np.zeros(len(minutes))
    return days_before(minutes, int(dated.max()), int(dated.min()))
