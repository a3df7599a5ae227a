"""The files that pages load: style sheets, scripts, fonts, icons. Each room has its own in ``static``.

Their address has the hash of all of them, so that browsers may keep them for ever: ``/static/HASH/pages/page.css``.
They are compressed once, as well as can be.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from functools import cache
from pathlib import Path

import brotli
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from web.languages import ROOMS

assets = Blueprint("assets", __name__)

_HERE = Path(__file__).parent
_YEAR = 31_536_000
_TEXTS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_TYPES = {
    **_TEXTS,
    ".ico": "image/vnd.microsoft.icon",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""By how a name ends: what the machine's own table says may differ."""


@assets.get("/static/<version>/<room>/<path:name>", merge_slashes=False)
def asset(version: str, room: str, name: str) -> Response:
    """Send one file."""
    if room not in ROOMS:
        raise NotFound
    response = sent(f"{room}/{name}")
    if version == _version():
        response.cache_control.public = True
        response.cache_control.max_age = _YEAR
        response.cache_control.immutable = True
    return response


@assets.get("/timtin.js")
def module() -> Response:
    """Send the module for scripts of other sites, whose address stays."""
    response = sent("pages/timtin.js")
    response.cache_control.no_cache = True
    return response


def sent(name: str) -> Response:
    """Return the file ``name`` of a room as a response, such as ``pages/page.css``. Raises NotFound."""
    room, _, rest = name.partition("/")
    path = safe_join(str(_HERE / room / "static"), rest)
    if path is None or not os.path.isfile(path):  # noqa: PTH113 - says no, too, if the name is too long
        raise NotFound
    suffix = Path(path).suffix
    accepted = request.accept_encodings.best_match(["br", "gzip"]) if suffix in _TEXTS else None
    response = Response(_content(path, accepted), content_type=_content_type(suffix))
    if accepted is not None:
        response.content_encoding = accepted
    if suffix in _TEXTS:
        response.vary.add("Accept-Encoding")
    response.set_etag(_digest(path) + (f"-{accepted}" if accepted else ""))
    response.make_conditional(request)
    return response


def asset_url(name: str) -> str:
    """Return the address of the file ``name`` of a room, such as ``pages/page.css``."""
    room, _, rest = name.partition("/")
    return url_for("assets.asset", version=_version(), room=room, name=rest)


@cache
def _content(path: str, encoding: str | None) -> bytes:
    content = Path(path).read_bytes()
    if encoding == "br":
        return bytes(brotli.compress(content, quality=11))
    return gzip.compress(content, 9, mtime=0) if encoding == "gzip" else content


@cache
def _digest(path: str) -> str:
    return hashlib.sha256(_content(path, None)).hexdigest()[:20]


def _content_type(suffix: str) -> str:
    kind = _TYPES.get(suffix, "application/octet-stream")
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


@cache
def _version() -> str:
    found = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((_HERE / room / "static").rglob("*")):
            if path.is_file():
                found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]
