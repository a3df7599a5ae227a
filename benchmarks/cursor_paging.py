"""Page through a large archive by cursors while articles are written: what comes, how long pages take.

    python -m benchmarks.cursor_paging [--articles 50000] [--size 100] [--folder FOLDER]

A writer adds, replaces and deletes articles all the time. The first articles are there throughout, though half of what
is written replaces some of them: each must come exactly once.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

from index.article import Article
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import search

_TEXT = "giá lúa gạo nông dân vụ mùa ngô khoai sắn nước sông đồng bằng miền tây thành phố chợ hàng xe đường"
_WORDS = _TEXT.split()
_AT_ONCE = 5000
ORDERS = ("newest", "source:asc,published:desc", "id:asc")


def article(number: int, random: Random, id: str) -> Article:
    """Return an article; most have a date and a source."""
    day = f"20{number % 25:02}-{1 + number % 12:02}-{1 + number % 28:02}" if number % 7 else None
    words = " ".join(random.choices(_WORDS, k=24))
    return Article(id=id, title=f"Tin {number}", body=f"lúa {words}", published=day, source=f"Báo {number % 31}")


def fill(archive: Archive, articles: int) -> None:
    """Store and index the articles that are there throughout."""
    random = Random(0)
    for first in range(0, articles, _AT_ONCE):
        some = range(first, min(articles, first + _AT_ONCE))
        archive.store.put([article(number, random, f"k{number}") for number in some])
    bring_in_sync(archive)


def write(archive: Archive, articles: int, stop: threading.Event, written: Counter[str]) -> None:
    """Add two articles, replace two of those that stay with new texts, delete one of the added ones; index; again."""
    random = Random(1)
    for step in count():
        if stop.is_set():
            return
        stays = [random.randrange(articles) for _ in range(2)]
        added = [article(random.randrange(articles), random, f"n{step}-{n}") for n in range(2)]
        archive.store.put([*added, *(article(number, random, f"k{number}") for number in stays)])
        if step % 2:
            archive.store.delete([f"n{step - 1}-0"])
        bring_in_sync(archive)
        written["articles"] += 4
        written["commits"] += 1


def pages(archive: Archive, sort: str, size: int) -> Iterator[tuple[list[str], float]]:
    """Yield the ids of each page, and how many milliseconds it took."""
    cursor: str | None = "*"
    while cursor is not None:
        began = time.perf_counter()
        answer = search(archive, SearchParameters(q="lúa", sort=sort, size=size, cursor=cursor, fragments=0))  # type: ignore[arg-type]
        yield [hit.article.id for hit in answer.hits], (time.perf_counter() - began) * 1000
        cursor = answer.next_cursor


def main() -> None:
    """Build an archive, page through it in several orders, and print what came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        archive = open_archive(ArchiveConfig((asked.folder or Path(made)) / "data"))
        if archive.store.count() < asked.articles:
            fill(archive, asked.articles)
        stop, written = threading.Event(), Counter[str]()
        writer = threading.Thread(target=write, args=(archive, asked.articles, stop, written))
        writer.start()
        for sort in ORDERS:
            before = Counter(written)
            seen: Counter[str] = Counter()
            times = []
            for ids, taken in pages(archive, sort, asked.size):
                seen.update(ids)
                times.append(taken)
            twice = sum(times_seen > 1 for times_seen in seen.values())
            missing = sum(f"k{number}" not in seen for number in range(asked.articles))
            fifth = max(1, len(times) // 5)
            middle = sorted(times)[len(times) // 2]
            first, last = (sorted(some)[len(some) // 2] for some in (times[:fifth], times[-fifth:]))
            commits = written["commits"] - before["commits"]
            print(
                f"{sort}: {len(times)} pages, {len(seen):,} articles, {twice} twice, {missing} left out;"
                f" {middle:.0f} ms a page (first fifth {first:.0f}, last fifth {last:.0f}); {commits} commits meanwhile"
            )
        stop.set()
        writer.join()
        archive.close()
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")


if __name__ == "__main__":
    main()
