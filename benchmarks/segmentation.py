"""Segmentation and analysis compared with pyvi: speed and word F1. ``python -m benchmarks.segmentation``"""

from __future__ import annotations

import statistics
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterable

from benchmarks.data import data, rows
from index.analysis.analyzer import analyze
from index.analysis.pyvi_model import pyvi_model
from index.analysis.segmentation import Segmenter, default_segmenter

_RUNS = 5
_ARTICLES = 200


def spans(words: Iterable[str]) -> set[tuple[int, int]]:
    """Return the words as spans over the text without spaces; ``_`` joins the syllables of a word."""
    found, at = set(), 0
    for word in words:
        length = len(word.replace("_", ""))
        found.add((at, at + length))
        at += length
    return found


def f1(cut: Callable[[str], list[str]], gold: Iterable[str]) -> float:
    """Return the word F1 of ``cut`` over all sentences of ``gold``."""
    right = ours = theirs = 0
    for line in gold:
        wanted, found = spans(line.split(" ")), spans(cut(line.replace("_", " ")))
        right, ours, theirs = right + len(wanted & found), ours + len(found), theirs + len(wanted)
    return 2 * right / (ours + theirs)


def seconds(cut: Callable[[str], object], texts: Iterable[str]) -> float:
    """Return the processor seconds that ``cut`` takes for ``texts``."""
    started = time.process_time()
    for text in texts:
        cut(text)
    return time.process_time() - started


def main() -> None:
    """Print the tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyvi import ViTokenizer
    articles = [unicodedata.normalize("NFC", row["body"]) for row in rows("tuoitre-1k.jsonl")[:_ARTICLES]]
    lines = [line for article in articles for line in article.split("\n")]
    gold = unicodedata.normalize("NFC", data("segmentation", "udvtb-test.txt").read_text("utf-8")).splitlines()
    sentences = [line.replace("_", " ") for line in gold]
    cases: dict[str, tuple[list[str], Callable[[str], object], list[str]]] = {
        "Segmenter.words, news by lines": (lines, Segmenter(pyvi_model()).words, lines),
        "Segmenter.words, sentences": (sentences, Segmenter(pyvi_model()).words, sentences),
        "analyze, news by articles": (lines, analyze, articles),
    }
    print(f"{'times as fast as pyvi':<40}{'first run':>10}{'later':>8}")
    for name, (pyvi_texts, cut, texts) in cases.items():
        first, *later = [seconds(ViTokenizer.tokenize, pyvi_texts) / seconds(cut, texts) for _ in range(1 + _RUNS)]
        print(f"{name:<40}{first:>10.1f}{statistics.median(later):>8.1f}")

    def pyvi(line: str) -> list[str]:
        return str(ViTokenizer.tokenize(line)).split(" ")

    def ours(line: str) -> list[str]:
        return [line[start:end].replace(" ", "_") for start, end in default_segmenter().words(line)]

    print(f"word F1 on udvtb-test: pyvi {f1(pyvi, gold):.4f}  timtin {f1(ours, gold):.4f}")


if __name__ == "__main__":
    main()
