"""Links to other articles on an HTML page: the boxes of a list of articles, related articles beside or in one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from index.reading.formats.page_parts import HEADINGS, Block, blocks, is_caption, summed, text_of

_LEAST_TEASER = 15
_LEAST_LINE = 22
_MOST_PARAGRAPHS = 2
_NO_WORDS = re.compile(
    r"(?:[\W\d_]|\b(?:ngày|lúc|xem tiếp|xem thêm|đọc tiếp|chi tiết|tin|mới|new|hot|giờ|gmt)\b)*", re.IGNORECASE
)
_HOST = re.compile(r"(?:https?:)?//([^/?#]+)", re.IGNORECASE)
_ATTACHED = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf|docx?|xlsx?|pptx?|zip|rar|mp[34])(?:$|[?#])", re.IGNORECASE)


def teasers_of(body: Any, kept: set[Any], host: str, much: set[Any], paragraphs: dict[Any, int]) -> Iterator[Any]:
    """Yield the boxes of links to other articles: of a heading, an entry of a list or a line that is a link.

    ``kept`` are the elements around the title, ``much`` those with much of the prose of the page; ``paragraphs``
    counts those of each element. Links to other sites than ``host`` are none.
    """
    lines: dict[Any, list[Block]] = {}
    for block in blocks(body):
        lines.setdefault(block.element, []).append(block)
    linked = [one for one in body.iter(*HEADINGS, "li") if one not in kept and _is_link(one, host)]
    others = {body, *kept, *linked}
    linked += [one for one, found in lines.items() if one not in others and _is_linked_line(one, found, host)]
    count: dict[Any, int] = summed(body, dict.fromkeys(linked, 1))
    for element in linked:
        box = element
        while (above := box.getparent()) is not None and above is not body and above not in kept:
            is_long = len(linked) < 3 or paragraphs.get(above, 0) > _MOST_PARAGRAPHS
            if count.get(above, 0) > 1 or (above in much and is_long):
                break
            box = above
        yield box


def usual_host(body: Any) -> str:
    """Return the host of most links, that of the page's site; empty where no two links are to the same one."""
    hosts = Counter(
        found[1].lower().removeprefix("www.")
        for link in body.iter("a")
        if (found := _HOST.match(link.get("href") or ""))
    )
    return next((host for host, count in hosts.most_common(1) if count > 1), "")


def _is_link(element: Any, host: str) -> bool:
    """Tell whether the text of a heading or entry is a link to another page, and long enough to be a title."""
    linked = _links_elsewhere(element, host)
    if not linked and _has_link_around(element):
        return len(text_of(element)) >= _LEAST_TEASER
    inside = max((len(text_of(one)) for one in linked), default=0)
    if inside < _LEAST_TEASER:
        return False
    return inside >= 0.8 * len(text_of(element)) or (element.tag == "li" and linked[0].getparent() is element
                                                     and not (element.text or "").strip() and inside > 20
                                                     and len(text_of(element)) - inside < 40)  # fmt: skip


def _has_link_around(element: Any) -> bool:
    """Tell whether a heading stands in a link, or in an ``<article>`` that an empty link covers."""
    for up in islice(element.iterancestors(), 2):
        if up.tag == "a" and up.get("href"):
            return True
        if up.tag == "article":
            return any(one.get("href") and not text_of(one) for one in up.iterchildren("a"))
    return False


def _is_linked_line(element: Any, lines: list[Block], host: str) -> bool:
    """Tell whether the first line of an element, and no other, is a link to another page, perhaps with its date."""
    first = lines[0]
    if first.links < _LEAST_LINE or any(line.links and len(line.beside) < _LEAST_TEASER for line in lines[1:]):
        return False
    if is_caption(element) or not _NO_WORDS.fullmatch(first.beside):
        return False
    return any(len(text_of(link)) >= _LEAST_LINE for link in _links_elsewhere(element, host))


def _links_elsewhere(element: Any, host: str) -> list[Any]:
    """Return the links to other pages of the site: not those to a part of this one, to a picture or to another site."""
    found = []
    for link in element.iter("a"):
        place = link.get("href") or "#"
        other = _HOST.match(place)
        is_page = not place.startswith("#") and not _ATTACHED.search(place)
        if is_page and (not other or _is_same(other[1].lower(), host)):
            found.append(link)
    return found


def _is_same(host: str, other: str) -> bool:
    host = host.removeprefix("www.")
    return host == other or host.endswith(f".{other}") or other.endswith(f".{host}")
