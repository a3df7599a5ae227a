"""HTML: the article in a page, without what surrounds it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from index.errors import LeftOutError, UnreadableFileError
from index.reading.formats.page_dates import page_date
from index.reading.formats.page_fields import (
    host_of,
    named_bylines,
    page_author,
    page_categories,
    page_lead,
    page_source,
    page_title,
    stated_titles,
)
from index.reading.formats.page_head import address, read_head
from index.reading.formats.page_lists import why_no_article
from index.reading.formats.page_parts import main_heading
from index.reading.formats.page_text import article_lines, parts_of

MOST_ELEMENTS = 100_000
"""Elements of a page; long articles have a few thousand. Each takes about a kilobyte while its page is read."""
MOST_ATTRIBUTES = 500
"""Attributes of one element. The time to read them grows with the square of their number."""

# Possessive, and each character of a tag is passed once, so that no page is slow to count.
_ATTRIBUTE = r"[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+"
_EACH_ATTRIBUTE = re.compile(_ATTRIBUTE)
_TAG = re.compile(rf"<(?:(?P<comment>!--)|(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>(?:[\s/]++|{_ATTRIBUTE})*+))")
_RAW_END = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp")
} | {"!--": re.compile("-->")}
_FEED = re.compile(r"\ufeff?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL)
_NO_ARTICLE = "has no article text that can be told apart from the page around it"


def html_fields(text: str, url: str | None = None) -> dict[str, Any]:
    """Return the fields of the article in a page, without what surrounds it; ``url`` is where the page came from.

    Some pages take minutes and gigabytes: call this in the process that has limits (``parser_process``). Raises
    UnreadableFileError if no article can be found, or if the page has more elements or attributes than a page has.
    """
    _refuse_crowded(text)
    if _FEED.match(text):
        raise LeftOutError("is a feed, not a page; to read it, name it .rss or .atom", "feed")
    try:
        return _fields(unicodedata.normalize("NFC", text), url)
    except (MemoryError, UnreadableFileError):
        raise
    except Exception as error:  # a page may break the parser in any way
        raise UnreadableFileError(f"is HTML that cannot be read: {type(error).__name__}") from error


def _fields(text: str, url: str | None) -> dict[str, Any]:
    # imported here: it takes half a second, and most folders have no HTML
    from trafilatura import load_html

    tree = load_html(text)
    if tree is None:
        raise UnreadableFileError(_NO_ARTICLE)
    head = read_head(tree)
    heading = main_heading(tree, stated_titles(tree, head), head.meta("og:site_name", "application-name"))
    url = address(tree, head, url)
    source = page_source(tree, head, heading, url)
    sites = [source or "", host_of(url) or "", *head.meta("og:site_name")]
    title = page_title(tree, head, heading, sites)
    published = page_date(tree, head, heading)
    categories = page_categories(tree, head, title, sites)
    bylines = list(named_bylines(tree))
    parts = parts_of(tree, heading, host_of(url))
    if why := why_no_article(tree, head, heading, url, parts):
        raise why
    author = page_author(head, bylines, parts.container, sites)
    lines = article_lines(tree, heading, title, author, parts)
    if not lines:
        raise UnreadableFileError(_NO_ARTICLE)
    body = "\n\n".join(lines)
    return {
        "title": title,
        "body": body,
        "lead": page_lead(head, title, body),
        "published": published,
        "source": source,
        "url": url,
        "author": author,
        "category": "; ".join(categories) or None,
    }


def _refuse_crowded(text: str) -> None:
    """Raise UnreadableFileError if a page has too many elements, or an element too many attributes."""
    at = elements = 0
    endless = set[str]()
    while tag := _TAG.search(text, at):
        at = tag.end()
        name = (tag["name"] or "!--").lower()
        if tag["name"]:
            elements += 1
            if elements > MOST_ELEMENTS:
                raise UnreadableFileError(f"has more than {MOST_ELEMENTS:,} elements; no article has so many")
            stated = tag["attributes"]
            if len(stated) > 2 * MOST_ATTRIBUTES and len(_EACH_ATTRIBUTE.findall(stated)) > MOST_ATTRIBUTES:
                raise UnreadableFileError(
                    f"has an element with more than {MOST_ATTRIBUTES} attributes; no article has so many"
                )
        if name in _RAW_END and name not in endless:  # what looks like tags in a script or a comment is none
            if end := _RAW_END[name].search(text, at):
                at = end.start()
            else:
                endless.add(name)
