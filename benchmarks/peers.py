"""The engines timtin is measured beside: the same words in, the same queries, each as its own handbook has it."""

from __future__ import annotations

import gc
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bm25s
import tantivy
from whoosh import fields, query
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.index import create_in

from index.analysis import analyze
from index.article import Article

HITS = 10


@dataclass(frozen=True)
class Cut:
    """An article's words, a space between them; the syllables of a word are joined by ``_``."""

    id: str
    title: str
    body: str
    source: str


@dataclass
class Measured:
    """What one engine did: processor and clock seconds to build, bytes on disk, milliseconds by kind of query."""

    name: str
    processor: float
    clock: float
    size: int
    times: dict[str, list[float]] = field(default_factory=dict)


Ask = Callable[[str], object]


class Stopwatch:
    """Measure (processor, clock) seconds of this process from now on."""

    def __init__(self) -> None:
        self._began = time.process_time(), time.perf_counter()

    def seconds(self) -> tuple[float, float]:
        """Return what has passed."""
        return time.process_time() - self._began[0], time.perf_counter() - self._began[1]


def words(text: str) -> str:
    """Return the words of a text."""
    return " ".join(word.text for word in analyze(text).words)


def cut(article: Article) -> Cut:
    """Return an article's words."""
    return Cut(article.id, words(article.title), words(article.body), article.source or "")


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def ask_all(ask: Ask, queries: Sequence[Any]) -> list[float]:
    """Return the processor milliseconds of each query (not what other processes take), after a few to warm up.

    What was just built is on the disk first, so that the system is not busy writing it. The articles that the measuring
    itself holds are not looked through for garbage meanwhile, as no server has them.
    """
    os.sync()
    for one in queries[:20]:
        ask(one)
    gc.collect()
    gc.freeze()
    times = []
    for one in queries:
        started = time.process_time()
        ask(one)
        times.append((time.process_time() - started) * 1e3)
    return times


def stock_whoosh(folder: Path, articles: Sequence[Cut], queries: Sequence[str]) -> Measured:
    """Measure the usual recipe: two TEXT fields over pyvi's words, BM25F."""
    text = fields.TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=True)
    index = create_in(str(folder), fields.Schema(id=fields.ID(stored=True), title=text, body=text))
    watch = Stopwatch()
    writer = index.writer(limitmb=256)
    for article in articles:
        writer.add_document(id=article.id, title=article.title, body=article.body)
    writer.commit()
    measured = Measured("stock Whoosh + pyvi", *watch.seconds(), size_of(folder))
    with index.searcher() as searcher:

        def joined(join: type[Any]) -> Ask:
            return lambda text: searcher.search(
                join([query.Or([query.Term(name, word) for name in ("title", "body")]) for word in text.split()]),
                limit=HITS,
            )

        def phrase(text: str) -> object:
            return searcher.search(
                query.Or([query.Phrase(name, text.split()) for name in ("title", "body")]), limit=HITS
            )

        measured.times["OR"] = ask_all(joined(query.Or), queries)
        measured.times["AND"] = ask_all(joined(query.And), queries)
        measured.times["phrase"] = ask_all(phrase, queries)
    return measured


def sqlite_fts(folder: Path, articles: Sequence[Cut], queries: Sequence[str]) -> Measured:
    """Measure SQLite's FTS5, ranked by its bm25()."""
    base = sqlite3.connect(folder / "fts.sqlite")
    tokenizer = "unicode61 remove_diacritics 0 tokenchars '_'"
    base.execute(f"CREATE VIRTUAL TABLE a USING fts5(title, body, content='', tokenize=\"{tokenizer}\")")
    watch = Stopwatch()
    with base:
        base.executemany("INSERT INTO a (title, body) VALUES (?, ?)", ((a.title, a.body) for a in articles))
    measured = Measured("SQLite FTS5", *watch.seconds(), size_of(folder))

    def joined(join: str) -> Ask:
        def ask(text: str) -> object:
            quoted = join.join(f'"{word}"' for word in text.split())
            return base.execute("SELECT rowid FROM a WHERE a MATCH ? ORDER BY rank LIMIT ?", (quoted, HITS)).fetchall()

        return ask

    def phrase(text: str) -> object:
        return base.execute("SELECT rowid FROM a WHERE a MATCH ? ORDER BY rank LIMIT ?", (f'"{text}"', HITS)).fetchall()

    measured.times["OR"] = ask_all(joined(" OR "), queries)
    measured.times["AND"] = ask_all(joined(" AND "), queries)
    measured.times["phrase"] = ask_all(phrase, queries)
    base.close()
    return measured


def tantivy_rust(folder: Path, articles: Sequence[Cut], queries: Sequence[str]) -> Measured:
    """Measure the Rust engine, through its Python binding, one thread writing."""
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
    measured = Measured("tantivy", *watch.seconds(), size_of(folder))
    index.reload()
    searcher = index.searcher()

    def joined(join: str) -> Ask:
        def ask(text: str) -> object:
            quoted = join.join(f'"{word}"' for word in text.split())
            return searcher.search(index.parse_query(quoted, ["title", "body"]), HITS).hits

        return ask

    def phrase(text: str) -> object:
        return searcher.search(index.parse_query(f'"{text}"', ["title", "body"]), HITS).hits

    measured.times["OR"] = ask_all(joined(" OR "), queries)
    measured.times["AND"] = ask_all(joined(" AND "), queries)
    measured.times["phrase"] = ask_all(phrase, queries)
    return measured


def bm25s_numpy(folder: Path, articles: Sequence[Cut], queries: Sequence[str]) -> Measured:
    """Measure bm25s: ready scores in a sparse matrix, in memory; it knows OR alone."""
    watch = Stopwatch()
    ranker = bm25s.BM25()
    ranker.index([f"{article.title} {article.body}".split() for article in articles], show_progress=False)
    seconds = watch.seconds()
    ranker.save(str(folder))
    measured = Measured("bm25s", *seconds, size_of(folder))

    def ask(text: str) -> object:
        return ranker.retrieve([text.split()], k=min(HITS, len(articles)), show_progress=False)

    measured.times["OR"] = ask_all(ask, queries)
    return measured
