"""What a search makes of the accents of its query: those typed are required, preferred, or ignored."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from index.analysis.normalization import fold
from search.query.tree import AccentExact, And, FieldFilter, Node, Not, Or, Phrase, Prefix, Words
from search.query.words import cut_of


class Accents(StrEnum):
    """How the accents of a query count: exactly these or none, those typed (words without any stand for all), or not.

    With ``PREFER``, which is how queries are read, the query decides word by word.
    """

    EXACT = "exact"
    PREFER = "prefer"
    IGNORE = "ignore"


def with_accents(tree: Node, accents: Accents) -> Node:
    """Return an expanded tree whose accents count so. Beginnings and words after ``~`` have a rule of their own."""
    if accents is Accents.PREFER:
        return tree
    match tree:
        case And(nodes) | Or(nodes):
            return type(tree)(tuple(with_accents(node, accents) for node in nodes))
        case Not(node):
            return Not(with_accents(node, accents))
    return _exact(tree) if accents is Accents.EXACT else _ignored(tree)


def _exact(leaf: Node) -> Node:
    match leaf:
        case Words(alternatives=alternatives):
            cut = cut_of(leaf)
            kept = tuple(other for other in alternatives if not other.is_spelling)
            return replace(leaf, cut=cut._replace(plain=(False,) * len(cut.plain)), alternatives=kept)
        case Phrase(text, field):
            return AccentExact(text, field)
    return leaf


def _ignored(leaf: Node) -> Node:
    match leaf:
        case Words():
            cut = cut_of(leaf)
            return replace(leaf, cut=cut._replace(plain=(True,) * len(cut.plain)))
        case Phrase(text) | Prefix(text):
            return replace(leaf, text=fold(text))
        case FieldFilter(value=value):
            return replace(leaf, value=fold(value))
    return leaf
