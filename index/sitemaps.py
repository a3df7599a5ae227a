"""Sitemaps to entries: the pages of a site or the further sitemaps of an index, with dates and titles of news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urljoin

from index.addresses import FetchError
from index.dates import LOCAL_ZONE, parse_published
from index.feeds import Entry, plain_text

MOST_LOCATIONS = 50_000
"""Locations of one sitemap, as its protocol says."""

_LONGEST_LABEL = 500


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap lists, latest change first: ``pages``, or further ``sitemaps``."""

    pages: list[Entry]
    sitemaps: list[Entry]


def read_sitemap(text: str, url: str) -> Sitemap:
    """Read the sitemap or index of sitemaps ``text``, which came from ``url``.

    Raises FetchError where it is no sound XML.
    """
    from lxml import etree

    # no entity is expanded, no DTD loaded, nothing asked for over the network
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FetchError(f"is not sound XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise FetchError("has a document type, which no sitemap needs")
    listed = [_entry(element, url) for element in list(root)[:MOST_LOCATIONS]]
    entries = sorted((entry for entry in listed if entry is not None), key=_newest_first)
    return Sitemap([], entries) if _name(root) == "sitemapindex" else Sitemap(entries, [])


def _entry(element: Any, url: str) -> Entry | None:
    said = dict(_said(element))
    if not said.get("loc"):
        return None
    try:
        link = urljoin(url, said["loc"])
    except ValueError:
        link = said["loc"]
    published, changed = said.get("publication_date"), said.get("lastmod") or said.get("publication_date")
    return Entry(
        link,
        title=plain_text(said.get("title", "")),
        published=_published(published),
        changed=_end_of(_published(changed)),
        source=said.get("name", "")[:_LONGEST_LABEL] or None,
    )


def _said(element: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of an entry's location and date, and of its news; images and videos have names like these."""
    for child in element:
        name = _name(child)
        if name == "news":
            yield from ((_name(part), _text(part)) for part in child.iter() if _name(part) not in {"loc", "lastmod"})
        elif name in {"loc", "lastmod"}:
            yield name, _text(child)


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _text(element: Any) -> str:
    return " ".join((element.text or "").split())


def _published(text: str | None) -> str | None:
    try:
        return parse_published(text) if text else None
    except ValueError:
        return None


def _end_of(published: str | None) -> datetime | None:
    """Return the last instant a date stands for: that of its day, where it states no time."""
    if published is None:
        return None
    moment = datetime.fromisoformat(published)
    if len(published) == len("2025-08-27"):
        moment = datetime.combine(moment.date(), time.min) + timedelta(days=1) - timedelta(seconds=1)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=LOCAL_ZONE)


def _newest_first(entry: Entry) -> float:
    return -entry.changed.timestamp() if entry.changed is not None else float("inf")
