"""The values that fields have in the files of others: lists, objects and numbers to what an article has.

Every reader returns None for a value it can make nothing of.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from index.article import LONGEST_LABEL, SEVERAL

_TEXT_KEYS = (
    "html", "rendered", "text", "body", "content", "value", "plain", "markdown", "raw", "insert", "#text", "_text",
    "$t", "@value", "context", "paragraph", "paragraphs", "blocks", "children", "ops", "data", "items", "caption",
)  # fmt: skip
_MEDIA = frozenset(
    ("image", "img", "photo", "picture", "figure", "gallery", "video", "audio", "embed", "iframe", "ads")
)
"""Types of blocks of which only the caption is text."""
_CAPTION_KEYS = ("caption", "data", "alt", "description")
_LABEL_KEYS = (
    "name", "title", "label", "full_name", "fullName", "fullname", "display_name", "displayName", "text", "value",
    "primary", "rendered", "#text", "_text", "$t", "@value", "username", "slug",
)  # fmt: skip
_NAME_PARTS = (("lastName", "firstName"), ("last_name", "first_name"), ("familyName", "givenName"))
_DATE_KEYS = ("$date", "iso", "date", "value", "rendered", "$numberLong", "text", "#text", "@value", "raw", "datetime")
_SECONDS_KEYS = ("_seconds", "seconds")
_ID_KEYS = ("$oid", "$uuid", "$numberLong", "$numberInt", "@id", "value", "#text")
_URL_KEYS = ("@id", "href", "url", "link", "canonical", "value", "#text")
_DEEPEST = 8
_LONGEST_JSON = 2_000_000
_LONGEST_PYTHON = 200_000
"""Characters of a list that is written out in a text; more take too long to read."""
_KEYWORDS_APART = re.compile(r"\s*[,;|#]\s*")
_DOTNET_DATE = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
_WHOLE = re.compile(r"\d{1,18}\.0")
_NOTHING = frozenset(("nan", "NaN", "null", "NULL", "None", "\\N", "<NA>", "NaT", "N/A", "n/a"))


def text_value(value: Any, *, separator: str = "\n\n") -> str | None:
    """Return the text of a value: a text, a number, a list of paragraphs, an object with a text in it, or blocks."""
    if isinstance(value, str):
        return value
    parts = [part for part in _texts(value, 0) if part.strip()]
    return separator.join(parts) or None


def label_value(label: str, value: Any) -> str | None:
    """Return the name, or the names with ``;`` between them, in a value of the field ``label``."""
    names = dict.fromkeys(name for name in map(_one_line, _names(value, 0)) if name)
    if label not in SEVERAL:
        return next(iter(names), None)
    return "; ".join(names) or None


def keywords_value(value: Any) -> str | None:
    """Return the keywords in a value, ``;`` between them; a comma separates them too."""
    names = (name for found in _names(value, 0) for name in _KEYWORDS_APART.split(found))
    joined = "; ".join(dict.fromkeys(name for name in map(_one_line, names) if name))
    return joined if joined and len(joined) <= LONGEST_LABEL else None


def date_value(value: Any) -> str | int | float | None:
    """Return the date, or the seconds or milliseconds since 1970, in a value."""
    for _ in range(_DEEPEST):
        if isinstance(value, str):
            found = _DOTNET_DATE.fullmatch(value.strip())
            return found[1] if found else value
        if _is_number(value):
            return value  # type: ignore[no-any-return]
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, Mapping):
            seconds = _first(value, _SECONDS_KEYS)
            value = seconds if _is_number(seconds) else _first(value, _DATE_KEYS)
        else:
            return None
    return None


def id_value(value: Any) -> str | None:
    """Return the id in a value; a whole number with a decimal point (``8.0``) is that number."""
    if isinstance(value, Mapping):
        value = _first(value, _ID_KEYS)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value
    if not _is_number(value):
        return None
    return str(int(value)) if value == int(value) else str(value)


def url_value(value: Any) -> str | None:
    """Return the address in a value."""
    for _ in range(_DEEPEST):
        if isinstance(value, str):
            return f"https:{value}" if value.startswith("//") and " " not in value else value
        value = _first(value, _URL_KEYS) if isinstance(value, Mapping) else value[0] if _is_list(value) else None
    return None


def plain_text_value(value: Any) -> str | None:
    """Return a value that is a text."""
    return value if isinstance(value, str) else None


READERS: dict[str, Callable[[Any], Any]] = {
    "id": id_value,
    "title": lambda value: text_value(value, separator=" "),
    "body": text_value,
    "lead": text_value,
    "published": date_value,
    "source": lambda value: label_value("source", value),
    "url": url_value,
    "author": lambda value: label_value("author", value),
    "category": lambda value: label_value("category", value),
    "lang": plain_text_value,
}
"""What reads a value of each field."""


def cell_value(cell: str, field: str) -> Any:
    """Return the value of a table's cell: None for what programs write for nothing, a list that is written out."""
    value = cell.strip()
    if not value or value in _NOTHING:
        return None
    if field == "id" and _WHOLE.fullmatch(value):
        return value[:-2]
    if value[0] in "[{" and (found := written_out(value)) is not None:
        return found
    return cell if field == "body" else value


def written_out(text: str) -> Any:
    """Return the list of texts, or the objects, that a text is in JSON or Python; None if it is no such."""
    if not 2 < len(text) <= _LONGEST_JSON or text[0] + text[-1] not in {"[]", "{}"}:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if len(text) > _LONGEST_PYTHON:
            return None
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    parts = found if isinstance(found, list) else [found]
    return found if parts and all(isinstance(part, str | dict) for part in parts) else None


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Yield the texts in a value, a paragraph each."""
    if isinstance(value, str):
        yield value
    elif _is_number(value) and depth == 0:
        yield str(value)
    elif depth >= _DEEPEST:
        return
    elif isinstance(value, list):
        if value and all(isinstance(part, Mapping) and isinstance(part.get("insert"), str) for part in value):
            yield "".join(part["insert"] for part in value)  # a delta: its parts are no paragraphs
            return
        for part in value:
            yield from _texts(part, depth + 1)
    elif isinstance(value, Mapping):
        is_media = str(value.get("type", "")).lower() in _MEDIA
        for key in _CAPTION_KEYS if is_media else _TEXT_KEYS:
            if value.get(key):
                found = [text for text in _texts(value[key], depth + 1) if text.strip()]
                if found:
                    is_line = key == "children" and all(_is_leaf(part) for part in value[key])
                    yield from ["".join(found)] if is_line else found
                    return


def _is_leaf(part: Any) -> bool:
    return isinstance(part, str) or (isinstance(part, Mapping) and isinstance(part.get("text"), str))


def _names(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        found = written_out(value.strip()) if value[:1] in ("[", "{") else None
        if found is None:
            yield value
        else:
            yield from _names(found, depth + 1)
    elif depth >= _DEEPEST:
        return
    elif isinstance(value, list):
        for part in value:
            yield from _names(part, depth + 1)
    elif isinstance(value, Mapping):
        named = _first(value, _LABEL_KEYS)
        if named is not None:
            yield from _names(named, depth + 1)
            return
        for parts in _NAME_PARTS:
            whole = " ".join(part for part in map(value.get, parts) if isinstance(part, str))
            if whole:
                yield whole
                return


def _first(value: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((value[key] for key in keys if value.get(key) not in (None, "", [], {})), None)


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
