"""The articles that have a label, or pass the filters of a request."""

from __future__ import annotations

from collections.abc import Collection

from index.labels import label_values
from search.engine import Filters
from search.matching.article_sets import ArticleSets, S


def passing(sets: ArticleSets[S], filters: Filters) -> dict[str, S]:
    """Return the articles that pass the filters on each label, by its name, and on the days, by "published"."""
    passed: dict[str, S] = {}
    for label, text in filters.labels:
        found = [sets.with_label(label, value.key) for value in label_values(label, text)] or [sets.none()]
        passed[label] = sets.intersection([passed[label], *found] if label in passed else found)
    if filters.first_day is not None or filters.last_day is not None:
        passed["published"] = sets.published_between(filters.first_day, filters.last_day)
    return passed


def within(sets: ArticleSets[S], passed: Collection[S]) -> S | None:
    """Return the articles in all of ``passed``; None if there are no sets."""
    return sets.intersection(list(passed)) if passed else None


def with_label(sets: ArticleSets[S], label: str, text: str) -> S:
    """Return the articles whose label has, for each value that ``text`` names, one with its words side by side."""
    found = [sets.with_label_words(label, value.key) for value in label_values(label, text)]
    return sets.intersection(found) if found else sets.none()
