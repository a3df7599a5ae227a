"""Keep the lexicon up with the articles: the terms of those just written are added, and counted where that matters.

What was written is told by the cluster's own numbers of operations, a row for each shard. An operation may become
visible after one with a higher number; so the numbers up to which all had arrived are asked before the refresh, and
only these count as followed. Following twice does no harm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.cluster import mapping
from index.cluster.connection import Cluster, refusal
from search.engines.opensearch.frequencies import Dictionaries
from search.engines.opensearch.lexicon import SOURCES, Kind, lexicon_name, places

_FOLLOWED = "~followed"
_ARTICLES_A_PAGE = 200
_PAGES_AT_ONCE = 5
_WRITTEN_AT_ONCE = 5_000
_MOST_REMEMBERED = 200_000
_NOTICEABLE = 2
"""A term is counted again once half as many articles more have it: that keeps the order of terms about right."""
_BODY = {
    "settings": {"number_of_shards": 1, "refresh_interval": "-1"},
    "mappings": {"dynamic": False, "properties": {"key": {"type": "keyword"}, "count": {"type": "integer"}}},
}


@dataclass(frozen=True, slots=True)
class Operations:
    """For each shard of an index, by number, up to which operation all had arrived at one moment."""

    index: str
    arrived: Mapping[int, int]


class LexiconUpkeep:
    """Adds the terms of new articles to the lexicon. Several may do so at once; they only do the work twice."""

    def __init__(self, cluster: Cluster, dictionaries: Dictionaries) -> None:
        self._cluster = cluster
        self._dictionaries = dictionaries
        self._name = lexicon_name(cluster)
        self._ready = False
        self._left: dict[str, int] = {}
        self._followed: Operations | None = None

    def arrived(self) -> Operations:
        """Return which writes have arrived; to be asked before the refresh that ``follow`` comes after."""
        answer = self._cluster.ask("GET", self._cluster.articles, "_stats", "docs", params={"level": "shards"})
        [one] = answer["indices"].values()
        primaries = {
            int(number): copy["seq_no"]["local_checkpoint"]
            for number, copies in one["shards"].items()
            for copy in copies
            if copy["routing"]["primary"]
        }
        return Operations(one["uuid"], primaries)

    def follow(self, arrived: Operations) -> None:
        """Add the terms of the articles that became visible, and make them visible."""
        self._ensure()
        known = self._followed or self._recorded()
        before = known.arrived if known is not None and known.index == arrived.index else {}
        if before == arrived.arrived:
            self._followed = arrived
            return
        for shard, last in arrived.arrived.items():
            self._follow_shard(shard, before.get(shard, -1), last)
        body = {"index": arrived.index, "arrived": {str(shard): last for shard, last in arrived.arrived.items()}}
        self._cluster.ask("PUT", self._name, "_doc", _FOLLOWED, body=body, params={"refresh": "true"})
        self._followed = arrived

    def _ensure(self) -> None:
        """Make the index of terms if it is missing."""
        if self._ready:
            return
        if self._cluster.ask("GET", self._name, "_settings", expected={404}).get("status") == 404:
            settings = {**_BODY["settings"], **mapping.copies(self._cluster.config.replicas)}
            answer = self._cluster.ask("PUT", self._name, body={**_BODY, "settings": settings}, expected={400})
            if answer.get("status") == 400 and answer["error"]["type"] != "resource_already_exists_exception":
                raise refusal(400, answer, self._cluster.config.timeout)
        self._ready = True

    def _recorded(self) -> Operations | None:
        answer = self._cluster.ask("GET", self._name, "_doc", _FOLLOWED, expected={404})
        if not answer.get("found"):
            return None
        source = answer["_source"]
        return Operations(source["index"], {int(shard): last for shard, last in source["arrived"].items()})

    def _follow_shard(self, shard: int, after: int, last: int) -> None:
        """Add the terms of the articles of a shard that were written after operation ``after``."""
        while after < last:
            met: Counter[str] = Counter()
            for _ in range(_PAGES_AT_ONCE):
                written = self._written(shard, after)
                for hit in written:
                    [after] = hit["sort"]
                    fields = hit.get("fields", {})
                    met.update(kind + term for kind, source in SOURCES.items() for term in fields.get(source, ()))
                if len(written) < _ARTICLES_A_PAGE:
                    last = after
                    break
            self._add(met)

    def _written(self, shard: int, after: int) -> list[dict[str, Any]]:
        """Return the first articles of a shard that were written after an operation, with their terms.

        These are read article by article: an aggregation would first number all terms of all articles anew.
        """
        body = {
            "size": _ARTICLES_A_PAGE,
            "query": {"bool": {"filter": [{"range": {"_seq_no": {"gt": after}}}, mapping.LIVE]}},
            "sort": ["_seq_no"],
            "track_total_hits": False,
            "_source": False,
            "stored_fields": "_none_",
            "docvalue_fields": list(SOURCES.values()),
        }
        params = {"preference": f"_shards:{shard}|_primary"}
        answer = self._cluster.ask("POST", self._cluster.articles, "_search", body=body, params=params)
        return answer["hits"]["hits"]  # type: ignore[no-any-return]

    def _add(self, met: Mapping[str, int]) -> None:
        """Count those terms again that are new, or that noticeably more articles have now; and write how many."""
        due = []
        for key, articles in met.items():
            left = self._left.get(key, 0) - articles
            self._left[key] = left
            if left < 0:
                due.append(key)
        for first in range(0, len(due), _WRITTEN_AT_ONCE):
            some = due[first : first + _WRITTEN_AT_ONCE]
            counted = self._counted(some)
            self._write(counted)
            self._left.update((key, max(0, count // _NOTICEABLE - 1)) for key, count in counted.items())
        if len(self._left) > _MOST_REMEMBERED:
            self._left = {}

    def _counted(self, keys: Sequence[str]) -> dict[str, int]:
        where = {key: places(Kind(key[0]), key[1:]) for key in keys}
        known = self._dictionaries.frequencies(place for some in where.values() for place in some)
        return {key: max(map(known.__getitem__, some)) for key, some in where.items()}

    def _write(self, counted: Mapping[str, int]) -> None:
        lines: Iterable[dict[str, Any]] = (
            line
            for key, count in counted.items()
            for line in ({"index": {"_id": mapping.document_id(key)}}, {"key": key, "count": count})
        )
        answer = self._cluster.ask("POST", self._name, "_bulk", body=list(lines))
        if answer["errors"]:
            refused = next(item["index"] for item in answer["items"] if "error" in item["index"])
            raise refusal(refused["status"], refused, self._cluster.config.timeout)
