"""What browsers ask a site for: its icon, its manifest, completions for their own search box."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from flask_babel import gettext

from search.parameters import SearchParameters, checked
from search.service import completions
from web.access import Scope, needs
from web.addresses import search_address
from web.api.parameters import SuggestParameters
from web.assets import asset_url, sent
from web.languages import language
from web.pages.blueprint import pages
from web.services import services

_DAY = 86_400
_PAPER, _ACCENT = "#fffdfb", "#b3261e"


@pages.get("/favicon.ico")
def favicon() -> Response:
    """Send the icon that browsers ask for whatever a page says."""
    response = sent("pages/favicon.ico")
    response.cache_control.public = True
    response.cache_control.max_age = _DAY
    return response


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """Describe the pages as an application, in the language of the page."""
    root = f"{request.script_root}/"
    return _json(
        {
            "id": root,
            "name": gettext("timtin: search Vietnamese articles"),
            "short_name": "timtin",
            "description": gettext("Full-text search for Vietnamese articles"),
            "lang": language(),
            "dir": "ltr",
            "start_url": root,
            "scope": root,
            "display": "minimal-ui",
            "background_color": _PAPER,
            "theme_color": _ACCENT,
            "icons": [
                _icon("icon.svg", "any", "image/svg+xml"),
                _icon("icon-192.png", "192x192"),
                _icon("icon-512.png", "512x512"),
                {**_icon("icon-maskable-512.png", "512x512"), "purpose": "maskable"},
            ],
        },
        "application/manifest+json",
    )


@pages.get("/suggestions")
@needs(Scope.SEARCH)
def suggestions() -> Response:
    """Complete a partial query for a browser's search box: what was typed, completions, nothing, their addresses."""
    parameters = checked(SuggestParameters, request.args)
    found = completions(services().archive, parameters.q, parameters.size)
    root = request.host_url.rstrip("/")
    addresses = [root + search_address("pages.home", SearchParameters(q=text), 1) for text in found]
    return _json([parameters.q, found, [], addresses], "application/x-suggestions+json")


def _icon(name: str, sizes: str, kind: str = "image/png") -> dict[str, str]:
    return {"src": asset_url(f"pages/{name}"), "sizes": sizes, "type": kind}


def _json(value: Any, mimetype: str) -> Response:
    return Response(current_app.json.dumps(value), mimetype=mimetype)
