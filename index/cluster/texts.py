"""Named texts that all servers share: keys, synonyms, the secret of sessions. Each is small and rarely changes."""

from __future__ import annotations

from collections.abc import Sequence

from index.cluster import entries
from index.cluster.connection import Cluster
from index.cluster.entries import Version
from index.errors import StoreError


class TextChangedError(StoreError):
    """Refuse to write over a change that was not read."""


def read(cluster: Cluster, name: str) -> tuple[str, Version] | None:
    """Return the text ``name`` and its version; None if it was never written. Raises ClusterError."""
    found = entries.read(cluster, cluster.state, f"text-{name}")
    return None if found is None else (found.value["text"], found.version)


def versions(cluster: Cluster, names: Sequence[str], seconds: float) -> dict[str, Version]:
    """Return the versions of those of these texts that there are, asking ``seconds``. Raises ClusterError."""
    body = {"docs": [{"_id": f"text-{name}", "_source": False} for name in names]}
    answer = cluster.ask("POST", cluster.state, "_mget", body=body, seconds=seconds)
    there = [found for found in answer["docs"] if found.get("found")]
    return {found["_id"].removeprefix("text-"): (found["_seq_no"], found["_primary_term"]) for found in there}


def write(cluster: Cluster, name: str, text: str, before: Version | None) -> Version:
    """Write the text ``name``, whose version is ``before`` (None: it was never written); return its new version.

    Raises TextChangedError if it is another version by now, and ClusterError.
    """
    version = entries.write(cluster, cluster.state, f"text-{name}", {"text": text}, before)
    if version is None:
        raise TextChangedError(f"the {name} were changed by someone else meanwhile; look at them and try again")
    return version
