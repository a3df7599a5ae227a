"""When the article of an HTML page was published, as the page states it; a date it only mentions is none.

In this order: the page's metadata, a ``<time>`` near the title, the dateline near the title. A copyright year, the date
of a decree, of a picture or of the story is none of these, so a page may well have no date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from index.dates import in_both_zones, parse_published
from index.reading.formats.page_head import PageHead, one_line
from index.reading.formats.page_parts import Block, blocks, is_around, is_named_meta

_METAS = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "published_time",
    "article:published", "pubdate", "publishdate", "publish_date", "publish-date", "published", "publication_date",
    "dc.date.issued", "dcterms.issued", "dc.date.created", "dcterms.created", "dc.date", "dcterms.date",
    "citation_publication_date", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "bt:pubdate",
    "article.published", "article:post_date", "og:pubdate", "datecreated", "date",
)  # fmt: skip
_CLOCK = r"\d{{1,2}}\s?(?:[:hg]|giờ)\s?\d{{2}}(?:\s?phút|:\d{{2}})?(?:\s?[AP]M\b|\s?SA\b|\s?CH\b)?"
_WEEKDAY = r"(?:(?:thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ\s+nhật|t[2-7]|cn)\b[\s,|–-]*)?"
_GAP = r"[\s,|–-]*"
_DATELINE = re.compile(
    rf"(?:(?:lúc\s+)?(?P<before>{_CLOCK.format()}){_GAP})?{_WEEKDAY}(?:ngày\s+)?"
    r"(?P<date>(?<![\d/.-])\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?\d{4}(?!\d)|(?<![\d/.-])\d{4}[/.-]\d{1,2}[/.-]\d{1,2}(?!\d)"
    r"|(?<!\d)\d{1,2}\s+tháng\s+(?:\d{1,2}|[^\W\d]+(?:\s(?:một|hai))?)(?:\s+năm|,|/)?\s*\d{4}(?!\d))"
    rf"(?:{_GAP}(?:lúc\s+)?(?P<after>{_CLOCK.format()}))?"
    r"(?P<zone>\s*[(\[]?(?:GMT|UTC)\s*[+-]?\s?\d{0,2}(?::?\d{2})?[)\]]?)?",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:^|[|•·–—/()\-,:;]|\b(?:đăng|xuất bản|cập nhật|phát hành|thời gian|lúc|posted on|published|updated|on|date"
    r"|ngày)\b\s*:?)\s*$",
    re.IGNORECASE,
)
_COLON = re.compile(
    r"(?:đăng|xuất bản|cập nhật|phát hành|thời gian|ngày|lúc|date|posted|published|updated|time)\s*:\s*$", re.I
)
_REST = re.compile(r"\s*(?:$|[|•·–—/(),;\-]|\d[\d.,]*\s*(?:lượt|phút|bình|views?|comments?|min)|bởi\b|by\b|[A-ZĐ])")
_STORY = re.compile(
    r"bản quyền|copyright|©|giấy phép|nghị định|quyết định|thông tư|công văn|(?:^|\s)số\s*:?\s*\d|\bGP\b|ảnh|hình|sinh"
    r"|hạn|khai mạc|từ ngày|đến ngày|sự kiện|bắt đầu|kết thúc",
    re.IGNORECASE,
)
_VIETNAMESE = re.compile(r"\b(?:đăng|cập nhật|xuất bản|ngày|lúc|thứ|chủ nhật)\b", re.IGNORECASE)
_LONGEST_DATELINE = 120
_FAR_AFTER, _FAR_BEFORE = 40, 8
_GO_TAIL = re.compile(r"(\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)? ([+-]\d{4})(?: [+-]\d{2,4}| [A-Z]{3,4})?$")


def page_date(tree: Any, head: PageHead, heading: Any) -> str | None:
    """Return the date, or date and time in Hà Nội, that a page states as that of its article; None if it has none."""
    for node in [*head.articles, *head.nodes_of("WebPage", "NewsMediaOrganization")]:
        for name in ("datePublished", "dateCreated"):
            if isinstance(node.get(name), str) and (found := read_date(node[name])):
                return found
    found = next(filter(None, map(read_date, head.meta(*_METAS))), None) or _marked(tree)
    if found:
        return found
    around = list(_near(tree, heading))
    return _in_time_element(around, heading) or next(filter(None, map(_dateline, around)), None)


def read_date(text: str) -> str | None:
    """Return the date and time in ``text``, an instant in Hà Nội's time; None if there is none or it means none."""
    try:
        found = parse_published(_GO_TAIL.sub(r"\1\2", one_line(text)))
        if len(found) > len("2025-01-06"):
            moment = datetime.fromisoformat(found)
            found = in_both_zones(moment).isoformat(timespec="seconds") if moment.tzinfo else found
    except (ValueError, OverflowError):
        return None
    return None if found[:4] < "1800" or found.startswith("1970-01-01") else found


def _marked(tree: Any) -> str | None:
    """Return the date of an element that is marked as that of publication, outside of other articles."""
    for element in tree.xpath("//*[@itemprop='datePublished' or @pubdate or contains(@class, 'dt-published')]"):
        if element.tag == "meta" or any(map(is_around, element.iterancestors())):
            continue
        for text in (element.get("datetime"), element.get("content"), one_line("".join(element.itertext()))):
            if text and (found := read_date(text)):
                return found
    return None


def _near(tree: Any, heading: Any) -> Iterator[Block]:
    """Yield the blocks near the title: those after it up to the second paragraph, then those just before it."""
    body = tree.find("body")
    before: list[Block] = []
    after: list[Block] = []
    prose = 0
    seen = heading is None
    for block in blocks(body if body is not None else tree):
        if block.element is heading or (heading is not None and heading in set(_up(block.element, 4))):
            seen = True
            continue
        if any(is_around(up) for up in _up(block.element, 12)):
            continue
        if not seen:
            before.append(block)
        elif len(after) < _FAR_AFTER and prose < 2:
            after.append(block)
            prose += block.is_prose
        else:
            break
    yield from after
    yield from (
        one
        for one in reversed(before[-_FAR_BEFORE:])
        if not any(up.tag == "header" and up.getparent() is body for up in _up(one.element, 12))
    )


def _up(element: Any, most: int) -> Iterator[Any]:
    yield element
    yield from islice(element.iterancestors(), most)


def _in_time_element(around: list[Block], heading: Any) -> str | None:
    """Return the date of the first ``<time>`` near the title, or of an element whose ``title`` has it."""
    places = [block.element for block in around]
    if heading is not None and heading.getparent() is not None:
        places.insert(0, heading.getparent())
    seen = set[Any]()
    for place in places:
        for element in [*place.iter("time"), *place.iter("abbr", "span")]:
            if element in seen or (element.tag != "time" and not element.get("title")):
                continue
            seen.add(element)
            if any(is_around(up) for up in _up(element, 12)) or _is_of_teaser(element):
                continue
            for text in (element.get("datetime") or element.get("title"), one_line("".join(element.itertext()))):
                if text and (found := read_date(text)):
                    return found
    return None


def _is_of_teaser(element: Any) -> bool:
    """Tell whether an element stands in a link, or in the list of other articles."""
    return any(up.tag in {"a", "li"} for up in element.iterancestors())


def _dateline(block: Block) -> str | None:
    """Return the date of a block that is a dateline: that date, and no sentence around it."""
    text = block.text
    if len(text) > _LONGEST_DATELINE or _STORY.search(text) or block.links * 2 > len(text):
        return None
    found = _DATELINE.search(text)
    if found is None:
        return None
    before, after = text[: found.start()], text[found.end() :]
    is_named = any(is_named_meta(up) for up in _up(block.element, 2))
    if before.rstrip().endswith(",") and found[0].lower().startswith("ngày"):  # place and date of a letter or a decree
        return None
    if not is_named and not (_is_label(before) and _REST.match(after)):
        return None
    if len(before.split()) + len(after.split()) > 14 or text.endswith("."):
        return None
    clock = found["before"] or found["after"] or ""
    if is_named or _VIETNAMESE.search(text):  # the day comes first, also before AM and PM
        clock = re.sub(r"\s?AM$", " SA", re.sub(r"\s?PM$", " CH", clock, flags=re.I), flags=re.I)
    zone = re.sub(r"[\[\]()]", "", found["zone"] or "")
    return read_date(" ".join(f"{found['date']} {clock}{zone}".split()))


def is_dateline(line: str) -> bool:
    """Tell whether a line is a date, or date and time, and its label."""
    found = _DATELINE.search(line) if len(line) <= _LONGEST_DATELINE else None
    return found is not None and _is_label(line[: found.start()]) and not line[found.end() :].strip(" |•·–—-,()")


def _is_label(before: str) -> bool:
    if before.rstrip().endswith(":"):
        return bool(_COLON.search(before))
    return bool(_LABEL.search(before)) and not (before.rstrip().endswith(",") and len(before.split()) > 4)
