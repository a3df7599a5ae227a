"""Send many articles in one request while searches run. ``python -m benchmarks.bulk [ARTICLES]``

A server with a tenth of the articles gets ten queries a second: first idle, then while a client streams all articles
to it as NDJSON (chunked: the length is not known before), and idle again once all are searchable.
"""

from __future__ import annotations

import http.client
import itertools
import json
import lzma
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.data import data
from benchmarks.engines import read_articles, title_queries
from benchmarks.serving import get, resident, server
from search.archive import ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync

_A_SECOND = 10
_IDLE_SECONDS = 20.0


class Searches:
    """Send ``queries`` in turn from a thread, ten a second; ``times`` are the seconds that each answer took."""

    def __init__(self, port: int, queries: Sequence[str]) -> None:
        self.times: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port, queries))

    def __enter__(self) -> Searches:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self, port: int, queries: Sequence[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for query in itertools.cycle(queries):
            started = time.perf_counter()
            get(connection, "/api/v1/search?" + urlencode({"q": query}))
            self.times.append(time.perf_counter() - started)
            if self._stop.wait(max(0.0, 1 / _A_SECOND - self.times[-1])):
                return

    def report(self, when: str) -> float:
        """Print the median and 95th percentile in milliseconds; return the latter."""
        tail = statistics.quantiles(self.times, n=20)[-1] * 1e3
        print(f"{when:28} {len(self.times):6} searches, {statistics.median(self.times) * 1e3:6.1f} / {tail:6.1f} ms")
        return tail


def lines(count: int) -> Iterator[bytes]:
    """Yield the first ``count`` lines of the news archive, unchanged."""
    with lzma.open(data("vietnews-50k.jsonl.xz")) as file:
        yield from itertools.islice(file, count)


def bulk(port: int, key: str, count: int) -> dict[str, object]:
    """Stream ``count`` articles in one request; return the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    connection.request("POST", "/api/v1/articles", lines(count), headers, encode_chunked=True)
    answer: dict[str, object] = json.loads(connection.getresponse().read())
    return answer


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    articles = read_articles(count // 10)
    queries = title_queries(articles, 2000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "data")
        archive = open_archive(ArchiveConfig(folder))
        archive.store.put(articles)
        bring_in_sync(archive)
        archive.close()
        with server(folder, "/healthz") as (port, process, _):
            key = (folder / "api-key").read_text("ascii").strip()
            with Searches(port, queries) as idle:
                time.sleep(_IDLE_SECONDS)
            before = idle.report(f"idle, {len(articles)} articles")
            peak = resident(process)["own"]
            started = time.perf_counter()
            with Searches(port, queries) as busy:
                answers: list[dict[str, object]] = []
                stored: list[float] = []

                def send() -> None:
                    answers.append(bulk(port, key, count))
                    stored.append(time.perf_counter() - started)

                sending = threading.Thread(target=send)
                sending.start()
                while sending.is_alive() or not in_sync(port):
                    peak = max(peak, resident(process)["own"])
                    time.sleep(0.2)
            took = time.perf_counter() - started
            during = busy.report("during the bulk")
            with Searches(port, queries) as idle:
                time.sleep(_IDLE_SECONDS)
            after = idle.report(f"idle, {count} articles")
            print(f"stored after {stored[0]:.0f} s, searchable after {took:.0f} s")
            print(f"peak memory of all processes: {peak} MB")
            print(f"p95 during / idle: {during / before:.1f} before, {during / after:.1f} after")
            kept = json.loads(get(http.client.HTTPConnection("127.0.0.1", port), "/api/v1/stats"))["articles"]
            print(f"{kept} articles kept, {len(answers[0]['ids'])} acknowledged")  # type: ignore[arg-type]


def in_sync(port: int) -> bool:
    """Tell whether searches see every write."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/readyz")
    return connection.getresponse().status == 200


if __name__ == "__main__":
    main()
