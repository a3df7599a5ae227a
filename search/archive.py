"""An archive: an article store and the engine that searches it. Only ``open_archive`` decides which ones are used."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from index.directory.data_folder import open_data_folder
from index.store.article_store import ArticleStore
from index.store.articles import SqliteArticleStore
from search.deadline import Deadline
from search.engine import Engine
from search.engines.embedded.engine import EmbeddedEngine
from search.limits import SearchLimits
from search.query.expansion import Expansion, expand
from search.query.notes import distinct
from search.query.parser import Parsed, parse_noting
from search.query.synonyms import SynonymFile, SynonymSource
from search.query.tree import Node
from search.ranking.scoring import Ranking


@dataclass(frozen=True, slots=True)
class ArchiveConfig:
    """The data folder of an archive and its ranking parameters (None: the defaults).

    ``sharing`` is the number of processes that divide the memory for cached terms; ``limits`` bound each search.
    """

    data: Path
    sharing: int = 1
    ranking: Ranking | None = None
    limits: SearchLimits = field(default_factory=SearchLimits)


@dataclass(frozen=True, slots=True)
class Archive:
    """A store, its engine and its synonyms: what the code above is handed.

    ``home`` is a folder that only its owner may read, for the keys and for request bodies.
    """

    store: ArticleStore
    engine: Engine
    synonyms: SynonymSource
    home: Path
    limits: SearchLimits = field(default_factory=SearchLimits)

    def in_sync(self, seq: int | None = None) -> bool:
        """Tell whether searches see write ``seq``; by default, whether they see every write so far."""
        return self.engine.applied() >= (self.store.last_seq() if seq is None else seq)

    def version(self) -> Hashable:
        """Return a value that changes whenever answers may; it covers the store, the index and the synonyms."""
        return self.store.last_seq(), self.engine.version(), self.synonyms.version()

    def expand(self, tree: Node) -> Node:
        """Return ``tree`` with alternatives for its plain words: abbreviations the articles define, and synonyms."""
        return expand(tree, self.engine.statistics(), self.synonyms.current())

    def understand(self, query: str, deadline: Deadline | None = None) -> Parsed:
        """Return the expanded tree of a query's text, with notes on what was not understood or left out.

        Raises SearchTimeoutError if ``deadline`` is over before any part of a long query is expanded.
        """
        parsed = parse_noting(query, self.limits.query_characters, self.limits.clauses)
        expansion = Expansion(self.engine.statistics(), self.synonyms.current(), deadline)
        tree = expansion.expand(parsed.tree)
        return Parsed(tree, distinct([*parsed.notes, *expansion.notes]), expansion.partial)

    def problems(self) -> list[str]:
        """Return what is wrong with the store (each begins with "store:"), or else with the index ("index:")."""
        problems = [f"store: {problem}" for problem in self.store.problems()]
        if problems or self.engine.upkeep is None:
            return problems
        return [f"index: {problem}" for problem in self.engine.upkeep.check()]

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

    Raises StoreError if the data folder or its store cannot be used.
    """
    folder = open_data_folder(config.data)
    with ExitStack() as opened:
        store = SqliteArticleStore(folder.store)
        opened.callback(store.close)
        engine = EmbeddedEngine(folder, store, config.ranking, sharing=config.sharing)
        archive = Archive(store, engine, SynonymFile(folder.synonyms), folder.path, config.limits)
        opened.pop_all()
    return archive
