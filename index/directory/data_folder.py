"""Where timtin keeps its data on disk.

::

    DATA/                 0700, the owner's alone
      articles.sqlite     the store, the truth
      api-key             the key that allows writing, 0600
      synonyms.txt        words searched for each other, if its owner put it there
      indexes/            generations of the index; made again from the store when lost
      writer.lock         held by the one process that writes the index
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreError

_OWN = ("articles.sqlite", "api-key", "indexes", "synonyms.txt", "writer.")


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths of one data folder."""

    path: Path

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.path / "articles.sqlite"

    @property
    def indexes(self) -> Path:
        """The folder of index generations."""
        return self.path / "indexes"

    @property
    def synonyms(self) -> Path:
        """The file of synonyms; there may be none."""
        return self.path / "synonyms.txt"

    @property
    def key(self) -> Path:
        """The file of the API key."""
        return self.path / "api-key"


def open_data_folder(path: Path) -> DataFolder:
    """Make the folder where it is missing, closed to other users; refuse one of another user or another purpose.

    Index files hold pickles, so whoever can write them could run code here. Raises StoreError.
    """
    folder = DataFolder(path.resolve())
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
            raise StoreError(f"the data folder {path} cannot be written to; name another with --data or TIMTIN_DATA")
        if path.stat().st_uid != os.geteuid():
            raise StoreError(f"the data folder {path} belongs to another user; run timtin as its owner")
        if not folder.store.exists() and any(not entry.name.startswith(_OWN) for entry in path.iterdir()):
            raise StoreError(f"{path} holds other things and is no data folder; name an empty or a new one with --data")
        path.chmod(0o700)
    except OSError as error:
        raise StoreError(
            f"the data folder {path} cannot be used: {error}; name another with --data or TIMTIN_DATA"
        ) from error
    return folder
