"""An archive: the store of articles and the engine that finds them. ``open_archive`` alone decides which these are."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from index.directory.data_folder import open_data_folder
from index.store.article_store import ArticleStore
from index.store.articles import SqliteArticleStore
from search.engine import Engine
from search.engines.embedded.engine import EmbeddedEngine
from search.query.expansion import expand
from search.query.synonyms import SynonymFile, SynonymSource
from search.query.tree import Node
from search.ranking.scoring import Ranking


@dataclass(frozen=True, slots=True)
class ArchiveConfig:
    """Where an archive is: its data folder. ``sharing`` processes share the memory that is kept for hot terms."""

    data: Path
    sharing: int = 1
    ranking: Ranking | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """What everything above is handed. ``home`` is a folder of its owner alone, for the key and for bodies received."""

    store: ArticleStore
    engine: Engine
    synonyms: SynonymSource
    home: Path

    def in_sync(self, seq: int | None = None) -> bool:
        """Tell whether searches see the write numbered ``seq``, or every write so far."""
        return self.engine.applied() >= (self.store.last_seq() if seq is None else seq)

    def version(self) -> Hashable:
        """Return a value that differs whenever answers may: it covers the store, the index and the synonyms."""
        return self.store.last_seq(), self.engine.version(), self.synonyms.version()

    def expand(self, tree: Node) -> Node:
        """Return ``tree`` with other ways to say its plain words: abbreviations the articles define, synonyms."""
        return expand(tree, self.engine.statistics(), self.synonyms.current())

    def close(self) -> None:
        """Close the engine and the store; no thread may be using them."""
        self.engine.close()
        self.store.close()


def open_archive(config: ArchiveConfig) -> Archive:
    """Open the archive that ``config`` names; what its index lacks is applied at the next ``Engine.apply``.

    Raises StoreError where the data folder or its store cannot be used.
    """
    folder = open_data_folder(config.data)
    store = SqliteArticleStore(folder.store)
    engine = EmbeddedEngine(folder, store, config.ranking, sharing=config.sharing)
    return Archive(store, engine, SynonymFile(folder.synonyms), folder.path)
