"""``SharedTexts`` on the cluster, with versions that requests may ask for as often as they like."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from pathlib import Path

from index.cluster import entries
from index.cluster.connection import Cluster
from index.cluster.entries import Entry, Version
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
            found = self._entry(name)
            return None if found is None else found.version
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK_SECONDS:
                self._look()
            if self._failed is not None:
                raise self._failed
            return self._versions.get(name)

    def read(self, name: str) -> SharedText | None:
        """Return a text, None if there is none. Raises ClusterError."""
        found = self._entry(name)
        return None if found is None else SharedText(found.value["text"].encode("utf-8"), found.version)

    def write(self, name: str, data: bytes, version: Hashable | None) -> bool:
        """Replace a text, unless it has another version by now. Raises ClusterError."""
        assert version is None or isinstance(version, tuple)
        value = {"text": data.decode("utf-8")}
        written = entries.write(self._cluster, self._cluster.state, _id(name), value, version)
        if written is None:
            return False
        with self._lock:
            self._versions[name] = written
        return True

    def _look(self) -> None:
        """Ask for the versions of the texts that requests need; what failed is not asked again at once."""
        body = {"docs": [{"_id": _id(name), "_source": False} for name in _OFTEN]}
        try:
            found = self._cluster.ask("POST", self._cluster.state, "_mget", body=body, seconds=_ASK_SECONDS)["docs"]
            there = [(name, one) for name, one in zip(_OFTEN, found, strict=True) if one.get("found")]
            self._versions = {name: (one["_seq_no"], one["_primary_term"]) for name, one in there}
            self._failed = None
        except ClusterError as error:
            self._failed = error
        self._looked = time.monotonic()

    def _entry(self, name: str) -> Entry | None:
        return entries.read(self._cluster, self._cluster.state, _id(name))


def _id(name: str) -> str:
    return f"text-{name}"
