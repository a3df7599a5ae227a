"""From JSON values to the classes of ``models``.

Members that a class does not know are kept in its ``other``, so that a newer service breaks no older client; members
that an older service does not send have the defaults of the class. A class may keep the JSON values, too, as ``sent``.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from timtin.client.errors import AnswerError

T = TypeVar("T")


def decoded(kind: type[T], value: Any, where: str = "the answer") -> T:
    """Return ``value`` as the dataclass ``kind``. Raises AnswerError that names the member that does not fit."""
    if not isinstance(value, dict):
        raise AnswerError(f"{where} is {_name(value)} instead of an object: is this a timtin service?")
    shape: Any = kind
    known, kept = _members(shape)
    made: dict[str, Any] = {}
    for name, (hint, needed) in known.items():
        sent = name.rstrip("_")  # ``from`` is a word of Python
        if sent in value:
            made[name] = _decoded(hint, value[sent], f"{sent!r} of {where}")
        elif needed:
            raise AnswerError(f"{where} lacks {sent!r}: is this a timtin service?")
    if "other" in kept:
        made["other"] = {name: member for name, member in value.items() if name not in known}
    if "sent" in kept:
        made["sent"] = value
    return kind(**made)


def decoded_list(kind: type[T], value: Any, member: str) -> list[T]:
    """Return the array that is the ``member`` of ``value`` as a list of ``kind``. Raises AnswerError."""
    if not isinstance(value, dict) or not isinstance(value.get(member), list):
        raise AnswerError(f"the answer lacks the array {member!r}: is this a timtin service?")
    return [decoded(kind, each, f"an entry of {member!r}") for each in value[member]]


@cache
def _members(kind: Any) -> tuple[dict[str, tuple[Any, bool]], set[str]]:
    """Return the type of each member of a class and whether it must be there; and what else the class keeps."""
    hints = get_type_hints(kind)
    members = {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }
    return members, {name for name in ("other", "sent") if members.pop(name, None) is not None}


def _decoded(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        choices = get_args(hint)
        if value is None and type(None) in choices:
            return None
        return _decoded(next(choice for choice in choices if choice is not type(None)), value, where)
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return decoded(hint, value, where)
    if origin is not None and issubclass(origin, Mapping):
        inner = get_args(hint)[1]
        entries = _checked(dict, value, where)
        return {name: _decoded(inner, entry, f"{name!r} in {where}") for name, entry in entries.items()}
    if origin is not None and issubclass(origin, Sequence):
        inner = get_args(hint)[0]
        return [_decoded(inner, entry, f"an entry of {where}") for entry in _checked(list, value, where)]
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _checked(hint, value, where)


def _checked(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise AnswerError(f"{where} is {_name(value)}: is this a timtin service?")
    return value


def _name(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
