"""Find the articles of a cluster whose titles have the words typed so far. Nothing is ranked: a reader waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from index.analysis.analyzer import Stream
from index.cluster.mapping import beginning, indexed_term, only_fields
from index.segments.schema import field_name
from search.engine import Hit
from search.engines.opensearch.statistics import ClusterStatistics
from search.query.typed import TypedWords, typed_pair

_IN_A_ROW, _APART = 1.0, 0.5
_DEEP = 4
_MOST_AT_ONCE = 10_000


def titled(statistics: ClusterStatistics, typed: TypedWords, size: int) -> list[Hit]:
    """Return up to ``size`` stories whose titles have the syllables ``typed``.

    First come those that have each two neighbours side by side, then the newest.
    """
    if size < 1:
        return []
    found = [_with_terms(one.stream, one.whole, one.begun) for one in typed.syllables]
    rows = [_with_terms(*typed_pair(*pair)) for pair in pairwise(typed.syllables)]
    firsts: dict[int, Mapping[str, Any]] = {}
    any_copies = False
    for hits, copied in _newest(statistics, found, rows, min(_DEEP * size, _MOST_AT_ONCE)):
        any_copies = any_copies or copied
        for hit in hits:
            firsts.setdefault(hit["fields"]["story"][0], hit)
        if len(firsts) >= size or not copied:
            break
    chosen = dict(list(firsts.items())[:size])
    told = _told(statistics, found, list(chosen)) if any_copies else {}
    return [
        Hit(
            hit["fields"]["id"][0],
            _IN_A_ROW if hit["sort"][0] > 0 else _APART,
            copies=told.get(story, 1) - 1,
        )
        for story, hit in chosen.items()
    ]


def _newest(
    statistics: ClusterStatistics, found: Sequence[Any], rows: Sequence[Any], most: int
) -> Iterator[tuple[Sequence[Mapping[str, Any]], bool]]:
    """Yield hits in order, ``most`` at a time, and whether any article found is a copy of another."""
    after: dict[str, Any] = {}
    while True:
        body = {
            "size": most,
            "query": {"bool": {"filter": found, "must": [_one_if(rows)]}},
            "sort": [{"_score": "desc"}, {"minutes": {"order": "desc", "missing": "_last"}}, {"seq": "asc"}],
            **only_fields("id", "story"),
            "aggs": {"copied": {"filter": {"term": {"copied": True}}}},
            **after,
        }
        answer = statistics.search_live(body)
        hits = answer["hits"]["hits"]
        if hits:
            yield hits, answer["aggregations"]["copied"]["doc_count"] > 0
        if len(hits) < most:
            return
        after = {"search_after": hits[-1]["sort"]}


def _told(statistics: ClusterStatistics, found: Sequence[Any], stories: Sequence[int]) -> dict[int, int]:
    """Return how many of the articles found tell each of ``stories``."""
    body = {
        "size": 0,
        "query": {"bool": {"filter": [*found, {"terms": {"story": stories}}]}},
        "track_total_hits": False,
        "aggs": {"stories": {"terms": {"field": "story", "size": len(stories)}}},
    }
    buckets = statistics.search_live(body)["aggregations"]["stories"]["buckets"]
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def _one_if(rows: Sequence[Any]) -> dict[str, Any]:
    """Return a query that any article matches, with a score of 1 if it matches all ``rows``, else 0."""
    row = {"constant_score": {"filter": {"bool": {"filter": rows}}, "boost": 1.0}} if rows else {"match_all": {}}
    return {"bool": {"should": [row, {"match_all": {"boost": 0.0}}]}}


def _with_terms(stream: Stream, whole: Sequence[str], begun: Sequence[str]) -> dict[str, Any]:
    """Return the query for titles that have one of the terms ``whole``, or one that begins with one of ``begun``."""
    field = field_name("title", stream)
    terms = [{"terms": {field: [indexed_term(term) for term in whole]}}] if whole else []
    beginnings = [beginning(field, indexed_term(term)) for term in begun]
    return {"bool": {"should": [*terms, *beginnings]}}
