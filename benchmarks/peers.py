"""The engines timtin is compared with: the same words, the same queries, each set up as its own manual says."""

from __future__ import annotations

import multiprocessing
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import tantivy
from whoosh import fields, query
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.index import create_in, open_dir

from index.analysis.analyzer import analyze
from index.article import Article

HITS = 10

Ask = Callable[[str], object]
Seconds = tuple[float, float]
"""(processor seconds, clock seconds)."""


@dataclass(frozen=True)
class Cut:
    """An article's words with a space between them; the syllables of a word are joined by ``_``."""

    id: str
    title: str
    body: str
    source: str


@dataclass(frozen=True)
class Peer:
    """An engine: ``build`` indexes articles in a folder and returns the seconds that took; ``open`` returns a function
    for each of the ``kinds`` of queries, the first of which is compared.
    """

    name: str
    build: Callable[[Path, Sequence[Cut]], Seconds]
    open: Callable[[Path], dict[str, Ask]]
    kinds: tuple[str, ...] = ("OR", "AND", "phrase")


class Stopwatch:
    """Measure the seconds of this process from now on."""

    def __init__(self) -> None:
        self._began = time.process_time(), time.perf_counter()

    def seconds(self) -> Seconds:
        """Return the time since the start."""
        return time.process_time() - self._began[0], time.perf_counter() - self._began[1]


def words(text: str) -> str:
    """Return the words of a text, separated by spaces."""
    return " ".join(word.text for word in analyze(text).words)


def cut(article: Article) -> Cut:
    """Return an article as words."""
    return Cut(article.id, words(article.title), words(article.body), article.source or "")


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def build_whoosh(folder: Path, articles: Sequence[Cut]) -> Seconds:
    """Build the usual Whoosh index: two TEXT fields over pyvi's words."""
    text = fields.TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=True)
    index = create_in(str(folder), fields.Schema(id=fields.ID(stored=True), title=text, body=text))
    watch = Stopwatch()
    writer = index.writer(limitmb=256)
    for article in articles:
        writer.add_document(id=article.id, title=article.title, body=article.body)
    writer.commit()
    return watch.seconds()


def recipe_rate(articles: Sequence[Article]) -> float:
    """Return the articles per second of pyvi, in a process per processor, and stock Whoosh in this one."""
    text = fields.TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=True)
    with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool() as pool:
        pool.map(segmented, articles[:20], chunksize=1)  # wait until the processes have started
        began = time.perf_counter()
        writer = create_in(folder, fields.Schema(title=text, body=text)).writer(limitmb=256)
        for title, body in pool.imap(segmented, articles, chunksize=20):
            writer.add_document(title=title, body=body)
        writer.commit()
        return len(articles) / (time.perf_counter() - began)


def segmented(article: Article) -> tuple[str, str]:
    """Return an article's title and body as pyvi itself segments them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyvi import ViTokenizer
    return ViTokenizer.tokenize(article.title), ViTokenizer.tokenize(article.body)


def open_whoosh(folder: Path) -> dict[str, Ask]:
    """Search with BM25F, both fields weighted alike."""
    searcher = open_dir(str(folder)).searcher()

    def joined(join: type[Any]) -> Ask:
        return lambda text: searcher.search(
            join([query.Or([query.Term(name, word) for name in ("title", "body")]) for word in text.split()]),
            limit=HITS,
        )

    def phrase(text: str) -> object:
        return searcher.search(query.Or([query.Phrase(name, text.split()) for name in ("title", "body")]), limit=HITS)

    return {"OR": joined(query.Or), "AND": joined(query.And), "phrase": phrase}


def build_fts(folder: Path, articles: Sequence[Cut]) -> Seconds:
    """Build a table of SQLite's FTS5."""
    base = sqlite3.connect(folder / "fts.sqlite")
    tokenizer = "unicode61 remove_diacritics 0 tokenchars '_'"
    base.execute(f"CREATE VIRTUAL TABLE a USING fts5(title, body, content='', tokenize=\"{tokenizer}\")")
    watch = Stopwatch()
    with base:
        base.executemany("INSERT INTO a (title, body) VALUES (?, ?)", ((a.title, a.body) for a in articles))
    base.close()
    return watch.seconds()


def open_fts(folder: Path) -> dict[str, Ask]:
    """Search with FTS5's bm25()."""
    base = sqlite3.connect(folder / "fts.sqlite")

    def found(wanted: str) -> object:
        return base.execute("SELECT rowid FROM a WHERE a MATCH ? ORDER BY rank LIMIT ?", (wanted, HITS)).fetchall()

    def joined(join: str) -> Ask:
        return lambda text: found(join.join(f'"{word}"' for word in text.split()))

    return {"OR": joined(" OR "), "AND": joined(" AND "), "phrase": lambda text: found(f'"{text}"')}


def build_tantivy(folder: Path, articles: Sequence[Cut]) -> Seconds:
    """Build a tantivy index through its Python binding, with one writing thread."""
    schema = tantivy.SchemaBuilder()
    for name in ("title", "body"):
        schema.add_text_field(name, tokenizer_name="whitespace")
    index = tantivy.Index(schema.build(), str(folder))
    watch = Stopwatch()
    writer = index.writer(num_threads=1)
    for article in articles:
        writer.add_document(tantivy.Document(title=article.title, body=article.body))
    writer.commit()
    writer.wait_merging_threads()
    return watch.seconds()


def open_tantivy(folder: Path) -> dict[str, Ask]:
    """Search with tantivy's query parser."""
    index = tantivy.Index.open(str(folder))
    searcher = index.searcher()

    def found(wanted: str) -> object:
        return searcher.search(index.parse_query(wanted, ["title", "body"]), HITS).hits

    def joined(join: str) -> Ask:
        return lambda text: found(join.join(f'"{word}"' for word in text.split()))

    return {"OR": joined(" OR "), "AND": joined(" AND "), "phrase": lambda text: found(f'"{text}"')}


def build_bm25s(folder: Path, articles: Sequence[Cut]) -> Seconds:
    """Build a bm25s index: precomputed scores in a sparse matrix."""
    watch = Stopwatch()
    ranker = bm25s.BM25()
    ranker.index([f"{article.title} {article.body}".split() for article in articles], show_progress=False)
    seconds = watch.seconds()
    ranker.save(str(folder))
    return seconds


def open_bm25s(folder: Path) -> dict[str, Ask]:
    """Search in memory; bm25s supports OR alone."""
    ranker = bm25s.BM25.load(str(folder))
    hits = min(HITS, ranker.scores["num_docs"])
    return {"OR": lambda text: ranker.retrieve([text.split()], k=hits, show_progress=False)}


PEERS = (
    Peer("stock Whoosh + pyvi", build_whoosh, open_whoosh),
    Peer("SQLite FTS5", build_fts, open_fts),
    Peer("tantivy", build_tantivy, open_tantivy),
    Peer("bm25s", build_bm25s, open_bm25s, ("OR",)),
)
