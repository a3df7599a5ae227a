"""Synonyms come from a file in the format of Solr and Elasticsearch, put into the data folder."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.analysis.tokenizer import tokenize
from search.archive import Archive
from search.parameters import SearchParameters
from search.query.synonyms import NO_SYNONYMS, read_synonyms
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.engines.contract import article


def others(path: Path, text: str, query: str) -> list[str]:
    path.write_text(text, "utf-8")
    return [other.text for other in read_synonyms(path).alternatives(tokenize(query))]


@pytest.mark.parametrize(
    ("rules", "query", "expected"),
    [
        ("cá tra, cá basa", "xuất khẩu cá tra", ["cá basa"]),
        ("cá tra, cá basa", "cá basa", ["cá tra"]),
        ("cá tra, cá basa", "ca tra", ["cá basa"]),
        ("cá tra, cá basa", "cà tra", []),
        ("ubnd => ủy ban nhân dân, uỷ ban", "UBND tỉnh", ["ủy ban nhân dân", "uỷ ban"]),
        ("ubnd => ủy ban nhân dân", "ủy ban nhân dân", []),
        ("# lời dẫn\n\n  a b ,c\\,d  \n", "a b", ["c,d"]),
        ("\ufeffxe hơi, ô tô, ôtô\r\n", "ô tô", ["xe hơi", "ôtô"]),
        ("uỷ ban, ủy ban, hội", "ủy ban", ["hội"]),
    ],
)
def test_the_format(tmp_path: Path, rules: str, query: str, expected: list[str]) -> None:
    assert others(tmp_path / "synonyms.txt", rules, query) == expected


def test_lines_that_say_nothing_are_named_and_the_others_used(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text("một\na => b => c\n=> x\ny =>\n???, ;;;\ntốt, hay\n", "utf-8")
    synonyms = read_synonyms(path)
    assert [problem.partition("line ")[2][:1] for problem in synonyms.problems] == ["1", "2", "3", "4", "5"]
    assert [other.text for other in synonyms.alternatives(tokenize("tốt"))] == ["hay"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    assert read_synonyms(path) == NO_SYNONYMS
    path.write_bytes(b"\xff\xfe\x00t")
    assert "UTF-8" in read_synonyms(path).problems[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.text(alphabet="ab,=>\\#\n ", max_size=60), query=st.text(max_size=20))
def test_any_file_and_any_query_are_taken(tmp_path: Path, text: str, query: str) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_bytes(text.encode("utf-8", "replace"))
    tokens = tokenize(query)
    for other in read_synonyms(path).alternatives(tokens):
        assert 0 <= other.first < other.end <= len(tokens)
        assert len(tokenize(other.text))


def test_synonyms_are_searched_below_what_was_typed(
    archive: Archive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive.store.put(
        [article("a", "Giá xe hơi giảm."), article("b", "Thị trường ô tô sôi động."), article("c", "Xe đạp.")]
    )
    bring_in_sync(archive)
    assert [hit.article.id for hit in search(archive, SearchParameters(q="xe hơi")).hits] == ["a"]
    path = tmp_path / "data" / "synonyms.txt"
    path.write_text("xe hơi, ô tô\nlạc\n", "utf-8")
    with caplog.at_level(logging.WARNING):
        answer = search(archive, SearchParameters(q="xe hơi"))
    assert "line 2" in caplog.text
    assert [hit.article.id for hit in answer.hits] == ["a", "b"]
    assert "<mark>ô tô</mark>" in answer.hits[1].body_html[0]
    path.write_text("xe hơi, xe đạp\n", "utf-8")
    os.utime(path, ns=(1, 1))
    assert [hit.article.id for hit in search(archive, SearchParameters(q="xe hơi")).hits] == ["a", "c"]
