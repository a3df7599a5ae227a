"""The engine on a cluster, behind the ``Engine`` protocol."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Sequence

from index.article import Article
from index.cluster import stories
from index.cluster.leases import Lease
from index.cluster.rebuild import rebuild
from index.cluster.store import ClusterArticleStore
from index.store.article_store import Progress
from index.writer.workers import Workers
from search.engine import Hit, Request, Retrieved, Upkeep
from search.engines.opensearch.copies import copies
from search.engines.opensearch.frequencies import Dictionaries
from search.engines.opensearch.lexicon_upkeep import LexiconUpkeep
from search.engines.opensearch.retrieval import OpenedCluster, retrieve
from search.engines.opensearch.similar import similar
from search.engines.opensearch.statistics import ClusterStatistics, KnownStatistics
from search.engines.opensearch.titles import titled
from search.engines.opensearch.upkeep import ClusterUpkeep
from search.query.typed import TypedWords
from search.ranking.scoring import Ranking
from search.statistics import TermStatistics

_LOOK_SECONDS = 0.1
"""How old what is known of the newest version may be."""
_APPLY_SECONDS = 1.0
"""How long writes wait to be searchable while this server rebuilds the index."""


class ClusterEngine:
    """Search the articles of ``store``. What is known of the index is kept until ``apply`` makes writes searchable.

    ``workers`` processes analyse the articles for a rebuild; with 0, this one does.
    """

    def __init__(self, store: ClusterArticleStore, ranking: Ranking | None = None, *, workers: int = 0) -> None:
        self._store = store
        self._cluster = store.cluster
        self._ranking = ranking or Ranking()
        self._dictionaries = Dictionaries(store.cluster)
        self._lexicon = LexiconUpkeep(store.cluster, self._dictionaries)
        self._rebuilding = Lease(store.cluster, "rebuild", "rebuilding the index")
        self._workers = Workers(workers)
        self._lock = threading.Lock()
        self._applied = -1
        self._looked = float("-inf")
        self._opened: OpenedCluster | None = None
        self.upkeep: Upkeep = ClusterUpkeep(store, self._rebuilding, lambda wait: self.rebuild(wait=wait))

    def apply(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:  # noqa: ARG002
        """Make every write so far searchable: settle stories, keep up the lexicon, and tell all servers.

        ``wait`` is not needed, as several servers may do it at once.
        """
        settled = self._store.settled()
        arrived = self._lexicon.arrived()
        self._cluster.ask("POST", self._cluster.articles, "_refresh")
        stories.settle(self._cluster, settled)
        self._lexicon.follow(arrived)
        self._store.record_applied(settled)
        with self._lock:
            self._applied, self._looked = max(settled, self._applied), time.monotonic()
            self._opened = None

    def rebuild(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Build a new index from the articles while the current one serves, then swap.

        Writes become searchable meanwhile. The rebuild takes a number of its own, so that every server forgets what it
        knows of the old index.
        """
        applied = time.monotonic()

        def go_on(count: int) -> None:
            nonlocal applied
            if progress is not None:
                progress(count)
            if time.monotonic() - applied > _APPLY_SECONDS:
                self.apply()
                applied = time.monotonic()

        rebuild(self._cluster, self._rebuilding, self._workers, wait=wait, progress=go_on)
        with self._store.clock.taking(1):
            pass
        self.apply()
        self._lexicon.add_all()

    def near_copies(self, writes: Sequence[range]) -> int | None:
        """Return how many articles written with these sequence numbers are near-copies of others."""
        return stories.copies_among(self._cluster, writes)

    def applied(self) -> int:
        """Return the highest sequence number that searches see, as it was at most a tenth of a second ago."""
        is_old = time.monotonic() - self._looked >= _LOOK_SECONDS
        if is_old and self._lock.acquire(blocking=self._applied < 0):  # one thread looks; no other waits for it
            try:
                self._applied = max(self._applied, self._store.highest_applied())
                self._looked = time.monotonic()
            finally:
                self._lock.release()
        return self._applied

    def version(self) -> Hashable:
        """Return the highest sequence number that searches see."""
        return self.applied()

    def retrieve(self, request: Request) -> Retrieved:
        """Search the articles."""
        return retrieve(self._newest(), self._ranking, request)

    def similar(self, article: Article, size: int) -> list[Hit]:
        """Search for the most characteristic words of ``article``."""
        return similar(ClusterStatistics(self._newest().known), self._ranking, article, size)

    def titled(self, typed: TypedWords, size: int) -> list[Hit]:
        """Look up words in the titles."""
        return titled(ClusterStatistics(self._newest().known), typed, size)

    def copies(self, id: str, size: int) -> list[Hit]:
        """Look up the story of an article."""
        return copies(ClusterStatistics(self._newest().known), id, size)

    def statistics(self) -> TermStatistics:
        """Return the statistics of the newest version."""
        return ClusterStatistics(self._newest().known)

    def close(self) -> None:
        """End the worker processes; the connections are those of the store."""
        self._workers.close()

    def _newest(self) -> OpenedCluster:
        """Return what is known of the newest version."""
        version = self.applied()
        opened = self._opened
        if opened is None or opened.version != version:
            self._cluster.ensure()
            opened = OpenedCluster(version, KnownStatistics(self._cluster, self._dictionaries))
            self._opened = opened
        return opened
