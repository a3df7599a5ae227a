"""Counts by date: every article is in one bucket, and buckets are days, weeks, months and years of the calendar."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from search.histogram import MOST_BUCKETS, Interval, histogram

LAST = date.max.toordinal()
NEAR = st.integers(-400, 400)
DAYS = st.tuples(
    st.sampled_from((401, 739_000, LAST - 400)), st.dictionaries(NEAR, st.integers(1, 9), min_size=1, max_size=40)
).map(lambda drawn: {drawn[0] + day: count for day, count in drawn[1].items()})


@given(DAYS, st.sampled_from(Interval))
def test_every_article_is_in_one_bucket(days: dict[int, int], interval: Interval) -> None:
    found = histogram(days, interval)
    assert sum(one.count for one in found) == sum(days.values())
    for one in found:
        assert one.count == sum(count for day, count in days.items() if one.first <= day <= one.last) > 0
    assert all(one.last < other.first for one, other in pairwise(found))


@given(DAYS, st.sampled_from(Interval))
def test_empty_buckets_fill_the_gaps(days: dict[int, int], interval: Interval) -> None:
    found = histogram(days, interval, empty=True)
    assert [one for one in found if one.count] == histogram(days, interval)
    assert all(one.last + 1 == other.first for one, other in pairwise(found))
    assert found[0].count
    assert found[-1].count


def test_there_are_so_many_buckets_at_most() -> None:
    days = dict.fromkeys(range(700_000, 740_000, 2), 1)
    for empty, step in ((False, 2), (True, 1)):
        found = histogram(days, Interval.DAY, empty=empty)
        assert len(found) == MOST_BUCKETS
        assert (found[-1].first, found[0].first) == (739_998, 739_998 - step * (MOST_BUCKETS - 1))
    far = histogram({1: 1, LAST: 1}, Interval.YEAR, empty=True)
    assert (len(far), far[-1].value, far[-1].last) == (MOST_BUCKETS, "9999", LAST)
    assert histogram({}, Interval.WEEK, empty=True) == []
