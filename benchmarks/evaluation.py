"""Where query time goes. ``python -m benchmarks.evaluation DATA [QUERIES]``

DATA is a data folder with an index. Queries are one to four words of titles of the news archive. Prints processor
milliseconds per query, by stage, without nested stages: first with terms never looked up before, then again.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import search.engines.embedded.engine
import search.engines.embedded.retrieval
import search.matching.doc_masks
import search.matching.evaluator
from benchmarks.asking import spread
from benchmarks.engines import read_articles, title_queries
from index.kernels.library import kernels
from search.archive import ArchiveConfig, open_archive
from search.engine import Request
from search.engines.embedded.newest import NewestIndex
from search.engines.embedded.ordering import Ordering
from search.kernels.impacts import CompiledImpacts
from search.matching.evaluator import Evaluator
from search.matching.term_sets import TermSets
from search.query.parser import parse
from search.ranking.impacts import TermImpacts
from search.ranking.maxscore import MaxScoreScorer

IMPACTS = TermImpacts if kernels() is None else CompiledImpacts
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("is there a newer index", NewestIndex, "get"),
    ("analysis of the query", search.matching.evaluator, "typed_analysis"),
    ("which articles have a term", IMPACTS, "docs_with_term"),
    ("words of several syllables", IMPACTS, "with_row"),
    ("doc masks of the words", TermSets, "words"),
    ("enough of the query's idf", search.matching.doc_masks, "weight_sums"),
    ("the weights of terms", Evaluator, "_weighted_terms"),
    ("the rest of matching", Evaluator, "run"),
    ("which may come first", MaxScoreScorer, "_candidates"),
    ("their scores", IMPACTS, "add"),
    ("proximity", IMPACTS, "nearness"),
    ("the rest of ranking", MaxScoreScorer, "__init__"),
    ("choosing the hits", Ordering, "places"),
    ("the rest", search.engines.embedded.engine, "retrieve"),
)
seconds: Counter[str] = Counter()
_inside = [0.0]
assert all(hasattr(owner, function) for _, owner, function in STAGES)


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function``, wrapped to add its time to the stage ``name``."""

    def measured(*arguments: Any, **more: Any) -> Any:
        _inside.append(0.0)
        started = time.process_time()
        result = function(*arguments, **more)
        took = time.process_time() - started
        seconds[name] += took - _inside.pop()
        _inside[-1] += took
        return result

    return measured


def main() -> None:
    """Print the table."""
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    archive = open_archive(ArchiveConfig(Path(sys.argv[1])))
    requests = [Request(archive.expand(parse(text))) for text in title_queries(read_articles(2000), count)]
    for name, owner, function in STAGES:
        setattr(owner, function, timed(name, getattr(owner, function)))
    turns: list[tuple[str, Counter[str]]] = []
    for _ in range(2):
        seconds.clear()
        times = []
        for request in requests:
            started = time.process_time()
            archive.engine.retrieve(request)
            times.append((time.process_time() - started) * 1e3)
        turns.append((spread(times), seconds.copy()))
    print(f"{'':28}{'first':>14}{'again':>14}")
    print(f"{'a query, p50 / p95':28}" + "".join(f"{whole:>14}" for whole, _ in turns))
    for name, *_ in STAGES:
        print(f"{name:28}" + "".join(f"{stages[name] / count * 1e3:14.3f}" for _, stages in turns))


if __name__ == "__main__":
    main()
