"""Why the cluster cannot take writes or answer, and what is wrong with how it keeps the articles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.cluster.connection import Cluster, disk_full
from index.errors import ClusterError, DiskFullError

_PATIENCE = 3.0
_BLOCKS = ("read_only_allow_delete", "read_only", "read", "metadata")
"""What closes an index for long. A rebuild closes one to writes for a moment, which writes wait for."""


def obstacle(cluster: Cluster) -> str | None:
    """Return why articles cannot be read or written now, or None if they can; two short questions.

    The user needs the right to see the health of the cluster and the settings of the indices.
    """
    try:
        health = _health(cluster)
        cluster.ensure()
        return _lost(health) or _closed(cluster)
    except (ClusterError, DiskFullError) as error:
        return str(error)


def problems(cluster: Cluster) -> list[str]:
    """Return what keeps the articles from being read or written, or from being on as many nodes as they should."""
    if (why := obstacle(cluster)) is not None:
        return [why]
    indices = _health(cluster)["indices"]
    return [
        f"{one['unassigned_shards']} copies of shards of the index {name} are on no node: articles may be on one node"
        " alone; start the nodes that are down, or add one"
        for name, one in sorted(indices.items())
        if one["status"] == "yellow" and one["unassigned_shards"]
    ]


def _health(cluster: Cluster) -> Mapping[str, Any]:
    params = {"level": "indices", "timeout": "2s", "cluster_manager_timeout": "2s"}
    found: Mapping[str, Any] = cluster.ask(
        "GET", "_cluster", "health", f"{cluster.config.prefix}-*", params=params, seconds=_PATIENCE, expected={408}
    )
    return found


def _lost(health: Mapping[str, Any]) -> str | None:
    red = sorted(name for name, one in health.get("indices", {}).items() if one["status"] == "red")
    if not red:
        return None
    return (
        f"no node has some of the shards of {', '.join(red)}: start the nodes that are down, or restore a snapshot;"
        " the cluster explains it at _cluster/allocation/explain"
    )


def _closed(cluster: Cluster) -> str | None:
    answer = cluster.ask(
        "GET",
        f"{cluster.config.prefix}-*",
        "_settings",
        "index.blocks.*",
        seconds=_PATIENCE,
        params={"flat_settings": True},
    )
    for name, index in sorted(answer.items()):
        blocks = [block for block in _BLOCKS if index["settings"].get(f"index.blocks.{block}") == "true"]
        if "read_only_allow_delete" in blocks:
            return str(disk_full(f"index {name} is read-only"))
        if blocks:
            return f"the index {name} is closed by its setting index.blocks.{blocks[0]}: take that away to go on"
    return None
