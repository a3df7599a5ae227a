"""Small named texts that all servers of an archive share: keys, the secret of sessions, synonyms.

``SharedTexts`` is what the floors above know: a text is read whole, and replaced only by who has seen its newest
version. ``FolderTexts`` keeps them as files of a data folder; an archive elsewhere has its own.
"""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from index.atomic_file import read_sealed, write_sealed, write_whole
from index.errors import StoreError, TimtinError

SYNONYMS = "synonyms.txt"
KEYS = "keys.json"
FIRST_KEY = "api-key"
MOST_BYTES = 10_000_001
"""How much of a text is read."""
_LOCK_SECONDS = 10.0
_KEYS_LOCK, _DESK_LOCK = "keys.lock", "desk.lock"


class BusyTextError(TimtinError):
    """Refuse to change a text that another process is just changing."""


@dataclass(frozen=True, slots=True)
class SharedText:
    """A text as it was read, the version to replace, and when it was written, if that is known."""

    data: bytes
    version: Hashable
    written: datetime | None = None


class SharedTexts(Protocol):
    """Named texts. Safe to share between threads; names are those of this code, never a user's."""

    @property
    def folder(self) -> Path | None:
        """The folder with the texts as files that their owner may change by hand; None if they are elsewhere."""

    def place(self, name: str = "") -> str:
        """Return how messages call a text, or where all of them are."""

    def version(self, name: str) -> Hashable | None:
        """Return what changes whenever a text does, None if there is none. It must be cheap: requests call it.

        Raises OSError or StoreError if that cannot be told.
        """

    def read(self, name: str) -> SharedText | None:
        """Return a text, None if there is none; no more than its first ``MOST_BYTES`` bytes.

        Raises OSError or StoreError if it cannot be read, ValueError if its bytes have changed since.
        """

    def write(self, name: str, data: bytes, version: Hashable | None) -> bool:
        """Replace a text whose version is ``version``, None: make it; return False if it has another by now.

        It is durable then. Raises BusyTextError, OSError or StoreError.
        """


class FolderTexts:
    """The texts in a data folder; files of their names, for their owner alone.

    ``keys.json`` is sealed with a checksum. Synonyms keep the permissions that their owner gave the file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, name: str = "") -> str:
        """Return the path of a text, or of the folder."""
        return str(self.folder / name)

    def version(self, name: str) -> Hashable | None:
        """Return what identifies the state of a file; None if there is none. Raises OSError if the folder is gone."""
        self.folder.stat()  # if it is gone, it is not known that there is no such text
        try:
            status = (self.folder / name).stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def read(self, name: str) -> SharedText | None:
        """Return a text, None if there is none. Raises OSError or ValueError."""
        path = self.folder / name
        try:
            version = self.version(name)  # before reading, so that a later change is seen
            written = path.stat().st_mtime
            if name == KEYS:
                data = read_sealed(path)
            else:
                with path.open("rb") as file:
                    data = file.read(MOST_BYTES)
        except FileNotFoundError:
            return None
        return SharedText(data, version, datetime.fromtimestamp(int(written), UTC))

    def write(self, name: str, data: bytes, version: Hashable | None) -> bool:
        """Replace a text, unless it has another version by now. Raises BusyTextError, OSError or StoreError."""
        if self.folder.stat().st_uid != os.geteuid():
            raise StoreError(f"the data folder {self.folder} belongs to another user; run timtin as its owner")
        path, lock = self.folder / name, _DESK_LOCK if name == SYNONYMS else _KEYS_LOCK
        try:
            with FileLock(self.folder / lock).acquire(timeout=_LOCK_SECONDS):
                if self.version(name) != version:
                    return False
                mode = 0o600 if version is None or name != SYNONYMS else path.stat().st_mode & 0o777
                (write_sealed if name == KEYS else write_whole)(path, data, mode)
                return True
        except Timeout:
            raise BusyTextError(f"another process is changing {path}; try again") from None
