"""For operators: health, metrics, the description of the API, the browser's search plug-in."""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, g, jsonify, render_template, request
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from search.archive import LAGGING
from web.access import Scope, needs
from web.api.openapi import describe_api
from web.logs import Visit
from web.problems import for_clients, problem
from web.services import services
from web.settings import Settings

operations = Blueprint("operations", __name__)


@operations.get("/healthz")
def healthz() -> Response:
    """Report that the process responds."""
    return jsonify({"status": "ok"})


@operations.get("/readyz")
def readyz() -> Response:
    """Report whether articles can be written, and whether searches see every write."""
    here = services()
    if (reason := here.archive.problem()) is None:
        return jsonify({"status": "ready", "articles": here.archive.store.count()})
    behind = here.follower.last_error if reason == LAGGING else None
    return problem(503, for_clients(behind or reason))


@operations.get("/openapi.json")
def openapi() -> Response:
    """Return the description of the API."""
    return jsonify(describe_api(request.script_root or "/"))


@operations.get("/opensearch.xml")
def opensearch() -> Response:
    """Return the description that lets a browser offer timtin as a search engine."""
    body = render_template("opensearch.xml", root=request.url_root)
    return Response(body, mimetype="application/opensearchdescription+xml")


def init_app(app: Flask) -> None:
    """Measure every request of ``app``, unless a server in front does, and serve the metrics at ``/metrics``."""

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        if "timtin.gateway" not in request.environ:
            visit = Visit("", request.method, request.path, b"", "", request.endpoint, response.status_code)
            services().metrics.visited(visit, time.perf_counter() - g.get("started", time.perf_counter()))
        return response

    def metrics() -> Response:
        """Return the metrics in the Prometheus text format."""
        here = services()
        return Response(here.metrics.render(here.archive), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    settings: Settings = app.config["SETTINGS"]
    app.get("/metrics")(metrics if settings.access.metrics == "open" else needs(Scope.ADMIN)(metrics))
