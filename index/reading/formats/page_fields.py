"""Title, author, source, category and summary of an HTML page's article, as its metadata and its byline state them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from index.analysis.normalization import fold
from index.json_ld import Node
from index.reading.formats.page_head import PageHead, one_line, texts
from index.reading.formats.page_parts import Block, blocks, is_around, is_short, names_of, stands_around, text_of

_SEPARATOR = re.compile(r"\s+[-–—|·•»›:]{1,2}\s+|\s*\|\s*")
_MOST_SITE_WORDS = 6
_HOME = {"trangchu", "home", "homepage", "trangnhat", "index"}
_NO_CATEGORY = {"posts", "post", "blog", "articles", "baiviet", "uncategorized", "chuaphanloai", "chuaduocphanloai"}
_NO_PERSON = re.compile(
    r"(?:admin(?:istrator)?|editor|root|user|guest|webmaster|author|tác giả|bbt|btv|pv|ctv"
    r"|(?:ban )?quản trị(?: viên)?|ban biên tập|biên tập viên"
    r"|phóng viên|tòa soạn|toà soạn|nhóm phóng viên|nhóm pv|theo|nguồn|báo|tạp chí"
    r"|đài (?:tiếng|truyền|phát)|thông tấn|công ty|ban (?!mai\b)\w+|sở|bộ|phòng|ubnd|[uủ][yỷ] ban|hội|cục|chi cục"
    r"|tổng cục|trung tâm|công an|viện|đại học|trường (?:đại học|cao đẳng|thpt|thcs|tiểu học|mầm non)|tập đoàn"
    r"|ngân hàng|bạn đọc|quỹ|câu lạc bộ|thành phố|tp|tỉnh|huyện|hà nội|việt nam|sài gòn|đà nẵng|liên hệ|địa chỉ"
    r"|xem thêm|tin (?:liên quan|khác)|ttxvn|thx|afp|reuters|vov\w*|vtv\w*"
    r"|ảnh|video)\b.*",
    re.IGNORECASE,
)
_BY = re.compile(
    r"^(?:(?:tác giả|bài(?: viết)?(?:\s*(?:,|và|&)\s*ảnh)?|thực hiện|người viết|viết bởi|đăng bởi|bởi|posted by"
    r"|written by|by|phóng viên|pv)\b\s*:?\s*)+",
    re.IGNORECASE,
)
_BETWEEN_NAMES = re.compile(r"\s*[,;/&|–—]\s*|\s+-\s+|\s+(?:và|and)\s+")
_NAME = re.compile(r"[^\W\d_][^\W\d_.'’]*\.?(?:[\s.'’-]+[^\W\d_][^\W\d_.'’]*\.?){0,5}(?:\s\d{1,2})?")
_AGENCY = re.compile(r"\s*\([^)]*\)|(?<=\w)\s*/\s*[\w+.-]+$|\s+(?:ghi|lược ghi|tổng hợp|lược dịch|thực hiện)$", re.I)
_TITLE_OF_PERSON = re.compile(
    r"^(?:(?:gs|pgs|ts|ths|bs|ks|ls|nsnd|nsưt|thạc sĩ|tiến sĩ|bác sĩ|luật sư)\b[.\s]*)+", re.IGNORECASE
)
_SITE_WORDS = re.compile(
    r"(?:báo|tạp chí|cổng|trang|blog|đài|website|thời báo|tin tức|bản tin)\b.*|.*\.(?:vn|com|net|org|info)|.* online",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"\.[a-z]{2,}$", re.IGNORECASE)
_BYLINE = re.compile(
    r"(?:.*[-_])?(?:author|authors|byline|by-line|tacgia|tac-gia|author-name|authorname|p-author|writer)"
    r"(?:[-_](?:name|info|link|vcard|box))?",
    re.IGNORECASE,
)
_CATEGORY = re.compile(
    r"(?:.*[-_])?(?:cate?|category|categories|chuyen-?muc)(?:[-_](?:name|links?|list|label))?", re.IGNORECASE
)
_CRUMBS = re.compile(r"(?:.*[-_])?(?:breadcrumbs?|bread-crumbs?|crumbs?)(?:[-_].*)?", re.IGNORECASE)
_NO_WRITER = {
    "user", "admin", "windows user", "microsoft", "microsoft office user", "acer", "asus", "dell", "hp", "pc", "lenovo",
    "may tinh", "owner", "default", "python-docx", "anonymous", "unspecified", "unknown",
}  # fmt: skip
_TAKEN_FROM = re.compile(r"nguồn tin\s*:\s*.{1,60}", re.IGNORECASE)
_LONGEST_BYLINE = 80
_MOST_SIGNED = 12
_LONGEST_CATEGORY = 60


def stated_titles(tree: Any, head: PageHead) -> list[str]:
    """Return the titles that the page states: of its JSON-LD, of OpenGraph, of the document."""
    stated = [text for node in head.articles for text in texts(node.get("headline") or node.get("name"))]
    documents = (one_line("".join(title.itertext())) for title in tree.iter("title"))
    return [*stated, *head.meta("og:title", "twitter:title"), *filter(None, documents)]


def page_title(tree: Any, head: PageHead, heading: Any, sites: Iterable[str]) -> str:
    """Return the title of the article without the name of its site: the heading that is shown, if it is the title."""
    sites = [site for site in sites if site]
    shown = text_of(heading) if heading is not None else ""
    names = set(map(_plain, sites))
    stated = [text for text in stated_titles(tree, head) if _plain(text) not in names]
    if shown and (not stated or any(_alike(shown, text) for text in stated)):
        return shown
    is_told = bool(head.articles) or bool(head.metas.get("og:title"))
    found = next((text for text in ([*stated, shown] if is_told else [shown, *stated]) if text), "")
    return without_site(found, sites)


def without_site(title: str, sites: Iterable[str]) -> str:
    """Return ``title`` without the names of its site at its end."""
    known = {_plain(site) for site in sites}
    while (last := list(_SEPARATOR.finditer(title))) and _plain(title[last[-1].end() :]) in known:
        title = title[: last[-1].start()]
    return title


def page_source(tree: Any, head: PageHead, heading: Any, url: str | None) -> str | None:
    """Return the name of the paper or site: what it calls itself, what follows the title, or its host."""
    shown = text_of(heading) if heading is not None else ""
    stated = list(head.meta("og:site_name", "application-name", "apple-mobile-web-app-title"))
    publishers = [node.get("publisher") for node in head.articles]
    stated += [name for publisher in publishers for name in texts(publisher)]
    stated += [name for node in head.nodes_of("WebSite") for name in texts(node.get("name"))]
    stated += head.meta("dc.publisher", "copyright-holder")
    titles = {_plain(text) for text in (shown, *head.meta("og:title")) if text}
    for name in stated:
        if _plain(name) not in titles:
            return name
    document = next((one_line("".join(title.itertext())) for title in tree.iter("title")), "")
    if shown and document.startswith(shown) and (rest := _SEPARATOR.split(document[len(shown) :])[-1].strip()):
        return rest if _may_be_site(rest) else None
    if shown and document.endswith(shown) and (rest := _SEPARATOR.split(document[: -len(shown)])[0].strip()):
        return rest if _may_be_site(rest) else None
    rest = _SEPARATOR.split(document)[-1].strip()
    is_name = " | " in document or bool(_SITE_WORDS.fullmatch(rest))
    if not shown and rest != document and is_name and rest and _may_be_site(rest):
        return rest
    return host_of(url)


def _may_be_site(name: str) -> bool:
    return len(name.split()) <= (2 if _SITE_WORDS.fullmatch(name) else 1) * _MOST_SITE_WORDS


def host_of(url: str | None) -> str | None:
    """Return the host of an address without ``www.``."""
    return ((urlsplit(url).hostname or "").removeprefix("www.") or None) if url else None


def page_author(head: PageHead, bylines: Iterable[str], container: Any, sites: Iterable[str]) -> str | None:
    """Return the persons who wrote the article, with ``;`` between them; a site or an office is none.

    ``bylines`` are those of ``named_bylines``.
    """
    known = {_plain(site) for site in sites if site}
    for found in _stated_authors(head):
        if people := [name for text in found for name in persons(text, known)]:
            return "; ".join(dict.fromkeys(people))
    for text in (*bylines, *_last_lines(container)):
        if people := persons(text, known):
            return "; ".join(dict.fromkeys(people))
    return None


def persons(text: str, sites: Iterable[str] = ()) -> list[str]:
    """Return the names of persons in a byline; none if part of it is no name."""
    text = _AGENCY.sub("", _AGENCY.sub("", _BY.sub("", one_line(text)))).strip(" -–—|,;:.")
    if len(text) > 2 * _LONGEST_BYLINE or "@" in text or "://" in text:
        return []
    names = [name.strip(" .") for name in _BETWEEN_NAMES.split(text) if name.strip(" .")]
    return [name for name in names if _is_person(name, set(sites))]


def writers(text: str) -> list[str]:
    """Return the names of persons in the properties of a document; those of computers and programs are none."""
    return [name for name in persons(text) if name.casefold() not in _NO_WRITER]


def is_byline_of(text: str, author: str | None) -> bool:
    """Tell whether a line names the ``author``, or where the article was taken from, and nothing else."""
    return (bool(author) and _BY.sub("", text) == author) or bool(_TAKEN_FROM.fullmatch(text))


def signature(text: str) -> str | None:
    """Return the persons that sign a text, with ``;`` between them, if ``text``, which is set apart, is such a line."""
    return ("; ".join(persons(text)) or None) if _BY.match(text) or _is_name_like(text) else None


def _is_name_like(text: str) -> bool:
    words = _TITLE_OF_PERSON.sub("", _AGENCY.sub("", _AGENCY.sub("", text))).split()
    return 1 < len(words) <= _MOST_SIGNED and all(word[0].isupper() or not word[0].isalpha() for word in words)


def _is_person(name: str, sites: set[str]) -> bool:
    plain, name = _plain(name), _TITLE_OF_PERSON.sub("", name)
    if (
        not _NAME.fullmatch(name)
        or _DOMAIN.search(name)
        or _NO_PERSON.fullmatch(name)
        or (not name[0].isupper() and " " in name)
    ):
        return False
    return not any(plain in {site, site.partition(".")[0]} or site in _offices(plain) for site in sites)


def _offices(plain: str) -> set[str]:
    """Return what a site may be called whose name, given as an author, is ``plain``."""
    return {f"bao{plain}", f"tapchi{plain}", f"{plain}online", f"bao{plain}online", f"{plain}vn", f"{plain}.vn"}


def _stated_authors(head: PageHead) -> Iterator[list[str]]:
    for node in head.articles:
        entries = node.get("author")
        people = [entry for entry in (entries if isinstance(entries, list) else [entries]) if not _is_office(entry)]
        yield list(texts(people))
    yield list(head.meta("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "byl"))
    yield list(head.meta("citation_author", "sailthru.author", "twitter:data1"))


def _is_office(entry: Any) -> bool:
    return isinstance(entry, Mapping) and "Organization" in str(entry.get("@type"))


def named_bylines(tree: Any) -> Iterator[str]:
    """Yield the texts of the elements that are named as a byline."""
    for element in tree.xpath("//*[@rel='author' or @itemprop='author' or @class or @id]"):
        named = element.get("rel") == "author" or element.get("itemprop") == "author"
        if not named and not any(_BYLINE.fullmatch(name) for name in names_of(element)):
            continue
        if element.tag == "meta" or (stands_around(element) if named else any(map(is_around, element.iterancestors()))):
            continue
        if not is_short(element, 10 * _LONGEST_BYLINE):
            continue
        inner = element.find(".//*[@itemprop='name']")
        text = text_of(element if inner is None else inner)
        if 0 < len(text) <= _LONGEST_BYLINE:
            yield text


def _last_lines(container: Any) -> Iterator[str]:
    """Yield the last short lines of an article that may be a byline, then those beside its text that say so."""
    root = container
    for _ in range(3):
        if root is None or (root is not container and root.tag in {"body", "html"}):
            return
        lines = list(blocks(root))
        prose = max((at for at, block in enumerate(lines) if block.is_prose), default=len(lines))
        for block in lines[prose + 1 : prose + 4]:
            is_inside = root is container and _is_signature(block)
            if len(block.text) <= _LONGEST_BYLINE and not block.links and (_BY.match(block.text) or is_inside):
                yield block.text
        root = root.getparent()


def _is_signature(block: Block) -> bool:
    """Tell whether a line is words with capitals, in bold or at the right."""
    style = " ".join(block.element.get(name) or "" for name in ("style", "align", "class"))
    is_bold = block.element.find(".//strong") is not None or block.element.find(".//b") is not None
    return (is_bold or "right" in style) and _is_name_like(block.text)


def page_categories(tree: Any, head: PageHead, title: str, sites: Iterable[str]) -> list[str]:
    """Return the categories that the page states: of its metadata, or of the trail to it."""
    none = {_plain(title), *map(_plain, filter(None, sites)), *_HOME, *_NO_CATEGORY, ""}
    for found in _category_sources(tree, head):
        names = [name for name in found if _plain(name) not in none]
        if names:
            return list(dict.fromkeys(names))
    return []


def _category_sources(tree: Any, head: PageHead) -> Iterator[list[str]]:
    yield _sections(text for node in head.articles for text in texts(node.get("articleSection")))
    yield _sections(text_of(one) for one in tree.xpath("//*[@itemprop='articleSection']"))
    yield _sections(head.meta("article:section", "og:article:section"))
    yield [text_of(link) for link in tree.xpath("//a[contains(concat(' ', @rel, ' '), ' category ')]")
           if not any(map(is_around, link.iterancestors()))]  # fmt: skip
    trails = [
        *head.nodes_of("BreadcrumbList"),
        *(node["breadcrumb"] for node in head.nodes if isinstance(node.get("breadcrumb"), Mapping)),
    ]
    for trail in trails:
        yield list(_trail(trail))
    yield _sections(head.meta("section", "category", "dc.subject.category", "cxenseparse:taxonomy"))
    for element in tree.xpath("//*[@class or @id or @aria-label or @itemtype]"):
        named = any(_CRUMBS.fullmatch(name) for name in names_of(element))
        if (
            named
            or "breadcrumb" in (element.get("aria-label") or "").lower()
            or "BreadcrumbList" in (element.get("itemtype") or "")
        ):
            yield [text for link in element.iter("a") if (text := text_of(link).strip(" »›>/|"))]
    for element in tree.xpath("//*[@class]"):
        if any(map(_CATEGORY.fullmatch, names_of(element))) and not any(map(is_around, element.iterancestors())):
            yield [text for link in element.iter("a") if 0 < len(text := text_of(link)) <= _LONGEST_CATEGORY]


def _sections(stated: Iterable[str]) -> list[str]:
    return [part for text in stated for part in re.split(r"\s*[;,|>]\s*", text) if part]


def _trail(node: Node) -> Iterator[str]:
    entries = node.get("itemListElement")
    for entry in entries if isinstance(entries, list) else [entries]:
        if isinstance(entry, Mapping):
            item = entry.get("item")
            yield from (
                list(texts(entry.get("name")))[:1] or list(texts(item if isinstance(item, Mapping) else None))[:1]
            )


def page_lead(head: PageHead, title: str, body: str) -> str:
    """Return the summary that the page states, or the first paragraph if that is none or is cut."""
    first = body.partition("\n")[0]
    stated = [text for node in head.articles for text in texts(node.get("description"))]
    for text in [*head.meta("og:description"), *stated, *head.meta("description", "twitter:description")]:
        whole = re.sub(r"\s*(?:…|\.\.\.|\[…\]|\[\.\.\.\])$", "", text)
        if _plain(text) != _plain(title) and not first.startswith(whole):
            return text if whole == text else first
        if first.startswith(whole):
            return first
    return first


def _alike(shown: str, other: str) -> bool:
    """Tell whether ``other`` begins with the title that is shown, or is its beginning."""
    one, two = _plain(shown), _plain(other)
    return bool(one and two) and (two.startswith(one) or (len(two) > 12 and one.startswith(two)) or two.endswith(one))


def _plain(text: str) -> str:
    return "".join(letter for letter in fold(text).lower() if letter.isalnum() or letter == ".").strip(".")
