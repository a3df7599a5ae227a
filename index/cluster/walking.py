"""Read the documents of the articles in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from index.cluster.connection import Cluster
from index.cluster.mapping import LIVE, only_fields
from index.errors import ClusterError
from index.store.article_store import Stamp

WITH_ARTICLE = ("id", "seq", "hash", "article", "deleted")
_AT_ONCE = 50
_STAMPS_AT_ONCE = 10_000
_KEEP_ALIVE = "10m"
_STAMPED = ["id", {"field": "stored_at", "format": "epoch_second"}]


def changes(cluster: Cluster, after: int, upto: int, limit: int) -> Iterator[Mapping[str, Any]]:
    """Yield the sources of up to ``limit`` documents above ``after`` and up to ``upto``, deleted articles too."""
    body = _by_number([{"range": {"seq": {"gt": after, "lte": upto}}}])
    hits = cluster.pages(cluster.articles, body, min(limit, _AT_ONCE))
    return (hit["_source"] for hit in islice(hits, limit))


def of_one_moment(cluster: Cluster, after: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the sources of all articles above number ``after``, as they were when the first was asked for.

    The cluster keeps that moment (a point in time) for as long as it is read. If it loses it, with a node for instance,
    the rest is of another, later moment: an article that was written between the two may come twice, none is missing.
    """
    while True:
        moment = _moment(cluster)
        try:
            while True:
                body = {
                    **_by_number([LIVE, {"range": {"seq": {"gt": after}}}]),
                    "pit": {"id": moment, "keep_alive": _KEEP_ALIVE},
                    "size": _AT_ONCE,
                }
                try:
                    answer = cluster.search("", body)
                except ClusterError as error:
                    if error.status != 404:
                        raise
                    break
                moment, hits = answer["pit_id"], answer["hits"]["hits"]
                for hit in hits:
                    yield hit["_source"]
                if len(hits) < _AT_ONCE:
                    return
                after = hits[-1]["_source"]["seq"]
        finally:
            body = {"pit_id": [moment]}
            cluster.ask("DELETE", "_search", "point_in_time", body=body, expected={404})


def stamps(cluster: Cluster, first: int, last: int) -> Iterator[Stamp]:
    """Yield the stamps of the articles from number ``first`` to ``last``."""
    body = {**_by_number([LIVE, {"range": {"seq": {"gte": first, "lte": last}}}]), **only_fields(*_STAMPED)}
    return map(_stamp, cluster.pages(cluster.articles, body, _STAMPS_AT_ONCE))


def last_stamp(cluster: Cluster) -> Stamp | None:
    """Return the stamp with the highest number."""
    newest = {"sort": [{"seq": "desc"}], "size": 1}
    answer = cluster.search(cluster.articles, {**_by_number([LIVE]), **newest, **only_fields(*_STAMPED)})
    return next(map(_stamp, answer["hits"]["hits"]), None)


def last_stamps(cluster: Cluster, width: int, first: int, last: int) -> list[Stamp]:
    """Return the last stamp of each ``width`` numbers from ``first`` to ``last`` that have an article."""
    newest = {"size": 1, "sort": [{"seq": "desc"}], "_source": False, "docvalue_fields": _STAMPED}
    body = {
        "size": 0,
        "query": {"bool": {"filter": [LIVE, {"range": {"seq": {"gte": first, "lte": last}}}]}},
        "aggs": {
            "parts": {
                "histogram": {"field": "seq", "interval": width, "offset": 1 % width, "min_doc_count": 1},
                "aggs": {"newest": {"top_hits": newest}},
            }
        },
    }
    parts = cluster.search(cluster.articles, body)["aggregations"]["parts"]["buckets"]
    return [_stamp(part["newest"]["hits"]["hits"][0]) for part in parts]


def highest_number(cluster: Cluster) -> int:
    """Return the highest number of a document that searches see; 0 if there is none."""
    body = {"size": 0, "aggs": {"highest": {"max": {"field": "seq"}}}}
    answer = cluster.search(cluster.articles, body)
    return int(answer["aggregations"]["highest"]["value"] or 0)


def _by_number(filters: Sequence[Any]) -> dict[str, Any]:
    return {
        "query": {"bool": {"filter": filters}},
        "sort": [{"seq": "asc"}],
        "_source": list(WITH_ARTICLE),
        "track_total_hits": False,
    }


def _moment(cluster: Cluster) -> str:
    path = (cluster.articles, "_search", "point_in_time")
    return str(cluster.ask("POST", *path, params={"keep_alive": _KEEP_ALIVE})["pit_id"])


def _stamp(hit: Mapping[str, Any]) -> Stamp:
    fields = hit["fields"]
    at = datetime.fromtimestamp(int(fields["stored_at"][0]), UTC)
    return Stamp(hit["sort"][0], fields["id"][0], at.isoformat(timespec="seconds"))
