"""Doc masks of the articles that have a label, or were published within a range of days."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from index.dates import MINUTES_A_DAY
from index.directory.snapshot import Snapshot
from index.labels import containing_keys, equal_keys, label_values
from index.segments.schema import UNDATED
from search.engine import Filters
from search.ranking.clauses import DocMask


def passing(snapshot: Snapshot, filters: Filters) -> dict[str, DocMask]:
    """Return the articles that pass the filters on each label, by its name, and on the days, by "published"."""
    masks: dict[str, DocMask] = {}
    for label, value in filters.labels:
        mask = _by_label(snapshot, label, value, equal_keys)
        masks[label] = masks[label] & mask if label in masks else mask
    if filters.first_day is not None or filters.last_day is not None:
        masks["published"] = published_between(snapshot, filters.first_day, filters.last_day)
    return masks


def within(masks: Collection[DocMask]) -> DocMask | None:
    """Return the articles in all of ``masks``; None if there are no masks."""
    return np.logical_and.reduce(list(masks)) if masks else None


def with_label(snapshot: Snapshot, label: str, value: str) -> DocMask:
    """Return the articles whose label has a value with the words of ``value`` side by side."""
    return _by_label(snapshot, label, value, containing_keys)


def published_between(snapshot: Snapshot, first: int | None, last: int | None) -> DocMask:
    """Return the articles published from day ``first`` to day ``last`` (ordinals, inclusive), without undated ones."""
    minutes = snapshot.minutes
    matched: DocMask = minutes != UNDATED
    if first is not None:
        matched &= minutes >= (first - 1) * MINUTES_A_DAY
    if last is not None:
        matched &= minutes < last * MINUTES_A_DAY
    return matched


def _by_label(
    snapshot: Snapshot, label: str, text: str, choose: Callable[[str, Collection[str]], list[str]]
) -> DocMask:
    """Return the live articles that have, for each value that ``text`` names, one of those chosen for its key."""
    column = snapshot.labels(label)
    values = label_values(label, text)
    matched: DocMask = np.full(snapshot.size, bool(values))
    for value in values:
        accepted = np.zeros(len(column.names), bool)
        accepted[[column.numbers[key] for key in choose(value.key, column.numbers)]] = True
        having = np.zeros(snapshot.size, bool)
        having[column.articles[accepted[column.codes]]] = True
        matched &= having
    return matched
