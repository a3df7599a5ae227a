"""The commits of a generation: which segments it consists of.

Whoosh's table of contents (TOC) lists them, with the articles deleted from each since it was written; a new list takes
the place of the old one by the renaming of one file. Segments' own files never change.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from whoosh.fields import Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError, clean_files

from index.codec import ColumnarCodec, ColumnarSegment
from index.errors import DamagedIndexError
from index.segment import Segment, read_segment, write_segment

_NAME = "MAIN"
_CONTENTS = re.compile(rf"_{_NAME}_([0-9]+)\.toc")


@dataclass(frozen=True, slots=True)
class Commit:
    """One state of an index: its number, which rises, and its segments, the articles of the first numbered first."""

    number: int
    schema: Schema
    segments: list[ColumnarSegment]


def create_index(generation: Path, schema: Schema) -> None:
    """Make an empty index in a generation's folder, one that ``whoosh.index.open_dir`` opens too."""
    FileStorage(str(generation)).create_index(schema, _NAME)


def latest_commit(generation: Path) -> int:
    """Return the number of the latest commit; -1 where there is none. Costs the listing of a folder."""
    with os.scandir(generation) as entries:  # every search asks: a fifth of the cost of a Path's
        found = [_CONTENTS.fullmatch(entry.name) for entry in entries]
    return max((int(match[1]) for match in found if match), default=-1)


def read_commit(generation: Path) -> Commit:
    """Read which segments ``generation`` consists of now.

    Raises OSError or EmptyIndexError where it is gone, DamagedIndexError where the table cannot be read.
    """
    with reading(generation):
        contents = TOC.read(FileStorage(str(generation)), _NAME)
        return Commit(contents.generation, contents.schema, contents.segments)


def write_commit(generation: Path, before: Commit, segments: Sequence[ColumnarSegment]) -> Commit:
    """Make ``generation`` consist of ``segments``, whose files are on disk; then remove files that no segment has.

    Whatever moment the process is killed at, the index is the one before or the one after.
    """
    storage = FileStorage(str(generation))
    after = Commit(before.number + 1, before.schema, list(segments))
    TOC(after.schema, after.segments, after.number).write(storage, _NAME)
    _sync(generation / f"_{_NAME}_{after.number}.toc")
    _sync(generation)
    clean_files(storage, _NAME, after.number, after.segments)
    return after


def add_segment(generation: Path, segment: Segment) -> ColumnarSegment:
    """Write the files of a new segment; it belongs to the index once a commit lists it."""
    listed: ColumnarSegment = ColumnarCodec().new_segment(None, _NAME)
    listed.set_doc_count(segment.count)
    write_segment(generation, listed.segment_id(), segment)
    return listed


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
    except (FileNotFoundError, EmptyIndexError, DamagedIndexError):
        raise
    except Exception as error:
        raise DamagedIndexError(
            f"the index in {generation} is damaged ({type(error).__name__}: {error});"
            " it is made anew from the store by timtin serve, or by timtin index --rebuild"
        ) from error


def _sync(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
