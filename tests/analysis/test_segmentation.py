"""Our words are pyvi's words, on real text and on any text."""

from __future__ import annotations

import itertools
import json
import lzma
import re
import subprocess
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis import pyvi_model as crf
from index.analysis import segmentation
from index.analysis.analyzer import Word, analyze
from index.analysis.pyvi_model import BestPath, pyvi_model
from index.analysis.segmentation import _TOKEN_OR_ADDRESS, Segmenter, default_segmenter
from tests.conftest import SEEDS


@pytest.fixture(scope="module")
def pyvi() -> Callable[[str], str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyvi's patterns, and the version its model was pickled with
        from pyvi import ViTokenizer
    return ViTokenizer.tokenize


def ours(text: str) -> str:
    """Our cut, written as pyvi writes it: spaces between words, ``_`` inside them."""
    words = default_segmenter().words(text)
    return " ".join("_".join(_TOKEN_OR_ADDRESS.findall(text[start:end])) for start, end in words)


def agree(pyvi: Callable[[str], str], lines: Iterable[str]) -> int:
    count = 0
    for line in lines:
        composed = unicodedata.normalize("NFC", line)
        if _TOKEN_OR_ADDRESS.search(composed):
            assert ours(composed) == pyvi(composed)
            count += 1
    return count


def test_seeds(pyvi: Callable[[str], str]) -> None:
    lines = [line for path in SEEDS.glob("*.txt") for line in path.read_text("utf-8").splitlines()]
    assert agree(pyvi, lines) > 150


@pytest.mark.slow
def test_gold_segmentation_and_news(pyvi: Callable[[str], str], shared_data: Path) -> None:
    gold = [
        line.replace("_", " ")
        for path in (shared_data / "segmentation").glob("*.txt")
        for line in path.read_text("utf-8").splitlines()
    ]
    with (shared_data / "tuoitre-1k.jsonl").open(encoding="utf-8") as file:
        news = [line for row in file for line in json.loads(row)["body"].split("\n")]
    assert agree(pyvi, gold + news[:4000]) > 5000


@pytest.mark.slow
def test_articles(pyvi: Callable[[str], str], shared_data: Path) -> None:
    with lzma.open(shared_data / "vietnews-50k.jsonl.xz", "rt", encoding="utf-8") as file:
        bodies = [json.loads(row)["body"] for row in itertools.islice(file, 600)]
    assert agree(pyvi, [line for body in bodies[:150] for line in body.split("\n")]) > 1000
    assert agree(pyvi, bodies) == 600  # a line break is one of pyvi's tokens


SYLLABLES = re.findall(
    r"\S+",
    "a.b@c.d.vn x@@y.z A.B.c@d.e a.a.a@ b_c@d-e.f @g.h http://i@j.k "
    "hội nhập quốc tế Việt Nam HÀ NỘI Hà Nội 59-NQ/TW 7,52% Phạm Minh Chính châu Âu ... -> a@b.vn ( xã hội chủ nghĩa "
    "vô tuyến truyền hình TP.HCM http://a.vn/b Tp. A. _ a_b 1_2",
)
TEXTS = st.lists(
    st.tuples(
        st.sampled_from(SYLLABLES)
        | st.text("aB1.@-_+:/", max_size=12)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
        st.sampled_from(("", " ", " ", " ", " ", "  ", "\n", " \n ", "\t", "\u00a0", "\r\n", "\u2028", "\x1f")),
    ).map("".join),
    max_size=20,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_any_text(pyvi: Callable[[str], str], text: str) -> None:
    agree(pyvi, [text])


@given(TEXTS)
def test_a_text_is_cut_as_each_of_its_lines(text: str) -> None:
    wanted, at = [], 0
    for line in text.split("\n"):
        wanted += [(at + start, at + end) for start, end in default_segmenter().words(line)]
        at += len(line) + 1
    starts, ends = default_segmenter().words_of_lines(text)
    words = zip(starts.tolist(), ends.tolist(), strict=True)
    assert [(start, end) for start, end in words if text[start:end] != "\n"] == wanted


@given(TEXTS)
def test_words_cover_the_syllables_they_have_letters_of(text: str) -> None:
    analysis = analyze(text)
    starts, ends = default_segmenter().words_of_lines(analysis.tokens.canonical)
    wanted = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        inside = [at for at, place in enumerate(analysis.tokens.canonical_starts) if start <= place < end]
        if inside:
            syllables = analysis.tokens.exact[inside[0] : inside[-1] + 1]
            wanted.append(Word(inside[0], inside[-1] + 1, "_".join(syllables)))
    assert analysis.words == wanted


@settings(deadline=None)
@given(
    st.lists(st.floats(-4, 4), max_size=8),
    st.tuples(*[st.floats(-2, 2)] * 4),
    st.sampled_from([0, 100]),
)
def test_no_path_is_better_than_the_best_path(
    scores: list[float], transitions: tuple[float, float, float, float], few: int
) -> None:
    def worth(labels: tuple[int, ...]) -> float:
        own = sum(score for score, label in zip(scores, labels[1:-1], strict=True) if label)
        return own + sum(transitions[2 * before + label] for before, label in itertools.pairwise(labels))

    with pytest.MonkeyPatch.context() as patch:  # scores between two that are sure are decided by arrays where many are
        patch.setattr(crf, "_FEW", few)
        labels = BestPath(transitions).labels(np.array([-np.inf, *scores, -np.inf]))
    paths = ((0, *labels, 0) for labels in itertools.product((0, 1), repeat=len(scores)))
    assert worth(tuple(labels.tolist())) == pytest.approx(max(map(worth, paths)))


def test_what_is_remembered_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text = next(SEEDS.glob("*.txt")).read_text("utf-8")
    wanted = [default_segmenter().words(line) for line in text.splitlines()]
    monkeypatch.setattr(segmentation, "_REMEMBERED", 2000)
    segmenter = Segmenter(pyvi_model())
    sizes = []
    for line, words in zip(text.splitlines(), wanted, strict=True):
        assert segmenter.words(line) == words
        sizes.append(segmenter._chunks.size)
    assert max(sizes) < 2000 + 17 * max(map(len, text.splitlines()))
    assert sizes != sorted(sizes)


def test_threads_share_a_segmenter() -> None:
    texts = [path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    wanted = [default_segmenter().words(text) for text in texts]
    for _ in range(5):
        segmenter = Segmenter(pyvi_model())
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(segmenter.words, texts * 4)) == wanted * 4


def test_neither_scikit_learn_nor_crfsuite_is_loaded() -> None:
    code = (
        "import sys; from index.analysis.segmentation import default_segmenter; default_segmenter().words('hội nhập');"
        "sys.exit(bool({'sklearn', 'pycrfsuite', 'sklearn_crfsuite'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
