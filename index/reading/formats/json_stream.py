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

from index.analysis.normalization import fold
from index.errors import InvalidInputError, TimtinError, UnreadableFileError
from index.field_names import KEYWORD_RANK, WRAPPERS, field_named, standing_of
from index.reading.formats.encodings import decode, legacy_font, refuse_foreign
from index.reading.formats.json_lines import refuse_crowded

LONGEST_VALUE = 32 * 1024 * 1024
"""The most characters of one article, or of one value beside a list of articles."""

_PIECE = 1 << 20
_TAIL = 1 << 16
_NEAR = 16
_DEEPEST = 5
_MOST_HELD = 3
"""How many objects of a list are looked into for a list of articles, as in ``{"db": [{"data": {"posts": [...]}}]}``."""
_MOST_BESIDE = 64 * 1024 * 1024
_SPACE = re.compile(r"[ \t\r\n\ufeff\x1e]*")
_ESCAPED = re.compile("[\udc80-\udcff]")
_NEXT = re.compile(r"[}\]\n]\s*,?\s*(?=\{\s*\")")
_OF_LISTS = (
    "articles items item data results result hits docs documents posts news rows records entries entry list "
    "lists response value values feed channel rss payload objects stories nodes edges pages danhsach baiviet "
    "tintuc output"
)
_LISTS = frozenset(_OF_LISTS.split())
"""Names of what holds the articles, where it is no value of one article."""
_BESIDE = re.compile(
    r"comments?|replies|reply|reactions?|related\w*|recommend\w*|suggest\w*|seealso|readmore|mostread|binhluan\w*|\w*lienquan"
)
"""Names of lists of what is not the article but stands beside it."""
_NO_NAMES: Mapping[str, str] = {}
_OF_A_DUMP = ("header", "database")
_WEAK = (standing_of("name"), standing_of("ten"))
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
"""Crawlers write line breaks into strings, and ``NaN`` for nothing."""


def json_articles(stream: IO[bytes], names: Mapping[str, str] = _NO_NAMES) -> Iterator[tuple[int, Any]]:
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


def has_text(value: Any, *, whole: bool = False) -> bool:
    """Tell whether an object may be an article: it names a title or a body, or both if ``whole``.

    ``name`` alone is no title here: programs have it in their settings.
    """
    if not isinstance(value, Mapping):
        return False
    fields = _fields(value)
    if ({"title", "body"} <= fields) if whole else fields & {"title", "body"}:
        return True
    return "@graph" in value or any(has_text(value[name], whole=True) for name in WRAPPERS & value.keys())


def _fields(value: Mapping[str, Any]) -> set[str]:
    standings = (standing_of(name) for name in value)
    return {found.field for found in standings if found and found.rank < KEYWORD_RANK and found not in _WEAK}


def may_hold_articles(value: Mapping[str, Any]) -> bool:
    """Tell whether an object may have articles in a list and be none itself."""
    return not _LISTS.isdisjoint(value) and "body" not in _fields(value)


def articles_in(value: Mapping[str, Any]) -> list[Any]:
    """Return the articles of a list in an object that is none, as in ``{"data": {"items": [...]}}``."""
    for _ in range(_DEEPEST):
        found = list(_in_object(dict(value), {}))
        if found:
            return found
        inner = [part for name, part in value.items() if name.lower() in _LISTS and isinstance(part, dict)]
        if len(inner) != 1:
            return []
        value = inner[0]
    return []


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
                may_go_on = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _NEAR
                if may_go_on and length > LONGEST_VALUE:
                    raise UnreadableFileError(f"is longer than {LONGEST_VALUE >> 20} million characters") from None
                if may_go_on and self._more():
                    continue
                if may_go_on and self._ended and error.pos >= len(self._text.rstrip()) - 1:
                    raise _CutOffError("is cut off") from None
                if may_go_on and self._ended and error.msg.startswith("Unterminated string"):
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
            if sign == "[" and depth < _DEEPEST:
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
            is_list = key.lower() in _LISTS and "body" not in _fields(fields)
            may_hold = is_list or (standing is None and not is_article and not _is_beside(key))
            if sign == "[" and may_hold:
                part: list[Any] = []
                for entry in self._list(part, depth, whole=not is_list):
                    streamed = True
                    yield entry
                if part:
                    fields[key] = part
                continue
            if sign == "{" and is_list and depth < _DEEPEST:
                inner: dict[str, Any] = {}
                for entry in self._object(depth + 1, inner):
                    streamed = True
                    yield entry
                if inner:
                    fields[key] = inner
                continue
            start = text.place
            value = text.value()
            size += text.place - start
            _refuse_large(size)
            if standing is None and not is_article and key not in WRAPPERS and has_text(value, whole=True):
                streamed = True
                yield _named(key, value)
                continue
            fields[key] = value
        text.at += 1
        if streamed and not has_text(fields, whole=True):
            return
        if self._texts & fields.keys():
            yield fields
        else:
            yield from _in_object(fields, rest)

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


def _in_object(fields: dict[str, Any], rest: dict[str, Any]) -> Iterator[Any]:
    """Yield the object if it is an article, else the articles of a list or a table in it; else fill ``rest``."""
    if rows := _table(fields):
        yield from rows
    elif has_text(fields):
        held = _held(fields) if "body" not in _fields(fields) or not has_text(fields, whole=True) else None
        yield from [fields] if held is None else held
    elif (held := _held(fields)) is not None:
        yield from held
    else:
        rest.update(fields)


def _held(fields: dict[str, Any], depth: int = 0) -> list[Any] | None:
    """Return the list of articles that an object holds, or an object in it; None if none."""
    is_article = has_text(fields) and not {"lead", "url", "published"}.isdisjoint(_fields(fields))
    for name, value in fields.items() if not is_article else ():
        is_list = isinstance(value, list) and value and not _is_beside(name)
        if is_list and all(has_text(part, whole=True) for part in value):
            return value  # type: ignore[no-any-return]
    for name in _LISTS & fields.keys():
        value = fields[name]
        if isinstance(value, list) and value and all(has_text(part) for part in value):
            return value
    if fields and all(standing_of(name) is None and has_text(value, whole=True) for name, value in fields.items()):
        return [_named(name, value) for name, value in fields.items()]
    inner = [
        part
        for name, value in (fields.items() if depth < _DEEPEST and not is_article else ())
        if not _is_beside(name)
        for part in (value[:_MOST_HELD] if isinstance(value, list) else [value])
        if isinstance(part, dict)
    ]
    return next((held for value in inner if (held := _held(value, depth + 1)) is not None), None)


def _is_beside(name: str) -> bool:
    return _BESIDE.fullmatch("".join(filter(str.isalnum, fold(name).lower()))) is not None


def _named(name: str, value: dict[str, Any]) -> dict[str, Any]:
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
