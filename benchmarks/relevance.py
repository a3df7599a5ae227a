"""Ranking compared with plain BM25 over syllables and over pyvi's words. ``python -m benchmarks.relevance [SET ...]``

The figure is MRR@10 of each set's first 400 queries. The plain rankers are bm25s (k1 1.2, b 0.75) over lower-case
syllables and over pyvi's words. Each ranker answers the queries as written and without accents; timtin also in
decomposed Unicode (NFD) and with the tone marks on the other vowel (``hoà`` for ``hòa``).
"""

from __future__ import annotations

import json
import lzma
import re
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bm25s
import ir_measures
from ir_measures import RR

from benchmarks.data import data, rows
from index.analysis.analyzer import analyze
from index.article import article_from
from search.archive import ArchiveConfig, open_archive
from search.relevance import JudgedQuery, measure, read_queries, without_accents
from search.runtime.index_follower import bring_in_sync

SETS = ("xquad_vi", "mlqa_vi_dev", "mailong_wiki_qa", "tuoitre_titles")
QUERIES = 400
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_OPEN_RIME = re.compile(
    rf"(?<![qQ])([oO](?=[{_TONES}]?[aAeE])|[uU](?=[{_TONES}]?[yY]))([{_TONES}]?)([aAeEyY])([{_TONES}]?)(?![\w{_TONES}])"
)

Change = Callable[[str], str]


def as_written(text: str) -> str:
    """Return the text unchanged."""
    return text


def decomposed(text: str) -> str:
    """Return the text in decomposed Unicode."""
    return unicodedata.normalize("NFD", text)


def other_tone_marks(text: str) -> str:
    """Return the text with the tone of oa, oe and uy on the other vowel: ``hoà`` for ``hòa``, and back."""

    def swapped(match: re.Match[str]) -> str:
        first, on_first, second, on_second = match.groups()
        return f"{first}{on_second}{second}{on_first}"

    return unicodedata.normalize("NFC", _OPEN_RIME.sub(swapped, decomposed(text)))


def articles_of(name: str) -> list[dict[str, Any]]:
    """Return the articles of a set; those of vietnews_titles are the news articles without their titles."""
    if name != "vietnews_titles":
        return rows("relevance", name, "docs.jsonl")
    with lzma.open(data("vietnews-50k.jsonl.xz"), "rt", encoding="utf-8") as file:
        return [{**json.loads(line), "title": ""} for line in file]


def syllables(text: str) -> list[str]:
    """Return the lower-case syllables of a text, as a standard analyzer cuts them."""
    tokens = analyze(text).tokens
    return [tokens.written(at).lower() for at in range(len(tokens))]


def words(text: str) -> list[str]:
    """Return the lower-case words of a text, as pyvi segments it."""
    return list(analyze(text).word_texts)


def plain_mrr(
    articles: Sequence[dict[str, Any]], queries: list[JudgedQuery], cut: Callable[[str], list[str]]
) -> list[float]:
    """Return MRR@10 of plain BM25 for the queries as written and without accents."""
    texts = [cut(f"{article.get('title') or ''}\n{article['body']}") for article in articles]
    ranker = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    ranker.index(texts, show_progress=False)
    ids = [article["id"] for article in articles]
    results = []
    for change in (as_written, without_accents):
        asked = [cut(change(query.text)) or ["_"] for query in queries]
        found, scores = ranker.retrieve(asked, k=min(10, len(ids)), show_progress=False)
        run = {
            query.id: {
                ids[n]: 100.0 - rank for rank, (n, score) in enumerate(zip(row, values, strict=True)) if score > 0
            }
            for query, row, values in zip(queries, found, scores, strict=True)
        }
        grades = {query.id: query.grades for query in queries}
        results.append(float(ir_measures.calc_aggregate([RR @ 10], grades, run)[RR @ 10]))
    return results


def our_mrr(articles: Sequence[dict[str, Any]], queries: list[JudgedQuery]) -> list[float]:
    """Return MRR@10 of timtin for each way to write the queries."""
    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(ArchiveConfig(Path(folder)))
        archive.store.put([article_from(article) for article in articles])
        bring_in_sync(archive, wait=10)
        changes: tuple[Change, ...] = (as_written, without_accents, decomposed, other_tone_marks)
        values = [measure(archive, queries, change)["MRR@10"] for change in changes]
        archive.close()
    return values


def main() -> None:
    """Print the table."""
    sets = sys.argv[1:] or SETS
    heads = ("syllables", "bare", "pyvi words", "bare", "timtin", "bare", "NFD", "other tone")
    print(f"{'MRR@10':16}" + "".join(f"{head:>11}" for head in heads))
    table: list[list[float]] = []
    for name in sets:
        articles, queries = articles_of(name), read_queries(data("relevance", name))[:QUERIES]
        plain = [*plain_mrr(articles, queries, syllables), *plain_mrr(articles, queries, words)]
        table.append([*plain, *our_mrr(articles, queries)])
        _print_row(name, table[-1])
    if len(table) > 1:
        _print_row("mean", [sum(column) / len(table) for column in zip(*table, strict=True)])


def _print_row(name: str, values: Sequence[float]) -> None:
    print(f"{name:16}" + "".join(f"{value:>11.3f}" for value in values), flush=True)


if __name__ == "__main__":
    main()
