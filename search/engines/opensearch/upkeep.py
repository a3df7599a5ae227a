"""What ``timtin check`` can compare on a cluster, and what the leader takes up that another server has left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from index.cluster.connection import Cluster
from index.cluster.mapping import LIVE
from index.cluster.rebuild import current_index, is_interrupted, is_outdated
from index.errors import WriterBusyError


class ClusterUpkeep:
    """Upkeep of an index that has no files here. ``rebuild`` goes on with a rebuild, or begins one."""

    def __init__(self, cluster: Cluster, rebuild: Callable[..., None]) -> None:
        self._cluster, self._rebuild = cluster, rebuild

    def exclusive(self, purpose: str, *, wait: float) -> AbstractContextManager[None]:  # noqa: ARG002
        """Hold nothing: a rebuild holds its lease itself."""
        return nullcontext()

    def scrub(self, seconds: float, *, again: bool = False) -> bool:  # noqa: ARG002
        """Go on with a rebuild that its server left undone, if the leader asks ``again`` and again."""
        if again and is_interrupted(self._cluster):
            with suppress(WriterBusyError):  # whoever holds the lease is at it
                self._rebuild(wait=0)
        return True

    def release_stale(self) -> None:
        """Do nothing: there are no files."""

    def check(self) -> list[str]:
        """Return what is wrong with the index: how it was analysed, and whether it has all articles."""
        problems = []
        if is_interrupted(self._cluster):
            problems.append("a rebuild was begun and is not done; while a server runs, it goes on with it")
        if is_outdated(self._cluster):
            problems.append(
                f"{current_index(self._cluster)} was made by another version of the analyzer or of the mapping: it"
                " serves until it is rebuilt"
            )
        stored = self._count(self._cluster.articles, {"query": LIVE})
        found = self._count(self._cluster.live, {})
        if stored != found:
            problems.append(
                f"the index has {stored:,} articles, and searches see {found:,}: look at where the aliases"
                f" {self._cluster.articles} and {self._cluster.live} lead"
            )
        return problems

    def _count(self, index: str, body: Mapping[str, Any]) -> int:
        return int(self._cluster.ask("POST", index, "_count", body=body)["count"])

    def repair(self, *, wait: float = 10.0) -> list[str]:
        """Rebuild what is outdated or was left undone; return what was done."""
        if is_outdated(self._cluster) or is_interrupted(self._cluster):
            self._rebuild(wait=wait)
            return ["rebuilt the index from its articles"]
        return []
