"""A lease has one holder at a time, and another one once that is gone."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from index.cluster import entries, leases
from index.cluster.connection import Cluster
from index.cluster.leases import Lease, LeaseLostError
from index.errors import ClusterError, WriterBusyError


class Hands:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def lease(cluster: Cluster, now: Hands | None = None) -> Lease:
    return Lease(cluster, "rebuild", "rebuilding the index", 10, now or Hands())


def test_one_of_many_takes_a_lease(cluster: Cluster) -> None:
    for _ in range(10):
        rivals = [lease(cluster) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            taken = list(pool.map(Lease.take, rivals))
        assert sum(taken) == 1
        [holder] = [rival for rival, has in zip(rivals, taken, strict=True) if has]
        assert [rival.is_sure for rival in rivals] == taken
        holder.release()
        assert not holder.is_sure


def test_lease_is_taken_over_when_its_holder_gave_no_sign_for_its_length_by_the_clock_of_the_taker(
    cluster: Cluster,
) -> None:
    gone, clock = lease(cluster), Hands()
    assert gone.take()
    heir = lease(cluster, clock)
    assert not heir.take()
    clock.seconds += 9.9
    assert not heir.take()
    gone.renew()
    clock.seconds += 0.2
    assert not heir.take()
    clock.seconds += 9.9
    assert not heir.take()
    clock.seconds += 0.2
    assert heir.take()
    with pytest.raises(LeaseLostError, match="another server holds the rebuild lease"):
        gone.renew()
    assert not gone.is_sure
    with pytest.raises(LeaseLostError, match="cut off"):
        gone.check()
    gone.release()
    assert not lease(cluster).take()


def test_holder_is_sure_for_less_than_others_wait(cluster: Cluster) -> None:
    clock = Hands()
    held = lease(cluster, clock)
    assert held.take()
    clock.seconds += 7.9
    held.check()
    clock.seconds += 0.2
    with pytest.raises(LeaseLostError):
        held.check()
    held.renew()
    held.check()


def test_lease_names_its_holder_and_purpose(cluster: Cluster) -> None:
    with (
        lease(cluster).held(),
        pytest.raises(WriterBusyError, match=r"held by process \d+ on .+ \(rebuilding the index\)") as told,
        lease(cluster).held(),
    ):
        pass
    assert "rebuilding the index" in told.value.holder


def test_lease_is_free_after_it_was_held(cluster: Cluster) -> None:
    for _ in range(2):
        with lease(cluster).held():
            assert not lease(cluster).take()
    assert lease(cluster).take()


def test_lease_may_be_held_again_by_the_same_thread_and_by_no_other(cluster: Cluster) -> None:
    held = lease(cluster)
    found: list[str] = []

    def try_it() -> None:
        try:
            with held.held():
                found.append("held")
        except WriterBusyError as error:
            found.append(str(error))

    with held.held():
        with held.held():
            held.check()
        held.check()
        assert not lease(cluster).take()
        other = threading.Thread(target=try_it)
        other.start()
        other.join()
    assert found == ["this server holds the rebuild lease already; try again later"]
    assert lease(cluster).take()


def test_holder_gives_signs_while_it_works(cluster: Cluster) -> None:
    held = Lease(cluster, "rebuild", "rebuilding the index", 0.5)
    with held.held():
        first = entries.read(cluster, cluster.state, "lease-rebuild")
        deadline = time.monotonic() + 120
        while first == entries.read(cluster, cluster.state, "lease-rebuild"):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_one_that_waits_gets_the_lease_when_it_is_released(cluster: Cluster) -> None:
    first = lease(cluster)
    assert first.take()
    waiting = Lease(cluster, "rebuild", "rebuilding the index", 10)
    timer = threading.Timer(0.5, first.release)
    timer.start()
    with waiting.held(wait=120):
        waiting.check()
    timer.join()


def test_lost_answer_is_no_lost_lease(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = cluster.ask

    def ask_twice(method: str, *path: str, **options: object) -> object:
        if method == "PUT":
            ask(method, *path, **options)  # type: ignore[arg-type]
        return ask(method, *path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cluster, "ask", ask_twice)
    held = lease(cluster)
    assert held.take()
    held.renew()
    held.check()
    assert entries.next_numbers(cluster, "some") == 1
    assert entries.next_numbers(cluster, "some", 3) == 2


def test_cluster_that_is_gone_takes_no_lease_away_before_its_time(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease(cluster)
    assert held.take()

    def fail(*path: str, **options: object) -> None:
        raise ClusterError("no host of the cluster answered")

    monkeypatch.setattr(cluster, "ask", fail)
    with pytest.raises(ClusterError):
        held.renew()
    held.check()
    held.release()  # says nothing; others wait until it has run out


def test_forked_process_is_another_holder(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    held = lease(cluster)
    assert held.take()
    pid = leases.os.getpid()
    monkeypatch.setattr(leases.os, "getpid", lambda: pid + 1)
    assert not held.take()


def test_numbers_are_taken_once(cluster: Cluster) -> None:
    with ThreadPoolExecutor(6) as pool:
        firsts = list(pool.map(lambda count: entries.next_numbers(cluster, "some", count), [1, 2, 3] * 8))
    taken = [first + at for first, count in zip(firsts, [1, 2, 3] * 8, strict=True) for at in range(count)]
    assert sorted(taken) == list(range(1, 49))
