"""Cursors as texts: where the next page of a search begins, for whoever asks for it later.

A cursor holds the sort keys of the last hit, which do not move when other articles are written, so it needs no memory
in the server and never expires. It also has a digest of its search, as it means nothing in another one. It is not
secret and not signed: a forged one shows only what any search may.
"""

from __future__ import annotations

import base64
import json
from binascii import Error
from collections.abc import Sequence
from hashlib import blake2b

from index.article import LABELS, LONGEST_ID, LONGEST_LABEL
from index.errors import InvalidInputError, Problem
from search.engine import PUBLISHED, Cursor, Order

FIRST = "*"
"""The cursor of the first page."""
LONGEST_CURSOR = 8 * (LONGEST_ID + 8 * LONGEST_LABEL)
_DIGEST = 8
_MOST_MINUTES = 1 << 40


def cursor_text(cursor: Cursor, search: str) -> str:
    """Return a cursor of ``search``, a text that equal searches share, for an address."""
    held = json.dumps([*cursor.values, cursor.id], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(search, held) + held).decode().rstrip("=")


def read_cursor(text: str, search: str, order: Order) -> Cursor:
    """Return the cursor of ``search`` in a fixed ``order``. Raises InvalidInputError."""
    if text == FIRST:
        return Cursor()
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        digest, held = raw[:_DIGEST], raw[_DIGEST:]
        *values, id = json.loads(held.decode())
    except (Error, ValueError, TypeError, RecursionError):
        raise _refused("is no cursor; begin again with cursor=*") from None
    if digest != _digest(search, held):
        raise _refused("is of another search; keep its other parameters as they were, or begin again with cursor=*")
    if not (isinstance(id, str) and 0 < len(id) <= LONGEST_ID and _fit(values, order)):
        raise _refused("is no cursor; begin again with cursor=*")
    return Cursor(tuple(values), id)


def _fit(values: Sequence[object], order: Order) -> bool:
    """Tell whether the values are of the keys of ``order``."""
    kinds = [kind for key in order for kind in ([int] if key.field == PUBLISHED else [str] * 2 * (key.field in LABELS))]
    return len(kinds) == len(values) and all(
        value is None or (type(value) is kind and (abs(value) < _MOST_MINUTES if isinstance(value, int) else True))
        for kind, value in zip(kinds, values, strict=True)
    )


def _digest(search: str, held: bytes) -> bytes:
    return blake2b(search.encode() + b"\0" + held, digest_size=_DIGEST).digest()


def _refused(what: str) -> InvalidInputError:
    return InvalidInputError(f"The cursor {what}.", [Problem("cursor", what, "cursor")])
