"""Errors: ``application/problem+json`` (RFC 9457) for programs, a short page in their language for people."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, NotFound

from index.errors import (
    DamagedIndexError,
    DiskFullError,
    IndexMissingError,
    InvalidInputError,
    Problem,
    SearchCancelledError,
    SearchTimeoutError,
    StoreError,
    TimtinError,
    WriterBusyError,
    is_disk_full,
)
from web.access import ForbiddenError, UnauthorizedError, challenge
from web.error_texts import error_text, shown_problems
from web.services import services
from web.settings import Settings

__all__ = ["NO_ARTICLE", "PROBLEM_JSON", "for_clients", "init_app", "problem", "problem_body"]

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
_FOLDERS = re.compile(
    r"""(?<=')/[^'\n]*/(?=[^'/\n]+')|(?<=")/[^"\n]*/(?=[^"/\n]+")  # of a path in quotes
    |(?<![\w/:.<-])/(?:[^\s/]+/)+(?=[^\s/])""",
    re.VERBOSE,
)
_RETRY_SECONDS = 5
NO_ARTICLE = "There is no article with this id."


def problem(status: int, detail: str, errors: Sequence[Problem] = ()) -> Response:
    """Return an error response in the shape that all endpoints share; ``errors`` names each bad part."""
    body = current_app.json.dumps(problem_body(status, detail, request.path, errors))
    response: Response = current_app.response_class(body, status, mimetype=PROBLEM_JSON)
    return response


def problem_body(status: int, detail: str, path: str, errors: Sequence[Problem] = ()) -> dict[str, object]:
    """Return the RFC 9457 body of an error at ``path``."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path,
        "errors": [{"name": error.where, "detail": error.what} for error in errors],
    }


def init_app(app: Flask) -> None:
    """Register the handlers that answer errors of ``app``."""

    @app.errorhandler(InvalidInputError)
    def invalid(error: InvalidInputError) -> Response:
        return _answer(400, str(error), error.problems)

    @app.errorhandler(UnauthorizedError)
    def unauthorized(error: UnauthorizedError) -> Response:
        response = _answer(401, str(error))
        response.headers["WWW-Authenticate"] = challenge(request.path)
        return response

    @app.errorhandler(ForbiddenError)
    def forbidden(error: ForbiddenError) -> Response:
        return _answer(403, str(error))

    @app.after_request
    def say_when_to_retry(response: Response) -> Response:
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", str(_RETRY_SECONDS))
        return response

    @app.errorhandler(WriterBusyError)
    @app.errorhandler(IndexMissingError)
    @app.errorhandler(DamagedIndexError)
    @app.errorhandler(StoreError)
    def unavailable(error: TimtinError) -> Response:
        kind = f"{request.endpoint} refused: {error}"
        log.error("%s %s was refused: %s", request.method, request.path, error, extra={"kind": kind})
        return _answer(503, for_clients(str(error)))

    @app.errorhandler(SearchCancelledError)
    @app.errorhandler(SearchTimeoutError)
    def ended(error: TimtinError) -> Response:
        response = _answer(503, str(error), is_slow=True)
        response.headers["Retry-After"] = "1"
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        wait = getattr(error, "retry_after", None)
        response = _answer(error.code or 500, _detail(error), seconds=wait if isinstance(wait, int) else None)
        kept = {"Allow", "Retry-After", "Accept", "Accept-Encoding", "Accept-Patch"}
        response.headers.extend((name, value) for name, value in error.get_headers() if name in kept)
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        if isinstance(error, DiskFullError) or is_disk_full(error):
            full = "%s %s was refused: the disk is full (%s)"
            log.error(full, request.method, request.path, error, extra={"kind": "the disk is full"})
            return _answer(
                507,
                "The disk is full, or nearly so. Free some space and send this again; no acknowledged write is lost.",
            )
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return _answer(500, "Something went wrong on the server; see its log.")


def for_clients(text: str) -> str:
    """Return the text of an error without the folders of this machine; the names of files in them stay."""
    settings: Settings = current_app.config["SETTINGS"]
    folders = {services().archive.home: "the data folder", settings.data.absolute(): "the data folder"}
    if (watched := settings.server.watch) is not None:
        folders |= dict.fromkeys((watched.absolute(), watched.resolve()), "the watched folder")
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        path = rf"(?:{folders[folder]} )?(?<![\w./-]){re.escape(str(folder))}"
        text = re.sub(rf"{path}/(?=[^\s/])", "", text)
        text = re.sub(rf"{path}(?![\w/-])", folders[folder], text)
    return _FOLDERS.sub("", text)


def _detail(error: HTTPException) -> str:
    if isinstance(error, NotFound) and error.description == NotFound.description:
        return "There is nothing at this address."
    return str(error.description or error.name)


def _answer(
    status: int, detail: str, errors: Sequence[Problem] = (), *, is_slow: bool = False, seconds: int | None = None
) -> Response:
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        return problem(status, detail, errors)
    seconds = _RETRY_SECONDS if seconds is None and status == 503 else seconds
    said = error_text(status, is_article=detail == NO_ARTICLE, is_slow=is_slow, seconds=seconds)
    page = render_template(
        "problem.html",
        status=status,
        said=said,
        errors=shown_problems(errors),
        detail=detail if said.has_details and not errors else None,
        back=_page_before(),
    )
    response: Response = current_app.response_class(page, status)
    return response


def _page_before() -> str | None:
    """Return the address of the page that led here, if it is one of ours."""
    before = request.referrer or ""
    try:
        ours = urlsplit(before).scheme in {"http", "https"} and urlsplit(before).netloc == request.host
    except ValueError:
        return None
    return before if ours and before != request.url else None
