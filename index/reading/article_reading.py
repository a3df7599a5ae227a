"""What a reader found of one article to an ``Article``, and what is worth saying of how it was read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from index.article import Article, article_from
from index.errors import LeftOutError
from index.markup import text_if_markup
from index.reading.formats.mojibake import Mended, mended
from index.records import Record

_MENDED = ("body", "title", "lead", "source", "author", "category")
_TELLING = 2
"""How many of these, the longest, tell whether the others are looked at."""


_ENCODED_MOJIBAKE = re.compile(r"&(?:Atilde|aacute|Auml|AElig|#195|#225|#196|#198);&(?:\w|#\d)")
"""Letters that were written as entities after they had been misread."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An article, and how it was read.

    ``remarks`` say what of it was not understood, ``unread`` names what no field was read from, ``origins`` the name
    that each field was read from, where it has one. ``is_html`` says whether its body was HTML in a record,
    ``is_mended`` whether letters were read back (``mojibake``).
    """

    article: Article
    remarks: tuple[str, ...]
    unread: tuple[str, ...]
    origins: Mapping[str, str]
    is_html: bool
    is_mended: bool


def read_article(fields: Any, *, source: str | None = None, is_plain: bool = False) -> Reading:
    """Return the article that a record, or the fields of a document, make; ``source`` is that of one that names none.

    ``is_plain`` says that a reader has read the markup. Raises InvalidInputError, and LeftOutError for a draft.
    """
    remarks: list[str] = []
    unread: tuple[str, ...] = ()
    origins: Mapping[str, str] = {}
    is_mended = False
    if isinstance(fields, Record):
        if fields.left_out is not None:
            raise LeftOutError("is a draft" if fields.left_out == "draft" else "is not public", fields.left_out)
        remarks += fields.doubts
        unread, origins = tuple(fields.unread), fields.origins
        is_plain = is_plain or fields.is_plain
        is_mended = fields.is_misread or _mend(fields, remarks)
    article = article_from(fields, source=source, unsure=remarks.append, is_plain=is_plain)
    is_html = not is_plain and isinstance(fields.get("body"), str) and fields["body"] != article.body
    return Reading(article, tuple(remarks), unread, origins, is_html, is_mended)


def _mend(fields: Record, remarks: list[str]) -> bool:
    """Read back what was UTF-8 and was read as another encoding; tell whether there was any."""
    found: dict[str, Mended] = {}
    for at, name in enumerate(_MENDED):
        if at == _TELLING and not found:
            break
        text = fields.get(name)
        if isinstance(text, str) and _ENCODED_MOJIBAKE.search(text):
            text = text_if_markup(text)
        if isinstance(text, str) and (read := mended(text)) is not None:
            fields[name] = read.text
            found[name] = read
    if found:
        encoding = next(iter(found.values())).encoding
        remarks.append(Mended("", encoding, sum(read.lost for read in found.values())).remark)
    return bool(found)
