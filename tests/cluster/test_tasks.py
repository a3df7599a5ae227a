"""Tasks are seen by all servers on a cluster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from index.cluster import entries
from index.cluster.connection import Cluster
from index.cluster.tasks import ClusterTaskLog
from index.store.article_store import TaskKind, TaskState
from tests.cluster.given import config_of


def test_bulk_write_is_waiting_until_it_is_ended(cluster: Cluster) -> None:
    tasks, others = ClusterTaskLog(cluster), ClusterTaskLog(cluster)
    errors = [{"id": "", "detail": f"{number}"} for number in range(150)]
    task = tasks.written(7, {"added": 3}, errors)
    assert (task.kind, task.state, task.seq, task.counts) == (TaskKind.ARTICLES, TaskState.WAITING, 7, {"added": 3})
    assert task.errors == errors[:100]
    assert others.get(task.id) == task
    assert others.unfinished(TaskKind.ARTICLES) == [task]
    assert others.unfinished(TaskKind.REINDEX) == []
    others.end(task.id)
    ended = tasks.get(task.id)
    assert ended is not None
    assert ended.state is TaskState.DONE
    assert ended.finished is not None
    assert tasks.unfinished(TaskKind.ARTICLES) == []


def test_rebuild_goes_through_its_states(cluster: Cluster) -> None:
    tasks = ClusterTaskLog(cluster)
    asked = tasks.request_rebuild()
    tasks.begin(asked.id)
    tasks.count(asked.id, {"indexed": 5})
    running = tasks.get(asked.id)
    assert running is not None
    assert (running.state, running.counts, running.finished) == (TaskState.RUNNING, {"indexed": 5}, None)
    assert running.started is not None
    assert tasks.unfinished(TaskKind.REINDEX) == [running]
    tasks.end(asked.id, "không được")
    failed = tasks.get(asked.id)
    assert failed is not None
    assert (failed.state, failed.errors) == (TaskState.FAILED, [{"detail": "không được"}])
    tasks.begin(asked.id)
    assert tasks.get(asked.id) == failed


def test_rebuild_asked_of_many_servers_at_once_is_one_task(cluster: Cluster) -> None:
    for _ in range(5):
        with ThreadPoolExecutor(6) as pool:
            asked = list(pool.map(lambda _: ClusterTaskLog(cluster).request_rebuild().id, range(6)))
        assert len(set(asked)) == 1
        tasks = ClusterTaskLog(cluster)
        assert [task.id for task in tasks.unfinished(TaskKind.REINDEX)] == asked[:1]
        tasks.begin(asked[0])
        assert tasks.request_rebuild().id != asked[0]
        tasks.end(tasks.request_rebuild().id)
        tasks.end(asked[0])


def test_rebuild_whose_server_ended_while_asking_is_asked_for_all_the_same(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    class EndedError(Exception):
        pass

    def end(*args: object) -> None:
        raise EndedError

    with monkeypatch.context() as patched:
        patched.setattr(ClusterTaskLog, "_create", end)
        with pytest.raises(EndedError):
            ClusterTaskLog(cluster).request_rebuild()
    tasks = ClusterTaskLog(cluster)
    assert tasks.unfinished(TaskKind.REINDEX) == []
    asked = tasks.request_rebuild()
    assert tasks.unfinished(TaskKind.REINDEX) == [asked]


def test_tasks_are_listed_newest_first_and_by_state(cluster: Cluster) -> None:
    tasks = ClusterTaskLog(cluster)
    ids = [tasks.written(number, {}, []).id for number in range(5)]
    tasks.end(ids[3])
    assert [task.id for task in tasks.latest(3)] == ids[:1:-1]
    assert [task.id for task in tasks.latest(9, TaskState.DONE)] == [ids[3]]
    assert [task.id for task in tasks.unfinished(TaskKind.ARTICLES)] == [*ids[:3], ids[4]]


def test_only_the_last_thousand_tasks_and_an_unfinished_rebuild_are_kept(cluster: Cluster) -> None:
    tasks = ClusterTaskLog(cluster)
    early = tasks.written(1, {}, [])
    asked = tasks.request_rebuild()
    late = tasks.written(2, {}, [])
    entries.next_numbers(cluster, "tasks", 997)  # as if there had been as many
    tasks.written(3, {}, [])
    assert tasks.get(early.id) is None
    assert tasks.get(asked.id) == asked
    tasks.written(4, {}, [])
    assert tasks.get(late.id) is not None
    tasks.written(5, {}, [])
    assert tasks.get(late.id) is None
    assert tasks.unfinished(TaskKind.REINDEX) == [asked]
    tasks.end(asked.id)
    assert tasks.get(asked.id) is None


@pytest.mark.parametrize("id", ["", "x", "1", "1-", "../1", "9" * 30, "²-x", "_search"])
def test_unknown_task_is_none(cluster: Cluster, id: str) -> None:
    tasks = ClusterTaskLog(cluster)
    tasks.written(1, {}, [])
    assert tasks.get(id) is None
    tasks.begin(id)  # as of one that was forgotten meanwhile


def test_each_prefix_has_tasks_of_its_own(cluster: Cluster, cluster_hosts: list[str], prefix: str) -> None:
    other = Cluster(config_of(cluster_hosts, f"{prefix}-other"))
    other.ensure()
    ClusterTaskLog(other).written(1, {}, [])
    assert ClusterTaskLog(cluster).latest(10) == []
    other.close()
