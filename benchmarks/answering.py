"""Where the time of a whole answer goes. ``python -m benchmarks.answering DATA [QUERIES]``

DATA is a data folder with an index. Queries are those of ``benchmarks.serving``. Prints processor milliseconds an
answer, from text to hits with marks, by stage, without nested stages: first never asked before, then again.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import search.rendering
import search.service
from benchmarks.evaluation import seconds, timed
from benchmarks.serving import unasked
from index.store.articles import SqliteArticleStore
from search.archive import Archive, ArchiveConfig, open_archive
from search.engines.embedded.engine import EmbeddedEngine
from search.parameters import SearchParameters
from search.snippets.highlighter import Highlighter
from search.snippets.reasons import ReasonFinder

_WARM = 50
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("parsing and expansion", Archive, "understand"),
    ("retrieval", EmbeddedEngine, "retrieve"),
    ("fetching articles", SqliteArticleStore, "get_many"),
    ("what to mark", Highlighter, "__init__"),
    ("marks", Highlighter, "marks_of"),
    ("passages", search.rendering, "fragments_of"),
    ("whether sentences are cut", search.rendering, "cut_sides"),
    ("reasons", ReasonFinder, "reasons"),
    ("HTML", search.rendering, "render"),
    ("correction", search.service, "correct"),
    ("the rest of rendering", search.service, "rendered"),
    ("the rest", search.service, "search"),
)


def main() -> None:
    """Print the table."""
    data, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    queries = unasked(data, [])
    archive = open_archive(ArchiveConfig(data))
    for query in queries[-_WARM:]:
        search.service.search(archive, SearchParameters(q=query))
    gc.collect()
    gc.freeze()
    for name, owner, function in STAGES:
        setattr(owner, function, timed(name, getattr(owner, function)))
    turns: list[tuple[float, Counter[str]]] = []
    for _ in range(2):
        seconds.clear()
        started = time.process_time()
        for query in queries[:count]:
            search.service.search(archive, SearchParameters(q=query))
        turns.append((time.process_time() - started, seconds.copy()))
    print(f"{'':28}{'first':>14}{'again':>14}")
    print(f"{'an answer':28}" + "".join(f"{whole / count * 1e3:14.3f}" for whole, _ in turns))
    for name, *_ in STAGES:
        print(f"{name:28}" + "".join(f"{stages[name] / count * 1e3:14.3f}" for _, stages in turns))


if __name__ == "__main__":
    main()
