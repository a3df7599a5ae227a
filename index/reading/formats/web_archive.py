"""Pages saved with their pictures in one file (.mht, .mhtml): the page is read, the rest is left."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from typing import Any

from index.errors import UnreadableFileError
from index.reading.formats.html import html_fields

_MOST_PARTS = 10_000
_LARGEST_PAGE = 16 << 20


def web_archive_fields(data: bytes) -> dict[str, Any]:
    """Return the fields of the article of a saved page. Raises UnreadableFileError, and as ``html_fields``."""
    message = message_from_bytes(data)
    for number, part in enumerate(message.walk()):
        if number > _MOST_PARTS:
            break
        if part.get_content_type() in {"text/html", "application/xhtml+xml"}:
            url = str(part.get("Content-Location") or message.get("Snapshot-Content-Location") or "").strip()
            return html_fields(_text(part), url if url.startswith(("http://", "https://")) else None)
    raise UnreadableFileError("is no saved page: it has no part that is HTML")


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or len(content) > _LARGEST_PAGE:
        raise UnreadableFileError(f"has a page larger than {_LARGEST_PAGE >> 20} MB; no article is that long")
    charset = part.get_content_charset() or "utf-8"
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
