"""RSS and Atom feeds to entries: the link of an article, what the feed says of it, and its text if the feed has it."""

from __future__ import annotations

import calendar
import re
import time
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from index.article import LONGEST_LABEL
from index.dates import in_both_zones
from index.errors import UnreadableFileError
from index.markup import markup_text

MOST_ENTRIES = 5000
LEAST_FULL_TEXT = 800
"""The fewest characters of text that count as a whole article."""

_LONGEST_LEAD = 1000
_LONGEST_REASON = 300
_CUT = re.compile(
    r"(?:…|\.\.\.|\[[^\]]{0,40}\]|(?:đọc tiếp|xem thêm|read more|continue reading)\W*)\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed or sitemap, as plain text; fields that it lacks are empty or None.

    ``published`` has the form of an article's; ``changed`` is the time of the last change that it states. ``note`` says
    what was left out of the entry, ``broken`` why the entry cannot be read.
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
    note: str | None = None
    broken: str | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether the text is that of the whole article: long enough, and without a sign that it was cut."""
        return len(self.text) >= LEAST_FULL_TEXT and not _CUT.search(self.text[-80:])


def read_feed(text: str, url: str) -> list[Entry]:
    """Return the entries of the RSS or Atom feed ``text`` from ``url``, with absolute links and no markup.

    At most MOST_ENTRIES, in feed order; an entry without a link has an empty one, one that cannot be read says why.
    Raises UnreadableFileError if nothing can be read.
    """
    import feedparser

    # passed and labelled as UTF-8, whatever it declares
    headers = {"content-location": url, "content-type": "application/xml; charset=utf-8"}
    parsed = feedparser.parse(text.encode("utf-8", "replace"), response_headers=headers)
    if not parsed.entries and parsed.bozo and not parsed.version:
        raise UnreadableFileError(f"cannot be read as a feed: {parsed.bozo_exception}")
    source = _label(_text(parsed.feed, "title"))
    return [_entry(found, url, source) for found in parsed.entries[:MOST_ENTRIES]]


def plain_text(markup: str) -> str:
    """Return the text of a piece of HTML in NFC: paragraphs separated by blank lines, no scripts or styles."""
    return unicodedata.normalize("NFC", markup_text(markup))


def _entry(found: Any, url: str, source: str | None) -> Entry:
    link = ""
    try:
        link = _link(found, url)
        return _read_entry(found, link, source)
    except Exception as error:  # an entry that breaks its reader must not stop the others
        return Entry(link, broken=f"is an entry that cannot be read: {type(error).__name__}: {error}"[:_LONGEST_REASON])


def _read_entry(found: Any, link: str, source: str | None) -> Entry:
    contents = [plain_text(_text(content, "value")) for content in found.get("content", [])]
    summary = plain_text(_text(found, "summary"))
    lead = summary if len(summary) <= _LONGEST_LEAD else ""
    note: str | None = None
    moments: dict[str, datetime | None] = dict.fromkeys(("published_parsed", "updated_parsed"))
    for name in moments:
        try:
            moments[name] = _moment(found, name)
        except (ValueError, OverflowError, OSError):
            note = "has a date at the ends of time, which is left out"
    changed = moments["updated_parsed"] or moments["published_parsed"]
    published = moments["published_parsed"] or changed
    labels = dict.fromkeys(_text(tag, "term") for tag in found.get("tags", []))
    return Entry(
        link=link,
        title=plain_text(_text(found, "title")),
        summary=lead,
        text=max([*contents, summary], key=len),
        published=None if published is None else in_both_zones(published).isoformat(timespec="seconds"),
        changed=changed,
        author=_label(_text(found, "author")),
        category=_label("; ".join(label for label in labels if label)),
        source=source,
        note=note,
    )


def _text(found: Any, name: str) -> str:
    """Return what feedparser found under a name if it is a text; an element of that name may make it anything."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _link(found: Any, url: str) -> str:
    """Return the link of an entry's article, or the entry's id if that is a URL."""
    link, id = _text(found, "link").strip(), _text(found, "id").strip()
    if not link and id.startswith(("http://", "https://")):
        link = id
    try:
        return urljoin(url, link) if link else ""
    except ValueError:
        return link


def _label(markup: str | None) -> str | None:
    return " ".join(plain_text(markup or "").split())[:LONGEST_LABEL] or None


def _moment(found: Any, name: str) -> datetime | None:
    """Return a date that feedparser has parsed; it gives UTC. Raises as ``datetime`` and ``in_both_zones``."""
    parsed = dict.get(found, name)  # feedparser's own get substitutes one date for another
    if not isinstance(parsed, time.struct_time):
        return None
    moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    in_both_zones(moment)
    return moment
