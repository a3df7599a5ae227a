"""The indexer keeps the index in sync with the store.

Every change in the store has a sequence number; a generation records the last one it has applied. Applying the changes
after it is safe to repeat: an article replaces whatever had its id. So if the process is killed at any moment, the next
call completes the index.

An index that cannot follow the store is rebuilt at once: one that cannot be opened, has other fields, belongs to
another store, or is ahead of a store restored from a backup. One that can follow, but was made by another analyzer or
has a file whose bytes have changed, keeps serving and following until its successor is built.
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
from index.errors import (
    DamagedIndexError,
    IndexMissingError,
    WriterBusyError,
    is_disk_full,
    is_shortage,
    naming_full_disk,
)
from index.processes import processors
from index.segments.schema import SEQUENCE, STORY
from index.segments.segment import Segment
from index.segments.segment_info import SegmentInfo
from index.store.article_store import Change, Progress
from index.store.articles import SqliteArticleStore
from index.writer.builder import Builder
from index.writer.integrity import Scrubber, compare, open_segments
from index.writer.workers import Workers

log = logging.getLogger(__name__)

_BATCH = 50
_MANY = 500
"""From this many changes on, worker processes are worth the second they take to start."""
_FOLLOW_SECONDS = 0.25
"""How long the serving index may lag behind the store while its successor is built."""
_ROOM_SECONDS = 60.0
"""How long to wait before retrying a rebuild for which the disk had no room."""


class Indexer:
    """Keep the index of ``folder`` in sync with ``store``. One indexer writes at a time, across processes."""

    def __init__(self, folder: DataFolder, store: SqliteArticleStore) -> None:
        self._folder = folder
        self._store = store
        self.lock = WriterLock(folder.path)
        self._scrubber = Scrubber(folder.indexes)
        self._scrubbing = threading.Lock()
        self._sound = False  # whether this indexer has opened the current generation and found no fault
        self._damaged: Path | None = None  # the generation that has a file whose bytes have changed
        self._rebuild_after = 0.0

    def applied(self) -> int:
        """Return the last sequence number that searches see, or -1 if there is no index that follows the store."""
        try:
            generation = current_generation(self._folder.indexes)
            state = None if generation is None else read_state(generation)
        except OSError:
            return -1
        return -1 if state is None or self._mismatch(state) else state.applied

    def catch_up(self, *, wait: float, progress: Progress | None = None) -> int:
        """Apply every change that the store has and the index lacks; return the number of changes applied.

        Rebuild an index that is missing, damaged or was made by another version. If another process is writing, wait
        until it is done or has applied what the store has now. Raises WriterBusyError if neither happens within
        ``wait`` seconds, DiskFullError if the disk is full.
        """
        upto = self._store.last_seq()
        if self._sound and self.applied() == upto:
            return 0

        def is_in_sync() -> bool:
            return self.applied() >= upto

        try:
            with self.lock.held("indexing", wait, unless=is_in_sync), naming_full_disk(self._folder.path):
                if not self._sound:
                    self._tidy()
                return self._bring_in_sync(progress)
        except WriterBusyError:
            if is_in_sync():
                return 0
            raise

    def rebuild(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Build a new generation from the store and swap it in; meanwhile the old one keeps serving and following.

        Raises WriterBusyError if the lock is not free within ``wait`` seconds, DiskFullError if the disk is full.
        """
        with self.lock.held("rebuilding the index", wait), naming_full_disk(self._folder.path):
            self._build_generation(progress)

    def scrub(self, seconds: float, *, again: bool = False) -> bool:
        """Verify index files not yet verified, for about ``seconds``; return False while there is more to do.

        With ``again``, spend the rest of that time on those verified longest ago. Changed bytes are logged, and the
        next ``catch_up`` rebuilds the index. Needs no lock.
        """
        with self._scrubbing:
            if self._damaged is not None and self._damaged == current_generation(self._folder.indexes):
                return True
            try:
                return self._scrubber.scrub(seconds, again=again)
            except DamagedIndexError as error:
                self._note_damage(self._scrubber.generation, error)
                return False

    def near_copies(self, writes: Sequence[range]) -> int | None:
        """Return how many articles of these writes are near-copies of another article; None if that is unknown.

        ``writes`` are ranges of sequence numbers, ascending and disjoint. Articles written again since do not count.
        """
        if not writes:
            return 0
        try:
            generation = current_generation(self._folder.indexes)
            if generation is None or self._fault(generation):
                return None
            return sum(_near_copies(segment, writes) for segment in open_segments(generation))
        except (DamagedIndexError, OSError):  # replaced meanwhile, or damaged, which is reported elsewhere
            return None

    def repair(self, *, wait: float) -> list[str]:
        """Repair the index from the store, which must be sound; return what was done."""
        with self.lock.held("repairing the index", wait), naming_full_disk(self._folder.path):
            done = [f"removed {name}, left behind by an interrupted process" for name in self._tidy()]
            if self.problems():
                self._build_generation(None)
                return [*done, f"rebuilt the index from the {self._store.count()} articles in the store"]
            if count := self._bring_in_sync(None):
                done.append(f"applied {count} changes that the index lacked")
            return done

    def _tidy(self) -> list[str]:
        """Delete what interrupted writers left behind; return the names."""
        gone = remove_leftovers(self._folder.indexes)
        generation = current_generation(self._folder.indexes)
        if generation is not None:
            with suppress(DamagedIndexError, OSError):  # such an index is rebuilt
                gone += remove_stray_files(generation, read_commit(generation))
        return gone

    def problems(self) -> list[str]:
        """Compare index and store; return the problems, none if they agree up to what the index has applied."""
        while True:
            generation = current_generation(self._folder.indexes)
            if generation is None:
                return ["it is missing"] if self._store.count() else []
            state = read_state(generation)
            fault = "its state.json cannot be read" if state is None else self._mismatch(state)
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
        """Return why an index in this state cannot follow the store, or None if it can."""
        if not state.writable:
            return "another version of timtin made it"
        return self._unrelated(state)

    def _unrelated(self, state: GenerationState) -> str | None:
        """Return why an index in this state has other articles than the store, or None if it has not."""
        if state.store != self._store.identity():
            return "it was made from another store"
        if state.applied > self._store.highest_applied():
            return "it is ahead of the store, which was restored from a backup"
        return None

    def misfit(self, state: GenerationState) -> IndexMissingError | None:
        """Return the error of searches if an index in this state has other articles than the store, else None."""
        why = self._unrelated(state)
        return None if why is None else self.missing(f"the present one cannot be searched, {why}")

    def missing(self, why: str) -> IndexMissingError:
        """Return the error of searches while there is no index, with how far its building is."""
        indexes, last = self._folder.indexes, self._store.last_seq()
        states = [read_state(path.parent) for path in indexes.glob("*/state.json")] if indexes.is_dir() else []
        applied = [state.applied for state in states if state is not None and self._mismatch(state) is None]
        done = f", {100 * max(applied) // last} % done" if last and applied else ""
        count = self._store.count()
        return IndexMissingError(
            f"there is no index of the {count:,} articles in the store: {why}{done}; try again later"
        )

    def _fault(self, generation: Path) -> str | None:
        """Return why the index in ``generation`` cannot follow the store, or None if it can."""
        state = read_state(generation)
        if state is None:
            return "its state.json cannot be read"
        try:
            open_segments(generation)
        except (DamagedIndexError, OSError) as error:
            if is_shortage(error):
                raise
            return self._mismatch(state) or str(error)
        return self._mismatch(state)

    def _note_damage(self, generation: Path | None, error: DamagedIndexError) -> None:
        log.error("%s; the index will be rebuilt from the store", error)
        self._damaged = generation
        self._sound = False

    def _bring_in_sync(self, progress: Progress | None) -> int:
        """Apply changes to the current generation; build another if it is missing, damaged, outdated or unrelated."""
        generation = current_generation(self._folder.indexes)
        fault = None if generation is None else self._fault(generation)
        if generation is None or fault:
            if fault:
                log.warning("rebuilding the index in %s from the store: %s", generation, fault)
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
                log.error("the disk has no room to rebuild the index; the current one stays in use: %s", error)
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
                # damage deep in its files must not stop the rebuild that repairs it
                log.exception("the serving index in %s cannot apply changes; the new one will replace it", follows)
                follows = None

        try:
            create_index(fresh)
            write_state(fresh, GenerationState(self._store.identity(), 0))
            count = self._apply(fresh, progress, between=follow)
            count += self._apply(fresh, progress, between=follow)  # what was written meanwhile
            count += self._apply(fresh, progress)  # the serving index is not updated now: searches never lose a change
            publish_generation(fresh)
        finally:  # the old generation, or the fresh one if the rebuild failed
            remove_leftovers(indexes)
        self._damaged = None
        self._sound = True
        log.info("the index was built anew, from %s changes", f"{count:,}")
        return count

    def _disown(self, generation: Path) -> None:
        """Record that an index cannot follow this store, whatever sequence number the store reaches."""
        state = read_state(generation)
        if state is not None:
            write_state(generation, replace(state, store=""))

    def _apply(self, generation: Path, progress: Progress | None, between: Callable[[], None] | None = None) -> int:
        """Apply the changes the store has now to ``generation``, in several commits; return their number.

        Later writes wait for the next call; otherwise constant writes could keep this one from ending. ``between`` is
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
            raise DamagedIndexError(f"the state.json of the index in {generation} cannot be read")
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
        if applied < upto:  # the remaining numbers belong to articles changed again since
            self._note_applied(generation, replace(state, applied=upto))
        return total

    def _note_applied(self, generation: Path, state: GenerationState) -> None:
        self._store.record_applied(state.applied)
        write_state(generation, state)


def _changes(store: SqliteArticleStore, after: int, upto: int) -> Iterator[Change]:
    """Yield the changes with sequence numbers from ``after`` + 1 to ``upto``, each id once."""
    while True:
        batch = store.changes_after(after, _BATCH)
        for change in batch:
            if change.seq > upto:
                return
            yield change
            after = change.seq
        if len(batch) < _BATCH:
            return


def _near_copies(opened: tuple[SegmentInfo, Segment], writes: Sequence[range]) -> int:
    """Return how many live articles of a segment, with sequence numbers in ``writes``, have another article's story."""
    info, segment = opened
    numbers, stories, live = segment.columns[SEQUENCE], segment.columns[STORY], info.live_mask()
    assert isinstance(numbers, np.ndarray)
    assert isinstance(stories, np.ndarray)
    copies = numbers[(stories != numbers) & (True if live is None else live)]
    starts, stops = np.array([(write.start, write.stop) for write in writes]).T
    at = np.searchsorted(starts, copies, side="right") - 1
    return int(np.count_nonzero((at >= 0) & (copies < stops[at])))
