"""What narrows a search: the filters that are set, each with the address without it, and the values to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from index.article import LABELS
from index.labels import equal_keys, label_values
from search.engine import FacetCount
from search.parameters import SearchParameters
from search.query.tree import Match
from web.addresses import search_address
from web.pages import shown

SHOWN_LABELS = ("source", "category", "author")
"""The labels with values to choose from, in the order of the page."""
_SHOWN = 6
_MOST = 24  # more would make a page of results heavier than 60 kB


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set: what it is about, its value as readers say it, and the search without it."""

    name: str
    value: str
    without: SearchParameters

    @property
    def address(self) -> str:
        """The address of the search without this filter."""
        return search_address("pages.home", self.without, 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a search can be narrowed to; ``address`` leads to that search, or out of it if it is ``chosen``."""

    value: str
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of one label, by its name for readers: the first ones, and the ``rest``."""

    name: str
    first: Sequence[Choice]
    rest: Sequence[Choice]


def label_name(label: str) -> str:
    """Return the name of a label in the language of the page."""
    names = {"source": gettext("Source"), "category": gettext("Category"), "author": gettext("Author")}
    return str(names.get(label, label))


def chips(asked: SearchParameters) -> list[Chip]:
    """Return the filters of a search."""
    return list(_chips(asked))


def _chips(asked: SearchParameters) -> Iterator[Chip]:
    for label in LABELS:
        if (value := getattr(asked, label)) is not None:
            yield Chip(label_name(label), value, _changed(asked, **{label: None}))
    if asked.from_ is not None or asked.to is not None:
        yield Chip(str(gettext("Published")), shown.days(asked.from_, asked.to), _changed(asked, from_=None, to=None))
    if asked.match is not Match.AUTO:
        value = gettext("all of them") if asked.match is Match.ALL else gettext("any of them")
        yield Chip(str(gettext("Words")), str(value), _changed(asked, match=Match.AUTO))
    if asked.recency is not None:
        yield Chip(str(gettext("Order")), str(gettext("recent ones first")), _changed(asked, recency=None))
    if not asked.collapse:
        yield Chip(str(gettext("Copies")), str(gettext("listed one by one")), _changed(asked, collapse=True))


def without_filters(asked: SearchParameters) -> SearchParameters:
    """Return the same search everywhere."""
    return SearchParameters(q=asked.q, sort=asked.sort, size=asked.size)


def choices(asked: SearchParameters, label: str, counts: Sequence[FacetCount]) -> Choices | None:
    """Return the values of ``label`` to choose from; None if there is nothing to choose."""
    keys = {entry.value: _key(label, entry.value) for entry in counts}
    wanted = label_values(label, getattr(asked, label) or "")
    chosen = {key for value in wanted for key in equal_keys(value.key, keys.values())}
    found = [_choice(asked, label, entry, is_chosen=keys[entry.value] in chosen) for entry in counts]
    if not any(choice.chosen for choice in found) and len(found) < 2:
        return None
    found.sort(key=lambda choice: not choice.chosen)
    return Choices(label_name(label), found[:_SHOWN], found[_SHOWN:_MOST])


def _key(label: str, value: str) -> str:
    return next((known.key for known in label_values(label, value)), "")


def _choice(asked: SearchParameters, label: str, entry: FacetCount, *, is_chosen: bool) -> Choice:
    goal = _changed(asked, **{label: None if is_chosen else entry.value})
    return Choice(entry.value, entry.count, search_address("pages.home", goal, 1), is_chosen)


def within_days(asked: SearchParameters, period: str) -> str:
    """Return the address of the search within one year, month or day."""
    return search_address("pages.home", _changed(asked, from_=period, to=period), 1)


def _changed(asked: SearchParameters, **values: object) -> SearchParameters:
    changed: SearchParameters = asked.model_copy(update={**values, "page": 1})
    return changed
