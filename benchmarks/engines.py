"""Speed compared with other engines, in one table. ``python -m benchmarks.engines [--articles N] [--queries N]``

Every peer gets the same text, already segmented by pyvi; timtin gets the articles and segments them itself. The
queries are one to four words of titles. ``timtin`` is the whole default query over all its streams, from text to ranked
ids; ``page`` also fetches and highlights the hits. Query times are processor time, one query at a time, the engines in
turn (``asking``).
"""

from __future__ import annotations

import argparse
import itertools
import json
import lzma
import multiprocessing
import platform
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage

from benchmarks.asking import Index, ask_in_turn, spread, tail
from benchmarks.data import data as measuring_data
from benchmarks.peers import HITS, PEERS, Ask, Seconds, Stopwatch, cut, recipe_rate, size_of, words
from benchmarks.serving import figures, unasked
from benchmarks.whole_answers import WHOLE, compared
from index.analysis.analyzer import analyze
from index.article import Article, article_from
from search.archive import ArchiveConfig, open_archive
from search.engine import Filters, Request, Sort
from search.parameters import SearchParameters
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.stock_whoosh import document, writing_schema

SIZED = 2000
RECIPE = 5000
FIRST_DAY, DAYS, SOURCES = date(2020, 1, 1), 2000, 10
PACKAGES = ("whoosh-reloaded", "tantivy", "bm25s", "pyvi", "numpy")


def read_articles(count: int) -> list[Article]:
    """Return the first ``count`` articles of the news archive.

    The archive has no dates and one source, so each article gets a made-up date and source to filter and sort by.
    """
    chance = random.Random(3)

    def made_up() -> dict[str, str]:
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        return {"published": day.isoformat(), "source": f"Báo {chance.randrange(SOURCES)}"}

    with lzma.open(measuring_data("vietnews-50k.jsonl.xz"), "rt", encoding="utf-8") as lines:
        return [article_from({**json.loads(line), **made_up()}) for line in itertools.islice(lines, count)]


def title_queries(articles: Sequence[Article], count: int) -> list[str]:
    """Return runs of one to four words of titles, as a reader would type them."""
    chance = random.Random(1)
    found = []
    while len(found) < count:
        title = [word.text.replace("_", " ") for word in analyze(chance.choice(articles).title).words]
        length = chance.randint(1, 4)
        if len(title) >= length:
            start = chance.randrange(len(title) - length + 1)
            found.append(" ".join(title[start : start + length]))
    return found


def build(folder: Path, articles: Sequence[Article]) -> Seconds:
    """Store articles and build timtin's index of them; return the seconds that building took."""
    archive = open_archive(ArchiveConfig(folder))
    for at in range(0, len(articles), 500):
        archive.store.put(articles[at : at + 500])
    watch, workers = Stopwatch(), resource.getrusage(resource.RUSAGE_CHILDREN)
    bring_in_sync(archive)
    processor, clock = watch.seconds()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    archive.close()
    return processor + ended.ru_utime + ended.ru_stime - workers.ru_utime - workers.ru_stime, clock


def sizes(folder: Path, articles: Sequence[Article]) -> str:
    """Compare the size of the index with that of Whoosh's own codec, for the same fields of the same articles."""
    some = articles[:SIZED]
    folder.mkdir()
    build(folder / "data", some)
    stock = folder / "stock"
    stock.mkdir()
    writer = FileStorage(str(stock)).create_index(writing_schema()).writer(codec=W3Codec(), limitmb=256)
    for number, article in enumerate(some):
        writer.add_document(**document(article, number))
    writer.commit()
    ours, theirs = size_of(folder / "data" / "indexes") / len(some), size_of(stock) / len(some)
    return (
        f"the same fields of {len(some)} articles, bytes an article:"
        f" {ours:.0f}, by Whoosh's own codec {theirs:.0f} ({ours / theirs:.2f})"
    )


def opened(folder: Path) -> dict[str, Ask]:
    """Return a function per kind of query to timtin; no answers are cached here."""
    archive = open_archive(ArchiveConfig(folder))

    def asking(**more: Any) -> Ask:
        return lambda text: archive.engine.retrieve(Request(archive.expand(parse(text)), size=HITS, **more))

    plain = asking()
    return {
        "default": plain,
        "phrase": plain,
        "filtered": asking(filters=Filters((("source", "Báo 1"),))),
        "newest": asking(sort=Sort.NEWEST),
        "question": plain,
        "unaccented": plain,
        "page": lambda text: search(archive, SearchParameters(q=text, size=HITS)),
    }


def kinds(queries: Sequence[str], articles: Sequence[Article]) -> dict[str, Sequence[str]]:
    """Return timtin's queries of each kind."""
    return {
        "default": queries,
        "phrase": [f'"{text}"' for text in queries],
        "filtered": queries,
        "newest": queries,
        "question": [article.title for article in articles[: len(queries)]],
        "unaccented": [" ".join(analyze(text).tokens.folded) for text in queries],
        "page": queries,
    }


def freshness(folder: Path, article: Article, query: str) -> str:
    """Measure how long an added article takes to be found."""
    archive = open_archive(ArchiveConfig(folder))
    archive.engine.retrieve(Request(parse(query)))
    added = []
    for number in range(20):
        started = time.perf_counter()
        archive.store.put([article.model_copy(update={"id": f"added-{number}"})])
        bring_in_sync(archive)
        archive.engine.retrieve(Request(parse(query)))
        added.append((time.perf_counter() - started) * 1e3)
    archive.close()
    return f"one article added, until it is found: {spread(added)} ms (p50 / p95)"


def report(indexes: Sequence[Index], count: int) -> None:
    """Print the table; ``indexes`` has stock Whoosh first and timtin last."""
    print(f"{'':20} {'articles a second of':>22} {'bytes an':>9}  milliseconds a query, p50 / p95")
    print(f"{'':20} {'processor':>11} {'clock':>10} {'article':>9}")
    for index in indexes:
        processor, clock = index.built
        print(
            f"{index.name:20} {count / processor:11.0f} {count / clock:10.0f} {index.size / count:9.0f}  "
            + f"\n{'':53}".join(f"{kind:10} {spread(times):>17}" for kind, times in index.times.items())
        )
    print()
    ours = indexes[-1].times["default"]
    for peer in indexes[:-1]:
        theirs = peer.times["OR"]
        middle = statistics.median(ours) / statistics.median(theirs)
        print(f"default query / OR of {peer.name}: p50 {middle:.3f}, p95 {tail(ours) / tail(theirs):.3f}")


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--opensearch", metavar="HOST", help="the address of a node to compare whole answers with")
    options = parser.parse_args()
    articles = read_articles(options.articles)
    queries = title_queries(articles, options.queries)
    with multiprocessing.get_context("spawn").Pool() as pool:
        cuts = pool.map(cut, articles, chunksize=100)
    cut_queries = [words(text) for text in queries]
    recipe = recipe_rate(articles[:RECIPE])
    print(f"{len(articles)} articles, {len(queries)} queries of 1 to 4 words")
    print(f"{platform.machine()}, {multiprocessing.cpu_count()} processors, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES) + f", SQLite {sqlite3.sqlite_version}\n")
    with tempfile.TemporaryDirectory() as name:
        indexes = []
        for peer in PEERS:
            folder = Path(name, peer.name)
            folder.mkdir()
            seconds = peer.build(folder, cuts)
            asked = dict.fromkeys(peer.kinds, cut_queries)
            indexes.append(Index(peer.name, folder, peer.open, seconds, size_of(folder), asked))
        data, tenth = Path(name, "timtin"), Path(name, "tenth")
        seconds = build(data, articles)
        ours = Index("timtin", data, opened, seconds, size_of(data / "indexes"), kinds(queries, articles))
        seconds = build(tenth, articles[: len(articles) // 10])
        part = Index("timtin", tenth, opened, seconds, size_of(tenth / "indexes"), {"default": queries})
        ask_in_turn([*indexes, ours, part])
        report([*indexes, ours], len(articles))
        rate = len(articles) / ours.built[1]
        print(
            "building on all processors, by the clock, segmentation counted:"
            f" pyvi + stock Whoosh {recipe:.0f} articles/s, timtin {rate:.0f}/s, {rate / recipe:.1f} times"
        )
        few, all_ = part.times["default"], ours.times["default"]
        print(
            f"default query over a tenth of the articles: {spread(few)} ms (p50 / p95);"
            f" p95 grows {tail(all_) / tail(few):.1f} times"
        )
        print(freshness(data, articles[0], queries[0]))
        print("\n".join(figures(data, queries)))
        if options.opensearch:
            print("\n".join(compared(data, options.opensearch, unasked(data, queries)[:WHOLE])))
        print(sizes(Path(name, "sized"), articles))


if __name__ == "__main__":
    main()
