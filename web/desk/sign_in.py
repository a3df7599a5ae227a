"""Signing in to the desk with an admin key, and out."""

from __future__ import annotations

from flask import Response, current_app, request, session
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from web import sessions
from web.access import Scope, needs
from web.desk.blueprint import desk, form_at, see, shown, signed_in_key
from web.keys import FIRST, KeyRing

_FORM = 4096


@desk.get("/sign-in", provide_automatic_options=False)
def sign_in_page() -> AnyResponse:
    """Show the form."""
    if signed_in_key() is not None:
        return see("overview")
    return _form()


@desk.post("/sign-in", provide_automatic_options=False)
@needs(None, body=_FORM)
def sign_in() -> AnyResponse:
    """Begin a session if the key is one for the desk."""
    ring: KeyRing = current_app.config["KEYS"]
    key = ring.find(request.form.get("key", "").strip())
    if key is None:
        return _form(gettext("This key is unknown, expired or revoked."))
    if key.scope < Scope.ADMIN:
        return _form(
            gettext(
                "The key “%(name)s” has the scope “%(scope)s”; the desk needs one with “admin”.",
                name=key.name,
                scope=key.scope.label,
            )
        )
    sessions.begin(key)
    return see("overview")


@form_at("/sign-out")
def sign_out() -> AnyResponse:
    """End the session."""
    session.clear()
    return see("sign_in_page")


def _form(wrong: str | None = None) -> Response:
    return shown("sign_in.html", 200 if wrong is None else 403, wrong=wrong, first=FIRST)
