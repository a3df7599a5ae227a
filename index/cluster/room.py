"""How much room an archive takes on a cluster, and how much its nodes have left."""

from __future__ import annotations

from index.cluster.connection import Cluster
from index.usage import Usage

_SECONDS = 3.0


def cluster_usage(cluster: Cluster) -> Usage:
    """Return the bytes of the articles with their copies, of all else, and of the disks of the data nodes.

    The user needs the right to see statistics of indices and nodes. Raises ClusterError.
    """
    name = f"{cluster.config.prefix}-*"
    stats = cluster.ask("GET", name, "_stats", "store", seconds=_SECONDS)["indices"]
    sizes = {index: int(one["total"]["store"]["size_in_bytes"]) for index, one in stats.items()}
    store = sum(size for index, size in sizes.items() if index.startswith(cluster.articles))
    disks = cluster.ask("GET", "_nodes", "data:true", "stats", "fs", seconds=_SECONDS)["nodes"].values()
    totals = [node["fs"]["total"] for node in disks if node.get("fs", {}).get("total")]
    return Usage(
        {"store": store, "other": sum(sizes.values()) - store},
        sum(int(total["available_in_bytes"]) for total in totals),
        sum(int(total["total_in_bytes"]) for total in totals),
    )
