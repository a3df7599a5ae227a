"""Books (.epub): the text of all chapters in order, and what the book says of itself."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import unquote

from index.errors import UnreadableFileError
from index.markup import markup_text
from index.reading.formats.encodings import decode
from index.reading.formats.packages import Package, texts_named
from index.reading.formats.page_dates import read_date
from index.reading.formats.page_fields import persons
from index.reading.formats.plaintext import made_title

_CONTAINER = "META-INF/container.xml"
_MOST_CHAPTERS = 5000
_FONT = "font"


def epub_fields(data: bytes) -> dict[str, Any]:
    """Return the fields of a book as one article. Raises UnreadableFileError if it is broken or locked.

    ``lost`` names the chapters that could not be read.
    """
    package = Package(data, "book")
    if _is_locked(package):
        raise UnreadableFileError("is a locked book (DRM); only its reader can open it")
    opened = package.xml(_CONTAINER).find(".//{*}rootfile")
    place = opened.get("full-path") if opened is not None else None
    if not place:
        raise UnreadableFileError("is no whole book: it does not say where its contents are")
    book = package.xml(place)
    chapters: list[str] = []
    lost: list[str] = []
    for name in _spine(book, posixpath.dirname(place))[:_MOST_CHAPTERS]:
        try:
            chapters.append(markup_text(decode(package.part(name))))
        except UnreadableFileError as error:
            lost.append(f"{name}: {error}")
    paragraphs = [text for chapter in chapters for line in chapter.split("\n") if (text := line.strip())]
    if not paragraphs:
        raise UnreadableFileError(lost[0] if lost else "has no text; its pages may be pictures")
    about = book.find("{*}metadata")
    about = book if about is None else about
    return {
        "title": next(iter(texts_named(about, "title")), None) or made_title(paragraphs),
        "body": "\n\n".join(paragraphs),
        "lead": " ".join(markup_text(" ".join(texts_named(about, "description"))).split())[:5000],
        "author": "; ".join(one for text in texts_named(about, "creator") for one in persons(text) or [text]) or None,
        "published": next(filter(None, map(read_date, texts_named(about, "date"))), None),
        "source": next(iter(texts_named(about, "publisher")), None),
        "category": "; ".join(texts_named(about, "subject")) or None,
        "lang": next((text[:20] for text in texts_named(about, "language")), "vi").partition("-")[0],
        **({"lost": lost} if lost else {}),
    }


def _spine(book: Any, folder: str) -> list[str]:
    """Return the names of the parts with the chapters, in the order of reading."""
    items = {item.get("id"): item for item in book.iter("{*}item")}
    found = [items[id] for one in book.iter("{*}itemref") if (id := one.get("idref")) in items]
    pages = [one for one in found if "nav" not in (one.get("properties") or "").split()]
    return [posixpath.normpath(posixpath.join(folder, unquote(one.get("href") or ""))) for one in pages]


def _is_locked(package: Package) -> bool:
    if "META-INF/rights.xml" in package.names:
        return True
    if "META-INF/encryption.xml" not in package.names:
        return False
    locked = [one.get("URI") or "" for one in package.xml("META-INF/encryption.xml").iter("{*}CipherReference")]
    return any(name.lower().endswith((".xhtml", ".html", ".htm", ".xml")) for name in locked)
