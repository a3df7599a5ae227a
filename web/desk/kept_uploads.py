"""Files that were sent and looked at, and wait until somebody says "index these"; in a folder of the data folder.

They have names of our own; those they came with are only in a list beside them. There are few at a time, not larger
together than one request may be, and for an hour at most; the oldest go first.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Annotated

from pydantic import Field, TypeAdapter, ValidationError

from index.errors import DiskFullError, StoreError, is_disk_full

MOST_KEPT = 8
"""How many uploads are kept."""
MOST_FILES = 200
"""How many files one upload may have."""
KEPT_SECONDS = 3600.0
FOLDER = "desk.uploads"
_LIST = "list.json"
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that was sent: the name it came with, which is text and no path, its size in bytes, and its place."""

    name: str
    size: int
    place: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]


_LISTED = TypeAdapter(list[SentFile])


class KeptUploads:
    """The uploads in the data folder ``home``, of ``most`` bytes together, on a disk that keeps ``free`` bytes free."""

    def __init__(self, home: Path, most: int, free: int) -> None:
        self._folder = home / FOLDER
        self._most = most
        self._free = free

    def keep(self, files: Sequence[tuple[str, IO[bytes]]]) -> str:
        """Keep named files and return the id of this upload. Raises DiskFullError, StoreError."""
        id = secrets.token_hex(16)
        folder = self._folder / id
        try:
            folder.mkdir(mode=0o700, parents=True)
            kept = []
            for number, (name, content) in enumerate(files, 1):
                place = folder / str(number)
                with place.open("xb") as out:
                    while piece := content.read(1 << 20):
                        if shutil.disk_usage(folder).free < self._free + len(piece):
                            raise DiskFullError("there is no room to keep the files: free some space, and send again")
                        out.write(piece)
                kept.append(SentFile(name, place.stat().st_size, str(number)))
            (folder / _LIST).write_text(json.dumps([asdict(one) for one in kept]), "utf-8")
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError) and not is_disk_full(error):
                raise StoreError(f"the files cannot be kept: {error.strerror}") from error
            raise
        self.tidy(keep=id)
        return id

    def files(self, id: str) -> list[tuple[SentFile, Path]] | None:
        """Return the files of an upload and where they are; None if there is none of this id, any more."""
        if _ID.fullmatch(id) is None:
            return None
        folder = self._folder / id
        try:
            listed = _LISTED.validate_json((folder / _LIST).read_bytes())
        except (OSError, ValidationError):
            return None
        return [(one, folder / one.place) for one in listed]

    def drop(self, id: str) -> None:
        """Delete an upload."""
        if _ID.fullmatch(id) is not None:
            shutil.rmtree(self._folder / id, ignore_errors=True)

    def tidy(self, keep: str = "") -> None:
        """Delete uploads that are too old, too many or too large together, but not the one to ``keep``."""
        with suppress(OSError):
            folders = ((_age(folder), folder) for folder in self._folder.iterdir() if folder.is_dir())
            aged = sorted(folders, key=lambda entry: entry[0])
            aged.sort(key=lambda entry: entry[1].name != keep)
            size = count = 0
            for age, folder in aged:
                try:
                    size += sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
                except FileNotFoundError:  # another process deletes it
                    continue
                count += 1
                too_much = count > MOST_KEPT or size > self._most or age > KEPT_SECONDS
                if too_much and folder.name != keep:
                    shutil.rmtree(folder, ignore_errors=True)


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return math.inf
