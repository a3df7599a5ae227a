"""The search page: what was found, why, and how to narrow it or go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import urlencode

from flask import redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from index.errors import InvalidInputError, Problem, SearchTimeoutError
from search.answer import Answer
from search.engine import FACETS, Sort
from search.parameters import SearchParameters, checked
from web.access import Scope, needs
from web.addresses import search_address
from web.error_texts import shown_problems
from web.pages.blueprint import page, pages
from web.pages.filters import SHOWN_LABELS, Chip, chips, choices, within_days, without_filters
from web.pages.front_page import front_page
from web.pages.shown import others_than
from web.pages.timeline import timeline
from web.services import services, timed_search

_COPIES = 5
_OF_THE_PAGE = {"facets", "facet_filters", "copies", "fragments", "fragment_size", "explain"}


@pages.get("/")
@needs(Scope.SEARCH)
def home() -> Response:
    """Show what was searched for; without a search, the front page."""
    if "" in request.args.values():  # forms send their empty fields, too
        kept = [(name, value) for name, value in request.args.items(multi=True) if value]
        path = f"{request.script_root}{request.path}"
        return redirect(f"{path}?{urlencode(kept)}" if kept else path)
    try:
        asked = asked_search(request.args)
        if asked == SearchParameters():
            return page(front_page())
        allowed = services().archive.limits.last_page(asked.size)
        return page(_results(asked, allowed), 200 if asked.page <= allowed else 400)
    except InvalidInputError as error:
        return _refused(error.problems)


def asked_search(arguments: Mapping[str, str]) -> SearchParameters:
    """Return the search that the address of a page asks for. Raises InvalidInputError."""
    return checked(SearchParameters, {name: arguments[name] for name in arguments if name not in _OF_THE_PAGE})


@dataclass(frozen=True, slots=True)
class _Correction:
    """A query as probably meant, its URL, and whether its hits are shown because the query typed has none."""

    text: str
    address: str
    instead: bool


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """What the search finds without one of its filters, or without all of them if ``chip`` is None."""

    chip: Chip | None
    total: int
    address: str


def _results(asked: SearchParameters, allowed: int) -> str:
    """Return the page with the results of a search; ``allowed`` is the last page that may be asked for."""
    within = asked if asked.page <= allowed else asked.model_copy(update={"page": 1})
    shown, answer, correction = _answered(within)
    last = min(max(1, -(-answer.stories // asked.size)), allowed)
    if beyond := asked.page > last:
        answer = replace(answer, hits=())
    return render_template(
        "search.html",
        asked=asked,
        shown=shown,
        answer=answer,
        correction=correction,
        also=others_than(shown.q, answer.expanded),
        beyond=beyond,
        last=search_address("pages.home", asked, last),
        last_page=last,
        numbers=[
            (number, number and search_address("pages.home", shown, number))
            for number in _page_numbers(asked.page, last)
        ],
        previous=search_address("pages.home", shown, asked.page - 1) if 1 < asked.page <= last else None,
        next=search_address("pages.home", shown, asked.page + 1) if asked.page < last else None,
        sorts=_sorts(asked),
        chips=chips(asked),
        choices=[some for label in SHOWN_LABELS if (some := choices(asked, label, answer.facets.get(label, ())))],
        timeline=timeline(answer.facets, lambda period: within_days(asked, period)),
        elsewhere=[] if answer.total or answer.hits or beyond else _elsewhere(asked),
        everything=search_address("pages.home", without_filters(asked), 1),
        kept=kept_by_form(asked),
        feed=search_address("pages.feed", asked, 1, size=None),
        canonical=search_address("pages.home", asked, asked.page, _external="1"),
    )


def _page_numbers(page: int, last: int) -> list[int | None]:
    """Return the pages to show: the first, the last, and those around ``page``; None stands for a gap.

    There are none to show if there is only one page.
    """
    if last == 1:
        return []
    page = min(page, last)
    near = sorted({1, last, *range(max(1, page - 2), min(last, page + 2) + 1)})
    found: list[int | None] = near[:1]
    for before, after in pairwise(near):
        if after - before == 2:
            found.append(before + 1)
        elif after - before > 2:
            found.append(None)
        found.append(after)
    return found


def _answered(asked: SearchParameters) -> tuple[SearchParameters, Answer, _Correction | None]:
    """Search; if what was typed finds nothing, search for what was probably meant.

    Return the parameters that the answer is for, the answer, and the correction to show.
    """
    answer = _search(asked)
    if answer.corrected is None:
        return asked, answer, None
    meant = asked.model_copy(update={"q": answer.corrected})
    address = search_address("pages.home", meant, 1)
    if not answer.total:
        with suppress(SearchTimeoutError):  # what was found so far is shown
            if (other := _search(meant)).total:
                return meant, other, _Correction(meant.q, address, instead=True)
    return asked, answer, _Correction(meant.q, address, instead=False)


def _search(asked: SearchParameters) -> Answer:
    """Search with all that the page shows."""
    return timed_search(asked.model_copy(update={"facets": FACETS, "facet_filters": "others", "copies": _COPIES}))


def _elsewhere(asked: SearchParameters) -> list[_Elsewhere]:
    """Return what a search that found nothing finds without each of its filters, and without all of them."""
    if not (set_ := chips(asked)):
        return []
    goals = [(chip, chip.without) for chip in set_]
    goals += [(None, without_filters(asked))] if len(set_) > 1 else []  # type: ignore[list-item]
    found = []
    for chip, goal in goals:
        total = 0
        with suppress(SearchTimeoutError):  # the page itself is whole
            total = timed_search(goal.model_copy(update={"page": 1, "size": 1, "fragments": 0})).total
        if total:
            found.append(_Elsewhere(chip, total, search_address("pages.home", goal, 1)))
    return found


def _sorts(asked: SearchParameters) -> list[tuple[str, str, bool]]:
    """Return the orders to choose from: name, address, and whether it is the one shown.

    Without a query, nothing is more relevant: the newest articles come first.
    """
    orders = [(Sort.RELEVANCE, gettext("Most relevant"))] if asked.q else []
    orders += [(Sort.NEWEST, gettext("Newest")), (Sort.OLDEST, gettext("Oldest"))]
    current = Sort.NEWEST if not asked.q and asked.sort is Sort.RELEVANCE else asked.sort
    return [
        (str(name), search_address("pages.home", asked.model_copy(update={"sort": sort}), 1), sort is current)
        for sort, name in orders
    ]


def kept_by_form(asked: SearchParameters) -> dict[str, str]:
    """Return the parameters that a new query keeps."""
    kept: dict[str, str] = asked.model_dump(mode="json", by_alias=True, exclude={"q", "page"}, exclude_defaults=True)
    return kept | ({} if asked.collapse else {"collapse": "false"})


def _refused(problems: Sequence[Problem]) -> Response:
    """Return a page that says what is wrong with the parameters, with all that is right with them kept."""
    wrong = {problem.where for problem in problems}
    asked = asked_search({name: value for name, value in request.args.items() if name not in wrong})
    html = render_template(
        "search.html",
        asked=asked,
        answer=None,
        problems=shown_problems(problems),
        kept=kept_by_form(asked),
        without=search_address("pages.home", asked, 1),
    )
    return page(html, 400)
