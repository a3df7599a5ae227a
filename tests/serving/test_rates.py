"""Requests a minute: as many at once as are allowed, then evenly, and each client by itself."""

from __future__ import annotations

from multiprocessing import get_context

from hypothesis import given
from hypothesis import strategies as some

from web.serving.rates import Rates

times = some.floats(0, 1e8)


def allowed(rates: Rates, client: str, per_minute: int, now: float) -> int:
    """How many requests are let through at one moment."""
    number = 0
    while rates.wait(client, per_minute, now) == 0:
        number += 1
        assert number <= per_minute
    return number


@given(some.integers(1, 300), times)
def test_a_minutes_requests_may_come_at_once(per_minute: int, now: float) -> None:
    rates = Rates()  # none of its buckets was used by another client
    assert allowed(rates, "a", per_minute, now) == per_minute
    assert allowed(rates, "a", per_minute, now + 61) == per_minute, "a minute later, all again"
    assert abs(allowed(rates, "a", per_minute, now + 61 + 30) - per_minute / 2) <= 1


@given(some.integers(1, 100), times)
def test_who_waits_as_told_is_let_through(per_minute: int, now: float) -> None:
    rates = Rates()
    allowed(rates, "a", per_minute, now)
    for _ in range(5):
        wait = rates.wait("a", per_minute, now)
        assert 0 < wait <= 60 / per_minute + 1e-3
        assert rates.wait("a", per_minute, now + wait / 2) > 0, "and not earlier"
        now += wait + 1e-3
        assert rates.wait("a", per_minute, now) == 0


@given(some.integers(1, 20), some.lists(some.floats(0, 60), min_size=1, max_size=100))
def test_no_minute_has_more_than_twice_what_is_allowed(per_minute: int, steps: list[float]) -> None:
    """Those that may come at once, and those whose time comes meanwhile."""
    rates, now, let = Rates(), 0.0, []
    for step in steps:
        now += step / 10
        if rates.wait("a", per_minute, now) == 0:
            let.append(now)
    for begin in let:
        assert sum(begin <= each <= begin + 60 for each in let) <= 2 * per_minute


def test_clients_are_counted_apart() -> None:
    rates = Rates()
    assert allowed(rates, "a", 5, 0.0) == 5
    assert allowed(rates, "b", 5, 0.0) == 5
    assert allowed(rates, "\udcff", 5, 0.0) == 5
    assert allowed(rates, "a", 5, 0.0) == 0


def test_refused_requests_do_not_put_off_the_next() -> None:
    rates = Rates()
    allowed(rates, "a", 1, 0.0)
    for now in range(60):
        assert rates.wait("a", 1, float(now)) > 0
    assert rates.wait("a", 1, 60.1) == 0


def test_processes_count_together() -> None:
    rates = Rates()
    child = get_context("fork").Process(target=allowed, args=(rates, "a", 10, 5.0))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert allowed(rates, "a", 10, 5.0) == 0
    assert allowed(rates, "b", 10, 5.0) == 10
