"""The commits of a generation: the segments it consists of.

A commit is one small file, sealed with a checksum; renaming the next one into place makes it visible. Its last line
before the seal lists the segments as JSON, each with its deleted articles; only this line is read here. Before it is
the same list for Whoosh (``index.whoosh_codec.contents``). The files of a segment never change.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import string
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from index.atomic_file import read_sealed, sync, write_sealed
from index.errors import DamagedIndexError, is_shortage
from index.segments.segment import Segment, read_segment, write_segment
from index.segments.segment_info import SegmentInfo
from index.whoosh_codec.contents import read_listed_segments, table_of_contents

_NAME = "MAIN"
_CONTENTS = re.compile(rf"_{_NAME}_([0-9]+)\.toc")
_FIRST_NUMBERS = 1 << 30  # Whoosh has room for 1 << 31
_OURS = re.compile(rf"(_?{_NAME}_[0-9a-z]+)\..*")
"""The files of segments and commits, unfinished ones included."""
_LISTED = b'\n{"segments": '
_SEGMENT_ALPHABET, _SEGMENT_LETTERS = string.ascii_lowercase + string.digits, 16


@dataclass(frozen=True, slots=True)
class Commit:
    """One state of an index: its number, which increases, and its segments in the order of their doc ids."""

    number: int
    segments: Sequence[SegmentInfo]


def create_index(generation: Path) -> None:
    """Create an empty index in a generation's folder; ``whoosh.index.open_dir`` opens it too.

    Its commit numbers start at random, to differ from those of a deleted index in a folder of the same name.
    """
    _write(generation, Commit(secrets.randbelow(_FIRST_NUMBERS), []))


def latest_commit(generation: Path) -> int:
    """Return the number of the latest commit, or -1 if there is none. Costs one listing of the folder."""
    with os.scandir(generation) as entries:  # called for every search; takes a fifth of the time of Path.iterdir
        found = [_CONTENTS.fullmatch(entry.name) for entry in entries]
    return max((int(match[1]) for match in found if match), default=-1)


def read_commit(generation: Path) -> Commit:
    """Return the latest commit of ``generation``.

    Raises OSError if the generation is gone, DamagedIndexError if its commit cannot be read.
    """
    with reading(generation):
        number = latest_commit(generation)
        if number < 0:
            raise FileNotFoundError(f"there is no index in {generation}")
        data = read_sealed(generation / _file_name(number))
        _, mark, listed = data.rpartition(_LISTED)
        if not mark:
            return Commit(number, read_listed_segments(data))
        segments = json.loads(mark + listed)["segments"]
        return Commit(number, [SegmentInfo(one["name"], one["count"], tuple(one["deleted"])) for one in segments])


def write_commit(generation: Path, before: Commit, segments: Sequence[SegmentInfo]) -> Commit:
    """Commit ``segments``, whose files are on disk, as the successor of ``before``; then delete files no longer needed.

    If the process is killed at any moment, the index is the one before or the one after.
    """
    after = Commit(before.number + 1, list(segments))
    sync(generation)  # the names of the segments' files
    _write(generation, after)
    remove_stray_files(generation, after)
    return after


def remove_stray_files(generation: Path, commit: Commit) -> list[str]:
    """Delete files that ``commit``, the latest, does not need; return their names. Only the writer may call this."""
    needed = {segment.name for segment in commit.segments}
    stray = [
        path
        for path in generation.iterdir()
        if (match := _OURS.fullmatch(path.name)) and path.name != _file_name(commit.number) and match[1] not in needed
    ]
    for path in stray:
        path.unlink(missing_ok=True)
    return sorted(path.name for path in stray)


def add_segment(generation: Path, segment: Segment) -> SegmentInfo:
    """Write the files of a new segment and return its entry; it joins the index once a commit lists it."""
    letters = (secrets.choice(_SEGMENT_ALPHABET) for _ in range(_SEGMENT_LETTERS))
    info = SegmentInfo(f"{_NAME}_{''.join(letters)}", segment.count)
    try:
        write_segment(generation, info.name, segment)
    except BaseException:  # partly written files must not stay on a full disk
        for path in generation.glob(f"{info.name}.*"):
            path.unlink(missing_ok=True)
        raise
    return info


def verify_checksums(segments: Iterable[Segment]) -> None:
    """Verify all checksums of ``segments``. Raises DamagedIndexError, which names every array that differs."""
    damages = [problem for segment in segments for problem in segment.problems()]
    if damages:
        raise DamagedIndexError("; ".join(damages))


class OpenSegments:
    """Keep the segments of one commit open, the last one requested. Safe to share between threads."""

    def __init__(self) -> None:
        self._open: dict[str, Segment] = {}
        self._lock = threading.Lock()

    def of(self, generation: Path, commit: Commit) -> list[Segment]:
        """Return the segments of ``commit``, reusing those that the last commit has too and dropping the others.

        Raises FileNotFoundError if a file is missing, DamagedIndexError if one is not whole.
        """
        with self._lock, reading(generation):
            known = self._open
            self._open = {
                info.name: known[info.name] if info.name in known else read_segment(generation, info.name, info.count)
                for info in commit.segments
            }
            return list(self._open.values())


@contextmanager
def reading(generation: Path) -> Iterator[None]:
    """Raise DamagedIndexError for any error but FileNotFoundError and a shortage of open files or memory."""
    try:
        yield
    except (FileNotFoundError, DamagedIndexError):
        raise
    except Exception as error:
        if is_shortage(error):
            raise
        raise DamagedIndexError(
            f"the index in {generation} is damaged ({type(error).__name__}: {error});"
            " to rebuild it from the store, run 'timtin serve' or 'timtin index --rebuild'"
        ) from error


def _file_name(number: int) -> str:
    return f"_{_NAME}_{number}.toc"


def _write(generation: Path, commit: Commit) -> None:
    whoosh = table_of_contents(_NAME, commit.number, commit.segments)
    listed = json.dumps({"segments": [asdict(segment) for segment in commit.segments]})
    write_sealed(generation / _file_name(commit.number), whoosh + b"\n" + listed.encode())
