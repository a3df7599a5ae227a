"""What is wrong with a value, in words for who gave it: pydantic's errors as plain sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SENTENCES: Mapping[str, str] = {
    **dict.fromkeys(("int_parsing", "int_parsing_size", "int_from_float", "int_type"), "should be a whole number"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "should be a number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "should be true or false"),
    **dict.fromkeys(("string_type", "string_unicode"), "should be a text"),
    **dict.fromkeys(("list_type", "tuple_type"), "should be a list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "should be an object"),
    "missing": "is missing",
    "greater_than_equal": "should be {ge} or more",
    "greater_than": "should be more than {gt}",
    "less_than_equal": "should be {le} or less",
    "less_than": "should be less than {lt}",
    "string_too_short": "should have at least {min_length} characters",
    "string_too_long": "should have at most {max_length} characters",
    "too_short": "should have at least {min_length} entries",
    "too_long": "should have at most {max_length} entries",
    **dict.fromkeys(("enum", "literal_error"), "should be one of {expected}"),
    "json_invalid": "is not JSON: {error}",
}


def what_is_wrong(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with the value that an ``entry`` of pydantic's ``errors()`` is about."""
    kind, values = entry["type"], {name: _plain(value) for name, value in entry.get("ctx", {}).items()}
    if kind == "too_long" and values.get("field_type") == "Value":  # a text that was changed before it was measured
        kind = "string_too_long"
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        return str(entry["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return sentence.format_map(values).replace(" 1 characters", " 1 character").replace(" 1 entries", " 1 entry")


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else re.sub(r"'([^']*)'", r"\1", str(value))
