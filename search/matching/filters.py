"""The articles that have a label, or pass the filters of a request."""

from __future__ import annotations

from collections.abc import Collection

from index.labels import label_values
from search.engine import Filters
from search.matching.article_sets import ArticleSets, S
from search.query.filter_tree import (
    PUBLISHED,
    AllOf,
    AnyOf,
    FilterNode,
    HasField,
    HasLabel,
    NoneOf,
    PublishedIn,
    fields_in,
)

SEVERAL_FIELDS = ""
"""Stands for conditions on more than one field."""


def passing(sets: ArticleSets[S], filters: Filters) -> dict[str, S]:
    """Return the articles that meet all conditions on each field, and those on several fields, by the field's name."""
    passed: dict[str, S] = {}
    for condition in filters.conditions():
        [field, *others] = fields_in(condition)
        name = SEVERAL_FIELDS if others else field
        found = meeting(sets, condition)
        passed[name] = sets.intersection([passed[name], found]) if name in passed else found
    return passed


def meeting(sets: ArticleSets[S], condition: FilterNode) -> S:
    """Return the articles that meet a condition."""
    match condition:
        case HasLabel(label, values):
            return sets.union([_with_values(sets, label, text) for text in values])
        case PublishedIn(first, last):
            return sets.published_between(first, last)
        case HasField(field):
            return sets.published_between(None, None) if field == PUBLISHED else sets.with_any_label(field)
        case NoneOf(part):
            return sets.without(sets.all(), meeting(sets, part))
        case AllOf(parts):
            return sets.intersection([meeting(sets, part) for part in parts])
        case AnyOf(parts):
            return sets.union([meeting(sets, part) for part in parts])


def _with_values(sets: ArticleSets[S], label: str, text: str) -> S:
    found = [sets.with_label(label, value.key) for value in label_values(label, text)]
    return sets.intersection(found) if found else sets.none()


def within(sets: ArticleSets[S], passed: Collection[S]) -> S | None:
    """Return the articles in all of ``passed``; None if there are no sets."""
    return sets.intersection(list(passed)) if passed else None


def with_label(sets: ArticleSets[S], label: str, text: str) -> S:
    """Return the articles whose label has, for each value that ``text`` names, one with its words side by side."""
    found = [sets.with_label_words(label, value.key) for value in label_values(label, text)]
    return sets.intersection(found) if found else sets.none()
