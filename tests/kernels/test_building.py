"""Moving runs of items, merging strings and looking up the pieces of texts: kernels and numpy give the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.near_copies import assign
from index.kernels import building
from index.kernels.building import StringTable, merge_strings, put_runs, take_runs
from index.kernels.library import kernels
from index.segments.columns import PackedStrings

RUNS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=12)
STRINGS = st.binary(max_size=20) | st.sampled_from([b"", b"a", b"a\0", b"abcdefgh", b"abcdefgh\0", b"abcdefghi"])
no_kernel = pytest.mark.skipif(kernels() is None, reason="no compiled kernels: apt-get install gcc, then make test")


@pytest.fixture(params=["kernels", "numpy"])
def _by_either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "numpy":
        monkeypatch.setattr(building, "_kernel", lambda name: None)


@pytest.mark.usefixtures("_by_either")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
def test_runs_are_copied_from_and_to_their_places(dtype: type[np.generic]) -> None:
    @settings(max_examples=40, deadline=None)
    @given(RUNS)
    def check(runs: list[tuple[int, int]]) -> None:
        items = np.arange(30).astype(dtype)
        starts, counts = np.array(runs, np.int64).reshape(-1, 2).T
        taken = take_runs(items, starts, counts)
        assert taken.dtype == dtype
        assert taken.tolist() == [one for start, count in runs for one in range(start, start + count)]
        rows = take_runs(items.reshape(-1, 1).repeat(3, axis=1), starts, counts)
        assert rows.tolist() == [[one] * 3 for one in taken.tolist()]
        targets = np.cumsum(counts + 1) - counts
        into = np.full(int(counts.sum()) + len(runs), 99).astype(dtype)
        put_runs(taken.astype(np.int64), into, targets, counts)
        assert into.tolist() == [one for start, count in runs for one in (99, *range(start, start + count))]

    check()


@no_kernel
@pytest.mark.parametrize(("start", "count"), [(-1, 1), (0, -1), (9, 2), (11, 0)])
def test_no_run_beyond_an_array_reaches_the_kernel(start: int, count: int) -> None:
    items, runs = np.zeros(10, np.uint8), (np.array([start]), np.array([count]))
    calls: list[Callable[[], object]] = [
        lambda: take_runs(items, *runs),
        lambda: put_runs(np.zeros(max(count, 0), np.uint8), items, *runs),
        lambda: merge_strings(items, np.array([start, start + count]), np.array([0, 1])),
    ]
    for call in calls:
        with pytest.raises(IndexError):
            call()


@no_kernel
@given(st.lists(st.sets(STRINGS, max_size=12).map(sorted), min_size=1, max_size=6))
def test_merged_strings_have_their_places_among_all_distinct_ones(lists: list[list[bytes]]) -> None:
    strings = [one for some in lists for one in some]
    packed = PackedStrings.pack(strings)
    merged = merge_strings(packed.blob, packed.starts.astype(np.int64), np.cumsum([0, *map(len, lists)]))
    assert merged is not None
    numbers, firsts = merged
    distinct = sorted(set(strings))
    assert [strings[first] for first in firsts.tolist()] == distinct
    assert [distinct[number] for number in numbers.tolist()] == strings


@no_kernel
@given(
    st.lists(st.lists(st.text("ab\u1ed9\0", max_size=3), max_size=30), max_size=4),
    st.text("ab\u1ed9\0 \n", max_size=40),
)
def test_pieces_of_a_text_are_found_by_their_strings(added: list[list[str]], text: str) -> None:
    table = StringTable()
    known: dict[str, int] = {}
    for some in added:
        fresh = [one for one in dict.fromkeys(some) if one not in known]
        known.update(zip(fresh, range(len(known), len(known) + len(fresh)), strict=True))
        table.add([one.encode() for one in fresh])
    whole = f"{text}\n".encode()
    found = table.pieces(whole, -7)
    assert found is not None
    numbers, unknown = found
    pieces = f"{text}\n".replace("\n", " \n ").split(" ")[:-1]
    assert numbers.tolist() == [-7 if piece == "\n" else known.get(piece, -1) for piece in pieces]
    missing = [(at, piece) for at, piece in enumerate(pieces) if piece != "\n" and piece not in known]
    assert [(at, whole[start:end].decode()) for at, start, end in unknown] == missing


@no_kernel
def test_a_table_of_strings_grows() -> None:
    table = StringTable()
    strings = [f"{number}" for number in range(20_000)]
    for at in range(0, len(strings), 700):
        table.add([one.encode() for one in strings[at : at + 700]])
    found = table.pieces("".join(f"{one} " for one in strings).encode(), -7)
    assert found is not None
    assert found[0].tolist() == list(range(len(strings)))
    assert not found[1]


@no_kernel
@pytest.mark.parametrize("first", [0, 1, 2047, 2048, 2049, 4500])
def test_stories_are_those_that_numpy_finds(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The articles are edited copies of a few others, by up to 30 of 64 slots; some have no sketch."""
    chance = np.random.default_rng(first)
    bits = chance.integers(0, 2, (40, 128), np.uint8)[chance.integers(0, 40, 5000)]
    bits ^= chance.random((5000, 128)) < chance.choice([0, 0.01, 0.05, 0.1, 0.15], (5000, 1))
    planes = np.packbits(bits, axis=1).view(np.uint64).T.copy()
    planes[:, chance.random(5000) < 0.1] = 0
    known = chance.permutation(first) // 2
    arguments = planes[:, first:], np.arange(5000)[first:], planes[:, :first], known
    found = assign(*arguments)
    monkeypatch.setattr(building, "_kernel", lambda name: None)
    assert found.tolist() == assign(*arguments).tolist()
    assert len(set(found.tolist()) & set(range(first, 5000))) < 5000 - first


@no_kernel
@pytest.mark.parametrize(("sketches", "first"), [(3, 0), (4, -1), (4, 5)])
def test_no_sketch_beyond_an_array_reaches_the_kernel(sketches: int, first: int) -> None:
    with pytest.raises(IndexError):
        building.assign_stories(np.zeros((2, sketches), np.uint64), np.zeros(4, np.int64), first, 21)


@no_kernel
def test_no_stories_of_four_bytes_reach_the_kernel() -> None:
    with pytest.raises(IndexError):
        building.assign_stories(np.zeros((2, 4), np.uint64), np.zeros(4, np.int32), 0, 21)
