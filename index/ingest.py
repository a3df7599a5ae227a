"""Bring the articles of files and folders into the store and the index, and say what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from index.article import Article
from index.files import Failure, Item, read_input
from index.indexer import Indexer, Progress
from index.store import Store

_BATCH = 500
_BATCH_CHARACTERS = 20_000_000
_FOLLOW_SECONDS = 5.0


@dataclass(slots=True)
class Summary:
    """What an import did: counts of articles, the inputs that failed, and how long it took in seconds."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return the summary as plain values."""
        return asdict(self)


def ingest(
    paths: Sequence[str],
    store: Store,
    indexer: Indexer,
    *,
    source: str | None = None,
    prune: bool = False,
    rebuild: bool = False,
    wait: float = 10.0,
    on_failure: Callable[[Failure], None] | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Read ``paths`` into ``store`` and bring the index level with it.

    With ``prune`` the articles that came from these paths before and are no longer there are deleted, unless an
    input failed: it might be one of them. Raises WriterBusyError where another process is writing.
    """
    started = time.monotonic()
    summary = Summary()
    followed = started

    def follow() -> None:
        nonlocal followed
        if time.monotonic() - followed > _FOLLOW_SECONDS:
            indexer.catch_up(wait=wait, progress=progress)
            followed = time.monotonic()

    with indexer.lock.held("timtin index", wait):
        seen: dict[str, str] = {}
        for path in paths:
            origin = path if path == "-" else str(Path(path).resolve())
            kept = _store_all(read_input(path, source, seen), origin, store, summary, on_failure, follow)
            if prune and path != "-" and not summary.failed:
                summary.removed += len(store.delete(sorted(store.ids_from(origin) - kept)).deleted)
        if rebuild:
            indexer.rebuild(wait=wait, progress=progress)
        else:
            indexer.catch_up(wait=wait, progress=progress)
    summary.seconds = round(time.monotonic() - started, 3)
    return summary


def _store_all(
    items: Iterator[Item],
    origin: str,
    store: Store,
    summary: Summary,
    on_failure: Callable[[Failure], None] | None,
    follow: Callable[[], None],
) -> set[str]:
    """Put every article in the store; return their ids."""
    kept: set[str] = set()
    for batch in _batches(items):
        articles = []
        for item in batch:
            if isinstance(item, Failure):
                summary.failed.append(item)
                if on_failure is not None:
                    on_failure(item)
            else:
                articles.append(item)
        result = store.put(articles, origin)
        kept.update(article.id for article in articles)
        summary.added += len(result.added)
        summary.updated += len(result.updated)
        summary.unchanged += len(result.unchanged)
        follow()
    return kept


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Group items so that one batch is one transaction of bounded size."""
    batch: list[Item] = []
    characters = 0
    for item in items:
        batch.append(item)
        characters += len(item.body) if isinstance(item, Article) else 0
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
