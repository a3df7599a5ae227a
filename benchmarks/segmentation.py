"""Segmentation beside pyvi: how much faster, and the F1 of both on gold words. ``python -m benchmarks.segmentation``"""

from __future__ import annotations

import statistics
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterable

from benchmarks.data import data, rows
from index.segmentation import default_segmenter

_RUNS = 5
_LINES = 3000


def spans(words: Iterable[str]) -> set[tuple[int, int]]:
    """Return the words as spans over the text without spaces; ``_`` joins the syllables of a word."""
    found, at = set(), 0
    for word in words:
        length = len(word.replace("_", ""))
        found.add((at, at + length))
        at += length
    return found


def f1(cut: Callable[[str], list[str]], gold: Iterable[str]) -> float:
    """Return the F1 of words over all sentences of ``gold``."""
    right = ours = theirs = 0
    for line in gold:
        wanted, found = spans(line.split(" ")), spans(cut(line.replace("_", " ")))
        right, ours, theirs = right + len(wanted & found), ours + len(found), theirs + len(wanted)
    return 2 * right / (ours + theirs)


def main() -> None:
    """Print the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyvi import ViTokenizer
    segmenter = default_segmenter()
    lines = [line for row in rows("tuoitre-1k.jsonl") for line in row["body"].split("\n")][:_LINES]
    lines = [unicodedata.normalize("NFC", line) for line in lines]

    def seconds(cut: Callable[[str], object]) -> float:
        started = time.perf_counter()
        for line in lines:
            cut(line)
        return time.perf_counter() - started

    ratios = [seconds(ViTokenizer.tokenize) / seconds(segmenter.words) for _ in range(_RUNS)]
    text = data("segmentation", "udvtb-test.txt").read_text("utf-8")
    gold = unicodedata.normalize("NFC", text).splitlines()

    def pyvi(line: str) -> list[str]:
        return str(ViTokenizer.tokenize(line)).split(" ")

    def ours(line: str) -> list[str]:
        return [line[start:end].replace(" ", "_") for start, end in segmenter.words(line)]

    speed = statistics.median(ratios)
    print(f"segmentation, {len(lines)} lines of news, median of {_RUNS} runs: {speed:.1f} times pyvi's speed")
    print(f"word F1 on udvtb-test: pyvi {f1(pyvi, gold):.4f}  timtin {f1(ours, gold):.4f}")


if __name__ == "__main__":
    main()
