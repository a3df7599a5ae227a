"""Whose turn it is: bounds hold, no request is lost or done twice, and time is shared evenly."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from web.serving import admission
from web.serving.admission import BusyError, FairQueue, Job, Lane, StuckError

Work = dict[str, dict[str, float]]
"""What one request takes, by client and connection, in seconds."""


def job(client: str, connection: str = "one") -> Job[Any]:
    """A job of a queue without threads: nobody waits for its answer."""
    return Job(client, connection, int, int, 0.0, None)  # type: ignore[arg-type]


class Shares:
    """Clients that always have requests waiting on each of their connections, and what time they get."""

    def __init__(self, takes: Work) -> None:
        self.takes = takes
        self.queue = FairQueue(10_000, 10_000)
        self.got = Counter[tuple[str, str]]()
        for client in takes:
            self.arrive(client)

    def arrive(self, client: str) -> None:
        for connection in self.takes[client]:
            self.queue.push(job(client, connection))

    def run(self, seconds: float) -> None:
        spent = 0.0
        while spent < seconds:
            turn = self.queue.pop()
            assert turn is not None
            took = self.takes[turn.client][str(turn.connection)]
            self.queue.push(job(turn.client, str(turn.connection)))
            self.queue.done(turn, took)
            self.got[turn.client, str(turn.connection)] += took  # type: ignore[assignment]
            spent += took

    def of(self, client: str) -> float:
        return sum(seconds for (name, _), seconds in self.got.items() if name == client)


names = some.sampled_from("abc")
steps = some.one_of(
    some.tuples(some.just("push"), names, names),
    some.tuples(some.just("pop"), some.booleans()),
    some.tuples(some.just("remove"), some.integers(0, 99)),
    some.tuples(some.just("done"), some.integers(0, 99), some.floats(0, 5)),
)


@given(some.lists(steps, max_size=80), some.integers(1, 6), some.integers(1, 4))
def test_no_request_is_lost_or_done_twice(plan: list[tuple[Any, ...]], most: int, most_of_client: int) -> None:
    queue = FairQueue(most, most_of_client)
    waiting: list[Job[Any]] = []
    running: list[Job[Any]] = []
    for what, *more in plan:
        if what == "push":
            new = job(*more)
            number = Counter(each.client for each in waiting)
            refused = queue.push(new)
            if number[new.client] >= most_of_client:
                assert refused is new
            elif len(waiting) < most:
                assert refused is None
            else:
                number[new.client] += 1
                assert refused is not None
                assert number[refused.client] == max(number.values())
                assert refused is [each for each in (*waiting, new) if each.client == refused.client][-1]
            waiting = [each for each in (*waiting, new) if each is not refused]
        elif what == "pop":
            turn = queue.pop(light=more[0])
            if turn is None:
                assert more[0] or not waiting
            else:
                waiting.remove(turn)  # fails if it does not wait
                running.append(turn)
        elif what == "remove" and waiting:
            gone = waiting.pop(more[0] % len(waiting))
            assert queue.remove(gone)
            assert not queue.remove(gone)
        elif what == "done" and running:
            queue.done(running.pop(more[0] % len(running)), more[1])
        assert len(queue) == len(waiting) <= most
        assert all(number <= most_of_client for number in Counter(each.client for each in waiting).values())
        assert not any(queue.remove(each) for each in running)
    left = [queue.pop() for _ in waiting]
    assert {id(each) for each in left} == {id(each) for each in waiting}
    assert queue.pop() is None


times = some.floats(0.05, 2)


@given(some.dictionaries(names, some.dictionaries(some.sampled_from("xyz"), times, min_size=1), min_size=2))
def test_time_is_shared_evenly(takes: Work) -> None:
    """Between clients, however many connections they have; and between the connections of one."""
    shares = Shares(takes)
    shares.run(30)
    longest = max(max(connections.values()) for connections in takes.values())
    given = [shares.of(client) for client in takes]
    assert max(given) - min(given) <= 2 * longest + 1e-6
    for client, connections in takes.items():
        each = [shares.got[client, connection] for connection in connections]
        assert max(each) - min(each) <= 2 * max(connections.values()) + 1e-6


@given(times, times, some.floats(0, 20))
def test_whoever_was_idle_gains_nothing(busy: float, late: float, before: float) -> None:
    shares = Shares({"busy": {"x": busy, "y": busy}, "other": {"x": busy}, "late": {"x": late}})
    shares.queue = FairQueue(100, 100)
    shares.arrive("busy")
    shares.arrive("other")
    shares.run(before)
    shares.got.clear()
    shares.arrive("late")
    shares.run(20)
    assert abs(shares.of("late") - shares.of("busy")) <= 2 * max(busy, late) + 1e-6
    assert abs(shares.of("other") - shares.of("busy")) <= 3 * max(busy, late) + 1e-6


def test_coming_and_going_gains_nothing() -> None:
    """A client that leaves when it has had its turn, and comes back, is still the one that has used more."""
    queue = FairQueue(100, 100)
    got = Counter[str]()
    queue.push(job("steady"))
    for _ in range(100):
        queue.push(job("jumpy", f"{_}"))
        turn = queue.pop()
        assert turn is not None
        got[turn.client] += 1
        queue.done(turn, 1.0)
        if turn.client == "steady":
            queue.push(job("steady"))
    assert abs(got["steady"] - got["jumpy"]) <= 2


def test_only_what_is_likely_to_be_short_is_light() -> None:
    queue = FairQueue(100, 100)
    for client, seconds in {"heavy": 1.0, "light": 0.001}.items():
        queue.push(job(client))
        queue.push(job(client))
        turn = queue.pop()
        assert turn is not None
        queue.done(turn, seconds)
        if turn.client != client:
            queue.push(job(turn.client))
    popped = [queue.pop(light=True) for _ in range(3)]
    assert {each.client for each in popped if each is not None} == {"light"}
    assert len(queue) >= 1
    left = queue.pop()
    assert left is not None
    assert left.client == "heavy"


def test_many_clients_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_MOST_CLIENTS", 50)
    monkeypatch.setattr(admission, "_MOST_CONNECTIONS", 50)
    queue = FairQueue(10, 10)
    queue.push(job("waits"))
    for number in range(500):
        gone = job(f"c{number}", "x")
        queue.push(gone)
        queue.remove(gone)
        queue.push(job("waits", f"{number}"))
        turn = queue.pop()
        assert turn is not None
        queue.done(turn, 0.001)
    assert len(queue._clients) <= 52
    assert max(len(each.connections) for each in queue._clients.values()) <= 52


def in_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


def test_a_lane_does_each_job_once_and_in_turn() -> None:
    async def test() -> None:
        lane = Lane("test", 1, FairQueue(100, 100), 60)
        first, done = threading.Event(), []
        begun = lane.admit("a", 0, lambda: first.wait(60), print)
        others = [
            lane.admit(client, 0, lambda name=f"{client}{number}": done.append(name) or name, print)  # type: ignore[misc]
            for client in "bcd"
            for number in range(3)
        ]
        assert done == []
        first.set()
        assert await begun.answer
        assert [await each.answer for each in others] == [
            f"{client}{number}" for client in "bcd" for number in range(3)
        ]
        assert sorted(done) == sorted(f"{client}{number}" for client in "bcd" for number in range(3))
        assert lane.running == set()
        lane.close()

    in_loop(test)


def test_a_lane_says_what_failed() -> None:
    async def test() -> None:
        lane = Lane("test", 1, FairQueue(100, 100), 60)
        with pytest.raises(ZeroDivisionError):
            await lane.admit("a", 0, lambda: 1 // 0, print).answer
        assert await lane.admit("a", 0, lambda: 7, print).answer == 7
        lane.close()

    in_loop(test)


def test_a_job_that_waits_too_long_is_not_done() -> None:
    async def test() -> None:
        lane = Lane("test", 1, FairQueue(100, 100), 0.01)
        end, done = threading.Event(), []
        running = lane.admit("a", 0, lambda: end.wait(60), print)
        with pytest.raises(BusyError):
            await lane.admit("b", 0, lambda: done.append(1), print).answer
        end.set()
        await running.answer
        await lane.admit("c", 0, lambda: done.append(2), print).answer
        assert done == [2]
        lane.close()

    in_loop(test)


def test_a_job_that_makes_room_is_not_done() -> None:
    async def test() -> None:
        lane = Lane("test", 1, FairQueue(2, 2), 60)
        end, done = threading.Event(), []
        running = lane.admit("a", 0, lambda: end.wait(60), print)
        jobs = [lane.admit("b", 0, lambda name=name: done.append(name), print) for name in "xy"]  # type: ignore[misc]
        own = lane.admit("b", 0, lambda: done.append("own"), print)
        with pytest.raises(BusyError):
            await own.answer
        other = lane.admit("c", 0, lambda: done.append("c"), print)
        with pytest.raises(BusyError):
            await jobs[1].answer
        end.set()
        for each in (running, jobs[0], other):
            await each.answer
        assert sorted(done) == ["c", "x"]
        lane.close()

    in_loop(test)


def test_a_job_whose_client_is_gone_is_dropped() -> None:
    async def test() -> None:
        lane = Lane("test", 1, FairQueue(100, 100), 60)
        end, done, told = threading.Event(), [], []
        running = lane.admit("a", 0, lambda: end.wait(60), lambda: told.append("running"))
        waiting = lane.admit("a", 0, lambda: done.append(1), lambda: told.append("waiting"))
        lane.leave(waiting)
        lane.leave(running)
        assert told == ["running"]
        with pytest.raises(asyncio.CancelledError):
            await waiting.answer
        end.set()
        await running.answer
        await lane.admit("b", 0, lambda: done.append(2), print).answer
        assert done == [2]
        lane.close()

    in_loop(test)


def test_what_is_stuck_is_given_up() -> None:
    async def test() -> None:
        lane = Lane("test", 1, FairQueue(100, 100), 60)
        end, done = threading.Event(), []
        stuck = lane.admit("a", 0, lambda: end.wait(60), print)
        waiting = lane.admit("b", 0, lambda: done.append(1), print)
        lane.give_up()
        for each in (stuck, waiting):
            with pytest.raises(StuckError):
                await each.answer
        end.set()
        assert await lane.admit("c", 0, lambda: 7, print).answer == 7
        assert done == []
        lane.close()

    in_loop(test)


def test_light_jobs_go_beside_a_long_one() -> None:
    async def test() -> None:
        lane = Lane("test", 2, FairQueue(100, 100), 60, spare=True)
        end = threading.Event()
        long = lane.admit("heavy", 0, lambda: end.wait(60), print)
        assert await lane.admit("light", 0, lambda: 7, print).answer == 7
        assert not long.answer.done()
        end.set()
        await long.answer
        lane.close()

    in_loop(test)
