"""Who asks, and what the service is called, when proxies may stand in front of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from werkzeug.sansio.utils import host_is_trusted

log = logging.getLogger(__name__)

Headers = dict[str, str]


class Origin(NamedTuple):
    """The address of the client; scheme, host (with its port) and path by which clients know the service."""

    address: str
    scheme: str
    host: str
    root: str = ""


class Proxies:
    """What is believed of what a request says about itself.

    ``trusted`` are addresses and networks of proxies: from these the last untrusted address in X-Forwarded-For is the
    client, X-Forwarded-Proto the scheme, X-Forwarded-Host the host. Only ``hosts`` are served, if any are given.
    ``public_url`` is what links lead to; without it they lead to the host of the request, but only if that is one of
    ``hosts`` or an address, so that nobody makes them lead elsewhere; else to ``fallback``.
    """

    def __init__(self, trusted: Sequence[str], hosts: Sequence[str], public_url: str, fallback: str) -> None:
        self._trusted = [ip_network(each, strict=False) for each in trusted]
        self._hosts = [each.lower().strip("[]") for each in hosts]
        self._public = urlsplit(public_url) if public_url else None
        self._fallback = fallback
        self._told = False
        if self._public and self._public.hostname and hosts:
            self._hosts.append(self._public.hostname)

    def is_proxy(self, address: str) -> bool:
        """Tell whether an address is that of a trusted proxy."""
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._trusted)

    def origin(self, peer: str, headers: Headers) -> Origin | None:
        """Return where a request from the address ``peer`` comes from; None if its host is not served here."""
        scheme, host, address = "http", headers.get("host", ""), peer
        if self.is_proxy(peer):
            for hop in reversed(headers.get("x-forwarded-for", "").split(",")):
                named = _address(hop)
                if named is None:
                    break
                address = named
                if not self.is_proxy(named):
                    break
            scheme = "https" if headers.get("x-forwarded-proto", "").rpartition(",")[2].strip() == "https" else "http"
            host = headers.get("x-forwarded-host", "").rpartition(",")[2].strip() or host
        if self._hosts and not self._is_served(host):
            return None
        if self._public:
            return Origin(address, self._public.scheme, self._public.netloc, self._public.path)
        if not self._hosts and not (host_is_trusted(host) and _is_address(_name(host))):
            if host and not self._told:
                self._told = True
                log.warning(
                    "links lead to %s, not to %r: name it in server.hosts, or set server.public_url",
                    self._fallback,
                    host[:200],
                )
            host = self._fallback
        return Origin(address, scheme, host)

    def _is_served(self, host: str) -> bool:
        name = _name(host).lower().removesuffix(".")
        return host_is_trusted(host) and any(
            name == each or (each.startswith(".") and f".{name}".endswith(each)) for each in self._hosts
        )


@lru_cache(maxsize=1024)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


def client_of(address: str) -> str:
    """Return the name under which an address is counted: of IPv6, the network of 64 bits that one client commands."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, 64), strict=False))
    return address


def _address(hop: str) -> str | None:
    """Return the address in an entry of X-Forwarded-For, without a port."""
    hop = hop.strip()
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    parsed = _parsed(hop)
    return None if parsed is None else str(parsed)


def _name(host: str) -> str:
    """Return a host without its port."""
    return host.partition("]")[0][1:] if host.startswith("[") else host.partition(":")[0]


def _is_address(name: str) -> bool:
    return _parsed(name) is not None or name.lower() == "localhost"
