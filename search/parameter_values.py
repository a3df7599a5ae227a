"""Values of parameters that are written in a form of their own: sort keys, and factors of text fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from index.article import TEXT_FIELDS
from search.engine import RELEVANCE, SORTABLE, Order, Sort, SortKey

MOST_KEYS = 4
"""How many keys hits are sorted by at most."""
_DIRECTIONS = ("asc", "desc")


def comma_separated(value: Any) -> Any:
    """Return the parts of a text with commas between them, or of a list, as a tuple; anything else as it is."""
    if isinstance(value, list):
        return tuple(value)
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def read_order(value: Any) -> Any:
    """Return the name of an order, or sort keys, such as ``published:desc,source:asc``."""
    if isinstance(value, Sort) or (isinstance(value, tuple) and all(isinstance(one, SortKey) for one in value)):
        return value
    if isinstance(value, str) and value in set(Sort):
        return Sort(value)
    texts = comma_separated(value)
    if not isinstance(texts, tuple | list) or not texts or not all(isinstance(one, str) for one in texts):
        raise _bad_sort(value)
    if len(texts) > MOST_KEYS:
        raise PydanticCustomError("sort_keys", "has at most {most} keys", {"most": MOST_KEYS})
    keys = tuple(map(_sort_key, texts))
    if len({key.field for key in keys}) < len(keys):
        raise PydanticCustomError("sort_keys_twice", "should have each key once")
    return keys


def _sort_key(text: str) -> SortKey:
    field, _, direction = text.strip().partition(":")
    if field == RELEVANCE:
        if direction in {"", "desc"}:
            return SortKey(RELEVANCE, descending=True)
    elif field in SORTABLE and direction in _DIRECTIONS:
        return SortKey(field, direction == "desc")
    raise _bad_sort(text)


def _bad_sort(value: Any) -> PydanticCustomError:
    return PydanticCustomError(
        "sort",
        "should be {names}, or up to {most} keys such as published:desc,source:asc of {fields}; '{given}' is neither",
        {
            "names": ", ".join(Sort),
            "most": MOST_KEYS,
            "fields": ", ".join(SORTABLE),
            "given": str(value)[:80],
        },
    )


def order_text(order: Sort | Order) -> str:
    """Return an order as ``sort`` has it."""
    if isinstance(order, Sort):
        return order.value
    return ",".join(f"{key.field}:{_DIRECTIONS[key.descending]}" for key in order)


def read_boosts(value: Any) -> Any:
    """Return (text field, factor) pairs from ``title:2,body:0.5`` or an object. Raises PydanticCustomError."""
    entries: list[tuple[Any, Any]] = []
    if isinstance(value, Mapping):
        entries = list(value.items())[: len(TEXT_FIELDS) + 1]
    else:
        texts = comma_separated(value)
        if texts is None:
            return ()
        if not isinstance(texts, tuple | list):
            raise _bad_boost(value)
        if all(isinstance(one, tuple) for one in texts):
            return tuple(texts)
        entries = [(name, factor) for name, _, factor in (str(one).partition(":") for one in texts)]
    found: dict[str, float] = {}
    for field, factor in entries:
        name = str(field).strip()
        try:
            number = float(factor)
        except (TypeError, ValueError):
            raise _bad_boost(factor) from None
        if name not in TEXT_FIELDS or not 0 <= number <= 100:
            raise _bad_boost(f"{field}:{factor}")
        found[name] = number
    return tuple(sorted(found.items()))


def _bad_boost(value: Any) -> PydanticCustomError:
    return PydanticCustomError(
        "boost",
        "should be a field ({fields}) and a factor from 0 to 100, such as title:2; '{given}' is not",
        {"fields": ", ".join(TEXT_FIELDS), "given": str(value)[:80]},
    )
