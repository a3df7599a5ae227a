"""Articles in numbers: all that pass filters, as lines of JSON that are made while they are sent; some by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, request

from web.access import Scope, needs
from web.api.answers import article_json
from web.api.blueprint import api
from web.api.bodies import checked_body
from web.api.parameters import FilterParameters, NoParameters, asked
from web.api.schemas import WantedArticles
from web.api.selection import Selection
from web.services import STREAMS, services

_AT_ONCE = 20
_MOST_CHARACTERS = 64_000_000
_LARGEST_BODY = 64 * 1024


@api.get("/export")
@needs(Scope.SEARCH)
def export() -> Response:
    """Send every article that passes the filters, one a line, as they were written; an empty filter passes all."""
    selection = Selection(services().archive.store, asked(FilterParameters).filters)
    response = Response(_lines(selection), mimetype="application/x-ndjson")
    request.environ[STREAMS] = True
    return response


def _lines(selection: Selection) -> Iterator[bytes]:
    """Yield lines of JSON, and nothing now and then: no step takes long."""
    for page in selection.pages():
        yield "".join(f"{article.model_dump_json()}\n" for article in page.articles).encode()


@api.post("/lookup")
@needs(Scope.SEARCH, body=_LARGEST_BODY)
def get_articles() -> Response:
    """Return the articles with the ids in the body, in their order, and the ids of which there is none.

    Once the articles have 64 million characters, the rest of the ids is ``left_out``.
    """
    asked(NoParameters)
    wanted = list(dict.fromkeys(checked_body(WantedArticles).ids))
    found: list[dict[str, Any]] = []
    missing: list[str] = []
    characters = 0
    at = 0
    while at < len(wanted) and characters < _MOST_CHARACTERS:
        some = wanted[at : at + _AT_ONCE]
        articles = services().archive.store.get_many(some)
        missing += [id for id in some if id not in articles]
        found += [article_json(articles[id]) for id in some if id in articles]
        characters += sum(len(article.body) for article in articles.values())
        at += len(some)
    return jsonify({"articles": found, "missing": missing, "left_out": wanted[at:]})
