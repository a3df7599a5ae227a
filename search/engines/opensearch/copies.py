"""List the near-copies of an article in a cluster, whatever the query."""

from __future__ import annotations

from index.cluster.mapping import document_id, only_fields
from search.engine import Hit
from search.engines.opensearch.statistics import ClusterStatistics

_MOST = 10_000


def story_of(statistics: ClusterStatistics, id: str) -> int | None:
    """Return the story of the article with this id; None for an unknown id."""
    body = {"size": 1, "query": {"ids": {"values": [document_id(id)]}}, **only_fields("story")}
    for hit in statistics.search_live(body)["hits"]["hits"]:
        return int(hit["fields"]["story"][0])
    return None


def copies(statistics: ClusterStatistics, id: str, size: int) -> list[Hit]:
    """Return up to ``size`` near-copies of the article with this id, in the order of their last writes."""
    story = story_of(statistics, id)
    if story is None or size < 1:
        return []
    body = {
        "size": min(size, _MOST),
        "query": {
            "bool": {"filter": [{"term": {"story": story}}], "must_not": [{"ids": {"values": [document_id(id)]}}]}
        },
        "sort": ["seq"],
        **only_fields("id"),
    }
    return [Hit(hit["fields"]["id"][0], 0.0) for hit in statistics.search_live(body)["hits"]["hits"]]
