"""The search page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext

from index.dates import period_days
from index.errors import InvalidInputError
from search.engine import FacetCount, Sort
from search.parameters import SearchParameters, checked
from search.service import Answer
from web.access import Scope, needs
from web.addresses import search_address
from web.pages.blueprint import page, pages
from web.services import services, timed_search


@pages.get("/")
@needs(Scope.SEARCH)
def home() -> Response:
    """Show the search page."""
    try:
        parameters = checked(SearchParameters, {**request.args, "facets": "source,year"})
        shown, answer, correction = _answered(parameters)
    except InvalidInputError as error:
        html = render_template("search.html", parameters=SearchParameters(), answer=None, errors=error.problems)
        return page(html, 400)
    last = min(max(1, -(-answer.stories // shown.size)), services().archive.limits.last_page(shown.size))
    html = render_template(
        "search.html",
        parameters=parameters,
        shown=shown,
        answer=answer,
        errors=(),
        sorts=list(Sort),
        sort_names={
            Sort.RELEVANCE: gettext("Most relevant"),
            Sort.NEWEST: gettext("Newest"),
            Sort.OLDEST: gettext("Oldest"),
        },
        sources=answer.facets.get("source", ()),
        years=_since(answer.facets.get("year", ()), parameters.from_),
        kept=_kept_by_form(parameters),
        correction=correction,
        every_copy=search_address("pages.home", shown, 1, facets=None, collapse="false"),
        one_a_story=search_address("pages.home", shown, 1, facets=None, collapse=None),
        next=search_address("pages.home", shown, shown.page + 1, facets=None) if shown.page < last else None,
        previous=search_address("pages.home", shown, shown.page - 1, facets=None) if shown.page > 1 else None,
    )
    return page(html)


@dataclass(frozen=True, slots=True)
class _Correction:
    """A query as probably meant, its URL, and whether its hits are shown because the query typed has none."""

    text: str
    address: str
    instead: bool


def _answered(parameters: SearchParameters) -> tuple[SearchParameters, Answer, _Correction | None]:
    """Search; if what was typed finds nothing, search for what was probably meant.

    Return the parameters that the answer is for, the answer, and the correction to show.
    """
    answer = timed_search(parameters)
    if answer.corrected is None:
        return parameters, answer, None
    meant = parameters.model_copy(update={"q": answer.corrected})
    address = search_address("pages.home", meant, 1, facets=None)
    other = None if answer.total else timed_search(meant)
    if other is not None and other.total:
        return meant, other, _Correction(meant.q, address, instead=True)
    return parameters, answer, _Correction(meant.q, address, instead=False)


def _since(years: Sequence[FacetCount], first: str | None) -> list[FacetCount]:
    """Return how many articles there are from each year on; ``years`` are newest first.

    A year that begins before the period ``first``, since which articles were counted, is left out.
    """
    totals = accumulate(entry.count for entry in years)
    since = period_days(first)[0] if first else 0
    return [
        FacetCount(entry.value, total)
        for entry, total in zip(years, totals, strict=True)
        if period_days(entry.value)[0] >= since
    ]


def _kept_by_form(parameters: SearchParameters) -> dict[str, Any]:
    """Return the parameters that the page has no field for and a new search keeps."""
    shown = {"q", "sort", "source", "from_", "page", "facets"}
    kept: dict[str, Any] = parameters.model_dump(mode="json", by_alias=True, exclude=shown, exclude_defaults=True)
    return kept | ({} if parameters.collapse else {"collapse": "false"})
