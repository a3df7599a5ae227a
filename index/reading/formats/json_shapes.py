"""Which objects of a JSON text are articles, and where in other objects they stand: in lists, tables and wrappers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from index.analysis.normalization import fold
from index.field_names import KEYWORD_RANK, WRAPPERS, field_named, standing_of

DEEPEST = 5
"""How deep in an object articles are looked for."""

_OF_LISTS = (
    "articles items item data results result hits docs documents posts news rows records entries entry list "
    "lists response value values feed channel rss payload objects stories nodes edges pages danhsach baiviet "
    "tintuc output"
)
LISTS = frozenset(_OF_LISTS.split())
"""Names of what holds the articles, where it is no value of one article."""
_BESIDE = re.compile(
    r"comments?|replies|reply|reactions?|related\w*|recommend\w*|suggest\w*|seealso|readmore|mostread|binhluan\w*|\w*lienquan"
)
"""Names of lists of what is not the article but stands beside it."""
_MOST_HELD = 3
"""How many objects of a list are looked into for a list of articles, as in ``{"db": [{"data": {"posts": [...]}}]}``."""
_WEAK = (standing_of("name"), standing_of("ten"))


def has_text(value: Any, *, whole: bool = False) -> bool:
    """Tell whether an object may be an article: it names a title or a body, or both if ``whole``.

    ``name`` alone is no title here: programs have it in their settings.
    """
    if not isinstance(value, Mapping):
        return False
    fields = fields_of(value)
    if ({"title", "body"} <= fields) if whole else fields & {"title", "body"}:
        return True
    return "@graph" in value or any(has_text(value[name], whole=True) for name in WRAPPERS & value.keys())


def fields_of(value: Mapping[str, Any]) -> set[str]:
    """Return the fields that an object names surely."""
    standings = (standing_of(name) for name in value)
    return {found.field for found in standings if found and found.rank < KEYWORD_RANK and found not in _WEAK}


def may_hold_articles(value: Mapping[str, Any]) -> bool:
    """Tell whether an object may have articles in a list and be none itself."""
    if LISTS.isdisjoint(value) or "body" in fields_of(value):
        return False
    inner = [value[name] for name in LISTS & WRAPPERS & value.keys()]
    return not any(has_text(part) and LISTS.isdisjoint(part) for part in inner)


def inherited(entry: Any, holder: Mapping[str, Any]) -> Any:
    """Return an article with the category and the source that the object tells in whose list it stands."""
    if not isinstance(entry, dict):
        return entry
    told: dict[str, Any] = {}
    for name, value in holder.items():
        standing = standing_of(name)
        if isinstance(value, str) and standing is not None and standing.field in {"category", "source"}:
            told[name] = value
    if not told:
        return entry
    own = fields_of(entry)
    return {**{name: value for name, value in told.items() if own.isdisjoint(fields_of({name: value}))}, **entry}


def articles_in(value: Mapping[str, Any]) -> list[Any]:
    """Return the articles of a list in an object that is none, as in ``{"data": {"items": [...]}}``."""
    for _ in range(DEEPEST):
        found = list(articles_of(dict(value), {}))
        if found:
            return found
        inner = [part for name, part in value.items() if name.lower() in LISTS and isinstance(part, dict)]
        if len(inner) != 1:
            return []
        value = inner[0]
    return []


def articles_of(fields: dict[str, Any], rest: dict[str, Any]) -> Iterator[Any]:
    """Yield the object if it is an article, else the articles of a list or a table in it; else fill ``rest``."""
    if rows := _table(fields):
        yield from rows
    elif has_text(fields):
        held = _held(fields) if "body" not in fields_of(fields) or not has_text(fields, whole=True) else None
        yield from [fields] if held is None else held
    elif (held := _held(fields)) is not None:
        yield from held
    else:
        rest.update(fields)


def _held(fields: dict[str, Any], depth: int = 0) -> list[Any] | None:
    """Return the list of articles that an object holds, or an object in it; None if none."""
    is_article = has_text(fields) and not {"lead", "url", "published"}.isdisjoint(fields_of(fields))
    for name, value in fields.items() if not is_article else ():
        is_list = isinstance(value, list) and value and not is_beside(name)
        if is_list and all(has_text(part, whole=True) for part in value):
            return [inherited(part, fields) for part in value]
    for name in LISTS & fields.keys():
        value = fields[name]
        if isinstance(value, list) and value and all(has_text(part) for part in value):
            return [inherited(part, fields) for part in value]
    if fields and all(standing_of(name) is None and has_text(value, whole=True) for name, value in fields.items()):
        return [named(name, value) for name, value in fields.items()]
    inner = [
        part
        for name, value in (fields.items() if depth < DEEPEST and not is_article else ())
        if not is_beside(name)
        for part in (value[:_MOST_HELD] if isinstance(value, list) else [value])
        if isinstance(part, dict)
    ]
    held = next((held for value in inner if (held := _held(value, depth + 1)) is not None), None)
    return None if held is None else [inherited(part, fields) for part in held]


def is_beside(name: str) -> bool:
    """Tell whether a list of this name is of comments or of other articles that are referred to."""
    return _BESIDE.fullmatch("".join(filter(str.isalnum, fold(name).lower()))) is not None


def named(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return an article that stands under its id, with it; a number in its place is none."""
    return value if name.isdecimal() or "id" in value or "_id" in value else {"id": name, **value}


def _table(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table that is written by columns, as pandas does it; none if the object is no such."""
    columns, data = fields.get("columns"), fields.get("data")
    if isinstance(columns, list) and isinstance(data, list) and data and all(isinstance(row, list) for row in data):
        return [dict(zip(map(str, columns), row, strict=False)) for row in data]
    if has_text(fields, whole=True) and (several := _columns(fields)):
        names = list(several)
        return [dict(zip(names, row, strict=True)) for row in zip(*several.values(), strict=True)]
    if not has_text(fields) or not all(isinstance(column, dict) for column in fields.values()):
        return []
    keys = [list(column) for column in fields.values()]
    if not keys[0] or any(key != keys[0] for key in keys) or not all(key.isdecimal() for key in keys[0]):
        return []
    return [{name: column[key] for name, column in fields.items()} for key in keys[0]]


def _columns(fields: dict[str, Any]) -> dict[str, list[Any]] | None:
    """Return the columns of a table in which each field is a list, one of titles among them; None if it is no such."""
    lists = {name: column for name, column in fields.items() if isinstance(column, list)}
    titles = next((column for name, column in lists.items() if field_named(name) == "title"), [])
    is_table = len(titles) > 1 and all(isinstance(title, str) for title in titles)
    return lists if is_table and all(len(column) == len(titles) for column in lists.values()) else None
