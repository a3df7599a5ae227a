"""Synonyms come from a file in the format of Solr and Elasticsearch, put into the data folder."""

from __future__ import annotations

import logging
import os
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.analysis.tokenizer import Tokens, tokenize
from index.shared_texts import FolderTexts
from search.archive import Archive
from search.parameters import SearchParameters
from search.query.synonyms import MOST_SYNONYMS, NO_SYNONYMS, SynonymText, place_names, read_synonyms
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.conftest import ROOT
from tests.engines.contract import article


def others(path: Path, text: str, query: str) -> list[str]:
    path.write_text(text, "utf-8")
    return [other.text for other in read_synonyms(FolderTexts(path.parent)).alternatives(tokenize(query))]


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
        ("TP.HCM, Sài Gòn", "TP. HCM", ["Sài Gòn"]),
        ("TP.HCM, Sài Gòn", "tp hcm", ["Sài Gòn"]),
        ("TP.HCM => Sài Gòn", "tphcm", ["Sài Gòn"]),
        ("vắc-xin => vaccine", "vắc xin", ["vaccine"]),
        ("vắc-xin => vaccine", "vắcxin", ["vaccine"]),
        ("vắc-xin => vaccine", "vac xin", ["vaccine"]),
        ("vắc-xin => vaccine", "vac xin mới", []),
        ("hoà bình => hữu nghị", "hòa bình", ["hữu nghị"]),
        ("Covid-19 => corona", "covid 19", ["corona"]),
        ("Covid-19 => corona", "covid19", ["corona"]),
        ("cá tra, cá basa, tra", "cá tra", ["cá basa", "tra", "cá tra", "cá basa"]),
        ("Cuba => Havana", "Cu Ba và Nga ở Hà Nội", ["Havana"]),
        ("Cuba => Havana", "cu ba", []),
        ("K'Ho => dân tộc", "kho", []),
    ],
)
def test_the_format(tmp_path: Path, rules: str, query: str, expected: list[str]) -> None:
    assert others(tmp_path / "synonyms.txt", rules, query) == expected


def test_lines_that_say_nothing_are_named_and_the_others_used(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text(
        "một\na => b => c\n=> x\ny =>\n???, ;;;\n!mở\n" + ", ".join("abcdefghij" * 7) + "\ntốt, hay\n", "utf-8"
    )
    synonyms = read_synonyms(FolderTexts(path.parent))
    assert [problem.partition("line ")[2][:1] for problem in synonyms.problems] == ["1", "2", "3", "4", "5", "6", "7"]
    assert [other.text for other in synonyms.alternatives(tokenize("tốt"))] == ["hay"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    assert read_synonyms(FolderTexts(path.parent)) == NO_SYNONYMS
    path.write_bytes(b"\xff\xfe\x00t")
    assert "UTF-8" in read_synonyms(FolderTexts(path.parent)).problems[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.text(alphabet="ab,=>\\#\n ", max_size=60), query=st.text(max_size=20))
def test_any_file_and_any_query_are_taken(tmp_path: Path, text: str, query: str) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_bytes(text.encode("utf-8", "replace"))
    tokens = tokenize(query)
    for other in read_synonyms(FolderTexts(path.parent)).alternatives(tokens):
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


def test_all_phrases_of_a_line_are_searched(tmp_path: Path) -> None:
    line = ", ".join(f"tên {number}" for number in range(65))
    assert len(others(tmp_path / "synonyms.txt", line, "tên 7")) == 64
    assert read_synonyms(FolderTexts(tmp_path)).problems == []


@pytest.mark.parametrize(
    ("query", "article_text"),
    [
        ("TP. Vinh", "Đường sá ở thành phố Vinh."),
        ("thành phố vinh", "Đường sá ở TP.Vinh."),
        ("Thành phố Hồ Chí Minh", "Mưa lớn ở TP.HCM."),
        ("Bắc Cạn", "Hồ Ba Bể, Bắc Kạn."),
        ("ban me thuot", "Cà phê Buôn Ma Thuột."),
        ("Ukraine", "Bầu cử ở U-crai-na."),
        ("Mát-xcơ-va", "Tuyết rơi ở Moscow."),
        ("cô oét", "Dầu của Kuwait."),
        ("úc", "Bò nhập từ Australia."),
    ],
)
def test_places_are_found_in_other_spellings(archive: Archive, tmp_path: Path, query: str, article_text: str) -> None:
    archive.store.put([article("a", article_text)])
    bring_in_sync(archive)
    assert [hit.article.id for hit in search(archive, SearchParameters(q=query)).hits] == ["a"]
    (tmp_path / "data" / "synonyms.txt").write_text("!places off\n", "utf-8")
    assert search(archive, SearchParameters(q=query)).expanded == []


@pytest.mark.parametrize("query", ["ý kiến", "la hay", "cu ba", "tham quyen", "kho", "áo dài", "anh hùng", "pháp luật"])
def test_ordinary_words_are_no_places(query: str) -> None:
    assert list(place_names().alternatives(tokenize(query))) == []


def test_the_list_of_places_is_valid_and_installed() -> None:
    assert place_names().problems == []
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert data["search.query"] == ["places.txt"]


def test_own_synonyms_come_before_places(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "data" / "synonyms.txt").write_text("Ukraine, Kiev\n", "utf-8")
    assert search(archive, SearchParameters(q="Ukraine")).expanded[:2] == ["Kiev", "Ukraina"]


def test_line_of_very_many_phrases_takes_no_room_for_each_pair_of_them() -> None:
    phrases = [f"từ {number}" for number in range(3000)]
    text = SynonymText(", ".join(phrases))
    assert [problem.count for problem in text.lines] == [3000]
    rules = [rules[0] for key, rules in text.current().rules.items() if key.startswith("tu") and key[2:].isdecimal()]
    assert len(rules) == 3000
    assert len({id(rule.others) for rule in rules}) == 1
    assert MOST_SYNONYMS < len(rules[0].others) < 1000


def test_each_phrase_is_read_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()

    def counted(text: str) -> Tokens:
        read[text] += 1
        return tokenize(text)

    place_names()
    monkeypatch.setattr("search.query.synonyms.tokenize", counted)
    SynonymText(", ".join(f"từ {number}" for number in range(500)))
    assert max(read.values()) == 1
