"""Speed beside other engines, one table. ``python -m benchmarks.engines [--articles N] [--queries N]``

Every peer gets the same text, cut into words as pyvi cuts it; timtin gets the articles and cuts them itself. The
queries are one to four words of titles. ``timtin`` is the whole default query over all its streams, from text to ranked
ids; ``page`` is that and the fetched, highlighted answer. Times of queries are processor time, one query at a time.
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
import warnings
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage

from benchmarks.data import data
from benchmarks.peers import (
    HITS,
    Ask,
    Measured,
    Stopwatch,
    ask_all,
    bm25s_numpy,
    cut,
    size_of,
    sqlite_fts,
    stock_whoosh,
    tantivy_rust,
    words,
)
from benchmarks.serving import figures
from index.analysis import analyze
from index.article import Article, article_from
from index.datafolder import open_data_folder
from index.schema import make_schema
from search.engine import Filters, Request, Sort
from search.parser import parse
from search.service import Search, search
from search.whoosh_engine import WhooshEngine
from tests.reference import document

SIZED = 2000
FIRST_DAY, DAYS, SOURCES = date(2020, 1, 1), 2000, 10
PACKAGES = ("whoosh-reloaded", "tantivy", "bm25s", "pyvi", "numpy")


def read_articles(count: int) -> list[Article]:
    """Read the first ``count`` articles of the news archive.

    It has no days and one source, which leaves nothing to filter or to sort: each article gets a day and a source.
    """
    chance = random.Random(3)

    def made_up() -> dict[str, str]:
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        return {"published": day.isoformat(), "source": f"Báo {chance.randrange(SOURCES)}"}

    with lzma.open(data("vietnews-50k.jsonl.xz"), "rt", encoding="utf-8") as lines:
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


def built(folder: Path, articles: Sequence[Article]) -> WhooshEngine:
    """Return an engine that has ``articles``; each query is evaluated, also when asked again."""
    engine = WhooshEngine(open_data_folder(folder))
    for at in range(0, len(articles), 500):
        engine.add(articles[at : at + 500])
    engine.commit()
    return engine


def growth(folder: Path, articles: Sequence[Article], queries: Sequence[str], whole: Sequence[float]) -> str:
    """Compare the default query over a tenth of the articles with its times over the ``whole``."""
    engine = built(folder, articles[: len(articles) // 10])
    tenth = ask_all(lambda text: engine.retrieve(Request(parse(text), size=HITS)), queries)
    engine.close()
    ratio = statistics.quantiles(whole, n=20)[-1] / statistics.quantiles(tenth, n=20)[-1]
    return f"default query over a tenth of the articles: {spread(tenth)} ms (p50 / p95); p95 grows {ratio:.1f} times"


def sizes(folder: Path, articles: Sequence[Article]) -> str:
    """Compare the size of the index with that of Whoosh's own codec, of the same fields of the same articles."""
    some = articles[:SIZED]
    folder.mkdir()
    built(folder / "data", some).close()
    stock = folder / "stock"
    stock.mkdir()
    writer = FileStorage(str(stock)).create_index(make_schema()).writer(codec=W3Codec(), limitmb=256)
    for number, article in enumerate(some):
        writer.add_document(**document(article, number))
    writer.commit()
    ours, theirs = size_of(folder / "data" / "indexes") / len(some), size_of(stock) / len(some)
    return (
        f"the same fields of {len(some)} articles, bytes an article:"
        f" {ours:.0f}, by Whoosh's own codec {theirs:.0f} ({ours / theirs:.2f})"
    )


def timtin(folder: Path, articles: Sequence[Article], queries: Sequence[str]) -> tuple[Measured, list[str]]:
    """Measure the whole engine, and how long one more article takes to be found."""
    engine = WhooshEngine(open_data_folder(folder))
    for at in range(0, len(articles), 500):
        engine.add(articles[at : at + 500])
    watch, workers = Stopwatch(), resource.getrusage(resource.RUSAGE_CHILDREN)
    engine.commit()
    processor, clock = watch.seconds()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor += ended.ru_utime + ended.ru_stime - workers.ru_utime - workers.ru_stime
    measured = Measured("timtin", processor, clock, size_of(folder / "indexes"))

    def asking(**more: Any) -> Ask:
        return lambda text: engine.retrieve(Request(parse(text), size=HITS, **more))

    source = next((article.source for article in articles if article.source), None)
    kinds: dict[str, tuple[Ask, Sequence[str]]] = {
        "default": (asking(), queries),
        "phrase": (asking(), [f'"{text}"' for text in queries]),
        "filtered": (asking(filters=Filters(source=source)), queries),
        "newest": (asking(sort=Sort.NEWEST), queries),
        "question": (asking(), [article.title for article in articles[: len(queries)]]),
        "unaccented": (asking(), [" ".join(analyze(text).tokens.folded) for text in queries]),
        "page": (lambda text: search(engine, Search(text, size=HITS)), queries),
    }
    for kind, (ask, asked) in kinds.items():
        measured.times[kind] = ask_all(ask, asked)
    added = []
    for number in range(20):
        started = time.perf_counter()
        engine.add([articles[0].model_copy(update={"id": f"added-{number}"})])
        engine.commit()
        engine.retrieve(Request(parse(queries[0])))
        added.append((time.perf_counter() - started) * 1e3)
    engine.close()
    return measured, [f"one article added, until it is found: {spread(added)} ms (p50 / p95)"]


def pyvi_seconds(articles: Sequence[Article]) -> float:
    """Return the processor seconds pyvi itself takes for an article."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyvi import ViTokenizer
    some = articles[:300]
    ViTokenizer.tokenize(some[0].body)
    watch = Stopwatch()
    for article in some:
        ViTokenizer.tokenize(article.body)
    return watch.seconds()[0] / len(some)


def spread(times: Sequence[float]) -> str:
    """Return the median and the 95th percentile."""
    return f"{statistics.median(times):.2f} / {statistics.quantiles(times, n=20)[-1]:.2f}"


def report(results: Sequence[Measured], count: int, pyvi: float) -> None:
    """Print the table; the last of ``results`` is timtin, the first stock Whoosh."""
    print(f"{'':20} {'articles a second of':>22} {'bytes an':>9}  milliseconds a query, p50 / p95")
    print(f"{'':20} {'processor':>11} {'clock':>10} {'article':>9}")
    for result in results:
        print(
            f"{result.name:20} {count / result.processor:11.0f} {count / result.clock:10.0f}"
            f" {result.size / count:9.0f}  "
            + f"\n{'':53}".join(f"{kind:10} {spread(times):>17}" for kind, times in result.times.items())
        )
    stock, ours = results[0], results[-1]
    recipe = pyvi + stock.processor / count
    ratio = recipe / (ours.processor / count)
    print(f"\nbuilding, processor time, segmentation counted: {ratio:.1f} times the speed of pyvi + stock Whoosh")
    for peer in results[:-1]:
        theirs, mine = peer.times["OR"], ours.times["default"]
        middle = statistics.median(mine) / statistics.median(theirs)
        tail = statistics.quantiles(mine, n=20)[-1] / statistics.quantiles(theirs, n=20)[-1]
        print(f"default query / OR of {peer.name}: p50 {middle:.3f}, p95 {tail:.3f}")


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    articles = read_articles(options.articles)
    queries = title_queries(articles, options.queries)
    with multiprocessing.get_context("spawn").Pool() as pool:
        cuts = pool.map(cut, articles, chunksize=100)
    cut_queries = [words(text) for text in queries]
    pyvi = pyvi_seconds(articles)
    print(f"{len(articles)} articles, {len(queries)} queries of 1 to 4 words")
    print(f"{platform.machine()}, {multiprocessing.cpu_count()} processors, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES) + f", SQLite {sqlite3.sqlite_version}\n")
    results = []
    for measure in (stock_whoosh, sqlite_fts, tantivy_rust, bm25s_numpy):
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(Path(folder), cuts, cut_queries))
    with tempfile.TemporaryDirectory() as folder:
        ours, notes = timtin(Path(folder, "data"), articles, queries)
        notes += figures(Path(folder, "data"), queries)
        notes.append(growth(Path(folder, "tenth"), articles, queries, ours.times["default"]))
        notes.append(sizes(Path(folder, "sized"), articles))
    report([*results, ours], len(articles), pyvi)
    print("\n".join(notes))


if __name__ == "__main__":
    main()
