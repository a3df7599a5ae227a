"""The fetch log on a cluster: when each URL was last fetched, and the validators its server sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from index.cluster import entries
from index.cluster.connection import Cluster
from index.cluster.mapping import document_id
from index.store.article_store import Fetched

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class ClusterFetchLog:
    """``FetchLog`` on ``cluster``; safe to share between threads."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def known(self, url: str, id: str) -> Fetched | None:
        """Return the last fetch of ``url``; None if there was none, or its article ``id`` was deleted since.

        A fetch dated in the future, recorded by a clock that was ahead, counts as long ago.
        """
        found = entries.read(self._cluster, self._cluster.fetches, _id(url))
        if found is None:
            return None
        article = entries.read(self._cluster, self._cluster.articles, document_id(id))
        if article is not None and article.value.get("deleted"):
            return None
        at = datetime.fromisoformat(found.value["at"])
        now = datetime.now(UTC)
        return Fetched(url, at if at <= now else _LONG_AGO, found.value["etag"], found.value["modified"])

    def note(self, fetched: Iterable[Fetched]) -> None:
        """Record fetches, replacing what was recorded for their URLs."""
        actions: list[entries.Action] = []
        for one in fetched:
            at = one.at.isoformat(timespec="seconds")
            value = {"url": one.url, "at": at, "etag": one.etag, "modified": one.modified}
            actions.append(({"index": {"_id": _id(one.url)}}, value))
        entries.bulk(self._cluster, self._cluster.fetches, actions)


def _id(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
