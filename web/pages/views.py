"""The pages for people: search, one article, and a feed of a search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, g, make_response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from index.dates import local_time, period_days
from index.errors import InvalidInputError
from search.engine import FacetCount, Sort
from search.parameters import SearchParameters, checked
from search.query.parser import LONGEST_PARSED
from search.service import Answer, marked_article, similar_articles
from web.access import Scope, needs
from web.addresses import search_address
from web.pages.translations import LANGUAGES, chosen_language, text
from web.problems import NO_ARTICLE
from web.services import deadline, services, timed_search

pages = Blueprint("pages", __name__)

_FEED_SIZE = 30
_SIMILAR = 5
_YEAR = 31_536_000
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@pages.get("/")
@needs(Scope.SEARCH)
def home() -> Response:
    """Show the search page."""
    try:
        parameters = checked(SearchParameters, {**request.args, "facets": "source,year"})
        shown, answer, correction = _answered(parameters)
    except InvalidInputError as error:
        page = render_template("search.html", parameters=SearchParameters(), answer=None, errors=error.problems)
        return _page(page, 400)
    last = min(max(1, -(-answer.stories // shown.size)), services().archive.limits.last_page(shown.size))
    page = render_template(
        "search.html",
        parameters=parameters,
        shown=shown,
        answer=answer,
        errors=(),
        sorts=list(Sort),
        sources=answer.facets.get("source", ()),
        years=_since(answer.facets.get("year", ()), parameters.from_),
        kept=_kept_by_form(parameters),
        correction=correction,
        every_copy=search_address("pages.home", shown, 1, facets=None, collapse="false"),
        one_a_story=search_address("pages.home", shown, 1, facets=None, collapse=None),
        next=search_address("pages.home", shown, shown.page + 1, facets=None) if shown.page < last else None,
        previous=search_address("pages.home", shown, shown.page - 1, facets=None) if shown.page > 1 else None,
    )
    return _page(page)


@pages.get("/articles/<path:id>")
@needs(Scope.SEARCH)
def article(id: str) -> Response:
    """Show one article, with the words of ``?q=`` marked."""
    found = services().archive.store.get(id)
    if found is None:
        raise NotFound(NO_ARTICLE)
    query = request.args.get("q", "")[:LONGEST_PARSED]
    title, body = marked_article(services().archive, found, query, deadline())
    paragraphs = [Markup(html) for html in body.split("\n") if html.strip()]  # noqa: S704
    page = render_template(
        "article.html",
        article=found,
        title=Markup(title),  # noqa: S704
        paragraphs=paragraphs,
        similar=similar_articles(services().archive, id, _SIMILAR, deadline()),
        query=query,
    )
    return _page(page)


@pages.get("/feed.atom")
@needs(Scope.SEARCH)
def feed() -> Response:
    """Return the newest hits of a search as an Atom feed."""
    parameters = checked(SearchParameters, {"sort": "newest", **request.args, "page": "1", "size": str(_FEED_SIZE)})
    answer = timed_search(parameters)
    address = request.url_root.rstrip("/") + search_address("pages.feed", parameters, 1, size=None)
    body = render_template("feed.atom", answer=answer, parameters=parameters, address=address)
    return Response(printable(body), mimetype="application/atom+xml")


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


def init_app(app: Flask) -> None:
    """Give templates the language of the request, its texts, and filters for dates and marks."""

    @app.before_request
    def choose_language() -> None:
        g.language = chosen_language(request)

    @app.context_processor
    def helpers() -> dict[str, Any]:
        language = g.get("language", "vi")
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        return {
            "t": lambda key, **values: text(language, key, **values),
            "language": language,
            "switch_language": f"{request.path if request.method == 'GET' else '/'}?"
            + urlencode({**request.args.to_dict(), "lang": other}),
        }

    app.add_template_filter(_shown_date, "shown_date")
    app.add_template_filter(lambda html: Markup(html), "marked")  # noqa: S704 - made by search.snippets.fragments.render
    app.add_template_filter(_atom_time, "atom_time")


def printable(markup: str) -> str:
    """Return markup without the control characters that neither XML nor HTML allows."""
    return _NOT_XML.sub("", markup)


def _page(html: str, status: int = 200) -> Response:
    response = make_response(printable(html), status)
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie("lang", g.language, max_age=_YEAR, samesite="Lax", httponly=True)
    return response


def _shown_date(published: str | None) -> str:
    """Return a date as written in Vietnam: 27/08/2025, 18:24 27/08/2025."""
    if not published:
        return text(g.get("language", "vi"), "undated")
    moment = datetime.fromisoformat(published)
    day = f"{moment.day:02d}/{moment.month:02d}/{moment.year:04d}"
    return f"{moment:%H:%M} {day}" if len(published) > len(date.min.isoformat()) else day


def _atom_time(published: str | None) -> str:
    """Return a time in RFC 3339 form; the beginning of 1970 for an undated article."""
    if not published:
        return "1970-01-01T00:00:00Z"
    return local_time(published).isoformat(timespec="seconds")
