"""The files that pages load: style sheets, scripts, fonts, icons. Each room has its own in ``static``.

Their address has the hash of all of them, so that browsers may keep them for ever: ``/static/HASH/pages/page.css``.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, send_from_directory, url_for
from werkzeug.exceptions import NotFound

assets = Blueprint("assets", __name__)

_HERE = Path(__file__).parent
_ROOMS = ("pages", "desk")
_YEAR = 31_536_000


@assets.get("/static/<version>/<room>/<path:name>")
def asset(version: str, room: str, name: str) -> Response:
    """Send one file."""
    if room not in _ROOMS:
        raise NotFound
    response = send_from_directory(_HERE / room / "static", name)
    if version == _version():
        response.cache_control.public = True
        response.cache_control.max_age = _YEAR
        response.cache_control.immutable = True
    return response


def asset_url(name: str) -> str:
    """Return the address of the file ``name`` of a room, such as ``pages/page.css``."""
    room, _, rest = name.partition("/")
    return url_for("assets.asset", version=_version(), room=room, name=rest)


@cache
def _version() -> str:
    found = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((_HERE / room / "static").rglob("*")):
            if path.is_file():
                found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]
