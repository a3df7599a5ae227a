"""Where build time goes. ``python -m benchmarks.building [ARTICLES]``

Processor milliseconds per article, by stage. Stages down to *passing on* run in worker processes, the rest in the
process that writes. *Of chunks met before* analyses the same articles once more.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.engines import read_articles
from index.analysis.batch import BatchAnalyzer
from index.article import searchable_body
from index.segments.merging import merge
from index.segments.schema import NumberedArticle
from index.segments.segment import Segment, read_segment, write_segment
from index.writer.builder import CHUNK_ARTICLES
from index.writer.inversion import invert

seconds: Counter[str] = Counter()


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the processor time of the block to the stage ``name``."""
    started = time.process_time()
    yield
    seconds[name] += time.process_time() - started


def main() -> None:
    """Print the table."""
    articles = read_articles(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    chunks = [
        [NumberedArticle(number, article) for number, article in enumerate(articles[at : at + CHUNK_ARTICLES], at)]
        for at in range(0, len(articles), CHUNK_ARTICLES)
    ]
    invert(chunks[0][:1])
    analyzer = BatchAnalyzer()
    segments: list[Segment] = []
    for name in ("analysis", "of chunks met before"):
        for chunk in chunks:
            with stage(name):
                analyzer.analyze([article.title for _, article in chunk])
                analyzer.analyze([searchable_body(article) for _, article in chunk])
    for chunk in chunks:
        with stage("all"):
            segment = invert(chunk)
        with stage("passing on"):
            segments.append(pickle.loads(pickle.dumps(segment, pickle.HIGHEST_PROTOCOL)))
    whole = merge(segments, [None] * len(segments))
    with tempfile.TemporaryDirectory() as folder:  # fields are merged as they are written
        with stage("merging chunks and writing"):
            write_segment(Path(folder), "segment", whole)
        tier = merge([read_segment(Path(folder), "segment", whole.count)] * 4, [None] * 4)
        with stage("merging a tier"):
            write_segment(Path(folder), "tier", tier)
    seconds["inversion and terms"] = seconds["all"] - seconds["analysis"]
    seconds["merging a tier"] /= 4
    for name in (
        "analysis",
        "of chunks met before",
        "inversion and terms",
        "passing on",
        "merging chunks and writing",
        "merging a tier",
    ):
        print(f"{name:26} {seconds[name] / len(articles) * 1e3:6.2f} ms an article")


if __name__ == "__main__":
    main()
