"""The compiled kernels give what numpy gives: articles, order, totals, and scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import search.ranking.impacts
import search.ranking.maxscore
from index.article import Article
from index.kernels.library import kernels
from index.segments.columns import PackedStrings, TermDictionary
from index.segments.packing import PackedNumbers, bits_of, packed, packed_bytes
from index.segments.segment import COUNT_BITS, InvertedField, pack_counts
from search.archive import Archive
from search.engine import Request
from search.engines.embedded.engine import EmbeddedEngine
from search.engines.embedded.retrieval import retrieve
from search.kernels.impacts import CompiledImpacts
from search.kernels.postings import PackedFields, PostingKernels, joined, pack_field
from search.query.tree import Match, Node, Phrase, Words
from search.ranking.impacts import TermImpacts
from search.ranking.scoring import Ranking, saturation
from search.runtime.index_follower import bring_in_sync
from tests.matching.test_evaluator import ARTICLES, RANKINGS, TREES, each_way, filled_archive


@pytest.fixture(scope="module")
def compiled() -> PostingKernels:
    library = kernels()
    if library is None:
        pytest.skip("no compiled kernels: apt-get install gcc, then make test, without TIMTIN_KERNELS")
    return PostingKernels(library)


@pytest.mark.slow
@each_way
@settings(max_examples=80, deadline=None)
@given(
    ARTICLES, st.integers(0, 2), RANKINGS, st.lists(st.tuples(TREES, st.sampled_from(Match)), min_size=1, max_size=12)
)
def test_kernels_rank_as_numpy_does(
    compiled: PostingKernels,
    thresholds: dict[str, int],
    at_once: dict[str, int],
    articles: list[Article],
    replaced: int,
    ranking: Ranking,
    asked: list[tuple[Node, Match]],
) -> None:
    patches = patch.multiple(search.ranking.maxscore, **thresholds), patch.multiple(search.ranking.impacts, **at_once)
    with filled_archive(articles, replaced, ranking) as (archive, _), patches[0], patches[1]:
        assert isinstance(archive.engine, EmbeddedEngine)
        opened = archive.engine._opened()
        assert opened is not None
        by_kernels = CompiledImpacts(opened.snapshot, ranking, 1, compiled)
        by_numpy = TermImpacts(opened.snapshot, ranking)
        for tree, match in asked:
            for request in (Request(tree, match=match, size=2), Request(tree, match=match, explain=True)):
                found, wanted = retrieve(by_kernels, request), retrieve(by_numpy, request)
                assert [(hit.id, hit.relaxed) for hit in found.hits] == [(hit.id, hit.relaxed) for hit in wanted.hits]
                for hit, other in zip(found.hits, wanted.hits, strict=True):
                    assert hit.score == pytest.approx(other.score, rel=1e-5, abs=1e-5)
                    assert (hit.explanation or {}) == pytest.approx(other.explanation or {}, rel=1e-5, abs=1e-5)
                assert replace(found, hits=[]) == replace(wanted, hits=[])


SIZE = 400
LISTS = st.lists(st.dictionaries(st.integers(0, SIZE - 1), st.integers(1, 300), max_size=60), min_size=1, max_size=4)
Wide = type[np.unsignedinteger[Any]]


def packed_of(numbers: NDArray[Any], bits: int) -> PackedNumbers:
    data = np.concatenate([*(block.ravel() for block, _ in packed([numbers], bits)), np.zeros(8, np.uint8)])
    return PackedNumbers(data, bits, len(numbers))


def field_of(
    lists: list[dict[int, int]], row: int, wide: Wide, offset: int, limit: int, packs: bool = False
) -> PackedFields:
    """Return a field of a segment: term n has those articles of list n from ``offset`` to ``limit``."""
    kept = [sorted((at - offset, count) for at, count in one.items() if offset <= at < limit) for one in lists]
    entries = np.array([entry for one in kept for entry in one], np.int64).reshape(-1, 2)
    counts, large, large_counts = pack_counts(entries[:, 1].astype(np.uint32))
    strings = PackedStrings.pack([f"{number:03}".encode() for number in range(len(lists))])
    starts = np.cumsum([0, *map(len, kept)]).astype(np.uint32)
    places = np.arange(int(entries[:, 1].sum()), dtype=np.uint16)
    place_starts = np.concatenate([[0], np.cumsum(entries[:, 1])]).astype(np.uint32)[starts]
    inverted = InvertedField(
        TermDictionary(strings), starts, entries[:, 0].astype(wide), counts, large, large_counts, place_starts, places
    )
    if packs:
        packed_counts, packed_places = packed_of(counts, COUNT_BITS), packed_of(places, bits_of(places))
        inverted = replace(inverted, counts=packed_counts, positions=packed_places)
    return pack_field(inverted, row, offset, limit)


WIDE = st.sampled_from([np.uint16, np.uint32, np.uint64])


@given(LISTS, st.sets(st.integers(0, SIZE - 1)), WIDE, st.booleans(), st.booleans())
def test_terms_add_what_the_formula_says(
    compiled: PostingKernels, lists: list[dict[int, int]], chosen: set[int], wide: Wide, blocks: bool, packs: bool
) -> None:
    parts = [field_of(lists, row, wide, *ids, packs) for row in range(2) for ids in ((0, 100), (100, 256), (256, SIZE))]
    fields, live = joined(parts), np.arange(SIZE) % 3 > 0
    weights = np.random.default_rng(3).random((2, SIZE), np.float32)
    articles = np.array(sorted(chosen), np.intp)
    wanted, terms = np.zeros(len(articles), np.float32), []
    for number, frequencies in enumerate(lists):
        row = np.zeros(SIZE, np.uint32)
        row[list(frequencies)] = list(frequencies.values())
        often = row[articles] * weights[0, articles] + row[articles] * weights[1, articles]
        wanted += saturation(often, 0.9) * np.float32(number + 0.5)
        found = compiled.find(fields, f"{number:03}".encode(), live)
        assert sum(found.having) == 2 * np.count_nonzero(row)
        assert sum(found.living) == 2 * np.count_nonzero(row[live])
        terms.append(compiled.with_blocks(found)[0] if blocks else found)
    sums, flags = np.zeros(len(articles), np.float32), np.zeros(SIZE, bool)
    compiled.add_terms(terms, [number + 0.5 for number in range(len(terms))], weights, articles, 0.9, sums)
    assert sums == pytest.approx(wanted, rel=1e-5)
    for term in terms:
        compiled.flag_articles(term, flags)
    assert set(np.flatnonzero(flags)) == set().union(*lists)


@given(LISTS, st.sets(st.integers(0, SIZE - 1)), st.lists(st.integers(0, 3), min_size=1, max_size=3), st.booleans())
def test_packed_positions_are_read_as_plain_ones(
    compiled: PostingKernels, lists: list[dict[int, int]], chosen: set[int], asked: list[int], split: bool
) -> None:
    articles, widths = np.array(sorted(chosen), np.intp), [4, 90]
    bounds = ((0, 100), (100, SIZE)) if split else ((0, SIZE),)
    answers = []
    for packs in (False, True):
        fields = joined([field_of(lists, 0, np.uint16, *ids, packs) for ids in bounds])
        terms = [compiled.find(fields, f"{number % len(lists):03}".encode(), None) for number in asked]
        near = compiled.weigh_windows([terms], [1.5] * len(terms), articles, widths, 50)
        row = compiled.find_rows(terms, [0, 1, 7][: len(terms)], articles)
        answers.append([*near[0].ravel().tolist(), *near[1].tolist(), *row.tolist()])
    assert answers[0] == answers[1]


@given(st.lists(st.integers(0, (1 << 14) - 1), max_size=50), st.integers(0, 50), st.integers(0, 50), st.data())
def test_packed_numbers_are_the_plain_ones(numbers: list[int], one: int, other: int, data: st.DataObject) -> None:
    plain = np.array(numbers, np.uint16)
    bits = data.draw(st.integers(max(1, bits_of(plain) // 2), 7)) * 2
    cut = min(one, len(numbers))
    blocks = list(packed([plain[:cut], plain[cut:]], bits))
    assert sum(count for _, count in blocks) == len(plain)
    found = PackedNumbers(np.concatenate([block.ravel() for block, _ in blocks]), bits, len(plain))
    assert len(found.data) == packed_bytes(bits, len(plain))
    assert found[one:other].tolist() == numbers[one:other]
    some = np.array(data.draw(st.lists(st.integers(0, len(numbers) - 1))) if numbers else [], np.int64)
    assert found[some].tolist() == plain[some].tolist()


@given(st.sets(st.text("abâ", max_size=3).map(str.encode), max_size=300), st.text("abâc", max_size=4).map(str.encode))
def test_a_term_is_found_where_it_is(compiled: PostingKernels, terms: set[bytes], wanted: bytes) -> None:
    ones = np.ones(len(terms), np.uint8)
    strings = TermDictionary(PackedStrings.pack(sorted(terms)))
    starts = np.arange(len(terms) + 1, dtype=np.uint16)
    fields = pack_field(InvertedField(strings, starts, np.arange(len(terms), dtype=np.uint16), ones), 0, 0, len(terms))
    for term in (*terms, wanted):
        found, flags = compiled.find(fields, term, None), np.zeros(len(terms), bool)
        compiled.flag_articles(found, flags)
        assert [sorted(terms)[number] for number in np.flatnonzero(flags)] == [term] * (term in terms)


def test_what_kernels_cannot_read_never_reaches_them(compiled: PostingKernels) -> None:
    field = InvertedField(
        TermDictionary(PackedStrings.pack([b"a"])),
        np.array([0, 2], np.uint8),
        np.array([1, 2], np.uint16),
        np.ones(2, np.uint8),
    )
    lists = compiled.find(pack_field(field, 1, 0, 3), b"a", None)
    with pytest.raises(ValueError, match="length"):
        pack_field(replace(field, counts=np.ones(3, np.uint8)), 0, 0, 3)
    with pytest.raises(ValueError, match="no segment"):
        pack_field(replace(field, counts=np.ones(2, np.uint16)), 0, 0, 3)
    with pytest.raises(TypeError, match="float64"):
        pack_field(replace(field, articles=np.ones(2)), 0, 0, 3)
    with pytest.raises(TypeError, match="u2"):
        pack_field(replace(field, articles=np.ones(2, np.dtype(np.uint16).newbyteorder())), 0, 0, 3)
    with pytest.raises(TypeError, match="2 bool"):
        compiled.flag_articles(lists, np.zeros(2, bool))
    with pytest.raises(ValueError, match="occurrence weights"):
        compiled.add_terms([lists], [1.0], np.ones((1, 3), np.float32), np.arange(3), 0.9, np.zeros(3, np.float32))
    with pytest.raises(TypeError, match="float32"):
        compiled.add_terms([lists], [1.0], np.ones((2, 3), np.float32), np.arange(3), 0.9, np.zeros(2, np.float32))


def test_places_beyond_an_array_are_no_articles(compiled: PostingKernels) -> None:
    """A damaged file has a wrong answer, never an address of other memory."""
    field = InvertedField(
        TermDictionary(PackedStrings.pack([b"a", b"b"])),
        np.array([0, 200, 3], np.uint8),
        np.array([0, 9, 90], np.uint16),
        np.ones(3, np.uint8),
    )
    packed, flags = pack_field(field, 0, 0, 10), np.zeros(10, bool)
    assert compiled.find(packed, b"a", None).having == [0]
    compiled.flag_articles(
        compiled.find(pack_field(replace(field, starts=np.array([0, 3, 3])), 0, 0, 10), b"a", None), flags
    )
    assert np.flatnonzero(flags).tolist() == [0, 9]


def test_blocks_are_kept_up_to_a_number_of_bytes(compiled: PostingKernels) -> None:
    texts = [f"lúa {word}" for word in ("gạo", "nếp", "tẻ", "mùa") for _ in range(3)]
    with filled_archive([Article(id="a", body=text) for text in texts], 0, Ranking()) as (archive, _):
        assert isinstance(archive.engine, EmbeddedEngine)
        opened = archive.engine._opened()
        assert opened is not None
        impacts = CompiledImpacts(opened.snapshot, Ranking(), 1, compiled)
        impacts._most = 100
        for text in ("lúa", "lúa gạo", "lúa nếp", "lúa tẻ", "lúa mùa") * 3:
            retrieve(impacts, Request(Words(text), boosts={"title": 2.0}))
            kept = [one.blocks.nbytes for one in impacts._scored.values() if one.blocks is not None]
            assert sum(kept) <= 100 + max(kept, default=0)
        assert kept


def test_an_index_without_segments_has_nothing(compiled: PostingKernels, archive: Archive) -> None:
    archive.store.put([Article(id="a", body="lúa gạo")])
    bring_in_sync(archive)
    archive.store.delete(["a"])
    bring_in_sync(archive)
    archive.engine.rebuild()
    assert isinstance(archive.engine, EmbeddedEngine)
    opened = archive.engine._opened()
    assert opened is not None
    assert opened.snapshot.size == 0
    impacts = CompiledImpacts(opened.snapshot, Ranking(), 1, compiled)
    for tree in (Words("lúa"), Words("lúa gạo chín"), Phrase("lúa gạo chín")):
        assert retrieve(impacts, Request(tree)).total == 0
