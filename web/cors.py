"""Let scripts of other sites read answers of the API, as far as the settings name their origins (CORS)."""

from __future__ import annotations

from flask import Flask, Response, request

from web.settings import Settings

_SECONDS = "600"
_SENT = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id"


def init_app(app: Flask) -> None:
    """Add the headers to answers of ``app`` if any origins are named; browsers keep answers from scripts without."""
    settings: Settings = app.config["SETTINGS"]
    origins = settings.server.cors_origins
    if not origins:
        return

    @app.after_request
    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin is None or not request.path.startswith("/api/"):
            return response
        response.vary.add("Origin")
        if "*" in origins or origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "ETag, Location, Retry-After, X-Request-Id"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET")
                response.headers["Access-Control-Allow-Headers"] = _SENT
                response.headers["Access-Control-Max-Age"] = _SECONDS
        return response
