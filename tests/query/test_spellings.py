"""Every way to write a figure, a day, a code or a name finds every other, and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from docs.generate import spellings_table
from index.analysis.tokenizer import tokenize
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.engines.contract import article
from tests.spellings import APART, MEET

GROUPS = [group for groups in MEET.values() for group in groups]
JOINED = "joined and spaced names"
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def spelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Return an archive with an article for every spelling, ``group-number``, and one for each that stays apart."""
    archive = open_archive(ArchiveConfig(tmp_path_factory.mktemp("spelled") / "data"))
    rows = [(f"{at}-{number}", text) for at, group in enumerate(GROUPS) for number, text in enumerate(group.written)]
    rows += [(f"apart-{at}-{side}", text) for at, pair in enumerate(APART) for side, text in enumerate(pair)]
    archive.store.put([article(id, f"Bản tin nói đến {text}, theo phóng viên.", title="Tin vắn") for id, text in rows])
    bring_in_sync(archive)
    yield archive
    archive.close()


def matched(archive: Archive, query: str) -> list[str]:
    """Return the ids of the hits in order, without relaxed ones."""
    answer = search(archive, SearchParameters(q=query, size=100, collapse=False))
    return [hit.article.id for hit in answer.hits if not hit.relaxed]


@pytest.mark.parametrize(
    ("group", "query"),
    [(at, text) for at, group in enumerate(GROUPS) for text in (*group.written, *group.typed)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_spelling_finds_every_other(spelled: Archive, group: int, query: str) -> None:
    wanted = {f"{group}-{number}" for number in range(len(GROUPS[group].written))}
    assert wanted <= set(matched(spelled, query))
    assert wanted <= set(matched(spelled, unicodedata.normalize("NFD", query)))


@pytest.mark.parametrize(
    ("group", "query"),
    [
        (at, text)
        for at, group in enumerate(GROUPS)
        if group in MEET["joined and spaced names"]
        for text in group.written
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_form_that_was_typed_comes_first(spelled: Archive, group: int, query: str) -> None:
    first = GROUPS[group].written[int(matched(spelled, query)[0].split("-")[1])]
    assert tokenize(first).folded == tokenize(query).folded


@pytest.mark.parametrize(("one", "other"), APART, ids="|".join)
def test_what_is_something_else_is_not_found(spelled: Archive, one: str, other: str) -> None:
    at = APART.index((one, other))
    assert f"apart-{at}-1" not in matched(spelled, one)
    assert f"apart-{at}-0" not in matched(spelled, other)


@pytest.mark.parametrize(
    ("group", "query"),
    [(at, text) for at, group in enumerate(GROUPS) for text in group.written],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_marks_cover_the_whole_of_every_spelling(spelled: Archive, group: int, query: str) -> None:
    answer = search(spelled, SearchParameters(q=query, size=100, collapse=False))
    for hit in answer.hits:
        at, _, number = hit.article.id.partition("-")
        if at == str(group):
            written = GROUPS[group].written[int(number)]
            marks = " ".join(re.findall("<mark>(.*?)</mark>", "".join(hit.body_html)))
            assert set(tokenize(written).folded) <= set(tokenize(unescape(marks)).folded), (written, marks)


def test_the_table_in_the_docs_is_up_to_date() -> None:
    assert (DOCS / "spellings.md").read_text("utf-8") == spellings_table(), "run: make docs"
