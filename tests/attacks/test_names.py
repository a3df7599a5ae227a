"""Who asks and what the service is called: only trusted proxies are believed, and nobody makes links lead away."""

from __future__ import annotations

import json
import re

import pytest

from tests.attacks.clients import Client, first, get, log_of, nothing_failed
from tests.attacks.conftest import Attacked
from tests.conftest import Server
from tests.processes import wait_for

WITH_LINKS = (
    "/opensearch.xml",
    "/feed.atom?q=v%C3%A0ng",
    "/?q=v%C3%A0ng",
    "/api/v1/search?q=v%C3%A0ng&size=1",
    "/api/v1/articles/n1",
)
FOREIGN = [
    "evil.example",
    "127.0.0.1:80@evil.example",
    "127.0.0.1@evil.example",
    "127.0.0.1:evil.example",
    "127.0.0.1/evil.example",
    "127.0.0.1:1/evil.example",
    "127.0.0.1#evil.example",
    "127.0.0.1?evil.example",
    "127.0.0.1\\evil.example",
    "127.0.0.1, evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost:@evil.example",
    "localhost evil.example",
    "[::1]@evil.example",
    "[::1].evil.example",
    "[evil.example]",
    "[::1",
    'localhost:"><evil.example',
    "",
    "evil.example:99999999",
]


def asked(server: Server, target: str, host: str, *headers: str) -> tuple[int, str]:
    with Client(server) as client:
        said = client.upload([get(target, *headers, "Connection: close", host=host)])
    answer = first(said)
    if answer.status != 200:
        assert answer.problem
    return answer.status, said.decode()


def test_links_follow_no_foreign_host(attacked: Attacked) -> None:
    server = attacked()
    for host in FOREIGN:
        for target in WITH_LINKS:
            for more in ([], [f"X-Forwarded-Host: {host}"], [f"Forwarded: host={host}"], [f"X-Host: {host}"]):
                status, said = asked(server, target, host if not more else "127.0.0.1", *more)
                assert status in {200, 400}, (host, said)
                assert "evil" not in said.replace(f'"instance": "{host}', ""), (host, target, said)
    for target in (
        "//evil.example/",
        "/\\evil.example",
        "http://evil.example/opensearch.xml",
        "/static/../..//evil.example",
    ):
        status, said = asked(server, target, "127.0.0.1")
        assert "location" not in said.lower().partition("\r\n\r\n")[0]
        assert "://evil" not in said
    nothing_failed(server)


def test_links_lead_to_the_public_address(attacked: Attacked) -> None:
    server = attacked(server={"public_url": "https://tin.example.vn/tim"})
    for host in ("tin.example.vn", "evil.example", "127.0.0.1", ""):
        for target in ("/opensearch.xml", "/feed.atom?q=v%C3%A0ng"):
            status, said = asked(server, target, host, "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: ftp")
            assert status == 200
            assert "evil" not in said
            ours = [link for link in re.findall(r'https?://[^\s"<]+', said) if "tin.example.vn" in link]
            assert ours
            assert all(
                link.startswith("https://tin.example.vn/tim/") or link == "https://tin.example.vn/tim" for link in ours
            )
            assert f":{server.port}" not in said
    nothing_failed(server)


def test_only_known_hosts_are_answered(attacked: Attacked) -> None:
    server = attacked(server={"hosts": ["tin.example.vn", ".tim.example.vn"]})
    for host in ("tin.example.vn", "TIN.example.vn:8080", "a.tim.example.vn"):
        assert asked(server, "/api/v1/articles/n1", host)[0] == 200
    for host in (
        *FOREIGN,
        "127.0.0.1",
        "tin.example.vn.evil.example",
        "xtin.example.vn",
        "tin.example.vn@evil.example",
    ):
        status, said = asked(server, "/api/v1/articles/n1", host)
        assert status in {400, 421}, host
        assert asked(server, "/healthz", host)[0] in {200, 400}
    status, said = asked(server, "/opensearch.xml", "tin.example.vn", "X-Forwarded-Host: evil.example")
    assert status == 200
    assert "http://tin.example.vn/" in said
    assert "evil" not in said
    nothing_failed(server)


@pytest.mark.parametrize("trusted", [[], ["127.0.0.0/8"]])
def test_what_proxies_say_is_believed_only_of_those_trusted(attacked: Attacked, trusted: list[str]) -> None:
    server = attacked(
        server={"trusted_proxies": trusted, "hosts": ["tin.example.vn", "127.0.0.1"], "workers": 1},
        limits={"requests_per_minute": 60},
        log={"format": "json"},
    )
    said = asked(
        server, "/opensearch.xml", "127.0.0.1",
        "X-Forwarded-For: 6.6.6.6, 203.0.113.7, 127.0.0.9", "X-Forwarded-Proto: https",
        "X-Forwarded-Host: tin.example.vn", "X-Request-Id: forwarded",
    )[1]  # fmt: skip
    assert ("https://tin.example.vn/" in said) == bool(trusted)
    assert ("http://127.0.0.1/" in said) == (not trusted)
    wait_for(lambda: "forwarded" in log_of(server))
    lines = [json.loads(line) for line in log_of(server)[:-1].split("\n")]
    client = next(line["client"] for line in lines if line.get("id") == "forwarded")
    assert client == ("203.0.113.7" if trusted else "127.0.0.2")
    status, said = asked(server, "/opensearch.xml", "127.0.0.1", "X-Forwarded-Host: evil.example")
    assert status == (421 if trusted else 200)
    for line in (
        "X-Forwarded-For: nonsense",
        "X-Forwarded-For: " + "9.9.9.9," * 5000,
        "X-Forwarded-For: ,",
        "X-Forwarded-Proto: x\t",
    ):
        assert asked(server, "/api/v1/articles/n1", "127.0.0.1", line)[0] == 200
    chains = [f"X-Forwarded-For: 198.51.100.{number}, 203.0.113.7, 127.0.0.1" for number in range(130)]
    statuses = {asked(server, "/api/v1/articles/n1", "127.0.0.1", chain)[0] for chain in chains}
    assert statuses == {200, 429}, "the last address that no proxy has is counted"
    with Client(server, "127.0.0.77") as client:
        other = client.ask(get("/api/v1/articles/n1", "X-Forwarded-For: 203.0.113.8"))
    assert other.status == 200
    nothing_failed(server)


def test_scripts_of_other_sites_read_nothing_unless_named(attacked: Attacked) -> None:
    server = attacked()
    preflight = (
        "Origin: https://a.example",
        "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: authorization",
    )
    with Client(server) as client:
        for request in (
            get("/api/v1/articles/n1", "Origin: https://a.example"),
            get("/api/v1/articles/n1", *preflight, method="OPTIONS"),
        ):
            answer = client.ask(request)
            assert answer.status in {200, 204}
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_scripts_of_named_sites_read_answers(attacked: Attacked) -> None:
    server = attacked(server={"cors_origins": ["https://a.example"]}, access={"search": "key"})
    with Client(server) as client:
        for target, method, status in (
            ("/api/v1/articles/n1", "GET", 401),
            ("/api/v1/articles/none", "OPTIONS", 200),
            ("/api/v1/articles", "OPTIONS", 200),
            ("/api/v1/none", "GET", 404),
        ):
            answer = client.ask(get(target, "Origin: https://a.example", method=method))
            assert answer.status == status
            assert answer.headers["access-control-allow-origin"] == "https://a.example", (target, method)
            assert "origin" in answer.headers["vary"].lower()
            assert ("access-control-allow-methods" in answer.headers) == (method == "OPTIONS")
            assert "access-control-allow-credentials" not in answer.headers
        for origin in (
            "https://b.example",
            "https://a.example.evil.example",
            "http://a.example",
            "null",
            "https://A.example",
        ):
            answer = client.ask(get("/api/v1/articles/n1", f"Origin: {origin}", f"Authorization: Bearer {server.key}"))
            assert answer.status == 200
            assert "access-control-allow-origin" not in answer.headers
            assert "origin" in answer.headers["vary"].lower()
        preflight = client.ask(
            get(
                "/api/v1/articles/n1", "Origin: https://a.example", "Access-Control-Request-Method: PUT",
                "Access-Control-Request-Headers: authorization, content-type", method="OPTIONS",
            )
        )  # fmt: skip
        assert "PUT" in preflight.headers["access-control-allow-methods"]
        assert {"authorization", "content-type"} <= {
            name.strip().lower() for name in preflight.headers["access-control-allow-headers"].split(",")
        }
        page = client.ask(get("/", "Origin: https://a.example", f"Authorization: Bearer {server.key}"))
        assert "access-control-allow-origin" not in page.headers, "pages are for readers, not for scripts"
    nothing_failed(server)
