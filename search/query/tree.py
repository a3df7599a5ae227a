"""The query tree: what a query asks for, before anything is looked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from index.analysis.analyzer import Analysis, analyze
from index.analysis.normalization import fold
from index.analysis.tokenizer import Tokens, tokenize

MOST_SYLLABLES = 64
"""How many syllables of a run of words are looked up; the rest is ignored."""


class Match(StrEnum):
    """How many of the plain words an article must have: all, any, or (auto) as many as suit the query."""

    AUTO = "auto"
    ALL = "all"
    ANY = "any"


class Origin(StrEnum):
    """Where an alternative comes from: the synonyms and places, the articles' abbreviations, or other spellings."""

    SYNONYM = "synonym"
    ABBREVIATION = "abbreviation"
    SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class Alternative:
    """An alternative for a part of plain words: their syllables ``first`` up to but not including ``end``.

    It is found with its accents. One that ``is_spelling``, only another spelling of what was typed, is found with any
    if it has none. Those that differ by their ``origin`` alone are equal.
    """

    first: int
    end: int
    text: str
    is_spelling: bool = False
    origin: Origin = field(default=Origin.SYNONYM, compare=False)


class Cut(NamedTuple):
    """How a text is cut: its words as (first, end) of their syllables, and which syllables lack their accents.

    Only the first ``MOST_SYLLABLES`` count. Every syllable is in one word.
    """

    words: tuple[tuple[int, int], ...]
    plain: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A run of plain words; ``field`` restricts them to one text field.

    ``cut`` is None until ``search.query.expansion`` has cut the text by what the archive writes together.
    """

    text: str
    field: str | None = None
    alternatives: tuple[Alternative, ...] = ()
    cut: Cut | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must occur side by side, in this order; those typed with accents must have exactly these."""

    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class AccentExact:
    """Words that must occur with exactly these accents."""

    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any syllable that starts with ``text``."""

    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """Articles whose label ``field`` (one of ``LABELS``) has a value with the words of ``value`` side by side."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class DateRange:
    """Articles published from the first to the last day (ordinals), inclusive; None leaves an end open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Not:
    """Articles that do not match ``node``."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """Articles that match every one of ``nodes``."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Articles that match at least one of ``nodes``."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MatchAll:
    """Every article."""


@dataclass(frozen=True, slots=True)
class MatchNone:
    """No article: the query contains no word."""


WordClause = Words | Phrase | AccentExact | Prefix
Node = WordClause | FieldFilter | DateRange | Not | And | Or | MatchAll | MatchNone


def has_words(text: str) -> bool:
    """Tell whether ``text`` has tokens."""
    return len(typed_tokens(text)) > 0


def whole_codes(tokens: Tokens) -> Iterator[str]:
    """Yield, without accents, the codes that all of ``tokens`` are, and that every spelling of them has."""
    for code in tokens.codes:
        text = fold(code.text)
        if (code.first, code.end) == (0, len(tokens)) and (code.certain or text == "".join(tokens.folded)):
            yield text


def typed_tokens(text: str) -> Tokens:
    """Return ``tokenize`` of a part of a query; short parts are cached, as several steps need them."""
    return _tokens(text) if len(text) <= _SHORT else tokenize(text)


def typed_analysis(text: str) -> Analysis:
    """Return ``analyze`` of a part of a query; short parts are cached, as several steps need them."""
    return _analysis(text) if len(text) <= _SHORT else analyze(text)


_SHORT = 200
_tokens = lru_cache(maxsize=2048)(tokenize)
_analysis = lru_cache(maxsize=1024)(analyze)


def accented_syllables(analysis: Analysis) -> dict[str, int]:
    """Return the syllables typed with accents and their first positions; codes, spelled in many ways, are left out."""
    tokens = analysis.tokens
    in_code = {at for code in tokens.codes for at in range(code.first, code.end)}
    accented: dict[str, int] = {}
    for at, syllable in enumerate(tokens.exact[:MOST_SYLLABLES]):
        if syllable != tokens.folded[at] and at not in in_code:
            accented.setdefault(syllable, at)
    return accented


def with_accents_required(node: Node) -> Node:
    """Return ``node``, but requiring exactly the accents that were typed in plain words."""
    match node:
        case And(nodes) | Or(nodes):
            return type(node)(tuple(map(with_accents_required, nodes)))
        case Words(text, field):
            exact = (AccentExact(syllable, field) for syllable in accented_syllables(typed_analysis(text)))
            return And((node, *exact))
        case _:
            return node


def wanted_words(node: Node) -> Iterator[WordClause]:
    """Yield the leaves whose words a matching article may contain, without those under ``Not``."""
    match node:
        case And(nodes) | Or(nodes):
            for child in nodes:
                yield from wanted_words(child)
        case Words() | Phrase() | AccentExact() | Prefix():
            yield node
        case _:
            return


def alternatives(node: Node) -> Iterator[Alternative]:
    """Yield the alternatives of the plain words of ``node``, without those under ``Not``."""
    for leaf in wanted_words(node):
        if isinstance(leaf, Words):
            yield from leaf.alternatives
