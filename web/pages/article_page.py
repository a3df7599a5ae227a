"""The page of one article."""

from __future__ import annotations

from flask import Response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from search.query.parser import LONGEST_PARSED
from search.service import marked_article, similar_articles
from web.access import Scope, needs
from web.pages.blueprint import page, pages
from web.problems import NO_ARTICLE
from web.services import deadline, services

_SIMILAR = 5


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
    html = render_template(
        "article.html",
        article=found,
        title=Markup(title),  # noqa: S704
        paragraphs=paragraphs,
        similar=similar_articles(services().archive, id, _SIMILAR, deadline()),
        query=query,
    )
    return page(html)
