"""The newest snapshot of an index, with caches that live as long as it is the newest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path

from index.directory.commits import OpenSegments, latest_commit
from index.directory.generations import GenerationState, current_generation, read_state
from index.directory.snapshot import Snapshot
from index.errors import DamagedIndexError, IndexMissingError
from search.engines.embedded.statistics import SnapshotStatistics
from search.kernels.impacts import impacts_of
from search.ranking.scoring import Ranking

_OPEN_ATTEMPTS = 20
_OPEN_PAUSE = 0.01
_SETTLED_NS = 1_000_000_000


class OpenedIndex:
    """A snapshot and its caches: frequent terms, and statistics already looked up."""

    def __init__(self, snapshot: Snapshot, ranking: Ranking, sharing: int = 1) -> None:
        self.snapshot = snapshot
        self.impacts = impacts_of(snapshot, ranking, sharing)
        self.statistics = SnapshotStatistics(self.impacts)


class NewestIndex:
    """Open the newest index in ``indexes`` and keep it until there is a newer one. Safe to share between threads.

    A replaced index stays open until its last user is done. ``misfit`` returns an error for the state of an index that
    is not of the store, which is not opened.
    """

    def __init__(
        self,
        indexes: Path,
        ranking: Ranking,
        sharing: int,
        misfit: Callable[[GenerationState], IndexMissingError | None],
    ) -> None:
        self._indexes = indexes
        self._ranking = ranking
        self._sharing = sharing
        self._misfit = misfit
        self._segments = OpenSegments()
        self._opened: OpenedIndex | None = None
        self._unchanged = _Unchanged()
        self._lock = threading.Lock()

    def get(self) -> OpenedIndex | None:
        """Return the newest index that opens, None if there is none yet.

        Raises DamagedIndexError if none opens, IndexMissingError if there is only one of another store.
        """
        with self._lock:
            if self._opened is not None and self._unchanged.holds():
                return self._opened
            self._unchanged = _Unchanged()
            for attempt in range(_OPEN_ATTEMPTS):
                try:
                    generation = current_generation(self._indexes)
                except OSError as error:
                    if self._opened is None:
                        raise DamagedIndexError(f"the name of the current index cannot be read: {error}") from error
                    break
                if generation is None:
                    break
                try:
                    look = _Unchanged(self._indexes, generation)
                    self._renew(generation)
                    look.version = _version(generation)
                    self._unchanged = look
                    break
                except OSError as error:  # replaced between finding and opening it
                    if attempt == _OPEN_ATTEMPTS - 1 and self._opened is None:
                        raise DamagedIndexError(f"the index in {generation} cannot be opened: {error}") from error
                    time.sleep(_OPEN_PAUSE)
                except (DamagedIndexError, IndexMissingError):
                    if self._opened is None:
                        raise
                    break
            return self._opened

    def version(self) -> Hashable:
        """Return a value that changes whenever the newest index does; reads only file names and ``CURRENT``."""
        look = self._unchanged
        if look.holds():
            return look.version
        try:
            return _version(current_generation(self._indexes))
        except OSError:  # replaced meanwhile
            return object()

    def release_stale(self) -> None:
        """Close files that a newer index replaced."""
        if self._opened is not None:
            self.get()

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            self._opened = None

    def _renew(self, generation: Path) -> None:
        if self._opened is None or not self._opened.snapshot.is_latest(generation):
            state = read_state(generation)
            if state is not None and not state.searchable:
                raise DamagedIndexError(
                    f"the index in {generation} was made by another version of timtin;"
                    " to rebuild it from the store, run 'timtin serve' or 'timtin index --rebuild'"
                )
            snapshot = Snapshot(generation, self._segments)
            if state is not None and (misfit := self._misfit(state)) is not None:
                raise misfit
            self._opened = OpenedIndex(snapshot, self._ranking, self._sharing)


def _version(generation: Path | None) -> Hashable:
    return generation, None if generation is None else latest_commit(generation)


class _Unchanged:
    """Tell cheaply whether any name in some folders was added, removed or replaced since this object was created.

    ``version`` is what was read in them since then. A folder's mtime comes from the kernel's clock, which ticks every
    few milliseconds. It is trusted only if it was over a second old when it was read: any later change then has another
    mtime.
    """

    def __init__(self, *folders: Path) -> None:
        """Record the mtimes of ``folders``, before they are read. Raises FileNotFoundError."""
        seen = [(folder, folder.stat().st_mtime_ns) for folder in folders]
        settled = time.time_ns() - max([changed for _, changed in seen], default=0) > _SETTLED_NS
        self._seen = seen if settled else []
        self.version: Hashable = None

    def holds(self) -> bool:
        """Return True only if it is certain that nothing changed."""
        try:
            return bool(self._seen) and all(folder.stat().st_mtime_ns == changed for folder, changed in self._seen)
        except OSError:
            return False
