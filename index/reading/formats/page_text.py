"""The text of the article in an HTML page: its paragraphs, headings and captions, a line each.

trafilatura tells the text from the page around it. It loses headings in nested boxes and captions, and may take the
first related article for the article, so what surrounds the article is cut off before, and headings and captions are
handed to it as paragraphs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from index.reading.formats.boilerplate import is_control
from index.reading.formats.page_dates import is_dateline, near_date, states_date
from index.reading.formats.page_fields import is_byline_of
from index.reading.formats.page_parts import (
    BLOCKS,
    HEADINGS,
    HIDDEN,
    SURROUNDING,
    Block,
    blocks,
    is_around,
    is_caption,
    names_of,
    summed,
    text_of,
)
from index.reading.formats.page_teasers import teasers_of, usual_host

_MOST_CUT = 0.4
"""The part of a page's prose that an element may have and be cut off for its name."""
_CONTAINER_PART = 0.8
_LEAST_SUMMARIES = 3
_ABOUT = {"author", "articleSection", "datePublished", "dateModified", "publisher", "keywords"}
_ABOUT_ARTICLE = re.compile(
    r"(?:.*[-_])?(?:(?:post|entry|article|node|item)[-_]?(?:meta|info)|byline|submitted)(?:[-_].*)?", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*$")
_ANCHOR = {"#", "¶", "🔗", "§"}
_NOTE = re.compile(r"\[?\w{1,4}\]?")
_OTHERS = re.compile(
    r"\W*(?:(?:các\s)?(?:tin|bài|bài viết|tin bài|bản tin|những tin)\s(?:liên quan|khác|cùng chuyên mục|cùng mục"
    r"|mới hơn|cũ hơn|tiếp theo)|cùng chuyên mục|có thể bạn (?:quan tâm|thích)|đọc thêm|xem thêm|đọc nhiều"
    r"|tin đọc nhiều|related(?: posts| articles| news)?|you may also like)\W*",
    re.IGNORECASE,
)
_LAYOUT = {"tbody", "thead", "tfoot", "tr", "td", "th"}
_PAGE_PARTS = re.compile(r"^(?:nguồn tin|bản in|trang trước|trang sau|bài trước|bài sau|đọc thêm|mục lục)\s*:?$", re.I)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a page consists of: how much prose there is outside of the links to other articles, how many those are.

    ``paragraphs`` counts those of the prose, ``plain`` the characters outside of links. ``container`` is the smallest
    element with most of the prose; ``teasers`` are the boxes of links to other articles. ``is_told`` says whether a
    date near the title, or words such as "other articles" before the first teaser, tell that the page is an article.
    """

    container: Any
    prose: int
    paragraphs: int
    teasers: list[Any]
    plain: int
    is_told: bool


def parts_of(tree: Any, heading: Any, host: str | None = None) -> Parts:
    """Return the parts of a page. What surrounds an article (menus, related articles) is cut off ``tree``.

    Links to other sites than ``host``, that of the page, are no teasers.
    """
    body = tree.find("body")
    body = tree if body is None else body
    prose, paragraphs = _prose_by_element(body)
    whole = prose.get(body, 0)
    kept = {heading, *heading.iterancestors()} if heading is not None else set()
    is_empty = heading is None and not whole  # a list of links: what may surround an article is all it has
    for element in [] if is_empty else [one for one in body.iterdescendants() if isinstance(one.tag, str)]:
        small = prose.get(element, 0) <= _MOST_CUT * whole
        if small and element not in kept and (is_around(element) or _is_anchor(element)):
            element.drop_tree()
    much = {box for box, count in prose.items() if count > _MOST_CUT * whole}
    teasers = list(teasers_of(body, kept, host or usual_host(body), much, paragraphs))
    inside = {element for teaser in teasers for element in teaser.iter()}
    outside = [block for block in blocks(body) if block.element not in inside]
    first = next((at for at, block in enumerate(blocks(body)) if block.element in inside), len(outside))
    is_dated = sum(map(states_date, outside)) >= _LEAST_SUMMARIES  # a date beside each link
    is_labelled = any(_OTHERS.fullmatch(block.text) for block in outside[:first])
    prosaic = [block for block in _before_summaries(body, inside) if block.is_prose]
    return Parts(
        _container(body, outside),
        sum(len(block.text) for block in prosaic),
        len(prosaic),
        teasers,
        sum(len(block.text) - block.links for block in outside if block.element is not heading),
        is_labelled or (heading is not None and not is_dated and near_date(tree, heading, inside) is not None),
    )


def article_lines(tree: Any, heading: Any, title: str, author: str | None, parts: Parts) -> list[str]:
    """Return the lines of the article's text, without its title, dateline and byline. ``tree`` is changed."""
    from trafilatura import bare_extraction

    _drop_head(heading, parts)
    headings = _prepare(tree, heading, parts)
    page = bare_extraction(_around(heading, parts, tree), with_metadata=False, include_comments=False)
    if page is None or isinstance(page, dict) or not page.text:
        page = bare_extraction(tree, with_metadata=False, include_comments=False)
    if page is None or isinstance(page, dict) or not page.text:
        return []
    lines: list[str] = []
    for line in filter(None, map(_line, page.text.splitlines())):
        repeats = lines and line == lines[-1]
        if not repeats and not is_control(line) and not _PAGE_PARTS.match(line) and not _same(line, title):
            lines.append(line)
    while lines and (lines[-1] in headings or is_byline_of(lines[-1], author) or _OTHERS.fullmatch(lines[-1])):
        lines.pop()
    while lines and (is_dateline(lines[0], author) or is_byline_of(lines[0], author)):
        lines.pop(0)
    return lines


def _drop_head(heading: Any, parts: Parts) -> None:
    """Cut off what stands before the title and is neither prose nor a caption, and the dateline after it."""
    if heading is None or (parts.container is not None and heading in set(parts.container.iterancestors())):
        return
    above = {heading, *heading.iterancestors()}
    inner = heading.getparent() if parts.container is None else parts.container
    shared = next((one for one in (inner, *inner.iterancestors()) if one in above), heading)
    kept = {*above, parts.container}  # and what was looked at
    is_before = True
    for block in list(blocks(shared)):
        one = block.element
        if one is heading or heading in set(one.iterancestors()):
            is_before = False
        elif not is_before and (block.is_prose or _SENTENCE_END.search(block.text)):
            return
        elif (is_before or states_date(block) or _is_about(one, kept)) and one not in kept and _may_go(one):
            one.drop_tree()
        kept.add(one)
        for stamp in [] if is_before else list(one.iterchildren("time")):
            stamp.drop_tree()


def _is_about(element: Any, kept: set[Any]) -> bool:
    """Tell whether an element stands in a box with the date, the author and the like of an article."""
    ups = [up for up in (element, *islice(element.iterancestors(), 3)) if up not in kept]
    return any(_ABOUT_ARTICLE.fullmatch(name) for up in ups for name in names_of(up))


def _may_go(element: Any) -> bool:
    ups = (element, *islice(element.iterancestors(), 3))
    return element.getparent() is not None and not _has_prose(element) and not any(map(is_caption, ups))


def _before_summaries(body: Any, inside: set[Any]) -> list[Block]:
    """Return the blocks outside of ``inside``, the links to other articles, without a summary after each link."""
    outside: list[Block] = []
    runs: list[int] = []
    first = 0
    for block in blocks(body):
        if block.element in inside:
            first = len(outside) if not runs else first
            runs.append(0)
        else:
            outside.append(block)
            if runs:
                runs[-1] += block.is_prose
    between = [count for count in runs[:-1] if count]
    is_list = len(between) >= _LEAST_SUMMARIES and max(between) == 1
    return outside[:first] if is_list else outside


def _line(text: str) -> str:
    """Return a line of text, the cells of a table's row with bars between them."""
    text = text.replace("\xa0", " ").strip()
    if text.startswith("|") and text.endswith("|"):
        return " | ".join(cell for cell in map(str.strip, text.strip("|").split("|")) if cell.strip("-"))
    return text


def _same(line: str, title: str) -> bool:
    return "".join(filter(str.isalnum, line)).casefold() == "".join(filter(str.isalnum, title)).casefold()


def _prose_by_element(body: Any) -> tuple[dict[Any, int], dict[Any, int]]:
    """Return the numbers of characters and of paragraphs of prose in each element that has some."""
    prose = [block for block in blocks(body) if block.is_prose]
    return summed(body, _characters(prose)), summed(body, Counter(block.element for block in prose))


def _characters(prose: Iterable[Block]) -> Counter[Any]:
    """Return the number of characters of each element that is one of the blocks of ``prose``."""
    counts: Counter[Any] = Counter()
    for block in prose:
        counts[block.element] += len(block.text)
    return counts


def _container(body: Any, outside: list[Block]) -> Any:
    """Return the smallest element with most of the prose, None without prose."""
    marked = body.xpath(".//*[@itemprop='articleBody']")
    if len(marked) == 1 and text_of(marked[0]):
        return marked[0]
    own = _characters(block for block in outside if block.is_prose)
    whole = summed(body, own)
    found, most = (body, whole.get(body, 0)) if own else (None, 0)
    while found is not None:
        below = next((child for child in found if whole.get(child, 0) >= _CONTAINER_PART * most), None)
        if below is None or below in own:
            break
        found = below
    return found


def _around(heading: Any, parts: Parts, tree: Any) -> Any:
    """Return a page of the element that has the title and most of the prose, the whole page if there is none."""
    from lxml import html

    if parts.container is None or parts.container.tag in {"html", "body"}:
        return tree
    above = parts.container
    if heading is not None:
        up = {heading, *heading.iterancestors()}
        shared = next((one for one in (above, *above.iterancestors()) if one in up), None)
        if shared is not None and shared.tag not in {"html", "body"}:
            above = shared
    page = html.document_fromstring("<html><body><article></article></body></html>")
    page.find(".//article").append(above)
    for one in [parts.container, *parts.container.iterancestors()]:  # so that their names do not narrow the text down
        one.attrib.clear()
        if one.tag in SURROUNDING or one.tag in {"form", "header"}:  # which it was not, as it has most of the prose
            one.tag = "div"
    return page


def _is_anchor(element: Any) -> bool:
    """Tell whether an element is the link of a heading to itself, or the mark of a note."""
    if element.tag == "sup":
        return bool(_NOTE.fullmatch(text_of(element))) and any(
            (one.get("href") or "").startswith("#") for one in element.iter("a")
        )
    return element.tag == "a" and (element.text or "").strip() in _ANCHOR and not len(element)


def _prepare(tree: Any, heading: Any, parts: Parts) -> set[str]:
    """Cut off links to other articles and the title, make headings and captions paragraphs; return the headings."""
    for teaser in parts.teasers:
        if teaser.getparent() is not None:
            teaser.drop_tree()
    for one in tree.xpath("//*[@itemprop]"):
        if _ABOUT.intersection(one.get("itemprop").split()) and one.getparent() is not None and not _has_prose(one):
            one.drop_tree()
    for table in list(tree.iter("table")):
        if table.find(".//img") is not None and table.find(".//th") is None and len(list(table.iter("tr"))) <= 3:
            for part in [table, *table.iterdescendants()]:
                if part.tag in {"table", *_LAYOUT}:
                    part.tag = "div"
    for caption in [one for one in tree.iter() if isinstance(one.tag, str) and is_caption(one)]:
        _make_paragraph(caption)
    for span in tree.iter("span"):  # a place before the text, set apart by its style
        if span.get("class") and (span.text or "")[-1:].islower() and (span.tail or "")[:1].isupper():
            span.tail = f" {span.tail}"
    for figure in tree.iter("figure"):
        figure.tag = "div"
    for box in list(tree.iter("div", "section", "article", "main")):
        _wrap_loose_text(box)
    headings = set[str]()
    for one in tree.iter(*HEADINGS):
        if one is not heading and (text := text_of(one)):
            headings.add(text)
            _make_paragraph(one)
    if heading is not None and heading.getparent() is not None:
        heading.tag = "div"
        for child in list(heading):
            child.drop_tree()
        heading.text = None
    return headings


def _has_prose(element: Any) -> bool:
    return any(block.is_prose for block in blocks(element))


def _wrap_loose_text(box: Any) -> None:
    """Make paragraphs of the text and the inline elements that stand in ``box`` between its blocks."""
    children = [child for child in box if isinstance(child.tag, str)]
    if not any(child.tag in BLOCKS and child.tag != "br" for child in children):
        return
    run: Any = None
    if (box.text or "").strip():
        run = _paragraph_at(box, 0)
        run.text, box.text = box.text, None
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag in BLOCKS and child.tag != "br":
            run = None
        elif run is not None or child.tag not in HIDDEN:
            run = _paragraph_at(box, box.index(child)) if run is None else run
            run.append(child)
        if tail and (tail.strip() or run is not None):
            if run is None:
                run = _paragraph_at(box, box.index(child) + 1)
                run.text = tail
            elif len(run):
                run[-1].tail = tail
            else:
                run.text = (run.text or "") + tail


def _paragraph_at(box: Any, place: int) -> Any:
    from lxml import html

    paragraph = html.Element("p")
    box.insert(place, paragraph)
    return paragraph


def _make_paragraph(element: Any) -> None:
    """Make an element a paragraph of its text."""
    if any(True for _ in element.iter("table", "ul", "ol")):
        return
    text = text_of(element)
    for child in list(element):
        child.drop_tree()
    for name in list(element.attrib):
        del element.attrib[name]
    element.tag, element.text = "p", text
