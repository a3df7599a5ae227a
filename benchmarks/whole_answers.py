"""Whole answers with highlights over HTTP, beside OpenSearch: ``python -m benchmarks.whole_answers DATA HOST``

``DATA`` is a data folder with an index, HOST the address of a node. It gets the same articles, cut by its ordinary
analyzer, in one segment; what is loaded there is deleted at the end. Times are by the clock, one client over one kept
connection, both in turn. OpenSearch finds articles with any of the words, and marks titles and fragments of bodies.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from benchmarks.asking import spread, tail
from benchmarks.peers import HITS
from benchmarks.serving import get, server, unasked
from index.article import Article
from index.directory.data_folder import open_data_folder
from index.store.articles import SqliteArticleStore

WHOLE = 350
_WARM = 50
_AT_ONCE = 500
_MAPPING = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
    "mappings": {"properties": {"title": {"type": "text"}, "body": {"type": "text"}, "source": {"type": "keyword"}}},
}
_HIGHLIGHT = {"fields": {"title": {}, "body": {"fragment_size": 180, "number_of_fragments": 3}}}


@contextmanager
def loaded(host: str, articles: Sequence[Article]) -> Iterator[tuple[str, str, float]]:
    """Yield (index, OpenSearch's version, articles a second); the index has one segment, and is gone afterwards."""
    index = f"benchmark-{uuid.uuid4().hex[:8]}"
    with closing(OpenSearch([host], timeout=600)) as client:
        client.indices.create(index=index, body=_MAPPING)
        try:
            started = time.perf_counter()
            shown = {"title", "body", "source"}
            rows = ({"_index": index, "_id": one.id, **one.model_dump(include=shown)} for one in articles)
            bulk(client, rows, chunk_size=_AT_ONCE)
            client.indices.refresh(index=index)
            seconds = time.perf_counter() - started
            client.indices.forcemerge(index=index, max_num_segments=1)
            yield index, client.info()["version"]["number"], len(articles) / seconds
        finally:
            client.indices.delete(index=index)


def compared(data: Path, host: str, queries: Sequence[str]) -> list[str]:
    """Ask both, each query once, the first fifty unmeasured; return the lines to print."""
    with closing(SqliteArticleStore(open_data_folder(data).store)) as store:
        articles = list(store.get_many([id for id, _ in store.versions()]).values())
    address = urlsplit(host)
    times: tuple[list[float], list[float]] = [], []
    with (
        loaded(host, articles) as (index, version, rate),
        server(data, "/api/v1/search?q=a") as (port, _, _),
        closing(http.client.HTTPConnection("127.0.0.1", port)) as ours,
        closing(http.client.HTTPConnection(address.hostname or "", address.port or 9200)) as theirs,
    ):
        for query in queries:
            match = {"multi_match": {"query": query, "fields": ["title^2", "body"], "type": "most_fields"}}
            body = json.dumps({"size": HITS, "query": match, "highlight": _HIGHLIGHT})
            started = time.perf_counter()
            get(ours, "/api/v1/search?" + urlencode({"q": query, "size": HITS}))
            between = time.perf_counter()
            theirs.request("POST", f"/{index}/_search", body, {"Content-Type": "application/json"})
            answer = theirs.getresponse()
            answer.read()
            ended = time.perf_counter()
            if answer.status != 200:
                raise RuntimeError(f"OpenSearch answered {answer.status} to {query}")
            for listed, seconds in zip(times, (between - started, ended - between), strict=True):
                listed.append(seconds * 1e3)
    us, them = (listed[_WARM:] for listed in times)
    return [
        f"whole answers with highlights over HTTP, one client: timtin {spread(us)} ms (p50 / p95), OpenSearch {version}"
        f" {spread(them)} ms; {statistics.median(us) / statistics.median(them):.2f} and {tail(us) / tail(them):.2f}",
        f"OpenSearch took in {rate:.0f} articles/s, cut by its ordinary analyzer",
    ]


def main() -> None:
    """Print how both compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_answers", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("host", help="the address of a node")
    given = parser.parse_args()
    print("\n".join(compared(given.data, given.host, unasked(given.data, [])[:WHOLE])))


if __name__ == "__main__":
    main()
