"""The pages for people: search, one article, and a feed of a search."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Flask, Response, g, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from index.errors import InvalidInputError
from search.engine import Facet, Sort
from search.service import marked_article, search, similar
from web.answers import search_address
from web.parameters import SearchParameters, checked
from web.services import services
from web.texts import LANGUAGES, chosen_language, text

pages = Blueprint("pages", __name__)

_FEED_SIZE = 30
_SIMILAR = 5
_YEAR = 31_536_000
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@pages.get("/")
def home() -> Response:
    """Show the search page."""
    try:
        parameters = checked(SearchParameters, {**request.args, "facets": "source,year"})
    except InvalidInputError as error:
        page = render_template("search.html", parameters=SearchParameters(), answer=None, errors=error.problems)
        return _page(page, 400)
    answer = search(services().engine, parameters.search())
    last = max(1, -(-answer.total // parameters.size))
    page = render_template(
        "search.html",
        parameters=parameters,
        answer=answer,
        errors=(),
        sorts=list(Sort),
        sources=answer.facets.get(Facet.SOURCE, ()),
        years=answer.facets.get(Facet.YEAR, ()),
        next=search_address("pages.home", parameters, parameters.page + 1, facets=None)
        if parameters.page < last
        else None,
        previous=search_address("pages.home", parameters, parameters.page - 1, facets=None)
        if parameters.page > 1
        else None,
    )
    return _page(page)


@pages.get("/articles/<path:id>")
def article(id: str) -> Response:
    """Show one article, with the words of ``?q=`` marked."""
    found = services().engine.fetch([id]).get(id)
    if found is None:
        raise NotFound
    query = request.args.get("q", "")[:2000]
    title, body = marked_article(found, query)
    paragraphs = [Markup(html) for html in body.split("\n") if html.strip()]  # noqa: S704
    page = render_template(
        "article.html",
        article=found,
        title=Markup(title),  # noqa: S704
        paragraphs=paragraphs,
        similar=similar(services().engine, id, _SIMILAR),
        query=query,
    )
    return _page(page)


@pages.get("/feed.atom")
def feed() -> Response:
    """Return the newest hits of a search as an Atom feed."""
    parameters = checked(SearchParameters, {"sort": "newest", **request.args, "page": "1", "size": str(_FEED_SIZE)})
    answer = search(services().engine, parameters.search())
    body = render_template("feed.atom", answer=answer, parameters=parameters)
    return Response(_NOT_XML.sub("", body), mimetype="application/atom+xml")


def init_app(app: Flask) -> None:
    """Give templates the language of the request, its texts and ways to show dates and marks."""

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
            "switch_language": url_for(
                request.endpoint or "pages.home",
                **{**(request.view_args or {}), **request.args.to_dict(), "lang": other},
            )
            if request.endpoint in {"pages.home", "pages.article"}
            else f"/?lang={other}",
        }

    app.add_template_filter(_shown_date, "shown_date")
    app.add_template_filter(lambda html: Markup(html), "marked")  # noqa: S704 - made by search.highlight.render
    app.add_template_filter(_atom_time, "atom_time")


def _page(html: str, status: int = 200) -> Response:
    response = make_response(html, status)
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie("lang", g.language, max_age=_YEAR, samesite="Lax", httponly=True)
    return response


def _shown_date(published: str | None) -> str:
    """Return a date as people in Vietnam write it: 27/08/2025, 18:24 27/08/2025."""
    if not published:
        return text(g.get("language", "vi"), "undated")
    moment = datetime.fromisoformat(published)
    day = f"{moment.day:02d}/{moment.month:02d}/{moment.year:04d}"
    return f"{moment:%H:%M} {day}" if len(published) > len(date.min.isoformat()) else day


def _atom_time(published: str | None) -> str:
    """Return a time as RFC 3339 wants it; an undated article gets the beginning of 1970."""
    if not published:
        return "1970-01-01T00:00:00Z"
    moment = datetime.fromisoformat(published)
    return moment.isoformat() if moment.tzinfo else f"{moment.isoformat()}+07:00"
