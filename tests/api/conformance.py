"""Hold answers against the description of the API: each status, type and body must be one that it names."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from web.api.openapi import describe_api

_REFERENCES = re.compile(r"<(?:\w+:)?(\w+)>")


@cache
def description() -> dict[str, Any]:
    return describe_api()


@cache
def _operations() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Every path as a pattern, those without parameters first, as the server looks them up."""
    paths = sorted(description()["paths"].items(), key=lambda entry: (entry[0].count("{"), -len(entry[0])))
    return [(re.compile(re.escape(path).replace(r"\{id\}", "[^/].*?") + r"\Z"), entry) for path, entry in paths]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request is for, None if it is none of the API."""
    asked = "get" if method == "HEAD" else method.lower()
    for pattern, operations in _operations():
        if pattern.match(path) and asked in operations:
            found: dict[str, Any] = operations[asked]
            return found
    return None


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to."""
    while "$ref" in value:
        found: Any = description()
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


@cache
def _validator(schema: str) -> Any:
    whole = {**json.loads(schema), "components": description()["components"]}
    return jsonschema_rs.Draft202012Validator(whole)


def violations(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a JSON value."""
    found = _validator(json.dumps(schema)).iter_errors(value)
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in found]


def check(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail if an answer is not as the description says."""
    operation = operation_of(method, path)
    if operation is None:
        return
    where = f"{method} {path} {status}"
    assert str(status) in operation["responses"], f"{where}: the status is not described"
    response = resolved(operation["responses"][str(status)])
    if method == "HEAD" or "content" not in response:
        assert not body, f"{where}: there should be no body"
        return
    type = content_type.partition(";")[0]
    assert type in response["content"], f"{where}: {content_type!r} is not described"
    if type.endswith(("/json", "+json")):
        found = violations(response["content"][type]["schema"], json.loads(body))
        assert not found, f"{where}: {found}"
