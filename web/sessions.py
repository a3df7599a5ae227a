"""Sessions of the desk: a signed cookie that says which admin key somebody signed in with, not the key itself.

The secret that signs is ``desk.secret`` among the shared texts of the archive, the same for all processes. A session
ends with the browser, after eight hours, and with its key: each request looks whether that is still known. Requests for
anything but the desk have no session, whatever their cookies.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from contextlib import suppress
from typing import Any

from flask import Flask, Request, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.sansio.http import parse_cookie

from index.errors import StoreError
from index.shared_texts import SharedTexts
from web.keys import Key, KeyRing, Scope

DESK = "/admin"
"""Where the desk is; the path of its cookie."""
COOKIE = "timtin-desk"
_SECRET = "desk.secret"  # noqa: S105 - the name of a file
_SECRET_BYTES = 32
_HOURS = 8
_KEY, _MARK, _UNTIL = "key", "mark", "until"


class DeskSessions(SecureCookieSessionInterface):
    """Flask's signed sessions, for the desk alone; ``texts`` are the shared texts of the archive."""

    def __init__(self, texts: SharedTexts) -> None:
        self._texts = texts

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs, with the secret of the archive. Raises StoreError if there can be none."""
        if not app.secret_key:
            app.secret_key = secret_of(self._texts)
        return super().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request for the desk; None if the secret cannot be used, of which views tell."""
        with suppress(StoreError):
            return super().open_session(app, request) if is_desk(request.path) else None
        return None

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - as Flask calls it
        """Return the path of the desk, as browsers see it."""
        return f"{request.script_root}{DESK}"

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002
        """Tell whether browsers must keep the cookie off connections that are not encrypted."""
        return request.is_secure


def init_app(app: Flask, texts: SharedTexts) -> None:
    """Give the desk of ``app`` sessions."""
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=_HOURS * 3600,
    )
    app.session_interface = DeskSessions(texts)
    with suppress(StoreError):  # whoever signs in is told
        app.secret_key = secret_of(texts)


def is_desk(path: str) -> bool:
    """Tell whether a path is of the desk."""
    return path == DESK or path.startswith(f"{DESK}/")


def signing(app: Flask) -> URLSafeTimedSerializer:
    """Return what signs the sessions of ``app``. Raises StoreError if the secret cannot be read or made."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    assert isinstance(serializer, URLSafeTimedSerializer)
    return serializer


def begin(key: Key) -> None:
    """Let the current session be that of an admin key; whatever it held before is dropped."""
    session.clear()
    session.update({_KEY: key.name, _MARK: _mark(key), _UNTIL: int(time.time()) + _HOURS * 3600})


def key_of(app: Flask, cookies: str | None) -> Key | None:
    """Return the admin key of the session in a Cookie header, None if it has none that still holds.

    Raises StoreError if the keys or the secret cannot be read.
    """
    cookie = parse_cookie(cookies).get(COOKIE)  # a browser may also send bytes of others that are no text
    if not cookie:
        return None
    serializer = signing(app)
    try:
        said = serializer.loads(cookie, max_age=_HOURS * 3600)
    except BadSignature:
        return None
    return _key_named(said, app.config["KEYS"])


def _key_named(said: Any, ring: KeyRing) -> Key | None:
    if not isinstance(said, dict) or not isinstance(said.get(_UNTIL), int) or said[_UNTIL] <= time.time():
        return None
    key = ring.named(str(said.get(_KEY)))
    if key is None or key.scope < Scope.ADMIN or key.expired():
        return None
    return key if hmac.compare_digest(_mark(key), str(said.get(_MARK))) else None


def _mark(key: Key) -> str:
    """Return what tells a key from a later one of the same name, and tells nobody its digest."""
    return hashlib.sha256(f"desk {key.digest}".encode()).hexdigest()[:32]


def secret_of(texts: SharedTexts) -> str:
    """Return the secret of an archive, made if there is none. Raises StoreError if it cannot be read or made."""
    try:
        if (text := texts.read(_SECRET)) is None:
            texts.write(_SECRET, secrets.token_hex(_SECRET_BYTES).encode("ascii"), None)  # or another process does
            text = texts.read(_SECRET)
        secret = "" if text is None else text.data.decode("ascii").strip()
        if len(bytes.fromhex(secret)) != _SECRET_BYTES:
            raise ValueError
        return secret
    except OSError as error:
        why = error.strerror
    except ValueError:  # what is left of it can be guessed, or is no text
        why = f"it should have {2 * _SECRET_BYTES} hexadecimal digits; delete it, and another is made"
    raise StoreError(f"the secret of the desk's sessions, {texts.place(_SECRET)}, cannot be used: {why}")
