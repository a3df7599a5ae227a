"""Word documents (.docx): their paragraphs, tables and properties. Other files that are called so are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from index.errors import UnreadableFileError
from index.reading.formats.packages import Package, texts_named
from index.reading.formats.page_dates import read_date
from index.reading.formats.page_fields import signature, writers
from index.reading.formats.plaintext import made_title

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_SKIPPED = {"del", "moveFrom", "Fallback", "instrText", "delText", "rPr", "pPr"}
_SPACES = {"tab", "br", "cr"}
_NO_TITLE = ("microsoft word -", "document", "untitled", "tài liệu", "word document")
_APART = "apart"
"""The style of a paragraph that has none and is bold, centred or at the right."""
_PLAIN_STYLES = {"", "normal", "normal (web)", "body text", "no spacing"}
_FAR_TITLE = 6
_LONGEST_TITLE = 30
_MOTTO = re.compile(
    r"cộng h(?:òa|oà) xã hội.*|độc lập\W+tự do\W+hạnh phúc.*|đảng cộng sản.*|.*, ngày .*", re.IGNORECASE
)
_OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def word_fields(data: bytes) -> dict[str, Any]:
    """Return the fields of the article in a Word document. Raises UnreadableFileError for another or a broken file."""
    if data.startswith(_OLD_WORD):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UnreadableFileError("is a Word document with a password; save it without one")
        raise UnreadableFileError("is an old Word document (.doc); open it in a word processor and save it as .docx")
    if data.lstrip()[:5] == b"{\\rtf":
        raise UnreadableFileError("is a rich text document (.rtf); open it in a word processor and save it as .docx")
    if not data.startswith(b"PK"):
        raise UnreadableFileError("is no Word document; name it for what it is, .html for a page")
    package = Package(data, "Word document")
    body = package.xml("word/document.xml").find("{*}body")
    styles = _styles(package)
    blocks = list(_blocks(body, styles)) if body is not None else []
    about = _properties(package)
    title = next((text for style, text in blocks if style == "title"), None) or about.get("title")
    title = title or next((text for style, text in blocks if style == "heading 1"), None) or _shown_title(blocks)
    texts = [text for _, text in blocks if text != title]
    if len(texts) > 1 and blocks[-1][0] == _APART and "author" not in about and (author := signature(texts[-1])):
        about["author"] = author
        texts.pop()
    texts += _notes(package, styles)
    if not texts and not title:
        raise UnreadableFileError("has no text; if it is pictures of pages, recognize their text (OCR) first")
    return {
        **about,
        "title": title or made_title(texts),
        "body": "\n\n".join(texts),
        "lead": about.get("lead") or next((text for text in texts if len(text) > 80), texts[0] if texts else ""),
    }


def _properties(package: Package) -> dict[str, Any]:
    """Return the fields that the core properties of a document state."""
    if "docProps/core.xml" not in package.names:
        return {}
    root = package.xml("docProps/core.xml")
    first = {name: next(iter(texts_named(root, name)), None) for name in ("title", "creator", "created", "description")}
    title = first["title"] or ""
    found = {
        "title": None if title.lower().startswith(_NO_TITLE) else title,
        "author": "; ".join(writers(first["creator"] or "")),
        "published": read_date(first["created"] or ""),
        "category": "; ".join(texts_named(root, "category")),
    }
    return {name: value for name, value in found.items() if value}


def _styles(package: Package) -> dict[str, str]:
    """Return the English names of the styles by their ids, which depend on the language of Word."""
    if "word/styles.xml" not in package.names:
        return {}
    found: dict[str, str] = {}
    for style in package.xml("word/styles.xml").iter("{*}style"):
        name = style.find("{*}name")
        if name is not None:
            found[_value(style, "styleId")] = _value(name, "val").lower()
    return found


def _shown_title(blocks: list[tuple[str, str]]) -> str | None:
    """Return the title of a document without styles: a short line at its beginning that is bold or centred."""
    for style, text in blocks[:_FAR_TITLE]:
        if style == _APART and len(text.split()) <= _LONGEST_TITLE and not _MOTTO.fullmatch(text):
            return text
        if len(text.split()) > _LONGEST_TITLE:
            return None
    return None


def _notes(package: Package, styles: dict[str, str]) -> list[str]:
    """Return the paragraphs of the footnotes and endnotes."""
    found = []
    for name in ("footnotes", "endnotes"):
        part = f"word/{name}.xml"
        for note in package.xml(part) if part in package.names else ():
            if not _value(note, "type"):  # which a separator has
                found += [text for _, text in _blocks(note, styles)]
    return found


def _is_apart(paragraph: Any) -> bool:
    """Tell whether a paragraph is bold, centred or at the right."""
    place = paragraph.find("{*}pPr/{*}jc")
    if place is not None and _value(place, "val") in {"center", "right", "end"}:
        return True
    runs = [run for run in paragraph.iter("{*}r") if any((one.text or "").strip() for one in run.iter("{*}t"))]
    bold = [run.find("{*}rPr/{*}b") for run in runs]
    return bool(bold) and all(one is not None and _value(one, "val") not in {"0", "false"} for one in bold)


def _value(element: Any, name: str) -> str:
    return element.get(_W + name) or element.get(_STRICT + name) or ""


def _blocks(body: Any, styles: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (style, text) of each paragraph, a row of a table as one with bars between its cells."""
    for element in body:
        name = _name(element)
        if name == "p":
            style = element.find("{*}pPr/{*}pStyle")
            boxes = [one for one in element.iter("{*}txbxContent") if not _is_in(one, "Fallback", element)]
            if text := _text(element):
                named = styles.get(_value(style, "val"), "") if style is not None else ""
                yield (_APART if named in _PLAIN_STYLES and _is_apart(element) else named), text
            for box in boxes:
                yield from _blocks(box, styles)
        elif name == "tbl":
            yield from _rows(element, styles)
        elif name in {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"}:
            yield from _blocks(element, styles)


def _rows(table: Any, styles: dict[str, str]) -> Iterator[tuple[str, str]]:
    for row in table.iter("{*}tr"):
        cells = [" ".join(text for _, text in _blocks(cell, styles)) for cell in row.findall(".//{*}tc")]
        if not _is_in(row, "tbl", table) and any(cells):
            yield "", " | ".join(filter(None, cells))


def _text(paragraph: Any) -> str:
    parts: list[str] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        name = _name(element)
        if name == "t":
            parts.append(element.text or "")
        elif name in _SPACES:
            parts.append(" ")
        elif name == "noBreakHyphen":
            parts.append("-")
        elif name not in _SKIPPED and name != "txbxContent":
            stack.extend(reversed(element))
    return " ".join("".join(parts).split())


def _is_in(element: Any, name: str, until: Any) -> bool:
    for up in element.iterancestors():
        if up is until:
            return False
        if _name(up) == name:
            return True
    return False


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
