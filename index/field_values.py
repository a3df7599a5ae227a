"""The values that fields have in the files of others: lists, objects and numbers to what an article has.

Every reader returns None for a value it can make nothing of.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from index.article import LONGEST_LABEL, SEVERAL
from index.markup import text_if_markup

_TEXT_KEYS = (
    "html", "rendered", "text", "body", "content", "value", "plain", "markdown", "raw", "insert", "#text", "_text",
    "$t", "@value", "context", "paragraph", "paragraphs", "answer", "blocks", "sections", "children", "ops", "data",
    "root", "document", "main", "stringValue", "S", "items", "rows", "cells", "list", "desc",
    "description", "caption", "p",
)  # fmt: skip
_HEADING_KEYS = ("heading", "header", "title", "subtitle", "subheading", "question")
_MORE_TEXT_KEYS = ("children", "items", "caption")
"""What stands below the text of an object: the items below an item of a list, who is quoted."""
_TYPE_KEYS = ("type", "_type", "nodeType", "kind", "blockName", "__typename", "__component")
_MEDIA = frozenset(
    ("image", "images", "img", "photo", "picture", "figure", "gallery", "video", "audio", "embed", "iframe", "ads")
)
"""Types of blocks of which only the caption is text, and names of what they show."""
_CAPTION_KEYS = ("caption", "data", "desc", "description", "alt", "title", "text", "content", "items", "images")
_MAIN_TEXT = frozenset(("text", "content", "html", "body", "paragraph", "paragraphs"))
_BREAKS = frozenset(("hardbreak", "hard_break", "linebreak"))
_FILE = re.compile(r"(?:https?:)?/\S+\.(?:jpe?g|png|gif|webp|svg|bmp|avif|mp4|mp3|m3u8)(?:[?#]\S*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?:)?//\S+", re.IGNORECASE)
_OF_NO_TEXT = frozenset(("id", "_id", "url", "href", "src", "link", "type", "file", "name", "class", "style"))
_NUMBERED = re.compile(r"[A-Za-z_-]{0,12}\d{1,4}")
"""The names of paragraphs that are the values of an object: ``{"p1": "…", "p2": "…"}``."""
_LABEL_KEYS = (
    "name", "title", "label", "full_name", "fullName", "fullname", "display_name", "displayName", "text", "value",
    "primary", "rendered", "#text", "_text", "$t", "@value", "original",
    "main", "stringValue", "S", "username", "slug",
)  # fmt: skip
_HOLDING_KEYS = ("data", "attributes", "fields", "node", "nodes", "edges", "items", "profile", "person", "L", "SS")
"""What content systems put around the objects that they refer to."""
_NAME_PARTS = (("lastName", "firstName"), ("last_name", "first_name"), ("familyName", "givenName"))
_DATE_KEYS = (
    "$date", "iso", "date", "value", "rendered", "$numberLong", "text", "#text", "@value", "raw", "datetime",
    "timestampValue", "stringValue", "S", "N",
)  # fmt: skip
_SECONDS_KEYS = ("_seconds", "seconds")
_ID_KEYS = (
    "$oid", "$uuid", "$numberLong", "$numberInt", "@id", "value", "#text", "stringValue", "integerValue", "S", "N",
)  # fmt: skip
_URL_KEYS = ("@id", "href", "url", "link", "canonical", "value", "#text", "stringValue", "S")
_DEEPEST = 8
_DEEPEST_TEXT = 32
_LONGEST_JSON = 2_000_000
_LONGEST_PYTHON = 200_000
"""Characters of a list that is written out in a text; more take too long to read."""
_KEYWORDS_APART = re.compile(r"\s*[,;|#]\s*")
_DOTNET_DATE = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
_WHOLE = re.compile(r"\d{1,18}\.0")
_LOCALE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
_LANGUAGES = {
    "vietnamese": "vi", "tiếng việt": "vi", "tieng viet": "vi", "vie": "vi",
    "english": "en", "tiếng anh": "en", "tieng anh": "en", "eng": "en",
}  # fmt: skip
_DIGITS = re.compile(r"\d+")
_ESCAPED_LETTER = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPED_BREAK = re.compile(r"(?:\\r)?\\n")
_SENTENCE_BREAK = re.compile(
    r"(?:(?<=[.!?…:;,”\"')\]> ])|(?<=\\[nt])|(?<=\w)(?=(?:\\r)?\\n(?:\\|[^\Wa-z_])))(?:\\r)?\\n"
)
"""A line break that is written out between sentences or lines, and is no part of a path (``C:\\new``) or of code."""
NOTHING = frozenset(("[]", "{}", "()", "nan", "NaN", "null", "NULL", "None", "\\N", "<NA>", "NaT", "N/A", "n/a"))
"""What programs write for nothing."""
NO_LABELS = NOTHING | {"Unknown", "unknown", "UNKNOWN", "UNK", "undefined", "none", "-", "Không rõ", "Không có"}
"""What they write where there is no name."""


def text_value(value: Any, *, separator: str = "\n\n") -> str | None:
    """Return the text of a value: a text, a number, a list of paragraphs, an object with a text in it, or blocks."""
    if isinstance(value, str):
        return value
    value = translated(value)
    if isinstance(value, str):
        return value
    parts = [part.strip() for part in _texts(value, 0) if part.strip()]
    return separator.join(parts) or None


def label_value(label: str, value: Any) -> str | None:
    """Return the name, or the names with ``;`` between them, in a value of the field ``label``."""
    found = _names(value, 0)
    if label in SEVERAL:
        found = (name for names in found for name in names.split("|"))
    names = dict.fromkeys(name for name in map(_one_line, found) if name)
    if label == "author":  # the number of an account is no name
        names = dict.fromkeys(name for name in names if not _DIGITS.fullmatch(name))
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
            value = _date_of_parts(value) or value[0]
        elif isinstance(value, Mapping):
            seconds = _first(value, _SECONDS_KEYS)
            value = seconds if _is_number(seconds) else _with_zone(_first(value, _DATE_KEYS), value.get("timezone"))
        else:
            return None
    return None


def _date_of_parts(parts: list[Any]) -> str | None:
    """Return the date in ``[2025, 5, 6, 10, 58]``, as programs in Java and Python write it."""
    if not 3 <= len(parts) <= 9 or not all(isinstance(part, int) for part in parts) or not 1000 <= parts[0] <= 9999:
        return None
    year, month, day, *clock = parts
    hour, minute, second = [*clock, 0, 0, 0][:3]
    return f"{year}-{month:02}-{day:02}" + (f" {hour:02}:{minute:02}:{second:02}" if clock else "")


def _with_zone(date: Any, zone: Any) -> Any:
    """Return a date with the zone that stands beside it, as PHP writes it, if it has none."""
    if not isinstance(date, str) or not isinstance(zone, str) or not re.search(r"\d:\d\d(?:\.\d+)?$", date):
        return date
    if zone in {"UTC", "Z", "GMT", "Etc/UTC"}:
        return f"{date}Z"
    return f"{date}{zone}" if re.fullmatch(r"[+-]\d{2}:?\d{2}", zone) else date


def id_value(value: Any) -> str | None:
    """Return the id in a value; a whole number with a decimal point (``8.0``) is that number."""
    for _ in range(_DEEPEST):
        if isinstance(value, Mapping):
            value = _first(value, _ID_KEYS)
        elif isinstance(value, list) and len(value) == 1:
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
        if isinstance(value, list):
            value = value[0] if value else None
        else:
            value = _first(value, _URL_KEYS) if isinstance(value, Mapping) else None
    return None


def lang_value(value: Any) -> str | None:
    """Return the language in a value; the code of Vietnamese or English for its name."""
    return _LANGUAGES.get(value.strip().lower(), value) if isinstance(value, str) else None


def translated(value: Any) -> Any:
    """Return the Vietnamese value of an object whose names are languages, else its first; any other value as it is."""
    if not isinstance(value, Mapping) or not value or not all(map(_LOCALE.fullmatch, value)):
        return value
    is_marked = any(name[:2] == "vi" for name in value) or all(len(name) > 2 for name in value)
    filled = [name for name in value if value[name] not in (None, "", [], {})]
    first = next((name for name in filled if name[:2] == "vi"), filled[0] if filled else None)
    return value[first] if is_marked and first is not None else value


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
    "lang": lang_value,
}
"""What reads a value of each field."""


def cell_value(cell: str, field: str) -> Any:
    """Return the value of a table's cell: None for what programs write for nothing, a list that is written out."""
    value = cell.strip()
    if not value or value in NOTHING:
        return None
    if field == "id" and _WHOLE.fullmatch(value):
        return value[:-2]
    if (value[0] in "[{(" or value.startswith("array([")) and (found := written_out(value)) is not None:
        return found
    return cell if field == "body" else value


def unpacked(text: str) -> Any:
    """Return a text without the wrapping that programs leave around it by mistake; any other as it is.

    A list of paragraphs or an object may be written out in it, or it may be a text in JSON, with its quotes or not, so
    that its line breaks are ``\\n`` and its letters ``\\u1ebf``.
    """
    bare = text.strip()
    if bare[:1] in ("[", "{") and (found := written_out(bare)) is not None:
        return found
    if "\\" not in text:
        return text
    if bare[0] + bare[-1] == '""' and len(bare) <= _LONGEST_JSON:
        with suppress(ValueError):
            return json.loads(bare, strict=False)
    if text.isascii() and len(_ESCAPED_LETTER.findall(text)) > 1:
        text = _ESCAPED_LETTER.sub(lambda found: chr(int(found[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    breaks = _ESCAPED_BREAK.findall(text)
    is_written = bool(breaks) and "\n" not in text and len(breaks) == len(_SENTENCE_BREAK.findall(text))
    return _ESCAPED_BREAK.sub("\n", text).replace('\\"', '"') if is_written else text


def written_out(text: str) -> Any:
    """Return the list of texts, or the objects, that a text is in JSON, Python or NumPy; None if it is no such."""
    if text.startswith("array([") and (end := text.rfind("]")) > 0:
        text = text[len("array(") : end + 1]
    if not 2 < len(text) <= _LONGEST_JSON or text[0] + text[-1] not in {"[]", "{}", "()"}:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if len(text) > _LONGEST_PYTHON:
            return None
        try:
            found = _numpy_texts(text) or ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    if isinstance(found, tuple):
        found = list(found)
    parts = found if isinstance(found, list) else [found]
    is_such = any(parts) and all(part is None or isinstance(part, str | dict) for part in parts)
    return found if is_such and not isinstance(found, str) else None


def _numpy_texts(text: str) -> list[str] | None:
    """Return the texts of an array as NumPy prints it, without commas, which Python would take for one text."""
    tree = ast.parse(text, mode="eval").body
    if not isinstance(tree, ast.List) or len(tree.elts) != 1 or not isinstance(tree.elts[0], ast.Constant):
        return None
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    texts = [token.string for token in tokens if token.type == tokenize.STRING]
    return [ast.literal_eval(part) for part in texts] if len(texts) > 1 else None


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Yield the texts in a value, a paragraph each."""
    if isinstance(value, str):
        if depth == 0 or not _FILE.fullmatch(value.strip()):
            yield value
    elif _is_number(value) and depth == 0:
        yield str(value)
    elif depth >= _DEEPEST_TEXT:
        return
    elif isinstance(value, list):
        if value and all(isinstance(part, Mapping) and isinstance(part.get("insert"), str) for part in value):
            yield "".join(part["insert"] for part in value)  # a delta: its parts are no paragraphs
            return
        for part in value:
            yield from _texts(part, depth + 1)
    elif isinstance(value, Mapping):
        yield from _texts_of_object(value, depth)


def _texts_of_object(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield the heading, the text and what stands below it in an object, or the caption of what it shows."""
    type = re.split(r"[^a-z]+", str(_first(value, _TYPE_KEYS) or "").lower())
    is_shown = type == [""] and not _MEDIA.isdisjoint(value) and _MAIN_TEXT.isdisjoint(value)
    if is_shown or not _MEDIA.isdisjoint(type):
        for key in _CAPTION_KEYS:
            found = [text for text in _texts(value.get(key), depth + 1) if not _ADDRESS.fullmatch(text.strip())]
            if any(map(str.strip, found)):
                yield from found
                return
        return
    for key in _HEADING_KEYS:
        if isinstance(value.get(key), str):
            yield value[key]
    for key in _TEXT_KEYS:
        if value.get(key):
            is_line = _is_line(key, value[key])
            found = [_line(value[key], depth + 1)] if is_line else list(_texts(value[key], depth + 1))
            if any(map(str.strip, found)):
                yield from found
                for below in _MORE_TEXT_KEYS:
                    if below != key and value.get(below):
                        yield from _texts(value[below], depth + 1)
                return
    is_paragraph = depth > 0 and len(value) == 1 and _OF_NO_TEXT.isdisjoint(value)
    if is_paragraph or (len(value) > 1 and all(map(_NUMBERED.fullmatch, value))):
        for part in value.values():
            yield from _texts(part, depth + 1)


def _is_line(key: str, value: Any) -> bool:
    """Tell whether a list is a paragraph in pieces, as editors write it, bold ones and links apart."""
    return key in {"children", "content"} and isinstance(value, list) and any(map(_is_leaf, value))


def _line(parts: Any, depth: int) -> str:
    """Return the pieces of a paragraph as its text."""
    if isinstance(parts, str):
        return parts
    if isinstance(parts, list):
        return "".join(_line(part, depth) for part in parts)
    if not isinstance(parts, Mapping) or depth >= _DEEPEST_TEXT:
        return ""
    if str(_first(parts, _TYPE_KEYS)).lower() in _BREAKS:
        return "\n"
    return _line(_first(parts, ("text", "value", "children", "content")), depth + 1)


def _is_leaf(part: Any) -> bool:
    if not isinstance(part, Mapping):
        return False
    return isinstance(part.get("text"), str) or (part.get("nodeType") == "text" and isinstance(part.get("value"), str))


def _names(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        found = written_out(value.strip()) if value[:1] in ("[", "{", "(") else None
        if found is None:
            yield text_if_markup(value) if value not in NO_LABELS else ""
        else:
            yield from _names(found, depth + 1)
    elif depth >= _DEEPEST:
        return
    elif isinstance(value, list):
        for part in value:
            yield from _names(part, depth + 1)
    elif isinstance(value, Mapping):
        if (chosen := translated(value)) is not value:
            yield from _names(chosen, depth + 1)
            return
        named = _first(value, _LABEL_KEYS)
        if named is not None:
            yield from _names(named, depth + 1)
            return
        for parts in _NAME_PARTS:
            whole = " ".join(part for part in map(value.get, parts) if isinstance(part, str))
            if whole:
                yield whole
                return
        yield from _names(_first(value, _HOLDING_KEYS), depth + 1)


def _first(value: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((value[key] for key in keys if value.get(key) not in (None, "", [], {})), None)


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
