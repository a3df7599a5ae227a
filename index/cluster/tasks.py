"""The task log on a cluster: work that outlives its request, seen by all servers.

Tasks are numbered in order, and a task's number is its place in the index, so the one that is a thousand older than a
new one is known without a search. A rebuild that waits is named in the state index, where only one can be.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from index.cluster import entries
from index.cluster.connection import Cluster
from index.store.article_store import UNFINISHED, Task, TaskKind, TaskState, now_text

_KEPT = 1000
_MOST_ERRORS = 100
_MOST_FOUND = 10_000
_WAITING_REBUILD = "waiting-rebuild"
_AS_JSON = ("counts", "errors", "filters")
"""What of a task is kept as JSON in a text."""


class ClusterTaskLog:
    """``TaskLog`` on ``cluster``; safe to share between threads."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def written(self, seq: int, counts: Mapping[str, int], errors: Sequence[Any]) -> Task:
        """Record a bulk write that is done once searches see write ``seq``; the first 100 errors are kept."""
        return self._create(
            Task(self._new_id(), TaskKind.ARTICLES, counts=counts, errors=errors[:_MOST_ERRORS], seq=seq)
        )

    def request_rebuild(self) -> Task:
        """Request a rebuild of the index; if a request is waiting already, return that one."""
        while True:
            known = entries.read(self._cluster, self._cluster.state, _WAITING_REBUILD)
            if known is not None:
                asked = _task(known.value["task"])
                self._create(asked)  # whoever named it may have ended before this
                task = self.get(asked.id)
                if task is not None and task.state is TaskState.WAITING:
                    return task
            value = {"task": _document(Task(self._new_id(), TaskKind.REINDEX))}
            before = known.version if known is not None else None
            entries.write(self._cluster, self._cluster.state, _WAITING_REBUILD, value, before)

    def request_deletion(self, filters: Mapping[str, Any], seq: int) -> Task:
        """Request the deletion of the articles that pass ``filters`` and were written up to number ``seq``."""
        return self._create(Task(self._new_id(), TaskKind.DELETE, counts={"deleted": 0}, seq=seq, filters=filters))

    def get(self, id: str) -> Task | None:
        """Return a task, or None for an unknown id."""
        if (number := _number(id)) is None:
            return None
        found = entries.read(self._cluster, self._cluster.tasks, str(number))
        return _task(found.value) if found is not None and found.value["id"] == id else None

    def latest(self, size: int, state: TaskState | None = None) -> list[Task]:
        """Return up to ``size`` tasks, newest first; only those in ``state`` if it is given."""
        query = {"match_all": {}} if state is None else {"term": {"state": state}}
        return self._found(query, "desc", size)

    def unfinished(self, kind: TaskKind) -> list[Task]:
        """Return the unfinished tasks of a kind, oldest first."""
        query = {"bool": {"filter": [{"term": {"kind": kind}}, {"terms": {"state": UNFINISHED}}]}}
        return self._found(query, "asc", _MOST_FOUND)

    def begin(self, id: str) -> bool:
        """Record that a task has started; return False, and record nothing, if it has ended."""

        def begun(now: Mapping[str, Any]) -> Mapping[str, Any]:
            state = now["state"] if now["state"] == TaskState.CANCELLING else TaskState.RUNNING
            return {"state": state, "started": now_text()}

        return self._change(id, begun)

    def count(self, id: str, counts: Mapping[str, int]) -> None:
        """Record how much of a task is done."""
        self._change(id, lambda _: {"counts": json.dumps(counts)})

    def cancel(self, id: str) -> Task | None:
        """Cancel a rebuild or a deletion, at once if it waits, and return the task; None for an unknown id."""

        def cancelled(now: Mapping[str, Any]) -> Mapping[str, Any]:
            if now["kind"] == TaskKind.ARTICLES:
                return {}
            if now["state"] == TaskState.WAITING:
                return {"state": TaskState.CANCELLED, "finished": now_text()}
            return {"state": TaskState.CANCELLING}

        self._change(id, cancelled)
        return self.get(id)

    def end(self, id: str, error: str | None = None, *, cancelled: bool = False) -> None:
        """Record that a task is done, was ``cancelled`` or, with ``error``, that it failed and why."""
        ended = {"state": TaskState.CANCELLED if cancelled else TaskState.DONE, "finished": now_text()}
        if error is not None:
            errors = json.dumps([{"detail": error}], ensure_ascii=False)
            ended |= {"state": TaskState.FAILED, "errors": errors}
        self._change(id, lambda _: ended)

    def _change(self, id: str, values: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> bool:
        """Change what ``values`` makes of a task; return False if it has ended, or there is none."""

        def changed(now: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
            is_open = now is not None and now["id"] == id and now["state"] in UNFINISHED
            return {**now, **values(now)} if now is not None and is_open else None

        if (number := _number(id)) is None:
            return False
        task, was_open = entries.change(self._cluster, self._cluster.tasks, str(number), changed, visible=True)
        if task is not None and was_open and task.value["state"] not in UNFINISHED:
            self._forget_if_old(number)
        return was_open

    def _new_id(self) -> str:
        return f"{entries.next_numbers(self._cluster, 'tasks')}-{uuid.uuid4().hex}"

    def _create(self, task: Task) -> Task:
        """Write and return a new task, and forget the one that is then too many."""
        document = _document(task)
        number = document["number"]
        entries.write(self._cluster, self._cluster.tasks, str(number), document, None, visible=True)
        if number > _KEPT:
            self._forget(number - _KEPT)
        return task

    def _forget_if_old(self, number: int) -> None:
        last = entries.read(self._cluster, self._cluster.state, "counter-tasks")
        if last is not None and number <= last.value["last"] - _KEPT:
            self._forget(number)

    def _forget(self, number: int) -> None:
        """Delete a task, unless it is a rebuild or a deletion that is not finished."""
        found = entries.read(self._cluster, self._cluster.tasks, str(number))
        if found is None or (found.value["kind"] != TaskKind.ARTICLES and found.value["state"] in UNFINISHED):
            return
        self._cluster.ask("DELETE", self._cluster.tasks, "_doc", str(number), params={"refresh": True}, expected={404})

    def _found(self, query: Mapping[str, Any], order: str, size: int) -> list[Task]:
        body = {"query": query, "sort": [{"number": order}], "size": min(size, _MOST_FOUND), "track_total_hits": False}
        answer = self._cluster.ask("POST", self._cluster.tasks, "_search", body=body)
        return [_task(hit["_source"]) for hit in answer["hits"]["hits"]]


def _number(id: str) -> int | None:
    """Return the number that an id begins with; None if it is no id of a task."""
    number = id.partition("-")[0]
    return int(number) if re.fullmatch("[1-9][0-9]{0,17}", number) else None


def _document(task: Task) -> dict[str, Any]:
    values = {"number": _number(task.id), **asdict(task)}
    return values | {name: json.dumps(values[name], ensure_ascii=False) for name in _AS_JSON}


def _task(document: Mapping[str, Any]) -> Task:
    values = {one.name: document[one.name] for one in fields(Task) if one.name in document}
    values |= {name: json.loads(values[name]) for name in _AS_JSON if name in values}
    return Task(**{**values, "kind": TaskKind(values["kind"]), "state": TaskState(values["state"])})
