"""The order of the cluster: BM25 over the same terms, near enough to our scores to choose the candidates.

Lucene adds the parts of fields, each saturated for itself; ours are added before they saturate. So the larger of two
fields counts in full and the other a little. Boosts put our weights in place of Lucene's idf.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from index.cluster.mapping import K1
from search.engine import Sort
from search.engines.opensearch.query_sets import Query, clauses, term_query
from search.engines.opensearch.statistics import ClusterStatistics
from search.ranking.clauses import Matches, ScoreClause, WeightedTerm
from search.ranking.scoring import Ranking, idf

_MOST_CLAUSES = 1000
_MOST_SCORED = 400
_OTHER_FIELD = 0.1
_LEAST_BOOST = 1e-6


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


def sorting(sort: Sort) -> list[dict[str, Any]]:
    """Return how the cluster sorts: no two articles stand at one place."""
    by_score: dict[str, Any] = {"_score": "desc"}
    by_date: dict[str, Any] = {"minutes": {"order": "asc" if sort is Sort.OLDEST else "desc", "missing": "_last"}}
    return [*([by_score, by_date] if sort is Sort.RELEVANCE else [by_date, by_score]), {"seq": "asc"}]


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
