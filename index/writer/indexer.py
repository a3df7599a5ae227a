"""The indexer: the index follows the store.

Every change in the store has a number; a generation remembers the last number it holds. Catching up applies
what comes after, and is safe to repeat: an article is put by its id, whatever was there before. So a process
killed at any moment leaves an index that the next catching up completes.

An index that cannot follow is made anew at once: one that cannot be opened, has other fields, belongs to another store,
or is ahead of a store that was put back from a backup. One that can follow, but was made by another analyzer or has a
file in which bytes have changed, serves and follows meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from index.directory.commits import create_index, read_commit, remove_stray_files
from index.directory.data_folder import DataFolder
from index.directory.generations import (
    GenerationState,
    current_generation,
    new_generation,
    publish_generation,
    read_state,
    remove_leftovers,
    write_state,
)
from index.directory.lock import WriterLock
from index.errors import DamagedIndexError, WriterBusyError, is_disk_full, is_shortage, naming_full_disk
from index.processes import processors
from index.segments.segment import Segment
from index.segments.segment_info import SegmentInfo
from index.store.article_store import Change, Progress
from index.store.articles import SqliteArticleStore
from index.writer.builder import Builder
from index.writer.integrity import Verifier, compare, open_segments
from index.writer.workers import Workers

log = logging.getLogger(__name__)

_BATCH = 50
_MANY = 500
"""So many changes are worth the second that worker processes take to start."""
_FOLLOW_SECONDS = 0.25
"""So long an index that is being replaced may lag behind."""
_ROOM_SECONDS = 60.0
"""So long a rebuild for which the disk had no room waits before it is tried again."""


class Indexer:
    """Keep the index of ``folder`` level with ``store``. One indexer writes at a time, across processes."""

    def __init__(self, folder: DataFolder, store: SqliteArticleStore) -> None:
        self._folder = folder
        self._store = store
        self.lock = WriterLock(folder.path)
        self._verifier = Verifier(folder.indexes)
        self._verifying = threading.Lock()
        self._sound = False  # whether this indexer has seen the current generation open, and has nothing against it
        self._damaged: Path | None = None  # the generation in which a file has changed since it was written
        self._rebuild_after = 0.0

    def applied(self) -> int:
        """Return the last sequence number that searches can see; -1 where there is no usable index."""
        try:
            generation = current_generation(self._folder.indexes)
            state = None if generation is None else read_state(generation)
        except OSError:
            return -1
        return -1 if state is None or self._mismatch(state) else state.applied

    def catch_up(self, *, wait: float, purpose: str = "indexing", progress: Progress | None = None) -> int:
        """Apply everything the store has and the index lacks; return the number of changes applied.

        An index that is missing, damaged or was made by another version is rebuilt. Where another process writes, it is
        waited for until it is done, or has applied what the store has by now. Raises WriterBusyError where neither
        comes true within ``wait`` seconds, DiskFullError where there is no room.
        """
        upto = self._store.last_seq()
        if self._sound and self.applied() == upto:
            return 0

        def is_level() -> bool:
            return self.applied() >= upto

        try:
            with self.lock.held(purpose, wait, unless=is_level), naming_full_disk(self._folder.path):
                if not self._sound:
                    self._tidy()
                return self._level(progress)
        except WriterBusyError:
            if is_level():
                return 0
            raise

    def apply(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Make every write so far searchable, as ``catch_up`` does."""
        self.catch_up(wait=wait, progress=progress)

    def rebuild(
        self,
        *,
        wait: float = 10.0,
        purpose: str = "rebuilding the index",
        progress: Progress | None = None,
    ) -> None:
        """Build a new generation from the store and swap it in; the old one serves, and follows, meanwhile."""
        with self.lock.held(purpose, wait), naming_full_disk(self._folder.path):
            self._build_generation(progress)

    def verify(self, seconds: float, *, again: bool = False) -> bool:
        """Read index files that were not read before for about so many seconds; return False while there is more to do.

        With ``again`` the rest of that time is for those read longest ago. Where bytes have changed, that is logged,
        and the next catching up makes the index anew. Needs no lock.
        """
        with self._verifying:
            if self._damaged is not None and self._damaged == current_generation(self._folder.indexes):
                return True
            try:
                return self._verifier.verify(seconds, again=again)
            except DamagedIndexError as error:
                self._note_damage(self._verifier.generation, error)
                return False

    def near_copies(self, writes: Sequence[range]) -> int | None:
        """Return how many articles, by the numbers of their writes, are near-copies of another; None if none can tell.

        ``writes`` are in ascending order and do not overlap. An article that was written again since counts no more.
        """
        if not writes:
            return 0
        try:
            generation = current_generation(self._folder.indexes)
            if generation is None or self._fault(generation):
                return None
            return sum(_copies(segment, writes) for segment in open_segments(generation))
        except (DamagedIndexError, OSError):  # swapped for another meanwhile, or damaged, which others say
            return None

    def check(self) -> list[str]:
        """Compare index and store; return what is wrong, nothing for an index that agrees as far as it has come."""
        problems = [f"store: {problem}" for problem in self._store.database.integrity_problems()]
        return problems or [f"index: {problem}" for problem in self._index_problems()]

    def repair(self, *, wait: float, progress: Progress | None = None) -> list[str]:
        """Mend what can be made again from the store; return what was done. Nothing is done to a damaged store."""
        if self._store.database.integrity_problems():
            return []
        with self.lock.held("repairing the index", wait), naming_full_disk(self._folder.path):
            done = [f"removed {name}, left by a process that was cut off" for name in self._tidy()]
            if self._index_problems():
                self._build_generation(progress)
                return [*done, f"made the index anew from the {self._store.count()} articles of the store"]
            if count := self._level(progress):
                done.append(f"applied {count} changes that the index lacked")
            return done

    def _tidy(self) -> list[str]:
        """Remove what writers left that were cut off; return the names."""
        gone = remove_leftovers(self._folder.indexes)
        generation = current_generation(self._folder.indexes)
        if generation is not None:
            with suppress(DamagedIndexError, OSError):  # such an index is made anew
                gone += remove_stray_files(generation, read_commit(generation))
        return gone

    def _index_problems(self) -> list[str]:
        while True:
            generation = current_generation(self._folder.indexes)
            if generation is None:
                return ["there is none"] if self._store.count() else []
            state = read_state(generation)
            fault = "what it has applied cannot be read" if state is None else self._mismatch(state)
            try:
                if state is not None and not fault:
                    problems = compare(open_segments(generation), self._store, state.applied)
                    return [*problems, "another version of timtin made it"] if state.outdated else problems
            except (DamagedIndexError, OSError) as error:
                if is_shortage(error):
                    raise
                fault = str(error)
            if fault and current_generation(self._folder.indexes) == generation:
                return [fault]

    def _mismatch(self, state: GenerationState) -> str | None:
        """Return why an index of this state cannot follow the store, None where it can."""
        if not state.writable:
            return "another version of timtin made it"
        if state.store != self._store.database.uuid():
            return "it was made from another store"
        if state.applied > self._store.indexed():
            return "it is ahead of the store, which was put back from a backup"
        return None

    def _fault(self, generation: Path) -> str | None:
        """Return why the index in ``generation`` cannot follow the store, None where it can."""
        state = read_state(generation)
        if state is None:
            return "what it has applied cannot be read"
        try:
            open_segments(generation)
        except (DamagedIndexError, OSError) as error:
            if is_shortage(error):
                raise
            return self._mismatch(state) or str(error)
        return self._mismatch(state)

    def _note_damage(self, generation: Path | None, error: DamagedIndexError) -> None:
        log.error("%s; the index is made anew from the store", error)
        self._damaged = generation
        self._sound = False

    def _level(self, progress: Progress | None) -> int:
        """Bring the current generation level with the store, or make another where it cannot be, or was outgrown."""
        generation = current_generation(self._folder.indexes)
        fault = None if generation is None else self._fault(generation)
        if generation is None or fault:
            if fault:
                log.warning("the index in %s is made anew from the store: %s", generation, fault)
            return self._build_generation(progress)
        state = read_state(generation)
        if generation != self._damaged and state is not None and not state.outdated:
            try:
                count = self._apply(generation, progress)
                self._sound = True
                return count
            except DamagedIndexError as error:
                self._note_damage(generation, error)
        if time.monotonic() >= self._rebuild_after:
            try:
                return self._build_generation(progress)
            except Exception as error:
                if not is_disk_full(error):
                    raise
                log.error("the disk has no room for making the index anew; the one there is goes on: %s", error)
                self._rebuild_after = time.monotonic() + _ROOM_SECONDS
        return self._apply(generation, progress)

    def _build_generation(self, progress: Progress | None) -> int:
        indexes = self._folder.indexes
        remove_leftovers(indexes)
        follows = current_generation(indexes)
        if follows is not None and self._fault(follows):
            self._disown(follows)
            follows = None
        fresh = new_generation(indexes)
        followed = 0.0

        def follow() -> None:
            nonlocal follows, followed
            if time.monotonic() - followed < _FOLLOW_SECONDS:
                return
            followed = time.monotonic()
            try:
                if follows is not None:
                    self._apply(follows, None)
            except Exception as error:
                if is_disk_full(error) or is_shortage(error):
                    raise
                if isinstance(error, DamagedIndexError) and follows != self._damaged:
                    self._note_damage(follows, error)
                    return
                # damage deep in its files must not stop the rebuild that mends it
                log.exception("the serving index in %s cannot follow; the new one will replace it", follows)
                follows = None

        try:
            create_index(fresh)
            write_state(fresh, GenerationState(self._store.database.uuid(), 0))
            count = self._apply(fresh, progress, between=follow)
            count += self._apply(fresh, progress, between=follow)  # what was written meanwhile
            count += self._apply(fresh, progress)  # the serving index stands still: searches never see less than before
            publish_generation(fresh)
        finally:  # of the old generation, or of the fresh one where it did not come about
            remove_leftovers(indexes)
        self._damaged = None
        self._sound = True
        log.info("built generation %s: %d changes", fresh.name, count)
        return count

    def _disown(self, generation: Path) -> None:
        """Note that an index cannot follow this store, whatever numbers the store comes to."""
        state = read_state(generation)
        if state is not None:
            write_state(generation, replace(state, store=""))

    def _apply(self, generation: Path, progress: Progress | None, between: Callable[[], None] | None = None) -> int:
        """Apply what the store has by now to ``generation``, committing now and then; return how many changes.

        What is written meanwhile is left for the next time, or writers could keep this from ever ending. ``between`` is
        called several times a second.
        """
        total = 0

        def worked(count: int) -> None:
            nonlocal total
            total += count
            if between is not None:
                between()
            if progress is not None:
                progress(count)

        state = read_state(generation)
        if state is None:
            raise DamagedIndexError(f"what the index in {generation} has applied cannot be read")
        applied, upto = state.applied, self._store.last_seq()
        if applied >= upto:
            return 0
        many = upto - applied >= _MANY
        with Workers(processors() if many and processors() > 1 else 0) as workers:
            builder = Builder(generation, workers)
            changes = _changes(self._store, applied, upto)
            for applied in builder.apply(changes, worked):
                self._note_applied(generation, replace(state, applied=applied))
                worked(0)
                if generation != self._damaged:
                    builder.merge(lambda: worked(0))
        if applied < upto:  # the numbers between belong to articles changed again since
            self._note_applied(generation, replace(state, applied=upto))
        return total

    def _note_applied(self, generation: Path, state: GenerationState) -> None:
        self._store.note_indexed(state.applied)
        write_state(generation, state)


def _changes(store: SqliteArticleStore, after: int, upto: int) -> Iterator[Change]:
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


def _copies(opened: tuple[SegmentInfo, Segment], writes: Sequence[range]) -> int:
    """Return how many articles of a segment, written with one of these numbers, are of another's story."""
    info, segment = opened
    numbers, stories, live = segment.columns["seq"], segment.columns["story"], info.live_mask()
    assert isinstance(numbers, np.ndarray)
    assert isinstance(stories, np.ndarray)
    copies = numbers[(stories != numbers) & (True if live is None else live)]
    starts, stops = np.array([(write.start, write.stop) for write in writes]).T
    at = np.searchsorted(starts, copies, side="right") - 1
    return int(np.count_nonzero((at >= 0) & (copies < stops[at])))
