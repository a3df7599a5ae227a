"""Where the time of building goes. ``python -m benchmarks.building [ARTICLES]``

Processor milliseconds an article, by stage; the first three are done in worker processes, the others in the process
that writes.
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
from index.analysis import analyze
from index.inversion import invert
from index.merging import merge
from index.schema import document, make_schema, searchable_body
from index.segment import Segment, read_segment, write_segment

CHUNK = 50
seconds: Counter[str] = Counter()


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the processor time of what is done inside."""
    started = time.process_time()
    yield
    seconds[name] += time.process_time() - started


def main() -> None:
    """Print the table."""
    articles = read_articles(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    schema = make_schema()
    document(articles[0], 0)
    segments: list[Segment] = []
    for at in range(0, len(articles), CHUNK):
        chunk = articles[at : at + CHUNK]
        with stage("analysis"):
            for article in chunk:
                analyze(article.title)
                analyze(searchable_body(article))
        with stage("analysis and terms"):
            documents = [document(article, number) for number, article in enumerate(chunk)]
        with stage("inversion"):
            segment = invert(documents, schema)
        with stage("passing on"):
            segments.append(pickle.loads(pickle.dumps(segment, pickle.HIGHEST_PROTOCOL)))
    whole = merge(segments, [None] * len(segments))
    with tempfile.TemporaryDirectory() as folder:  # fields are merged as they are written
        with stage("merging chunks and writing"):
            write_segment(Path(folder), "segment", whole)
        tier = merge([read_segment(Path(folder), "segment", whole.count)] * 4, [None] * 4)
        with stage("merging four segments of this size"):
            write_segment(Path(folder), "tier", tier)
    seconds["terms"] = seconds.pop("analysis and terms") - seconds["analysis"]
    seconds["merging four segments of this size"] /= 4
    for name in ("analysis", "terms", "inversion", "passing on", "merging chunks and writing"):
        print(f"{name:26} {seconds[name] / len(articles) * 1e3:6.2f} ms an article")
    name = "merging four segments of this size"
    print(f"{'merging a tier':26} {seconds[name] / len(articles) * 1e3:6.2f} ms an article and tier")


if __name__ == "__main__":
    main()
