"""A lag that the next moment ends is no problem on a cluster; one that lasts is."""

from __future__ import annotations

import pytest

from search.lagging import Lag


def test_lag_is_a_problem_once_nothing_has_moved_on_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("search.lagging.time.monotonic", lambda: now)
    lag = Lag(10)
    assert not lag.is_problem(5, in_sync=True)
    for applied in range(6, 20):  # written to all the time
        now += 9
        assert not lag.is_problem(applied, in_sync=False)
    now += 9
    assert not lag.is_problem(19, in_sync=False)
    now += 1
    assert lag.is_problem(19, in_sync=False)
    assert not lag.is_problem(19, in_sync=True)
    now += 9
    assert not lag.is_problem(19, in_sync=False)


def test_every_lag_is_a_problem_without_patience() -> None:
    assert Lag().is_problem(1, in_sync=False)
    assert not Lag().is_problem(1, in_sync=True)
