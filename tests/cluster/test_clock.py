"""Sequence numbers rise for all servers alike, and who reads up to what is settled misses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from index.article import Article
from index.cluster import clock as clock_module
from index.cluster import entries
from index.cluster.clock import Taken
from index.cluster.store import ClusterArticleStore
from index.errors import ClusterError

Servers = Callable[[], ClusterArticleStore]


def test_no_number_is_taken_twice_and_none_is_left_out(server: Servers) -> None:
    servers = [server(), server()]
    taken: list[tuple[int, int]] = []

    def take(store: ClusterArticleStore) -> None:
        for count in (1, 3, 2):
            with store.clock.taking(count) as numbers:
                taken.append((numbers.first, numbers.last))

    threads = [threading.Thread(target=take, args=[store]) for store in servers * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = [number for first, last in sorted(taken) for number in range(first, last + 1)]
    assert every == list(range(1, 25))
    assert servers[0].last_seq() == servers[1].settled() == 24


def test_nothing_above_a_write_that_is_under_way_is_settled(server: Servers) -> None:
    slow, quick = server(), server()
    quick.put([Article(id="a", body="một")])
    with slow.clock.taking(2) as taken:
        quick.put([Article(id="b", body="hai")])
        assert (taken.first, taken.last, quick.last_seq()) == (2, 3, 4)
        assert quick.settled() == slow.settled() == 1
        assert [change.id for change in quick.changes_after(0, 10)] == ["a"]
    assert quick.settled() == 4
    assert [change.id for change in quick.changes_after(1, 10)] == ["b"]


def test_write_that_failed_holds_nobody_up(server: Servers) -> None:
    store = server()
    with pytest.raises(ValueError, match="nichts"), store.clock.taking(1):
        raise ValueError("nichts")
    assert store.settled() == store.last_seq() == 1


def test_numbers_of_a_server_that_is_gone_are_given_up(server: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, store = server(), server()
    monkeypatch.setattr(clock_module, "HELD_SECONDS", -60.0)
    taking = gone.clock.taking(3)
    taken = taking.__enter__()
    assert not taken.is_held()
    assert store.settled() == 3
    monkeypatch.undo()
    store.put([Article(id="a", body="một")])
    assert store.settled() == 4


def test_held_numbers_are_held_for_longer_while_they_are_used(server: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    store, other = server(), server()
    with store.clock.taking(1) as taken:
        monkeypatch.setattr(clock_module, "_RENEWED_AFTER", 0.0)
        before = taken.since
        with other.clock.taking(1):
            store.clock.renew(taken)
        assert taken.since > before
        assert taken.is_held()
        assert store.settled() == 0


def test_write_that_took_too_long_is_written_again_under_a_number_nobody_has_passed(
    server: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = server()
    answers = iter([False, True])
    monkeypatch.setattr(Taken, "is_held", lambda taken: next(answers, True))
    result = store.put([Article(id="a", body="một"), Article(id="b", body="hai")])
    assert (result.added, result.seq) == (["a", "b"], 4)
    assert [(change.seq, change.id) for change in store.changes_after(0, 9)] == [(3, "a"), (4, "b")]
    monkeypatch.setattr(Taken, "is_held", lambda taken: False)
    with pytest.raises(ClusterError, match="too slow"):
        store.put([Article(id="c", body="ba")])


def test_clock_that_was_lost_goes_on_above_what_is_there(server: Servers) -> None:
    store = server()
    store.put([Article(id=f"a{number}", body="một") for number in range(5)])
    store.cluster.ask("DELETE", store.cluster.state, "_doc", "clock")
    after = server()
    assert after.last_seq() == after.settled() == 5
    assert after.put([Article(id="a0", body="hai")]).seq == 6
    article = after.get("a0")
    assert article is not None
    assert article.body == "hai"


def test_times_rise_with_the_numbers_though_a_server_is_behind(server: Servers) -> None:
    store = server()
    store.put([Article(id="a", body="một")])
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    entries.change(store.cluster, store.cluster.state, "clock", lambda now: {**(now or {}), "at": ahead})
    store.put([Article(id="b", body="hai")])
    assert store.stored_at(["b"]) == {"b": ahead}


def test_late_write_loses_and_counts_as_written(server: Servers) -> None:
    late, store = server(), server()
    sent = late._put

    def delayed(new: object, taken: Taken) -> None:
        store.put([Article(id="a", body="sau")])
        sent(new, taken)  # type: ignore[arg-type]

    late._put = delayed  # type: ignore[method-assign, assignment]
    assert late.put([Article(id="a", body="trước"), Article(id="b", body="trước")]).added == ["a", "b"]
    assert {id: one.body for id, one in store.get_many(["a", "b"]).items()} == {"a": "sau", "b": "trước"}
    late._put = lambda new, taken: (store.delete(["b"]), sent(new, taken))[1]  # type: ignore[method-assign, assignment]
    late.put([Article(id="b", body="muộn")])
    assert store.get("b") is None
    assert store.count() == 1
