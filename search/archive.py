"""An archive: an article store and the engine that searches it. Only ``open_archive`` decides which ones are used."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from index.cluster.config import ClusterConfig as ClusterConfig
from index.directory.data_folder import DataFolder, open_data_folder
from index.directory.generations import current_generation, read_state
from index.errors import RottenArticleError, StoreError, TimtinError
from index.processes import processors
from index.shared_texts import FolderTexts, SharedTexts
from index.store.article_store import ArticleStore
from index.store.articles import SqliteArticleStore
from index.store.database import PATIENCE
from index.usage import Usage, folder_usage
from search.deadline import Deadline
from search.engine import Engine
from search.engines.embedded.engine import EmbeddedEngine
from search.lagging import Lag
from search.leadership import FolderLeadership, Leadership
from search.limits import SearchLimits
from search.query.expansion import Expansion
from search.query.notes import distinct
from search.query.parser import Parsed, parse_noting
from search.query.synonyms import SharedSynonyms, SynonymSource
from search.query.tree import Node
from search.ranking.scoring import Ranking

FREE_DISK_MB = 100
"""How much of the disk articles may not take by default, in megabytes."""

_LAG_SECONDS = 10.0
LAGGING = "The index is still applying changes from the store."
"""The problem of an archive whose searches do not see every write."""


@dataclass(frozen=True, slots=True)
class ArchiveConfig:
    """The data folder of an archive and its ranking parameters (None: the defaults).

    With ``cluster`` the archive is there, and ``data`` is a folder of this machine for request bodies.

    ``sharing`` is the number of processes that divide the memory for cached terms; ``limits`` bound each search.
    Articles are refused while the disk has less than ``free_disk_mb`` megabytes free. A use of the store waits
    ``patience`` seconds for another process's lock on it. If the store is not ``new``, it must be there already.
    """

    data: Path
    sharing: int = 1
    ranking: Ranking | None = None
    limits: SearchLimits = field(default_factory=SearchLimits)
    free_disk_mb: int = FREE_DISK_MB
    patience: float = PATIENCE
    new: bool = True
    cluster: ClusterConfig | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """A store, its engine, its synonyms and its shared texts: what the code above is handed.

    ``home`` is a folder of this machine that only its owner may read, for request bodies. ``leadership`` makes the
    claim of one process to lead those that serve the archive, and ``usage`` says how much room that takes; it raises
    OSError or TimtinError if that cannot be told.
    """

    store: ArticleStore
    engine: Engine
    synonyms: SynonymSource
    home: Path
    texts: SharedTexts
    leadership: Callable[[], Leadership]
    usage: Callable[[], Usage]
    limits: SearchLimits = field(default_factory=SearchLimits)
    lag: Lag = field(default_factory=Lag)

    def in_sync(self, seq: int | None = None) -> bool:
        """Tell whether searches see write ``seq``; by default, whether they see every write so far."""
        return self.engine.applied() >= (self.store.last_seq() if seq is None else seq)

    def version(self) -> Hashable:
        """Return a value that changes whenever answers may; it covers the store, the index and the synonyms."""
        return self.store.last_seq(), self.engine.version(), self.synonyms.version()

    def expand(self, tree: Node) -> Node:
        """Return ``tree`` with alternatives for its plain words: abbreviations the articles define, and synonyms."""
        return Expansion(self.engine.statistics(), self.synonyms.current()).expand(tree)

    def understand(self, query: str, deadline: Deadline | None = None) -> Parsed:
        """Return the expanded tree of a query's text, with notes on what was not understood or left out.

        Raises SearchTimeoutError if ``deadline`` is over before any part of a long query is expanded.
        """
        parsed = parse_noting(query, self.limits.query_characters, self.limits.clauses)
        expansion = Expansion(self.engine.statistics(), self.synonyms.current(), deadline)
        tree = expansion.expand(parsed.tree)
        return Parsed(tree, distinct([*parsed.notes, *expansion.notes]), expansion.partial)

    def problem(self) -> str | None:
        """Return why this archive cannot take writes, or cannot answer for all of them, now; None if it can.

        Cheap to ask often.
        """
        try:
            if (obstacle := self.store.obstacle()) is not None:
                return obstacle
            self.engine.statistics()
            return LAGGING if self.lag.is_problem(self.engine.applied(), in_sync=self.in_sync()) else None
        except TimtinError as error:
            return str(error)

    def problems(self) -> list[str]:
        """Return what is wrong with the store (each begins with "store:") and with the index ("index:").

        The index is compared with a store that is damaged in single articles only.
        """
        problems = [f"store: {problem}" for problem in self.store.problems()]
        try:
            rotten = [f"store: {RottenArticleError(id)}" for id in self.store.verify()]
        except StoreError as error:
            return problems or [f"store: {error}"]
        if problems or self.engine.upkeep is None:
            return [*problems, *rotten]
        return [*rotten, *(f"index: {problem}" for problem in self.engine.upkeep.check())]

    def repair(self, *, wait: float = 10.0) -> list[str]:
        """Repair the index from the store, unless that is damaged; return what was done. Raises WriterBusyError."""
        if self.engine.upkeep is None or self.store.problems():
            return []
        return self.engine.upkeep.repair(wait=wait)

    def close(self) -> None:
        """Close the engine and the store; no thread may be using them."""
        self.engine.close()
        self.store.close()


def open_archive(config: ArchiveConfig) -> Archive:
    """Open the archive that ``config`` describes. The next ``Engine.apply`` applies the writes its index lacks.

    Raises StoreError if the data folder or its store cannot be used, or ClusterError if the cluster cannot; TimtinError
    if what reaches a cluster is not installed.
    """
    return _open_folder(config) if config.cluster is None else _open_cluster(config, config.cluster)


def shared_texts(config: ArchiveConfig) -> SharedTexts:
    """Return the shared texts of an archive without opening its store. Raises TimtinError as ``open_archive`` does."""
    if config.cluster is None:
        return FolderTexts(config.data)
    _need_client()
    from index.cluster.connection import Cluster
    from index.cluster.shared import ClusterTexts

    return ClusterTexts(Cluster(config.cluster))


def delete_cluster_archive(config: ClusterConfig) -> None:
    """Delete an archive on a cluster, for good, with all that is kept for it there. Raises ClusterError."""
    _need_client()
    from index.cluster.connection import Cluster

    with closing(Cluster(config)) as cluster:
        names = sorted(cluster.ask("GET", f"{config.prefix}-*", "_alias"))
        if names:
            cluster.ask("DELETE", ",".join(names), expected={404})


def _need_client() -> None:
    if find_spec("opensearchpy") is None:
        raise TimtinError("the engine opensearch needs its client: pip install 'timtin[opensearch]'")


def _open_folder(config: ArchiveConfig) -> Archive:
    if not config.new and not _has_store(DataFolder(config.data)):
        raise StoreError(f"the store in {config.data} is gone: put it, or a backup of it, in its place")
    folder = open_data_folder(config.data)
    _refuse_lost_store(folder)
    with ExitStack() as opened:
        store = SqliteArticleStore(folder.store, free_disk=config.free_disk_mb * 1_000_000, patience=config.patience)
        opened.callback(store.close)
        engine = EmbeddedEngine(folder, store, config.ranking, sharing=config.sharing)
        texts = FolderTexts(folder.path)
        archive = Archive(
            store,
            engine,
            SharedSynonyms(texts),
            folder.path,
            texts,
            partial(FolderLeadership, folder.path),
            partial(folder_usage, folder.path),
            config.limits,
        )
        opened.pop_all()
    return archive


def _open_cluster(config: ArchiveConfig, cluster: ClusterConfig) -> Archive:
    """Open an archive on a cluster; only this loads what reaches one."""
    _need_client()
    from index.cluster.connection import Cluster
    from index.cluster.health import cluster_usage
    from index.cluster.leadership import ClusterLeadership
    from index.cluster.shared import ClusterTexts
    from index.cluster.store import ClusterArticleStore
    from search.engines.opensearch.engine import ClusterEngine

    with ExitStack() as opened:
        connection = Cluster(cluster)
        opened.callback(connection.close)
        if not config.new and not connection.has_archive():
            raise StoreError(
                f"there is no archive {cluster.prefix!r} on the cluster; make one with 'timtin index PATH', or name"
                " another with cluster.prefix"
            )
        connection.ensure()
        store = ClusterArticleStore(connection, workers=processors() if config.sharing == 1 else 0)
        opened.callback(store.close)
        texts = ClusterTexts(connection)
        archive = Archive(
            store,
            ClusterEngine(store, config.ranking, workers=processors() if config.sharing == 1 else 0),
            SharedSynonyms(texts),
            config.data,
            texts,
            partial(ClusterLeadership, connection),
            partial(cluster_usage, connection),
            config.limits,
            Lag(_LAG_SECONDS),
        )
        opened.pop_all()
    return archive


def _refuse_lost_store(folder: DataFolder) -> None:
    """Raise StoreError if there is no store, or an empty file, beside an index of articles: it would count as empty."""
    if _has_store(folder):
        return
    generation = current_generation(folder.indexes)
    state = None if generation is None else read_state(generation)
    if state is not None and state.applied:
        raise StoreError(
            f"the store {folder.store} is lost, but its index is there: put a backup in its place, or remove"
            f" {folder.indexes} to begin without articles"
        )


def _has_store(folder: DataFolder) -> bool:
    return folder.store.exists() and folder.store.stat().st_size > 0
