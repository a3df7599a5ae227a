"""The ``ArticleStore`` protocol: the articles, which are the source of truth, and the logs kept beside them.

Importers, and everything above ``search.archive``, are handed an ``ArticleStore`` and know only this file and
``input_log``; ``search.archive`` chooses the implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from index.article import Article
from index.store.input_log import InputLog

Progress = Callable[[int], None]
"""Called often, with the number of articles done since the last call. An exception it raises ends the work."""


Condition = Callable[[str | None], bool]
"""Tells from the ``content_hash`` of the stored article, None if there is none, whether it may be written."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the write sequence: ``article`` as it is now, or None if the id was deleted or it is damaged."""

    seq: int
    id: str
    article: Article | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an article was last written: its number, and the time in ISO 8601, UTC. Both grow together."""

    seq: int
    id: str
    stored_at: str


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The outcome of a write: ids in the order given; an index that has applied ``seq`` has the whole write."""

    added: list[str]
    updated: list[str]
    unchanged: list[str]
    seq: int


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """The outcome of a deletion: the ids that existed; an index that has applied ``seq`` has the whole deletion."""

    deleted: list[str]
    seq: int


class TaskKind(StrEnum):
    """What a task does."""

    ARTICLES = "articles"
    REINDEX = "reindex"
    DELETE = "delete"


class TaskState(StrEnum):
    """The progress of a task. One that is being cancelled ends at its next safe point."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (TaskState.WAITING, TaskState.RUNNING, TaskState.CANCELLING)
"""The states of a task that has not ended."""


def now_text() -> str:
    """Return the present time as tasks have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Task:
    """One task; unless said otherwise, one that was made now and waits.

    Times are ISO 8601, UTC; ``started`` is set for rebuilds and deletions only.

    A bulk write is done once searches see write ``seq``; a deletion deletes what was written up to it and passes
    ``filters``, the parameters of a search by name.
    """

    id: str
    kind: TaskKind
    state: TaskState = TaskState.WAITING
    created: str = field(default_factory=now_text)
    started: str | None = None
    finished: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: Sequence[Any] = field(default_factory=list)
    seq: int | None = None
    filters: Mapping[str, Any] | None = None


class TaskLog(Protocol):
    """Work that outlives its request. Keeps the last 1,000 tasks, and every unfinished rebuild and deletion."""

    def written(self, seq: int, counts: Mapping[str, int], errors: Sequence[Any]) -> Task:
        """Record a bulk write that is done once searches see write ``seq``; the first 100 errors are kept."""

    def request_rebuild(self) -> Task:
        """Request a rebuild of the index; if a request is waiting already, return that one."""

    def request_deletion(self, filters: Mapping[str, Any], seq: int) -> Task:
        """Request the deletion of the articles that pass ``filters`` and were written up to number ``seq``."""

    def get(self, id: str) -> Task | None:
        """Return a task, or None for an unknown id."""

    def latest(self, size: int, state: TaskState | None = None) -> list[Task]:
        """Return up to ``size`` tasks, newest first; only those in ``state`` if it is given."""

    def unfinished(self, kind: TaskKind) -> list[Task]:
        """Return the unfinished tasks of a kind, oldest first."""

    def begin(self, id: str) -> bool:
        """Record that a task has started; return False, and record nothing, if it has ended.

        One that is being cancelled stays so.
        """

    def count(self, id: str, counts: Mapping[str, int]) -> None:
        """Record how much of a task is done."""

    def cancel(self, id: str) -> Task | None:
        """Cancel a rebuild or a deletion, at once if it waits, and return the task; None for an unknown id.

        One that runs is then being cancelled, until whoever carries it out ends it. A bulk write, and a task that has
        ended, stay as they are.
        """

    def end(self, id: str, error: str | None = None, *, cancelled: bool = False) -> None:
        """Record that a task is done, was ``cancelled`` or, with ``error``, that it failed and why.

        One that has ended stays as it is.
        """


@dataclass(frozen=True, slots=True)
class Fetched:
    """One URL as last fetched, at time ``at``, with the validators its server sent."""

    url: str
    at: datetime
    etag: str | None = None
    modified: str | None = None


class FetchLog(Protocol):
    """When each URL was last fetched."""

    def known(self, url: str, id: str) -> Fetched | None:
        """Return the last fetch of ``url``; None if there was none, or its article ``id`` was deleted since."""

    def note(self, fetched: Iterable[Fetched]) -> None:
        """Record fetches, replacing what was recorded for their URLs."""


class ArticleStore(Protocol):
    """The articles. Safe to share between threads.

    A write is acknowledged once it is durable, and takes the next number of one sequence; a deleted article leaves its
    number behind. So "all changes after number n" is exactly what an index that has applied n lacks.
    """

    @property
    def tasks(self) -> TaskLog:
        """Work that outlives its request."""

    @property
    def inputs(self) -> InputLog:
        """The files that articles were read from."""

    @property
    def fetches(self) -> FetchLog:
        """The URLs that articles were fetched from."""

    def put(
        self,
        articles: Sequence[Article],
        inputs: Sequence[int | None] | None = None,
        *,
        only_if: Condition | None = None,
    ) -> WriteResult:
        """Add or replace ``articles`` in one transaction; stored articles with equal content stay untouched.

        ``inputs`` has for each the number of the input it was read from. If an id occurs twice, the last article wins.
        A damaged article counts as updated. ``only_if`` is asked of each article within the transaction. Raises
        ChangedError if it does not hold for one, and writes nothing; DiskFullError.
        """

    def delete(self, ids: Iterable[str], *, only_if: Condition | None = None) -> DeleteResult:
        """Delete articles in one transaction; ignore unknown ids.

        Raises ChangedError, and deletes nothing, if ``only_if``, asked of each within the transaction, does not hold.
        """

    def get(self, id: str) -> Article | None:
        """Return the article with this id, or None. Raises RottenArticleError if it is not as it was written."""

    def get_many(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return the articles with these ids; unknown and damaged ones are left out, and ``get`` tells which."""

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        """Return at most ``limit`` changes after number ``seq``, oldest first; each id once, at its latest number."""

    def articles(self, rotten: Callable[[str], None] | None = None) -> Iterator[Article]:
        """Yield every article in sequence order, as of one moment.

        ``rotten`` is called with the id of each damaged one; without it, that raises RottenArticleError.
        """

    def stamps(self, first: int, last: int) -> list[Stamp]:
        """Return the stamps of the articles with numbers from ``first`` to ``last``, in order; no text is read."""

    def last_stamps(self, width: int) -> list[Stamp]:
        """Return the last stamp of each ``width`` numbers (1 to ``width``, and so on) that have an article, in order.

        No text is read.
        """

    def stored_at(self, ids: Sequence[str]) -> dict[str, str]:
        """Return when each of these articles was last written, as ``Stamp`` says it; unknown ones are left out."""

    def count(self) -> int:
        """Return the number of articles."""

    def last_seq(self) -> int:
        """Return the sequence number of the latest write."""

    def last_stamp(self) -> Stamp | None:
        """Return the stamp of the article that was written last; None if there is none."""

    def stored_per_day(self, since: date) -> Mapping[str, int]:
        """Return how many articles were last stored on each day, by its ISO date in Vietnam, from ``since`` on."""

    def identity(self) -> str:
        """Return an id that no other store has, nor a backup of this one."""

    def highest_applied(self) -> int:
        """Return the highest number passed to ``record_applied``. An index that is ahead of it must be rebuilt."""

    def record_applied(self, seq: int) -> None:
        """Record that an index is about to count all writes up to number ``seq`` as applied.

        A store restored from a backup has recorded a lower number than its index has applied, however much is written
        to it afterwards.
        """

    def problems(self) -> list[str]:
        """Verify how the articles are kept; return the problems found. ``verify`` verifies the articles themselves."""

    def verify(self, seconds: float | None = None) -> list[str]:
        """Verify articles for about ``seconds``, resuming where the last call stopped; None: verify all.

        Return the ids of those known to be damaged, and log each new one unless all are verified. Raises
        DamagedStoreError if no article can be read.
        """

    def obstacle(self) -> str | None:
        """Return why articles cannot be read or written now, or None if they can; cheap to ask often."""

    def how_to_restore(self) -> str:
        """Tell how to put a backup in the place of this store."""

    def back_up(self, file: Path) -> list[str]:
        """Write all articles of one moment to a new ``file``; return what is damaged of them, which is in it as it is.

        Raises StoreError if it exists or cannot be written.
        """

    def close(self) -> None:
        """Release files and connections; no thread may be using them."""


class DerivedIndex(Protocol):
    """The index derived from a store, as import runs see it. ``search.engine.Engine`` adds the rest."""

    def apply(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Make every write so far searchable. Raises WriterBusyError if another writer outlasts ``wait`` seconds."""

    def rebuild(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Build a new index from the store while the current one serves, then swap. Raises WriterBusyError."""

    def near_copies(self, writes: Sequence[range]) -> int | None:
        """Return how many articles written with these sequence numbers are near-copies of others; None if unknown.

        ``writes`` are ascending and disjoint. An article written again since does not count.
        """
