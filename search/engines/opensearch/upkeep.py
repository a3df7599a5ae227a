"""Maintenance of a cluster's index: there are no files to verify, but another analyzer may have made it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from index.cluster import rebuild
from index.cluster.leases import Lease
from index.cluster.store import ClusterArticleStore
from index.store.article_store import TaskKind

_MOST_ROUNDS = 5
_PAUSE = 1.0
_LONGEST_MERGING = 600.0


class ClusterUpkeep:
    """``Upkeep`` of the articles' index. ``rebuilding`` is the lease of who rebuilds it, ``rebuild`` does so."""

    def __init__(self, store: ClusterArticleStore, rebuilding: Lease, rebuild: Callable[[float], None]) -> None:
        self._store, self._rebuilding, self._rebuild = store, rebuilding, rebuild
        self._is_asked = False

    def exclusive(self, purpose: str, *, wait: float) -> AbstractContextManager[None]:  # noqa: ARG002
        """Hold the lease of who rebuilds the index; it says itself what for."""
        return self._rebuilding.held(wait)

    def scrub(self, seconds: float, *, again: bool = False) -> bool:  # noqa: ARG002
        """Ask once for a rebuild if one is due: the cluster itself verifies its files."""
        if not self._is_asked and self._why_rebuild():
            self._is_asked = True
            if not self._store.tasks.unfinished(TaskKind.REINDEX):
                self._store.tasks.request_rebuild()
        return True

    def release_stale(self) -> None:
        """Do nothing: a rebuild deletes what it replaces."""

    def condense(self) -> None:
        """Let the cluster merge all segments in which articles were deleted or replaced, and wait ten minutes for that.

        What is begun then goes on. One round leaves out what is being merged already. What was replaced less than a
        minute ago, or meanwhile, may stay: the cluster keeps it for replicas.
        """
        cluster, deadline = self._store.cluster, time.monotonic() + _LONGEST_MERGING
        cluster.ask("PUT", cluster.articles, "_settings", body={"index.merge.policy.expunge_deletes_allowed": 0})
        for _ in range(_MOST_ROUNDS):
            while self._counted()["merges"]["current"]:
                if time.monotonic() > deadline:
                    return
                time.sleep(_PAUSE)
            cluster.ask("POST", cluster.articles, "_refresh")  # else what was merged still counts
            if not self._counted()["docs"]["deleted"]:
                break
            wanted = {"only_expunge_deletes": True, "wait_for_completion": False}
            cluster.ask("POST", cluster.articles, "_forcemerge", params=wanted)
            time.sleep(_PAUSE)

    def _counted(self) -> Any:
        """Return how many documents are deleted, and how many merges are under way."""
        return self._store.cluster.ask("GET", self._store.cluster.articles, "_stats", "docs,merge")["_all"]["total"]

    def check(self) -> list[str]:
        """Return why the index has to be rebuilt, and whether searches see other articles than there are."""
        why = self._why_rebuild()
        cluster = self._store.cluster
        stored, found = self._counts()
        if stored != found:  # one may just have been written
            stored, found = self._counts()
        if stored != found:
            why.append(
                f"searches see {found:,} articles of {stored:,}: look at where the aliases {cluster.articles} and"
                f" {cluster.live} of the cluster lead"
            )
        return why

    def _counts(self) -> tuple[int, int]:
        """Return how many articles there are, and how many of them searches see."""
        cluster = self._store.cluster
        return self._store.count(), int(cluster.ask("GET", cluster.live, "_count")["count"])

    def _why_rebuild(self) -> list[str]:
        cluster = self._store.cluster
        cluster.ensure()
        if rebuild.is_interrupted(cluster):
            return ["a rebuild was begun and is not done"]
        if rebuild.is_outdated(cluster):
            return ["it was made by an earlier version of timtin, which reads texts otherwise"]
        return []

    def repair(self, *, wait: float = 10.0) -> list[str]:
        """Rebuild the index if that is due; return what was done."""
        if not self._why_rebuild():
            return []
        self._rebuild(wait)
        return [f"rebuilt the index from the {self._store.count()} articles in the store"]
