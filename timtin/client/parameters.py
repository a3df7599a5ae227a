"""What a search may be told, and how values are written into addresses and bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Literal, TypedDict
from urllib.parse import quote

from timtin.client.models import Article

__all__ = [
    "FILTERS",
    "SEARCH_OPTIONS",
    "Filters",
    "SearchOptions",
    "article_path",
    "json_bytes",
    "members_of",
    "parameters_of",
    "record_of",
]


class Filters(TypedDict, total=False):
    """Conditions that choose articles; those left out, or None, are none."""

    source: str | None
    category: str | None
    author: str | None
    from_: str | date | None
    """First year, month or day: 2025, 2025-08, 2025-08-27."""
    to: str | date | None
    """Last year, month or day, inclusive."""
    filter: str | None
    """Conditions, such as source:"A" AND published>=2025-01 AND NOT category:"B"."""


class SearchOptions(Filters, total=False):
    """The parameters of a search besides the query; what is left out, or None, is as the service has it."""

    page: int | None
    """Page of hits, counted from 1."""
    size: int | None
    """Hits a page, at most 100."""
    cursor: str | None
    """Page through everything: * first, then the ``next_cursor`` of each answer."""
    sort: str | None
    """relevance, newest, oldest; or keys such as source:asc,published:desc."""
    match: Literal["auto", "all", "any"] | None
    """How many of the plain words an article must have."""
    accents: Literal["prefer", "exact", "ignore"] | None
    """Whether accents must be as typed, or do not count."""
    typo: Literal["on", "off"] | None
    """off: no correction, and no hits with scattered syllables."""
    boost: str | Sequence[str] | None
    """Factors of text fields, such as title:2."""
    fields: str | Sequence[str] | None
    """Members of each hit to return."""
    highlight: str | Sequence[str] | None
    """Fields to return whole with marks: title, lead, body."""
    highlight_pre: str | None
    """What comes before a marked word."""
    highlight_post: str | None
    """What comes after a marked word."""
    facets: str | Sequence[str] | None
    """Facets to count: source, category, author, year, month, day."""
    facet_size: int | None
    """Most values of a facet."""
    histogram: Literal["day", "week", "month", "year"] | None
    """Count the articles of each of these periods."""
    histogram_empty: bool | None
    """Show periods without articles, too."""
    facet_filters: Literal["all", "others"] | None
    """Whether the facet of a label counts under all filters, or all others than on this label."""
    fragments: int | None
    """Passages a hit."""
    fragment_size: int | None
    """Characters a passage."""
    explain: bool | None
    """Show the parts of each score."""
    collapse: bool | None
    """Show near-copies as one hit."""
    copies: int | None
    """Near-copies listed with each hit."""
    recency: float | None
    """Half-life of scores in days: prefer recent articles."""
    timeout_ms: int | None
    """Milliseconds after which an incomplete answer is given."""


FILTERS = frozenset(Filters.__annotations__)
SEARCH_OPTIONS = FILTERS | frozenset(SearchOptions.__annotations__)


def parameters_of(options: Mapping[str, Any], known: frozenset[str]) -> dict[str, str]:
    """Return keyword arguments as parameters of an address. Raises TypeError for a name that is not ``known``."""
    return {name: _written(value) for name, value in members_of(options, known).items()}


def members_of(options: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return keyword arguments as members of a JSON object. Raises TypeError for a name that is not ``known``."""
    for name in options:
        if name not in known:
            raise TypeError(f"There is no parameter {name!r}; there are {', '.join(sorted(known))}.")
    return {name.rstrip("_"): value for name, value in options.items() if value is not None}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    return ",".join(map(str, value)) if isinstance(value, Sequence) else str(value)


def article_path(id: str, *more: str) -> str:
    """Return the path of an article. Raises ValueError for an empty id, which would name all articles."""
    if not id:
        raise ValueError("An article's id is not empty.")
    return "/".join(["/api/v1/articles", quote(id, safe="/"), *more])


def record_of(article: Article | Mapping[str, Any]) -> dict[str, Any]:
    """Return an article as the members that are sent; a mapping may use any names that the service knows."""
    if not isinstance(article, Article):
        return dict(article)
    names = (field.name for field in fields(article))
    return {name: getattr(article, name) for name in names if name not in {"etag", "other", "sent"}}


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON in UTF-8, dates as ISO 8601. Raises ValueError or TypeError for what has no JSON."""

    def dates(value: Any) -> str:
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(f"{value!r} cannot be sent as JSON")

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=dates)
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate: the service says which article has it
        return json.dumps(value, allow_nan=False, separators=(",", ":"), default=dates).encode()
