"""Requests that are carried out once, however often they are sent: the header ``Idempotency-Key``."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import Conflict, UnprocessableEntity

from index.errors import InvalidInputError, Problem, StoreError
from index.store.kept_answers import KeptAnswer, KeptAnswers, KeyReusedError, UnderWayError
from web.access import given_key
from web.services import services

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
LONGEST = 255
FILE = "answers.sqlite"
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")
_KEPT_HEADERS = ("Content-Type", "Location")
_PIECE = 1 << 20


def idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``view`` answer a request with a key once: for a day, the same request gets the same answer.

    What fails is not kept. The key is that of one client, by the key it writes with, and for one address.
    """

    @wraps(view)
    def once(**parts: Any) -> Any:
        given = request.headers.get(HEADER)
        if given is None:
            return view(**parts)
        if not _KEY.fullmatch(given):
            what = f"must be 1 to {LONGEST} visible ASCII characters, such as a UUID"
            raise InvalidInputError(f"The header {HEADER} is malformed.", [Problem(HEADER, what)])
        answers = KeptAnswers(services().archive.home / FILE)
        client = given_key()
        key = json.dumps([client.name if client is not None else None, request.path, given])
        try:
            kept = answers.begin(key, _digest())
        except KeyReusedError:
            raise UnprocessableEntity(
                f"This {HEADER} was sent with another request before; take a new one for each."
            ) from None
        except UnderWayError:
            raise Conflict(f"The request with this {HEADER} is still being carried out; ask again soon.") from None
        if kept is not None:
            status, headers = json.loads(kept.head)
            return Response(kept.body, status, [*headers, ("Idempotency-Replayed", "true")])
        try:
            response = current_app.make_response(view(**parts))
        except BaseException:
            answers.drop(key)
            raise
        headers = [(name, value) for name, value in response.headers if name in _KEPT_HEADERS]
        try:
            answers.keep(key, KeptAnswer(json.dumps([response.status_code, headers]), response.get_data()))
        except StoreError as error:  # what was asked for is done
            log.error("an answer could not be kept: %s", error)
        return response

    return once


def _digest() -> str:
    """Return a digest of the current request, with its body, which can still be read."""
    found = hashlib.sha256()
    said = (str(request.headers.get(name)) for name in ("Content-Encoding", "If-Match", "If-None-Match"))
    for part in (request.method, request.full_path, request.mimetype, *said):
        found.update(f"{part}\n".encode())
    body = request.environ["wsgi.input"]
    while piece := body.read(_PIECE):
        found.update(piece)
    body.seek(0)
    return found.hexdigest()
