"""Relevance of timtin beside plain rankers, and how much it finds, beside the targets.

``python -m benchmarks.relevance [SET ...] [--keep FOLDER] [--quick]``

Each ranker answers the first 400 queries of a set as written and *bare*, without accents; timtin also in decomposed
Unicode (NFD) and with the tone marks on the other vowel (``hoà`` for ``hòa``). Plain BM25 has k1 1.2 and b 0.75 and
runs over syllables, pyvi's words or pairs of neighbouring syllables; the hint sums BM25F over four streams
(``benchmarks.streams``). Articles found are compared with those that have the query in a row (``benchmarks.rows``).
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from operator import ge, le
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.data import data, rows
from benchmarks.rows import found_by_rules, searchable
from benchmarks.streams import RANKERS, Articles
from index.article import article_from
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request
from search.query.parser import parse
from search.relevance import JudgedQuery, measure, measures_of, read_queries, without_accents
from search.runtime.index_follower import bring_in_sync

FOUR = ("xquad_vi", "mlqa_vi_dev", "mailong_wiki_qa", "tuoitre_titles")
PHRASES = ("tuoitre_phrases", "vietnews_phrases")
SLOW = "vietnews_titles"
SETS = (*PHRASES, *FOUR, "alqac_law_dev", "tuoitre_leads", SLOW)
QUERIES = 400
VIETNEWS = {SLOW: 50_000, "vietnews_phrases": 10_000}
"""Sets over vietnews-50k, and how many of its articles they take."""

LEAST = {
    **dict.fromkeys(PHRASES, 0.97),
    "alqac_law_dev": 0.87,
    "tuoitre_leads": 0.94,
    SLOW: 0.82,
    "mean of four": 0.865,
}
LEAST_KEPT = {**dict.fromkeys(PHRASES, 0.95), "mean but phrases": 0.98}
MOST_FOUND = {"tuoitre_phrases": 2.0, "vietnews_phrases": 6.0}
"""Targets: the least of a measure and of the share kept without accents, the most articles for one with the phrase."""

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_OPEN_RIME = re.compile(
    rf"(?<![qQ])([oO](?=[{_TONES}]?[aAeE])|[uU](?=[{_TONES}]?[yY]))([{_TONES}]?)([aAeEyY])([{_TONES}]?)(?![\w{_TONES}])"
)

Change = Callable[[str], str]


def as_written(text: str) -> str:
    """Return the text unchanged."""
    return text


def decomposed(text: str) -> str:
    """Return the text in decomposed Unicode."""
    return unicodedata.normalize("NFD", text)


def other_tone_marks(text: str) -> str:
    """Return the text with the tone of oa, oe and uy on the other vowel: ``hoà`` for ``hòa``, and back."""

    def swapped(match: re.Match[str]) -> str:
        first, on_first, second, on_second = match.groups()
        return f"{first}{on_second}{second}{on_first}"

    return unicodedata.normalize("NFC", _OPEN_RIME.sub(swapped, decomposed(text)))


CHANGES: tuple[Change, ...] = (as_written, without_accents, decomposed, other_tone_marks)


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """A set: its articles as they are indexed, its queries, and the measure that counts in it."""

    name: str
    articles: Sequence[dict[str, Any]]
    queries: Sequence[JudgedQuery]
    measure: str


def judged_set(name: str) -> JudgedSet:
    """Read a set. The titles of vietnews_titles are blanked, for they are its queries."""
    if name in VIETNEWS:
        with lzma.open(data("vietnews-50k.jsonl.xz"), "rt", encoding="utf-8") as file:
            articles = [json.loads(line) for line in islice(file, VIETNEWS[name])]
    else:
        articles = rows("relevance", name, "docs.jsonl")
    if name == SLOW:
        articles = [{**article, "title": ""} for article in articles]
    queries = read_queries(data("relevance", name))[:QUERIES]
    return JudgedSet(name, articles, queries, "nDCG@10" if name in PHRASES else "MRR@10")


def plain_figures(judged: JudgedSet) -> Iterator[float]:
    """Yield the measure of each plain ranker, for the queries as written and without accents."""
    changed = [[change(query.text) for query in judged.queries] for change in (as_written, without_accents)]
    articles = Articles(judged.articles, {query for queries in changed for query in queries})
    for ranker in RANKERS.values():
        for queries, weights in zip(changed, (ranker.accented, ranker.bare), strict=True):
            found = [articles.best(query, weights, ranker) for query in queries]
            ids = [[judged.articles[number]["id"] for number in numbers] for numbers in found]
            yield measures_of(judged.queries, ids)[judged.measure]


@contextmanager
def indexed(judged: JudgedSet, keep: Path | None) -> Iterator[Archive]:
    """Yield an archive of the set's articles, in sync; under ``keep`` it stays for the next time."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_archive(ArchiveConfig(keep / judged.name if keep else Path(folder)))) as archive,
    ):
        if archive.store.count() != len(judged.articles):
            archive.store.put([article_from(article) for article in judged.articles])
        bring_in_sync(archive)
        yield archive


def found_line(archive: Archive, judged: JudgedSet) -> str:
    """Return the median share of the archive that is found; for phrases also the multiples by rule, and the target."""
    requests = (Request(archive.expand(parse(query.text)), size=0) for query in judged.queries)
    totals = [archive.engine.retrieve(request).total for request in requests]
    line = f"{judged.name:18}{median(totals) / len(judged.articles):>12.1%}"
    if judged.name not in PHRASES:
        return line
    texts = [searchable(article) for article in judged.articles]
    counts = [(total, *found_by_rules(texts, query.text)) for total, query in zip(totals, judged.queries, strict=True)]
    multiples = [(syllables / row, words / row, total / row) for total, row, syllables, words in counts if row]
    medians = [median(column) for column in zip(*multiples, strict=True)]
    target = beside(medians[-1], MOST_FOUND[judged.name], le)
    return line + f"{len(multiples):>12}" + "".join(f"{value:>12.2f}" for value in medians) + target


def beside(value: float, target: float | None, holds: Callable[[float, float], bool] = ge) -> str:
    """Return a target and whether ``value`` meets it; blanks if there is none."""
    return " " * 10 if target is None else f"{target:>7} {'ok' if holds(value, target) else 'NO'}"


def cells(values: Iterable[float]) -> list[float]:
    """Print figures one by one, as they are computed, and return them."""
    printed = []
    for value in values:
        print(f"{value:>7.3f}", end="", flush=True)
        printed.append(value)
    return printed


def ending(name: str, timtin: Sequence[float]) -> None:
    """Print the end of a line: the share that timtin keeps without accents, and the targets."""
    kept = timtin[1] / timtin[0]
    print(beside(timtin[0], LEAST.get(name)) + f"{kept:>8.3f}" + beside(kept, LEAST_KEPT.get(name)), flush=True)


def mean_line(name: str, lines: Sequence[Sequence[float]]) -> None:
    """Print the means of several lines."""
    print(f"{name:18}{f'{len(lines)} sets':8}", end="")
    ending(name, cells(mean(column) for column in zip(*lines, strict=True))[-len(CHANGES) :])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relevance", description="Measure the relevance.")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"sets to measure, by default: {' '.join(SETS)}")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the archives there and use them again")
    parser.add_argument("--quick", action="store_true", help=f"without plain rankers, and without {SLOW} unless named")
    options = parser.parse_args()
    sets = options.sets or [name for name in SETS if not (options.quick and name == SLOW)]
    plain = () if options.quick else tuple(RANKERS)
    print(f"{'':26}" + "".join(f"{name:>14}" for name in plain) + f"{'timtin':>14}")
    print(f"{'set':18}{'measure':8}" + "  typed   bare" * (len(plain) + 1), end="")
    print("    NFD   tone    target    kept    target", flush=True)
    lines: dict[str, list[float]] = {}
    found = []
    for name in sets:
        judged = judged_set(name)
        print(f"{name:18}{judged.measure:8}", end="", flush=True)
        others = cells(plain_figures(judged)) if plain else []
        with indexed(judged, options.keep) as archive:
            timtin = cells(measure(archive, judged.queries, change)[judged.measure] for change in CHANGES)
            ending(name, timtin)
            found.append(found_line(archive, judged))
        lines[name] = others + timtin
    if set(FOUR) <= lines.keys():
        mean_line("mean of four", [lines[name] for name in FOUR])
        mean_line("mean but phrases", [line for name, line in lines.items() if name not in PHRASES])
    print(f"\n{'articles found':18}{'of all':>12}{'phrases':>12}{'syllables':>12}{'words':>12}{'timtin':>12}    target")
    print("\n".join(found))


if __name__ == "__main__":
    main()
