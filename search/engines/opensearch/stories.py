"""Collapse near-copies in a cluster: how many of the articles that are shown tell each story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.engines.opensearch.candidates import Candidate
from search.engines.opensearch.query_sets import Query, filtered
from search.engines.opensearch.statistics import ClusterStatistics

_MOST_STORIES = 10_000
COPIED: Query = {"term": {"copied": True}}


@dataclass(frozen=True, slots=True)
class ClusterStories:
    """The stories that several of the articles shown tell, each with their number."""

    counts: Mapping[int, int] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """How many articles are collapsed into another."""
        return sum(self.counts.values()) - len(self.counts)

    def firsts(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Return the first candidate of each story; without ``counts``, all of them."""
        told: set[int] = set()
        kept = []
        for one in candidates:
            if one.story not in self.counts or one.story not in told:
                kept.append(one)
                told.add(one.story)
        return kept

    def copies(self, one: Candidate) -> int:
        """Return how many others of the articles shown have its story."""
        return self.counts.get(one.story, 1) - 1


def counting() -> dict[str, Any]:
    """Return the aggregation that counts the articles of each story that several tell."""
    stories = {"terms": {"field": "story", "size": _MOST_STORIES, "min_doc_count": 2}}
    return {"filter": COPIED, "aggs": {"stories": stories}}


def counted(aggregation: Mapping[str, Any], statistics: ClusterStatistics, index: str, shown: Query) -> ClusterStories:
    """Return the stories of an answer; of very many, all are asked for page by page."""
    stories = aggregation["stories"]
    counts = {bucket["key"]: bucket["doc_count"] for bucket in stories["buckets"]}
    if not stories["sum_other_doc_count"]:
        return ClusterStories(counts)
    found: dict[int, int] = {}
    after: Mapping[str, Any] | None = None
    while True:
        paged: dict[str, Any] = {"size": _MOST_STORIES, "sources": [{"story": {"terms": {"field": "story"}}}]}
        if after is not None:
            paged["after"] = after
        body = {
            "size": 0,
            "query": {"bool": {"filter": [shown, COPIED]}},
            "aggs": {"stories": {"composite": paged}},
        }
        answer = statistics.search(index, body, None)
        if answer is None:
            return ClusterStories(counts)
        buckets = answer["aggregations"]["stories"]["buckets"]
        found.update((one["key"]["story"], one["doc_count"]) for one in buckets if one["doc_count"] > 1)
        after = answer["aggregations"]["stories"].get("after_key")
        if after is None or not buckets:
            return ClusterStories(found)


def others(
    statistics: ClusterStatistics, index: str, shown: Query, page: Sequence[Candidate], most: int
) -> dict[int, list[str]]:
    """Return the ids of up to ``most`` other articles shown of each candidate's story, by its number.

    They are in the order of their last writes.
    """
    if most < 1 or not page:
        return {}
    stories = sorted({one.story for one in page})
    ids = {"top_hits": {"size": most + 1, "sort": [{"seq": "asc"}], "_source": False, "docvalue_fields": ["id", "seq"]}}
    body = {
        "size": 0,
        "query": filtered({"bool": {"filter": [shown, {"terms": {"story": stories}}]}}),
        "aggs": {"stories": {"terms": {"field": "story", "size": len(stories)}, "aggs": {"first": ids}}},
    }
    answer = statistics.search(index, body, None)
    told: dict[int, list[str]] = {}
    for bucket in answer["aggregations"]["stories"]["buckets"] if answer else ():
        told[bucket["key"]] = [hit["fields"]["id"][0] for hit in bucket["first"]["hits"]["hits"]]
    return {one.seq: [id for id in told.get(one.story, ()) if id != one.id][:most] for one in page}
