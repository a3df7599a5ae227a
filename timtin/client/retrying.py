"""Which requests are sent again, and how long to wait before.

A request that the service never saw, or refused to look at (429), may always be sent again. One that it may have
carried out is sent again only if doing it twice is the same as doing it once: GET, HEAD, PUT and DELETE without a
precondition (RFC 9110, 9.2.2), whose outcome would else contradict the first, and whatever has an idempotency key.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

BUSY = frozenset({502, 503, 504})
"""Statuses that say nothing about whether the request was carried out."""
TOO_MANY = 429
UNDER_WAY = 409
"""What a request with an idempotency key is answered while the service still carries out the first of them."""
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_FIRST = 0.5
_LONGEST = 20.0


@dataclass(frozen=True, slots=True)
class Retries:
    """At most ``most`` further tries, which wait ``patience`` seconds altogether."""

    most: int = 4
    patience: float = 60.0

    def __post_init__(self) -> None:
        if self.most < 0 or self.patience < 0:
            raise ValueError(f"Retries({self.most}, {self.patience}): give no negative numbers.")

    def pause(self, tried: int, waited: float, asked: float | None) -> float | None:
        """Return the seconds to wait after ``tried`` tries and ``waited`` seconds; None to give up.

        The wait doubles from try to try, and half of it is random, so that programs that failed together do not come
        back together. If the service ``asked`` for some seconds, it is those and the random half.
        """
        if tried > self.most:
            return None
        half = min(_LONGEST, _FIRST * 2.0 ** (tried - 1)) / 2
        pause = (half if asked is None else asked) + random.uniform(0, half)  # noqa: S311 - no secret
        return pause if waited + pause <= self.patience else None


def has_idempotency_key(headers: Mapping[str, str]) -> bool:
    """Tell whether the service carries out a request once, however often it is sent."""
    return any(name.lower() == "idempotency-key" for name in headers)


def is_repeatable(method: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request with these ``headers`` (names in any case) may be sent twice."""
    names = {name.lower() for name in headers}
    if has_idempotency_key(headers):
        return True
    return method in _IDEMPOTENT and (method in {"GET", "HEAD"} or not names & {"if-match", "if-none-match"})


def retry_after(value: str | None) -> float | None:
    """Return the seconds from now that a Retry-After header asks for, as seconds or a date; None if it says neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
