"""A server under attack: what readers get. ``python -m benchmarks.attacks DATA [SECONDS]`` (default 300)

``DATA`` is a data folder with an index, which is copied. 64 readers, each with an address of its own and a second
between its requests, search, complete, read and write: first alone, then for ``SECONDS`` beside one attacker of each
kind in ``ATTACKERS``. The attackers run on the same processors, with the lowest priority.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np

from benchmarks.serving import family, resident, server, unasked
from index.directory.data_folder import open_data_folder
from index.store.articles import SqliteArticleStore

READERS = 64
PAUSE = 1.0
QUIET = 60.0
WARM_UP = 20.0
SLOWEST = 60.0

Kind = str
Outcome = tuple[Kind, int, float]


class Reader(threading.Thread):
    """One reader; ``outcomes`` has kind, status and seconds of each of its requests."""

    def __init__(self, port: int, number: int, queries: list[str], ids: list[str], key: str, until: float) -> None:
        super().__init__(daemon=True)
        self.outcomes: list[Outcome] = []
        self._port = port
        self._number = number
        self._chance = random.Random(number)
        self._queries = queries
        self._ids = ids
        self._key = key
        self._until = until

    def run(self) -> None:
        """Ask until the time is over."""
        connection = None
        count = 0
        time.sleep(self._chance.random() * PAUSE)
        while time.perf_counter() < self._until:
            kind, method, path, body = self._request(count)
            count += 1
            began = time.perf_counter()
            try:
                if connection is None:
                    connection = _connect(self._port, f"127.0.1.{self._number + 1}")
                headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"} if body else {}
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                answer.read()
                self.outcomes.append((kind, answer.status, time.perf_counter() - began))
            except (OSError, http.client.HTTPException):
                self.outcomes.append((kind, 0, time.perf_counter() - began))
                connection = None
            time.sleep(self._chance.random() * 2 * PAUSE)

    def _request(self, count: int) -> tuple[Kind, str, str, bytes | None]:
        chance = self._chance.random()
        query = self._chance.choice(self._queries)
        if chance < 0.5:
            return "search", "GET", "/api/v1/search?" + urlencode({"q": query}), None
        if chance < 0.7:
            return "suggest", "GET", "/api/v1/suggest?" + urlencode({"q": query[: self._chance.randint(2, 12)]}), None
        if chance < 0.9:
            return "article", "GET", "/api/v1/articles/" + quote(self._chance.choice(self._ids), safe=""), None
        article = {"title": query, "body": f"{query}. {self._chance.choice(self._queries)}. {count}"}
        return "write", "PUT", f"/api/v1/articles/written-{self._number}-{count % 50}", json.dumps(article).encode()


def _connect(port: int, address: str, timeout: float = SLOWEST) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(address, 0))


def _open(port: int, address: str, timeout: float = SLOWEST) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout, source_address=(address, 0))


def _heavy(number: int) -> str:
    words = [
        "của",
        "và",
        "các",
        "có",
        "là",
        "được",
        "cho",
        "trong",
        "với",
        "những",
        "người",
        "năm",
        "một",
        "không",
        "về",
        "đã",
        "để",
        "khi",
        "tại",
        "này",
    ]
    random.Random(number).shuffle(words)
    return "/api/v1/search?" + urlencode({"q": " ".join(words) + f" {number}", "size": 100, "facets": "source,year"})


def slow_readers(port: int, address: str) -> None:
    """16 connections that pipeline 100 large searches and read nothing."""
    opened = []
    for number in range(16):
        connection = _open(port, address)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asked = [f"GET {_heavy(number * 100 + each)} HTTP/1.1\r\nHost: x\r\n\r\n" for each in range(100)]
        connection.sendall("".join(asked).encode("ascii"))
        opened.append(connection)
    for connection in opened:  # until it is ended
        with suppress(OSError):
            connection.settimeout(SLOWEST)
            while not _is_over(connection):
                time.sleep(1)


def _is_over(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"\r\n")
    except OSError:
        return True
    return False


def bodies_without_a_key(port: int, address: str) -> None:
    """64 MB to any address, without a key."""
    for path in ("/healthz", "/api/v1/articles", "/nowhere"):
        connection = _open(port, address)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {64 << 20}\r\n\r\n"
        with connection, suppress(OSError):
            connection.sendall(head.encode("ascii"))
            for _ in range(64):
                connection.sendall(bytes(1 << 20))


def trickled_headers(port: int, address: str) -> None:
    """300 connections that send one byte of a header a second."""
    opened = []
    for _ in range(300):
        with suppress(OSError):
            opened.append(_open(port, address))
    while opened:
        time.sleep(1)
        for connection in list(opened):
            try:
                connection.sendall(b"G")
            except OSError:
                opened.remove(connection)


def heavy_searches(port: int, address: str) -> None:
    """Four clients with heavy searches, one after the other."""

    def ask(client: int) -> None:
        connection = _connect(port, address)
        for number in range(50):
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", _heavy(client * 1000 + number + random.randrange(10**6)))
                connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def abandoned_searches(port: int, address: str) -> None:
    """100 heavy searches whose clients are gone at once."""
    for _ in range(100):
        with _open(port, address) as connection:
            request = f"GET {_heavy(random.randrange(10**9))} HTTP/1.1\r\nHost: x\r\n\r\n"
            connection.sendall(request.encode("ascii"))
    time.sleep(1)


def flood(port: int, address: str) -> None:
    """150 clients of one address that search without pause."""

    def ask() -> None:
        connection = _connect(port, address)
        for _ in range(20):
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", _heavy(random.randrange(10**9)))
                connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def nonsense(port: int, address: str) -> None:
    """What is not HTTP, or nearly."""
    for sent in (b"\x16\x03\x01\x02\x00" * 50, b"GET / HTTP/9.9\r\n\r\n", b"A" * 200_000, b"\r\n" * 10_000,
                 b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):  # fmt: skip
        with _open(port, address) as connection, suppress(OSError):
            connection.sendall(sent)
            connection.settimeout(5)
            connection.recv(65536)
    time.sleep(0.2)


ATTACKERS: tuple[Callable[[int, str], None], ...] = (
    slow_readers,
    bodies_without_a_key,
    trickled_headers,
    heavy_searches,
    abandoned_searches,
    flood,
    nonsense,
)


def _attack(port: int, number: int) -> None:
    os.nice(19)
    while True:
        with suppress(OSError):
            ATTACKERS[number](port, f"127.0.2.{number + 1}")


def read(port: int, queries: list[str], ids: list[str], key: str, seconds: float) -> list[Outcome]:
    """Let the readers ask for so many seconds; return what they got."""
    until = time.perf_counter() + seconds
    readers = [Reader(port, number, queries, ids, key, until) for number in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(seconds + SLOWEST + 10)
    return [outcome for reader in readers for outcome in reader.outcomes]


def open_files(process: int) -> int:
    """Return how many files a server's processes have open."""
    total = 0
    for member in family(process):
        with suppress(OSError):
            total += len(list(Path(f"/proc/{member}/fd").iterdir()))
    return total


def table(quiet: list[Outcome], attacked: list[Outcome]) -> list[str]:
    """Return the lines of a table: by kind, how long requests took and how they were answered."""
    lines = ["| | requests | quiet p50 / p99 ms | attacked p50 / p99 ms | p99 ratio | statuses under attack |"]
    lines.append("|---|---|---|---|---|---|")
    for kind in ("search", "suggest", "article", "write", "all"):
        before, after = _took(quiet, kind), _took(attacked, kind)
        counts = Counter(status for each, status, _ in attacked if kind in {each, "all"})
        shown = ", ".join(f"{status or 'cut'}: {count}" for status, count in sorted(counts.items()))
        ratio = after[1] / before[1]
        lines.append(
            f"| {kind} | {sum(counts.values())} | {before[0]:.1f} / {before[1]:.1f} | {after[0]:.1f} / {after[1]:.1f}"
            f" | {ratio:.1f} | {shown} |"
        )
    return lines


def _took(outcomes: list[Outcome], kind: Kind) -> tuple[float, float]:
    took = [seconds * 1000 for each, _, seconds in outcomes if kind in {each, "all"}]
    return float(np.percentile(took, 50)), float(np.percentile(took, 99))


def main(data: Path, seconds: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "data"
        shutil.copytree(data, copy)
        queries = unasked(copy, [])
        store = SqliteArticleStore(open_data_folder(copy).store)
        ids = random.Random(1).sample(sorted(id for id, _ in store.versions()), 2000)
        store.close()
        with server(copy, "/healthz") as (port, process, _):
            key = (copy / "api-key").read_text("ascii").strip()
            read(port, queries, ids, key, WARM_UP)
            quiet = read(port, queries, ids, key, QUIET)
            attackers = [get_context("spawn").Process(target=_attack, args=(port, number), daemon=True)
                         for number in range(len(ATTACKERS))]  # fmt: skip
            for attacker in attackers:
                attacker.start()
            held: dict[str, list[int]] = defaultdict(list)
            over = threading.Event()

            def watch() -> None:
                while not over.wait(10):
                    held["own MB"].append(resident(process)["own"])
                    held["open files"].append(open_files(process.pid))

            watching = threading.Thread(target=watch)
            watching.start()
            attacked = read(port, queries, ids, key, seconds)
            over.set()
            watching.join()
            for attacker in attackers:
                attacker.kill()
        print("\n".join(table(quiet, attacked)))
        for name, values in held.items():
            print(f"{name}, every ten seconds under attack: {' '.join(map(str, values))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 300.0)
