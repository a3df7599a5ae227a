"""Where timtin keeps its data on disk.

::

    DATA/                 mode 0700, for its owner only
      articles.sqlite     the store, the truth
      api-key             the first key, mode 0600
      keys.json           the other keys, hashed, mode 0600
      move.json           how far a move from another archive has come
      timtin.toml         settings, if its owner put it there
      desk.*              of the desk: the secret of its sessions, files that were sent and not indexed yet
      searches.sqlite     what is searched for, if that is to be kept
      synonyms.txt        words searched for each other, if its owner put it there
      indexes/            generations of the index; rebuilt from the store if lost
      writer.lock         held by the one process that writes the index
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreError

_OWN = (
    "api-key", "articles.sqlite", "desk.", "follower.", "indexes", "keys.", "move.", "searches.sqlite", "synonyms.txt",
    "timtin.toml", "writer.",
)  # fmt: skip


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


def open_data_folder(path: Path) -> DataFolder:
    """Create the data folder if it is missing, close it to other users, and return its paths.

    An index's table of contents is a pickle, so whoever can write it could run code here. Raises StoreError if the
    folder is not writable, belongs to another user or holds something else.
    """
    folder = DataFolder(path.resolve())
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
            raise StoreError(f"the data folder {path} cannot be written to; name another with --data or TIMTIN_DATA")
        if path.stat().st_uid != os.geteuid():
            raise StoreError(f"the data folder {path} belongs to another user; run timtin as its owner")
        if not folder.store.exists() and any(not entry.name.startswith(_OWN) for entry in path.iterdir()):
            raise StoreError(f"{path} is not a data folder: it has other files; name an empty or new one with --data")
        path.chmod(0o700)
    except OSError as error:
        raise StoreError(
            f"the data folder {path} cannot be used: {error}; name another with --data or TIMTIN_DATA"
        ) from error
    return folder
