"""The application factory: it only wires."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response

from index.directory.data_folder import open_data_folder
from index.store.tasks import Tasks
from search.engines.embedded.engine import EmbeddedEngine
from search.runtime.answer_cache import AnswerCache, searched_state
from search.runtime.index_follower import IndexFollower
from search.runtime.search_pool import InProcessRunner, SearchRunner
from search.service import search
from web import operations, problems
from web.api.routes import api
from web.keys import load_key
from web.pages import views as pages
from web.services import Services

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def create_app(data: Path, config: dict[str, Any] | None = None, searching: SearchRunner | None = None) -> Flask:
    """Make the application on a data folder; where nothing else is ``searching``, this process does.

    Nothing follows the store until ``services().follower`` is started.
    """
    folder = open_data_folder(data)
    engine = EmbeddedEngine(folder)
    searching = searching or InProcessRunner(engine)
    app = Flask(__name__, template_folder="pages/templates", static_folder="pages/static")
    app.config.update(API_KEY=load_key(folder.key), API_KEY_FILE=str(folder.key), WAIT_SECONDS=30.0, WAITING=4)
    app.config.update(config or {})
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    tasks = Tasks(engine.store.database)
    follower = IndexFollower(engine, tasks, waiting=app.config["WAITING"])
    answers = AnswerCache(lambda wanted: searching.ask(search, wanted), partial(searched_state, folder, engine.store))
    app.extensions["timtin"] = Services(engine, searching, answers, tasks, follower)
    app.register_blueprint(api)
    app.register_blueprint(pages.pages)
    app.register_blueprint(operations.operations)
    operations.init_app(app)
    pages.init_app(app)
    problems.init_app(app)
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    """Tell browsers to run nothing and load nothing from elsewhere."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
