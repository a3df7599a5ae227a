"""The engine on a cluster beside the embedded one: ``python -m benchmarks.cluster HOST [--articles N] [--sets SET]``

HOST is the address of a cluster that is empty or has other prefixes; what is loaded there is deleted at the end. Both
engines get the same articles of the news archive, with made-up dates and sources, and the same queries
(``benchmarks.engines``). Times are by the clock, one query at a time, both engines in turn; no answer is cached.
Then the hits of judged sets are compared, as written and without accents.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.asking import spread
from benchmarks.engines import kinds, read_articles, title_queries
from benchmarks.relevance import JudgedSet, as_written, judged_set
from index.article import Article, article_from
from index.cluster.config import ClusterConfig
from index.cluster.connection import Cluster
from search.archive import Archive, ArchiveConfig, delete_cluster_archive, open_archive
from search.engine import Filters, Request, Sort
from search.query.parser import parse
from search.relevance import measures_of, without_accents
from search.runtime.index_follower import bring_in_sync

HITS = 10
MEASURES = ("MRR@10", "nDCG@10")
SETS = ("xquad_vi", "tuoitre_titles", "mlqa_vi_dev")
_AT_ONCE = 500
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "phrase": {},
    "filtered": {"filters": Filters((("source", "Báo 1"),))},
    "newest": {"sort": Sort.NEWEST},
    "question": {},
    "unaccented": {},
    "facets": {"facets": ("source", "month"), "collapse": True},
}


@contextmanager
def both(host: str) -> Iterator[tuple[Archive, Archive]]:
    """Yield an empty archive of each engine; both are gone afterwards."""
    config = ClusterConfig((host,), f"benchmark-{uuid.uuid4().hex[:8]}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with (
                closing(open_archive(ArchiveConfig(Path(folder, "embedded")))) as embedded,
                closing(open_archive(ArchiveConfig(Path(folder, "cluster"), cluster=config))) as cluster,
            ):
                yield embedded, cluster
        finally:
            delete_cluster_archive(config)


def load(archive: Archive, articles: Sequence[Article]) -> float:
    """Store and index articles; return the seconds by the clock."""
    started = time.perf_counter()
    for at in range(0, len(articles), _AT_ONCE):
        archive.store.put(articles[at : at + _AT_ONCE])
    bring_in_sync(archive)
    return time.perf_counter() - started


def nodes(cluster: Cluster) -> tuple[float, float]:
    """Return the processor seconds of all nodes so far, and the megabytes of heap that they use."""
    found = cluster.ask("GET", "_nodes", "stats", "process,jvm")["nodes"].values()
    seconds = sum(node["process"]["cpu"]["total_in_millis"] for node in found) / 1000
    return seconds, sum(node["jvm"]["mem"]["heap_used_in_bytes"] for node in found) / 1e6


def stored_bytes(cluster: Cluster) -> int:
    """Return the bytes of the articles' index on disk, without replicas; segments that were merged are let go first."""
    cluster.ask("POST", cluster.articles, "_flush")
    cluster.ask("POST", cluster.articles, "_refresh")
    return cluster.ask("GET", cluster.articles, "_stats", "store")["_all"]["primaries"]["store"]["size_in_bytes"]


def speed(host: str, count: int, queries: int) -> None:
    """Load articles into both engines and print what each kind of query takes."""
    articles = read_articles(count)
    texts = title_queries(articles, queries)
    asked = {**kinds(texts, articles), "facets": texts}
    with both(host) as (embedded, archive):
        cluster = archive.store.cluster  # type: ignore[attr-defined]
        alone = load(embedded, articles)
        before, processor = nodes(cluster)[0], time.process_time()
        seconds = load(archive, articles)
        after, heap = nodes(cluster)
        print(
            f"{count} articles: {count / alone:.0f}/s into the embedded engine, {count / seconds:.0f}/s into the"
            f" cluster, processor seconds a thousand: {(time.process_time() - processor) / count * 1000:.2f} here"
            f" without workers, {(after - before) / count * 1000:.2f} there; {heap:.0f} MB of heap in use\n",
            flush=True,
        )
        print(f"{'milliseconds, p50 / p95':24}{'embedded':>18}{'cluster':>18}{'cluster again':>18}{'processor':>16}")
        for kind, more in _KINDS.items():
            requests = [Request(parse(text), size=HITS, **more) for text in asked[kind]]
            times: defaultdict[str, list[float]] = defaultdict(list)
            spent = nodes(cluster)[0]
            for request in requests:
                for name, one in (("embedded", embedded), ("cluster", archive), ("again", archive)):
                    started = time.perf_counter()
                    one.engine.retrieve(replace(request, tree=one.expand(request.tree)))
                    times[name].append((time.perf_counter() - started) * 1e3)
            spent = (nodes(cluster)[0] - spent) / len(requests) / 2 * 1e3
            print(
                f"{kind:24}" + "".join(f"{spread(values):>18}" for values in times.values()) + f"{spent:>13.1f}",
                flush=True,
            )
        written = stored_bytes(cluster)
        cluster.ask("POST", cluster.articles, "_forcemerge", params={"max_num_segments": 1}, seconds=600)
        print(f"bytes an article: {written / count:.0f} as written, {stored_bytes(cluster) / count:.0f} in one segment")


def condense(archive: Archive) -> None:
    """Let the cluster drop the articles that were replaced."""
    assert archive.engine.upkeep is not None
    archive.engine.upkeep.condense()
    with archive.store.clock.taking(1):  # type: ignore[attr-defined]
        pass  # so that what is known of frequencies is forgotten
    archive.engine.apply()


def agreement(host: str, judged: JudgedSet) -> None:
    """Print how good the hits of both engines are, and how often they are the same: as loaded, and once condensed."""
    with both(host) as archives:
        for archive in archives:
            load(archive, [article_from(article) for article in judged.articles])
        for state in ("loaded", "condensed"):
            if state == "condensed":
                condense(archives[1])
            for change in (as_written, without_accents):
                compare(archives, judged, change, f"{judged.name} {state}")


def compare(archives: Sequence[Archive], judged: JudgedSet, change: Callable[[str], str], name: str) -> None:
    """Print the line of one kind of query."""
    found: list[list[list[str]]] = [[], []]
    totals = 0
    for query in judged.queries:
        results = []
        for archive, listed in zip(archives, found, strict=True):
            tree = archive.expand(parse(change(query.text)))
            results.append(archive.engine.retrieve(Request(tree, size=HITS)))
            listed.append([hit.id for hit in results[-1].hits])
        totals += results[0].total == results[1].total
    measured = [measures_of(judged.queries, ids) for ids in found]
    figures = "".join(f"{one[name]:8.4f}" for name in MEASURES for one in measured)
    pairs = list(zip(*found, strict=True))
    print(
        f"{name:28}{change.__name__:16}{figures}"
        f"{statistics.mean(one[:1] == other[:1] for one, other in pairs):12.3f}"
        f"{statistics.mean(set(one) == set(other) for one, other in pairs):12.3f}"
        f"{statistics.mean(one == other for one, other in pairs):12.3f}{totals / len(pairs):12.3f}",
        flush=True,
    )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description="Compare the engines.")
    parser.add_argument("host", metavar="HOST", help="the address of a cluster, such as http://127.0.0.1:9200")
    parser.add_argument("--articles", type=int, default=50_000, help="how many articles; 0: only compare hits")
    parser.add_argument("--queries", type=int, default=300, help="how many queries of each kind")
    parser.add_argument("--judged", type=int, default=400, help="how many queries of each judged set")
    parser.add_argument("--sets", nargs="*", default=SETS, help="judged sets to compare hits on")
    options = parser.parse_args()
    if options.articles:
        speed(options.host, options.articles, options.queries)
    print(f"\n{'':44}{'MRR@10':16}{'nDCG@10':16}  same first same ten   same order  same total")
    for name in options.sets:
        judged = judged_set(name)
        agreement(options.host, replace(judged, queries=judged.queries[: options.judged]))


if __name__ == "__main__":
    main()
