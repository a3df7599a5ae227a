"""Judged queries, and measures of how well an engine answers them.

An evaluation set is a folder with ``docs.jsonl`` (articles), ``queries.jsonl`` (id, text) and ``qrels.tsv`` (query,
article, grade; tab-separated). ir-measures computes the measures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ir_measures
from ir_measures import RR, R, nDCG

from index.analysis.normalization import fold, normalize
from index.errors import UnreadableFileError
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse

MEASURES = {"MRR@10": RR @ 10, "nDCG@10": nDCG @ 10, "recall@10": R @ 10, "recall@100": R @ 100}
_DEPTH = 100


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query and the grade of each article judged for it, by article id."""

    id: str
    text: str
    grades: dict[str, int]


def read_queries(folder: Path) -> list[JudgedQuery]:
    """Read the judged queries of an evaluation set. Raises UnreadableFileError if ``folder`` is not one."""
    try:
        grades: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
            query, article, grade = line.split("\t")
            grades.setdefault(query, {})[article] = int(grade)
        rows = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
        return [JudgedQuery(row["id"], row["text"], grades[row["id"]]) for row in rows if row["id"] in grades]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError(
            f"{folder} is not an evaluation set: {error}; it needs docs.jsonl, queries.jsonl and qrels.tsv"
        ) from error


def without_accents(text: str) -> str:
    """Return a query as someone types it without accents."""
    return fold(normalize(text).text)


def measure(
    archive: Archive, queries: Sequence[JudgedQuery], change: Callable[[str], str] = lambda text: text
) -> dict[str, float]:
    """Run every query, changed by ``change``, on ``archive`` and return the mean of each measure."""
    found = []
    for query in queries:
        request = Request(archive.expand(parse(change(query.text))), size=_DEPTH)
        found.append([hit.id for hit in archive.engine.retrieve(request).hits])
    return measures_of(queries, found)


def measures_of(queries: Sequence[JudgedQuery], found: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the mean of each measure; ``found`` has for each query the ids of its articles, the best first."""
    run = {
        # score by rank, so that ir-measures cannot reorder hits with equal scores
        query.id: {id: float(len(ids) - rank) for rank, id in enumerate(ids)}
        for query, ids in zip(queries, found, strict=True)
    }
    grades = {query.id: query.grades for query in queries}
    values = ir_measures.calc_aggregate(list(MEASURES.values()), grades, run)
    return {name: float(values[of]) for name, of in MEASURES.items()}
