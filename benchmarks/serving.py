"""A server on an index: start, memory, searches a second. ``python -m benchmarks.serving DATA [QUERY ...]``

``DATA`` is a data folder with its index made. The clients are threads of this process, each with a connection of its
own, so that what they cost is in the figures; the route that returns a constant costs them the same.
"""

from __future__ import annotations

import http.client
import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

CLIENTS = 16
SECONDS = 5.0


@contextmanager
def server(data: Path, first: str) -> Iterator[tuple[int, subprocess.Popen[bytes], float]]:
    """Serve ``data``; give (port, process, seconds until the search ``first`` was answered)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "web.cli", "serve", "--data", str(data), "--port", str(port)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                get(http.client.HTTPConnection("127.0.0.1", port), first)
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"the server on {data} did not start") from None
                time.sleep(0.005)
        yield port, process, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """Return the body of an answer; raises RuntimeError where it is not 200."""
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered {answer.status}")
    return body


def rate(port: int, paths: Sequence[str]) -> float:
    """Return how many requests a second are answered to 16 clients that ask one after the other."""
    counts = [0] * CLIENTS
    deadline = time.perf_counter() + SECONDS

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for path in itertools.islice(itertools.cycle(paths), client, None):
            if time.perf_counter() > deadline:
                break
            get(connection, path)
            counts[client] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def resident(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """Return the megabytes a process holds: its own, and the mapped files of the index among its pages."""
    status = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in status if line.startswith("Rss")}
    return {"own": int(sizes["RssAnon"]) // 1024, "mapped": int(sizes["RssFile"]) // 1024}


def figures(data: Path, queries: Sequence[str]) -> list[str]:
    """Measure a server on ``data`` and return lines to print."""
    paths = ["/api/v1/search?" + urlencode({"q": query}) for query in queries]
    with server(data, paths[0]) as (port, process, start):
        searches = rate(port, paths)
        constant = rate(port, ["/healthz"])
        held = resident(process)
    return [
        f"server start to the first answer: {start:.2f} s",
        f"resident memory of a warm server: {held['own']} MB, and {held['mapped']} MB of mapped files",
        f"HTTP, {CLIENTS} clients: {searches:.0f} searches/s, {searches / constant:.2f} of a constant route's rate",
    ]


if __name__ == "__main__":
    print("\n".join(figures(Path(sys.argv[1]), sys.argv[2:] or ["hội nhập quốc tế"])))
