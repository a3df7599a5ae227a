"""Sessions of the desk: a signed cookie that says which admin key somebody signed in with, not the key itself.

The secret that signs is the file ``desk.secret`` of the data folder, which all processes share. A session ends with the
browser, after eight hours, and with its key: each request looks whether that is still known. Requests for anything but
the desk have no session, whatever their cookies.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask, Request, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.sansio.http import parse_cookie

from index.errors import StoreError
from web.keys import Key, KeyRing, Scope

DESK = "/admin"
"""Where the desk is; the path of its cookie."""
COOKIE = "timtin-desk"
_SECRET = "desk.secret"  # noqa: S105 - the name of a file
_SECRET_BYTES = 32
_HOURS = 8
_KEY, _MARK, _UNTIL = "key", "mark", "until"


class DeskSessions(SecureCookieSessionInterface):
    """Flask's signed sessions, for the desk alone; ``home`` is the data folder."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs, with the secret of the data folder. Raises StoreError if there can be none."""
        if not app.secret_key:
            app.secret_key = secret_of(self._home)
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


def init_app(app: Flask, home: Path) -> None:
    """Give the desk of ``app`` sessions."""
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=_HOURS * 3600,
    )
    app.session_interface = DeskSessions(home)
    with suppress(StoreError):  # whoever signs in is told
        app.secret_key = secret_of(home)


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


def secret_of(home: Path) -> str:
    """Return the secret of a data folder, made if there is none. Raises StoreError if it cannot be read or made."""
    file, fresh = home / _SECRET, home / f"{_SECRET}.{secrets.token_hex(8)}"
    try:
        if file.exists():
            return _read_secret(file)
        with open(fresh, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as made:
            made.write(secrets.token_hex(_SECRET_BYTES))
            made.flush()
            os.fsync(made.fileno())
        try:
            with suppress(FileExistsError):  # another process was first
                os.link(fresh, file)
        finally:
            fresh.unlink()
        return _read_secret(file)
    except OSError as error:
        why = error.strerror
    except ValueError:
        why = f"it should have {2 * _SECRET_BYTES} hexadecimal digits; delete it, and another is made"
    raise StoreError(f"the secret of the desk's sessions, {file}, cannot be used: {why}")


def _read_secret(file: Path) -> str:
    """Return the secret in a file. Raises ValueError if what is left of it can be guessed, or is no text."""
    secret = file.read_text("ascii").strip()
    if len(bytes.fromhex(secret)) != _SECRET_BYTES:
        raise ValueError
    return secret
