"""A server on an index: start, memory, searches per second. ``python -m benchmarks.serving DATA [QUERY ...]``

``DATA`` is a data folder with an index. The clients are threads of this process, each with a connection of its own, so
their cost is in the figures; the route that returns a constant costs them the same.

*Never asked before* are distinct runs of one to four words from titles or beginnings of stored articles, each sent
once, to a server that has answered others for a while. *Asked again* are the given queries, after each was sent once.
"""

from __future__ import annotations

import http.client
import itertools
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

from index.analysis.analyzer import analyze
from index.directory.data_folder import open_data_folder
from index.store.articles import SqliteArticleStore

CLIENTS = 16
SECONDS = 5.0
FRESH = 8000  # queries never asked before, with duplicates


@contextmanager
def server(data: Path, first: str) -> Iterator[tuple[int, subprocess.Popen[bytes], float]]:
    """Serve ``data``; yield (port, process, seconds until the search ``first`` was answered)."""
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
    """Return the body of a response; raise RuntimeError if its status is not 200."""
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered {answer.status}")
    return body


def rate(port: int, paths: Iterable[str]) -> float:
    """Return how many of ``paths`` are answered per second to 16 clients, each of which takes the next one in turn.

    It ends after five seconds, or when no paths are left.
    """
    left, taking = iter(paths), threading.Lock()
    counts = [0] * CLIENTS
    started = time.perf_counter()

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.perf_counter() < started + SECONDS:
            with taking:
                path = next(left, None)
            if path is None:
                break
            get(connection, path)
            counts[client] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def unasked(data: Path, asked: Sequence[str]) -> list[str]:
    """Return distinct queries not in ``asked``: words of the titles of stored articles, or of leads if untitled."""
    chance = random.Random(2)
    found: dict[str, None] = {}
    store = SqliteArticleStore(open_data_folder(data).store)
    ids = sorted(id for id, _ in store.versions())
    for article in store.get_many(chance.sample(ids, min(len(ids), FRESH))).values():
        words = [word.text.replace("_", " ") for word in analyze((article.title or article.body)[:200]).words]
        length = min(len(words), chance.randint(1, 4))
        start = chance.randrange(len(words) - length + 1)
        found[" ".join(words[start : start + length])] = None
    store.close()
    return [query for query in found if query and query not in asked]


def resident(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """Return the resident megabytes of a server's processes: their own memory, and mapped files of the index.

    Pages that several processes share count once (Linux: the proportional set size).
    """
    sizes = {"Pss_Anon": 0, "Pss_File": 0}
    for member in family(process.pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # the process has ended
            for line in Path(f"/proc/{member}/smaps_rollup").read_text("ascii").splitlines():
                name = line.split(":")[0]
                if name in sizes:
                    sizes[name] += int(line.split()[1])
    return {"own": sizes["Pss_Anon"] // 1024, "mapped": sizes["Pss_File"] // 1024}


def family(process: int) -> list[int]:
    """Return the ids of a process and of all its descendants."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    children = [int(number) for path in lists for number in path.read_text("ascii").split()]
    return [process, *(member for child in children for member in family(child))]


def figures(data: Path, queries: Sequence[str]) -> list[str]:
    """Measure a server on ``data``; return the lines to print."""
    fresh, again = ([_address(query) for query in some] for some in (unasked(data, queries), queries))
    with server(data, again[0]) as (port, process, start):
        rate(port, again)
        remembered = rate(port, itertools.cycle(again))
        searches = rate(port, fresh)
        constant = rate(port, itertools.repeat("/healthz"))
        held = resident(process)
    return [
        f"server start to the first answer: {start:.2f} s",
        f"resident memory of a warm server: {held['own']} MB, and {held['mapped']} MB of mapped files",
        f"HTTP, {CLIENTS} clients, a constant route: {constant:.0f} answers/s",
        f"searches never asked before: {searches:.0f}/s, {searches / constant:.2f} of the constant route's rate",
        f"searches asked again: {remembered:.0f}/s, {remembered / constant:.2f} of the constant route's rate",
    ]


def _address(query: str) -> str:
    return "/api/v1/search?" + urlencode({"q": query})


if __name__ == "__main__":
    print("\n".join(figures(Path(sys.argv[1]), sys.argv[2:] or ["hội nhập quốc tế"])))
