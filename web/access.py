"""Who may do what: views are marked with the scope they need, and a request's key is held against it.

``authorize`` is what a server asks at the head of a request; ``init_app`` asks it for every request of an application
that no such server stands before.
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit
from wsgiref.types import WSGIEnvironment

from flask import Flask, current_app, request

from index.errors import StoreError, TimtinError
from web import sessions
from web.keys import Key, KeyRing, Scope

__all__ = [
    "ANY_SIZE",
    "ForbiddenError",
    "Need",
    "Scope",
    "UnauthorizedError",
    "authorize",
    "challenge",
    "from_another_site",
    "given_key",
    "init_app",
    "is_open",
    "need_of",
    "needs",
]

View = TypeVar("View", bound=Callable[..., Any])

ANY_SIZE = sys.maxsize
"""The size of a body that only the settings bound."""

KEY_CHECKED = "timtin.key_checked"
"""In the WSGI environment: whether the server has asked ``authorize`` already."""


class UnauthorizedError(TimtinError):
    """A request lacks a key, or its key is unknown, expired or revoked."""


class ForbiddenError(TimtinError):
    """The key of a request may not do this."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a view needs: a key with ``scope`` (None: none), in a header or, if ``session``, of a session of the desk.

    ``body`` is the largest body it takes, in bytes, within the settings' bound; 0: its body is not received.
    """

    scope: Scope | None = None
    session: bool = False
    body: int = 0


_NOTHING = Need()


def needs(scope: Scope | None, *, session: bool = False, body: int = 0) -> Callable[[View], View]:
    """Mark a view with what its requests need, as its attribute ``need``."""

    def mark(view: View) -> View:
        view.need = Need(scope, session, body)  # type: ignore[attr-defined]
        return view

    return mark


def need_of(app: Flask, endpoint: str | None) -> Need:
    """Return what the view of an endpoint needs: nothing, if it is not marked or there is none."""
    need = getattr(app.view_functions.get(endpoint or ""), "need", _NOTHING)
    assert isinstance(need, Need)
    return need


def authorize(need: Need, environ: WSGIEnvironment, app: Flask) -> Key | None:
    """Return the key of a request to ``app``, None if it gives none that is known and needs none.

    Only a session gives the key of a view that needs one, and to no other view. No scope and, unless searching needs a
    key, Scope.SEARCH are open to all. Raises UnauthorizedError or ForbiddenError; StoreError if a key is needed and the
    keys cannot be read.
    """
    ring: KeyRing = app.config["KEYS"]
    view_scope = need.scope
    if need.session:
        if (key := sessions.key_of(app, environ.get("HTTP_COOKIE"))) is None:
            raise UnauthorizedError(f"This is for who runs the service: sign in at {sessions.DESK}/sign-in.")
        return key
    token = _token(environ.get("HTTP_AUTHORIZATION"))
    if view_scope is None or is_open(view_scope, app):
        return _known(token, ring)
    if token is None:
        raise UnauthorizedError(
            "This needs a key, in the header 'Authorization: Bearer KEY' or as the password that a browser asks for;"
            " 'timtin keys add' makes one, and the first is in the file 'api-key' in the server's data folder."
        )
    key = ring.find(token)
    if key is None:
        raise UnauthorizedError("This key is unknown, expired or revoked; 'timtin keys add' makes another.")
    if key.scope < view_scope:
        raise ForbiddenError(
            f"This needs a key with the scope {view_scope.label!r}; the key {key.name!r} has {key.scope.label!r}."
        )
    return key


def is_open(scope: Scope | None, app: Flask | None = None) -> bool:
    """Tell whether ``app``, else the current application, does what needs ``scope`` for those without a key, too."""
    return scope is None or (scope is Scope.SEARCH and (app or current_app).config["SETTINGS"].access.search == "open")


def challenge(path: str) -> str:
    """Return the WWW-Authenticate header of a 401: at ``path``, does a program ask or a browser, or is it the desk?"""
    if sessions.is_desk(path):
        return 'Session realm="timtin"'  # browsers do not know it, so they ask nothing
    return 'Bearer realm="timtin"' if path.startswith("/api/") else 'Basic realm="timtin", charset="UTF-8"'


def given_key() -> Key | None:
    """Return the key of the current request; None if it has none that is known, or the keys cannot be read."""
    return _known(_token(request.headers.get("Authorization")), current_app.config["KEYS"])


def init_app(app: Flask) -> None:
    """Guard every view of ``app``."""

    @app.before_request
    def guard() -> None:
        need = need_of(app, request.endpoint)
        if need.scope is None or request.method == "OPTIONS":
            return
        header = request.headers.get("Authorization")
        if not request.environ.get(KEY_CHECKED):
            authorize(need, request.environ, app)
        if request.method not in {"GET", "HEAD"} and _is_basic(header) and from_another_site():
            raise ForbiddenError(
                "A page of another site cannot write with the password that a browser remembers;"
                " send the header 'Authorization: Bearer KEY'."
            )


def from_another_site() -> bool:
    """Tell whether a browser says that a page of another site sends the current request."""
    origin = request.headers.get("Origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        return True


def _known(token: str | None, ring: KeyRing) -> Key | None:
    try:
        return None if token is None else ring.find(token)
    except StoreError:  # what needs no key is answered without one
        return None


def _is_basic(header: str | None) -> bool:
    return header is not None and header.lstrip()[:6].lower() == "basic "


def _token(header: str | None) -> str | None:
    """Return the key in an Authorization header: a bearer token, or the password of whatever user."""
    scheme, _, rest = (header or "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")[2].strip() or None
        except (binascii.Error, ValueError):
            return None
    return None
