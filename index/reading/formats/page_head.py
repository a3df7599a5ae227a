"""What an HTML page says about itself for machines: its ``<meta>`` elements and its JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from index.json_ld import Node, by_id, is_article, referred, types_of

_LIST_TYPES = {"CollectionPage", "SearchResultsPage", "ProfilePage"}
_OF_ARTICLE = re.compile(r"article$|video\b", re.IGNORECASE)
_DEEPEST = 12
_LAST_COMMA = re.compile(r",(?=\s*[}\]])")
_DATE_IN_TEXT = re.compile(r'"datePublished"\s*:\s*"([^"]{4,60})"')
_ARTICLE_IN_TEXT = re.compile(r'"@type"\s*:\s*\[?\s*"(?:\w*Article|BlogPosting)"')
_AUTHOR_IN_TEXT = re.compile(r'"author"\s*:\s*[\[{\s]*(?:"@type"\s*:\s*"Person"\s*,\s*)?"name"\s*:\s*"([^"]{1,80})"')
_NOT_JSON = re.compile(r"^\s*(?:<!--|/\*.*?\*/|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>|;)\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PageHead:
    """``metas`` has the values of each ``<meta>`` name in small letters, ``nodes`` the objects of the JSON-LD."""

    metas: Mapping[str, list[str]]
    nodes: list[Node]

    def meta(self, *names: str) -> Iterator[str]:
        """Yield the values of the metas with these names, those of the first name first."""
        for name in names:
            yield from self.metas.get(name, ())

    def nodes_of(self, *types: str) -> Iterator[Node]:
        """Yield the objects of these types."""
        return (node for node in self.nodes if not types_of(node).isdisjoint(types))

    @property
    def articles(self) -> list[Node]:
        """The objects that describe an article."""
        return [node for node in self.nodes if is_article(node)]

    @property
    def is_of_article(self) -> bool:
        """Whether the page says that it is an article."""
        return bool(self.articles) or any(_OF_ARTICLE.match(value) for value in self.meta("og:type"))

    @property
    def is_of_list(self) -> bool:
        """Whether the page says that it is a list, and not that it is an article."""
        return not self.articles and next(self.nodes_of(*_LIST_TYPES), None) is not None


def read_head(tree: Any) -> PageHead:
    """Return what the page ``tree`` (lxml) says about itself. What cannot be read is passed over."""
    metas: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        value = one_line(meta.get("content") or "")
        for attribute in ("property", "name", "itemprop"):
            if value and (name := meta.get(attribute)):
                metas.setdefault(name.strip().lower(), []).append(value)
    nodes: list[Node] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            nodes.extend(_nodes(_json(script.text), 0))
    known = by_id(nodes)
    return PageHead(metas, [_resolved(node, known) for node in nodes])


def address(tree: Any, head: PageHead, url: str | None) -> str | None:
    """Return the page's own address: the canonical one, that of OpenGraph, or ``url``, where it came from."""
    links = [link.get("href") or "" for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower()]
    for found in [*links, *head.meta("og:url", "url")]:
        try:
            full: str = urljoin(url or "", found.strip())
            parts = urlsplit(full)
        except ValueError:
            continue
        if parts.scheme in {"http", "https"} and parts.hostname and parts.path.strip("/") + parts.query:
            return full
    return url


def texts(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON-LD value: a text, an object with a name, or a list of them."""
    for entry in value if isinstance(value, list) else [value]:
        found = entry.get("name") or entry.get("@value") if isinstance(entry, Mapping) else entry
        if isinstance(found, list):
            found = found[0] if found else None
        if isinstance(found, str) and (text := one_line(found)):
            yield text


def one_line(text: str) -> str:
    """Return ``text`` with its entities decoded and its white space made single spaces."""
    return " ".join(unescape(text).split())


def _json(text: str) -> Any:
    """Return the JSON-LD of a script: its values, or what can be told of an article where it is no JSON."""
    text = _NOT_JSON.sub("", _NOT_JSON.sub("", text)).strip()
    for tried in (text, _LAST_COMMA.sub("", text)):
        try:
            return list(_values(tried))
        except (ValueError, RecursionError):
            continue
    return _stated_in_broken(text)


def _values(text: str) -> Iterator[Any]:
    """Yield the values of JSON; some sites write one after another."""
    decoder, at = json.JSONDecoder(strict=False), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        while at < len(text) and (text[at].isspace() or text[at] in ",;"):
            at += 1


def _stated_in_broken(text: str) -> Node | None:
    """Return an object of what JSON that cannot be read (a quotation mark in a title) says of one article."""
    dates = _DATE_IN_TEXT.findall(text)
    if len(dates) != 1 or not _ARTICLE_IN_TEXT.search(text):
        return None
    author = _AUTHOR_IN_TEXT.search(text)
    return {"@type": "NewsArticle", "datePublished": dates[0], **({"author": author[1]} if author else {})}


def _nodes(value: Any, depth: int) -> Iterator[Node]:
    """Yield the objects that describe the page: not the entries of lists, which are other pages."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _nodes(entry, depth + 1)
    elif isinstance(value, Mapping):
        yield value
        for name in ("@graph", "mainEntity", "mainEntityOfPage", "breadcrumb", "hasPart"):
            if isinstance(value.get(name), Mapping if name == "hasPart" else list | Mapping):
                yield from _nodes(value[name], depth + 1)


def _resolved(node: Node, known: Mapping[str, Node]) -> Node:
    """Return an object whose author, publisher and breadcrumb are objects where they were references to them."""
    told = {name: referred(node[name], known) for name in ("author", "publisher", "breadcrumb") if name in node}
    return {**node, **told}
