"""Parse the query language to a query tree.

::

    query    = either
    either   = both ("OR" both)*
    both     = ["NOT" | "-"] item ...
    item     = "(" either ")" | "title:(" either ")" | [field ":"] words
    words    = '"' phrase '"' | "~" word | prefix "*" | word

Neighbouring words form one run: ``hội nhập OR hợp tác`` matches the first two words or the last two. A long text
without operators was pasted rather than composed: its quoted parts are words like the others. Parsing never
fails. Unpaired brackets and quotes are dropped, and an operator without an operand is an ordinary word. A minus between
a plain word and a figure belongs to the figure (``nhiệt độ -5 độ``, ``F -35``), and a figure from 1 to 7 with a star is
a rating (``khách sạn 5*``). What else is not understood is searched as plain words, and noted (``search.query.notes``):
unknown fields, stars inside words, and phrases, prefixes and exact words after the first eight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from index.article import LABELS
from index.dates import period_days
from search.query.notes import Note, NoteCode, distinct, note
from search.query.tree import (
    MOST_SYLLABLES,
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
    wanted_words,
)

LONGEST_PARSED = 2000
"""How many characters of a query are parsed; the rest is ignored."""

MOST_CLAUSES = 256
"""How many leaves of a tree are searched; the rest is left out."""

_DEEPEST = 20
_MOST_COSTLY = 8
_MOST_AROUND_PHRASES = 6
_TEXT_FIELDS = {"title"}
FIELDS = (*_TEXT_FIELDS, *LABELS, "date")
"""The fields that a query may name."""
_FIELD = "|".join(FIELDS)
_UNKNOWN = (
    "after|allintitle|before|body|content|description|domain|filetype|intext|intitle|inurl|keywords?|lang|lead|link"
    "|month|published|section|since|site|summary|tags?|text|topic|until|url|year"
)  # what other engines call fields; any other word before a colon is prose
_MODIFIER = r"""(?:(?<=[^\W\d_]{3})|(?<=[")]))(?:~\d*|\^\d+)(?:\.\d+)?(?=[\s)]|$)"""
_LEXEME = re.compile(
    rf"""(?P<space>\s+)
      | (?P<open>\() | (?P<close>\))
      | (?P<figure>-\d[^\s()"]*)
      | (?P<minus>-(?=[^\s\-]))
      | (?P<field>(?:{_FIELD}):(?=[^\s)]))
      | (?P<unknown>(?:{_FIELD}):|(?:{_UNKNOWN}):(?=[^\s)]))
      | "(?P<phrase>[^"]*)"
      | (?P<quote>")
      | (?P<modifier>{_MODIFIER})
      | ~(?P<exact>[^\s()"~*]+)
      | (?P<word>(?:(?!{_MODIFIER})[^\s()"])+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS_OF_FIGURES = {"%", "-", "–"}
_OPERATORS = {"OR", "NOT", "AND"}
_GOVERNING = {"field", "minus", "NOT"}
_RATING = re.compile(r"[1-7]\*")
_STAR = re.compile(r"(?<!\*)\*(?=[^\W\d_])|(?<=[^\W\d_])\*(?!\*)")


class Parsed(NamedTuple):
    """A parsed query: its tree, and notes on what was not understood.

    A ``partial`` one lacks parts of an OR for want of time.
    """

    tree: Node
    notes: Sequence[Note]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    text: str
    start: int
    end: int


def parse(text: str) -> Node:
    """Return the tree of a query. Every text has one; an empty text matches everything."""
    return parse_noting(text).tree


def parse_noting(text: str, characters: int = LONGEST_PARSED, clauses: int = MOST_CLAUSES) -> Parsed:
    """Return the tree of a query with notes on what was not understood, at most ten.

    Only the first so many ``characters`` and ``clauses`` are parsed.
    """
    clean = _clean(text, characters)
    if not clean.strip():
        return Parsed(MatchAll(), ())
    lexemes = _lex(clean)
    if _is_pasted(lexemes):
        lexemes = [lexeme if lexeme.kind == "unknown" else replace(lexeme, kind="word") for lexeme in lexemes]
    parser = _QueryParser(lexemes)
    whole, notes = parser.either(), parser.notes
    tree = _first_clauses(whole, clauses)
    if tree != whole:
        notes.append(note(NoteCode.CLAUSES, allowed=clauses))
    if len(text) > characters:
        notes.append(note(NoteCode.CHARACTERS, allowed=characters))
    for leaf in wanted_words(tree):
        tokens = typed_tokens(leaf.text)
        if len(tokens) > MOST_SYLLABLES:
            notes.append(note(NoteCode.SYLLABLES, leaf.text[tokens.starts[MOST_SYLLABLES] :], MOST_SYLLABLES))
    return Parsed(tree, distinct(notes))


def plain_words(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each plain word in ``text``: no operators, nothing under a field, a sign or quotes."""
    spans: list[tuple[int, int]] = []
    governing, depth = False, 0  # depth of brackets that follow a field or a "not"
    for lexeme in _lex(_clean(text)):
        if lexeme.kind == "open" and (governing or depth):
            depth += 1
        elif lexeme.kind == "close" and depth:
            depth -= 1
        elif lexeme.kind == "word" and not (governing or depth or _may_be_prefix(lexeme.text)):
            spans.append((lexeme.start, lexeme.end))
        governing = lexeme.kind in _GOVERNING
    return spans


def _first_clauses(tree: Node, most: int) -> Node:
    """Return ``tree`` with its first ``most`` leaves, at least one."""
    left = most

    def cut(node: Node) -> Node:
        nonlocal left
        match node:
            case And(nodes) | Or(nodes):
                kept = [cut(child) for child in nodes if left > 0]
                return kept[0] if len(kept) == 1 else type(node)(tuple(kept))
            case Not(inner):
                return Not(cut(inner))
            case _:
                left -= 1
                return node

    return cut(tree)


def _clean(text: str, characters: int = LONGEST_PARSED) -> str:
    """Return the part of a query that is parsed, valid in UTF-8 and with plain double quotes."""
    clean = text[:characters].encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[“”„‟″]", '"', clean)


def _lex(text: str) -> list[_Lexeme]:
    lexemes: list[_Lexeme] = []
    at_start = True  # a minus means "not" only at the start of a word
    for match in _LEXEME.finditer(text):
        kind, (start, end) = match.lastgroup or "word", match.span()
        if kind == "figure":
            if at_start and not _follows_plain_word(lexemes):
                lexemes.append(_Lexeme("minus", "-", start, start + 1))
                start += 1
            kind = "word"
        elif kind == "minus" and not at_start:
            kind = "word"
        elif kind == "word" and match.group() in _OPERATORS:
            kind = match.group()
        at_start = kind in {"space", "open", "field", "unknown"}
        if kind == "modifier" and lexemes:
            start = lexemes[-1].start
        if kind not in {"space", "quote"}:
            inner = match.group(kind) if kind in {"phrase", "exact"} else text[start:end]
            lexemes.append(_Lexeme(kind, inner, start, end))
    return lexemes


def _follows_plain_word(lexemes: list[_Lexeme]) -> bool:
    """Tell whether the last lexeme is a word that neither a field nor a "not" governs."""
    return bool(lexemes) and lexemes[-1].kind == "word" and not (lexemes[-2:-1] and lexemes[-2].kind in _GOVERNING)


def _may_be_prefix(word: str) -> bool:
    return word.endswith("*") and not _RATING.fullmatch(word)


def _is_pasted(lexemes: list[_Lexeme]) -> bool:
    """Tell whether a text has many syllables outside its phrases, and no operator."""
    if not {lexeme.kind for lexeme in lexemes} <= {"word", "phrase", "open", "close", "unknown"}:
        return False
    return sum(len(typed_tokens(one.text)) for one in lexemes if one.kind == "word") > _MOST_AROUND_PHRASES


class _QueryParser:
    """Recursive descent over lexemes; brackets nested deeper than 20 are dropped."""

    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self.notes: list[Note] = []
        self._lexemes = self._balanced(self._known(lexemes))
        self._at = 0
        self._field: str | None = None
        self._costly = 0

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._lexemes[at].kind if at < len(self._lexemes) else "end"

    def _next(self) -> _Lexeme:
        self._at += 1
        return self._lexemes[self._at - 1]

    def either(self) -> Node:
        """Return the tree of what comes next, up to a closing bracket or the end."""
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
            if self._peek() == "AND" and nodes and self._peek(1) not in {"end", "close", "OR", "AND"}:
                self._next()
                apart = True
                continue
            sign = self._lexemes[self._at]
            node = self._item()
            last = nodes[-1] if nodes and not apart else None
            apart = False
            of_figures = sign.kind == "word" and sign.text in _SIGNS_OF_FIGURES
            if of_figures and isinstance(last, Words) and last.text[-1].isdecimal():
                nodes[-1] = Words(f"{last.text} {sign.text}", last.field)
            elif isinstance(node, Words) and isinstance(last, Words) and node.field == last.field:
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
                inner = self.either()
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
            self._note(NoteCode.VALUE, field_text)
            return _words(field, None)
        lexeme = self._next()
        if field in _TEXT_FIELDS:
            return self._leaf(lexeme, field)
        if field in LABELS:
            self._note_star(lexeme)
            return FieldFilter(field, lexeme.text) if has_words(lexeme.text) else MatchNone()
        dates = _dates(lexeme.text)
        if dates is None:
            self._note(NoteCode.DATE, f"{field_text}{lexeme.text}")
        return dates or _words(f"{field} {lexeme.text}", None)

    def _leaf(self, lexeme: _Lexeme, field: str | None) -> Node:
        kind = lexeme.kind
        if kind == "word" and _may_be_prefix(lexeme.text) and len(typed_tokens(lexeme.text)) == 1:
            kind = "prefix"
        else:
            self._note_star(lexeme)
        if kind in {"phrase", "exact", "prefix"}:
            self._costly += 1
            if self._costly == _MOST_COSTLY + 1:
                self._note(NoteCode.COSTLY, lexeme.text, _MOST_COSTLY)
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

    def _known(self, lexemes: list[_Lexeme]) -> list[_Lexeme]:
        """Turn unknown fields into words and drop unknown modifiers."""
        for lexeme in lexemes:
            if lexeme.kind == "modifier":
                self._note(NoteCode.MODIFIER, lexeme.text)
            elif lexeme.kind == "unknown":
                known = lexeme.text.rstrip(":").lower() in FIELDS
                self._note(NoteCode.VALUE if known else NoteCode.FIELD, lexeme.text, ", ".join(FIELDS))
        words = (replace(lexeme, kind="word") if lexeme.kind == "unknown" else lexeme for lexeme in lexemes)
        return [lexeme for lexeme in words if lexeme.kind != "modifier"]

    def _balanced(self, lexemes: list[_Lexeme]) -> list[_Lexeme]:
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
                        self._note(NoteCode.NESTING, allowed=_DEEPEST)
                    opened.pop()
        for at in opened:
            keep[at] = False
        return [lexeme for at, lexeme in enumerate(lexemes) if keep[at]]

    def _note_star(self, lexeme: _Lexeme) -> None:
        if _STAR.search(lexeme.text):
            self._note(NoteCode.STAR, lexeme.text)

    def _note(self, code: NoteCode, text: str = "", allowed: object = "") -> None:
        self.notes.append(note(code, text, allowed))


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
