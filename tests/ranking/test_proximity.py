"""Articles that say close together what is asked for score more."""

from __future__ import annotations

import tracemalloc
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import search.ranking.proximity
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse
from search.ranking.proximity import best_windows
from search.runtime.index_follower import bring_in_sync
from tests.engines.contract import article

OCCURRENCES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 4)), unique_by=lambda entry: entry[:2], max_size=60
)


@given(OCCURRENCES, st.integers(1, 9), st.sampled_from([1, 2, 7, 1 << 15]))
def test_the_fast_windows_are_those_found_one_by_one(
    occurrences: list[tuple[int, int, int]], width: int, at_once: int
) -> None:
    weights = np.array([1.0, 2.0, 4.0, 8.0, 16.0], np.float32)
    columns = np.array(occurrences, np.int32).reshape(-1, 3).T
    with patch.object(search.ranking.proximity, "_AT_ONCE", at_once):
        owners, (sums, whole) = best_windows(columns[0], columns[1], columns[2], weights, [width, 99])
    assert (whole >= sums).all()
    best: dict[int, float] = {}
    for owner, total in zip(owners.tolist(), sums.tolist(), strict=True):
        best[owner] = max(best.get(owner, 0.0), total)
    slow: dict[int, float] = {}
    for owner, start, _ in occurrences:
        inside = {term for other, place, term in occurrences if other == owner and start <= place < start + width}
        slow[owner] = max(slow.get(owner, 0.0), float(sum(weights[term] for term in inside)))
    assert best == slow


def test_windows_of_long_articles_take_little_memory() -> None:
    places = np.arange(300_000, dtype=np.int32)
    terms = places % 40
    tracemalloc.start()
    try:
        _, [sums] = best_windows(np.zeros(len(places), np.int64), places, terms, np.ones(40, np.float32), [8])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(sums[:-8]) == {8.0}
    assert peak < 60_000_000  # a number for each place and term would take 96,000,000 bytes


def test_words_close_together_come_before_words_far_apart(archive: Archive) -> None:
    filler = " ".join(["một hai ba bốn năm sáu bảy tám"] * 3)
    archive.store.put(
        [
            article("xa", f"Cầu {filler} mới {filler} khánh {filler} thành {filler} sông."),
            article("gan", f"{filler} {filler} Khánh thành sông, cầu mới {filler} {filler}"),
            *(article(f"{n}", f"{filler} cầu đường") for n in range(9)),
        ]
    )
    bring_in_sync(archive)
    hits = archive.engine.retrieve(Request(parse("mới khánh thành cầu qua sông"), explain=True)).hits
    assert hits[0].id == "gan"
    assert (hits[0].explanation or {})["nearness"] > 0


def test_question_words_count_less(archive: Archive) -> None:
    archive.store.put(
        [
            article("hoi", "Ai là ai, ai là gì, ai ở đâu, hôm nay ai là người nào."),
            article("dap", "Thủ đô của nước ta nằm bên sông Hồng."),
            *(article(f"{n}", "Ông là chủ tịch nước, bà là người dân, ai ai cũng vui.") for n in range(3)),
        ]
    )
    bring_in_sync(archive)
    assert archive.engine.retrieve(Request(parse("thủ đô của nước ta là gì, nằm ở đâu?"))).hits[0].id == "dap"
