"""Keys: listed by name, made, shown once, and revoked."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, current_app, flash, request
from flask_babel import gettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from index.errors import StoreError, TimtinError
from web.access import Scope
from web.desk.blueprint import form_at, page_at, see, shown
from web.keys import Key, KeyRing, expiry, is_name


@page_at("/keys")
def keys() -> Response:
    """List the keys, with a form for another."""
    return _page()


@form_at("/keys")
def make_key() -> Response:
    """Make a key and show it, this once."""
    given = {name: request.form.get(name, "").strip() for name in ("name", "scope", "expires")}
    name, scope = given["name"], Scope.__members__.get(given["scope"].upper())
    if not is_name(name):
        wrong = gettext(
            "“%(name)s” cannot be the name of a key: a name has up to 64 letters without accents, digits, dots, dashes"
            " and underscores, and begins with a letter or digit.",
            name=name,
        )
        return _page(400, wrong=wrong, given=given)
    if scope is None:
        return _page(400, wrong=gettext("Choose what the key may do."), given=given)
    if _ring().named(name) is not None:
        wrong = gettext("There is a key “%(name)s” already: choose another name, or revoke it first.", name=name)
        return _page(400, wrong=wrong, given=given)
    now = datetime.now(UTC)
    try:
        end = expiry(given["expires"], now) if given["expires"] else None
    except TimtinError:
        wrong = gettext(
            "“%(when)s” is not a time that a key can end at: write 30d, 2027-01-31 or 2027-01-31T18:00.",
            when=given["expires"],
        )
        return _page(400, wrong=wrong, given=given)
    try:
        return _page(made=_ring().add(name, scope, end, now=now), made_name=name)
    except StoreError:
        raise
    except TimtinError as error:  # another process is changing them
        return _page(409, wrong=str(error), given=given)


@page_at("/keys/<name>/revoke")
def revoke_page(name: str) -> Response:
    """Ask whether to revoke a key."""
    return shown("revoke.html", key=_named(name))


@form_at("/keys/<name>/revoke")
def revoke_key(name: str) -> AnyResponse:
    """Revoke a key; its sessions end, too."""
    _named(name)
    _ring().revoke(name)
    flash(gettext("The key “%(name)s” is revoked.", name=name))
    return see("keys")


def _ring() -> KeyRing:
    ring = current_app.config["KEYS"]
    assert isinstance(ring, KeyRing)
    return ring


def _named(name: str) -> Key:
    key = _ring().named(name)
    if key is None:
        raise NotFound(gettext("There is no key of this name."))
    return key


def _page(
    status: int = 200, *, wrong: str = "", given: dict[str, str] | None = None, made: str = "", made_name: str = ""
) -> Response:
    return shown(
        "keys.html",
        status,
        keys=_ring().keys(),
        scopes=[scope.label for scope in Scope],
        wrong=wrong,
        given=given or {},
        made=made,
        made_name=made_name,
    )
