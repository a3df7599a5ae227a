"""What tests do with an archive beside what everything else does."""

from __future__ import annotations

from index.writer.indexer import Indexer
from search.archive import Archive
from search.engine import Hit
from search.engines.embedded.engine import EmbeddedEngine


def check(archive: Archive) -> list[str]:
    """Return what is wrong with the files of an archive; nothing where it keeps none."""
    return [] if archive.engine.upkeep is None else archive.engine.upkeep.check()


def scrub(archive: Archive, seconds: float) -> bool:
    """Verify the checksums of files read longest ago."""
    assert archive.engine.upkeep is not None
    return archive.engine.upkeep.scrub(seconds, again=True)


def release_stale(archive: Archive) -> None:
    """Close files that a newer index replaced."""
    assert archive.engine.upkeep is not None
    archive.engine.upkeep.release_stale()


def similar(archive: Archive, id: str, size: int) -> list[Hit]:
    """Return the articles most like the one with this id."""
    article = archive.store.get(id)
    return [] if article is None else archive.engine.similar(article, size)


def indexer_of(archive: Archive) -> Indexer:
    """Return what writes the files of an embedded archive."""
    assert isinstance(archive.engine, EmbeddedEngine)
    return archive.engine._indexer
