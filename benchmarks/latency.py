"""The processor time of an answer over HTTP, of several checkouts in turn.

``python -m benchmarks.latency CHECKOUT=DATA CHECKOUT=DATA ...``, whole paths. Each checkout serves a data folder of its
own with the same articles. One client asks each of them, in turn, for the same queries, which none was asked before.
What all processes of a server have taken is counted, so that waiting for others on the machine is not.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.serving import family, get, server, unasked

ROUND = 25
WARM = 100
ROUNDS = 40
SHAPES = ({}, {"facets": "source,category,year"}, {"sort": "newest"}, {"size": "50"}, {"match": "any"})


def taken(process: subprocess.Popen[bytes]) -> float:
    """Return the processor seconds that a server's processes have taken."""
    ticks = 0
    for member in family(process.pid):
        fields = Path(f"/proc/{member}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main(given: list[str]) -> None:
    """Print the milliseconds an answer takes, by checkout, and the ratio to those of the first."""
    named = [entry.split("=", 1) for entry in given]
    queries = unasked(Path(named[-1][1]), [])
    paths = [
        "/api/v1/search?" + urlencode({"q": query, **SHAPES[number % len(SHAPES)]})
        for number, query in enumerate(queries[: WARM + ROUND * ROUNDS])
    ]
    with ExitStack() as stack:
        servers = []
        for checkout, data in named:
            os.chdir(checkout)  # its modules come before those that are installed
            os.environ["PYTHONPATH"] = checkout
            port, process, _ = stack.enter_context(server(Path(data), paths[0]))
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for path in paths[:WARM]:
                get(connection, path)
            servers.append((connection, process))
        costs: list[list[float]] = [[] for _ in servers]
        for at in range(WARM, len(paths) - ROUND + 1, ROUND):
            for (connection, process), cost in zip(servers, costs, strict=True):
                before = taken(process)
                for path in paths[at : at + ROUND]:
                    get(connection, path)
                cost.append((taken(process) - before) / ROUND * 1000)
    first = statistics.fmean(costs[0])
    for (checkout, _), cost in zip(named, costs, strict=True):
        mean = statistics.fmean(cost)
        print(f"{checkout}: {mean:.2f} ms an answer over {len(cost) * ROUND} answers, {mean / first:.3f} of the first")


if __name__ == "__main__":
    main(sys.argv[1:])
