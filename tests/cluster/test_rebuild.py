"""An index of a cluster is made anew while it is searched and written; whatever ends that, the next one goes on."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from index.article import Article
from index.cluster import entries, mapping, rebuild
from index.cluster.connection import Cluster
from index.cluster.leases import Lease, LeaseLostError
from index.cluster.store import ClusterArticleStore
from index.errors import ClusterError, TaskCancelledError, WriterBusyError
from index.writer.workers import Workers
from tests.cluster.given import config_of

Rebuild = Callable[..., None]


@pytest.fixture
def store(cluster: Cluster) -> ClusterArticleStore:
    """Twenty articles, one written again and one deleted."""
    store = ClusterArticleStore(cluster)
    store.put([Article(id=f"a{number}", title=f"bài {number}", body=f"bưởi da xanh {number}") for number in range(20)])
    store.put([Article(id="a0", body="bưởi sửa lại"), Article(id="~" + "ệ" * 199, body="cam sành")])
    store.delete(["a1"])
    return store


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "_GRACE", 0.0)


def run(cluster: Cluster, wait: float = 0.0, progress: Callable[[int], None] = lambda _: None) -> None:
    lease = Lease(cluster, "rebuild", "rebuilding the index")
    rebuild.rebuild(cluster, lease, Workers(0), wait=wait, progress=progress)


def documents(cluster: Cluster) -> dict[str, Any]:
    """Return what is kept of every article and every deletion, with its version."""
    cluster.ask("POST", cluster.articles, "_refresh")
    found = cluster.search(cluster.articles, {"size": 1000, "version": True})["hits"]["hits"]
    return {hit["_id"]: (hit["_version"], hit["_source"]) for hit in found}


def indices(cluster: Cluster) -> dict[str, set[str]]:
    """Return the indices of the articles, and the aliases of each."""
    found = cluster.ask("GET", f"{cluster.articles}*", "_alias")
    return {name: set(index["aliases"]) for name, index in found.items()}


def assert_rebuilt(cluster: Cluster, before: dict[str, Any]) -> None:
    """Assert that one other index has all that the old one had, that it is searched, and that it may be written."""
    assert documents(cluster) == before
    [(name, aliases)] = indices(cluster).items()
    assert name != cluster.articles_index()
    assert aliases == {cluster.articles, cluster.live}
    assert not rebuild.is_interrupted(cluster)
    assert not rebuild.is_outdated(cluster)
    query = {"query": {"match_phrase": {"body_folded": "cam sanh"}}}
    assert cluster.search(cluster.live, query)["hits"]["total"]["value"] == 1
    store = ClusterArticleStore(cluster)
    assert store.put([Article(id="sau", body="viết sau")]).added == ["sau"]
    assert store.count() == 21


def test_new_index_has_all_the_old_one_had(cluster: Cluster, store: ClusterArticleStore) -> None:
    before, done = documents(cluster), [0]
    assert len(before) == 21
    run(cluster, progress=done.append)
    assert sum(done) == 20
    assert_rebuilt(cluster, before)


def test_index_of_several_shards_is_rebuilt_on_each_version(each_version: list[str], prefix: str) -> None:
    cluster = Cluster(config_of(each_version, prefix, shards=3))
    store = ClusterArticleStore(cluster)
    store.put([Article(id=f"a{number}", body=f"quýt hồng {number}") for number in range(120)])
    store.delete([f"a{number}" for number in range(10)])
    before = documents(cluster)
    assert len(before) == 120
    run(cluster)
    assert documents(cluster) == before
    assert store.count() == 110
    assert list(indices(cluster)) == [cluster.articles_index(2)]
    run(cluster)
    assert documents(cluster) == before
    assert list(indices(cluster)) == [cluster.articles_index(3)]
    store.close()


def test_what_was_said_of_an_article_is_carried_over(cluster: Cluster, store: ClusterArticleStore) -> None:
    place, (version, source) = next(iter(documents(cluster).items()))
    said = {**source, "story": 3, "copied": True}
    params = {"version": version + 1, "version_type": "external"}
    cluster.ask("PUT", cluster.articles, "_doc", place, body=said, params=params)
    run(cluster)
    assert documents(cluster)[place] == (version + 1, said)


def test_damaged_article_stays_damaged(
    cluster: Cluster, store: ClusterArticleStore, caplog: pytest.LogCaptureFixture
) -> None:
    _, source = documents(cluster)["a5"]
    params = {"version": 1 << 40, "version_type": "external"}
    cluster.ask("PUT", cluster.articles, "_doc", "a5", body={**source, "article": "{"}, params=params)
    before = documents(cluster)
    run(cluster)
    assert documents(cluster) == before
    assert store.verify() == ["a5"]
    assert "article 'a5' is damaged" in caplog.text


def test_index_of_an_earlier_analyzer_is_outdated_until_it_is_rebuilt(
    cluster: Cluster, store: ClusterArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = documents(cluster)
    assert not rebuild.is_outdated(cluster)
    monkeypatch.setattr(mapping, "ANALYZER_VERSION", mapping.ANALYZER_VERSION + 1)
    assert rebuild.is_outdated(cluster)
    run(cluster)
    assert_rebuilt(cluster, before)


def test_rebuild_begun_by_an_earlier_version_is_begun_anew(
    cluster: Cluster, store: ClusterArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = documents(cluster)
    with dying(cluster, lambda method, path: "_block" in path), pytest.raises(KilledError):
        run(cluster)
    forget_lease(cluster)
    assert set(indices(cluster)) == {cluster.articles_index(1), cluster.articles_index(2)}
    monkeypatch.setattr(mapping, "ANALYZER_VERSION", mapping.ANALYZER_VERSION + 1)
    run(cluster)
    assert_rebuilt(cluster, before)
    assert list(indices(cluster)) == [cluster.articles_index(3)]


def test_second_rebuild_at_once_is_told_that_one_is_under_way(cluster: Cluster, store: ClusterArticleStore) -> None:
    refused: list[str] = []

    def try_another(_: int) -> None:
        with pytest.raises(WriterBusyError) as told:
            run(cluster)
        refused.append(str(told.value))

    run(cluster, progress=try_another)
    assert refused
    assert "rebuilding the index" in refused[0]


def test_rebuild_that_is_stopped_goes_on_where_it_was(
    cluster: Cluster, store: ClusterArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        pass

    def stop(_: int) -> None:
        raise StoppedError

    monkeypatch.setattr(rebuild, "_AT_ONCE", 5)
    monkeypatch.setattr(rebuild, "_SAVED_EVERY", 0.0)
    before, done = documents(cluster), [0]
    for _ in range(2):
        with pytest.raises(StoppedError):
            run(cluster, progress=stop)
        assert rebuild.is_interrupted(cluster)
        assert store.put([Article(id="a3", body="bưởi da xanh 3")]).seq  # nothing is blocked
    before = documents(cluster)
    run(cluster, progress=done.append)
    assert sum(done) < 20
    assert_rebuilt(cluster, before)


def test_rebuild_that_is_cancelled_is_forgotten(
    cluster: Cluster, store: ClusterArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(_: int) -> None:
        raise TaskCancelledError

    before = documents(cluster)
    with pytest.raises(TaskCancelledError):
        run(cluster, progress=cancel)
    assert list(indices(cluster)) == [cluster.articles_index()]
    assert not rebuild.is_interrupted(cluster)
    assert store.put([Article(id="a3", body="bưởi da xanh 3")]).seq  # nothing is blocked
    monkeypatch.setattr(rebuild, "_GRACE", 0.2)
    before = documents(cluster)

    def cancel_late(_: int) -> None:
        if rebuild.current_index(cluster) != cluster.articles_index():
            raise TaskCancelledError

    run(cluster, progress=cancel_late)  # it is done when it is told
    assert_rebuilt(cluster, before)


def test_server_that_was_cut_off_too_long_does_nothing_more(cluster: Cluster, store: ClusterArticleStore) -> None:
    clock = [0.0]
    lease = Lease(cluster, "rebuild", "rebuilding the index", now=lambda: clock[0])

    def sleep(_: int) -> None:
        clock[0] += 1000

    with pytest.raises(LeaseLostError):
        rebuild.rebuild(cluster, lease, Workers(0), progress=sleep)
    assert cluster.articles in indices(cluster)[cluster.articles_index()]
    before = documents(cluster)
    run(cluster)
    assert_rebuilt(cluster, before)


class KilledError(BaseException):
    """The process is dead."""


@contextmanager
def dying(cluster: Cluster, when: Callable[[str, tuple[str, ...]], bool], *, after: bool = False) -> Iterator[None]:
    """Let nothing more reach the cluster once it is asked what ``when`` picks; that itself does if ``after``."""
    ask, dead = cluster.ask, threading.Event()

    def ask_while_alive(method: str, *path: str, **options: Any) -> Any:
        if dead.is_set():
            raise KilledError
        if not when(method, path):
            return ask(method, *path, **options)
        if after:
            ask(method, *path, **options)
        dead.set()
        raise KilledError

    cluster.ask = ask_while_alive  # type: ignore[method-assign]
    try:
        yield
    finally:
        cluster.ask = ask  # type: ignore[method-assign]


def forget_lease(cluster: Cluster) -> None:
    """Let the lease of a dead holder run out."""
    cluster.ask("DELETE", cluster.state, "_doc", "lease-rebuild")


def changes_something(method: str, path: tuple[str, ...]) -> bool:
    return method != "GET" and path[-1] not in {"_search", "_refresh", "lease-rebuild"}


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_rebuild_killed_at_any_step_is_finished_by_the_next(
    cluster: Cluster, store: ClusterArticleStore, after: bool
) -> None:
    before = documents(cluster)
    for last in itertools.count():
        left = [last]

        def at_last(method: str, path: tuple[str, ...], left: list[int] = left) -> bool:
            if not changes_something(method, path):
                return False
            left[0] -= 1
            return left[0] < 0

        try:
            with dying(cluster, at_last, after=after):
                run(cluster)
        except KilledError:
            pass
        else:  # it had no more steps
            break
        forget_lease(cluster)
        assert store.get("a2") is not None
        run(cluster)
        assert documents(cluster) == before
        assert set(indices(cluster)) == {rebuild.current_index(cluster)}
        store.put([Article(id="a2", body="viết lại")])
        store.put([Article(id="a2", title="bài 2", body="bưởi da xanh 2")])
        before["a2"] = documents(cluster)["a2"]
    assert last >= 9
    assert_rebuilt(cluster, before)


def test_writer_that_meets_the_block_waits_for_it(cluster: Cluster, store: ClusterArticleStore) -> None:
    before = documents(cluster)
    with dying(cluster, lambda method, path: path[-1] == "_aliases"), pytest.raises(KilledError):
        run(cluster)
    forget_lease(cluster)
    waiting = threading.Thread(target=store.put, args=([Article(id="chờ", body="chờ một lát")],))
    waiting.start()
    time.sleep(0.3)
    assert waiting.is_alive()
    run(cluster)
    waiting.join()
    assert store.get("chờ") is not None
    store.delete(["chờ"])
    after = documents(cluster)
    del after["chờ"]
    assert after == before


def test_writes_and_searches_go_on_throughout(
    cluster: Cluster, store: ClusterArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "_GRACE", 2.0)
    over, failures = threading.Event(), list[BaseException]()
    written: dict[str, str | None] = {}
    searches = [0]

    def noting(work: Callable[[int], None]) -> threading.Thread:
        def go() -> None:
            count = 0
            with suppress(KilledError):
                while not over.is_set():
                    count += 1
                    try:
                        work(count)
                    except BaseException as error:
                        failures.append(error)
                        return

        thread = threading.Thread(target=go)
        thread.start()
        return thread

    def write(count: int) -> None:
        id = f"w{count % 17}"
        if count % 5 == 4:
            store.delete([id])
            written[id] = None
        else:
            written[id] = f"lần {count}"
            store.put([Article(id=id, body=written[id] or "")])

    def find(_: int) -> None:
        answer = cluster.search(cluster.live, {"query": {"match": {"body_folded": "buoi"}}, "size": 100})
        if len(answer["hits"]["hits"]) != 19 or answer["_shards"]["failed"]:
            raise ClusterError(f"found {len(answer['hits']['hits'])}")
        searches[0] += 1

    store.count()  # all so far is visible
    threads = [noting(write), noting(find), noting(find)]
    for _ in range(3):
        run(cluster)
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert searches[0] > 10
    assert len(written) > 3
    kept = {id: article.body for id, article in store.get_many(list(written)).items()}
    assert kept == {id: body for id, body in written.items() if body is not None}
    assert list(indices(cluster)) == [cluster.articles_index(4)]


def test_lost_state_of_a_rebuild_leaves_no_index(cluster: Cluster, store: ClusterArticleStore) -> None:
    before = documents(cluster)
    with dying(cluster, lambda method, path: "_block" in path), pytest.raises(KilledError):
        run(cluster)
    forget_lease(cluster)
    cluster.ask("DELETE", cluster.state, "_doc", "rebuild")
    assert entries.read(cluster, cluster.state, "rebuild") is None
    run(cluster)
    assert_rebuilt(cluster, before)
