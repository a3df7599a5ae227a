"""What a run brings in: articles into the store at once, the index behind it as far as no other process writes it.

Storing needs no lock, so a run goes on to its end whoever writes the index.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field

from index.article import Article
from index.errors import DiskFullError, WriterBusyError, is_disk_full
from index.reading.files import Failure
from index.store.article_store import Progress
from index.store.articles import SqliteArticleStore
from index.writer.indexer import Indexer

log = logging.getLogger(__name__)

MOST_NAMED = 1000
"""Failures a summary names; the others are counted."""

_FOLLOW_SECONDS = 5.0
_SAY_SECONDS = 10.0


@dataclass(slots=True)
class Summary:
    """What a run did: counts of articles, the first thousand failures and the count of all, and the seconds.

    ``moved`` are the unchanged articles whose files have other names or places than before, ``copies`` those added or
    updated that are near-copies of another, None where the index has not come so far. ``unfinished`` says why the run
    was stopped, or why what it stored is not searchable yet.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[Failure] = field(default_factory=list)
    failures: int = 0
    moved: int = 0
    copies: int | None = 0
    seconds: float = 0.0
    unfinished: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the summary as plain values."""
        return asdict(self)


class Intake:
    """Bring articles into ``store``, and the index level with it now and then; ``summary`` says what was done.

    ``progress`` is told of what the index applied. Without it, the log says now and then how far the run has come.
    """

    def __init__(
        self,
        store: SqliteArticleStore,
        indexer: Indexer,
        progress: Progress | None = None,
        on_failure: Callable[[Failure], None] | None = None,
    ) -> None:
        self.summary = Summary()
        self._store = store
        self._indexer = indexer
        self._pace = _Pace() if progress is None else None
        self._progress = progress or (lambda count: self.count("articles indexed", count))
        self._on_failure = on_failure
        self._writes: list[range] = []
        self._started = self._followed = time.monotonic()

    def count(self, what: str, more: int = 1) -> None:
        """Count things done, for the log."""
        if self._pace is not None and more:
            self._pace.count(what, more)

    def put(self, articles: Sequence[Article], inputs: Sequence[int] | None = None) -> None:
        """Store articles and count what became of them."""
        result = self._store.put(articles, inputs)
        self.summary.added += len(result.added)
        self.summary.updated += len(result.updated)
        self.summary.unchanged += len(result.unchanged)
        if written := len(result.added) + len(result.updated):
            self._writes.append(range(result.seq - written + 1, result.seq + 1))

    def refuse(self, failure: Failure) -> None:
        """Note what could not be brought in."""
        self.summary.failures += 1
        if len(self.summary.failed) < MOST_NAMED:
            self.summary.failed.append(failure)
        if self._on_failure is not None:
            self._on_failure(failure)

    def follow(self) -> None:
        """Bring the index level if that was some seconds ago and no other process is writing it."""
        if time.monotonic() - self._followed > _FOLLOW_SECONDS:
            with suppress(WriterBusyError):
                self._indexer.catch_up(wait=0, progress=self._progress)
            self._followed = time.monotonic()

    @contextmanager
    def stoppable(self, done: str) -> Iterator[None]:
        """End the run, with its summary, on an interrupt or a full disk; what was ``done`` until then is kept."""
        try:
            yield
        except KeyboardInterrupt:
            self._leave(f"the run was stopped; what was {done} until then is kept, and running it again goes on")
        except (DiskFullError, OSError, sqlite3.Error) as error:
            if not (isinstance(error, DiskFullError) or is_disk_full(error)):
                raise
            full = f"the disk is full ({error.__cause__ or error})"
            self._leave(f"{full}; make room and run this again: what was done already is kept")

    def level(self, *, wait: float, rebuild: bool = False) -> None:
        """Bring the index level, or make it anew; note where another process writes it for longer than ``wait``."""
        try:
            if rebuild:
                self._indexer.rebuild(wait=wait, progress=self._progress)
            else:
                self._indexer.catch_up(wait=wait, progress=self._progress)
            self.summary.copies = self._indexer.copies(self._writes)
        except WriterBusyError as error:
            kept = "All that was read is kept, and will be searchable when that is done"
            self._leave(f"{error}. {kept}{'; the index was not made anew' if rebuild else ''}")

    def end(self) -> Summary:
        """Return the summary of the run."""
        self.summary.seconds = round(time.monotonic() - self._started, 3)
        return self.summary

    def _leave(self, why: str) -> None:
        """Note why the run does not come to its end, and that nobody can tell which of its articles are copies."""
        self.summary.unfinished = self.summary.unfinished or why
        self.summary.copies = None


class _Pace:
    """Say in the log, every ten seconds, how much was done so far and how much of it a second since the last time."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._said: Counter[str] = Counter()
        self._said_at = time.monotonic()

    def count(self, what: str, more: int) -> None:
        self._counts[what] += more
        if (seconds := time.monotonic() - self._said_at) > _SAY_SECONDS:
            fresh = self._counts - self._said
            rates = {what: f" ({count / seconds:.1f}/s)" for what, count in fresh.items()}
            said = [f"{count} {what}{rates.get(what, '')}" for what, count in self._counts.items() if count > 1]
            if said:
                log.info("%s", ", ".join(said))
            self._said, self._said_at = self._counts.copy(), time.monotonic()
