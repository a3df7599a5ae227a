"""The application factory: it only wires."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

from search.archive import Archive
from search.runtime.answer_cache import AnswerCache
from search.runtime.index_follower import IndexFollower
from search.runtime.search_pool import InProcessRunner, SearchRunner
from search.service import search
from web import operations, problems
from web.api.routes import api
from web.keys import load_key
from web.pages import views
from web.services import Services

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def create_app(archive: Archive, config: dict[str, Any] | None = None, runner: SearchRunner | None = None) -> Flask:
    """Return the application for an archive; without a ``runner``, this process searches.

    The index follows the store once ``services().follower`` is started.
    """
    app = Flask(__name__, template_folder="pages/templates", static_folder="pages/static")
    key_file = archive.home / "api-key"
    app.config.update(API_KEY=load_key(key_file), API_KEY_FILE=str(key_file), WAIT_SECONDS=30.0, WAITING=4)
    app.config.update(config or {})
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    used = runner or InProcessRunner(archive)
    answers = AnswerCache(lambda parameters, deadline=None: used.run(search, parameters, deadline), archive.version)
    follower = IndexFollower(archive, waiting=app.config["WAITING"])
    app.extensions["timtin"] = Services(archive, used, answers, follower)
    for blueprint in (api, views.pages, operations.operations):
        app.register_blueprint(blueprint)
    operations.init_app(app)
    views.init_app(app)
    problems.init_app(app)
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    """Tell browsers to run no scripts and to load nothing from elsewhere."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
