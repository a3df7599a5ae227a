"""For operators: health, metrics, the description of the API, the browser's search plug-in."""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, g, jsonify, render_template, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from search.archive import LAGGING
from web.api.openapi import describe_api
from web.problems import problem
from web.services import services

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
    return problem(503, here.follower.last_error if reason == LAGGING and here.follower.last_error else reason)


@operations.get("/openapi.json")
def openapi() -> Response:
    """Return the description of the API."""
    return jsonify(describe_api())


@operations.get("/docs")
def docs() -> str:
    """Show the description of the API as a page."""
    return render_template("docs.html", api=describe_api())


@operations.get("/opensearch.xml")
def opensearch() -> Response:
    """Return the description that lets a browser offer timtin as a search engine."""
    body = render_template("opensearch.xml", root=request.url_root)
    return Response(body, mimetype="application/opensearchdescription+xml")


def init_app(app: Flask) -> None:
    """Measure every request of ``app`` and serve the metrics at ``/metrics``."""
    registry = CollectorRegistry()
    requests = Counter("timtin_requests", "Requests answered", ["endpoint", "status"], registry=registry)
    seconds = Histogram("timtin_request_seconds", "Time to answer a request", ["endpoint"], registry=registry)
    articles = Gauge("timtin_articles", "Articles in the store", registry=registry)
    in_sync = Gauge("timtin_index_in_sync", "1 if searches see every write", registry=registry)

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        requests.labels(endpoint, str(response.status_code)).inc()
        seconds.labels(endpoint).observe(time.perf_counter() - g.get("started", time.perf_counter()))
        return response

    @app.get("/metrics")
    def metrics() -> Response:
        """Return the metrics in the Prometheus text format."""
        articles.set(services().archive.store.count())
        in_sync.set(services().archive.in_sync())
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
