"""Where a request may go: the form of a URL, and the IP address a socket connects to.

The address that is checked is the one that is connected to, so no host name, no way of writing a number and no second
DNS answer leads anywhere else.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from index.errors import TimtinError

_PORTS = {"http": 80, "https": 443}
_PUBLIC_PORTS = frozenset({80, 443, 8080, 8443})
_PRIVILEGED = 1024
_LONGEST_URL = 2000
_MOST_ADDRESSES = 4
_DIAL_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class FetchError(TimtinError):
    """Report why a URL was not fetched.

    ``temporary`` tells that a later try may succeed; ``status`` is the HTTP status, if the server answered.
    """

    def __init__(self, message: str, *, temporary: bool = False, status: int | None = None) -> None:
        super().__init__(message)
        self.temporary = temporary
        self.status = status


class RefusedError(FetchError):
    """Refuse a URL that must not be fetched."""


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a URL that a request needs; ``host`` has no brackets, ``path`` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return the host as in a Host header, with the port if it is not the scheme's default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Return scheme, host and port as the start of a URL."""
        return f"{self.scheme}://{self.authority}"


def target_of(url: str, *, allow_private: bool = False) -> Target:
    """Split ``url`` into its parts. Raises RefusedError if it is not a URL that timtin fetches.

    It must be http or https, without a user name or password, on port 80, 443, 8080 or 8443; if private addresses are
    allowed, also on any port from 1024 up.
    """
    try:
        parts = parse_url(url.strip())
        host = (parts.host or "").strip("[]").rstrip(".")
    except (LocationParseError, ValueError):
        raise RefusedError("is not a web address") from None
    if "\\" in url:  # some parsers end the host at a backslash, others do not
        raise RefusedError("is not a web address")
    if parts.scheme not in _PORTS:
        raise RefusedError("is not an http or https address; only these are fetched")
    if len(url) > _LONGEST_URL:
        raise RefusedError(f"is longer than {_LONGEST_URL} characters")
    if parts.auth is not None:
        raise RefusedError("contains a user name or password; timtin does not log in")
    if not host or not host.isascii() or "%" in host:
        raise RefusedError("has no valid host")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if port not in _PUBLIC_PORTS and not (allow_private and port >= _PRIVILEGED):
        allowed = f"{', '.join(map(str, sorted(_PUBLIC_PORTS)))}, and {_PRIVILEGED} and above with --allow-private"
        raise RefusedError(f"uses port {port}; allowed are {allowed}")
    return Target(parts.scheme, host.lower(), port, parts.request_uri)


def is_public(address: str) -> bool:
    """Tell whether an IP address is on the public internet; IPv4 wrapped in IPv6 is judged as IPv4."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        wrapped = parsed.ipv4_mapped or parsed.sixtofour
        if wrapped is None and parsed in _NAT64:
            wrapped = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
        if parsed.is_site_local:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved)


def dial(target: Target, *, allow_private: bool, seconds: float) -> socket.socket:
    """Resolve the host of ``target`` once, check all its addresses, and connect to one of them.

    Raises RefusedError, before anything is sent, if any address is private and ``allow_private`` is not set; FetchError
    if no address answers within ``seconds``.
    """
    until = time.monotonic() + seconds
    try:
        answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError(f"{target.host} has no address", temporary=True) from None
    if not allow_private:
        for answer in answers:
            if not is_public(str(answer[4][0])):
                raise RefusedError(
                    f"leads to {target.host} ({answer[4][0]}), which is not public; use --allow-private to fetch it",
                    temporary=True,
                )
    why = "it has no address"
    for family, kind, protocol, _, address in answers[:_MOST_ADDRESSES]:
        left = until - time.monotonic()
        if left <= 0:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(min(left, _DIAL_SECONDS))
            connection.connect(address)
        except OSError as error:
            connection.close()
            why = error.strerror or str(error)
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise FetchError(f"{target.host} cannot be reached: {why}", temporary=True)
