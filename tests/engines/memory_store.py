"""The articles, tasks, fetches and inputs of a plain archive in memory."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from index.article import Article
from index.dates import LOCAL_ZONE
from index.errors import ChangedError
from index.store.article_store import (
    UNFINISHED,
    Change,
    Condition,
    DeleteResult,
    Fetched,
    Stamp,
    Task,
    TaskKind,
    TaskState,
    WriteResult,
)
from index.store.input_log import Input


class MemoryStore:
    """Articles in a dictionary, tasks and inputs beside them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._articles: dict[str, tuple[int, Article]] = {}
        self._deleted: dict[str, int] = {}
        self._stored_at: dict[str, str] = {}
        self._seq = self._highest_applied = 0
        self.tasks = MemoryTasks()
        self.inputs = MemoryInputs()
        self.fetches = MemoryFetches(self)

    def identity(self) -> str:
        return str(id(self))

    def highest_applied(self) -> int:
        return self._highest_applied

    def record_applied(self, seq: int) -> None:
        self._highest_applied = max(seq, self._highest_applied)

    def problems(self) -> list[str]:
        return []

    def verify(self, seconds: float | None = None) -> list[str]:
        return []

    def obstacle(self) -> str | None:
        return None

    def how_to_restore(self) -> str:
        return "index the files again"

    def _check(self, id: str, only_if: Condition | None) -> None:
        known = self._articles.get(id)
        if only_if is not None and not only_if(None if known is None else known[1].content_hash()):
            raise ChangedError(id)

    def put(
        self,
        articles: Sequence[Article],
        inputs: Sequence[int | None] | None = None,
        *,
        only_if: Condition | None = None,
    ) -> WriteResult:
        result = WriteResult([], [], [], 0)
        inputs = inputs or [None] * len(articles)
        with self._lock:
            for article in articles:
                self._check(article.id, only_if)
            for article, number in zip(articles, inputs, strict=True):
                known = self._articles.get(article.id)
                self.inputs.own(article.id, number)
                if known is not None and known[1] == article:
                    result.unchanged.append(article.id)
                    continue
                (result.added if known is None else result.updated).append(article.id)
                self._seq += 1
                self._deleted.pop(article.id, None)
                self._articles[article.id] = (self._seq, article)
                self._stored_at[article.id] = datetime.now(UTC).isoformat(timespec="seconds")
            return replace(result, seq=self._seq)

    def delete(self, ids: Iterable[str], *, only_if: Condition | None = None) -> DeleteResult:
        gone = []
        with self._lock:
            ids = list(ids)
            for id in ids:
                self._check(id, only_if)
            for id in ids:
                if self._articles.pop(id, None) is not None:
                    self._seq += 1
                    self._deleted[id] = self._seq
                    self.inputs.own(id, None)
                    gone.append(id)
            return DeleteResult(gone, self._seq)

    def get(self, id: str) -> Article | None:
        return self.get_many([id]).get(id)

    def get_many(self, ids: Sequence[str]) -> dict[str, Article]:
        with self._lock:
            return {id: self._articles[id][1] for id in ids if id in self._articles}

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        with self._lock:
            changes = [Change(number, article.id, article) for number, article in self._articles.values()]
            changes += [Change(number, id, None) for id, number in self._deleted.items()]
        return sorted((change for change in changes if change.seq > seq), key=lambda change: change.seq)[:limit]

    def articles(self, rotten: Callable[[str], None] | None = None) -> Iterator[Article]:
        with self._lock:
            kept = sorted(self._articles.values(), key=lambda entry: entry[0])
        yield from (article for _, article in kept)

    def stamps(self, first: int, last: int) -> list[Stamp]:
        with self._lock:
            kept = sorted((seq, article.id) for seq, article in self._articles.values() if first <= seq <= last)
            return [Stamp(seq, id, self._stored_at[id]) for seq, id in kept]

    def last_stamps(self, width: int) -> list[Stamp]:
        return list({(stamp.seq - 1) // width: stamp for stamp in self.stamps(1, self._seq)}.values())

    def stored_at(self, ids: Sequence[str]) -> dict[str, str]:
        with self._lock:
            return {id: self._stored_at[id] for id in ids if id in self._articles}

    def count(self) -> int:
        return len(self._articles)

    def last_seq(self) -> int:
        return self._seq

    def last_stamp(self) -> Stamp | None:
        return max(self.stamps(1, self._seq), default=None, key=lambda stamp: stamp.seq)

    def stored_per_day(self, since: date) -> Mapping[str, int]:
        days = Counter(
            datetime.fromisoformat(self._stored_at[id]).astimezone(LOCAL_ZONE).date() for id in self._articles
        )
        return {day.isoformat(): count for day, count in sorted(days.items()) if day >= since}

    def was_deleted(self, id: str) -> bool:
        return id in self._deleted

    def back_up(self, file: Path) -> list[str]:
        file.write_text("\n".join(article.model_dump_json() for article in self.articles()), "utf-8")
        return []

    def close(self) -> None:
        pass


class MemoryTasks:
    """Tasks in a list."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def _add(
        self,
        kind: TaskKind,
        counts: Mapping[str, int],
        errors: Sequence[Any],
        seq: int | None,
        filters: Mapping[str, Any] | None = None,
    ) -> Task:
        task = Task(uuid.uuid4().hex, kind, TaskState.WAITING, _now(), None, None, counts, errors[:100], seq, filters)
        self._tasks[task.id] = task
        return task

    def written(self, seq: int, counts: Mapping[str, int], errors: Sequence[Any]) -> Task:
        return self._add(TaskKind.ARTICLES, counts, errors, seq)

    def request_rebuild(self) -> Task:
        waiting = [task for task in self.unfinished(TaskKind.REINDEX) if task.state is TaskState.WAITING]
        return waiting[0] if waiting else self._add(TaskKind.REINDEX, {}, [], None)

    def request_deletion(self, filters: Mapping[str, Any], seq: int) -> Task:
        return self._add(TaskKind.DELETE, {"deleted": 0}, [], seq, filters)

    def get(self, id: str) -> Task | None:
        return self._tasks.get(id)

    def latest(self, size: int, state: TaskState | None = None) -> list[Task]:
        return [task for task in reversed(self._tasks.values()) if state in {None, task.state}][:size]

    def unfinished(self, kind: TaskKind) -> list[Task]:
        return [task for task in self._tasks.values() if task.kind is kind and task.state in UNFINISHED]

    def begin(self, id: str) -> bool:
        is_cancelled = id in self._tasks and self._tasks[id].state is TaskState.CANCELLING
        return self._change(id, state=TaskState.CANCELLING if is_cancelled else TaskState.RUNNING, started=_now())

    def count(self, id: str, counts: Mapping[str, int]) -> None:
        self._change(id, counts=dict(counts))

    def cancel(self, id: str) -> Task | None:
        task = self._tasks.get(id)
        if task is not None and task.kind is not TaskKind.ARTICLES:
            if task.state is TaskState.WAITING:
                self._change(id, state=TaskState.CANCELLED, finished=_now())
            else:
                self._change(id, state=TaskState.CANCELLING)
        return self._tasks.get(id)

    def end(self, id: str, error: str | None = None, *, cancelled: bool = False) -> None:
        if error is not None:
            self._change(id, state=TaskState.FAILED, finished=_now(), errors=[{"detail": error}])
        else:
            self._change(id, state=TaskState.CANCELLED if cancelled else TaskState.DONE, finished=_now())

    def _change(self, id: str, **values: Any) -> bool:
        task = self._tasks.get(id)
        if task is None or task.state not in UNFINISHED:
            return False
        self._tasks[id] = replace(task, **values)
        return True


class MemoryFetches:
    """The last fetch of each URL."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._fetched: dict[str, Fetched] = {}

    def known(self, url: str, id: str) -> Fetched | None:
        return None if self._store.was_deleted(id) else self._fetched.get(url)

    def note(self, fetched: Iterable[Fetched]) -> None:
        self._fetched.update((one.url, one) for one in fetched)


class MemoryInputs:
    """The files that articles were read from, and the articles they dropped."""

    def __init__(self) -> None:
        self._inputs: dict[int, Input] = {}
        self._owned: dict[str, int] = {}
        self._dropped: dict[str, int] = {}
        self._names: dict[str, dict[str, str]] = {}

    def names(self) -> dict[str, dict[str, str]]:
        return self._names

    def keep_names(self, path: str, names: Mapping[str, str]) -> None:
        self._names[path] = {**self._names.get(path, {}), **names}

    def own(self, id: str, number: int | None) -> None:
        if (before := self._owned.pop(id, None)) not in {None, number}:
            self._inputs[before] = replace(self._inputs[before], digest=None)
        self._dropped.pop(id, None)
        if number is not None:
            self._owned[id] = number

    def _current(self) -> list[Input]:
        counts = Counter(self._owned.values())
        return [replace(input, articles=counts[input.number]) for input in self._inputs.values()]

    def below(self, path: str) -> list[Input]:
        return [one for one in self._current() if one.path == path or one.path.startswith(path.rstrip("/") + "/")]

    def with_digest(self, prefix: str) -> list[Input]:
        return [input for input in self._current() if (input.digest or "").startswith(prefix)]

    def owners(self, ids: Sequence[str]) -> dict[str, str]:
        return {id: self._inputs[self._owned[id]].path for id in ids if id in self._owned}

    def ids(self, path: str) -> set[str]:
        return {id for id, number in self._owned.items() if self._inputs[number].path == path}

    def dropped(self, path: str) -> set[str]:
        numbers = {input.number for input in self.below(path)}
        return {id for id, number in self._dropped.items() if number in numbers}

    def begin(self, paths: Iterable[str]) -> dict[str, int]:
        numbers = {}
        for path in paths:
            known = next((input for input in self._inputs.values() if input.path == path), None)
            number = known.number if known is not None else max(self._inputs, default=0) + 1
            self._inputs[number] = Input(number, path, None, 0)
            numbers[path] = number
        return numbers

    def finish(self, read: Iterable[tuple[int, str, int]]) -> None:
        counts = Counter(self._owned.values())
        for number, digest, count in read:
            if counts[number] == count:
                self._inputs[number] = replace(self._inputs[number], digest=digest)

    def drop(self, ids: Iterable[str]) -> None:
        for id in ids:
            if id in self._owned:
                self._dropped[id] = self._owned.pop(id)

    def move(self, moves: Iterable[tuple[int, str]]) -> None:
        for number, path in moves:
            left = self._inputs[number].path
            for other in self._inputs.values():
                if other.path == path:
                    self._inputs[other.number] = replace(other, path=left)
                    break
            self._inputs[number] = replace(self._inputs[number], path=path)

    def forget(self, numbers: Iterable[int]) -> None:
        kept = {*self._owned.values(), *self._dropped.values()}
        for number in numbers:
            if number not in kept:
                self._inputs.pop(number, None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
