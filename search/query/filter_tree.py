"""What a filter asks for, as a tree of conditions; a filter's text and its JSON both become one, and back.

Unlike a query, a filter is exact: a label has just this value (``index.labels``), a day is in a period, or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.article import LABELS

PUBLISHED = "published"
FILTERED = (*LABELS, PUBLISHED)
"""The fields that a filter can name."""


@dataclass(frozen=True, slots=True)
class HasLabel:
    """Articles whose ``label`` is one of ``values``; a value that names several stands for all of these."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishedIn:
    """Articles published from day ``first`` to day ``last`` (ordinals, inclusive); None leaves an end open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class HasField:
    """Articles that have the label ``field`` at all, or a date."""

    field: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Articles that meet every one of ``parts``, at least two."""

    parts: tuple[FilterNode, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Articles that meet at least one of ``parts``, at least two."""

    parts: tuple[FilterNode, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """Articles that do not meet ``part``."""

    part: FilterNode


FilterNode = HasLabel | PublishedIn | HasField | AllOf | AnyOf | NoneOf


def all_of(parts: Iterable[FilterNode]) -> FilterNode:
    """Return the conjunction of ``parts``, at least one; one inside another is the same."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, AllOf) else (part,)))
    return flat[0] if len(flat) == 1 else AllOf(flat)


def any_of(parts: Iterable[FilterNode]) -> FilterNode:
    """Return the disjunction of ``parts``, at least one; one inside another is the same."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, AnyOf) else (part,)))
    return flat[0] if len(flat) == 1 else AnyOf(flat)


def conjuncts(node: FilterNode) -> tuple[FilterNode, ...]:
    """Return the conditions that must all hold."""
    return node.parts if isinstance(node, AllOf) else (node,)


def fields_in(node: FilterNode) -> set[str]:
    """Return the fields that a filter names."""
    return {leaf.label if isinstance(leaf, HasLabel) else _field(leaf) for leaf in leaves(node)}


def leaves(node: FilterNode) -> Iterator[HasLabel | PublishedIn | HasField]:
    """Yield the single conditions of a filter, those under ``NoneOf`` too."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case NoneOf(part):
            yield from leaves(part)
        case _:
            yield node


def _field(leaf: PublishedIn | HasField) -> str:
    return leaf.field if isinstance(leaf, HasField) else PUBLISHED
