"""How many requests a client may make: a leaky bucket (the generic cell rate algorithm) for each.

A bucket is one number, the time at which the client will have used up what it was allowed. All buckets are in memory
that the processes share, in a table addressed by a keyed hash, so that nobody can choose whose bucket to share. Two
processes that count at the same moment may lose one request; two clients may share a bucket by chance.
"""

from __future__ import annotations

import hashlib
import mmap
import secrets
import time

_BUCKETS = 1 << 16
_ROUNDING = 1e-3


class Rates:
    """Make it before the processes are forked."""

    def __init__(self) -> None:
        self._used_up = memoryview(mmap.mmap(-1, 8 * _BUCKETS)).cast("d")
        self._secret = secrets.token_bytes(16)

    def wait(self, client: str, per_minute: int, now: float | None = None) -> float:
        """Count one request of ``client``; return 0, or in how many seconds the next one is allowed.

        A minute's requests may come at once. A request that must wait is not counted.
        """
        digest = hashlib.blake2b(client.encode("utf-8", "surrogateescape"), digest_size=4, key=self._secret).digest()
        bucket = int.from_bytes(digest, "big") % _BUCKETS
        now = time.monotonic() if now is None else now
        used_up = max(self._used_up[bucket], now) + 60.0 / per_minute
        if used_up - now > 60.0 + _ROUNDING:
            return used_up - now - 60.0
        self._used_up[bucket] = used_up
        return 0.0
