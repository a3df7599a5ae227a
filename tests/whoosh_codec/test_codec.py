"""The columnar codec keeps what Whoosh's own codec keeps, and damage to its files is noticed."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import fields, query
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.codec.whoosh3 import W3Codec
from whoosh.columns import NumericColumn, RefBytesColumn
from whoosh.filedb.filestore import FileStorage
from whoosh.index import open_dir
from whoosh.reading import IndexReader
from whoosh.scoring import BM25F

from index.article import Article
from index.directory.commits import OpenSegments
from index.directory.snapshot import Snapshot
from index.errors import DamagedIndexError
from index.segments.array_file import ArrayFile, write_arrays
from index.segments.columns import PackedStrings, TermDictionary
from index.segments.segment import InvertedField, pack_counts, read_segment
from index.whoosh_codec.codec import ColumnarCodec
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.archives import check, indexer_of

WORDS = ["lúa", "lú", "gạo", "đường", "đươ", "đ", "trà sữa".replace(" ", "_"), "x" * 70]
Texts = list[list[str]]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=12), min_size=1, max_size=40)


def schema() -> fields.Schema:
    cut = SpaceSeparatedTokenizer()
    return fields.Schema(
        id=fields.ID(unique=True, stored=True),
        body=fields.TEXT(analyzer=cut, phrase=True),
        tags=fields.KEYWORD(scorable=True),
        source=fields.COLUMN(RefBytesColumn()),
        seq=fields.COLUMN(NumericColumn("q", default=-1)),
    )


@contextmanager
def indexes(documents: Texts, deleted: set[int], commits: int = 1) -> Iterator[tuple[Any, Any]]:
    """The same documents written by Whoosh's codec and by ours."""
    with tempfile.TemporaryDirectory() as stock, tempfile.TemporaryDirectory() as ours:
        made = []
        for folder, codec in ((stock, W3Codec()), (ours, ColumnarCodec())):
            index = FileStorage(folder).create_index(schema())
            for part in range(commits):
                writer = index.writer(codec=codec)
                for number in range(part, len(documents), commits):
                    values: dict[str, Any] = {"id": f"n{number}", "body": " ".join(documents[number])}
                    if number % 3:
                        values.update(source=f"báo {number % 4}".encode(), seq=number * 1000, tags="a b")
                    writer.add_document(**values)
                writer.commit(merge=False)
            writer = index.writer(codec=codec)
            for number in deleted & set(range(len(documents))):
                writer.delete_by_term("id", f"n{number}")
            writer.commit(merge=False)
            made.append(index)
        yield made[0], made[1]


def postings(reader: IndexReader) -> list[tuple[Any, ...]]:
    found = []
    for field, term in reader.all_terms():
        matcher = reader.postings(field, term)
        while matcher.is_active():
            positions = matcher.value_as("positions") if matcher.supports("positions") else None
            frequency = matcher.value_as("frequency") if field != "id" else 1
            found.append((field, term, matcher.id(), matcher.weight(), frequency, positions))
            matcher.next()
    return found


@settings(max_examples=60, deadline=None)
@given(texts, st.sets(st.integers(0, 40), max_size=8))
def test_everything_read_is_what_the_stock_codec_reads(documents: Texts, deleted: set[int]) -> None:
    with indexes(documents, deleted) as (stock, ours), stock.reader() as wanted, ours.reader() as found:
        assert postings(found) == postings(wanted)
        assert list(found.all_terms()) == list(wanted.all_terms())
        assert list(found.all_stored_fields()) == list(wanted.all_stored_fields())
        for field, term in wanted.all_terms():
            one, other = found.term_info(field, term), wanted.term_info(field, term)
            for name in ("weight", "doc_frequency", "max_weight", "min_id", "max_id"):
                assert getattr(one, name)() == getattr(other, name)(), (field, term, name)
        for prefix in ("", "l", "lú", "đ", "đư", "z"):
            assert list(found.expand_prefix("body", prefix)) == list(wanted.expand_prefix("body", prefix))
        assert found.field_length("body") == sum(map(len, documents))
        for number, words in enumerate(documents):
            assert found.doc_field_length(number, "body", 0) == len(words)
            for column in ("source", "seq"):
                if wanted.has_column(column):
                    values = [reader.column_reader(column, translate=False)[number] for reader in (found, wanted)]
                    assert values[0] == values[1]


@settings(max_examples=60, deadline=None)
@given(texts, st.sets(st.integers(0, 40), max_size=8), st.sampled_from([1, 3]))
def test_whoosh_queries_find_the_same(documents: Texts, deleted: set[int], commits: int) -> None:
    term = query.Term
    queries = [
        query.And([term("body", "lúa"), term("body", "gạo")]),
        query.Or([term("body", "lúa"), term("body", "đường"), term("tags", "a")]),
        query.AndNot(term("body", "lúa"), term("body", "gạo")),
        query.Phrase("body", ["lúa", "gạo"]),
        query.Phrase("body", ["lúa", "lúa"], slop=2),
        query.Prefix("body", "đ"),
        query.Wildcard("body", "*ú*"),
        query.FuzzyTerm("body", "lúu"),
        query.TermRange("body", "gạo", "đường"),
        query.Every(),
    ]
    with indexes(documents, deleted, commits) as (stock, ours), stock.searcher() as wanted, ours.searcher() as found:
        for asked in queries:
            ids = [{hit["id"] for hit in searcher.search(asked, limit=None)} for searcher in (found, wanted)]
            assert ids[0] == ids[1], asked


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(1, 10))
def test_scores_are_bm25_over_the_same_postings(documents: Texts, limit: int) -> None:
    """Whoosh's BM25F through our matchers, blocks skipped, equals the formula over arrays with exact lengths."""
    asked = ["lúa", "gạo", "đ"]
    with indexes(documents, set()) as (_, ours), ours.searcher(weighting=BM25F()) as searcher:
        postings = ours._segments()[0]
        segment = read_segment(Path(ours.storage.folder), postings.segment_id(), postings.doc_count_all())
        scores = np.zeros(segment.count)
        if "body" in segment.fields:
            body, lengths = segment.fields["body"], segment.lengths["body"].astype(float)
            for word in asked:
                number = body.terms.get(word.encode())
                if number is not None:
                    first, end = body.posting_range(number)
                    articles, tf = body.articles[first:end], body.frequencies(first, end).astype(float)
                    idf = math.log(segment.count / (end - first + 1)) + 1
                    norm = 1.2 * (0.25 + 0.75 * lengths[articles] / lengths.mean())
                    scores[articles] += idf * tf * 2.2 / (tf + norm)
        found = searcher.search(query.Or([query.Term("body", word) for word in asked]), limit=limit)
        matched = np.flatnonzero([bool(set(asked) & set(words)) for words in documents])
        best = sorted(matched, key=lambda number: (-round(scores[number], 9), number))[:limit]
        assert [hit.score for hit in found] == pytest.approx([scores[number] for number in best], abs=1e-5)
        assert {hit.docnum for hit in found} <= {
            number for number in matched if scores[number] >= scores[best[-1]] - 1e-5
        }


def test_articles_without_a_term_are_looked_for_beyond_the_last_that_has_another() -> None:
    with (
        indexes([["gạo"], ["lúa", "đường"]], set()) as (stock, ours),
        stock.searcher() as wanted,
        ours.searcher() as found,
    ):
        body = [query.Term("body", word) for word in ("lúa", "gạo", "đường")]
        asked = query.And([body[0], query.AndNot(*body[1:])])
        assert len(found.search(asked)) == len(wanted.search(asked)) == 0


@pytest.mark.parametrize("count", [1, 127, 128, 129, 256])
def test_matcher_past_its_end_has_the_qualities_of_its_last_block(count: int) -> None:
    with indexes([["lúa"]] * count + [["gạo"]], set()) as (stock, ours):
        for index in (stock, ours):
            with index.searcher() as searcher:
                matcher = searcher.postings("body", "lúa", BM25F())
                best = matcher.block_quality()
                matcher.skip_to(count)
                assert not matcher.is_active()
                assert matcher.block_quality() == best


def test_positions_of_a_phrase_are_looked_up_once_a_term(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[int] = []
    positions_of = InvertedField.positions_of

    def spy(inverted: InvertedField, number: int) -> Any:
        looked_up.append(number)
        return positions_of(inverted, number)

    monkeypatch.setattr(InvertedField, "positions_of", spy)
    with indexes([["lúa", "gạo"], ["gạo", "lúa"]] * 50, set()) as (_, ours), ours.searcher() as searcher:
        assert len(searcher.search(query.Phrase("body", ["lúa", "gạo"]), limit=None)) == 50
    assert sorted(looked_up) == [0, 1]


def test_matcher_skips_by_article_and_by_quality() -> None:
    documents = [["lúa"] * (number % 7 + 1) + ["gạo"] * (number // 300) for number in range(600)]
    with indexes(documents, set()) as (stock, ours), stock.searcher() as wanted, ours.searcher() as found:
        for target in (0, 1, 127, 128, 400, 599):
            matcher = found.postings("body", "lúa", BM25F())
            matcher.skip_to(target)
            assert matcher.id() == target
        rare = query.And([query.Term("body", "gạo"), query.Term("body", "lúa")])
        assert len(found.search(rare, limit=None)) == len(wanted.search(rare, limit=None)) == 300
        few = found.search(query.Term("body", "gạo"), limit=5)
        whole = found.search(query.Term("body", "gạo"), limit=None)
        assert [hit.score for hit in few] == [hit.score for hit in whole][:5]


@given(st.sets(st.text(min_size=1, max_size=6), max_size=300), st.lists(st.text(max_size=6), max_size=20))
def test_terms_are_found_by_themselves_and_by_their_beginnings(known: set[str], asked: list[str]) -> None:
    raw = sorted(term.encode("utf-8", "surrogatepass") for term in known)
    terms = TermDictionary(PackedStrings.pack(raw))
    for number, term in enumerate(raw):
        assert terms.get(term) == number
    for text in asked:
        prefix = text.encode("utf-8", "surrogatepass")
        assert (terms.get(prefix) is not None) == (prefix in raw)
        assert [terms.strings[n] for n in terms.with_prefix(prefix)] == [
            term for term in raw if term.startswith(prefix)
        ]


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=60), st.data())
def test_frequencies_of_any_size_are_kept(frequencies: list[int], data: st.DataObject) -> None:
    counts, large, large_counts = pack_counts(np.array(frequencies))
    inverted = InvertedField(
        TermDictionary(PackedStrings.pack([])), np.zeros(1), np.zeros(1), counts, large, large_counts
    )
    first = data.draw(st.integers(0, len(frequencies)))
    end = data.draw(st.integers(first, len(frequencies)))
    assert inverted.frequencies(first, end).tolist() == frequencies[first:end]


@pytest.mark.parametrize("damage", ["cut", "emptied", "overwritten", "extended", "directory"])
@pytest.mark.parametrize("extension", ["inv", "doc"])
def test_damaged_file_is_refused(archive: Archive, damage: str, extension: str) -> None:
    archive.store.put([Article(id="a", body="lúa gạo")])
    bring_in_sync(archive)
    path = next(indexer_of(archive)._folder.indexes.rglob(f"*.{extension}"))
    content = path.read_bytes()
    path.unlink()  # a map of the old file may be open
    directory = content.index(b'{"about"')
    path.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "emptied": b"",
            "overwritten": b"\xff" * len(content),
            "extended": content + b"\0",
            "directory": content[:directory] + b"[" + content[directory + 1 :],
        }[damage]
    )
    assert [problem for problem in check(archive) if "damaged" in problem]
    other = open_archive(ArchiveConfig(archive.home))
    with pytest.raises(DamagedIndexError, match="damaged"):
        other.engine.retrieve(Request(parse("lúa")))
    bring_in_sync(other)
    assert other.engine.retrieve(Request(parse("lúa"))).total == 1
    assert check(other) == []
    other.close()


def test_one_changed_byte_is_named_by_check(archive: Archive) -> None:
    archive.store.put([Article(id="a", body="lúa gạo")])
    bring_in_sync(archive)
    for path in (path for path in indexer_of(archive)._folder.indexes.rglob("*.*") if path.suffix in {".inv", ".doc"}):
        whole = path.read_bytes()
        file = ArrayFile(path)
        name = next(name for name in file if file[name].nbytes)
        at = file._arrays[name][1]
        path.unlink()
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        damage = f"the index file {path} is damaged: the bytes of {name} have changed since they were written"
        assert check(archive) == [f"index: {damage}"]
        path.unlink()
        path.write_bytes(whole)
    assert check(archive) == []


def test_segment_of_another_size_than_listed_is_refused(tmp_path: Path) -> None:
    with indexes([["lúa"]], set()) as (_, ours):
        name = ours._segments()[0].segment_id()
        with pytest.raises(DamagedIndexError, match="holds 1 articles, the index lists 2"):
            read_segment(Path(ours.storage.folder), name, 2)


def test_arrays_of_any_type_come_back(tmp_path: Path) -> None:
    arrays = {str(dtype): np.arange(3).astype(dtype) for dtype in ("u1", ">u2", "<u4", "i8", "f4")}
    write_arrays(tmp_path / "a", [*arrays.items(), ("none", np.empty(0, np.uint16))], {"name": "Đ"})
    file = ArrayFile(tmp_path / "a")
    assert file.about == {"name": "Đ"}
    assert file.problems() == []
    assert len(file["none"]) == 0
    for name, array in arrays.items():
        assert file[name].tolist() == array.tolist()
    with pytest.raises(FileNotFoundError):
        ArrayFile(tmp_path / "b")


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    cases: Sequence[tuple[fields.FieldType, str]] = [
        (fields.TEXT(chars=True), "format"),
        (fields.TEXT(vector=True), "vectors"),
        (fields.BOOLEAN(), ""),
        (fields.ID(sortable=True), ""),
    ]
    for number, (field, refused) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        writer = FileStorage(str(folder)).create_index(fields.Schema(x=field)).writer(codec=ColumnarCodec())

        def write() -> None:
            writer.add_document(x=True if isinstance(field, fields.BOOLEAN) else "lúa gạo")  # noqa: B023
            writer.commit()  # noqa: B023

        if refused:
            with pytest.raises(ValueError, match=refused):
                write()
        else:
            write()


def test_threads_read_one_snapshot_at_once(archive: Archive) -> None:
    archive.store.put([Article(id=f"a{n}", body=f"lúa gạo {'ngô ' * (n % 5)} số {n}") for n in range(200)])
    bring_in_sync(archive)
    archive.store.delete([f"a{n}" for n in range(0, 200, 7)])
    bring_in_sync(archive)
    generation = next(indexer_of(archive)._folder.indexes.glob("0*"))
    asked = [("body_folded", term) for term in ("lua", "gao", "ngo", "so", *map(str, range(200)))]

    def read(snapshot: Snapshot) -> list[list[int]]:
        found = []
        for field, term in asked:
            articles = snapshot.postings(field, term).articles
            owners, places = snapshot.positions(field, term, articles)
            found.append([*articles.tolist(), *owners.tolist(), *places.tolist()])
        return found

    wanted = read(Snapshot(generation, OpenSegments()))
    shared = Snapshot(generation, OpenSegments())
    results: list[list[list[int]]] = []
    threads = [threading.Thread(target=lambda: results.append(read(shared))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [wanted] * 6


def test_snapshot_gives_what_whoosh_gives(archive: Archive) -> None:
    archive.store.put([Article(id=f"a{n}", body=f"lúa gạo {'ngô ' * n}", source=f"Báo {n % 3}") for n in range(30)])
    bring_in_sync(archive)
    archive.store.put([Article(id="a3", body="khoai"), Article(id="b", body="lúa lúa")])
    archive.store.delete(["a4"])
    bring_in_sync(archive)
    generation = next(indexer_of(archive)._folder.indexes.glob("0*"))
    snapshot = Snapshot(generation, OpenSegments())
    reader = open_dir(str(generation)).reader()
    for field, term in reader.all_terms():
        matcher = reader.postings(field, term)
        postings = []
        while matcher.is_active():
            postings.append((matcher.id(), matcher.weight()))
            matcher.next()
        found = snapshot.postings(field, term.decode())
        assert list(zip(found.articles.tolist(), found.frequencies.tolist(), strict=True)) == postings
    assert [snapshot.article_number(snapshot.article_id(n)) for n in np.flatnonzero(snapshot.live)] == list(
        np.flatnonzero(snapshot.live)
    )
    assert snapshot.count == 30
    assert snapshot.lengths("body_word")[snapshot.article_number("b")] == 2
    reader.close()
