"""Who may do what: views are marked with the scope they need, and a request's key is held against it.

``authorize`` is what a server asks at the head of a request; ``init_app`` asks it for every request of an application
that no such server stands before.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, request

from index.errors import StoreError, TimtinError
from web.keys import Key, KeyRing, Scope
from web.settings import AccessSettings

__all__ = ["ForbiddenError", "Scope", "UnauthorizedError", "authorize", "challenge", "given_key", "init_app", "needs"]

View = TypeVar("View", bound=Callable[..., Any])

KEY_CHECKED = "timtin.key_checked"
"""In the WSGI environment: whether the server has asked ``authorize`` already."""


class UnauthorizedError(TimtinError):
    """A request lacks a key, or its key is unknown, expired or revoked."""


class ForbiddenError(TimtinError):
    """The key of a request may not do this."""


def needs(scope: Scope) -> Callable[[View], View]:
    """Mark a view with the scope that its requests need, as its attribute ``scope``."""

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def authorize(
    view_scope: Scope | None, authorization_header: str | None, ring: KeyRing, settings: AccessSettings
) -> Key | None:
    """Return the key of a request, None if it gives none that is known and needs none.

    ``view_scope`` is what its view is marked with; None and, unless searching needs a key, Scope.SEARCH are open to
    all. Raises UnauthorizedError or ForbiddenError; StoreError if a key is needed and the keys cannot be read.
    """
    token = _token(authorization_header)
    if view_scope is None or (view_scope is Scope.SEARCH and settings.search == "open"):
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


def challenge(path: str) -> str:
    """Return the WWW-Authenticate header of a 401: at ``path``, does a program ask or a browser?"""
    return 'Bearer realm="timtin"' if path.startswith("/api/") else 'Basic realm="timtin", charset="UTF-8"'


def given_key() -> Key | None:
    """Return the key of the current request; None if it has none that is known, or the keys cannot be read."""
    return _known(_token(request.headers.get("Authorization")), current_app.config["KEYS"])


def init_app(app: Flask) -> None:
    """Guard every view of ``app``."""

    @app.before_request
    def guard() -> None:
        scope = getattr(app.view_functions.get(request.endpoint or ""), "scope", None)
        if scope is None or request.method == "OPTIONS":
            return
        header = request.headers.get("Authorization")
        if not request.environ.get(KEY_CHECKED):
            authorize(scope, header, app.config["KEYS"], app.config["SETTINGS"].access)
        if request.method not in {"GET", "HEAD"} and _is_basic(header) and _from_another_site():
            raise ForbiddenError(
                "A page of another site cannot write with the password that a browser remembers;"
                " send the header 'Authorization: Bearer KEY'."
            )


def _from_another_site() -> bool:
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
