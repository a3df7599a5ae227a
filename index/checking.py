"""What is wrong with an index: files that are not as they were written, articles that disagree with the store.

Opening a file tells whether it is whole (``arrayfile``); that none of its bytes has changed is known once all were
read. A ``Verifier`` reads them beside other work, so that an index answers as soon as it is opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from index.codec import ColumnarSegment
from index.commits import OpenSegments, latest_commit, read_commit
from index.errors import DamagedIndexError
from index.generations import current_generation
from index.segment import Segment, Strings
from index.store import Store

Opened = list[tuple[ColumnarSegment, Segment]]


class Verifier:
    """Read every file of the current generation in ``indexes`` once, a slice at a time; look whether all stay whole."""

    def __init__(self, indexes: Path) -> None:
        self._indexes = indexes
        self._steps: Iterator[None] | None = None
        self._done: tuple[Path, int] | None = None
        self._sound: set[str] = set()
        self._sizes: dict[Path, int] = {}  # of the files of what was done
        self.generation: Path | None = None  # the one that is read

    def verify(self, seconds: float) -> bool:
        """Read on for about so many seconds; return whether all there is was read.

        Raises DamagedIndexError, which names the file, where one is not as it was written.
        """
        deadline = time.monotonic() + seconds
        changed = [path for path, size in self._sizes.items() if _size(path) != size]
        if changed and self._latest() == self._done:
            self._sizes = {}
            what = "is missing" if _size(changed[0]) is None else "has another size than it was written with"
            raise DamagedIndexError(f"the index file {changed[0]} {what}")
        while (latest := self._latest()) is not None and (self._steps is not None or latest != self._done):
            if self.generation != latest[0]:
                self._steps, self.generation = None, latest[0]
            steps, self._steps = self._steps or self._read(*latest), None
            try:
                for _ in steps:
                    if time.monotonic() >= deadline:
                        self._steps = steps
                        return False
            except FileNotFoundError as error:
                if self._latest() == latest:
                    raise DamagedIndexError(f"a file of the index is missing: {error}") from error
        return True

    def _latest(self) -> tuple[Path, int] | None:
        generation = current_generation(self._indexes)
        try:
            return None if generation is None else (generation, latest_commit(generation))
        except OSError:  # swapped for another, or gone, which catching up sees
            return None

    def _read(self, generation: Path, number: int) -> Iterator[None]:
        commit = read_commit(generation)
        segments = OpenSegments().of(generation, commit)
        for listed, segment in zip(commit.segments, segments, strict=True):
            if listed.segment_id() in self._sound:
                continue
            for file in segment.files:
                for problem in file.checks():
                    if problem is not None:
                        raise DamagedIndexError(problem)
                    yield
            self._sound.add(listed.segment_id())
        self._sound &= {listed.segment_id() for listed in commit.segments}
        self._sizes = {file.path: file.path.stat().st_size for segment in segments for file in segment.files}
        self._done = generation, number


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def open_segments(generation: Path) -> Opened:
    """Open every segment of an index as it is now, though a writer be at work. Raises DamagedIndexError, OSError."""
    while True:
        commit = read_commit(generation)
        try:
            return list(zip(commit.segments, OpenSegments().of(generation, commit), strict=True))
        except FileNotFoundError:
            if latest_commit(generation) == commit.number:
                raise


def compare(opened: Opened, store: Store, applied: int) -> list[str]:
    """Read all files of an index that has applied the store's changes up to ``applied``; return what is wrong with it.

    The store may be written meanwhile: articles that have changed since are passed over.
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
            problems.append(f"article {id!r} is there twice")
        elif id not in stored and id not in recent:
            problems.append(f"article {id!r} was deleted from the store")
        elif id not in recent and stored[id] != seq:
            problems.append(f"article {id!r} is at change {seq}, the store at {stored[id]}")
        seen.add(id)
    problems.extend(f"article {id!r} is missing" for id in stored.keys() - seen - recent)
    return problems


def _versions(opened: Iterable[tuple[ColumnarSegment, Segment]]) -> Iterator[tuple[str, int]]:
    """Yield (id, sequence number) of every article in an index."""
    for listed, segment in opened:
        ids, numbers = segment.columns["id"], segment.columns["seq"]
        assert isinstance(ids, Strings)
        assert isinstance(numbers, np.ndarray)
        for article, (id, seq) in enumerate(zip(ids.all(), numbers.tolist(), strict=True)):
            if not listed.is_deleted(article):
                yield id.decode("utf-8"), seq
