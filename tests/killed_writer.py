"""Write articles in every possible way until killed.

Run it as ``python -m tests.killed_writer DATA SEED MOST``; MOST is the phase to run most often. Each step is announced
before it begins, ``begin PHASE {id: version}``, and acknowledged once its caller would know that it is done, ``done``.
A version of None is a deletion.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from index.article import Article
from index.directory.data_folder import open_data_folder
from index.store.articles import SqliteArticleStore
from index.writer import builder, indexer
from index.writer.indexer import Indexer

IDS = 150
BULK = 40
_TEXT = "hội nhập quốc tế nông dân miền tây lúa gạo giá tăng đường sắt cao tốc dự án nghị quyết chính phủ"
SYLLABLES = _TEXT.split()


def text(id: str, version: int) -> str:
    """Return the text of article ``id`` at ``version``."""
    chosen = random.Random(f"{id} {version}")
    return f"bản {version} của {id}: " + " ".join(chosen.choices(SYLLABLES, k=chosen.randint(5, 60)))


def main(data: Path, seed: str, most: str) -> None:
    chosen = random.Random(seed)
    folder = open_data_folder(data)
    store = SqliteArticleStore(folder.store)
    index = Indexer(folder, store)
    versions = iter(range(int(seed.rpartition(" ")[2]) * 1_000_000, sys.maxsize))
    merge = builder.merge
    indexer._MANY = sys.maxsize  # without worker processes, which take a second to start

    def announced_merge(segments: Any, live: Any, between: Any = None) -> Any:
        if between is not None:  # else it merges the parts of one batch, in memory
            _say("begin merge {}")
        return merge(segments, live, between)

    def write(count: int) -> dict[str, int | None]:
        return {f"bài-{number}": next(versions) for number in chosen.sample(range(IDS), count)}

    def put(some: dict[str, int | None]) -> None:
        store.put([Article(id=id, body=text(id, version)) for id, version in some.items() if version is not None])

    def delete(some: dict[str, int | None]) -> None:
        store.delete(list(some))

    builder.merge = announced_merge
    _say("begin start {}")
    index.catch_up(wait=5)
    problems = store.problems() or index.problems()
    if problems:
        _say(f"wrong {json.dumps(problems)}")
        return
    while True:
        steps: list[tuple[str, dict[str, int | None], Callable[[dict[str, int | None]], object]]] = [
            ("single", write(1), put),
            ("single", dict.fromkeys(write(2)), delete),
            ("bulk", write(BULK), put),
            ("rebuild", {}, lambda _: index.rebuild(wait=5)),
            ("checkpoint", {}, lambda _: store.database.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")),
        ]
        weights = [weight * (20 if step[0] == most else 1) for weight, step in zip((8, 2, 3, 1, 2), steps, strict=True)]
        phase, some, step = chosen.choices(steps, weights)[0]
        _say(f"begin {phase} {json.dumps(some)}")
        step(some)
        _say("done")
        _say("begin commit {}")
        index.catch_up(wait=5)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
