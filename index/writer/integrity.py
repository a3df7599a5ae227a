"""Find what is wrong with an index: files whose bytes have changed, articles that disagree with the store.

Opening a file checks that it is whole (``array_file``), but only reading all of it shows that no byte has changed. A
``Scrubber`` reads files beside other work, so that an index answers as soon as it is opened. It reads them again later,
because bytes on a disk can change at any time.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from index.directory.commits import OpenSegments, latest_commit, read_commit
from index.directory.generations import current_generation
from index.errors import DamagedIndexError, RottenArticleError
from index.segments.array_file import verified_blocks
from index.segments.columns import PackedStrings
from index.segments.schema import ID, SEQUENCE
from index.segments.segment import Segment, segment_files
from index.segments.segment_info import SegmentInfo
from index.store.articles import SqliteArticleStore

Opened = list[tuple[SegmentInfo, Segment]]
_LOST = {errno.ENOENT, errno.EIO}


class Scrubber:
    """Verify the files of the current generation in ``indexes`` a slice at a time: each once, then again in turn."""

    def __init__(self, indexes: Path) -> None:
        self._indexes = indexes
        self._commit: tuple[Path, int] | None = None  # the generation and commit number that list ``_files``
        self._files: list[Path] = []
        self._sizes: dict[Path, int] = {}  # of files read to the end, the one read longest ago first
        self._begun: dict[Path, Iterator[None]] = {}
        self.generation: Path | None = None  # the one being verified

    def scrub(self, seconds: float, *, again: bool = False) -> bool:
        """Verify files not yet verified, for about ``seconds``; return whether all have been verified once.

        With ``again``, spend the rest of that time on those verified longest ago. Raises DamagedIndexError, which names
        the file, if one that the latest commit lists has changed since it was written.
        """
        deadline = time.monotonic() + seconds
        self._list(anew=again)
        for path, size in list(self._sizes.items()):
            if (found := _size(path)) != size:
                what = "is missing" if found is None else "has changed size since it was written"
                self._suspect(path, f"the index file {path} {what}")
        fresh = [path for path in self._files if path not in self._sizes]
        for path in [*fresh, *(list(self._sizes) if again else ())]:
            if not self._read(path, deadline):
                return path in self._sizes
        return True

    def _read(self, path: Path, deadline: float) -> bool:
        """Verify a file, resuming where the last call stopped, until ``deadline``; return whether it is done."""
        blocks = self._begun.pop(path, None) or verified_blocks(path)
        try:
            for _ in blocks:
                if time.monotonic() >= deadline:
                    self._begun[path] = blocks
                    return False
            size = path.stat().st_size
        except DamagedIndexError as error:
            self._suspect(path, str(error))
        except OSError as error:
            if error.errno not in _LOST:
                raise
            self._suspect(path, f"the index file {path} cannot be read: {error.strerror}")
        else:
            self._sizes.pop(path, None)
            self._sizes[path] = size
        return True

    def _suspect(self, path: Path, what: str) -> None:
        """Raise DamagedIndexError, unless the latest commit no longer lists the file."""
        self._list()
        if path in self._files:
            raise DamagedIndexError(what)

    def _list(self, *, anew: bool = False) -> None:
        """List the files of the latest commit; with ``anew``, read the commit again even if it is known."""
        while (latest := self._latest()) != self._commit or anew:
            anew = False
            self.generation = None if latest is None else latest[0]
            try:
                commit = None if latest is None else read_commit(latest[0])
            except (DamagedIndexError, FileNotFoundError) as error:
                if self._latest() == latest:
                    raise DamagedIndexError(str(error)) from error
                continue
            if latest is None or commit is None:
                self._commit, self._files = None, []
            else:
                names = [segment.name for segment in commit.segments]
                self._commit = latest[0], commit.number
                self._files = [path for name in names for path in segment_files(latest[0], name)]
            self._sizes = {path: size for path, size in self._sizes.items() if path in self._files}
            self._begun = {path: blocks for path, blocks in self._begun.items() if path in self._files}

    def _latest(self) -> tuple[Path, int] | None:
        generation = current_generation(self._indexes)
        try:
            return None if generation is None else (generation, latest_commit(generation))
        except OSError:  # replaced or gone, which ``Indexer.catch_up`` notices
            return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def open_segments(generation: Path) -> Opened:
    """Open the segments of the latest commit, even while a writer works. Raises DamagedIndexError, OSError."""
    while True:
        commit = read_commit(generation)
        try:
            return list(zip(commit.segments, OpenSegments().of(generation, commit), strict=True))
        except FileNotFoundError:
            if latest_commit(generation) == commit.number:
                raise


def compare(opened: Opened, store: SqliteArticleStore, applied: int) -> list[str]:
    """Verify an index that has applied the store's changes up to ``applied``; return its problems.

    The store may be written meanwhile: articles changed since are skipped. One that is damaged in the store may be
    missing.
    """
    damages = [problem for _, segment in opened for problem in segment.problems()]
    if damages:
        return damages
    problems = []
    indexed = list(_versions(opened))
    stored = dict(store.versions())
    recent = store.ids_changed_after(applied)
    seen: set[str] = set()
    for id, seq in indexed:
        if id in seen:
            problems.append(f"article {id!r} is indexed twice")
        elif id not in stored and id not in recent:
            problems.append(f"article {id!r} is still indexed, but was deleted from the store")
        elif id not in recent and stored[id] != seq:
            problems.append(f"article {id!r} is indexed as of change {seq}, the store has it as of {stored[id]}")
        seen.add(id)
    missing = (id for id in stored.keys() - seen - recent if not _is_rotten(store, id))
    problems.extend(f"article {id!r} is missing from the index" for id in missing)
    return problems


def _is_rotten(store: SqliteArticleStore, id: str) -> bool:
    try:
        store.get(id)
    except RottenArticleError:
        return True
    return False


def _versions(opened: Iterable[tuple[SegmentInfo, Segment]]) -> Iterator[tuple[str, int]]:
    """Yield (id, sequence number) of every live article in an index."""
    for info, segment in opened:
        deleted = set(info.deleted)
        ids, numbers = segment.columns[ID], segment.columns[SEQUENCE]
        assert isinstance(ids, PackedStrings)
        assert isinstance(numbers, np.ndarray)
        for article, (id, seq) in enumerate(zip(ids.all(), numbers.tolist(), strict=True)):
            if article not in deleted:
                yield id.decode("utf-8"), seq
