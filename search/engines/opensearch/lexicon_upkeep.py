"""Keep the lexicon up with the articles: the terms of those just written are added, and counted where that matters.

What was written is told by the cluster's own numbers of operations, a row for each shard. An operation may become
visible after one with a higher number; so the numbers up to which all had arrived are asked before the refresh, and
only these count as followed. Following twice does no harm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from index.batches import batches
from index.cluster import entries, mapping
from index.cluster.connection import Cluster
from search.engines.opensearch.frequencies import Dictionaries
from search.engines.opensearch.lexicon import SOURCES, Kind, lexicon_name, places

_FOLLOWED = "lexicon"
_ARTICLES_A_PAGE = 200
_PAGES_AT_ONCE = 5
_WRITTEN_AT_ONCE = 5_000
_MOST_REMEMBERED = 300_000
_NOTICEABLE = 2
"""A phrase is counted again once half as many articles more have it: that keeps the order of phrases about right."""
_NEVER = 1 << 60
_MISSING, _EXISTS = 404, 409
_BODY: dict[str, dict[str, Any]] = {
    "settings": {"number_of_shards": 1, "refresh_interval": "-1"},
    "mappings": {
        "dynamic": "strict",
        "_source": {"enabled": False},
        "properties": {"key": {"type": "keyword"}, "count": {"type": "integer", "index": False}},
    },
}


@dataclass(frozen=True, slots=True)
class Operations:
    """Of an index, for each shard by its number, up to which operation all had arrived at one moment."""

    index: str
    arrived: Mapping[int, int]


class LexiconUpkeep:
    """Adds the terms of new articles to the lexicon. Several may do so at once; they only do the work twice."""

    def __init__(self, cluster: Cluster, dictionaries: Dictionaries) -> None:
        self._cluster = cluster
        self._dictionaries = dictionaries
        self._name = lexicon_name(cluster)
        self._lexicon: str | None = None
        self._left: LRUCache[str, int] = LRUCache(_MOST_REMEMBERED)
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
        if self._followed == arrived:
            return
        if self._lexicon is None:
            self._lexicon = self._made()
        known = self._recorded(self._lexicon)  # another server may have followed since
        if known != arrived:
            before: Mapping[int, int] = {}
            if known is not None:  # a rebuilt index has nearly the same terms, and writes cannot wait for ``add_all``
                before = known.arrived if known.index == arrived.index else arrived.arrived
            for shard, last in arrived.arrived.items():
                self._follow_shard(shard, before.get(shard, -1), last)
            self._cluster.ask("POST", self._name, "_refresh")
            self._record(self._lexicon, arrived)
        self._followed = arrived

    def add_all(self) -> None:
        """Add the terms of all articles that are visible: those that a rebuilt index has and the one before had not."""
        arrived = self.arrived()
        if self._lexicon is None:
            self._lexicon = self._made()
        for shard, last in arrived.arrived.items():
            self._follow_shard(shard, -1, last)
        self._cluster.ask("POST", self._name, "_refresh")

    def _made(self) -> str:
        """Return what tells the index of terms from one made later; make it if it is missing."""
        settings = {**_BODY["settings"], **mapping.copies(self._cluster.config.replicas)}
        while True:
            answer = self._cluster.ask("GET", self._name, "_settings", expected={404})
            if answer.get("status") != _MISSING:
                return str(answer[self._name]["settings"]["index"]["uuid"])
            self._cluster.create(self._name, {**_BODY, "settings": settings})

    def _recorded(self, lexicon: str) -> Operations | None:
        kept = entries.read(self._cluster, self._cluster.state, _FOLLOWED)
        if kept is None or kept.value["lexicon"] != lexicon:
            return None
        return Operations(kept.value["index"], {int(shard): last for shard, last in kept.value["arrived"].items()})

    def _record(self, lexicon: str, done: Operations) -> None:
        arrived = {str(shard): last for shard, last in done.arrived.items()}
        body = {"lexicon": lexicon, "index": done.index, "arrived": arrived}
        self._cluster.ask("PUT", self._cluster.state, "_doc", _FOLLOWED, body=body)

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
            **mapping.only_fields(*SOURCES.values()),
        }
        params = {"preference": f"_shards:{shard}|_primary"}
        answer = self._cluster.ask("POST", self._cluster.articles, "_search", body=body, params=params)
        return answer["hits"]["hits"]  # type: ignore[no-any-return]

    def _add(self, met: Mapping[str, int]) -> None:
        """Add the terms that are new, and count those phrases again that noticeably more articles have now.

        A term that this process does not remember is taken for new; those that are not are refused, and counted.
        """
        due, unknown = [], {}
        for key, articles in met.items():
            left = self._left.get(key)
            if left is None:
                unknown[key] = articles
            elif left < articles:
                due.append(key)
            else:
                self._left[key] = left - articles
        for some in batches(unknown, _WRITTEN_AT_ONCE):
            there = self._write({key: unknown[key] for key in some}, "create")
            due += [key for key in there if key[0] == Kind.PHRASE]
            self._remember({key: unknown[key] for key in some})
        for some in batches(due, _WRITTEN_AT_ONCE):
            counted = self._counted(some)
            self._write(counted, "index")
            self._remember(counted)

    def _remember(self, counted: Mapping[str, int]) -> None:
        for key, count in counted.items():
            self._left[key] = max(0, count // _NOTICEABLE - 1) if key[0] == Kind.PHRASE else _NEVER

    def _counted(self, keys: Sequence[str]) -> dict[str, int]:
        where = {key: places(Kind(key[0]), key[1:]) for key in keys}
        known = self._dictionaries.frequencies(place for some in where.values() for place in some)
        return {key: max(map(known.__getitem__, some)) for key, some in where.items()}

    def _write(self, counted: Mapping[str, int], how: str) -> list[str]:
        """Write how many articles have terms; return the terms that could not be created because they are there."""
        actions = [
            ({how: {"_id": mapping.document_id(key)}}, {"key": key, "count": count}) for key, count in counted.items()
        ]
        statuses = entries.bulk(self._cluster, self._name, actions)
        return [key for key, status in zip(counted, statuses, strict=True) if status == _EXISTS]
