"""How to reach a cluster; this loads nothing of the library that does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from index.errors import StoreError

_PREFIX = re.compile(r"[a-z][a-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """How to reach a cluster, and how the archive is kept there. Secrets are texts, and never shown.

    ``hosts`` are addresses such as ``https://search-1:9200``. All indices begin with ``prefix``. ``ca`` is the text of
    a certificate (PEM) to trust instead of those of the system; ``certificate`` and ``certificate_key`` are the files
    of what the client shows itself. ``replicas`` is the number of copies beside the first; None: one if there are two
    or more data nodes. ``timeout`` is how many seconds a request is tried again.
    """

    hosts: tuple[str, ...]
    prefix: str = "timtin"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca: str | None = field(default=None, repr=False)
    certificate: Path | None = None
    certificate_key: Path | None = None
    shards: int = 1
    replicas: int | None = None
    timeout: float = 30.0

    def __str__(self) -> str:
        """Return how messages call the archive there."""
        return f"{self.prefix} on {self.hosts[0]}"

    def __post_init__(self) -> None:
        """Raise StoreError if it cannot be right."""
        if not self.hosts:
            raise StoreError("no host of a cluster is given; name at least one, such as https://search-1:9200")
        for host in self.hosts:
            _check_address(host)
        if not _PREFIX.fullmatch(self.prefix):
            raise StoreError(
                f"the prefix {self.prefix[:80]!r} cannot begin names of indices:"
                " use up to 100 of a-z, 0-9, - and _, a letter first"
            )
        if self.shards < 1 or (self.replicas is not None and self.replicas < 0) or self.timeout <= 0:
            raise StoreError("a cluster needs one shard or more, 0 replicas or more, and a timeout above 0 seconds")
        if (self.user is None) != (self.password is None):
            raise StoreError("a user of the cluster needs a password, and a password a user; set both or none")
        if self.api_key is not None and not (self.api_key.isascii() and self.api_key.isprintable()):
            raise StoreError("the key for the cluster is none: it has signs that no key has; look at its file")


def _check_address(host: str) -> None:
    try:
        parts = urlsplit(host)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise StoreError("a host of the cluster is no address; write it as https://search-1:9200") from None
    if parts.username is not None or parts.password is not None:
        raise StoreError("a host of the cluster has a user or a password in its address; put these into their settings")
    if not known or parts.query or parts.fragment:
        raise StoreError(f"{host[:200]!r} is no address of a cluster; write it as https://search-1:9200")
