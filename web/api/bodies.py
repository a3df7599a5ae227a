"""The bodies of requests: unpacked within bounds, and read as JSON."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import IO, Any, TypeVar

from flask import current_app, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from index.errors import InvalidInputError, Problem
from index.reading.formats.json_lines import LARGEST_DOCUMENT, json_value
from index.wrong_values import what_is_wrong
from web.api.parameters import unknown_name
from web.settings import Settings

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ModelT = TypeVar("ModelT", bound=BaseModel)

JSON = ("application/json",)
"""The types of a body that is JSON. Others that end in ``+json`` are taken for it, too."""
_LARGEST_WINDOW = 23
"""The memory that a zstd frame may want is 8 MB, as RFC 8878 advises, by its binary logarithm."""
_BUFFER = 256 * 1024
_LONGEST_SHOWN = 100


class UnpackError(Exception):
    """A compressed body that cannot be read on: ``status`` is the answer, the text says why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _OtherTypeError(UnsupportedMediaType):
    """The body is of a type or in an encoding that is not read here; ``header`` names what is in ``accepted``."""

    def __init__(self, detail: str, header: str, accepted: Iterable[str]) -> None:
        super().__init__(detail)
        self._header = (header, ", ".join(accepted))

    def get_headers(self, *arguments: Any) -> list[tuple[str, str]]:
        """Return the headers of the answer."""
        return [*super().get_headers(*arguments), self._header]


def body_stream() -> IO[bytes]:
    """Return the body of the current request, unpacked. Reading it raises UnpackError."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return request.stream
    settings: Settings = current_app.config["SETTINGS"]
    packed: Any = request.stream
    match encoding:
        case "gzip" | "x-gzip":
            stream: Any = gzip.GzipFile(fileobj=packed)
        case "zstd":
            bound = {int(zstd.DecompressionParameter.window_log_max): _LARGEST_WINDOW}
            stream = zstd.ZstdFile(packed, options=bound)
        case _:
            raise _OtherTypeError(
                f"Send the body uncompressed, or with Content-Encoding gzip or zstd; {encoding!r} is not supported.",
                "Accept-Encoding",
                ("gzip", "zstd"),
            )
    return io.BufferedReader(_Unpacked(stream, settings.limits.body_mb << 20), _BUFFER)


class _Unpacked(io.RawIOBase):
    """What ``stream`` yields, at most ``most`` bytes."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream = stream
        self._most = most
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data: bytes = self._stream.read1(len(buffer))
        except (gzip.BadGzipFile, zstd.ZstdError, zlib.error, EOFError) as error:
            raise UnpackError(
                HTTPStatus.BAD_REQUEST, f"The body is not what its Content-Encoding says, or is cut short: {error}"
            ) from None
        self._given += len(data)
        if self._given > self._most:
            what = f"The body unpacks to more than {self._most >> 20} MB"
            raise UnpackError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what)
        buffer[: len(data)] = data
        return len(data)


def json_body(*types: str, strictly: bool = False) -> Any:
    """Return the JSON value in the body of the current request, whose type may be one of ``types``, too.

    ``strictly``: refuse NaN, and an object that has a name twice. Raises InvalidInputError, UnsupportedMediaType,
    RequestEntityTooLarge.
    """
    if not (request.is_json or request.mimetype in types):
        accepted = (*types, *JSON)
        named = " or ".join(accepted)
        is_patch = request.method == "PATCH"
        detail = f"Send JSON, with Content-Type: {named}."
        raise _OtherTypeError(detail, "Accept-Patch" if is_patch else "Accept", accepted)
    request.max_content_length = LARGEST_DOCUMENT
    try:
        stream, data = body_stream(), bytearray()
        while len(data) <= LARGEST_DOCUMENT and (
            piece := stream.read(_BUFFER)
        ):  # a stream makes room for what is asked
            data += piece
    except UnpackError as error:
        if error.status is HTTPStatus.BAD_REQUEST:
            raise InvalidInputError(f"{error}.") from None
        raise too_large() from None
    if len(data) > LARGEST_DOCUMENT:
        raise too_large()
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number) if strictly else json_value(text)
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"The body is not UTF-8 (byte {error.start}).") from None
    except RecursionError:
        raise InvalidInputError("The body is nested too deep.") from None
    except ValueError as error:
        why = str(error).partition(";")[0]  # what follows is for who writes Python
        raise InvalidInputError(f"The body is not JSON: {why}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"an object has the name {name[:_LONGEST_SHOWN]!a} twice")
        found[name] = value
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def too_large() -> HTTPException:
    """Return the error of a JSON text that is too large."""
    return RequestEntityTooLarge(
        f"A JSON text may have at most {LARGEST_DOCUMENT >> 20} MB, unpacked; send many articles as NDJSON."
    )


def checked_body(model: type[ModelT]) -> ModelT:
    """Return the JSON body of the current request as a ``model``. Raises InvalidInputError that names each bad part."""
    value = json_body(strictly=True)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise InvalidInputError("The body is nested too deep, or has half a character (\\ud800).") from None
    return checked_value(model, value)


def checked_value(model: type[ModelT], value: Any) -> ModelT:
    """Return a part of a JSON body as a ``model``: 1 is no true, "1" is no 1.

    Raises InvalidInputError that names each bad part.
    """
    try:
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        problems = [_problem(entry, model) for entry in error.errors()]
        names = ", ".join(dict.fromkeys(problem.where for problem in problems))
        raise InvalidInputError(f"The body of the request is not as it should be: {names}.", problems) from None


def _problem(entry: Any, model: type[BaseModel]) -> Problem:
    location = [str(part) for part in entry["loc"]]
    where = ".".join(location) or str(entry.get("ctx", {}).get("at", "body"))
    if entry["type"] == "json_invalid":
        return Problem(where, "is nested too deep")
    if entry["type"] != "extra_forbidden":
        return Problem(where, what_is_wrong(entry), entry["type"], entry.get("ctx", {}))
    for part in location[:-1]:
        inner = model.model_fields[part].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return unknown_name(where, location[-1], [field.alias or name for name, field in model.model_fields.items()])
