"""One import run: articles go into the store at once, and into the index when no other process is writing it.

Storing takes no index lock, so a run completes whoever is writing the index.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from index.article import Article
from index.errors import DiskFullError, WriterBusyError, is_disk_full
from index.reading.article_reading import Reading
from index.reading.files import Failure, Remark
from index.store.article_store import ArticleStore, DerivedIndex, Progress

log = logging.getLogger(__name__)

MOST_NAMED = 1000
"""Failures that a summary names; further ones are only counted."""

_MOST_NAMES = 1000
_APPLY_SECONDS = 5.0
_LOG_SECONDS = 10.0


@dataclass(slots=True)
class Summary:
    """What a run did: counts of articles, the first thousand failures and the count of all, and the seconds it took.

    ``moved`` counts unchanged articles whose files have another name or place than before; ``copies`` counts those
    added or updated that are near-copies of others, None if the index has not applied them all. ``unfinished`` says why
    the run stopped early, or why what it stored is not searchable yet.

    ``files`` counts the files that were seen to have articles or should have, ``left_out`` those of other formats by
    their suffix, and drafts and the like by what they are. Of the articles that were parsed (``read``), ``undated``
    have no date, ``textless`` no body; ``html`` had a body in HTML, ``mended`` letters that were read back. ``unread``
    counts the names that no field was read from.
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
    files: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    read: int = 0
    undated: int = 0
    textless: int = 0
    html: int = 0
    mended: int = 0
    unread: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Callbacks of a run: for each failure, each remark, each file that is done, and for articles done.

    Without ``progress``, the log reports now and then how far the run has got. ``size`` gets the number of files to
    read and of their bytes before any is read (finding them takes a look at every folder), ``read`` the number of bytes
    read since its last call.
    """

    failure: Callable[[Failure], None] = lambda _failure: None
    remark: Callable[[Remark], None] = lambda _remark: None
    file: Callable[[], None] = lambda: None
    progress: Progress | None = None
    size: Callable[[int, int], None] | None = None
    read: Callable[[int], None] | None = None


SILENT = Report()


class ImportRun:
    """Bring articles into ``store`` and apply them to ``index`` now and then; ``summary`` counts what was done."""

    def __init__(self, store: ArticleStore, index: DerivedIndex, report: Report) -> None:
        self.summary = Summary()
        self.report = report
        self.origins: set[str] = set()
        """The names that fields were read from."""
        self._store = store
        self._index = index
        self._counts: Counter[str] = Counter()
        self._progress = report.progress or (lambda count: self.count("articles indexed", count))
        self._writes: list[range] = []
        self._started = self._applied_at = self._logged_at = time.monotonic()

    def count(self, what: str, more: int = 1) -> None:
        """Count things done, and log the counts now and then unless progress is shown."""
        self._counts[what] += more
        if self.report.progress is None and time.monotonic() - self._logged_at > _LOG_SECONDS:
            if several := [f"{count} {what}" for what, count in self._counts.items() if count > 1]:
                log.info("%s", ", ".join(several))
            self._logged_at = time.monotonic()

    def done_with_file(self, *, unchanged: int = 0, moved: int = 0) -> None:
        """Count a file, and those of its articles that need not be stored."""
        self.summary.unchanged += unchanged
        self.summary.moved += moved
        self.summary.files += 1
        self.count("files")
        self.report.file()

    def leave_out(self, what: str, count: int = 1) -> None:
        """Count files or articles that are not read, by the suffix or by what they are (a draft)."""
        _add(self.summary.left_out, what, count)

    def note(self, reading: Reading) -> None:
        """Count how an article was read."""
        summary = self.summary
        summary.read += 1
        summary.undated += reading.article.published is None
        summary.textless += not reading.article.body.strip()
        summary.html += reading.is_html
        summary.mended += reading.is_mended
        self.origins.update(reading.origins.values())
        for name in reading.unread:
            _add(summary.unread, name)
        self.count("articles read")

    def put(self, articles: Sequence[Article], inputs: Sequence[int | None] | None = None) -> None:
        """Store articles and count them as added, updated or unchanged."""
        result = self._store.put(articles, inputs)
        self.summary.added += len(result.added)
        self.summary.updated += len(result.updated)
        self.summary.unchanged += len(result.unchanged)
        if written := len(result.added) + len(result.updated):
            self._writes.append(range(result.seq - written + 1, result.seq + 1))

    def refuse(self, failure: Failure) -> None:
        """Record what could not be brought in."""
        self.summary.failures += 1
        if len(self.summary.failed) < MOST_NAMED:
            self.summary.failed.append(failure)
        self.report.failure(failure)

    def apply_if_due(self) -> None:
        """Apply changes to the index unless that was done in the last five seconds or another process writes it."""
        if time.monotonic() - self._applied_at > _APPLY_SECONDS:
            with suppress(WriterBusyError):
                self._index.apply(wait=0, progress=self._progress)
            self._applied_at = time.monotonic()

    @contextmanager
    def stoppable(self, done: str) -> Iterator[None]:
        """End the run with its summary on an interrupt or a full disk; ``done`` is the verb for what is kept (read)."""
        try:
            yield
        except KeyboardInterrupt:
            self._end_early(f"the run was stopped; what was {done} so far is kept; run it again to continue")
        except (DiskFullError, OSError) as error:
            if not is_disk_full(error):
                raise
            full = f"the disk is full ({error.__cause__ or error})"
            self._end_early(f"{full}: free some space and run the command again; what was stored is kept")

    def apply(self, *, wait: float, rebuild: bool = False) -> None:
        """Bring the index in sync, or rebuild it; record it if another process writes it for longer than ``wait``."""
        try:
            (self._index.rebuild if rebuild else self._index.apply)(wait=wait, progress=self._progress)
            self.summary.copies = self._index.near_copies(self._writes)
        except WriterBusyError as error:
            kept = "Everything read is stored, and will be searchable when that process or the next run has finished"
            rebuilt = "; the index was not rebuilt" if rebuild else ""
            self._end_early(f"{error.holder} is writing the index. {kept}{rebuilt}")

    def end(self) -> Summary:
        """Return the summary of the run."""
        self.summary.seconds = round(time.monotonic() - self._started, 3)
        return self.summary

    def _end_early(self, why: str) -> None:
        """Record why the run ends early; how many of its articles are near-copies is then unknown."""
        self.summary.unfinished = self.summary.unfinished or why
        self.summary.copies = None


def _add(counts: dict[str, int], name: str, count: int = 1) -> None:
    if name in counts or len(counts) < _MOST_NAMES:
        counts[name] = counts.get(name, 0) + count
