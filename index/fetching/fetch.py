"""Read feeds, sitemaps and web pages into the store and the index.

The first element of a document tells what it is. A page is fetched again only if its feed or sitemap says that it has
changed since, or if its own URL is given. A feed or sitemap whose articles were all dealt with is requested
conditionally.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from index.article import LONGEST_TITLE, Article, article_from
from index.errors import InvalidInputError, TimtinError, UnreadableFileError
from index.fetching.addresses import FetchError, target_of
from index.fetching.download import Downloader, Reply, decoded, gunzipped
from index.fetching.links import article_id, clean_link, same_site
from index.fetching.politeness import HostLeftError, PoliteClient
from index.fetching.sitemaps import read_sitemap
from index.reading.files import Failure, Remark
from index.reading.formats.feeds import Entry, read_feed
from index.reading.formats.html import html_fields
from index.reading.formats.parser_process import parsed_apart
from index.reading.import_run import SILENT, ImportRun, Report, Summary
from index.store.article_store import ArticleStore, DerivedIndex, Fetched, Progress

LARGEST_PAGE = 4 << 20
"""Bytes of a page or feed after decompression."""
LARGEST_SITEMAP = 50 << 20
DEEPEST_SITEMAP = 3
MOST_SITEMAPS = 500
"""The most sitemaps listed by other sitemaps that one run reads."""

_BATCH = 50
_STORE_SECONDS = 10.0
_LABEL = 500
_ROOT = re.compile(
    r"(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*+<([\w.-]+:)?(\w+)", re.DOTALL | re.IGNORECASE
)
_NO_TEXT = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip")
_FEEDS = {"rss", "rdf", "feed"}
_SITEMAPS = {"urlset", "sitemapindex"}
_REFUSALS = (FetchError, InvalidInputError, UnreadableFileError)
"""Errors that one URL may cause; any other error is not its fault."""

_T = TypeVar("_T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to fetch: ``source`` is the source of the articles, whatever their pages say.

    At most ``limit`` articles are fetched; ``delay`` is the minimum pause in seconds between requests to one host. If
    another process is writing the index, the run waits for it at the end, ``wait`` seconds at most.
    """

    source: str | None = None
    limit: int = 1000
    delay: float = 1.0
    allow_private: bool = False
    wait: float = 10.0


DEFAULTS = FetchOptions()


def fetch(
    urls: Sequence[str],
    store: ArticleStore,
    index: DerivedIndex,
    options: FetchOptions = DEFAULTS,
    report: Report = SILENT,
) -> Summary:
    """Fetch the articles at ``urls`` into ``store`` and bring ``index`` in sync with it.

    The progress of ``report`` counts the articles taken. An interrupt or a full disk ends the run; what was fetched is
    kept as far as there is room.
    """
    silent = None if report.progress is None else lambda _count: None  # hides progress of the index
    importing = ImportRun(store, index, replace(report, progress=silent))
    visitor = PoliteClient(Downloader(allow_private=options.allow_private), delay=options.delay)
    run = _Run(visitor, store, importing, options, report.progress)
    with importing.stoppable("fetched"):
        for url in dict.fromkeys(urls):
            run.visit(url, 1)
    with importing.stoppable("fetched"):
        run.finish()
        importing.apply(wait=options.wait if importing.summary.unfinished is None else 0)
    return importing.end()


class _Run:
    """One run of ``fetch``: what it has taken, what waits to be stored, and which hosts were left alone."""

    def __init__(
        self,
        visitor: PoliteClient,
        store: ArticleStore,
        importing: ImportRun,
        options: FetchOptions,
        progress: Progress | None,
    ) -> None:
        self.summary = importing.summary
        self._visitor, self._store, self._importing = visitor, store, importing
        self._source, self._remaining, self._progress = options.source, options.limit, progress
        self._articles: list[Article] = []
        self._fetched: list[Fetched] = []
        self._seen: set[str] = set()
        self._visited: set[str] = set()
        self._skipped_per_host: dict[str, int] = {}
        self._stored = time.monotonic()
        self._limit_reached = False

    def fail(self, where: str, why: str) -> None:
        """Record that something was not fetched."""
        self._importing.refuse(Failure(_shown(where), why))

    def visit(self, url: str, depth: int, changed: datetime | None = None) -> bool:
        """Take the article, or the articles of the feed or sitemap, at ``url``; return whether all were dealt with.

        A list that has not ``changed`` since it was fetched is skipped.
        """
        try:
            return self._visit(url, depth, changed)
        except _REFUSALS as error:
            return self._failed(url, error)

    def finish(self) -> None:
        """Store what waits, and report what was left out."""
        for host, count in self._skipped_per_host.items():
            if count:
                self.fail(host, f"{count} more of its pages were not fetched; run again later")
        if self._limit_reached:
            log.info("the limit of articles was reached, and more are listed; run again to continue")
        self._store_waiting()

    def _visit(self, url: str, depth: int, changed: datetime | None) -> bool:
        link, at = url.strip().partition("#")[0], datetime.now(UTC)
        if link in self._visited:
            return True
        if self._remaining <= 0:
            self._limit_reached = True
            return False
        if depth > 1 and len(self._visited) >= MOST_SITEMAPS:
            raise FetchError(f"was not read: a run reads at most {MOST_SITEMAPS} sitemaps", temporary=True)
        self._visited.add(link)
        id = _id(link)
        known = self._store.fetches.known(link, id)
        if known is not None and changed is not None and changed <= known.at:
            return True
        reply = self._get(link, known, LARGEST_SITEMAP)
        if reply.status == 304:
            self.summary.unchanged += self._store.get(id) is not None
            return True
        kind, text = self._read(reply)
        if kind not in _FEEDS | _SITEMAPS:
            if depth > 1:
                raise FetchError("is not a sitemap, though a sitemap index lists it")
            self._remaining -= 1
            self._seen.add(id)
            self._take_page(Entry(clean_link(link)), reply, text, at)
            return True
        complete = self._take_list(kind, text, reply.url, depth)
        if complete:
            self._note(link, at, reply)
        return complete

    def _take_list(self, kind: str, text: str, url: str, depth: int) -> bool:
        """Take every entry of a feed or sitemap; return whether all were dealt with."""
        complete = True
        if kind in _FEEDS:
            pages, sitemaps = _parsed(read_feed, text, url), []
        else:
            sitemap = _parsed(read_sitemap, text, url)
            pages, sitemaps = sitemap.pages, sitemap.sitemaps
        if sitemaps and depth >= DEEPEST_SITEMAP:
            what = f"lists sitemaps nested deeper than {DEEPEST_SITEMAP} levels, which are not read"
            raise FetchError(f"{what}; to read them, give its address to 'timtin fetch'")
        for entry in sitemaps:
            complete = self.visit(entry.link, depth + 1, entry.changed) and complete
        linked = [entry for entry in pages if entry.link]
        if len(linked) < len(pages):
            self.fail(url, f"has {len(pages) - len(linked)} entries without a link, which cannot be fetched")
        for entry in linked:
            complete = self._take(entry, url) and complete
        return complete

    def _take(self, entry: Entry, url: str) -> bool:
        """Take the article of one entry of the list at ``url``; return whether it was dealt with.

        Its page is not requested if it has not changed, or if the list has its whole text and is of the same site: no
        other site may say what this one has written.
        """
        try:
            link, at = clean_link(entry.link), datetime.now(UTC)
            id = _id(link)
            if id in self._seen:
                return True
            known = self._store.fetches.known(link, id)
            if known is not None and (entry.changed is None or entry.changed <= known.at):
                self._seen.add(id)
                self.summary.unchanged += 1
                return True
            if self._remaining <= 0:
                self._limit_reached = True
                return False
            self._remaining -= 1
            self._seen.add(id)
            entry = replace(entry, link=link)
            if entry.broken is not None:
                raise UnreadableFileError(entry.broken)
            if entry.note is not None:
                self._importing.report.remark(Remark(_shown(link), entry.note))
            if entry.is_whole and same_site(link, url):
                self._put(entry, {"body": entry.text}, at, None)
                return True
            reply = self._get(link, known, LARGEST_PAGE)
            if reply.status == 304:
                self.summary.unchanged += 1
                self._fetched.append(replace(known, at=at) if known is not None else Fetched(link, at))
                return True
            self._take_page(entry, reply, self._read(reply)[1], at)
        except _REFUSALS as error:
            self._remaining += isinstance(error, HostLeftError)
            return self._failed(entry.link, error)
        return True

    def _take_page(self, entry: Entry, reply: Reply, text: str, at: datetime) -> None:
        try:
            self._put(entry, _parsed(html_fields, text, entry.link), at, reply)
        except _REFUSALS:
            self._note(entry.link, at, reply)  # it would be refused the next time too
            raise

    def _put(self, entry: Entry, page: dict[str, Any], at: datetime, reply: Reply | None) -> None:
        """Make an article from its page, or from its feed where the page says nothing or is less exact."""
        body = page["body"]
        article = article_from(
            {
                "id": _id(entry.link),
                "url": entry.link,
                "title": (page.get("title") or entry.title)[:LONGEST_TITLE],
                "body": body,
                "lead": entry.summary or page.get("lead") or body.partition("\n")[0],
                "published": entry.published or page.get("published"),
                "source": self._source or entry.source or page.get("source") or _id(entry.link).partition("/")[0],
                "author": (page.get("author") or entry.author or "")[:_LABEL],
                "category": (page.get("category") or entry.category or "")[:_LABEL],
            },
            is_plain=True,
        )
        self._articles.append(article)
        self._note(entry.link, at, reply)
        if self._progress is not None:
            self._progress(1)
        self._importing.count("articles fetched")
        if len(self._articles) >= _BATCH or time.monotonic() - self._stored > _STORE_SECONDS:
            self._store_waiting()
            self._importing.apply_if_due()
            self._stored = time.monotonic()

    def _get(self, link: str, known: Fetched | None, largest: int) -> Reply:
        etag, modified = (known.etag, known.modified) if known is not None else (None, None)
        return self._visitor.get(link, largest=largest, etag=etag, modified=modified)

    def _read(self, reply: Reply) -> tuple[str, str]:
        """Return the name of the reply's first element, which tells what it is, and its text."""
        content_type = reply.headers.get("content-type", "")
        if content_type.startswith(_NO_TEXT):
            raise FetchError(f"is {content_type[:80]}, not a feed, a sitemap or an HTML page")
        text = decoded(gunzipped(reply.body, LARGEST_SITEMAP), content_type)
        found = _ROOT.match(text[:100_000])
        kind = found[2].lower() if found else ""
        if kind not in _SITEMAPS and len(text) > LARGEST_PAGE:
            raise FetchError(f"is larger than {LARGEST_PAGE >> 20} MB")
        if not found or (text.lstrip().startswith("<?xml") and kind not in {*_FEEDS, *_SITEMAPS, "html"}):
            raise FetchError("is neither a feed, a sitemap nor an HTML page")
        return kind, text

    def _note(self, link: str, at: datetime, reply: Reply | None) -> None:
        """Record that ``link`` was fetched, once the articles that wait are stored."""
        headers = {} if reply is None else reply.headers
        self._fetched.append(Fetched(link, at, headers.get("etag"), headers.get("last-modified")))

    def _store_waiting(self) -> None:
        self._importing.put(self._articles)
        self._articles = []  # stored and counted, even if the next line fails
        self._store.fetches.note(self._fetched)
        self._fetched = []

    def _failed(self, url: str, error: TimtinError) -> bool:
        """Record why ``url`` failed; return whether it is useless to try again."""
        if isinstance(error, HostLeftError):
            if error.host in self._skipped_per_host:
                self._skipped_per_host[error.host] += 1
                return False
            self._skipped_per_host[error.host] = 0
        self.fail(url, str(error))
        return not (isinstance(error, FetchError) and error.temporary)


def _parsed(read: Callable[[str, str], _T], text: str, url: str) -> _T:
    """Call ``read`` on untrusted text in a process with limits; turn any error into a TimtinError."""
    try:
        return parsed_apart(read, text, url)
    except TimtinError:
        raise
    except Exception as error:
        raise UnreadableFileError(f"cannot be read: {type(error).__name__}: {error}") from error


def _id(link: str) -> str:
    """Return the id of the article at ``link``. Raises RefusedError if no URL of this form is fetched."""
    target_of(link, allow_private=True)  # the address is checked when it is requested
    return article_id(link)


def _shown(url: str) -> str:
    """Return a URL without a user name and password."""
    return re.sub(r"//[^/?#]*@", "//…@", url)
