"""Doc masks of the articles that have a label, or were published within a range of days."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from operator import eq

import numpy as np

from index.analysis.tokenizer import tokenize
from index.dates import MINUTES_A_DAY
from index.directory.snapshot import Snapshot
from index.segments.schema import UNDATED
from search.engine import Filters
from search.ranking.clauses import DocMask

_MOST_VALUES = 1 << 16


def within(snapshot: Snapshot, filters: Filters) -> DocMask | None:
    """Return the articles that pass ``filters``; None if there are no filters."""
    wanted = [_by_label(snapshot, label, partial(eq, _plain(value))) for label, value in filters.labels]
    if filters.first_day is not None or filters.last_day is not None:
        wanted.append(published_between(snapshot, filters.first_day, filters.last_day))
    return np.logical_and.reduce(wanted) if wanted else None


def with_label(snapshot: Snapshot, label: str, value: str) -> DocMask:
    """Return the articles whose label has the words of ``value`` side by side, ignoring case and accents."""
    wanted = f" {_plain(value)} "
    return _by_label(snapshot, label, lambda plain: wanted in f" {plain} ")


def published_between(snapshot: Snapshot, first: int | None, last: int | None) -> DocMask:
    """Return the articles published from day ``first`` to day ``last`` (ordinals, inclusive), without undated ones."""
    minutes = snapshot.minutes
    matched: DocMask = minutes != UNDATED
    if first is not None:
        matched &= minutes >= (first - 1) * MINUTES_A_DAY
    if last is not None:
        matched &= minutes < last * MINUTES_A_DAY
    return matched


def _by_label(snapshot: Snapshot, label: str, accept: Callable[[str], bool]) -> DocMask:
    labels = snapshot.labels(label)
    accepted = np.array([bool(name) and accept(_plain(name)) for name in labels.values], bool)
    matched: DocMask = accepted.take(labels.codes)
    return matched


@lru_cache(maxsize=_MOST_VALUES)
def _plain(text: str) -> str:
    return " ".join(tokenize(text).folded)
