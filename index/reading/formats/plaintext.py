"""Read an article from scraped plain text: its title, its text and its metadata.

Such text has no markup left; the form and place of a line show what it is. The head may hold fields, menus, a headline,
a date and a source in brackets before the lead; the foot a byline and a line naming the source. What is recognised as
one of these becomes metadata and is removed from the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from index.analysis.sentences import sentence_spans
from index.dates import published_or_none
from index.field_names import KEYWORD_RANK, standing_of
from index.field_values import keywords_value
from index.markup import text_if_markup
from index.reading.formats.boilerplate import is_control, is_prose, without_menus, without_repeats

_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?"
_DAY_FIRST = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?:(?:\s*[,|-])?\s*(?:lúc\s+)?\d{1,2}[:hg]\d{2})?"
_DATED_START = re.compile(rf"(?:date|ngày đăng|published)(?:\s*:)?\s+({_ISO}|{_DAY_FIRST})(?:\s+|$)", re.IGNORECASE)
_FIELD = re.compile(r"(?P<name>[^\W\d_](?:[^\W_]|[ _./-](?=[^\W_])){0,40}+)\s{0,3}:(?:\s+|$|(?=\S))(?P<value>.*)")
_SIGNS = re.compile(r"[-=_*~#.•·+]{3,}")
_DECORATED = re.compile(
    r"(?:[-*•+]\s+|#{1,6}\s+)?(?:(?:\*\*|__)?(?P<name>[^\W\d_][\w ./-]{0,40}?)(?:\*\*|__)?\s{0,3}(?::|=|\t)(?:\*\*|__)?"
    r"|[\[【](?P<bracketed>[^\W\d_][\w ./-]{0,40}?)[\]】]\s*:?)\s*(?P<value>.*)"
)
"""A field as people mark it: ``- Tiêu đề: …``, ``**Nguồn:** …``, ``[Ngày đăng] …``, ``title = …``."""
_AUTHOR_AND_DATE = re.compile(r"(?P<name>[^|–-]{2,60}?)\s*[|–-]\s*(?P<date>.*\d.*)")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?\s?(?:[AP]M)?", re.IGNORECASE)
_TIMESTAMP = re.compile(
    r"(?:(?:thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ\s+nhật|ngày|cập nhật|đăng|gửi|xuất bản|lúc)[\s:,|-]*)*"
    rf"(?:(?P<hour>\d{{1,2}}[:hg]\d{{2}}(?:\s?[ap]m)?)(?:\s*[,|-])?\s*(?:ngày\s+)?)?(?P<date>{_ISO}|{_DAY_FIRST})"
    r"\s*(?:\(?(?:gmt|utc)\s*\+?\s*\d{1,2}(?::\d{2})?\)?)?",
    re.IGNORECASE,
)
_DATELINE = re.compile(
    r"(?:\((?P<bracketed>[^()]{2,40})\)|(?P<bare>TTO|TPO|PLO|NLĐO|NLDO|HNMO|SGGPO|ANTĐO|TTXVN|VOV|VTV|VTC|SGGP|QĐND|CAND|BNEWS"
    r"|(?i:[\w-]+\.(?:vn|com|net|org)(?:\.vn)?)))\s*[-–—]\s+(?=\S)",
)
_NOT_A_SOURCE = re.compile(r"\b(?:ảnh|video|clip|hình|đồ họa|minh họa|nguồn)\b", re.IGNORECASE)
_SOURCE = re.compile(
    r"\(?\s*(?:nguồn(?:\s+tin)?|theo)\b(?P<colon>\s*:)?\s*(?P<name>[^:(),;]{0,60}?)\s*:?\s*(?P<url>https?://\S+?)?\s*\)?\.?",
    re.IGNORECASE,
)
_BYLINE_PREFIX = re.compile(
    r"(?:tác giả|bài(?:\s*(?:và|,|-)\s*ảnh)?|tin\s*(?:và|,|-)\s*ảnh|phóng viên)\s*:\s*", re.IGNORECASE
)
_BETWEEN_NAMES = re.compile(r"\s*(?:[-–—,&/;]|\bvà\b)\s*")
_NAME = re.compile(r"[^\W\d_]+(?:(?:\.\s?|\s)[^\W\d_]+){0,4}\.?\s?")

_LAW = re.compile(
    r"(?:bộ )?luật|hiến pháp|pháp lệnh|sắc lệnh|lệnh|nghị (?:quyết|định)|quyết định|chỉ thị|thông (?:tư|báo|cáo)"
    r"|công (?:văn|điện|báo)|tờ trình|kế hoạch|báo cáo|hướng dẫn|quy (?:chế|định)",
    re.IGNORECASE,
)
"""How the title of a law or a document begins; such a line names no section."""
_INSTITUTION = re.compile(
    r"(?:viện|đại học|học viện|hội|sở|bộ|cục|công ty|tập đoàn|ngân hàng|bệnh viện|trung tâm|chùa|núi|sông|hồ chứa|đảo"
    r"|xã|phường|huyện|quận|tỉnh|thành phố|thể loại|danh sách|xem|tham khảo|liên kết|chú thích)\b",
    re.IGNORECASE,
)
"""How a name begins that is none of a person."""
_LINKS = re.compile(r"(?:xem|đọc) thêm|tham khảo|chú thích|liên kết(?: ngoài)?|nguồn tham khảo", re.IGNORECASE)
_HEAD_LINES = 8
_FOOT_LINES = 3
_LONGEST_HEADLINE = 200
_LONGEST_BYLINE = 80
_LONGEST_MADE_TITLE = 300
_LIKELY_HEADLINE_WORDS = 30
_SECTION_WORDS = 3
_SURE_NAMES = 100
"""The rank from which a name is one only by a part of it (``field_names``)."""
_MOST_BETWEEN = 3
_MOST_DECORATED = 12
_LONGEST_STAMP = 60
_LABEL_WORDS = 5
"""Words of a lone label in the head; what has more is a headline with a colon."""
_OLDEST_BARE_DATE = "1995"


@dataclass(frozen=True, slots=True)
class PlainText:
    """An article read from a text; ``body`` is its paragraphs, separated by blank lines."""

    title: str
    body: str
    lead: str
    published: str | None = None
    source: str | None = None
    url: str | None = None
    author: str | None = None
    category: str | None = None
    extra: dict[str, str] | None = None


def read_plain_text(text: str) -> PlainText:
    """Read one article from plain text. Any text is accepted; one without letters has an empty body."""
    about: dict[str, Any] = {}
    lines = [line.strip() for line in text_if_markup(text.removeprefix("\ufeff")).splitlines()]
    lines = _undecorated([line for line in lines if line])
    lines = _take_head_fields(lines, about)
    if not about and len(lines) > 2 and _is_headline(lines[0]) and _names_a_field(lines[1]):
        lines = [lines[0], *_take_head_fields(lines[1:], about)]
    has_links = len(lines) > 1 and _LINKS.fullmatch(lines[-2]) is not None
    lines = without_menus([line for line in lines if not is_control(line)])
    lines = _take_timestamp(lines, about)
    lines = _take_foot(lines, about, has_links=has_links)
    title = about.pop("title", None)
    if title is None and len(lines) > 1 and _is_headline(lines[0]):
        title, *lines = _after_section_name(lines, about)
    lines = without_repeats(lines, title)
    if lines:
        lines = _take_dateline(lines, about)
    title = title or made_title(lines)
    lead = about.pop("lead", None) or (lines[0] if lines else "")
    return PlainText(title=title, body="\n\n".join(lines), lead=lead, **about)


def _undecorated(lines: list[str]) -> list[str]:
    """Return the lines with the fields of the head as ``name: value``, without its lines of signs."""
    head = [part for line in lines[:_MOST_DECORATED] for part in _fields_apart(line)]
    signs = [at for at, line in enumerate(head) if _SIGNS.fullmatch(line)]
    last = len(head) if signs[:1] == [0] else _HEAD_LINES  # front matter may end further down
    head = [line for at, line in enumerate(head) if at not in signs or at >= last]
    found: list[str] = []
    is_below = False
    for line in head:
        field = _marked_field(line)
        if is_below and field is None:
            found[-1] += f" {line}"
        elif field is not None:
            name, value = field
            found.append(line if value and _FIELD.fullmatch(line) else f"{name}: {value}".strip())
        else:
            found.append(line.lstrip("#").strip() or line if not found else line)
        is_below = field is not None and not field[1] and not _is_body(field[0])
    return found + lines[_MOST_DECORATED:]


def _fields_apart(line: str) -> list[str]:
    """Return the fields of a line that has several, or the line."""
    parts = line.split(" | ")
    return parts if len(parts) > 1 and all(map(_marked_field, parts)) else [line]


def _marked_field(line: str) -> tuple[str, str] | None:
    """Return the name and the value of a field, however it is marked; None if no field is called so."""
    field = _DECORATED.fullmatch(line)
    name = ((field["name"] or field["bracketed"]).strip()) if field else ""
    return (name, field["value"]) if field and _is_sure(name) else None


def _is_sure(name: str) -> bool:
    standing = standing_of(name)
    return standing is not None and (standing.rank < _SURE_NAMES or standing.rank >= KEYWORD_RANK)


def _is_body(name: str) -> bool:
    standing = standing_of(name)
    return standing is not None and standing.field == "body"


def _names_a_field(line: str) -> bool:
    """Tell whether a line below a headline is a field, and no answer of an interview or a sentence."""
    named = _FIELD.fullmatch(line)
    standing = standing_of(named["name"]) if named else None
    if named is None or standing is None or standing.rank >= _SURE_NAMES:
        return False
    value = named["value"].strip()
    return standing.field in {"lead", "body"} or (
        bool(value) and value[-1] not in ".?!…" and len(value) <= _LONGEST_HEADLINE
    )


def _take_head_fields(lines: list[str], about: dict[str, Any]) -> list[str]:
    """Take ``key: value`` lines, an address and a leading date off the head."""
    at = start = 0  # slicing off each field would take quadratic time
    while at < len(lines):
        dated = _DATED_START.match(lines[at], start)
        if dated and (published := published_or_none(dated.group(1))):
            about.setdefault("published", published)
            at, start = (at, dated.end()) if dated.end() < len(lines[at]) else (at + 1, 0)
        elif _ADDRESS.fullmatch(lines[at], start):
            about.setdefault("url", lines[at][start:])
            at, start = at + 1, 0
        elif (named := _FIELD.fullmatch(lines[at], start)) and _take_field(
            named, about, has_more=_has_field(lines, at + 1)
        ):
            at, start = at + 1, 0
            if (standing := standing_of(named["name"])) and standing.field == "body":
                lines[at - 1] = named["value"].strip()
                at -= bool(lines[at - 1])
                break
        else:
            break
    return [line[start:] if number == 0 else line for number, line in enumerate(lines[at:])]


def _has_field(lines: list[str], at: int) -> bool:
    """Tell whether one of the next lines is a field that is known."""
    found = map(_FIELD.fullmatch, lines[at : at + _MOST_BETWEEN])
    return any(named is not None and standing_of(named["name"]) is not None for named in found)


def _take_field(named: re.Match[str], about: dict[str, Any], *, has_more: bool) -> bool:
    """Take a field of the head; tell whether the line is one. One that no table has is one between others."""
    name, value = named["name"], named["value"].strip()
    standing = standing_of(name)
    is_unsure = standing is None or (standing.rank >= _SURE_NAMES and not (about or has_more))
    if is_unsure or standing is None or standing.rank >= KEYWORD_RANK or standing.field in {"id", "lang"}:
        is_keywords = standing is not None and standing.rank >= KEYWORD_RANK
        if not about or not (has_more or is_keywords) or len(value) > _LONGEST_HEADLINE:
            return False
        about.setdefault("extra", {}).setdefault(name, value)
        if is_keywords and (keywords := keywords_value(value)):
            about.setdefault("category", keywords)
        return True
    if standing.field == "body":
        return not value or bool(about)
    if not value:
        return bool(about) or has_more
    if standing.field == "published":
        published = published_or_none(value)
        if published is None:
            if not about and not has_more:
                return False
            about.setdefault("extra", {}).setdefault(name, value)
            return True
        value = published
    elif (standing.field == "url" and not _ADDRESS.fullmatch(value)) or (
        standing.field in {"category", "source"} and not about and not has_more and len(value.split()) > _LABEL_WORDS
    ):
        return False
    about.setdefault(standing.field, value)
    return True


def _take_timestamp(lines: list[str], about: dict[str, Any]) -> list[str]:
    """Take lines that hold only a date off the head and the foot; the first one dates the article."""
    kept = []
    for at, line in enumerate(lines):
        if at < _HEAD_LINES and _CLOCK.fullmatch(line):
            continue
        stamp = _TIMESTAMP.fullmatch(line) if at < _HEAD_LINES or at >= len(lines) - _FOOT_LINES else None
        published = stamp and published_or_none(_joined(stamp["date"], stamp["hour"]))
        if published is None and at < _HEAD_LINES and len(line) <= _LONGEST_STAMP and not line.isdecimal():
            published = published_or_none(line) or _take_author_and_date(line, about)
        if published and published >= _OLDEST_BARE_DATE:
            about.setdefault("published", published)
        else:
            kept.append(line)
    return kept


def _take_author_and_date(line: str, about: dict[str, Any]) -> str | None:
    """Return the date in a line that has a name before it, and take both; None for any other line."""
    found = _AUTHOR_AND_DATE.fullmatch(line)
    names = found and _BYLINE_PREFIX.sub("", found["name"], count=1).strip()
    if not found or not names or not _NAME.fullmatch(names) or not _capitalised(names) or _INSTITUTION.match(names):
        return None
    _, colon, date = found["date"].rpartition(": ")
    published = published_or_none(found["date"]) or (published_or_none(date) if colon else None)
    if published is not None:
        about.setdefault("author", names)
    return published


def _joined(date: str, hour: str | None) -> str:
    return f"{date} {hour.upper()}" if hour and not re.search(r"[:hg]\d{2}$", date) else date


def _take_foot(lines: list[str], about: dict[str, Any], *, has_links: bool) -> list[str]:
    """Take a line naming the source and a byline off the foot, in either order; the last of some links is no byline."""
    lines = list(lines)
    for _ in range(_FOOT_LINES):
        if len(lines) < 2:
            break
        source = _SOURCE.fullmatch(" ".join(lines[-1].split()))  # runs of spaces would take the regex for ever
        if source and "source" not in about and _names_a_source(source):
            about["source"] = source["name"].strip(" -") or source["url"].split("/")[2].removeprefix("www.")
            if source["url"]:
                about.setdefault("url", source["url"])
        elif "author" not in about and not has_links and (author := _byline(lines[-1], lines[:-1])):
            about["author"] = author
        else:
            break
        lines.pop()
    return lines


def _names_a_source(line: re.Match[str]) -> bool:
    """Tell whether a line names a source, and is not a sentence that begins with the same word."""
    name = line["name"].strip()
    marked = line["colon"] or line["url"] or line.group().startswith("(")
    return bool(line["url"] or name) and (bool(marked) or (len(name.split()) <= 5 and _capitalised(name)))


def _byline(line: str, text: list[str]) -> str | None:
    """Return the names in a line that holds nothing else, or None; names that occur in the text belong to it."""
    prefix = _BYLINE_PREFIX.match(line)
    names = line[prefix.end() :] if prefix else line
    if not names or len(names) > _LONGEST_BYLINE or names[-1] in "!?…:;,":
        return None
    parts = [part for part in _BETWEEN_NAMES.split(names) if part]
    if not parts or (not prefix and (_INSTITUTION.match(names) or not _ends_a_text(text[-1]))):
        return None
    if not all(_NAME.fullmatch(part) and _capitalised(part) for part in parts):
        return None
    if prefix:
        return names
    spoken_of = any(part.casefold() in paragraph.casefold() for part in parts for paragraph in text)
    return None if spoken_of or len(names.replace(".", ". ").split()) < 2 else names


def _ends_a_text(line: str) -> bool:
    """Tell whether a byline may follow a line: one of a text, not of a list or of links."""
    return is_prose(line) or line[-1] in '.!?…”")'


def _capitalised(name: str) -> bool:
    return all(word[0].isupper() for word in name.split())


def _take_dateline(lines: list[str], about: dict[str, Any]) -> list[str]:
    """Take the source off the beginning of the lead; a bracketed name that occurs in the text belongs to it."""
    dateline = _DATELINE.match(lines[0])
    name = dateline and (dateline["bracketed"] or dateline["bare"])
    if dateline is None or not name or _NOT_A_SOURCE.search(name):
        return lines
    rest = lines[0][dateline.end() :]
    if dateline["bracketed"] and "." not in name and any(name in line for line in [rest, *lines[1:]]):
        return lines
    about.setdefault("source", name.strip())
    return [rest, *lines[1:]]


def _is_headline(line: str) -> bool:
    if _DATELINE.match(line) or not 1 < len(line.split()) <= _LIKELY_HEADLINE_WORDS or len(line) > _LONGEST_HEADLINE:
        return False
    return not re.search(r"[.…:;,]$", line) or line.endswith(("...", "…"))


def _after_section_name(lines: list[str], about: dict[str, Any]) -> list[str]:
    """Take the name of a section off the head if the headline follows it."""
    names, follows = lines[0], lines[1]
    is_name = not _LAW.match(names) and not any(letter.isdigit() for letter in names)
    is_section = is_name and len(names.split()) <= _SECTION_WORDS and len(follows.split()) > _SECTION_WORDS + 2
    if len(lines) > 2 and is_section and _is_headline(follows) and not is_prose(follows):
        about.setdefault("category", names)
        return lines[1:]
    return lines


def made_title(lines: list[str]) -> str:
    """Return the first sentence of the paragraphs as a title; cut a very long one at a comma or a space."""
    prose = next((line for line in lines if is_prose(line)), lines[0] if lines else "")
    spans = sentence_spans(prose)
    if not spans:
        return ""
    sentence = prose[spans[0][0] : spans[0][1]].rstrip(". ")
    if len(sentence) <= _LONGEST_MADE_TITLE:
        return sentence
    start = sentence[:_LONGEST_MADE_TITLE]
    comma, space = start.rfind(", "), start.rfind(" ")
    return start[: comma if comma > _LONGEST_MADE_TITLE // 2 else space if space > 0 else None].rstrip(" ,;")
