"""The newest hits of a search as a feed."""

from __future__ import annotations

from datetime import datetime

from flask import Response, render_template, request

from index.dates import LOCAL_ZONE, local_time
from search.answer import RenderedHit
from search.engine import Sort
from search.parameters import SearchParameters, checked
from web.access import Scope, needs
from web.addresses import search_address
from web.pages.blueprint import pages, printable
from web.services import services, timed_search

_FEED_SIZE = 30
_NEWEST = SearchParameters(sort=Sort.NEWEST, size=1, fragments=0)


@pages.get("/feed.atom")
@needs(Scope.SEARCH)
def feed() -> Response:
    """Return the newest hits of a search as an Atom feed."""
    parameters = checked(SearchParameters, {"sort": "newest", **request.args, "page": "1", "size": str(_FEED_SIZE)})
    hits = [hit for hit in timed_search(parameters, noted=False).hits if not hit.relaxed]
    times = _times(hits)
    host = request.host_url.rstrip("/")
    body = render_template(
        "feed.atom",
        parameters=parameters,
        entries=list(zip(hits, times, strict=True)),
        updated=(max(times) if times else _newest()).isoformat(timespec="seconds"),
        address=host + search_address("pages.feed", parameters, 1, size=None),
        page=host + search_address("pages.home", parameters, 1, size=None, facets=None),
    )
    return Response(printable(body), mimetype="application/atom+xml")


def _times(hits: list[RenderedHit]) -> list[datetime]:
    """Return when each article was published; of an undated one, when it was stored."""
    undated = [hit.article.id for hit in hits if not hit.article.published]
    stored = services().archive.store.stored_at(undated) if undated else {}
    return [
        local_time(published) if (published := hit.article.published) else _instant(stored.get(hit.article.id))
        for hit in hits
    ]


def _newest() -> datetime:
    """Return the time of the newest article there is; without a dated one, of the last write; else of this day."""
    hits = timed_search(_NEWEST).hits
    return max(_times(list(hits)), default=_instant(None))


def _instant(stored_at: str | None) -> datetime:
    if stored_at is None:
        return datetime.now(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return datetime.fromisoformat(stored_at).astimezone(LOCAL_ZONE)
