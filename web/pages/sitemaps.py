"""The archive for crawlers: which addresses they should leave alone, and a list of all articles.

``/sitemap.xml`` lists the lists, and each of those the articles whose last writes have numbers in one range. So an
article moves to another list only when it is written, and a list is made without reading one text.
"""

from __future__ import annotations

from html import escape

from flask import Response, request, url_for
from werkzeug.exceptions import NotFound

from web.access import Scope, is_open, needs
from web.addresses import quoted
from web.pages.blueprint import pages, printable
from web.services import services

_WIDTH = 5000
_XML = '<?xml version="1.0" encoding="utf-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@pages.get("/robots.txt")
def robots() -> Response:
    """Let crawlers read articles, and keep them out of searches, which have no end."""
    root = request.script_root
    if is_open(Scope.SEARCH):
        rules = [f"Allow: {root}/$", f"Allow: {root}/articles/", f"Allow: {root}/static/", f"Allow: {root}/docs$"]
        rules += [f"Disallow: {root}/articles/*?", f"Disallow: {root}/*?"]
        rules += [f"Disallow: {root}/{path}" for path in ("admin", "api/", "feed.atom", "metrics", "suggestions")]
        rules += ["", f"Sitemap: {url_for('pages.sitemaps', _external=True)}"]
    else:
        rules = ["Disallow: /"]
    return Response("\n".join(["User-agent: *", *rules, ""]), mimetype="text/plain")


@pages.get("/sitemap.xml")
@needs(Scope.SEARCH)
def sitemaps() -> Response:
    """List the lists of articles."""
    entries = [
        f"<sitemap><loc>{escape(url_for('pages.sitemap', number=(stamp.seq - 1) // _WIDTH + 1, _external=True))}</loc>"
        f"<lastmod>{stamp.stored_at}</lastmod></sitemap>"
        for stamp in services().archive.store.last_stamps(_WIDTH)
    ]
    return _xml(f"<sitemapindex {_NAMESPACE}>", entries, "</sitemapindex>")


@pages.get("/sitemaps/<int:number>.xml")
@needs(Scope.SEARCH)
def sitemap(number: int) -> Response:
    """List the articles whose last writes are in one range."""
    last = number * _WIDTH
    stamps = services().archive.store.stamps(last - _WIDTH + 1, last) if last <= _beyond() else []
    if not stamps:
        raise NotFound
    article = url_for("pages.article", id="x", _external=True).removesuffix("x")
    entries = [
        f"<url><loc>{escape(article + quoted(stamp.id))}</loc><lastmod>{stamp.stored_at}</lastmod></url>"
        for stamp in stamps
    ]
    return _xml(f"<urlset {_NAMESPACE}>", entries, "</urlset>")


def _beyond() -> int:
    """Return a number after the last one of the last list."""
    return services().archive.store.last_seq() + _WIDTH


def _xml(begin: str, entries: list[str], end: str) -> Response:
    return Response(printable("\n".join([_XML + begin, *entries, end, ""])), mimetype="application/xml")
