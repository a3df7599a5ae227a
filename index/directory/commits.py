"""The commits of a generation: which segments it consists of.

Whoosh's table of contents (TOC) lists them, with the articles deleted from each since it was written; a new list takes
the place of the old one by the renaming of one file, which is sealed with a checksum. Segments' own files never change.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from whoosh.fields import Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.index import TOC

from index.directory.atomic_file import read_sealed, sync, write_sealed
from index.errors import DamagedIndexError, is_shortage
from index.segments.segment import Segment, read_segment, write_segment
from index.whoosh_codec.codec import ColumnarCodec, ColumnarSegment

_NAME = "MAIN"
_CONTENTS = re.compile(rf"_{_NAME}_([0-9]+)\.toc")
_FIRST_NUMBERS = 1 << 30  # of the 1 << 31 that Whoosh has room for
_OURS = re.compile(rf"(_?{_NAME}_[0-9a-z]+)\..*")
"""The files of segments, and of tables of contents with what was left of writing them."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One state of an index: its number, which rises, and its segments, the articles of the first numbered first."""

    number: int
    schema: Schema
    segments: list[ColumnarSegment]


def create_index(generation: Path, schema: Schema) -> None:
    """Make an empty index in a generation's folder, one that ``whoosh.index.open_dir`` opens too.

    Its commits are numbered from anywhere, which tells them from those of a deleted index whose folder had that name.
    """
    _write_contents(generation, Commit(secrets.randbelow(_FIRST_NUMBERS), schema, []))


def latest_commit(generation: Path) -> int:
    """Return the number of the latest commit; -1 where there is none. Costs the listing of a folder."""
    with os.scandir(generation) as entries:  # every search asks: a fifth of the cost of a Path's
        found = [_CONTENTS.fullmatch(entry.name) for entry in entries]
    return max((int(match[1]) for match in found if match), default=-1)


def read_commit(generation: Path) -> Commit:
    """Read which segments ``generation`` consists of now.

    Raises OSError where it is gone, DamagedIndexError where the table cannot be read.
    """
    with reading(generation):
        number = latest_commit(generation)
        if number < 0:
            raise FileNotFoundError(f"there is no index in {generation}")
        name = _contents(number)
        storage = RamStorage()
        storage.files[name] = read_sealed(generation / name)
        contents = TOC.read(storage, _NAME)
        return Commit(number, contents.schema, contents.segments)


def write_commit(generation: Path, before: Commit, segments: Sequence[ColumnarSegment]) -> Commit:
    """Make ``generation`` consist of ``segments``, whose files are on disk; then remove files that no segment has.

    Whatever moment the process is killed at, the index is the one before or the one after.
    """
    after = Commit(before.number + 1, before.schema, list(segments))
    sync(generation)  # the names of the segments' files
    _write_contents(generation, after)
    remove_stray_files(generation, after)
    return after


def remove_stray_files(generation: Path, commit: Commit) -> list[str]:
    """Delete files that ``commit``, the latest one, does not need, and return their names; only the writer may."""
    needed = {segment.segment_id() for segment in commit.segments}
    stray = [
        path
        for path in generation.iterdir()
        if (match := _OURS.fullmatch(path.name)) and path.name != _contents(commit.number) and match[1] not in needed
    ]
    for path in stray:
        path.unlink(missing_ok=True)
    return sorted(path.name for path in stray)


def add_segment(generation: Path, segment: Segment) -> ColumnarSegment:
    """Write the files of a new segment; it belongs to the index once a commit lists it."""
    listed: ColumnarSegment = ColumnarCodec().new_segment(None, _NAME)
    listed.set_doc_count(segment.count)
    try:
        write_segment(generation, listed.segment_id(), segment)
    except BaseException:  # what a full disk cut off must not fill it
        for path in generation.glob(f"{listed.segment_id()}.*"):
            path.unlink(missing_ok=True)
        raise
    return listed


def require_sound(segments: Iterable[Segment]) -> None:
    """Read the files of segments whole; raises DamagedIndexError where one is not as it was written."""
    damages = [problem for segment in segments for problem in segment.problems()]
    if damages:
        raise DamagedIndexError("; ".join(damages))


def live_articles(segment: ColumnarSegment) -> NDArray[np.bool_] | None:
    """Return one flag an article, False where it was deleted; None where none was."""
    if not segment.has_deletions():
        return None
    flags = np.ones(segment.doc_count_all(), bool)
    flags[list(segment.deleted_docs())] = False
    return flags


class OpenSegments:
    """The mapped files of the segments of the latest commit that was asked for. Safe to share between threads."""

    def __init__(self) -> None:
        self._open: dict[str, Segment] = {}
        self._lock = threading.Lock()

    def of(self, generation: Path, commit: Commit) -> list[Segment]:
        """Return the segments of ``commit``; those the last one had too stay open, others are forgotten.

        Raises FileNotFoundError where one is gone, DamagedIndexError where one is not whole.
        """
        with self._lock, reading(generation):
            known = self._open
            self._open = {
                id: known[id] if id in known else read_segment(generation, id, listed.doc_count_all())
                for id, listed in ((listed.segment_id(), listed) for listed in commit.segments)
            }
            return list(self._open.values())


@contextmanager
def reading(generation: Path) -> Iterator[None]:
    """Turn whatever Whoosh raises over files it cannot unpickle into DamagedIndexError."""
    try:
        yield
    except (FileNotFoundError, DamagedIndexError):
        raise
    except Exception as error:
        if is_shortage(error):
            raise
        raise DamagedIndexError(
            f"the index in {generation} is damaged ({type(error).__name__}: {error});"
            " it is made anew from the store by timtin serve, or by timtin index --rebuild"
        ) from error


def _contents(number: int) -> str:
    return f"_{_NAME}_{number}.toc"


def _write_contents(generation: Path, commit: Commit) -> None:
    storage = RamStorage()
    TOC(commit.schema, commit.segments, commit.number).write(storage, _NAME)
    write_sealed(generation / _contents(commit.number), storage.files[_contents(commit.number)])
