"""The order of the cluster: BM25 over the same terms, near enough to our scores to choose the candidates.

Lucene adds the parts of fields, each saturated for itself; ours are added before they saturate. So the larger of two
fields counts in full and the other a little. Boosts put our weights in place of Lucene's idf.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.article import LABELS
from index.cluster.mapping import K1
from index.segments.schema import UNDATED
from search.engine import ID, PUBLISHED, RELEVANCE, WRITTEN, Cursor, Order, Sort, SortKey, fixed_order
from search.engines.opensearch.candidates import Candidate
from search.engines.opensearch.query_sets import Query, clauses, term_query
from search.engines.opensearch.statistics import ClusterStatistics
from search.ranking.clauses import Matches, ScoreClause, WeightedTerm
from search.ranking.scoring import Ranking, idf

_MOST_CLAUSES = 1000
_MOST_SCORED = 400
_OTHER_FIELD = 0.1
_LEAST_BOOST = 1e-6
_SCORE, _MINUTES = "_score", "minutes"
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
"""What stands for the date of an undated article, descending and ascending."""


def order(
    found: Matches[Query],
    among: Query,
    statistics: ClusterStatistics,
    ranking: Ranking,
    recency: tuple[float, int, int] | None,
) -> Query:
    """Return the query that finds ``among`` and scores it; each score clause with ``only`` is named by its number.

    ``recency`` has the half-life in days, and the minutes of the newest and of the oldest article. Of very many terms,
    the heaviest count.
    """
    left = max(0, min(_MOST_SCORED, _MOST_CLAUSES - clauses(among)))
    should: list[Query] = []
    plain: list[WeightedTerm] = []
    for number, clause in enumerate(found.clauses):
        if clause.name is None:
            plain += clause.groups[0]
            continue
        scored = _largest(clause, statistics, ranking, left // 2)
        if clause.only is None:
            should += scored
            left -= sum(map(clauses, scored))
        elif (cost := clauses(clause.only) + sum(map(clauses, scored))) <= left:
            should.append({"bool": {"filter": [clause.only], "should": scored, "_name": str(number)}})
            left -= cost
    for term in sorted(plain, key=lambda term: -term.weight):
        one = _scored(term, statistics, ranking)
        left -= clauses(one)
        if left < 0:
            break
        should.append(one)
    query: Query = {"bool": {"filter": [among], "should": should}}
    return query if recency is None else _decayed(query, *recency)


def sorting(order: Order) -> list[dict[str, Any]]:
    """Return how the cluster sorts by ``order``: no two articles stand at one place."""
    return [_sorted_by(name, descending=descending) for name, descending in _columns(order)]


def places(order: Order, candidates: Sequence[Candidate], scores: Floats) -> NDArray[np.intp]:
    """Return the indices of ``candidates``, which the cluster sorted by ``order``, with our scores in place of its."""
    columns = [
        -scores if name == _SCORE else _ranks([one.sort[at] for one in candidates], descending=descending)
        for at, (name, descending) in enumerate(_columns(order))
    ]
    return np.lexsort(columns[::-1])


def cursor_order(sort: Sort | Order) -> Order:
    """Return the order that cursors of ``sort`` go through."""
    return (*fixed_order(sort), SortKey(ID))


def cursor_at(order: Order, last: Candidate) -> Cursor:
    """Return the cursor after a candidate that the cluster sorted by ``order``, one of ``cursor_order``."""
    *names, _ = [name for name, _ in _columns(order)]
    values = [
        (None if last.minutes == UNDATED else last.minutes) if name == _MINUTES else value
        for name, value in zip(names, last.sort, strict=False)
    ]
    return Cursor(tuple(values), last.id)


def after(order: Order, cursor: Cursor) -> list[Any]:
    """Return the place of ``cursor``, one with an id, as the cluster says it."""
    *columns, _ = _columns(order)
    return [
        *(
            (_LEAST if descending else _MOST) if value is None and name == _MINUTES else value
            for (name, descending), value in zip(columns, cursor.values, strict=True)
        ),
        cursor.id,
    ]


def _columns(order: Order) -> list[tuple[str, bool]]:
    """Return the fields that the cluster sorts by, and whether descending."""
    found = [(name, key.descending) for key in order for name in _fields_of(key.field)]
    return found if {"id", "seq"} & {name for name, _ in found} else [*found, ("seq", False)]


def _fields_of(field: str) -> Sequence[str]:
    if field in LABELS:
        return f"{field}_folded", f"{field}_key"
    return ({RELEVANCE: _SCORE, PUBLISHED: _MINUTES, WRITTEN: "seq", ID: "id"}[field],)


def _sorted_by(name: str, *, descending: bool) -> dict[str, Any]:
    if name == _SCORE:
        return {_SCORE: "desc"}
    first = {"mode": "min"} if name.endswith(("_folded", "_key")) else {}  # of several values
    return {name: {"order": "desc" if descending else "asc", "missing": "_last", **first}}


def _ranks(values: Sequence[Any], *, descending: bool) -> NDArray[np.int64]:
    """Return numbers that sort ``values`` ascending, missing ones last."""
    there = sorted({value for value in values if value is not None}, reverse=descending)
    ranks = {value: rank for rank, value in enumerate(there)}
    return np.array([ranks.get(value, len(ranks)) for value in values], np.int64)


def _largest(clause: ScoreClause[Query], statistics: ClusterStatistics, ranking: Ranking, most: int) -> list[Query]:
    """Return what scores the largest sum of the groups of a clause."""
    if len(clause.groups) == 1:
        heaviest = sorted(clause.groups[0], key=lambda term: -term.weight)[: most // 2]
        return [_scored(term, statistics, ranking) for term in heaviest]
    sums = [_scored(term, statistics, ranking) for group in clause.groups[: most // 2] for term in group[:1]]
    return [{"dis_max": {"queries": sums}}] if sums else []


def _scored(term: WeightedTerm, statistics: ClusterStatistics, ranking: Ranking) -> Query:
    fields: Sequence[Query] = [
        {"term": {field: {"value": value, "boost": _boost(field, term, count, statistics, ranking)}}}
        for field, count in term.fields
        for value in term_query(field, term.term)["term"].values()
    ]
    return fields[0] if len(fields) == 1 else {"dis_max": {"queries": fields, "tie_breaker": _OTHER_FIELD}}


def _boost(field: str, term: WeightedTerm, count: int, statistics: ClusterStatistics, ranking: Ranking) -> float:
    """Return the boost with which Lucene gives one occurrence, in a field of average length, our score."""
    name = field.removesuffix(f"_{term.stream}")
    weight = ranking.fields[name]
    ours = term.weight * (ranking.k1 + 1.0) * weight / (weight + ranking.k1)
    theirs = idf(max(statistics.articles_with(field), count), count) / (1.0 + K1)
    return max(_LEAST_BOOST, ours / theirs)


def _decayed(query: Query, half_life: float, newest: int, oldest: int) -> Query:
    """Return ``query`` with scores halved every ``half_life`` days before the newest article."""
    days = (newest - oldest) / 1440
    decay = {"exp": {"minutes": {"origin": newest, "scale": max(half_life * 1440, 1e-9), "decay": 0.5}}}
    undated = {"bool": {"must_not": [{"exists": {"field": "minutes"}}]}}
    functions = [decay, {"filter": undated, "weight": 2.0 ** max(-days / half_life, -1000.0)}]
    return {
        "function_score": {"query": query, "functions": functions, "score_mode": "multiply", "boost_mode": "multiply"}
    }
