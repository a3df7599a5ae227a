"""Which HTML pages are no article: lists of articles, pages that lead on to another, pages that were not found."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from index.reading.formats.page_head import PageHead
from index.reading.formats.page_parts import text_of
from index.reading.formats.page_text import Parts

_BODY_OF_LIST = {"archive", "category", "tag", "search-results", "blog", "list", "taxonomy", "term", "search", "author"}
_BODY_OF_ARTICLE = {"single", "single-post", "singular", "page", "post"}
_PATH_OF_LIST = re.compile(
    r"/(?:tags?|categor(?:y|ies)|chu-de|chuyen-muc|the|topics?|authors?|tac-gia|archives?|search|tim-kiem)/[^/]+/?"
    r"(?:page/\d+/?)?(?:index\.html?)?$|/page/\d+/?(?:index\.html?)?$|/(?:tags|categories|archives|search)/?(?:index\.html?)?$"
)
_FEED = re.compile(r"/(?:index\.xml|feed\.xml|rss\.xml|feed/?)$")
_NOT_FOUND = re.compile(r"(?:lỗi\s+)?404\b.*|.*\b(?:page not found|không tìm thấy trang|trang không tồn tại)\b.*", re.I)
_LIST_OF_ARTICLES = "is a list of articles, not an article"
_MOST_INTRODUCTION = 400
_LEAST_TEASERS = 3
_LEAST_TOLD = 200
"""Characters of prose in several paragraphs beside links to articles: a list has one paragraph at most."""
_LEAST_PLAIN = 80


def why_no_article(tree: Any, head: PageHead, heading: Any, url: str | None, parts: Parts) -> str | None:
    """Return why a page is no article, None if it may be one."""
    if any((meta.get("http-equiv") or "").lower() == "refresh" for meta in tree.iter("meta")) and not parts.prose:
        return "only leads on to another page"
    shown = text_of(heading) if heading is not None else ""
    title = next(("".join(one.itertext()) for one in tree.iter("title")), "")
    is_short = not head.is_of_article and parts.prose < _MOST_INTRODUCTION
    if is_short and _NOT_FOUND.fullmatch(shown.strip() or title.strip()):
        return "is the page that says that a page was not found"
    if head.is_of_list:
        return _LIST_OF_ARTICLES
    if not head.is_of_article and (_is_named_list(tree) or any(map(_is_path_of_list, [url, *_feeds(tree)]))):
        return _LIST_OF_ARTICLES
    is_told = parts.paragraphs > 1 and parts.prose > _LEAST_TOLD
    if len(parts.teasers) >= _LEAST_TEASERS and not is_told:
        if heading is None and not head.is_of_article:  # several whole articles, one after the other
            return _LIST_OF_ARTICLES
        most = _MOST_INTRODUCTION if not head.articles else 0
        if (
            parts.prose <= most
            and parts.plain < 3 * _MOST_INTRODUCTION
            and (not head.is_of_article or parts.plain < _LEAST_PLAIN)
        ):
            return _LIST_OF_ARTICLES
    return None


def _is_path_of_list(url: str | None) -> bool:
    try:
        return bool(_PATH_OF_LIST.search(_FEED.sub("/", urlsplit(url or "").path)))
    except ValueError:
        return False


def _feeds(tree: Any) -> list[str]:
    """Return the addresses of the feeds that a page names as its own."""
    return [link.get("href") or "" for link in tree.iter("link") if "rss" in (link.get("type") or "")]


def _is_named_list(tree: Any) -> bool:
    """Tell whether the classes of the page, as WordPress and Hugo set them, say that it is a list."""
    body = tree.find("body")
    names = set((body.get("class") or "").lower().split()) if body is not None else set()
    return bool(names & _BODY_OF_LIST) and not names & _BODY_OF_ARTICLE
