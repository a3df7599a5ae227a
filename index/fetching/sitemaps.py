"""Sitemaps to entries: the pages of a site, or the sitemaps that an index lists, with dates and titles of news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from urllib.parse import urljoin

from index.article import LONGEST_LABEL
from index.dates import LOCAL_ZONE, published_or_none
from index.fetching.addresses import FetchError
from index.reading.formats.feeds import Entry, plain_text

MOST_LOCATIONS = 50_000
"""Locations in one sitemap; the limit of the sitemap protocol."""

_OF_PAGE = ("loc", "lastmod")
_OF_NEWS = ("name", "publication_date", "title")


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap lists, most recent change first: ``pages``, or further ``sitemaps``."""

    pages: list[Entry]
    sitemaps: list[Entry]


def read_sitemap(text: str, url: str) -> Sitemap:
    """Read the sitemap or sitemap index ``text`` from ``url``; at most MOST_LOCATIONS of it.

    Raises FetchError if it is not well-formed XML.
    """
    from lxml import etree

    reader = _SitemapTarget()
    # builds no tree, expands no entity, loads no DTD, makes no network request
    parser = etree.XMLParser(
        target=reader, encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FetchError(f"is not well-formed XML: {error}") from None
    entries = sorted((_entry(fields, url) for fields in reader.found), key=_newest_first)
    return Sitemap([], entries) if reader.root == "sitemapindex" else Sitemap(entries, [])


class _SitemapTarget:
    """Parser target that collects a {name: text} for each location; the first text of a name is kept."""

    def __init__(self) -> None:
        self.root = ""
        self.found: list[dict[str, str]] = []
        self._path: list[str] = []
        self._fields: dict[str, str] = {}
        self._text: list[str] = []

    def doctype(self, *_named: object) -> None:
        raise FetchError("has a DOCTYPE, which is refused")

    def start(self, tag: str, _attributes: object) -> None:
        self._path.append(tag.rpartition("}")[2].lower())
        self._text = []
        if len(self._path) == 1:
            self.root = self._path[0]
        elif len(self._path) == 2:
            self._fields = {}

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, _tag: str) -> None:
        name = self._path.pop()
        if len(self._path) == 1 and self._fields.get("loc") and len(self.found) < MOST_LOCATIONS:
            self.found.append(self._fields)
        # images and videos of a page have locations and titles too
        if name in (_OF_NEWS if "news" in self._path else _OF_PAGE if len(self._path) == 2 else ()):
            self._fields.setdefault(name, " ".join("".join(self._text).split()))

    def close(self) -> None:
        pass


def _entry(fields: Mapping[str, str], url: str) -> Entry:
    try:
        link = urljoin(url, fields["loc"])
    except ValueError:
        link = fields["loc"]
    return Entry(
        link,
        title=plain_text(fields.get("title", "")),
        published=published_or_none(fields.get("publication_date", "")),
        changed=_end_of(published_or_none(fields.get("lastmod") or fields.get("publication_date", ""))),
        source=fields.get("name", "")[:LONGEST_LABEL] or None,
    )


def _end_of(published: str | None) -> datetime | None:
    """Return the last instant of a date: the end of its day if it states no time."""
    if published is None:
        return None
    moment = datetime.fromisoformat(published)
    if len(published) == len("2025-08-27"):
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=LOCAL_ZONE)


def _newest_first(entry: Entry) -> float:
    return -entry.changed.timestamp() if entry.changed is not None else float("inf")
