"""Bring the articles of files and folders into the store and the index, and say what became of each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from index.errors import WriterBusyError
from index.files import Failure, Item, Read, read_input
from index.indexer import Indexer, Progress
from index.inputs import Inputs
from index.store import Store

_BATCH = 500
_BATCH_CHARACTERS = 20_000_000
_FOLLOW_SECONDS = 5.0


@dataclass(slots=True)
class Summary:
    """What an import did: counts of articles, the inputs that failed, and how long it took in seconds.

    ``copies`` are those added or updated that are near-copies of another.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    copies: int = 0
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
    inputs = Inputs(store.database)
    started = followed = time.monotonic()
    first = store.last_seq()
    summary = Summary()
    seen: dict[str, str] = {}

    def follow() -> None:
        nonlocal followed
        if time.monotonic() - followed > _FOLLOW_SECONDS:
            indexer.catch_up(wait=wait, progress=progress)
            followed = time.monotonic()

    def fail(failure: Failure) -> None:
        summary.failed.append(failure)
        if on_failure is not None:
            on_failure(failure)

    try:
        for path in paths:
            origin = _origin(path)
            kept = _store_all(read_input(path, source, seen), origin, store, inputs, summary, fail, follow)
            if prune and path != "-" and not summary.failed:
                gone = inputs.ids_from(origin) - kept
                if gone and not kept:
                    fail(Failure(path, f"has no article left; its {len(gone)} articles were not removed"))
                else:
                    summary.removed += len(store.delete(sorted(gone)).deleted)
        if rebuild:
            indexer.rebuild(wait=wait, progress=progress)
        else:
            indexer.catch_up(wait=wait, progress=progress)
    except WriterBusyError as error:
        raise WriterBusyError(f"{error}. What was read is kept, and will be searchable when that is done") from None
    summary.copies = indexer.copies(first)
    summary.seconds = round(time.monotonic() - started, 3)
    return summary


def _origin(path: str) -> str:
    """Return how the store remembers where articles were read from; names that are not UTF-8 are written out."""
    return path if path == "-" else os.fsencode(Path(path).resolve()).decode("utf-8", "backslashreplace")


def _store_all(
    items: Iterator[Item],
    origin: str,
    store: Store,
    inputs: Inputs,
    summary: Summary,
    fail: Callable[[Failure], None],
    follow: Callable[[], None],
) -> set[str]:
    """Put every article in the store; return their ids."""
    kept: set[str] = set()
    number = inputs.number(origin, "")
    for batch in _batches(items):
        origins = inputs.origins([item.article.id for item in batch if isinstance(item, Read)])
        articles = []
        for item in batch:
            if isinstance(item, Failure):
                fail(item)
            elif item.named_by_file and _is_anothers(origins.get(item.article.id), origin):
                other = origins[item.article.id]
                fail(Failure(item.where, f"would replace the article {item.article.id!r} read from {other}; rename it"))
            else:
                articles.append(item.article)
        result = store.put(articles, number)
        kept.update(article.id for article in articles)
        summary.added += len(result.added)
        summary.updated += len(result.updated)
        summary.unchanged += len(result.unchanged)
        follow()
    return kept


def _is_anothers(known: str | None, origin: str) -> bool:
    """Tell whether an article was read from another folder or file, which is still there."""
    return known not in {None, "-", origin} and Path(str(known)).exists()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Group items so that one batch is one transaction of bounded size."""
    batch: list[Item] = []
    characters = 0
    for item in items:
        batch.append(item)
        characters += len(item.article.body) if isinstance(item, Read) else 0
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
