"""The key that allows writing: made at the first start, kept in the data folder, readable by its owner alone."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from flask import current_app, request

from index.errors import StoreError

P = ParamSpec("P")
T = TypeVar("T")


class UnauthorizedError(Exception):
    """A request lacks the key."""


def load_key(path: Path) -> str:
    """Return the key in ``path``; make one if there is none. Raises StoreError if the file is empty."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text("utf-8").strip()
        if not key:
            raise StoreError(f"the key file {path} is empty; delete it and start again to get a new key") from None
        return key
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        key = secrets.token_urlsafe(32)
        file.write(key + "\n")
    return key


def key_required(view: Callable[P, T]) -> Callable[P, T]:
    """Let a request through only with ``Authorization: Bearer KEY``; raise UnauthorizedError otherwise."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        given = request.authorization
        token = given.token if given is not None and given.type == "bearer" else None
        if not hmac.compare_digest((token or "").encode("utf-8"), str(current_app.config["API_KEY"]).encode("utf-8")):
            raise UnauthorizedError
        return view(*args, **kwargs)

    return guarded
