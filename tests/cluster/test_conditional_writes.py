"""Of writers on several servers that look at an article first, one at a time looks and writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from index.article import Article
from index.cluster import clock as clock_module
from index.cluster.store import ClusterArticleStore
from index.errors import ChangedError, ClusterError

Servers = Callable[[], ClusterArticleStore]


def article(id: str, body: str = "lúa gạo") -> Article:
    return Article(id=id, body=body)


def at_once(work: Callable[[ClusterArticleStore, int], None], stores: Sequence[ClusterArticleStore]) -> None:
    """Run ``work`` on each store in a thread of its own; raise what one of them raised."""
    failed: list[Exception] = []

    def run(store: ClusterArticleStore, number: int) -> None:
        try:
            work(store, number)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=[store, number]) for number, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_of_writers_with_one_precondition_one_wins_with_all_it_writes(server: Servers) -> None:
    stores = [server() for _ in range(3)] * 2
    for turn in range(5):
        won: list[int] = []

        def create(store: ClusterArticleStore, number: int, turn: int = turn, won: list[int] = won) -> None:
            own = [article(f"own-{turn}-{number}"), article(f"shared-{turn}", f"bài {number}")]
            try:
                store.put(own, only_if=lambda tag: tag is None)
                won.append(number)
            except ChangedError:
                assert store.get(f"own-{turn}-{number}") is None

        at_once(create, stores)
        [winner] = won
        assert stores[0].get(f"shared-{turn}") == article(f"shared-{turn}", f"bài {winner}")
        assert stores[0].get(f"own-{turn}-{winner}") is not None


def test_no_change_of_many_writers_is_lost(server: Servers) -> None:
    stores = [server() for _ in range(3)] * 2
    stores[0].put([article("a", "0")])

    def count(store: ClusterArticleStore, _: int) -> None:
        done = 0
        while done < 5:
            before = store.get("a")
            assert before is not None
            seen = before.content_hash()
            try:
                store.put(
                    [article("a", str(int(before.body) + 1))],
                    only_if=lambda tag, seen=seen: tag == seen,  # type: ignore[misc]
                )
                done += 1
            except ChangedError:
                pass

    at_once(count, stores)
    assert stores[0].get("a") == article("a", str(5 * len(stores)))


def test_of_a_deletion_and_a_change_one_wins(server: Servers) -> None:
    stores = [server(), server()]
    for turn in range(6):
        stores[0].put([article("a", f"bài {turn}")])
        tag = article("a", f"bài {turn}").content_hash()
        won: list[str] = []

        def write(store: ClusterArticleStore, number: int, tag: str = tag, won: list[str] = won) -> None:
            try:
                if number:
                    store.delete(["a"], only_if=lambda now: now == tag)
                else:
                    store.put([article("a", "mới")], only_if=lambda now: now == tag)
                won.append("deleted" if number else "changed")
            except ChangedError:
                pass

        at_once(write, stores)
        assert len(won) == 1
        assert stores[0].get("a") == (None if won == ["deleted"] else article("a", "mới"))


def test_claim_of_a_server_that_died_is_given_up(server: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "HELD_SECONDS", 0.5)
    monkeypatch.setattr(clock_module, "_CLOCKS_DIFFER", 0.5)
    dead, other = server(), server()
    held = dead.clock.taking(1, ["a"])
    held.__enter__()  # and nothing closes it
    assert other.put([article("b")], only_if=lambda tag: tag is None).added == ["b"]
    assert other.put([article("a")], only_if=lambda tag: tag is None).added == ["a"]


def test_write_of_a_server_that_lost_its_claim_is_not_acknowledged(
    server: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_module, "HELD_SECONDS", 0.2)
    monkeypatch.setattr(clock_module, "_CLOCKS_DIFFER", 0.1)
    slow, other = server(), server()

    def overtaken(tag: str | None) -> bool:
        other.put([article("a", "của người khác")], only_if=lambda tag: tag is None)
        return tag is None

    with pytest.raises(ClusterError, match="too slow"):
        slow.put([article("a", "chậm")], only_if=overtaken)
    assert other.get("a") == article("a", "của người khác")


def test_write_without_a_condition_that_came_between_has_the_lower_number(
    server: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = server(), server()
    read = one.cluster.documents
    came: list[int] = []

    def overtaken(index: str, ids: Sequence[str], fields: Sequence[str]) -> Any:
        if not came:
            came.append(other.put([article("a", "chen ngang")]).seq)
        return read(index, ids, fields)

    monkeypatch.setattr(one.cluster, "documents", overtaken)
    tag = article("a", "chen ngang").content_hash()
    assert one.put([article("a", "sau")], only_if=lambda now: now == tag).seq > came[0]
    assert other.get("a") == article("a", "sau")
