"""Our words are pyvi's words, on real text and on any text."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.segmentation import _TOKEN, default_segmenter
from tests.conftest import ROOT, SEEDS


@pytest.fixture(scope="module")
def pyvi() -> Callable[[str], str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyvi's patterns, and the version its model was pickled with
        from pyvi import ViTokenizer
    return ViTokenizer.tokenize


def ours(text: str) -> str:
    """Our cut, written as pyvi writes it: spaces between words, ``_`` inside them."""
    words = default_segmenter().words(text)
    return " ".join("_".join(_TOKEN.findall(text[start:end])) for start, end in words)


def agree(pyvi: Callable[[str], str], lines: Iterable[str]) -> int:
    count = 0
    for line in lines:
        composed = unicodedata.normalize("NFC", line)
        if _TOKEN.search(composed):
            assert ours(composed) == pyvi(composed)
            count += 1
    return count


def test_seeds(pyvi: Callable[[str], str]) -> None:
    lines = [line for path in SEEDS.glob("*.txt") for line in path.read_text("utf-8").splitlines()]
    assert agree(pyvi, lines) > 150


def test_gold_segmentation_and_news(pyvi: Callable[[str], str], shared_data: Path) -> None:
    gold = [
        line.replace("_", " ")
        for path in (shared_data / "segmentation").glob("*.txt")
        for line in path.read_text("utf-8").splitlines()
    ]
    with (shared_data / "tuoitre-1k.jsonl").open(encoding="utf-8") as file:
        news = [line for row in file for line in json.loads(row)["body"].split("\n")]
    assert agree(pyvi, gold + news[:4000]) > 5000


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "hội",
                "nhập",
                "quốc",
                "tế",
                "Việt",
                "Nam",
                "HÀ",
                "NỘI",
                "Hà",
                "Nội",
                "59-NQ/TW",
                "7,52%",
                "Phạm",
                "Minh",
                "Chính",
                "châu",
                "Âu",
                "...",
                "->",
                "a@b.vn",
                "(",
            ]
        )
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
        max_size=20,
    ).map(" ".join)
)
def test_any_text(pyvi: Callable[[str], str], text: str) -> None:
    agree(pyvi, [text])


def test_neither_scikit_learn_nor_crfsuite_is_loaded() -> None:
    code = (
        "import sys; from index.segmentation import default_segmenter; default_segmenter().words('hội nhập');"
        "sys.exit(bool({'sklearn', 'pycrfsuite', 'sklearn_crfsuite'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
