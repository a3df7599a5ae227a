"""WordPress exports (WXR): the posts and pages that are published, as WordPress shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from index.errors import LeftOutError, UnreadableFileError
from index.markup import markup_text
from index.reading.formats.packages import parsed_xml
from index.reading.formats.page_dates import read_date
from index.reading.formats.page_head import one_line

_NO_ARTICLES = {
    "attachment", "nav_menu_item", "revision", "custom_css", "customize_changeset", "oembed_cache", "user_request",
    "wp_block", "wp_template", "wp_template_part", "wp_global_styles", "wp_navigation", "wp_font_family", "feedback",
    "wp_font_face", "elementor_library", "acf-field", "acf-field-group", "wpcf7_contact_form", "shop_order",
}  # fmt: skip
_SHORTCODE = re.compile(
    r"\[/?[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*(?:\s+[\w-]+=(?:\"[^\"\]]*\"|'[^'\]]*'|[^\s\]]+))*\s*/?\]"
)
_PLAYER = re.compile(r"\[(embed|video|audio)\b[^\]]*\]\s*https?://[^\s\[\]]*\s*\[/\1\]")
_PLAIN_SHORTCODE = {"caption", "gallery", "embed", "audio", "video", "playlist", "more", "toc"}
_NO_CATEGORY = {"uncategorized", "chưa phân loại", "chưa được phân loại"}


def wordpress_entries(head: str, texts: list[str], tail: str) -> list[Any]:
    """Return the fields of each entry, LeftOutError for what is no published article. For the parser process."""
    try:
        channel = parsed_xml(f"{head}{tail}".encode()).find("channel")
    except etree.XMLSyntaxError:
        channel = None
    source = _child(channel, "title") if channel is not None else ""
    names = {_child(one, "author_login"): _child(one, "author_display_name") for one in
             (channel.findall("{*}author") if channel is not None else ())}  # fmt: skip
    start = head[: head.find("<channel")] if "<channel" in head else head
    return [_entry(f"{start}<channel>{text}{tail}", source, names) for text in texts]


def _entry(text: str, source: str, names: Mapping[str, str]) -> Any:
    try:
        item = parsed_xml(text.encode()).find("channel/item")
    except etree.XMLSyntaxError as error:
        return UnreadableFileError(f"is an entry that is not XML: {error}")
    kind, status = _child(item, "post_type") or "post", _child(item, "status") or "publish"
    if kind in _NO_ARTICLES:
        return LeftOutError(f"is no article but {kind}")
    if status != "publish":
        is_draft = status in {"draft", "auto-draft", "pending"}
        return (
            LeftOutError("is a draft", "draft") if is_draft else LeftOutError(f"is not public: {status}", "not public")
        )
    if _child(item, "post_password"):
        return LeftOutError("is not public: it has a password", "not public")
    contents = {(etree.QName(one).namespace or ""): one.text or "" for one in item.findall("{*}encoded")}
    body = next(
        (markup_text(_without_shortcodes(text)) for name, text in contents.items() if "excerpt" not in name), ""
    )
    lead = next((markup_text(text) for name, text in contents.items() if "excerpt" in name), "")
    link, login = _child(item, "link"), _child(item, "creator")
    terms = [one_line(one.text or "") for one in item.findall("category") if one.get("domain") == "category"]
    fields = {
        "title": one_line(markup_text(_child(item, "title"))),
        "body": body,
        "lead": lead,
        "published": _published(item),
        "url": link if link.startswith(("http://", "https://")) else None,
        "author": names.get(login) or login,
        "category": "; ".join(dict.fromkeys(one for one in terms if one and one.lower() not in _NO_CATEGORY)),
        "source": source,
    }
    if not fields["title"] and not body:
        return UnreadableFileError("is an entry without a title or a text")
    return {name: value for name, value in fields.items() if value}


def _published(item: Any) -> str | None:
    universal, local = _child(item, "post_date_gmt"), _child(item, "post_date")
    return (read_date(f"{universal}Z") if universal else None) or read_date(local) or read_date(_child(item, "pubDate"))


def _without_shortcodes(text: str) -> str:
    """Return text without WordPress's shortcodes; other words in brackets stay."""
    return _SHORTCODE.sub(lambda code: "" if _is_code(code[0]) else code[0], _PLAYER.sub("", text))


def _is_code(code: str) -> bool:
    name = code.strip("[]/ ").partition(" ")[0]
    return "=" in code or "_" in name or name in _PLAIN_SHORTCODE


def _child(element: Any, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""
