"""Terms that change without a new ``ANALYZER_VERSION`` would leave indexes that no longer find what they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from index.analysis.analyzer import ANALYZER_VERSION, BIGRAMS, Stream, analyze
from index.analysis.batch import BatchAnalyzer
from tests.analysis import golden

RAISE = "raise ANALYZER_VERSION in index/analysis/analyzer.py, so that indexes are rebuilt"
WRITE = "regenerate the golden terms: python -m tests.analysis.golden"


def differences(kept: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each kind of term of each text that is not as it was."""
    for name in kept | now:
        before, after = kept.get(name, {}), now.get(name, {})
        for kind in before | after:
            old, new = (set(re.split(r" \| | (?!>|\|)", text.get(kind, ""))) for text in (before, after))
            if before.get(kind) != after.get(kind):
                yield f"  {name}, {kind}: gone {sorted(old - new)}, new {sorted(new - old)}"


def complaint(kept: dict[str, Any], now: dict[str, Any]) -> str | None:
    """Return what is wrong with the golden file, None where it is what the analyzer gives."""
    changed = "\n".join(differences(kept["texts"], now["texts"]))
    old, new = kept["analyzer_version"], now["analyzer_version"]
    if changed and old == new:
        return f"terms changed, and ANALYZER_VERSION is still {new}: {RAISE}, and {WRITE}\n{changed}"
    if changed:
        return f"terms changed, and the golden file is of ANALYZER_VERSION {old}, not {new}: {WRITE}\n{changed}"
    if old != new:
        return (
            f"ANALYZER_VERSION is {new}, and the terms are those of {old}: put the version back,"
            f" or add a text that shows what changed to tests/analysis/golden.py; then {WRITE}"
        )
    return None


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(golden.FILE.read_text("utf-8"))
    return found


def test_terms_are_those_of_the_golden_file(kept: dict[str, Any]) -> None:
    assert len(kept["texts"]) >= 50
    problem = complaint(kept, golden.terms_now())
    assert problem is None, problem


def test_texts_analysed_together_have_the_same_terms() -> None:
    texts = list(golden.TEXTS.values())
    batch = BatchAnalyzer().analyze(texts)
    for at, text in enumerate(texts):
        alone = analyze(text)
        assert golden.analysis(batch, at) == alone
        first, end = batch.bounds[at : at + 2].tolist()
        for stream in set(Stream) - set(BIGRAMS):
            numbers, places = batch.streams[stream]
            own = [
                (batch.terms[number].decode(), place - first)
                for number, place in zip(numbers.tolist(), places.tolist(), strict=True)
                if first <= place < end
            ]
            assert sorted(own) == sorted(alone.terms(stream))


@pytest.mark.parametrize(
    ("version", "changed", "told"),
    [
        (0, True, "raise ANALYZER_VERSION in index/analysis/analyzer.py"),
        (-1, True, "the golden file is of ANALYZER_VERSION"),
        (1, True, "the golden file is of ANALYZER_VERSION"),
        (-1, False, "put the version back"),
        (1, False, "put the version back"),
    ],
)
def test_file_and_version_that_disagree_are_told_apart(version: int, changed: bool, told: str) -> None:
    now = golden.terms_now()
    texts = {**now["texts"], "news": {**now["texts"]["news"], "word": "nông@0"}} if changed else now["texts"]
    problem = complaint({"analyzer_version": ANALYZER_VERSION + version, "texts": texts}, now)
    assert problem is not None
    assert told in problem
    assert "python -m tests.analysis.golden" in problem
    assert ("news, word: gone ['nông@0'], new [" in problem) == changed
