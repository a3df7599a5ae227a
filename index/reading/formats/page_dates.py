"""When the article of an HTML page was published, as the page states it; a date it only mentions is none.

In this order: the page's metadata, a ``<time>`` near the title, the dateline near the title. A copyright year, the date
of a decree, of a picture or of the story is none of these, so a page may well have no date.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from index.dates import in_both_zones, parse_published
from index.reading.formats.page_head import PageHead, one_line
from index.reading.formats.page_parts import Block, blocks, is_around, is_named_meta, names_of, stands_around, text_of

_METAS = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "published_time",
    "article:published", "pubdate", "publishdate", "publish_date", "publish-date", "published", "publication_date",
    "dc.date.issued", "dcterms.issued", "dc.date.created", "dcterms.created", "dc.date", "dcterms.date",
    "citation_publication_date", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "bt:pubdate",
    "article.published", "article:post_date", "og:pubdate", "datecreated", "date",
)  # fmt: skip
_MONTH = r"(?:\d{{1,2}}|[^\W\d]+(?:\s(?:một|hai))?)"
_ENGLISH_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_CLOCK = r"\d{{1,2}}\s?(?:[:hg]|giờ)\s?\d{{2}}(?:\s?phút|['’′]|:\d{{2}})?(?:\s?[AP]M\b|\s?SA\b|\s?CH\b)?"
_WEEKDAY = r"(?:(?:thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ\s+nhật|t[2-7]|cn)\b[\s,|–-]*)?"
_GAP = r"[\s,|–-]*"
_DATELINE = re.compile(
    rf"(?:(?:lúc\s+)?(?P<before>{_CLOCK.format()}){_GAP})?{_WEEKDAY}(?:ngày\s+)?"
    r"(?P<date>(?<![\d/.-])\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?\d{4}(?!\d)|(?<![\d/.-])\d{4}[/.-]\d{1,2}[/.-]\d{1,2}(?!\d)"
    rf"|(?<!\d)\d{{1,2}}\s+tháng\s+{_MONTH.format()}(?:\s+năm|,|/)?\s*\d{{4}}(?!\d)"
    rf"|\btháng\s+{_MONTH.format()}\s+\d{{1,2}},?\s+\d{{4}}(?!\d)"
    rf"|\b{_ENGLISH_MONTH}\s\d{{1,2}},?\s\d{{4}}(?!\d)|(?<!\d)\d{{1,2}}\s{_ENGLISH_MONTH}\s\d{{4}}(?!\d))"
    rf"(?:{_GAP}(?:lúc\s+)?(?P<after>{_CLOCK.format()}))?"
    r"(?P<zone>\s*[(\[]?(?:GMT|UTC)\s*[+-]?\s?\d{0,2}(?::?\d{2})?[)\]]?)?",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:^|[|•·–—/()\-,:;]|\b(?:đăng|xuất bản|cập nhật|phát hành|thời gian|lúc|posted on|published|updated|on|date"
    r"|ngày)\b\s*:?|^(?:được )?(?:đăng|gửi|viết) .{1,50}\bvào(?: lúc| ngày)?)\s*$",
    re.IGNORECASE,
)
_COLON = re.compile(
    r"(?:đăng|xuất bản|cập nhật|phát hành|thời gian|ngày|lúc|date|posted|published|updated|time)\s*:\s*$", re.I
)
_MINUTE_MARK = re.compile(r"(?<=\d)\s?['’′]")
_ABOUT_DATE = re.compile(
    r"\d[\d.,]*\s*(?:lượt (?:xem|đọc)|phút đọc|bình luận|views?|comments?|min(?:utes?)? read)"
    r"|(?:lượt xem|views?)\s*:?\s*[\d.,]+"
    r"|\b(?:ngày|đăng|xuất bản|cập nhật|phát hành|thời gian|lúc|bởi|người đăng|tác giả|posted|on|published|updated|date"
    r"|time|by)\b",
    re.IGNORECASE,
)
_SITE_HEAD = re.compile(
    r"(?:(?:site|page|main|web|top|global)[-_]?)?(?:header|head|top|bar|topbar|banner|masthead|clock|today|now)"
    r"(?:[-_]?(?:top|bar|main|inner|wrap|wrapper|date|time|site|section|area|\d))*",
    re.IGNORECASE,
)
_PLACE = re.compile(r"địa điểm\b", re.IGNORECASE)
_REST = re.compile(r"\s*(?:$|[|•·–—/(),;\-]|\d[\d.,]*\s*(?:lượt|phút|bình|views?|comments?|min)|bởi\b|by\b|[A-ZĐ])")
_STORY = re.compile(
    r"bản quyền|copyright|©|giấy phép|nghị định|quyết định|thông tư|công văn|(?:^|\s)số\s*:?\s*\d|\bGP\b|ảnh|hình|sinh"
    r"|hạn|khai mạc|từ ngày|đến ngày|sự kiện|bắt đầu|kết thúc",
    re.IGNORECASE,
)
_VIETNAMESE = re.compile(r"\b(?:đăng|cập nhật|xuất bản|ngày|lúc|thứ|chủ nhật)\b", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")
_LONGEST_DATELINE = 120
_FAR_AFTER, _FAR_BEFORE = 40, 8
_DEEPEST = 300
_MARKS = " |•·–—-,()"
_LONGEST_LABEL = 12
_MOST_STAMPS = 20
_LONGEST_LINK = 24
_CHANGED = re.compile(r"(?:.*[-_])?(?:updated|modified|update)", re.IGNORECASE)
_GO_TAIL = re.compile(r"(\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)? ([+-]\d{4})(?: [+-]\d{2,4}| [A-Z]{3,4})?$")


def page_date(tree: Any, head: PageHead, heading: Any) -> str | None:
    """Return the date, or date and time in Hà Nội, that a page states as that of its article; None if it has none."""
    for node in [*head.articles, *head.nodes_of("WebPage", "NewsMediaOrganization")]:
        for name in ("datePublished", "dateCreated"):
            if isinstance(node.get(name), str | int) and (found := read_date(str(node[name]))):
                return found
    found = next(filter(None, map(read_date, head.meta(*_METAS))), None) or _marked(tree)
    if found:
        return found
    return near_date(tree, heading, frozenset())


def near_date(tree: Any, heading: Any, elsewhere: Collection[Any]) -> str | None:
    """Return the date near the title of a page; what stands in the elements ``elsewhere`` is of other articles."""
    around = [block for block in _near(tree, heading) if block.element not in elsewhere]
    if found := _in_time_element(around, heading, elsewhere):
        return found
    for at, block in enumerate(around):
        is_of_event = at + 1 < len(around) and bool(_PLACE.match(around[at + 1].text))
        if not is_of_event and (found := _dateline(block)):
            return found
    return None


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
        if element.tag == "meta" or stands_around(element):
            continue
        stated = [element.get(name) for name in ("datetime", "content", "title")]
        for text in (*stated, one_line("".join(element.itertext()))):
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
        elif not seen:
            before.append(block)
        elif any(is_around(up) for up in _up(block.element, 12)):
            continue
        elif len(after) < _FAR_AFTER and prose < 2:
            after.append(block)
            prose += block.is_prose
        else:
            break
    yield from after
    if heading is not None:
        yield from _just_before(before, heading, body)


def _just_before(before: list[Block], heading: Any, body: Any) -> Iterator[Block]:
    """Yield the blocks before the title that stand with it in a part of the page, the last first.

    The head of the page, which often shows what day it is, is none: it is named so, or more blocks are between.
    """
    above = {heading, *heading.iterancestors()}
    far = _shared(before[-_FAR_BEFORE - 1].element, above) if len(before) > _FAR_BEFORE else None
    wide = {None, body, *(() if far is None else _up(far, _DEEPEST))}
    for block in reversed(before[-_FAR_BEFORE:]):
        ups = list(_up(block.element, 12))
        if any(map(is_around, ups)):
            continue
        own = [up for up in ups if up not in above]
        if any(_SITE_HEAD.fullmatch(name) for up in own for name in names_of(up)):
            continue
        if any(up.tag == "header" and up.getparent() is body for up in ups):
            continue
        if _shared(block.element, above) not in wide or (block.element.getparent() is heading.getparent()):
            yield block


def _shared(element: Any, above: Collection[Any]) -> Any:
    """Return the smallest element around ``element`` that is one of ``above``."""
    return next((up for up in _up(element, _DEEPEST) if up in above), None)


def _up(element: Any, most: int) -> Iterator[Any]:
    yield element
    yield from islice(element.iterancestors(), most)


def _in_time_element(around: list[Block], heading: Any, elsewhere: Collection[Any]) -> str | None:
    """Return the date of the first ``<time>`` near the title, or of an element whose ``title`` has it.

    The time of a change is taken if no other is there.
    """
    places = [block.element for block in around]
    if heading is not None and heading.getparent() is not None and heading.getparent().tag != "body":
        places.insert(0, heading.getparent())
    seen = set[Any]()
    changed: str | None = None
    prose = {block.element for block in around if block.is_prose}
    for place in places:
        for element in _stamps(place, prose):
            if element in seen or element in elsewhere:
                continue
            seen.add(element)
            if any(is_around(up) for up in _up(element, 12)) or _is_of_teaser(element):
                continue
            names = names_of(element)
            is_of_change = any(map(_CHANGED.fullmatch, names)) and "published" not in names
            for text in (element.get("datetime") or element.get("title"), one_line("".join(element.itertext()))):
                if text and (found := read_date(text)):
                    if not is_of_change:
                        return found
                    changed = changed or found
    return changed


def _stamps(place: Any, prose: Collection[Any]) -> list[Any]:
    """Return the ``<time>`` elements in ``place`` before its second paragraph, then what has a ``title`` there."""
    times: list[Any] = []
    titled: list[Any] = []
    paragraphs = 0
    for element in place.iter():
        paragraphs += element in prose
        if paragraphs > 1:
            break
        if element.tag == "time":
            times.append(element)
        elif element.tag in {"abbr", "span"} and element.get("title"):
            titled.append(element)
    return [*times[:_MOST_STAMPS], *titled[:_MOST_STAMPS]]


def _is_of_teaser(element: Any) -> bool:
    """Tell whether an element stands in a link that has more text, or in the list of other articles."""
    length = len(one_line("".join(element.itertext())))
    for up in element.iterancestors():
        if up.tag == "a" and len(one_line("".join(up.itertext()))) > length + _LONGEST_LABEL:
            return True
        if up.tag == "li" and any(len(text_of(link)) > _LONGEST_LABEL + length for link in up.iter("a")):
            return True
    return False


def _dateline(block: Block) -> str | None:
    """Return the date of a block that is a dateline: that date, and no sentence around it."""
    text = block.text
    if len(text) > _LONGEST_DATELINE or not _YEAR.search(text):
        return None
    beside = _DATELINE.search(block.beside) if 0 < block.links <= _LONGEST_LINK else None
    is_linked = beside is not None and _is_label(block.beside[: beside.start()])  # after the category or the author
    if _STORY.search(text) or (block.links * 2 > len(text) and not is_linked):
        return None
    found = _DATELINE.search(text)
    if found is None:
        return None
    before, after = text[: found.start()], text[found.end() :]
    is_named = any(is_named_meta(up) for up in _up(block.element, 2))
    if before.rstrip().endswith(",") and found[0].lower().startswith("ngày"):  # place and date of a letter or a decree
        return None
    if not is_named and not ((_is_label(before) or is_linked) and _REST.match(after)):
        return None
    if len(before.split()) + len(after.split()) > 14 or text.endswith("."):
        return None
    clock = _MINUTE_MARK.sub("", found["before"] or found["after"] or "")
    if is_named or _VIETNAMESE.search(text):  # the day comes first, also before AM and PM
        clock = re.sub(r"\s?AM$", " SA", re.sub(r"\s?PM$", " CH", clock, flags=re.I), flags=re.I)
    zone = re.sub(r"[\[\]()]", "", found["zone"] or "")
    return read_date(" ".join(f"{found['date']} {clock}{zone}".split()))


def states_date(block: Block) -> bool:
    """Tell whether a block states the date of its article and hardly more."""
    return _dateline(block) is not None or is_dateline(block.text)


def is_dateline(line: str, author: str | None = None) -> bool:
    """Tell whether a line is a date, or date and time, its label, and perhaps the ``author``."""
    may_be = len(line) <= _LONGEST_DATELINE and _YEAR.search(line)
    found = _DATELINE.search(line) if may_be else None
    if found is None:
        return False
    before, after = line[: found.start()], line[found.end() :]
    if _is_label(before) and not after.strip(_MARKS):
        return True
    for name in (author or "").split("; "):
        before, after = before.replace(name, ""), after.replace(name, "")
    return not _ABOUT_DATE.sub("", f"{before} {after}").strip(f"{_MARKS}:")


def _is_label(before: str) -> bool:
    if before.rstrip().endswith(":"):
        return bool(_COLON.search(before))
    return bool(_LABEL.search(before)) and not (before.rstrip().endswith(",") and len(before.split()) > 4)
