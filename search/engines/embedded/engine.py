"""The embedded engine: an index on the disk of this machine, in Whoosh's codec, behind the ``Engine`` protocol."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager, suppress

from index.article import Article
from index.directory.commits import OpenSegments
from index.directory.data_folder import DataFolder
from index.directory.snapshot import Snapshot
from index.errors import DamagedIndexError
from index.store.article_store import Progress
from index.store.articles import SqliteArticleStore
from index.writer.indexer import Indexer
from search.engine import Hit, Request, Retrieved
from search.engines.embedded.copies import copies
from search.engines.embedded.newest import NewestIndex, OpenedIndex
from search.engines.embedded.retrieval import retrieve
from search.engines.embedded.similar import similar
from search.engines.embedded.titles import titled
from search.query.typed import TypedWords
from search.ranking.scoring import Ranking
from search.statistics import TermStatistics


class EmbeddedEngine:
    """Open the index of ``store`` in a data folder; the next ``apply`` applies the writes it lacks.

    ``sharing`` is the number of engines that divide the memory for cached terms.
    """

    def __init__(
        self, folder: DataFolder, store: SqliteArticleStore, ranking: Ranking | None = None, *, sharing: int = 1
    ) -> None:
        self._store = store
        self._indexer = Indexer(folder, store)
        self._newest = NewestIndex(folder.indexes, ranking or Ranking(), sharing, self._indexer.misfit)
        self.upkeep = EmbeddedUpkeep(self._indexer, self._newest)

    def apply(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Apply the writes in the store that the index lacks."""
        self._indexer.catch_up(wait=wait, progress=progress)
        self.upkeep.release_stale()

    def rebuild(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Build a new generation of the index and swap it in."""
        self._indexer.rebuild(wait=wait, progress=progress)
        self.upkeep.release_stale()

    def near_copies(self, writes: Sequence[range]) -> int | None:
        """Count the near-copies among the articles written with these sequence numbers; None if unknown."""
        return self._indexer.near_copies(writes)

    def applied(self) -> int:
        """Return the highest sequence number of the store that the current generation has applied."""
        return self._indexer.applied()

    def version(self) -> Hashable:
        """Return the current generation and the number of its latest commit."""
        return self._newest.version()

    def retrieve(self, request: Request) -> Retrieved:
        """Search the newest snapshot."""
        return retrieve(self._opened().impacts, request)

    def similar(self, article: Article, size: int) -> list[Hit]:
        """Search the newest snapshot for the most characteristic words of ``article``."""
        return similar(self._opened().impacts, article, size)

    def titled(self, typed: TypedWords, size: int) -> list[Hit]:
        """Look up words in the titles of the newest snapshot."""
        return titled(self._opened().impacts, typed, size)

    def copies(self, id: str, size: int) -> list[Hit]:
        """Look up the story of an article in the newest snapshot."""
        return copies(self._opened().snapshot, id, size)

    def statistics(self) -> TermStatistics:
        """Return the statistics of the newest snapshot."""
        return self._opened().statistics

    def _opened(self) -> OpenedIndex:
        """Return the newest index, an empty one without articles. Raises IndexMissingError, DamagedIndexError."""
        opened = self._newest.get()
        if opened is None and self._store.count():
            raise self._indexer.missing("it is not built yet")
        return opened or OpenedIndex(Snapshot(None, OpenSegments()), Ranking())

    def close(self) -> None:
        """Close the index; no thread may be using it."""
        self._newest.close()


class EmbeddedUpkeep:
    """Maintenance of the index files."""

    def __init__(self, indexer: Indexer, newest: NewestIndex) -> None:
        self._indexer = indexer
        self._newest = newest

    def exclusive(self, purpose: str, *, wait: float) -> AbstractContextManager[None]:
        """Hold the data folder's writer lock, which works across processes."""
        return self._indexer.lock.held(purpose, wait)

    def scrub(self, seconds: float, *, again: bool = False) -> bool:
        """Verify checksums of index files; return whether all have been read once."""
        return self._indexer.scrub(seconds, again=again)

    def release_stale(self) -> None:
        """Close files that a newer index replaced, to free their disk space."""
        with suppress(DamagedIndexError):
            self._newest.release_stale()

    def condense(self) -> None:
        """Do nothing: frequencies are of live articles."""

    def check(self) -> list[str]:
        """Compare the index with the store; return the problems found."""
        return self._indexer.problems()

    def repair(self, *, wait: float = 10.0) -> list[str]:
        """Rebuild from the store what is damaged; return what was done."""
        return self._indexer.repair(wait=wait)
