"""The parts of an HTML page: its blocks of text in order, and which elements surround the article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from index import markup

BLOCKS = markup.LINES
HIDDEN = markup.HIDDEN | {"option", "textarea"}
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SURROUNDING = frozenset({"nav", "footer", "aside"})

_AROUND = re.compile(
    r"(?:.*[-_])?(?:related|relate|(?:tin-?)?lien-?quan|cung-?chuyen-?muc|cung-?muc|tin-?khac|tin-?moi|tin-?doc"
    r"|bai-?khac|doc-?nhieu|xem-?nhieu|xem-?them|doc-?them|most-view(?:ed)?|popular|trending|recommend(?:ed|ation)?s?|breadcrumbs?|bread-crumb"
    r"|social|share|sharing|sharedaddy|comments?|comment-list|binh-?luan|sidebar|widget|tags?|tag-list|taglist|tagcloud"
    r"|keywords|tu-khoa|newsletter|subscribe|pagination|pager|paginav|post-nav(?:igation)?|nav-links|toc|copyright"
    r"|footer|banner|advert(?:isement)?|ads|quang-cao|menu|navbar|topbar|author-box|about-author|(?:mw-)?editsection|noprint|catlinks|site-?sub)"
    r"(?:[-_](?:news|posts?|box|list|wrap(?:per)?|section|area|container|block|items?|links|content|buttons?|icons?|bar"
    r"|bottom|top|article|articles|story|detail|footer|header|widget|\d+))*",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CAPTION = re.compile(r"(?:.*[-_])?(?:caption|captions|chuthich|chu-thich|captionimg|imgcaption)(?:[-_].*)?", re.I)
_HOME = re.compile(r"(?:https?://[^/?#]+)?/?(?:index\.\w+)?|\.?\./")
_TITLE = re.compile(r"title|tieu-?de|head", re.IGNORECASE)
_LEAST_TITLE = 8
_LONGEST_TITLE = 500
_MOST_PARTS = 50
_META = re.compile(
    r"(?:.*[-_])?(?:date|dates|datetime|time|timestamp|published|pubdate|publish|posted|posted-on|post-meta|entry-meta"
    r"|postmeta|meta|byline|ngay|ngaydang|thoigian|info)(?:[-_].*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text that a page shows as a line or paragraph.

    ``links`` counts the characters of it in links, ``beside`` is its text outside of them.
    """

    element: Any
    text: str
    links: int
    beside: str

    @property
    def is_prose(self) -> bool:
        """Whether it is running text and no link."""
        return len(self.text) >= 80 and self.links * 2 < len(self.text)


def blocks(root: Any) -> Iterator[Block]:
    """Yield the blocks of text below ``root`` (lxml) in order. One pass, however deep the page is."""
    from lxml import etree

    words: list[str] = []
    beside: list[str] = []
    links = depth_of_links = hidden = 0
    owners = [root]

    def flush() -> Iterator[Block]:
        nonlocal links
        if text := " ".join("".join(words).split()):
            yield Block(owners[-1], text, links, " ".join("".join(beside).split()))
        words.clear()
        beside.clear()
        links = 0

    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = element.tag if event in {"start", "end"} else None
        text = element.text if event == "start" else element.tail if element is not root else None
        if tag in BLOCKS:
            yield from flush()
            if event == "start":
                owners.append(element)
            else:
                owners.pop()
        step = 1 if event == "start" else -1
        depth_of_links += step * (tag == "a")
        hidden += step * (tag in HIDDEN)
        if text and not hidden:
            words.append(text)
            if depth_of_links:
                links += len(text.strip())
            else:
                beside.append(text)
    yield from flush()


def names_of(element: Any) -> list[str]:
    """Return the classes and the id of an element, ``newsDetail`` as ``news-Detail``."""
    return _HUMP.sub("-", f"{element.get('class') or ''} {element.get('id') or ''}").split()


def is_around(element: Any) -> bool:
    """Tell whether an element's tag, role or name says that it surrounds the article: a menu, related articles."""
    if element.tag in SURROUNDING or element.get("role") in {"navigation", "complementary", "contentinfo", "search"}:
        return True
    return element.tag not in {"html", "body", "main"} and any(_AROUND.fullmatch(name) for name in names_of(element))


def stands_around(element: Any) -> bool:
    """Tell whether an element stands in what surrounds the article; the foot of the article itself does not."""
    return any(is_around(up) and not _is_foot(up) for up in element.iterancestors())


def _is_foot(element: Any) -> bool:
    if element.tag != "footer" and not any(name.lower().endswith("-footer") for name in names_of(element)):
        return False
    return any(up.tag == "article" or "hentry" in names_of(up) for up in element.iterancestors())


def is_caption(element: Any) -> bool:
    """Tell whether an element is the caption of a picture."""
    return element.tag == "figcaption" or any(_CAPTION.fullmatch(name) for name in names_of(element))


def is_named_meta(element: Any) -> bool:
    """Tell whether an element's name says that it has the date or the author."""
    return any(_META.fullmatch(name) for name in names_of(element))


def text_of(element: Any) -> str:
    """Return the text of an element on one line, without scripts."""
    return " ".join(block.text for block in blocks(element))


def is_short(element: Any, most: int) -> bool:
    """Tell whether an element has few texts, of up to ``most`` characters with the space between them."""
    texts = list(islice(element.itertext(), _MOST_PARTS + 1))
    return len(texts) <= _MOST_PARTS and sum(map(len, texts)) <= most


def main_heading(tree: Any, titles: Iterable[str], sites: Iterable[str] = ()) -> Any:
    """Return the element that shows the title, None if none does.

    It is the first ``<h1>`` that is neither a name of the site nor in what surrounds the article. If that is none of
    the ``titles`` the page states, it is a heading, or an element named for the title, that is one of them; or else,
    without such an ``<h1>``, one that has what they begin or end with.
    """
    names = {site.casefold() for site in sites}
    known = [folded for title in titles if (folded := title.casefold()) not in names]
    shown = [one for one in tree.iter("h1") if not _is_logo(one) and text_of(one)]
    inside = [one for one in shown if not any(map(is_around, one.iterancestors()))]
    named = [one for one in inside if text_of(one).casefold() not in names]
    if named and not known:
        return named[0]
    for is_part in (str.__eq__, _begins, str.endswith):
        for one in named:
            if any(is_part(title, text_of(one).casefold()) for title in known):
                return one
    others: list[tuple[Any, str]] = []
    for one in tree.xpath("//h2 | //h3 | //h4 | //*[@class]"):
        if one.tag not in HEADINGS and not any(map(_TITLE.search, names_of(one))):
            continue
        if one.tag in {"h1", "title"} or _is_logo(one) or not is_short(one, _LONGEST_TITLE):
            continue
        text = text_of(one).casefold()
        if len(text) >= _LEAST_TITLE and text not in names:
            others.append((one, text))
    found = next((one for one, text in others if text in known), None)
    if found is not None or named:
        return named[0] if found is None else found
    for is_part in (str.startswith, str.endswith):
        for one, text in others:
            if any(is_part(title, text) for title in known):
                return one
    return next(iter([*inside, *shown]), None)


def _begins(title: str, shown: str) -> bool:
    return title.startswith(shown) or (len(title) > _LEAST_TITLE and shown.startswith(title))


def _is_logo(heading: Any) -> bool:
    """Tell whether a heading is the name of the site: in the head of the page, or a link to the front page."""
    links = list(heading.iter("a"))
    is_home = bool(links) and _HOME.fullmatch(links[0].get("href") or "#") is not None
    in_head = any(
        up.tag == "header" and up.getparent() is not None and up.getparent().tag == "body"
        for up in heading.iterancestors()
    )
    return is_home or "logo" in " ".join(names_of(heading)) or (in_head and len(links) == 1)


def summed(body: Any, own: dict[Any, int]) -> dict[Any, int]:
    """Return the sum of the numbers of each element and of those in it; elements with none are missing."""
    from lxml import etree

    whole = dict(own)
    for _, element in etree.iterwalk(body, events=("end",)) if own else ():
        if element is not body and (count := whole.get(element)):
            above = element.getparent()
            whole[above] = whole.get(above, 0) + count
    return whole
