"""``SharedTexts`` on the cluster, with versions that requests may ask for as often as they like."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from pathlib import Path

from index.cluster import texts
from index.cluster.connection import Cluster
from index.cluster.entries import Version
from index.errors import ClusterError
from index.shared_texts import FIRST_KEY, KEYS, SYNONYMS, SharedText

_LOOK_SECONDS = 0.5
"""How old a version may be: so long, a server may still take a key that was revoked through another."""
_ASK_SECONDS = 2.0
_OFTEN = (KEYS, FIRST_KEY, SYNONYMS)


class ClusterTexts:
    """The texts of an archive on a cluster. Only hashes of keys are among them."""

    folder: Path | None = None

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._versions: dict[str, Version] = {}
        self._looked = float("-inf")
        self._failed: ClusterError | None = None

    def place(self, name: str = "") -> str:
        """Return how messages call a text, or where all of them are."""
        return f"{name} of the archive {self._cluster.config.prefix!r} on the cluster".removeprefix(" of ")

    def version(self, name: str) -> Hashable | None:
        """Return the version of a text as it was at most half a second ago. Raises ClusterError."""
        if name not in _OFTEN:
            found = texts.read(self._cluster, name)
            return None if found is None else found[1]
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK_SECONDS:
                self._look()
            if self._failed is not None:
                raise self._failed
            return self._versions.get(name)

    def read(self, name: str) -> SharedText | None:
        """Return a text, None if there is none. Raises ClusterError."""
        found = texts.read(self._cluster, name)
        return None if found is None else SharedText(found[0].encode("utf-8"), found[1])

    def write(self, name: str, data: bytes, version: Hashable | None) -> bool:
        """Replace a text, unless it has another version by now. Raises ClusterError."""
        assert version is None or isinstance(version, tuple)
        try:
            written = texts.write(self._cluster, name, data.decode("utf-8"), version)
        except texts.TextChangedError:
            return False
        with self._lock:
            self._versions[name] = written
        return True

    def _look(self) -> None:
        """Ask for the versions of the texts that requests need; what failed is not asked again at once."""
        try:
            self._versions = texts.versions(self._cluster, _OFTEN, _ASK_SECONDS)
            self._failed = None
        except ClusterError as error:
            self._failed = error
        self._looked = time.monotonic()
