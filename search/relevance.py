"""Judged queries and how well an engine answers them.

A set is a folder: ``docs.jsonl`` (articles), ``queries.jsonl`` (id, text), ``qrels.tsv`` (query, article, grade,
by tabs). The measures are computed by ir-measures.
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
    """A query and the grades of the articles judged for it."""

    id: str
    text: str
    grades: dict[str, int]


def read_queries(folder: Path) -> list[JudgedQuery]:
    """Read the queries of a set that have a judgement. Raises UnreadableFileError for a folder that is no set."""
    try:
        grades: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
            query, article, grade = line.split("\t")
            grades.setdefault(query, {})[article] = int(grade)
        rows = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
        return [JudgedQuery(row["id"], row["text"], grades[row["id"]]) for row in rows if row["id"] in grades]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError(
            f"{folder} is no evaluation set: {error}; it needs docs.jsonl, queries.jsonl and qrels.tsv"
        ) from error


def without_accents(text: str) -> str:
    """Return the query as a reader types it who leaves the accents out."""
    return fold(normalize(text).text)


def measure(
    archive: Archive, queries: Sequence[JudgedQuery], change: Callable[[str], str] = lambda text: text
) -> dict[str, float]:
    """Ask ``archive`` every query, changed by ``change``, and return the mean of each measure."""
    run: dict[str, dict[str, float]] = {}
    for query in queries:
        hits = archive.engine.retrieve(Request(archive.expand(parse(change(query.text))), size=_DEPTH)).hits
        # the order of hits is the answer: equal scores must not be broken another way
        run[query.id] = {hit.id: float(_DEPTH - rank) for rank, hit in enumerate(hits)}
    grades = {query.id: query.grades for query in queries}
    values = ir_measures.calc_aggregate(list(MEASURES.values()), grades, run)
    return {name: float(values[of]) for name, of in MEASURES.items()}
