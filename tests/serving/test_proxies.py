"""Who asks and what the service is called: tables of what requests say and what is believed."""

from __future__ import annotations

import pytest

from web.serving.proxies import Proxies, client_of

LOCAL = "127.0.0.1:8000"
NETWORKS = ["10.0.0.0/8", "2001:db8::/32"]
FORWARDED = {
    # X-Forwarded-For, from a trusted proxy: the client
    "": "10.0.0.1",
    "203.0.113.7": "203.0.113.7",
    "6.6.6.6, 203.0.113.7": "203.0.113.7",
    "203.0.113.7, 10.0.0.2": "203.0.113.7",
    "203.0.113.7,10.0.0.2 , 10.0.0.3": "203.0.113.7",
    "10.0.0.2, 10.0.0.3": "10.0.0.2",
    "203.0.113.7:4711": "203.0.113.7",
    "2001:db8::7": "2001:db8::7",
    "[2001:db9::7]:4711": "2001:db9::7",
    "2001:db9::7, 2001:db8::1": "2001:db9::7",
    "nonsense": "10.0.0.1",
    "203.0.113.7, nonsense": "10.0.0.1",
    "203.0.113.7, nonsense, 10.0.0.2": "10.0.0.2",
    "203.0.113.7, unknown, 198.51.100.1": "198.51.100.1",
    "203.0.113.999": "10.0.0.1",
    ",": "10.0.0.1",
    "203.0.113.7,": "10.0.0.1",
    "evil\n": "10.0.0.1",
}


@pytest.mark.parametrize(("given", "client"), FORWARDED.items())
def test_the_last_address_that_no_proxy_has_is_the_client(given: str, client: str) -> None:
    proxies = Proxies(NETWORKS, [], "", LOCAL)
    trusted = proxies.origin("10.0.0.1", {"host": LOCAL, "x-forwarded-for": given})
    assert trusted is not None
    assert trusted.address == client
    for peer in ("127.0.0.1", "2001:db9::1", "", "unix"):
        foreign = proxies.origin(peer, {"host": LOCAL, "x-forwarded-for": given})
        assert foreign is not None
        assert foreign.address == peer


@pytest.mark.parametrize(
    ("given", "scheme"),
    [
        ("https", "https"),
        ("http", "http"),
        ("http, https", "https"),
        ("https, http", "http"),
        ("", "http"),
        ("ftp", "http"),
    ],
)
def test_scheme(given: str, scheme: str) -> None:
    proxies = Proxies(NETWORKS, [], "", LOCAL)
    for peer, expected in {"10.0.0.1": scheme, "127.0.0.1": "http"}.items():
        origin = proxies.origin(peer, {"host": LOCAL, "x-forwarded-proto": given})
        assert origin is not None
        assert origin.scheme == expected


NAMES = {
    # Host: what links lead to without a setting, and with the hosts tin.vn, .tim.vn and [::1]
    "127.0.0.1": ("127.0.0.1", None),
    "127.0.0.1:99": ("127.0.0.1:99", None),
    "localhost:99": ("localhost:99", None),
    "LOCALHOST": ("LOCALHOST", None),
    "[::1]:99": ("[::1]:99", "[::1]:99"),
    "192.0.2.7": ("192.0.2.7", None),
    "tin.vn": (LOCAL, "tin.vn"),
    "tin.vn:99": (LOCAL, "tin.vn:99"),
    "TIN.vn": (LOCAL, "TIN.vn"),
    "tin.vn.": (LOCAL, "tin.vn."),
    "tim.vn": (LOCAL, "tim.vn"),
    "a.b.tim.vn": (LOCAL, "a.b.tim.vn"),
    "www.tin.vn": (LOCAL, None),
    "xtim.vn": (LOCAL, None),
    "tin.vn.evil.example": (LOCAL, None),
    "tin.vn@evil.example": (LOCAL, None),
    "tin.vn:80@evil.example": (LOCAL, None),
    "tin.vn/evil": (LOCAL, None),
    "tin.vn:99999": (LOCAL, None),
    "127.0.0.1:80@evil.example": (LOCAL, None),
    "127.0.0.1/evil": (LOCAL, None),
    "127.0.0.1, evil.example": (LOCAL, None),
    "[::1]@evil.example": (LOCAL, None),
    "[::1": (LOCAL, None),
    "::1": (LOCAL, None),
    "": (LOCAL, None),
    "evil example": (LOCAL, None),
}


@pytest.mark.parametrize(("host", "expected"), NAMES.items())
def test_links_lead_to_no_host_that_is_not_ours(host: str, expected: tuple[str, str | None]) -> None:
    for headers in ({"host": host}, {"host": "other.example", "x-forwarded-host": f"a.example, {host}"}):
        if not host and "x-forwarded-host" in headers:
            continue
        peer = "10.0.0.1" if "x-forwarded-host" in headers else "127.0.0.1"
        if host == "127.0.0.1, evil.example":
            peer, headers = "127.0.0.1", {"host": host}
        free = Proxies(NETWORKS, [], "", LOCAL).origin(peer, headers)
        assert free is not None
        assert free.host == expected[0]
        named = Proxies(NETWORKS, ["tin.vn", ".tim.vn", "[::1]"], "", LOCAL).origin(peer, headers)
        assert (None if named is None else named.host) == expected[1]


def test_public_address() -> None:
    proxies = Proxies(NETWORKS, [], "https://tin.vn:8443/tim", LOCAL)
    for headers in ({"host": "evil.example"}, {"host": "tin.vn", "x-forwarded-proto": "http"}, {}):
        for peer in ("10.0.0.1", "127.0.0.1"):
            assert proxies.origin(peer, headers) == (peer, "https", "tin.vn:8443", "/tim")
    strict = Proxies([], ["tim.vn"], "https://tin.vn", LOCAL)
    assert strict.origin("127.0.0.1", {"host": "evil.example"}) is None
    for host in ("tim.vn", "tin.vn"):
        assert strict.origin("127.0.0.1", {"host": host}) == ("127.0.0.1", "https", "tin.vn", "")


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_client_is_counted_by_its_network(address: str, client: str) -> None:
    assert client_of(address) == client
