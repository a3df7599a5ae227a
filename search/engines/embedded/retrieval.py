"""One retrieval over a snapshot: evaluate, filter, rank, collapse, count facets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.directory.snapshot import Snapshot
from index.segments.schema import UNDATED
from search.engine import Hit, Request, Retrieved, Sort
from search.matching.collapse import NO_STORIES, stories_found
from search.matching.evaluator import Evaluator
from search.matching.facets import count_facet
from search.matching.filters import within
from search.ranking.clauses import Matches
from search.ranking.impacts import TermImpacts
from search.ranking.maxscore import MaxScoreScorer
from search.ranking.top_k import best_first, largest

NO_ARTICLES = np.empty(0, np.intp)


def retrieve(impacts: TermImpacts, request: Request) -> Retrieved:
    """Return the result of ``request``."""
    snapshot = impacts.snapshot
    found = Evaluator(impacts, request.match).run(request.tree, within(snapshot, request.filters))
    shown = found if request.sort is Sort.RELEVANCE else found.preferring_accents()
    total = int(np.count_nonzero(shown.matched))
    stories = stories_found(snapshot, shown.matched) if request.collapse else NO_STORIES
    articles = np.flatnonzero(shown.matched) if request.facets else NO_ARTICLES
    facets = {facet: count_facet(snapshot, facet, articles) for facet in request.facets}
    if not request.size:
        return Retrieved(total, total - stories.hidden, [], facets)
    reach = request.start + request.size
    all_shown = reach >= total - stories.hidden
    most = reach + (stories.hidden if all_shown else min(stories.hidden, reach))
    while True:
        ranked = MaxScoreScorer(impacts, found, most)
        some, scores = _best(ranked, shown, snapshot, request, most)
        firsts = stories.first_of_each_story(some)
        if len(firsts) >= reach or most >= total:
            break
        most = min(total, 4 * most)
    firsts = firsts[request.start : reach]
    some, scores = some[firsts], scores[firsts]
    explain = ranked.explain(np.sort(some)) if request.explain else {}
    hits = [
        Hit(snapshot.article_id(article), score, explain.get(article), copies)
        for article, score, copies in zip(some.tolist(), scores.tolist(), stories.copies(some).tolist(), strict=True)
    ]
    return Retrieved(total, total - stories.hidden, hits, facets)


def _best(
    ranked: MaxScoreScorer, shown: Matches, snapshot: Snapshot, request: Request, most: int
) -> tuple[NDArray[np.intp], Floats]:
    """Return the first ``most`` articles in the requested order, and their scores."""
    if request.sort is Sort.RELEVANCE:
        some, scores = ranked.articles, ranked.best
        order = best_first(snapshot, some, scores, most)
    else:
        matched = np.flatnonzero(shown.matched)
        some = matched[largest(-_ages(snapshot, matched, request.sort), most)]
        scores = ranked.scores(some)
        order = np.lexsort((snapshot.sequence[some], -scores, _ages(snapshot, some, request.sort)))[:most]
    return some[order], scores[order]


def _ages(snapshot: Snapshot, articles: NDArray[np.intp], sort: Sort) -> NDArray[np.int64]:
    """Return keys that sort articles by date, undated ones last."""
    minutes = snapshot.minutes[articles]
    ages = minutes if sort is Sort.OLDEST else -minutes
    ages[minutes == UNDATED] = np.iinfo(np.int64).max
    return ages
