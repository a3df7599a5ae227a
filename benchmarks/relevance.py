"""Ranking beside plain BM25 over syllables and over pyvi's words. ``python -m benchmarks.relevance [SET ...]``

Each set's first 400 queries, as written and without accents; the figure is MRR@10. The plain rankers are bm25s
(k1 1.2, b 0.75) over lower-cased syllables and over pyvi's words.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import bm25s
import ir_measures
from ir_measures import RR

from benchmarks.data import data, rows
from index.analysis import analyze
from index.article import article_from
from index.datafolder import open_data_folder
from search.measures import JudgedQuery, measure, read_queries, without_accents
from search.whoosh_engine import WhooshEngine

SETS = ("xquad_vi", "mlqa_vi_dev", "mailong_wiki_qa", "tuoitre_titles")
QUERIES = 400


def syllables(text: str) -> list[str]:
    """Return the lower-cased syllables of a text, as a standard analyzer cuts them."""
    tokens = analyze(text).tokens
    return [tokens.written(at).lower() for at in range(len(tokens))]


def words(text: str) -> list[str]:
    """Return the lower-cased words pyvi cuts."""
    analysis = analyze(text)
    return [word.text for word in analysis.words]


def plain_mrr(articles: list[dict[str, str]], queries: list[JudgedQuery], cut: object) -> tuple[float, float]:
    """Return MRR@10 of plain BM25 for the queries as written and without accents."""
    assert callable(cut)
    texts = [cut(f"{article.get('title') or ''}\n{article['body']}") for article in articles]
    ranker = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    ranker.index(texts, show_progress=False)
    ids = [article["id"] for article in articles]
    results = []
    for change in (lambda text: text, without_accents):
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
    return results[0], results[1]


def our_mrr(articles: list[dict[str, str]], queries: list[JudgedQuery]) -> tuple[float, float]:
    """Return MRR@10 of the whole engine for the queries as written and without accents."""
    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(open_data_folder(Path(folder)))
        engine.add([article_from(article) for article in articles])
        engine.commit(wait=10)
        values = [measure(engine, queries, change)["MRR@10"] for change in (lambda text: text, without_accents)]
        engine.close()
    return values[0], values[1]


def main() -> None:
    """Print the table."""
    sets = sys.argv[1:] or SETS
    sums: dict[str, list[float]] = {}
    print(f"{'MRR@10 accented / unaccented':28} {'syllables':>15} {'pyvi words':>15} {'timtin':>15}")
    for name in sets:
        articles, queries = rows("relevance", name, "docs.jsonl"), read_queries(data("relevance", name))[:QUERIES]
        figures = {
            "syllables": plain_mrr(articles, queries, syllables),
            "words": plain_mrr(articles, queries, words),
            "timtin": our_mrr(articles, queries),
        }
        print(
            f"{name:28} " + " ".join(f"  {accented:.3f} / {bare:.3f}" for accented, bare in figures.values()),
            flush=True,
        )
        for ranker, pair in figures.items():
            sums[ranker] = [a + b for a, b in zip(sums.get(ranker, [0.0, 0.0]), pair, strict=True)]
    means = [(accented / len(sets), bare / len(sets)) for accented, bare in sums.values()]
    print(f"{'mean':28} " + " ".join(f"  {accented:.3f} / {bare:.3f}" for accented, bare in means))


if __name__ == "__main__":
    main()
