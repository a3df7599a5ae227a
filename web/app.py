"""The application factory: it only wires."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from flask import Flask, Response, request

from search.archive import Archive
from search.runtime.answer_cache import AnswerCache
from search.runtime.index_follower import IndexFollower
from search.service import search
from web import access, caching, compression, cors, languages, operations, problems, sessions
from web.api import deletions
from web.api.blueprint import ArticleId
from web.api.routes import api
from web.assets import asset_url, assets
from web.desk import routes as desk_routes
from web.keys import FIRST, DamagedKeysError, KeyRing
from web.metrics import Metrics
from web.pages import routes
from web.query_log import QueryLog
from web.services import Services
from web.settings import Settings

log = logging.getLogger(__name__)

_ANSWERS = 24_000_000
"""Characters of answers that all processes together remember."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_LOADED_BY_PAGES = {"text/css", "text/javascript", "font/woff2", "image/png"}


def create_app(
    archive: Archive,
    config: dict[str, Any] | None = None,
    follower: IndexFollower | None = None,
    metrics: Metrics | None = None,
) -> Flask:
    """Return the application for an archive.

    The index follows the store once ``services().follower`` is started. ``config`` may have the settings as
    ``SETTINGS`` and the keys as ``KEYS``; else these are the defaults and the keys in the archive's folder.
    """
    app = Flask(__name__, template_folder="pages/templates", static_folder=None)
    app.config.update(WAIT_SECONDS=30.0, PROCESSES=1, SETTINGS=Settings(data=archive.home), KEYS=KeyRing(archive.home))
    app.config.update(config or {})
    app.config.update(API_KEY=_first_key(app.config["KEYS"]), API_KEY_FILE=str(archive.home / FIRST))
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    counted = metrics or Metrics()
    kept = _ANSWERS // app.config["PROCESSES"]
    answers = AnswerCache(partial(search, archive), archive.version, kept, counted.remembered)
    follows = follower or IndexFollower(archive, leading=deletions.start)
    queries = QueryLog(archive.home, on=app.config["SETTINGS"].log.searches)
    app.extensions["timtin"] = Services(archive, answers, follows, counted, queries)
    compression.init_app(app)  # first, so that it is done last
    sessions.init_app(app, archive.home)
    app.url_map.converters["article"] = ArticleId
    for blueprint in (api, routes.pages, assets, operations.operations, desk_routes.desk):
        app.register_blueprint(blueprint)
    operations.init_app(app)
    languages.init_app(app)
    routes.init_app(app)
    app.jinja_env.globals["asset"] = asset_url
    problems.init_app(app)
    app.before_request(_refuse)
    access.init_app(app)
    caching.init_app(app)
    desk_routes.init_app(app)
    cors.init_app(app)
    app.after_request(_protect)
    return app


def _refuse() -> None:
    """Raise what the server in front has found wrong with a request, so that errors are answered in one place."""
    if (refusal := request.environ.get("timtin.refusal")) is not None:
        raise refusal


def _first_key(ring: KeyRing) -> str | None:
    """Return the first key, made if there is none; damaged keys do not keep readers out."""
    try:
        return ring.ensure_first()
    except DamagedKeysError as error:
        log.error("%s", error)
        return None


def _protect(response: Response) -> Response:
    """Tell browsers to run no scripts but ours, and to load nothing from elsewhere; a policy is for what they show."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if response.mimetype not in _LOADED_BY_PAGES:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
