"""JSON: an array, an object, one value after another, or a list of articles anywhere in an object; read as it streams.

Only one article is in memory at a time, and the text it may still be in. An article that is broken costs itself alone:
reading goes on where the next one seems to begin.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from index.errors import InvalidInputError, TimtinError, UnreadableFileError
from index.field_names import WRAPPERS, field_named, standing_of
from index.reading.formats.encodings import decode, legacy_font, refuse_foreign
from index.reading.formats.json_lines import refuse_crowded
from index.reading.formats.json_shapes import (
    DEEPEST,
    LISTS,
    articles_in,
    articles_of,
    fields_of,
    has_text,
    inherited,
    is_beside,
    may_hold_articles,
    named,
)
from index.records import NO_NAMES

LONGEST_VALUE = 32 * 1024 * 1024
"""The most characters of one article, or of one value beside a list of articles."""

_PIECE = 1 << 20
_TAIL = 1 << 16
_NEAR = 16
_MOST_BESIDE = 64 * 1024 * 1024
_SPACE = re.compile(r"[ \t\r\n\ufeff\x1e]*")
_ESCAPED = re.compile("[\udc80-\udcff]")
_NEXT = re.compile(r"[}\]\n]\s*,?\s*(?=\{\s*\")")
_OF_A_DUMP = ("header", "database")
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
"""Crawlers write line breaks into strings, and ``NaN`` for nothing."""


def json_articles(stream: IO[bytes], names: Mapping[str, str] = NO_NAMES) -> Iterator[tuple[int, Any]]:
    """Yield the number, from 1, and the value of every article; a TimtinError for one that cannot be read.

    Yield nothing for a JSON text that has no article in it: programs keep other data in JSON too. ``names`` says what
    names stand for that no table has (``records``). Raises UnreadableFileError if the stream is not UTF-8.
    """
    texts = frozenset(name for name, field in names.items() if field in {"title", "body"})
    others, has_article = 0, False
    for number, value in enumerate(_Articles(stream, texts).found(), 1):
        if isinstance(value, dict) and value.get("type") in _OF_A_DUMP and not has_text(value):
            continue  # what a dump of a database says of itself
        if isinstance(value, dict) and not has_article:
            if not (has_text(value) or any(map(field_named, value)) or texts & value.keys()):
                others += 1
                continue
            has_article = True
            yield from ((at, InvalidInputError("has neither a title nor a body")) for at in range(1, others + 1))
        yield number, value


class _CutOffError(ValueError):
    """The stream ends inside a value."""


class _Text:
    """The part of a JSON text that is being read; ``at`` is the next character."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.at = 0
        self._stream = stream
        self._text = ""
        self._rest = b""
        self._ended = self._is_dirty = False
        self._is_first = True
        self._passed = 0

    @property
    def place(self) -> int:
        """How many characters were passed."""
        return self._passed + self.at

    def peek(self) -> str:
        """Return the next character that is no white space; an empty text at the end."""
        while True:
            self.at = _SPACE.match(self._text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self._text):
                return self._text[self.at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """Return the value that begins here and pass it. Raises ValueError, RecursionError, UnreadableFileError."""
        while True:
            length = len(self._text) - self.at
            if length > _PIECE:
                refuse_crowded(self._text[self.at :])
            try:
                value, end = _DECODER.raw_decode(self._text, self.at)
            except json.JSONDecodeError as error:
                is_open = error.msg.startswith("Unterminated string")
                may_go_on = is_open or error.pos >= len(self._text) - _NEAR
                if may_go_on and length > LONGEST_VALUE:
                    raise UnreadableFileError(f"is longer than {LONGEST_VALUE >> 20} million characters") from None
                if may_go_on and self._more():
                    continue
                if may_go_on and self._ended and (is_open or error.pos >= len(self._text.rstrip()) - 1):
                    raise _CutOffError("is cut off") from None
                raise ValueError(f"is not JSON: {error.msg}") from None
            if end == len(self._text) and self._text[end - 1] not in '}]"' and self._more():
                continue  # a number may go on
            self._check(self._text[self.at : end])
            self.at = end
            return value

    def find(self, pattern: re.Pattern[str]) -> bool:
        """Go to the end of the next match of ``pattern`` after this character; tell whether there is one."""
        self.at = min(self.at + 1, len(self._text))
        while True:
            found = pattern.search(self._text, self.at)
            if found is not None:
                self.at = found.end()
                return True
            self.at = max(self.at, len(self._text) - _TAIL)
            if not self._more():
                self.at = len(self._text)
                return False

    def _more(self) -> bool:
        """Read on, as much again as there is; drop what was passed."""
        if self._ended:
            return False
        data = self._stream.read(max(_PIECE, len(self._text) - self.at))
        if self._is_first:
            refuse_foreign(data[:_TAIL])
            self._is_first = False
        self._ended = not data
        data = self._rest + data
        try:
            more, read = codecs.utf_8_decode(data, "strict", self._ended)
        except UnicodeDecodeError:
            more, read = codecs.utf_8_decode(data, "surrogateescape", self._ended)
            self._is_dirty = True
        self._rest = data[read:]
        self._passed += self.at
        self._text = self._text[self.at :] + more
        self.at = 0
        return not self._ended or bool(more)

    def _check(self, text: str) -> None:
        """Raise UnreadableFileError if a part of the text is not in UTF-8."""
        if self._is_dirty and _ESCAPED.search(text):
            decode(text.encode("utf-8", "surrogateescape"))
        if legacy_font(text):
            decode(text.encode("utf-8", "surrogatepass"))


class _Articles:
    """Finds the articles in a JSON text."""

    def __init__(self, stream: IO[bytes], texts: frozenset[str]) -> None:
        self._text = _Text(stream)
        self._texts = texts
        self._first_key: str | None = None
        self._is_cut = False

    def found(self) -> Iterator[Any]:
        """Yield every article, and an error for what cannot be read."""
        text = self._text
        count = values = 0
        without: Any = None
        while sign := text.peek():
            values += 1
            if without is not None:
                yield without
                without = None
            if sign == "[":
                for entry in self._array(0):
                    count += 1
                    yield entry
            elif sign == "{":
                rest: dict[str, Any] = {}
                try:
                    for entry in self._object(0, rest):
                        count += 1
                        yield entry
                except (ValueError, RecursionError, UnreadableFileError) as error:
                    if self._is_cut and isinstance(error, _CutOffError):
                        return  # it was said of the article that is cut off
                    count += 1
                    yield self._broken(error)
                    self._go_on()
                    continue
                if rest:
                    without = rest
            elif sign == ",":
                text.at += 1
            else:
                count += 1
                yield InvalidInputError("is not JSON: neither an object nor an array begins here")
                self._go_on()
        if without is not None and (values > 1 or count):
            yield without

    def _array(self, depth: int) -> Iterator[Any]:
        """Yield the articles of the array that begins here, and of arrays in it."""
        self._text.at += 1
        yield from self._rest_of_array(depth)

    def _rest_of_array(self, depth: int) -> Iterator[Any]:
        text = self._text
        was_odd = False
        while sign := text.peek():
            if sign == "]":
                text.at += 1
                return
            if sign == ",":
                text.at += 1
                continue
            if sign == "[" and depth < DEEPEST:
                yield from self._array(depth + 1)
                continue
            try:
                value = text.value()
            except (ValueError, RecursionError, UnreadableFileError) as error:
                yield self._broken(error)
                if not self._go_on():
                    return
                continue
            if isinstance(value, dict):
                if value and self._first_key is None:
                    self._first_key = next(iter(value))
                if has_text(value) or not may_hold_articles(value):
                    yield value
                else:
                    yield from articles_in(value) or [value]
            elif not was_odd:
                was_odd = True
                yield InvalidInputError("is no object, so no article, as others of its array may be")
        if not self._is_cut:
            yield self._broken(_CutOffError("is cut off: the end of an array is missing"))

    def _object(self, depth: int, rest: dict[str, Any]) -> Iterator[Any]:
        """Yield the articles in the object that begins here, or itself if it is one; else fill ``rest`` with it.

        Raises ValueError, RecursionError or UnreadableFileError if it is broken.
        """
        text = self._text
        text.at += 1
        fields: dict[str, Any] = {}
        streamed = False
        start = size = 0
        while (sign := text.peek()) != "}":
            if not sign:
                raise _CutOffError("is cut off")
            if sign == ",":
                text.at += 1
                continue
            key = text.value()
            if not isinstance(key, str) or text.peek() != ":":
                raise ValueError("is not JSON: a name and a colon are missing")
            text.at += 1
            sign = text.peek()
            is_article = has_text(fields)
            standing = standing_of(key)
            is_list = key.lower() in LISTS and "body" not in fields_of(fields)
            may_hold = is_list or (standing is None and not is_article and not is_beside(key))
            if sign == "[" and may_hold:
                part: list[Any] = []
                for entry in self._list(part, depth, whole=not is_list):
                    streamed = True
                    yield inherited(entry, fields)
                if part:
                    fields[key] = part
                continue
            if sign == "{" and is_list and depth < DEEPEST:
                inner: dict[str, Any] = {}
                for entry in self._object(depth + 1, inner):
                    streamed = True
                    yield inherited(entry, fields)
                if inner:
                    fields[key] = inner
                continue
            start = text.place
            value = text.value()
            size += text.place - start
            _refuse_large(size)
            if standing is None and not is_article and key not in WRAPPERS and has_text(value, whole=True):
                streamed = True
                yield named(key, value)
                continue
            fields[key] = value
        text.at += 1
        if streamed and not has_text(fields, whole=True):
            return
        if self._texts & fields.keys():
            yield fields
        else:
            yield from articles_of(fields, rest)

    def _list(self, part: list[Any], depth: int, *, whole: bool) -> Iterator[Any]:
        """Yield the articles of an array in an object; fill ``part`` instead if it holds something else."""
        text = self._text
        start = text.place
        text.at += 1
        first = text.value() if text.peek() == "{" else None
        if isinstance(first, dict) and (has_text(first, whole=whole) or self._texts & first.keys()):
            self._first_key = self._first_key or next(iter(first))
            yield first
            yield from self._rest_of_array(depth + 1)
            return
        part += [] if first is None else [first]
        while (sign := text.peek()) != "]":
            if not sign:
                raise _CutOffError("is cut off")
            if sign == ",":
                text.at += 1
            else:
                part.append(text.value())
                _refuse_large(text.place - start)
        text.at += 1

    def _broken(self, error: Exception) -> TimtinError:
        self._is_cut = self._is_cut or isinstance(error, _CutOffError)
        if isinstance(error, RecursionError):
            return UnreadableFileError("is nested too deeply")
        return error if isinstance(error, TimtinError) else UnreadableFileError(str(error))

    def _go_on(self) -> bool:
        """Go to where the next article seems to begin; tell whether there is such a place."""
        if self._first_key is None:
            return self._text.find(_NEXT)
        key = re.escape(json.dumps(self._first_key, ensure_ascii=False))
        return self._text.find(re.compile(rf"(?<=[\s,\[}}])(?=\{{\s*{key}\s*:)|(?<=[\n}}])\s*,?\s*(?=\{{\s*{key}\s*:)"))


def _refuse_large(characters: int) -> None:
    if characters > _MOST_BESIDE:
        raise UnreadableFileError(f"has more than {_MOST_BESIDE >> 20} million characters beside its articles")
