"""Pages that have not changed are not sent again: each has an ETag, and browsers ask before they show one they keep.

The tag is known before the page is made: it is of all that a page is made from. So an unchanged page costs no search.
It is a weak one, as pages are compressed in several ways, and may say how long their search took.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, g, request

from index.dates import LOCAL_ZONE
from index.errors import TimtinError
from web.access import is_open, need_of
from web.languages import language
from web.query_log import MOST_POPULAR
from web.services import services

_PAGES = "pages."
_TAGGED = {"operations.openapi", "operations.opensearch"}
_VARY = ("Accept-Language", "Cookie")
_CODE = ("index", "search", "web")


def init_app(app: Flask) -> None:
    """Tag the pages of ``app``, once ``web.access`` has let a request in."""
    app.before_request(_unchanged)
    app.after_request(_tagged)


def _unchanged() -> Response | None:
    """Answer that the page the browser has is the right one."""
    endpoint = request.endpoint or ""
    if request.method not in {"GET", "HEAD"} or not (endpoint.startswith(_PAGES) or endpoint in _TAGGED):
        return None
    try:
        g.etag = _etag()
    except TimtinError:  # what cannot be read now is answered with an error, or from memory
        return None
    if "lang" in request.args:  # the answer sets a cookie
        return None
    is_known = g.etag in request.if_none_match.as_set(include_weak=True)
    return Response(status=304, content_type="") if is_known else None


def _etag() -> str:
    made_from = (
        services().archive.store.identity(),
        services().archive.version(),
        services().queries.popular(MOST_POPULAR) if request.path == "/" else None,
        request.url,
        language(),
        datetime.now(LOCAL_ZONE).date(),  # pages say "yesterday"
        current_app.config["SETTINGS"],
        _code(),
    )
    return hashlib.sha256(repr(made_from).encode()).hexdigest()[:20]


@cache
def _code() -> str:
    """Return what differs if the programs or their templates do."""
    found = hashlib.sha256()
    home = Path(__file__).parent.parent
    for path in sorted(path for floor in _CODE for path in (home / floor).rglob("*.*")):
        if path.suffix == ".pyc" or not path.is_file():
            continue
        stat = path.stat()
        found.update(f"{path.relative_to(home)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return found.hexdigest()


def _tagged(response: Response) -> Response:
    """Say of a page what it depends on, and that it must be asked for anew."""
    etag = g.get("etag")
    is_error = response.status_code >= 400 and not request.path.startswith("/api/")
    if etag is None and response.mimetype != "text/html" and not is_error:
        return response
    if etag is not None and response.status_code in {200, 304} and not _is_cut_short():
        response.set_etag(etag, weak=True)
    response.vary.update(_VARY)
    if response.status_code >= 400:
        response.vary.add("Accept")  # an error is a page for people, or JSON
    if "Cache-Control" not in response.headers:
        response.cache_control.no_cache = True
        if _is_guarded() or "lang" in request.args:  # which sets a cookie
            response.cache_control.private = True
    return response


def _is_cut_short() -> bool:
    """Tell whether the answer lacks something for want of time: the next one may have it."""
    return bool(g.get("partial")) or ("deadline" in g and g.deadline.passed())


def _is_guarded() -> bool:
    return not is_open(need_of(current_app, request.endpoint).scope)
