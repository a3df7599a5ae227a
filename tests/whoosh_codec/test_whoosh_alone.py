"""Whoosh alone answers from an index of ours: its ``open_dir``, its parser and its searcher find the same articles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from whoosh.index import FileIndex, open_dir
from whoosh.qparser import QueryParser

from index.article import Article
from index.directory.generations import current_generation
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse
from search.query.tree import Match
from search.runtime.index_follower import bring_in_sync

ARTICLES = [
    Article(id="gia", title="Giá lúa", body="Giá lúa gạo tăng ở đồng bằng sông Cửu Long."),
    Article(id="xuat", title="Xuất khẩu", body="Xuất khẩu gạo và lúa mì tăng."),
    Article(id="bong", title="Bóng đá", body="Đội tuyển nữ thắng trận."),
    Article(id="gone", title="Lúa gạo", body="Bài đã xóa."),
    Article(id="luat", title="Luật đất đai", body="Quốc hội thông qua luật lúa gạo."),
]


@pytest.fixture
def whoosh(archive: Archive) -> FileIndex:
    """The index as Whoosh opens it; it has two segments and a deleted article."""
    archive.store.put(ARTICLES[:4])
    bring_in_sync(archive)
    archive.store.put(ARTICLES[4:])
    archive.store.delete(["gone"])
    bring_in_sync(archive)
    return open_dir(str(folder(archive)))


def folder(archive: Archive) -> Path:
    generation = current_generation(archive.home / "indexes")
    assert generation is not None
    return generation


def by_whoosh(index: FileIndex, field: str, query: str) -> set[str]:
    with index.searcher() as searcher:
        hits = searcher.search(QueryParser(field, index.schema).parse(query), limit=None)
        ids = searcher.reader().column_reader("id", translate=False)
        return {ids[hit.docnum].decode() if isinstance(ids[hit.docnum], bytes) else ids[hit.docnum] for hit in hits}


def by_us(archive: Archive, query: str) -> set[str]:
    return {hit.id for hit in archive.engine.retrieve(Request(parse(query), Match.ALL, size=100)).hits}


@pytest.mark.parametrize(
    ("field", "theirs", "ours"),
    [
        ("body_folded", "lua", "lua"),
        ("body_syllable", "lúa", "~lúa"),
        ("body_syllable", "Lúa gạo", "~lúa ~gạo"),
        ("body_folded", '"lua gao"', '"lua gao"'),
        ("body_syllable", '"đồng bằng sông"', '"đồng bằng sông"'),
        ("body_folded", "lu*", "lu*"),
        ("body_word", "xuất_khẩu", "xuất khẩu"),
        ("body_folded", "tang AND NOT xuat", "tang -xuat"),
        ("body_folded", "bong OR tran", "bong OR tran"),
        ("title_folded", "luat", "title:luat"),
    ],
)
def test_words_phrases_and_prefixes_find_the_same(
    archive: Archive, whoosh: FileIndex, field: str, theirs: str, ours: str
) -> None:
    expected = by_us(archive, ours)
    assert expected
    assert by_whoosh(whoosh, field, theirs) == expected


def test_its_pickles_name_the_codec_alone_among_our_classes(archive: Archive, whoosh: FileIndex) -> None:
    [contents] = folder(archive).glob("*.toc")
    whoosh_part = contents.read_bytes().rpartition(b'\n{"segments"')[0]
    assert b"whoosh.fields" in whoosh_part
    assert set(re.findall(rb"(?:index|search|web)(?:\.\w+)+", whoosh_part)) == {b"index.whoosh_codec"}
    assert whoosh_part.count(b"ColumnarCodec") == 1
