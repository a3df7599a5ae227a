"""RSS and Atom feeds to entries: the link of an article, what the feed says of it, and its text if the feed has it."""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from index.article import LONGEST_LABEL
from index.dates import LOCAL_ZONE
from index.fetching.addresses import FetchError
from index.markup import markup_text

MOST_ENTRIES = 5000
LEAST_FULL_TEXT = 800
"""The fewest characters of text that count as a whole article."""

_LONGEST_LEAD = 1000
_CUT = re.compile(
    r"(?:…|\.\.\.|\[[^\]]{0,40}\]|(?:đọc tiếp|xem thêm|read more|continue reading)\W*)\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed or sitemap, as plain text; fields that it lacks are empty or None.

    ``published`` has the form of an article's; ``changed`` is the time of the last change that it states.
    """

    link: str
    title: str = ""
    summary: str = ""
    text: str = ""
    published: str | None = None
    changed: datetime | None = None
    author: str | None = None
    category: str | None = None
    source: str | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether the text is that of the whole article: long enough, and without a sign that it was cut."""
        return len(self.text) >= LEAST_FULL_TEXT and not _CUT.search(self.text[-80:])


def read_feed(text: str, url: str) -> list[Entry]:
    """Return the entries of the RSS or Atom feed ``text`` from ``url``, with absolute links and no markup.

    At most MOST_ENTRIES, in feed order; an entry without a link has an empty one. Raises FetchError if nothing can be
    read.
    """
    import feedparser

    # passed and labelled as UTF-8, whatever it declares
    headers = {"content-location": url, "content-type": "application/xml; charset=utf-8"}
    parsed = feedparser.parse(text.encode("utf-8", "replace"), response_headers=headers)
    if not parsed.entries and parsed.bozo and not parsed.version:
        raise FetchError(f"cannot be read as a feed: {parsed.bozo_exception}")
    source = _label(parsed.feed.get("title"))
    return [_entry(found, url, source) for found in parsed.entries[:MOST_ENTRIES]]


def plain_text(markup: str) -> str:
    """Return the text of a piece of HTML in NFC: paragraphs separated by blank lines, no scripts or styles."""
    return unicodedata.normalize("NFC", markup_text(markup))


def _entry(found: Any, url: str, source: str | None) -> Entry:
    contents = [plain_text(content.get("value") or "") for content in found.get("content", [])]
    summary = plain_text(found.get("summary") or "")
    lead = summary if len(summary) <= _LONGEST_LEAD else ""
    changed = _moment(found, "updated_parsed") or _moment(found, "published_parsed")
    published = _moment(found, "published_parsed") or changed
    labels = dict.fromkeys(tag.get("term") or "" for tag in found.get("tags", []))
    return Entry(
        link=_link(found, url),
        title=plain_text(found.get("title") or ""),
        summary=lead,
        text=max([*contents, summary], key=len),
        published=None if published is None else published.astimezone(LOCAL_ZONE).isoformat(timespec="seconds"),
        changed=changed,
        author=_label(found.get("author")),
        category=_label("; ".join(label for label in labels if label)),
        source=source,
    )


def _link(found: Any, url: str) -> str:
    """Return the link of an entry's article, or the entry's id if that is a URL."""
    link = (found.get("link") or "").strip()
    if not link and (found.get("id") or "").startswith(("http://", "https://")):
        link = found["id"].strip()
    try:
        return urljoin(url, link) if link else ""
    except ValueError:
        return link


def _label(markup: str | None) -> str | None:
    return " ".join(plain_text(markup or "").split())[:LONGEST_LABEL] or None


def _moment(found: Any, name: str) -> datetime | None:
    """Return a date that feedparser has parsed; it gives UTC."""
    parsed = dict.get(found, name)  # feedparser's own get substitutes one date for another
    try:
        return None if parsed is None else datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None
