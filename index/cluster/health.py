"""Why the cluster cannot take writes or answer, what is wrong with how it keeps the articles, and its room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.cluster.connection import Cluster, disk_full
from index.errors import ClusterError, DiskFullError
from index.usage import Usage

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


def cluster_usage(cluster: Cluster) -> Usage:
    """Return the bytes of the articles with their copies, of all else, and of the disks of the data nodes.

    The user needs the right to see statistics of indices and nodes. Raises ClusterError.
    """
    name = f"{cluster.config.prefix}-*"
    stats = cluster.ask("GET", name, "_stats", "store", seconds=_PATIENCE)["indices"]
    sizes = {index: int(one["total"]["store"]["size_in_bytes"]) for index, one in stats.items()}
    store = sum(size for index, size in sizes.items() if index.startswith(cluster.articles))
    disks = cluster.ask("GET", "_nodes", "data:true", "stats", "fs", seconds=_PATIENCE)["nodes"].values()
    totals = [node["fs"]["total"] for node in disks if node.get("fs", {}).get("total")]
    return Usage(
        {"store": store, "other": sum(sizes.values()) - store},
        sum(int(total["available_in_bytes"]) for total in totals),
        sum(int(total["total_in_bytes"]) for total in totals),
    )


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
