"""One run that brings articles in: into the store at once, into the index as far as no other process writes it.

Storing needs no lock, so a run goes on to its end whoever writes the index.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field

from index.article import Article
from index.errors import DiskFullError, WriterBusyError, is_disk_full
from index.reading.files import Failure, Remark
from index.store.article_store import ArticleStore, DerivedIndex, Progress

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


@dataclass(frozen=True, slots=True)
class Report:
    """Whom a run tells of each failure, of each remark, of each file it is done with, and of articles done.

    Where there is no ``progress``, the log says now and then how far the run has come.
    """

    failure: Callable[[Failure], None] = lambda _failure: None
    remark: Callable[[Remark], None] = lambda _remark: None
    file: Callable[[], None] = lambda: None
    progress: Progress | None = None


SILENT = Report()


class ImportRun:
    """Bring articles into ``store``, and apply them to ``index`` now and then; ``summary`` says what was done."""

    def __init__(self, store: ArticleStore, index: DerivedIndex, report: Report) -> None:
        self.summary = Summary()
        self.report = report
        self._store = store
        self._index = index
        self._counts: Counter[str] = Counter()
        self._progress = report.progress or (lambda count: self.count("articles indexed", count))
        self._writes: list[range] = []
        self._started = self._followed = self._said = time.monotonic()

    def count(self, what: str, more: int = 1) -> None:
        """Count things done, and log them now and then unless progress is shown."""
        self._counts[what] += more
        if self.report.progress is None and time.monotonic() - self._said > _SAY_SECONDS:
            log.info("%s", ", ".join(f"{count} {what}" for what, count in self._counts.items() if count > 1))
            self._said = time.monotonic()

    def done_with_file(self, *, unchanged: int = 0, moved: int = 0) -> None:
        """Count a file, and those of its articles that need not be stored."""
        self.summary.unchanged += unchanged
        self.summary.moved += moved
        self.count("files")
        self.report.file()

    def put(self, articles: Sequence[Article], inputs: Sequence[int | None] | None = None) -> None:
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
        self.report.failure(failure)

    def follow(self) -> None:
        """Bring the index up to date if that was some seconds ago and no other process is writing it."""
        if time.monotonic() - self._followed > _FOLLOW_SECONDS:
            with suppress(WriterBusyError):
                self._index.apply(wait=0, progress=self._progress)
            self._followed = time.monotonic()

    @contextmanager
    def stoppable(self, done: str) -> Iterator[None]:
        """End the run, with its summary, on an interrupt or a full disk; what was ``done`` until then is kept."""
        try:
            yield
        except KeyboardInterrupt:
            self._leave(f"the run was stopped; what was {done} until then is kept, and running it again goes on")
        except (DiskFullError, OSError) as error:
            if not is_disk_full(error):
                raise
            full = f"the disk is full ({error.__cause__ or error})"
            self._leave(f"{full}; make room and run this again: what was done already is kept")

    def apply(self, *, wait: float, rebuild: bool = False) -> None:
        """Bring the index up to date, or rebuild it; note if another process writes it for longer than ``wait``."""
        try:
            (self._index.rebuild if rebuild else self._index.apply)(wait=wait, progress=self._progress)
            self.summary.copies = self._index.near_copies(self._writes)
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
