"""The text of a filter, such as ``source:"A" AND published>=2025-01 AND NOT category:"B"``, to a tree and back.

=====================================  ====================================================================
``source:"A"``, ``source="A"``         the label has just this value; ``!=`` for not
``source IN ["A", "B"]``               one of these values; ``NOT IN`` for none
``published>=2025-08``                 a year, a month or a day; also ``:``, ``=``, ``!=``, ``>``, ``<``, ``<=``
``published:2024..2025-06``            from the first day of one period to the last day of another
``source EXISTS``                      it has a value, or a date; ``NOT EXISTS`` for none, ``undated`` for no date
``AND``, ``OR``, ``NOT``, ``( )``      joined; NOT binds first, then AND
=====================================  ====================================================================

A wrong text is an error that says where, and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from index.article import LABELS, LONGEST_LABEL
from index.dates import period_days
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
    leaves,
)

LONGEST_FILTER = 10_000
MOST_CONDITIONS = 200
MOST_NESTED = 20
UNDATED = "undated"
_TOKEN = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|(!=|>=|<=|[:=><()\[\],])|([^\s":=><()\[\],!]+)|(\S))""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LAST_DAY = date.max.toordinal()
_COMPARED = (":", "=", "!=", ">", ">=", "<", "<=")


class FilterError(ValueError):
    """A wrong filter; ``column``, counted from 1, is where, None for the whole of it."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message if column is None else f"column {column}: {message}")
        self.column = column


class _Token(NamedTuple):
    text: str
    kind: str
    column: int


_OTHER_QUOTES = "'\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_QUOTED, _SIGN, _WORD, _END = "quoted", "sign", "word", "end"


@lru_cache(maxsize=256)
def parse_filter(text: str) -> FilterNode:
    """Return the tree of a filter's text. Raises FilterError."""
    if len(text) > LONGEST_FILTER:
        raise FilterError(f"the filter is longer than {LONGEST_FILTER:,} characters; make it shorter")
    return checked_size(_Parser(text).whole())


def checked_size(tree: FilterNode) -> FilterNode:
    """Return ``tree``. Raises FilterError if it has too many conditions."""
    count = sum(len(leaf.values) if isinstance(leaf, HasLabel) else 1 for leaf in leaves(tree))
    if count > MOST_CONDITIONS:
        raise FilterError(f"the filter has {count:,} conditions and values; {MOST_CONDITIONS} are allowed")
    return tree


def filter_text(node: FilterNode) -> str:
    """Return the text of a tree; parsed, it is the same tree again."""
    match node:
        case HasLabel(label, (value,)):
            return f"{label}:{_quoted(value)}"
        case HasLabel(label, values):
            return f"{label} IN [{', '.join(map(_quoted, values))}]"
        case HasField(field):
            return f"{field} EXISTS"
        case PublishedIn(first, last):
            return _period_text(first, last)
        case NoneOf(part):
            return f"NOT {_inside(part)}"
        case AllOf(parts):
            return " AND ".join(map(_inside, parts))
        case AnyOf(parts):
            return " OR ".join(map(_inside, parts))


def _inside(node: FilterNode) -> str:
    return f"({filter_text(node)})" if isinstance(node, AllOf | AnyOf) else filter_text(node)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _period_text(first: int | None, last: int | None) -> str:
    if first is not None and last is not None:
        return f"{PUBLISHED}:{_day(first)}..{_day(last)}"
    if first is not None:
        return f"{PUBLISHED}>={_day(first)}" if first <= _LAST_DAY else f"{PUBLISHED}>{_day(_LAST_DAY)}"
    if last is not None:
        return f"{PUBLISHED}<={_day(last)}" if last >= 1 else f"{PUBLISHED}<{_day(1)}"
    return f"{PUBLISHED} EXISTS"


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def published_condition(sign: str, text: str) -> FilterNode:
    """Return what ``published`` compared with a period, or with ``FROM..TO``, asks for. Raises FilterError."""
    first, last = _days(text)
    match sign:
        case ">":
            return PublishedIn(last + 1, None)
        case ">=":
            return PublishedIn(first, None)
        case "<":
            return PublishedIn(None, first - 1)
        case "<=":
            return PublishedIn(None, last)
        case "!=":
            return NoneOf(PublishedIn(first, last))
        case _:
            return PublishedIn(first, last)


def _days(text: str) -> tuple[int, int]:
    start, dots, end = text.partition("..")
    try:
        first, last = period_days(start)
        return (first, period_days(end)[1]) if dots else (first, last)
    except ValueError:
        raise FilterError(
            f"expected a year, a month or a day, such as 2025, 2025-08 or 2025-08-27, or two with .. between them;"
            f" found {_shown(text)}"
        ) from None


def label_condition(label: str, values: Iterable[str]) -> HasLabel:
    """Return the condition that ``label`` is one of ``values``. Raises FilterError for an empty or too long one."""
    known = tuple(dict.fromkeys(values))
    for value in known:
        if not value.strip():
            raise FilterError(f"expected a value of {label}, found an empty text")
        if len(value) > LONGEST_LABEL:
            raise FilterError(f"a value of {label} has at most {LONGEST_LABEL:,} characters")
    return HasLabel(label, known)


class _Parser:
    """Parse one text by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> FilterNode:
        node = self._any()
        if self._next.kind != _END:
            hint = "; put a value of several words in quotes" if self._next.kind in {_WORD, _QUOTED} else ""
            raise self._error(f"AND, OR or the end of the filter{hint}")
        return node

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != _END
        return token

    def _is(self, *words: str) -> bool:
        """Tell whether ``words``, keywords or signs, come next."""
        coming = self._tokens[self._at : self._at + len(words)]
        return [token.text.upper() for token in coming if token.kind in {_WORD, _SIGN}] == list(words)

    def _skip(self, *words: str) -> bool:
        found = self._is(*words)
        self._at += len(words) * found
        return found

    def _error(self, expected: str) -> FilterError:
        token = self._next
        found = "the end" if token.kind == _END else _shown(token.text)
        return FilterError(f"expected {expected}; found {found}", token.column)

    def _any(self) -> FilterNode:
        parts = [self._all()]
        while self._skip("OR"):
            parts.append(self._all())
        return any_of(parts)

    def _all(self) -> FilterNode:
        parts = [self._one()]
        while self._skip("AND"):
            parts.append(self._one())
        return all_of(parts)

    def _one(self) -> FilterNode:
        if self._is("NOT") or self._is("("):
            if self._depth >= MOST_NESTED:
                raise FilterError(f"brackets and NOT are nested more than {MOST_NESTED} deep", self._next.column)
            self._depth += 1
            if self._skip("NOT"):
                node: FilterNode = NoneOf(self._one())
            else:
                self._take()
                node = self._any()
                if not self._skip(")"):
                    raise self._error("AND, OR or )")
            self._depth -= 1
            return node
        return self._condition()

    def _condition(self) -> FilterNode:
        token = self._next
        field = token.text.lower()
        if token.kind == _WORD and field == UNDATED:
            self._take()
            return NoneOf(HasField(PUBLISHED))
        if token.kind != _WORD or field not in FILTERED:
            raise self._error(f"a condition on one of {', '.join(FILTERED)}, or {UNDATED}, NOT or (")
        self._take()
        if self._skip("EXISTS"):
            return HasField(field)
        if self._skip("NOT", "EXISTS"):
            return NoneOf(HasField(field))
        if self._skip("IN"):
            return self._in(field)
        if self._skip("NOT", "IN"):
            return NoneOf(self._in(field))
        signs = _COMPARED if field == PUBLISHED else _COMPARED[:3]
        if self._next.kind != _SIGN or self._next.text not in signs:
            raise self._error(f"{', '.join(signs)}, IN, NOT IN, EXISTS or NOT EXISTS after {field}")
        return self._compared(field, self._take().text)

    def _compared(self, field: str, sign: str) -> FilterNode:
        if field == PUBLISHED:
            return self._value(field, lambda text: published_condition(sign, text))
        found = self._value(field, lambda text: label_condition(field, [text]))
        return NoneOf(found) if sign == "!=" else found

    def _in(self, field: str) -> FilterNode:
        if not self._skip("["):
            raise self._error('a list such as ["A", "B"] after IN')
        found: list[FilterNode] = []
        while not found or self._skip(","):
            found.append(self._compared(field, "="))
        if not self._skip("]"):
            raise self._error("a comma or ]")
        if field in LABELS:
            return label_condition(field, [value for one in found if isinstance(one, HasLabel) for value in one.values])
        return any_of(found)

    def _value(self, field: str, read: Callable[[str], FilterNode]) -> FilterNode:
        token = self._next
        if token.kind not in {_WORD, _QUOTED}:
            raise self._error(f"a value of {field}, with quotes around several words")
        try:
            node = read(token.text)
        except FilterError as error:
            raise FilterError(str(error), token.column) from None
        self._take()
        return node


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        column = match.start(match.lastindex or 0) + 1
        if match.lastindex == 1:
            found.append(_Token(_ESCAPED.sub(r"\1", match[1]), _QUOTED, column - 1))
        elif match.lastindex == 4:
            what = 'a second " to end the quotes' if match[4] == '"' else "a condition, AND, OR, NOT or a bracket"
            raise FilterError(f"expected {what}; found {_shown(match[4])}", column)
        elif match[0].strip()[0] in _OTHER_QUOTES:
            raise FilterError(f'expected " as quotes; found {match[0].strip()[0]}', column)
        else:
            found.append(_Token(match[0].strip(), _SIGN if match.lastindex == 2 else _WORD, column))
    return [*found, _Token("", _END, len(text) + 1)]


def _shown(text: str) -> str:
    return f"'{text if len(text) <= 40 else text[:39] + '…'}'"
