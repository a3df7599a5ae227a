"""Work that outlasts its request can be watched, survives a restart, and is done once."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.directory.generations import publish_generation
from index.directory.lock import WriterLock
from index.errors import StoreError
from index.store.article_store import TaskKind, TaskState
from index.store.database import Database
from index.store.tasks import SqliteTaskLog
from search.archive import Archive, ArchiveConfig, open_archive
from search.runtime.index_follower import IndexFollower, bring_in_sync
from tests.archives import check, indexer_of
from tests.conftest import Server
from tests.engines.contract import article

Key = dict[str, str]


def finished(client: FlaskClient, address: str) -> Any:
    deadline = time.monotonic() + 120
    while (task := client.get(address).json)["state"] not in {"done", "failed"}:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return task


def test_bulk_write_is_a_task_with_counts_errors_and_times(client: FlaskClient, key: Key) -> None:
    answer = client.post("/api/v1/articles", json=[{"id": "a", "body": "sầu riêng"}, 5], headers=key)
    assert answer.headers["Location"] == f"/api/v1/tasks/{answer.json['task']}"
    task = finished(client, answer.headers["Location"])
    assert (task["kind"], task["state"]) == ("articles", "done")
    assert task["counts"] == {"received": 2, "added": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert [error["index"] for error in task["errors"]] == [1]
    assert task["created"] <= task["finished"]
    assert "started" not in task
    assert client.get("/api/v1/search?q=sầu riêng").json["total"] == 1


def test_tasks_are_listed_latest_first_and_by_state(client: FlaskClient, key: Key) -> None:
    posts = [client.post("/api/v1/articles", json=[{"id": f"a{n}", "body": "x"}], headers=key) for n in range(3)]
    rebuild = client.post("/api/v1/reindex", headers=key)
    rebuilt = finished(client, rebuild.headers["Location"])
    assert rebuilt["counts"] == {"indexed": 8}
    assert rebuilt["created"] <= rebuilt["started"] <= rebuilt["finished"]
    listed = client.get("/api/v1/tasks").json["tasks"]
    assert [task["id"] for task in listed] == [rebuild.json["id"], *(post.json["task"] for post in reversed(posts))]
    assert len(client.get("/api/v1/tasks?size=2&state=done").json["tasks"]) == 2
    assert client.get("/api/v1/tasks?state=waiting").json["tasks"] == []
    refused = client.get("/api/v1/tasks?state=lost&size=0")
    assert (refused.status_code, {error["name"] for error in refused.json["errors"]}) == (400, {"state", "size"})


def test_rebuild_cut_off_by_a_kill_is_begun_anew_at_the_next_start(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    tasks = archive.store.tasks
    task = tasks.request_rebuild()
    tasks.begin(task.id)
    archive.close()
    server = serve()
    deadline = time.monotonic() + 120
    while server.request("GET", f"/api/v1/tasks/{task.id}").json["state"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_rebuild_is_carried_out_by_one_of_two_followers(archive: Archive, tmp_path: Path) -> None:
    other = open_archive(ArchiveConfig(tmp_path / "data"))
    tasks = archive.store.tasks
    rebuilds = []
    followers = []
    for each in (archive, other):
        build = indexer_of(each)._build_generation
        indexer_of(each)._build_generation = lambda progress, build=build: rebuilds.append(1) or build(progress)  # type: ignore[method-assign,misc,assignment]
        followers.append(IndexFollower(each, interval=0.01))
    bring_in_sync(archive)
    rebuilds.clear()
    task = tasks.request_rebuild()
    for follower in followers:
        follower.start()
    deadline = time.monotonic() + 120
    while tasks.unfinished(TaskKind.REINDEX):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for follower in followers:
        follower.stop()
    other.close()
    done = tasks.get(task.id)
    assert done is not None
    assert done.state is TaskState.DONE
    assert len(rebuilds) == 1


def test_rebuild_waits_for_another_writer(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_in_sync(archive)
    tasks = archive.store.tasks
    late = open_archive(ArchiveConfig(tmp_path / "data"))  # it has not yet seen that the index is sound
    follower = IndexFollower(late, interval=0.01)
    tried = threading.Semaphore(0)
    exclusive = late.engine.upkeep.exclusive
    monkeypatch.setattr(
        late.engine.upkeep, "exclusive", lambda *asked, **options: (tried.release(), exclusive(*asked, **options))[1]
    )
    with WriterLock(tmp_path / "data").held("a long import", 5):
        task = tasks.request_rebuild()
        assert tasks.request_rebuild().id == task.id
        follower.start()
        assert all(tried.acquire(timeout=30) for _ in range(3))
        assert follower.last_error is None  # searches see all there is
        assert tasks.unfinished(TaskKind.REINDEX)[0].state is TaskState.WAITING
    deadline = time.monotonic() + 120
    while tasks.unfinished(TaskKind.REINDEX):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    follower.stop()
    late.close()


def test_failed_rebuild_says_why(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_in_sync(archive)
    tasks = archive.store.tasks

    def fail(_progress: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(indexer_of(archive), "_build_generation", fail)
    task = tasks.request_rebuild()
    follower = IndexFollower(archive, interval=0.01)
    follower.start()
    deadline = time.monotonic() + 120
    while tasks.unfinished(TaskKind.REINDEX):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    follower.stop()
    failed = tasks.get(task.id)
    assert failed is not None
    assert failed.state is TaskState.FAILED
    assert failed.errors[0]["detail"].startswith("the disk that holds")


def test_only_the_last_thousand_tasks_are_kept(tmp_path: Path) -> None:
    tasks = SqliteTaskLog(Database(tmp_path / "articles.sqlite"))
    ids = [tasks.written(number, {}, []).id for number in range(1005)]
    assert [task.id for task in tasks.latest(2000)] == ids[:4:-1]


def test_rebuild_that_waits_is_kept_whatever_is_written(tmp_path: Path) -> None:
    tasks = SqliteTaskLog(Database(tmp_path / "articles.sqlite"))
    asked = tasks.request_rebuild()
    for number in range(1005):
        tasks.written(number, {}, [])
    assert tasks.unfinished(TaskKind.REINDEX) == [asked]
    tasks.end(asked.id)
    tasks.written(1005, {}, [])
    assert tasks.get(asked.id) is None


def test_writes_within_a_fifth_of_a_second_go_into_one_commit(archive: Archive) -> None:
    commits = []
    commit = indexer_of(archive).catch_up

    def counted(**more: Any) -> int:
        commits.append(1)
        return commit(**more)

    indexer_of(archive).catch_up = counted  # type: ignore[method-assign]
    follower = IndexFollower(archive, interval=0.5)
    follower.start()
    while not archive.in_sync():
        time.sleep(0.01)
    before = len(commits)
    for number in range(20):
        result = archive.store.put([article(f"a{number}")])
        follower.wrote(1)
    assert follower.wait_until_searchable(result.seq, timeout=10)
    follower.stop()
    assert len(commits) - before <= 2


def test_waiting_for_a_write_leaves_threads_to_searches(archive: Archive) -> None:
    follower = IndexFollower(archive, waiting=1)
    seq = archive.store.put([article("a")]).seq
    ended: queue.Queue[bool] = queue.Queue()
    threads = [threading.Thread(target=lambda: ended.put(follower.wait_until_searchable(seq, 120.0))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert [ended.get(timeout=60), ended.get(timeout=60)] == [False, False]
    assert sum(thread.is_alive() for thread in threads) >= 1
    bring_in_sync(archive)
    assert ended.get(timeout=60) is True


def test_server_that_ends_leaves_a_rebuild_to_the_next(archive: Archive) -> None:
    archive.store.put([article(f"a{number}") for number in range(300)])
    bring_in_sync(archive)
    tasks = archive.store.tasks
    follower = IndexFollower(archive, interval=0.01)
    build = indexer_of(archive)._apply
    begun = threading.Event()

    def slow(generation: Path, progress: Any = None, between: Any = None) -> int:
        begun.set()
        while not follower._stop.is_set():
            time.sleep(0.01)
        return build(generation, progress, between)

    indexer_of(archive)._apply = slow  # type: ignore[method-assign]
    task = tasks.request_rebuild()
    follower.start()
    assert begun.wait(30)
    follower.stop()
    indexer_of(archive)._apply = build  # type: ignore[method-assign]
    (left,) = tasks.unfinished(TaskKind.REINDEX)
    assert (left.id, left.state) == (task.id, TaskState.RUNNING)
    following = IndexFollower(archive, interval=0.01)
    following.start()
    deadline = time.monotonic() + 120
    while tasks.unfinished(TaskKind.REINDEX):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    following.stop()
    assert check(archive) == []


def test_rebuild_is_cancelled_while_it_runs(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.runtime.index_follower._REPORT_SECONDS", 0.0)
    archive.store.put([article(f"a{number}") for number in range(300)])
    bring_in_sync(archive)
    before = archive.engine.version()
    tasks = archive.store.tasks
    begin = tasks.begin

    def begin_and_cancel(id: str) -> bool:
        begun = begin(id)
        tasks.cancel(id)
        return begun

    monkeypatch.setattr(tasks, "begin", begin_and_cancel)
    follower = IndexFollower(archive, interval=0.01)
    task = tasks.request_rebuild()
    follower.start()
    until(lambda: not tasks.unfinished(TaskKind.REINDEX))
    follower.stop()
    ended = tasks.get(task.id)
    assert ended is not None
    assert (ended.state, ended.errors) == (TaskState.CANCELLED, [])
    assert 0 < ended.counts["indexed"] <= 300
    assert archive.engine.version() == before
    assert check(archive) == []


def test_rebuild_whose_server_ended_while_it_was_cancelled_ends_with_the_next(archive: Archive) -> None:
    archive.store.put([article("a")])
    bring_in_sync(archive)
    before = archive.engine.version()
    tasks = archive.store.tasks
    task = tasks.request_rebuild()
    tasks.begin(task.id)
    tasks.cancel(task.id)
    follower = IndexFollower(archive, interval=0.01)
    follower.start()
    until(lambda: not tasks.unfinished(TaskKind.REINDEX))
    follower.stop()
    ended = tasks.get(task.id)
    assert ended is not None
    assert ended.state is TaskState.CANCELLED
    assert archive.engine.version() == before


def test_bulk_write_is_done_while_a_rebuild_goes_on(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.store.put([article(f"a{number}") for number in range(300)])
    bring_in_sync(archive)
    tasks = archive.store.tasks
    seen: list[TaskState] = []
    written: list[str] = []
    note, publish = archive.store.record_applied, publish_generation

    def write_in_the_middle(seq: int) -> None:
        note(seq)
        if not written:
            written.append(tasks.written(archive.store.put([article("giữa chừng")]).seq, {}, []).id)

    def before_the_swap(fresh: Path) -> None:
        task = tasks.get(written[0])
        assert task is not None
        seen.append(task.state)
        publish(fresh)

    monkeypatch.setattr(archive.store, "record_applied", write_in_the_middle)
    monkeypatch.setattr("index.writer.indexer.publish_generation", before_the_swap)
    monkeypatch.setattr("index.writer.indexer._FOLLOW_SECONDS", 0.0)
    monkeypatch.setattr("search.runtime.index_follower._REPORT_SECONDS", 0.0)
    follower = IndexFollower(archive, interval=0.01)
    tasks.request_rebuild()
    follower.start()
    until(lambda: not tasks.unfinished(TaskKind.REINDEX))
    follower.stop()
    assert seen == [TaskState.DONE]


def test_bulk_write_that_another_process_indexes_is_done_and_its_lock_no_error(
    archive: Archive, tmp_path: Path
) -> None:
    other = open_archive(ArchiveConfig(tmp_path / "data"))
    tasks = archive.store.tasks
    follower = IndexFollower(archive, interval=0.01)
    with indexer_of(other).lock.held("a long import", 5):
        task = tasks.written(other.store.put([article("a")]).seq, {}, [])
        rebuild = tasks.request_rebuild()
        follower.start()
        until(lambda: "a long import" in (follower.last_error or ""))
        assert [each.id for each in tasks.unfinished(TaskKind.ARTICLES)] == [task.id]
        indexer_of(other).catch_up(wait=5)
        until(lambda: not tasks.unfinished(TaskKind.ARTICLES))
        until(lambda: follower.last_error is None)
        assert [each.id for each in tasks.unfinished(TaskKind.REINDEX)] == [rebuild.id]
    until(lambda: not tasks.unfinished(TaskKind.REINDEX))
    follower.stop()
    other.close()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_fails_again_and_again_is_said_once(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[None] = []

    def fail(**_: object) -> None:
        tried.append(None)
        raise StoreError("the store is away" if len(tried) < 3 else "the store is broken")

    monkeypatch.setattr(archive.engine, "apply", fail)
    follower = IndexFollower(archive, interval=0.01)
    follower.start()
    deadline = time.monotonic() + 120
    while len(tried) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    follower.stop()
    assert follower.last_error == "the store is broken"
    said = [record.getMessage() for record in caplog.records]
    assert [text.split(": ")[1] for text in said] == [
        "the store is away; trying again",
        "the store is broken; trying again",
    ]
