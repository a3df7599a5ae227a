"""Which HTML pages are no article: lists of articles, pages that lead on to another, pages that were not found."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from index.errors import LeftOutError
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
_NOT_FOUND = re.compile(
    r"(?:lỗi|error|http)?\s*404(?:\s*[-–—:|!.,(].*|\s+(?:not found|page|error|lỗi|trang|không)\b.*)?"
    r"|.*\b(?:page not found|không tìm thấy trang|trang (?:này |bạn \w+ |bạn yêu cầu )?không tồn tại)\b.*",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"(?:lỗi|error|http)?\s*(?:40[013]|410|429|50[0-4])(?:\s*[-–—:|!.,(].*|\s+(?:forbidden|bad|gone|too many|internal"
    r"|service|gateway|error|unauthorized)\b.*)?|just a moment\W*|attention required!.*|access denied.*|forbidden",
    re.IGNORECASE,
)
_SEARCH = re.compile(
    r"(?:kết quả )?tìm kiếm(?:\s*[-–—:|].*|\s+(?:cho|với|từ khóa)\b.*)?"
    r"|search(?: results?)?(?:\s*[-–—:|].*|\s+for\b.*)?",
    re.IGNORECASE,
)
_MOST_INTRODUCTION = 400
_LEAST_TEASERS = 3
_LEAST_TOLD = 200
"""Characters of prose in several paragraphs beside links to articles: a list has one paragraph at most."""
_LEAST_PLAIN = 80
_LEAST_SHORT = 30
"""Characters outside of links that the shortest news has, with its date."""


def why_no_article(tree: Any, head: PageHead, heading: Any, url: str | None, parts: Parts) -> LeftOutError | None:
    """Return why a page is no article, and what it is, None if it may be one."""
    if any((meta.get("http-equiv") or "").lower() == "refresh" for meta in tree.iter("meta")) and not parts.prose:
        return LeftOutError("only leads on to another page", "redirect")
    shown = text_of(heading) if heading is not None else ""
    title = next(("".join(one.itertext()) for one in tree.iter("title")), "")
    is_short = not head.is_of_article and parts.prose < _MOST_INTRODUCTION
    called = shown.strip() or title.strip()
    if is_short and _NOT_FOUND.fullmatch(called):
        return LeftOutError("is the page that says that a page was not found", "error page")
    if is_short and _ERROR.fullmatch(called):
        return LeftOutError("is the page of an error, not an article", "error page")
    if is_short and any((one.get("type") or "").lower() == "password" for one in tree.iter("input")):
        return LeftOutError("is a page to log in, not an article", "form")
    if is_short and _SEARCH.fullmatch(called):
        return _list_of_articles()
    is_prosaic = parts.paragraphs > 1 and parts.prose > _LEAST_TOLD
    if not is_prosaic or parts.teasers:
        if head.is_of_list:
            return _list_of_articles()
        is_named = _is_named_list(tree) or any(map(_is_path_of_list, [url, *_feeds(tree)]))
        if is_named and not head.is_of_article and not (is_prosaic and parts.is_told):
            return _list_of_articles()
    if len(parts.teasers) < _LEAST_TEASERS or is_prosaic or (parts.is_told and parts.plain >= _LEAST_SHORT):
        return None
    if heading is None and not head.is_of_article:  # several whole articles, one after the other
        return _list_of_articles()
    most = _MOST_INTRODUCTION if not head.articles else 0
    if (
        parts.prose <= most
        and parts.plain < 3 * _MOST_INTRODUCTION
        and (not head.is_of_article or parts.plain < _LEAST_PLAIN)
    ):
        return _list_of_articles()
    return None


def _list_of_articles() -> LeftOutError:
    return LeftOutError("is a list of articles, not an article", "list page")


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
