"""An archive that grows: ``python -m benchmarks.growth [--stages 10000 50000 200000 1000000] [--folder FOLDER]``

From the 50,001st on, an article is made up: as many sentences as a real one has, each from an article taken at random,
so that terms and lengths are real and none is a near-copy. New words no longer arrive, which real news always brings.
At each stage ``timtin index`` reads the further articles; then the archive is asked and served. Prints a table, and
draws it in ``docs/growth.svg``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.asking import Index, ask_in_turn, tail
from benchmarks.engines import opened, read_articles, title_queries
from benchmarks.peers import size_of
from benchmarks.serving import resident, server

REAL = 50_000
STAGES = (10_000, 50_000, 200_000, 1_000_000)
QUERIES = 300
PICTURE = Path(__file__).parent.parent / "docs" / "growth.svg"
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_COLORS = ("#a11", "#171", "#850")


@dataclass(frozen=True)
class Stage:
    """What was measured at one size: rate a second by the clock, megabytes, processor milliseconds a query."""

    articles: int
    rate: float
    indexing_megabytes: int
    disk_megabytes: float
    p50: float
    p95: float
    again_p50: float
    again_p95: float
    start_seconds: float
    own_megabytes: int
    mapped_megabytes: int


def rows() -> Iterator[dict[str, Any]]:
    """Yield articles without end, the real ones first."""
    real = read_articles(REAL)
    for article in real:
        yield article.model_dump(exclude_defaults=True)
    sentences = [sentence for article in real for sentence in _SENTENCE.split(article.body)]
    chance = random.Random(5)
    while True:
        model = real[chance.randrange(REAL)]
        yield {
            "id": f"made-up-{chance.getrandbits(64):x}",
            "title": real[chance.randrange(REAL)].title,
            "body": " ".join(chance.choice(sentences) for _ in _SENTENCE.split(model.body)),
            "published": model.published,
            "source": model.source,
        }


def index(data: Path, articles: Iterator[dict[str, Any]], count: int) -> tuple[float, int]:
    """Index the next ``count`` articles; return the seconds, and the most memory of all processes in megabytes."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in itertools.islice(articles, count))
        file.flush()
        command = [sys.executable, "-m", "web.cli", "index", "--data", str(data), file.name]
        started, peak = time.monotonic(), 0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None:
                peak = max(peak, sum(resident(process).values()))
                time.sleep(0.25)
        if process.returncode:
            sys.exit(f"indexing {count} articles failed")
        return time.monotonic() - started, peak


def measured(data: Path, articles: Iterator[dict[str, Any]], before: int, upto: int, queries: Sequence[str]) -> Stage:
    """Let the archive grow from ``before`` to ``upto`` articles and measure it."""
    seconds, peak = index(data, articles, upto - before)
    again = {"default": queries, "phrase": queries}  # both kinds ask what they are given, the second knows the terms
    asked = Index("timtin", data, opened, (0.0, 0.0), 0, again)
    ask_in_turn([asked])
    with server(data, "/api/v1/search?q=a") as (_, process, start):
        held = resident(process)
    first, second = asked.times["default"], asked.times["phrase"]
    return Stage(
        upto,
        (upto - before) / seconds,
        peak,
        size_of(data) / 1e6,
        statistics.median(first),
        tail(first),
        statistics.median(second),
        tail(second),
        start,
        held["own"],
        held["mapped"],
    )


def picture(stages: Sequence[Stage]) -> str:
    """Return a drawing: each figure as a multiple of that of the first stage, over the articles, both logarithmic."""
    names = {"p95": "p95 of a query", "disk_megabytes": "bytes on disk", "own_megabytes": "memory of a server"}
    width, height, left = 640, 360, 60
    most = max(getattr(stage, name) / getattr(stages[0], name) for stage in stages for name in names)
    growth = stages[-1].articles / stages[0].articles

    def place(articles: float, times: float) -> str:
        across = left + (width - left - 190) * math.log(articles / stages[0].articles) / math.log(growth)
        return f"{across:.0f},{height - 40 - (height - 80) * max(0.0, math.log(times)) / math.log(most):.0f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        ' font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for stage in stages:
        at = place(stage.articles, 1)
        x, y = at.split(",")
        parts.append(f'<text x="{x}" y="{int(y) + 24}" text-anchor="middle">{stage.articles:,}</text>')
    for color, name in zip(_COLORS, names, strict=True):
        points = [place(stage.articles, getattr(stage, name) / getattr(stages[0], name)) for stage in stages]
        x, y = points[-1].split(",")
        last = getattr(stages[-1], name) / getattr(stages[0], name)
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<text x="{int(x) + 6}" y="{y}" fill="{color}">{names[name]} × {last:.1f}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Print a line for each stage, and draw the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="Measure an archive as it grows.")
    parser.add_argument("--stages", type=int, nargs="+", default=STAGES, help="numbers of articles, ascending")
    parser.add_argument("--folder", type=Path, help="keep the archive here; it must be empty")
    options = parser.parse_args()
    queries = title_queries(read_articles(REAL), QUERIES)
    print("articles   rate/s  MB to index  MB disk  ms first p50/p95  ms again p50/p95  start s  MB own  MB mapped")
    with tempfile.TemporaryDirectory() as name:
        data, articles = options.folder or Path(name, "data"), rows()
        stages: list[Stage] = []
        for before, upto in itertools.pairwise((0, *options.stages)):
            one = measured(data, articles, before, upto, queries)
            stages.append(one)
            print(
                f"{one.articles:8} {one.rate:8.0f} {one.indexing_megabytes:12} {one.disk_megabytes:8.0f}"
                f" {one.p50:9.2f} /{one.p95:6.2f} {one.again_p50:9.2f} /{one.again_p95:6.2f} {one.start_seconds:8.1f}"
                f" {one.own_megabytes:7} {one.mapped_megabytes:10}",
                flush=True,
            )
    PICTURE.write_text(picture(stages), "utf-8")


if __name__ == "__main__":
    main()
