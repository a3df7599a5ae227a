"""Parse the query language to a query tree.

::

    query    = either
    either   = both ("OR" both)*
    both     = ["NOT" | "-"] item ...
    item     = "(" either ")" | "title:(" either ")" | [field ":"] words
    words    = '"' phrase '"' | "~" word | prefix "*" | word

Neighbouring words form one run: ``hội nhập OR hợp tác`` matches the first two words or the last two. A long text
without operators was pasted rather than composed: its quoted parts are words like the others. Parsing never
fails: unpaired brackets and quotes are dropped, an operator without an operand is an ordinary word, an unknown field is
part of the word, the minus in ``F -35`` is a hyphen, and after eight phrases, prefixes or exact words any further ones
become plain words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from index.article import LABELS
from index.dates import period_days
from search.query.tree import (
    AccentExact,
    And,
    DateRange,
    FieldFilter,
    MatchAll,
    MatchNone,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Words,
    has_words,
    typed_tokens,
)

LONGEST_PARSED = 2000
"""How many characters of a query are parsed; the rest is ignored."""

_DEEPEST = 20
_MOST_COSTLY = 8
_MOST_AROUND_PHRASES = 6
_TEXT_FIELDS = {"title"}
_FIELDS = "|".join([*_TEXT_FIELDS, *LABELS, "date"])
_LEXEME = re.compile(
    rf"""(?P<space>\s+)
      | (?P<open>\() | (?P<close>\))
      | (?P<minus>-(?=[^\s\-])(?!(?-i:(?<=\b[A-ZĐ]\s-)|(?<=\b[A-ZĐ][A-Za-z]\s-)|(?<=\b[A-ZĐ][A-Za-z]{{2}}\s-))\d))
      | (?P<field>(?:{_FIELDS}):(?=[^\s)]))
      | "(?P<phrase>[^"]*)"
      | (?P<quote>")
      | ~(?P<exact>[^\s()"~*]+)
      | (?P<word>[^\s()"]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OPERATORS = {"OR", "NOT", "AND"}


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    text: str


def parse(text: str) -> Node:
    """Return the tree of a query. Every text has one; an empty text matches everything."""
    clean = _clean(text)
    if not clean.strip():
        return MatchAll()
    lexemes = _lex(clean)
    if _is_pasted(lexemes):
        lexemes = [replace(lexeme, kind="word") for lexeme in lexemes]
    return _QueryParser(lexemes).parse()


def plain_words(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each plain word in ``text``: no operators, nothing under a field, a sign or quotes."""
    spans: list[tuple[int, int]] = []
    governing, depth = False, 0  # depth of brackets that follow a field or a "not"
    for match in _LEXEME.finditer(_clean(text)):
        kind, word = match.lastgroup or "word", match.group()
        if kind == "open" and (governing or depth):
            depth += 1
        elif kind == "close" and depth:
            depth -= 1
        elif kind == "word" and not (governing or depth or word in _OPERATORS or word.endswith("*")):
            spans.append(match.span())
        if kind != "space":
            governing = kind in {"field", "minus"} or word == "NOT"
    return spans


def _clean(text: str) -> str:
    """Return the part of a query that is parsed, valid in UTF-8 and with plain double quotes."""
    clean = text[:LONGEST_PARSED].encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[“”„‟″]", '"', clean)


def _lex(text: str) -> list[_Lexeme]:
    lexemes: list[_Lexeme] = []
    at_start = True  # a minus means "not" only at the start of a word
    for match in _LEXEME.finditer(text):
        kind = match.lastgroup or "word"
        if kind == "minus" and not at_start:
            kind = "word"
        if kind == "word" and match.group() in _OPERATORS:
            kind = match.group()
        at_start = kind in {"space", "open", "field"}
        if kind not in {"space", "quote"}:
            inner = match.group(kind) if kind in {"phrase", "exact"} else match.group()
            lexemes.append(_Lexeme(kind, inner))
    return lexemes


def _is_pasted(lexemes: list[_Lexeme]) -> bool:
    """Tell whether a text has many syllables outside its phrases, and no operator."""
    if not {lexeme.kind for lexeme in lexemes} <= {"word", "phrase", "open", "close"}:
        return False
    return sum(len(typed_tokens(one.text)) for one in lexemes if one.kind == "word") > _MOST_AROUND_PHRASES


class _QueryParser:
    """Recursive descent over lexemes; brackets nested deeper than 20 are dropped."""

    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self._lexemes = _balanced(lexemes)
        self._at = 0
        self._field: str | None = None
        self._costly = 0

    def parse(self) -> Node:
        return self._either()

    def _peek(self) -> str:
        return self._lexemes[self._at].kind if self._at < len(self._lexemes) else "end"

    def _follows(self) -> str:
        return self._lexemes[self._at + 1].kind if self._at + 1 < len(self._lexemes) else "end"

    def _next(self) -> _Lexeme:
        self._at += 1
        return self._lexemes[self._at - 1]

    def _either(self) -> Node:
        alternatives = [self._both()]
        while self._peek() == "OR":
            self._next()
            alternatives.append(self._both())
        # an OR with an empty side is no operator
        real = list(dict.fromkeys(node for node in alternatives if not isinstance(node, MatchNone)))
        if not real:
            return MatchNone()
        return real[0] if len(real) == 1 else Or(tuple(real))

    def _both(self) -> Node:
        nodes: list[Node] = []
        apart = False
        while self._peek() not in {"end", "close", "OR"}:
            if self._peek() == "AND" and nodes and self._follows() not in {"end", "close", "OR", "AND"}:
                self._next()
                apart = True
                continue
            node = self._item()
            last = nodes[-1] if nodes and not apart else None
            apart = False
            if isinstance(node, Words) and isinstance(last, Words) and node.field == last.field:
                nodes[-1] = Words(f"{last.text} {node.text}", node.field)
            elif not isinstance(node, MatchNone) and node not in nodes:
                nodes.append(node)
        if not nodes:
            return MatchNone()
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _item(self) -> Node:
        lexeme = self._next()
        match lexeme.kind:
            case "open":
                inner = self._either()
                if self._peek() == "close":
                    self._next()
                return inner
            case "NOT" | "minus":
                if self._peek() in {"end", "close", "OR", "AND", "NOT", "minus"}:
                    return _words(lexeme.text, None)
                node = self._item()
                return MatchNone() if isinstance(node, MatchNone) else Not(node)
            case "AND":
                return _words(lexeme.text, None)
            case "field":
                return self._narrowed(lexeme.text)
            case _:
                return self._leaf(lexeme, self._field)

    def _narrowed(self, field_text: str) -> Node:
        field = field_text.rstrip(":").lower()
        if self._peek() == "open" and field in _TEXT_FIELDS:
            outer, self._field = self._field, field
            inner = self._item()
            self._field = outer
            return inner
        if self._peek() not in {"word", "phrase", "exact"}:
            return _words(field, None)
        lexeme = self._next()
        if field in _TEXT_FIELDS:
            return self._leaf(lexeme, field)
        if field in LABELS:
            return FieldFilter(field, lexeme.text) if has_words(lexeme.text) else MatchNone()
        return _dates(lexeme.text) or _words(f"{field} {lexeme.text}", None)

    def _leaf(self, lexeme: _Lexeme, field: str | None) -> Node:
        kind = lexeme.kind
        if kind == "word" and lexeme.text.endswith("*") and len(typed_tokens(lexeme.text)) == 1:
            kind = "prefix"
        if kind in {"phrase", "exact", "prefix"}:
            self._costly += 1
        if not has_words(lexeme.text):
            return MatchNone()
        match kind if self._costly <= _MOST_COSTLY else "word":
            case "phrase":
                return Phrase(lexeme.text, field)
            case "exact":
                return AccentExact(lexeme.text, field)
            case "prefix":
                return Prefix(lexeme.text.rstrip("*"), field)
            case _:
                return Words(lexeme.text, field)


def _balanced(lexemes: list[_Lexeme]) -> list[_Lexeme]:
    """Drop brackets that are unpaired or nested too deep."""
    keep = [True] * len(lexemes)
    opened: list[int] = []
    for at, lexeme in enumerate(lexemes):
        if lexeme.kind == "open":
            opened.append(at)
        elif lexeme.kind == "close":
            if not opened:
                keep[at] = False
            else:
                if len(opened) > _DEEPEST:
                    keep[opened[-1]] = keep[at] = False
                opened.pop()
    for at in opened:
        keep[at] = False
    return [lexeme for at, lexeme in enumerate(lexemes) if keep[at]]


def _words(text: str, field: str | None) -> Node:
    return Words(text, field) if has_words(text) else MatchNone()


def _dates(text: str) -> DateRange | None:
    """Return the range of ``2025-01..2025-08``, ``2025-01..``, ``..2025`` or ``2025-08``; None for any other text."""
    first, dots, last = text.partition("..")
    try:
        if not dots:
            return DateRange(*period_days(text))
        if not first and not last:
            return None
        return DateRange(period_days(first)[0] if first else None, period_days(last)[1] if last else None)
    except ValueError:
        return None
