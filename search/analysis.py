"""How a text is cut into terms, stream by stream, and how a query was understood: for who debugs a search."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from index.analysis.analyzer import BIGRAMS, Stream, analyze
from index.analysis.normalization import fold
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
    typed_analysis,
)
from search.query.words import cut_of


class LocatedTerm(NamedTuple):
    """One token: its term and position, and its place in the original text, in characters (``end`` exclusive)."""

    term: str
    position: int
    start: int
    end: int


def located_terms(text: str) -> dict[str, list[LocatedTerm]]:
    """Return the tokens of ``text`` in each stream."""
    analysis = analyze(text)
    tokens = analysis.tokens
    ends = dict(zip(analysis.word_firsts, analysis.word_ends, strict=True))
    found: dict[str, list[LocatedTerm]] = {}
    for stream in Stream:
        located = found[stream.value] = []
        for term, at in analysis.terms(stream):
            if stream is Stream.WORD:
                last = ends[at] - 1
            elif stream in BIGRAMS:
                last = at + 1
            elif term in (tokens.exact[at], tokens.folded[at]):
                last = at
            else:
                last = max(code.end for code in tokens.codes if code.first == at and fold(code.text) == fold(term)) - 1
            located.append(LocatedTerm(term, analysis.positions[at], tokens.starts[at], tokens.ends[last]))
    return found


def described(node: Node) -> dict[str, Any]:
    """Return a query tree as JSON values."""
    match node:
        case Words():
            return _words(node)
        case Phrase(text, field) | AccentExact(text, field) | Prefix(text, field):
            kinds = {Phrase: "phrase", AccentExact: "exact_accents", Prefix: "prefix"}
            return {"kind": kinds[type(node)], "text": text, "field": field}
        case FieldFilter(field, value):
            return {"kind": "label", "field": field, "text": value}
        case DateRange(first, last):
            return {"kind": "published", "from": _day(first), "to": _day(last)}
        case Not(inner):
            return {"kind": "not", "nodes": [described(inner)]}
        case And(nodes) | Or(nodes):
            return {"kind": "and" if isinstance(node, And) else "or", "nodes": [described(one) for one in nodes]}
        case MatchAll():
            return {"kind": "all"}
        case MatchNone():
            return {"kind": "none"}


def _words(leaf: Words) -> dict[str, Any]:
    cut = cut_of(leaf)
    exact = typed_analysis(leaf.text).tokens.exact
    return {
        "kind": "words",
        "text": leaf.text,
        "field": leaf.field,
        "words": [" ".join(exact[first:end]) for first, end in cut.words],
        "without_accents": [syllable for syllable, plain in zip(exact, cut.plain, strict=False) if plain],
        "alternatives": [
            {
                "text": other.text,
                "instead_of": " ".join(exact[other.first : other.end]),
                "origin": "spelling" if other.is_spelling else other.origin.value,
            }
            for other in leaf.alternatives
        ],
    }


def _day(ordinal: int | None) -> str | None:
    if ordinal is None:
        return None
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal())).isoformat()
