"""Helpers for tests that go behind the interface of an archive."""

from __future__ import annotations

from index.kernels.library import missing
from index.writer.indexer import Indexer
from search.archive import Archive
from search.engine import Hit
from search.engines.embedded.engine import EmbeddedEngine


def check(archive: Archive) -> list[str]:
    """Return the problems of an archive."""
    return archive.problems()


def scrub(archive: Archive, seconds: float) -> bool:
    """Verify checksums for about ``seconds``, of the files read longest ago; return whether all were read."""
    assert archive.engine.upkeep is not None
    return archive.engine.upkeep.scrub(seconds, again=True)


def release_stale(archive: Archive) -> None:
    """Close files that a newer index has replaced."""
    assert archive.engine.upkeep is not None
    archive.engine.upkeep.release_stale()


def similar(archive: Archive, id: str, size: int) -> list[Hit]:
    """Return the articles most similar to the one with this id."""
    article = archive.store.get(id)
    return [] if article is None else archive.engine.similar(article, size)


def indexer_of(archive: Archive) -> Indexer:
    """Return the indexer of an embedded archive."""
    assert isinstance(archive.engine, EmbeddedEngine)
    return archive.engine._indexer


def said_without_kernels() -> list[str]:
    """Return what ``timtin check`` adds to what it says where nothing is compiled."""
    return [] if (why := missing()) is None else [f"searches take longer without compiled kernels: {why}"]
