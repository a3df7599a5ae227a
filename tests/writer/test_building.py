"""Building the index: batches, merging in tiers, replaced and deleted articles, workers that die."""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.index import create_in

from index.article import Article
from index.directory.commits import create_index, read_commit
from index.directory.generations import current_generation
from index.kernels import building
from index.segments import field_merging
from index.segments.columns import DictionaryColumn, PackedStrings
from index.segments.merge_policy import MOST_ARTICLES, SegmentSize, next_merge
from index.segments.merging import merge
from index.segments.schema import NumberedArticle
from index.segments.segment import InvertedField, Segment, read_segment, write_segment
from index.store.article_store import Change
from index.whoosh_codec.codec import ColumnarCodec
from index.writer import builder as builder_module
from index.writer import indexer as indexer_module
from index.writer.builder import Builder
from index.writer.inversion import invert
from index.writer.workers import Workers
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.analysis.test_batch import texts as any_texts
from tests.archives import check, indexer_of
from tests.conftest import SEEDS
from tests.processes import start
from tests.stock_whoosh import document, writing_schema

WORDS = ["lúa", "gạo", "đường", "hội", "nhập", "quốc", "tế", "59-NQ/TW", "7,52%"]
ORPHANING = """
import multiprocessing, time
from index.article import Article
from index.segments.schema import NumberedArticle
from index.writer.workers import Workers
if __name__ == "__main__":
    workers = Workers(2)
    next(workers.segments([[NumberedArticle(n, Article(id="a", body="x"))] for n in range(9)]))
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    time.sleep(60)
"""
bodies = st.lists(st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join), max_size=12)


def articles(texts: list[str], first: int = 0) -> list[NumberedArticle]:
    return [
        NumberedArticle(
            first + number,
            Article(id=f"a{first + number}", title=text[:10], body=text, source=f"Báo {number % 3}"),
        )
        for number, text in enumerate(texts)
    ]


def content(segment: Segment) -> dict[str, Any]:
    """Everything a segment says, without how it is laid out."""
    found: dict[str, Any] = {"count": segment.count}
    for name, field in segment.fields.items():
        found[name] = [_postings(field, number) for number in range(len(field.terms))]
    for name, lengths in segment.lengths.items():
        found[f"{name} lengths"] = lengths.tolist()
    for name, column in segment.columns.items():
        if isinstance(column, DictionaryColumn):
            found[name] = [column.values[code] for code in column.codes]
        else:
            found[name] = column.all() if isinstance(column, PackedStrings) else column.tolist()
    return found


def _postings(field: InvertedField, number: int) -> tuple[Any, ...]:
    first, end = field.posting_range(number)
    frequencies = field.frequencies(first, end).tolist()
    places = None if field.positions is None else (frequencies, field.positions_of(number).tolist())
    return field.terms.strings[number], field.articles[first:end].tolist(), frequencies, places


def test_inversion_keeps_every_occurrence() -> None:
    segment = invert([NumberedArticle(7, Article(id="a", title="Lúa gạo", body="lúa lúa\ngạo"))])
    found = content(segment)
    assert found["body_syllable"] == [
        ("gạo".encode(), [0], [1], ([1], [2])),
        ("lúa".encode(), [0], [2], ([2], [0, 1])),
    ]
    assert found["body_pair"] == [(b"lua_gao", [0], [1], None), (b"lua_lua", [0], [1], None)]
    assert (found["body_syllable lengths"], found["title_folded lengths"]) == ([3], [2])
    assert (found["id"], found["seq"]) == ([b"a"], [7])


@settings(max_examples=50, deadline=None)
@given(bodies.filter(bool) | st.lists(any_texts, min_size=1, max_size=5))
def test_inversion_writes_what_whoosh_writes_posting_by_posting(texts: list[str]) -> None:
    agrees_with_whoosh(texts)


def test_inversion_of_seeds_writes_what_whoosh_writes() -> None:
    agrees_with_whoosh([path.read_text("utf-8") for path in SEEDS.glob("*.txt")])


def agrees_with_whoosh(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer = create_in(folder, writing_schema()).writer(codec=ColumnarCodec())
        for seq, article in articles(texts):
            writer.add_document(**document(article, seq))
        writer.commit()
        [path] = Path(folder).glob("*.inv")
        wanted = content(read_segment(Path(folder), path.stem, len(texts)))
    found = content(invert(articles(texts)))
    assert {name: value for name, value in found.items() if name in wanted} == wanted
    assert not any(any(found[name]) for name in found.keys() - wanted.keys())  # Whoosh leaves out empty fields


@settings(max_examples=40, deadline=None)
@given(st.lists(bodies, min_size=1, max_size=5), st.data())
def test_merged_segments_are_the_segment_of_all_their_articles(batches: list[list[str]], data: st.DataObject) -> None:
    numbered, segments, live = [], [], []
    for number, batch in enumerate(batches):
        some = articles(batch, first=100 * number)
        gone = data.draw(st.sets(st.integers(0, max(len(some) - 1, 0)))) if some else set()
        segments.append(invert(some))
        live.append(np.array([n not in gone for n in range(len(some))], bool) if gone else None)
        numbered.extend(article for n, article in enumerate(some) if n not in gone)
    assert content(merge(segments, live)) == content(invert(numbered))


def test_merging_keeps_rare_extremes() -> None:
    """Frequencies beyond a byte, positions beyond two, and both moved by deletions."""
    often = Article(id="often", body="lúa " * 300 + "gạo")
    long = Article(id="long", body="ngô " * 70_000 + "lúa")
    some = [NumberedArticle(1, often), NumberedArticle(2, long), NumberedArticle(3, Article(id="x", body="lúa gạo"))]
    parts = [invert([numbered]) for numbered in some]
    whole = merge(parts, [None] * 3)
    assert content(whole) == content(invert(some))
    without = merge([whole, parts[0]], [np.array([False, True, True]), None])
    assert content(without) == content(invert([*some[1:], some[0]]))


@pytest.mark.parametrize("items", [1, 100, 2000])
def test_merging_some_terms_at_a_time_gives_what_merging_all_at_once_gives(
    items: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    some = articles([" ".join(f"từ{(number * 7 + word) % 400}" for word in range(60)) for number in range(60)])
    parts = [invert(some[:20]), invert(some[20:23]), invert(some[23:])]
    live = [np.arange(20) % 3 > 0, None, np.arange(37) % 10 > 0]
    kept = np.concatenate([np.ones(3, bool) if mask is None else mask for mask in live])
    left = [article for article, is_live in zip(some, kept, strict=True) if is_live]
    monkeypatch.setattr(field_merging, "_RANGE", items)
    monkeypatch.setattr(building, "_BLOCK", max(1, items // 10))
    merged = merge(parts, live)
    assert content(merged) == content(invert(left))
    write_segment(tmp_path, "s", merged)
    monkeypatch.undo()
    write_segment(tmp_path, "whole", merge(parts, live))
    assert (tmp_path / "s.inv").read_bytes() == (tmp_path / "whole.inv").read_bytes()


def test_merging_takes_memory_for_some_terms_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ["".join(letters) for letters in itertools.product("bcdghklmnp", "aeiouy", "bcdghklmnp", "aeiou")]
    some = articles([" ".join(words[(number * 31 + at * 7) % 3000] for at in range(900)) for number in range(120)])
    for name, own in (("a", some[:60]), ("b", some[60:])):
        write_segment(tmp_path, name, invert(own))
    parts = [read_segment(tmp_path, name, 60) for name in ("a", "b")]
    peaks = []
    for name, items in (("some", 1 << 14), ("all", 1 << 40)):
        monkeypatch.setattr(field_merging, "_RANGE", items)
        tracemalloc.start()
        write_segment(tmp_path, name, merge(parts, [None, None]))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < peaks[1] / 3


def test_label_that_a_segment_lacks_is_empty_when_it_is_merged() -> None:
    """A segment written before there was a label beside one that has it."""
    earlier, later = (invert([NumberedArticle(n, Article(id=f"a{n}", body="lúa", author="An"))]) for n in (1, 2))
    lacking = replace(earlier, columns={name: of for name, of in earlier.columns.items() if name != "author"})
    for parts, wanted in (([lacking, later], [b"", b"An"]), ([later, lacking], [b"An", b""])):
        column = merge(parts, [None, None]).columns["author"]
        assert isinstance(column, DictionaryColumn)
        assert [column.values[code] for code in column.codes] == wanted


def test_segment_comes_back_from_disk(tmp_path: Path) -> None:
    segment = invert(articles(["lúa gạo", "", "hội nhập quốc tế"]))
    write_segment(tmp_path, "s", segment)
    assert content(read_segment(tmp_path, "s", 3)) == content(segment)
    write_segment(tmp_path, "none", invert([]))
    assert read_segment(tmp_path, "none", 0).count == 0


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 3)), min_size=1, max_size=300))
def test_segments_stay_few_and_articles_are_copied_seldom(batches: list[tuple[int, int]]) -> None:
    sizes: list[SegmentSize] = []
    copied = added = 0
    for live, deleted in batches:
        sizes.append(SegmentSize(live, deleted, live * 9000))
        added += live
        while chosen := next_merge(sizes):
            merged = sum(sizes[number].live for number in chosen)
            assert merged <= MOST_ARTICLES
            assert len(chosen) > 1 or sizes[chosen[0]].deleted > sizes[chosen[0]].live
            copied += merged
            sizes = [size for number, size in enumerate(sizes) if number not in chosen]
            sizes.append(SegmentSize(merged, 0, merged * 9000))
    assert sum(size.live for size in sizes) == added
    assert len(sizes) <= 4 * 6 + added // (MOST_ARTICLES // 4)
    assert copied <= 16 * added


def test_segment_of_few_long_articles_keeps_no_others_apart() -> None:
    long, short = SegmentSize(12, 0, 1 << 30), SegmentSize(20, 0, 100_000)
    assert next_merge([short, long, short, short, short]) == [0, 2, 3, 4]
    assert next_merge([long] * 9) == []


def test_many_single_articles_make_few_segments(archive: Archive) -> None:
    for number in range(40):
        archive.store.put([Article(id=f"a{number}", body=f"lúa gạo {number}")])
        bring_in_sync(archive)
    generation = current_generation(indexer_of(archive)._folder.indexes)
    assert generation is not None
    assert len(read_commit(generation).segments) <= 4
    assert len(list(generation.glob("*.inv"))) == len(read_commit(generation).segments)
    assert archive.engine.retrieve(Request(parse("lúa"))).total == 40


def test_replaced_and_deleted_articles_leave_no_trace(archive: Archive) -> None:
    archive.store.put([Article(id=f"a{number}", body=f"lúa gạo {number}") for number in range(30)])
    bring_in_sync(archive)
    for number in range(30):
        archive.store.put([Article(id=f"a{number}", body=f"ngô khoai {number}")])
        if number % 3 == 0:
            archive.store.delete([f"a{number}"])
        bring_in_sync(archive)
        assert check(archive) == []
    assert archive.engine.retrieve(Request(parse("lúa"))).total == 0
    assert archive.engine.retrieve(Request(parse("ngô khoai"))).total == 20
    generation = current_generation(indexer_of(archive)._folder.indexes)
    assert generation is not None
    listed = read_commit(generation).segments
    assert sum(segment.live_count for segment in listed) == 20
    assert sum(len(segment.deleted) for segment in listed) <= 20
    archive.store.delete([f"a{number}" for number in range(30)])
    bring_in_sync(archive)
    assert read_commit(generation).segments == []
    assert archive.engine.retrieve(Request(parse("ngô"))).total == 0


def test_files_of_a_commit_that_was_cut_off_are_removed(tmp_path: Path) -> None:
    create_index(tmp_path)
    builder = Builder(tmp_path, Workers(0))
    write_segment(tmp_path, "MAIN_leftover", invert(articles(["lúa"])))
    assert list(builder.apply([Change(1, "a", Article(id="a", body="gạo"))], lambda _: None)) == [1]
    assert sorted({path.stem for path in tmp_path.glob("*.inv")}) == [
        segment.name for segment in read_commit(tmp_path).segments
    ]


def test_commits_are_bounded_by_count_and_by_characters(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    commit = Builder._commit

    def spy(builder: Builder, ids: Any, parts: Any) -> Any:
        sizes.append(len(ids))
        return commit(builder, ids, parts)

    monkeypatch.setattr(Builder, "_commit", spy)
    monkeypatch.setattr(builder_module, "_COMMIT_ARTICLES", 7)
    monkeypatch.setattr(builder_module, "_COMMIT_CHARACTERS", 200)
    archive.store.put([Article(id=f"a{number}", body="lúa") for number in range(20)])
    archive.store.put([Article(id=f"b{number}", body="gạo " * 30) for number in range(4)])
    bring_in_sync(archive)
    assert sizes == [7, 7, 7, 2, 1]
    assert check(archive) == []


def test_commits_come_one_by_one_while_workers_go_on_with_later_ones(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in [
        (builder_module, "CHUNK_ARTICLES", 3),
        (builder_module, "_COMMIT_ARTICLES", 10),
        (indexer_module, "_MANY", 1),
        (indexer_module, "processors", lambda: 2),
    ]:
        monkeypatch.setattr(module, name, value)
    seen: list[tuple[int, int]] = []
    commit = Builder._commit

    def spy(builder: Builder, ids: Any, parts: Any) -> Any:
        seen.append((len(ids), indexer_of(archive).applied()))
        return commit(builder, ids, parts)

    monkeypatch.setattr(Builder, "_commit", spy)
    archive.store.put([Article(id=f"a{number}", body=f"lúa gạo {number}") for number in range(40)])
    bring_in_sync(archive)
    assert [count for count, _ in seen] == [10, 10, 10, 10]
    seen.clear()
    archive.store.delete([f"a{number}" for number in range(12)])
    archive.store.put([Article(id=f"a{number}", body=f"ngô khoai {number}") for number in range(10, 25)])
    bring_in_sync(archive)
    assert seen == [(10, 40), (10, 50), (5, 62)]
    assert indexer_of(archive).applied() == archive.store.last_seq() == 67
    assert check(archive) == []
    assert {hit.id for hit in archive.engine.retrieve(Request(parse("ngô"), size=40)).hits} == {
        f"a{n}" for n in range(10, 25)
    }
    assert {hit.id for hit in archive.engine.retrieve(Request(parse("lúa"), size=40)).hits} == {
        f"a{n}" for n in range(25, 40)
    }


def test_workers_give_what_this_process_gives() -> None:
    chunks = [articles([f"lúa gạo {number}", "hội nhập"], first=2 * number) for number in range(12)]
    with Workers(2) as workers:
        found = [content(segment) for segment in workers.segments(chunks)]
    assert found == [content(invert(chunk)) for chunk in chunks]
    assert multiprocessing.active_children() == []


def test_other_work_goes_on_while_a_worker_is_waited_for() -> None:
    chunks = [articles(["lúa gạo " * 3000] * 20), articles(["hội nhập"], 20)]
    looks: list[None] = []
    with Workers(1) as workers:
        found = [content(segment) for segment in workers.segments(chunks, lambda: looks.append(None))]
    assert looks  # while the worker was started, at least
    assert found == [content(invert(chunk)) for chunk in chunks]


def test_killed_workers_lose_nothing(caplog: pytest.LogCaptureFixture) -> None:
    chunks = [articles([f"lúa gạo {number}"] * 20, first=20 * number) for number in range(12)]

    def chunks_and_a_murder() -> Iterator[list[NumberedArticle]]:
        for number, chunk in enumerate(chunks):
            if number == 6:
                for child in multiprocessing.active_children():
                    child.kill()
            yield chunk

    with Workers(2) as workers, caplog.at_level(logging.WARNING):
        found = [content(segment) for segment in workers.segments(chunks_and_a_murder())]
    assert found == [content(invert(chunk)) for chunk in chunks]
    assert "continuing without workers" in caplog.text


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to see it in: make test on Linux")
def test_workers_end_with_their_parent_however_it_ends(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(ORPHANING, "utf-8")
    parent = start([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 120
    while any(_runs(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_big_batches_are_worked_on_by_processes_and_small_ones_are_not(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    begin = Workers.__init__

    def spy(workers: Workers, count: int) -> None:
        counts.append(count)
        begin(workers, count)

    monkeypatch.setattr(Workers, "__init__", spy)
    monkeypatch.setattr(indexer_module, "processors", lambda: 2)
    archive.store.put([Article(id=f"a{number}", body="lúa gạo") for number in range(499)])
    bring_in_sync(archive)
    archive.store.put([Article(id=f"b{number}", body="lúa gạo") for number in range(500)])
    bring_in_sync(archive)
    assert counts == [0, 2]
    assert archive.engine.retrieve(Request(parse("lúa"))).total == 999
    assert check(archive) == []
