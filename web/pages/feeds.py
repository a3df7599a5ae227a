"""The newest hits of a search as a feed."""

from __future__ import annotations

from flask import Response, render_template, request

from search.parameters import SearchParameters, checked
from web.access import Scope, needs
from web.addresses import search_address
from web.pages.blueprint import pages, printable
from web.services import timed_search

_FEED_SIZE = 30


@pages.get("/feed.atom")
@needs(Scope.SEARCH)
def feed() -> Response:
    """Return the newest hits of a search as an Atom feed."""
    parameters = checked(SearchParameters, {"sort": "newest", **request.args, "page": "1", "size": str(_FEED_SIZE)})
    answer = timed_search(parameters, noted=False)
    address = request.url_root.rstrip("/") + search_address("pages.feed", parameters, 1, size=None)
    body = render_template("feed.atom", answer=answer, parameters=parameters, address=address)
    return Response(printable(body), mimetype="application/atom+xml")
