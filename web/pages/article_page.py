"""The page of one article: its text with the words searched for marked, and what is like it."""

from __future__ import annotations

import re
from itertools import count

from flask import render_template, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from index.article import Article
from index.errors import InvalidInputError
from search.parameters import SearchParameters
from search.query.parser import LONGEST_PARSED
from search.rendering import marked_article
from search.service import abbreviations_in, copies_of, similar_articles
from web.access import Scope, needs
from web.addresses import search_address
from web.pages.blueprint import page, pages
from web.pages.search_page import asked_search
from web.problems import NO_ARTICLE
from web.services import deadline, services

_SIMILAR = 5
_COPIES = 20
_SUMMARY = 200
_MARK = re.compile("<mark>")


@pages.get("/articles/<path:id>")
@needs(Scope.SEARCH)
def article(id: str) -> Response:
    """Show one article, with the words of ``?q=`` marked; the address says which results it was found among."""
    here = services().archive
    found = here.store.get(id)
    if found is None:
        raise NotFound(NO_ARTICLE)
    asked = _asked()
    wanted = asked.q and request.args.get("marks") != "off"
    title, body = marked_article(here, found, asked.q[:LONGEST_PARSED] if wanted else "", deadline())
    numbers = count(1)
    title, *lines = (
        _MARK.sub(lambda _: f'<mark id="m{next(numbers)}">', html)
        for html in (title, *body.split("\n"))
        if html.strip() or html is title
    )
    html = render_template(
        "article.html",
        asked=asked,
        article=found,
        summary=_summary(found),
        title=Markup(title),  # noqa: S704
        paragraphs=[Markup(line) for line in lines],  # noqa: S704
        marks=next(numbers) - 1,
        marked=article_address(id, asked) if asked.q and not wanted else None,
        unmarked=search_address("pages.article", asked, asked.page, id=id, marks="off"),
        back=search_address("pages.home", asked, asked.page) if asked != SearchParameters() else None,
        abbreviations=abbreviations_in(found),
        copies=copies_of(here, id, _COPIES),
        similar=[hit.article for hit in similar_articles(here, id, _SIMILAR, deadline())],
    )
    return page(html)


def article_address(id: str, asked: SearchParameters) -> str:
    """Return the address of an article that was found by a search."""
    return search_address("pages.article", asked, asked.page, id=id)


def _asked() -> SearchParameters:
    """Return the search that led here; only its query if the rest of the address is none."""
    try:
        return asked_search(request.args)
    except InvalidInputError:
        return SearchParameters(q=request.args.get("q", "")[:LONGEST_PARSED])


def _summary(article: Article) -> str:
    """Return the beginning of an article, for those who link to it."""
    text = " ".join((article.lead or article.body[: 4 * _SUMMARY]).split())
    return text if len(text) <= _SUMMARY else text[:_SUMMARY].rsplit(" ", 1)[0] + "…"
