"""The indexer: the index follows the store.

Every change in the store has a number; a generation remembers the last number it holds. Catching up applies
what comes after, and is safe to repeat: an article is put by its id, whatever was there before. So a process
killed at any moment leaves an index that the next catching up completes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from whoosh.index import EmptyIndexError

from index.builder import Builder
from index.codec import ColumnarSegment
from index.commits import OpenSegments, create_index, latest_commit, live_articles, read_commit
from index.datafolder import DataFolder
from index.errors import DamagedIndexError
from index.generations import (
    GenerationState,
    current_generation,
    new_generation,
    publish_generation,
    read_state,
    remove_other_generations,
    write_state,
)
from index.lock import WriterLock
from index.schema import make_schema
from index.segment import Segment, Strings
from index.store import Change, Store
from index.workers import Workers, processors

log = logging.getLogger(__name__)

Progress = Callable[[int], None]
_BATCH = 50
_COMMIT_ARTICLES = 2000
_COMMIT_CHARACTERS = 20_000_000
_MANY = 500
"""So many changes are worth the second that worker processes take to start."""


class Indexer:
    """Keep the index of ``folder`` level with ``store``. One indexer writes at a time, across processes."""

    def __init__(self, folder: DataFolder, store: Store) -> None:
        self._folder = folder
        self._store = store
        self.lock = WriterLock(folder.path)
        self._sound = False  # whether this indexer has seen the current generation open

    def applied(self) -> int:
        """Return the last sequence number that searches can see; -1 where there is no usable index."""
        generation = current_generation(self._folder.indexes)
        state = None if generation is None else read_state(generation)
        return state.applied if state is not None and state.fits(self._store.database.uuid()) else -1

    def catch_up(self, *, wait: float, purpose: str = "indexing", progress: Progress | None = None) -> int:
        """Apply everything the store has and the index lacks; return the number of changes applied.

        An index that is missing, or was made by another version, is rebuilt. Raises WriterBusyError where
        another process writes for longer than ``wait`` seconds.
        """
        if self._sound and self.applied() == self._store.last_seq():
            return 0
        with self.lock.held(purpose, wait):
            generation = current_generation(self._folder.indexes)
            self._sound = generation is not None and self.applied() >= 0 and _can_be_opened(generation)
            if generation is None or not self._sound:
                count = self._build_generation(progress)
                self._sound = True
                return count
            return self._apply(generation, progress)

    def rebuild(
        self,
        *,
        wait: float,
        purpose: str = "rebuilding the index",
        within: AbstractContextManager[object] | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Make a new generation from the store and swap it in; the old one serves, and follows, meanwhile.

        ``within`` is entered while the lock is held.
        """
        with self.lock.held(purpose, wait), within or nullcontext():
            return self._build_generation(progress)

    def copies(self, after: int) -> int:
        """Return how many articles written after number ``after`` are near-copies of another; 0 without an index."""
        generation = current_generation(self._folder.indexes)
        return 0 if generation is None else sum(_copies(segment, after) for segment in _segments(generation))

    def check(self) -> list[str]:
        """Compare index and store; return what is wrong, nothing for an index that agrees as far as it has come."""
        problems = [f"store: {problem}" for problem in self._store.database.integrity_problems()]
        generation = current_generation(self._folder.indexes)
        if generation is None:
            return [*problems, "index: there is none"] if self._store.count() else problems
        state = read_state(generation)
        if state is None or not state.fits(self._store.database.uuid()):
            return [*problems, "index: made from another store or by another version of timtin"]
        try:
            segments = _segments(generation)
        except (DamagedIndexError, OSError, EmptyIndexError) as error:
            return [*problems, f"index: {error}"]
        damages = [problem for _, segment in segments for problem in segment.problems()]
        if damages:
            return [*problems, *(f"index: {damage}" for damage in damages)]
        indexed = list(_indexed_versions(segments))
        # what changed after the index was read is not the index's fault
        stored = dict(self._store.versions())
        recent = self._store.ids_changed_after(state.applied)
        seen: set[str] = set()
        for id, seq in indexed:
            if id in seen:
                problems.append(f"index: article {id!r} is there twice")
            elif id not in stored and id not in recent:
                problems.append(f"index: article {id!r} was deleted from the store")
            elif id not in recent and stored[id] != seq:
                problems.append(f"index: article {id!r} is at change {seq}, the store at {stored[id]}")
            seen.add(id)
        problems.extend(f"index: article {id!r} is missing" for id in stored.keys() - seen - recent)
        return problems

    def _build_generation(self, progress: Progress | None) -> int:
        remove_other_generations(self._folder.indexes)
        serving = current_generation(self._folder.indexes)
        follows = serving if serving is not None and self.applied() >= 0 and _can_be_opened(serving) else None
        fresh = new_generation(self._folder.indexes)
        create_index(fresh, make_schema())
        write_state(fresh, GenerationState(self._store.database.uuid(), 0))

        def follow() -> None:
            nonlocal follows
            try:
                if follows is not None:
                    self._apply(follows, None)
            except Exception:  # damage deep in its files must not stop the rebuild that mends it
                log.exception("the serving index in %s cannot follow; the new one will replace it", follows)
                follows = None

        count = self._apply(fresh, progress, between=follow)
        publish_generation(fresh)
        remove_other_generations(self._folder.indexes)
        log.info("built generation %s: %d changes", fresh.name, count)
        return count

    def _apply(self, generation: Path, progress: Progress | None, between: Callable[[], None] | None = None) -> int:
        """Bring ``generation`` level with the store, committing now and then; return the changes applied.

        ``between`` is called several times a second.
        """
        total = 0

        def worked(count: int) -> None:
            nonlocal total
            total += count
            if progress is not None and count:
                progress(count)
            if between is not None:
                between()

        state = read_state(generation)
        applied = 0 if state is None else state.applied
        many = self._store.last_seq() - applied >= _MANY
        with Workers(processors() if many and processors() > 1 else 0) as workers:
            builder = Builder(generation, workers)
            while applied < (upto := self._store.last_seq()):
                applied = builder.apply(_one_commit(_changes(self._store, applied, upto)), worked) or upto
                if not self._store.changes_after(applied, 1):
                    applied = upto  # the numbers between belong to articles changed again since
                write_state(generation, GenerationState(self._store.database.uuid(), applied))
                builder.merge(lambda: worked(0))
        return total


def _changes(store: Store, after: int, upto: int) -> Iterator[Change]:
    """Yield the changes numbered after ``after`` up to ``upto``, no id twice."""
    while True:
        batch = store.changes_after(after, _BATCH)
        for change in batch:
            if change.seq > upto:
                return
            yield change
            after = change.seq
        if len(batch) < _BATCH:
            return


def _one_commit(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield as many of ``changes`` as go into one commit."""
    characters = 0
    for count, change in enumerate(changes, 1):
        yield change
        if change.article is not None:
            characters += len(change.article.title) + len(change.article.lead) + len(change.article.body)
        if count >= _COMMIT_ARTICLES or characters >= _COMMIT_CHARACTERS:
            return


def _can_be_opened(generation: Path) -> bool:
    try:
        _segments(generation)
    except (DamagedIndexError, OSError, EmptyIndexError) as error:
        log.warning("%s; making a new one", error)
        return False
    return True


def _segments(generation: Path) -> list[tuple[ColumnarSegment, Segment]]:
    """Open every segment of an index as it is now, though a writer be at work."""
    while True:
        commit = read_commit(generation)
        try:
            return list(zip(commit.segments, OpenSegments().of(generation, commit), strict=True))
        except FileNotFoundError:
            if latest_commit(generation) == commit.number:
                raise


def _copies(opened: tuple[ColumnarSegment, Segment], after: int) -> int:
    """Return how many articles of a segment, written after number ``after``, are of another's story."""
    listed, segment = opened
    numbers, stories, live = segment.columns["seq"], segment.columns["story"], live_articles(listed)
    assert isinstance(numbers, np.ndarray)
    assert isinstance(stories, np.ndarray)
    copies = (numbers > after) & (stories != numbers)
    return int(np.count_nonzero(copies if live is None else copies & live))


def _indexed_versions(segments: Iterable[tuple[ColumnarSegment, Segment]]) -> Iterator[tuple[str, int]]:
    """Yield (id, sequence number) of every article in an index."""
    for listed, segment in segments:
        ids, numbers = segment.columns["id"], segment.columns["seq"]
        assert isinstance(ids, Strings)
        assert isinstance(numbers, np.ndarray)
        for article, (id, seq) in enumerate(zip(ids.all(), numbers.tolist(), strict=True)):
            if not listed.is_deleted(article):
                yield id.decode("utf-8"), seq
