"""A filter as JSON values, to a tree and back.

``{"and": [{"source": "A"}, {"published": {"gte": "2025-01"}}, {"not": {"category": ["B", "C"]}}]}``

An object of several members asks for all of them. A label has a text, a list of texts (any of them) or ``{"exists":
true}``; ``published`` has a period or a list of periods, or an object of ``gt``, ``gte``, ``lt``, ``lte``, ``exists``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from search.query.filter_text import (
    MOST_CONDITIONS,
    MOST_NESTED,
    FilterError,
    checked_size,
    label_condition,
    published_condition,
)
from search.query.filter_tree import (
    FILTERED,
    PUBLISHED,
    AllOf,
    AnyOf,
    FilterNode,
    HasField,
    HasLabel,
    NoneOf,
    PublishedIn,
    all_of,
    any_of,
)

_JOINED = {"and": all_of, "or": any_of}
_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_MEMBERS = (*_JOINED, "not", *FILTERED)


def filter_from_json(value: Any) -> FilterNode:
    """Return the tree of a filter in JSON values. Raises FilterError, which says where."""
    return checked_size(_node(value, "filter", 0))


def filter_as_json(node: FilterNode) -> dict[str, Any]:
    """Return a tree as JSON values; read, they are the same tree again."""
    match node:
        case HasLabel(label, values):
            return {label: values[0] if len(values) == 1 else list(values)}
        case HasField(field):
            return {field: {"exists": True}}
        case PublishedIn(first, last):
            return {PUBLISHED: _period(first, last)}
        case NoneOf(part):
            return {"not": filter_as_json(part)}
        case AllOf(parts):
            return {"and": [filter_as_json(part) for part in parts]}
        case AnyOf(parts):
            return {"or": [filter_as_json(part) for part in parts]}


def _period(first: int | None, last: int | None) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    if first is not None:
        late = first > date.max.toordinal()
        bounds["gt" if late else "gte"] = (date.max if late else date.fromordinal(first)).isoformat()
    if last is not None:
        bounds["lt" if last < 1 else "lte"] = date.fromordinal(max(last, 1)).isoformat()
    return bounds or {"exists": True}


def _node(value: Any, where: str, depth: int) -> FilterNode:
    if depth > MOST_NESTED:
        raise FilterError(f"{where[:80]}: conditions are nested more than {MOST_NESTED} deep")
    if not isinstance(value, Mapping) or not value:
        raise FilterError(f"{where}: expected an object with {', '.join(_MEMBERS)}")
    if len(value) > MOST_CONDITIONS:
        raise FilterError(f"{where}: more than {MOST_CONDITIONS} members")
    return all_of([_member(name, entry, f"{where}.{name}", depth) for name, entry in value.items()])


def _member(name: Any, value: Any, where: str, depth: int) -> FilterNode:
    if name in _JOINED:
        if not isinstance(value, list) or not value:
            raise FilterError(f"{where}: expected a list of conditions, at least one")
        _check_length(value, where)
        return _JOINED[name]([_node(entry, f"{where}[{number}]", depth + 1) for number, entry in enumerate(value)])
    if name == "not":
        return NoneOf(_node(value, where, depth + 1))
    if name not in FILTERED:
        near = get_close_matches(str(name)[:40], _MEMBERS, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(_MEMBERS)}"
        raise FilterError(f"filter: there is no condition '{str(name)[:40]}'; {hint}")
    try:
        return _compared(name, value)
    except FilterError as error:
        raise FilterError(f"{where}: {error}") from None


def _compared(field: str, value: Any) -> FilterNode:
    if isinstance(value, Mapping):
        return _bounded(field, value)
    values = value if isinstance(value, list) else [value]
    _check_length(values, field)
    if not values or not all(isinstance(one, str) for one in values):
        raise FilterError(f"expected a text or a list of texts, at least one{_objects(field)}")
    if field != PUBLISHED:
        return label_condition(field, values)
    return any_of([published_condition("=", one) for one in values])


def _bounded(field: str, bounds: Mapping[Any, Any]) -> FilterNode:
    if list(bounds) == ["exists"] and isinstance(bounds["exists"], bool):
        return HasField(field) if bounds["exists"] else NoneOf(HasField(field))
    if field != PUBLISHED or not bounds or not set(bounds) <= set(_BOUNDS):
        raise FilterError(f"expected a text or a list of texts{_objects(field)}")
    first: int | None = None
    last: int | None = None
    for name, text in bounds.items():
        if not isinstance(text, str):
            raise FilterError(f"expected a period as a text in '{name}', such as \"2025-08\"")
        found = published_condition(_BOUNDS[name], text)
        assert isinstance(found, PublishedIn)
        first = max((one for one in (first, found.first) if one is not None), default=None)
        last = min((one for one in (last, found.last) if one is not None), default=None)
    return PublishedIn(first, last)


def _check_length(values: list[Any], where: str) -> None:
    if len(values) > MOST_CONDITIONS:
        raise FilterError(f"{where}: more than {MOST_CONDITIONS} entries")


def _objects(field: str) -> str:
    bounds = f"{', '.join(_BOUNDS)} or " if field == PUBLISHED else ""
    return f", or an object with {bounds}exists"
