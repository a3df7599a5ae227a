"""What the server writes down: a line for each request, which no request can forge or fill."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from tests.attacks.clients import Client, get, log_of, nothing_failed
from tests.attacks.conftest import Attacked
from tests.processes import wait_for

BAD_IDS = ["a b", "a" * 129, 'a"b', "a<b>", "é", "", "a;b", "\t"]


def test_request_ids_are_taken_and_given(attacked: Attacked) -> None:
    server = attacked()
    with Client(server) as client:
        for target in ("/healthz", "/api/v1/articles/n1", "/nowhere", "/api/v1/search?q=a&size=x"):
            assert (
                client.ask(get(target, "X-Request-Id: from-the-proxy_1.2:3")).headers["x-request-id"]
                == "from-the-proxy_1.2:3"
            )
            made = {client.ask(get(target)).headers["x-request-id"] for _ in range(3)}
            assert len(made) == 3
            for bad in BAD_IDS:
                given = client.ask(get(target, f"X-Request-Id: {bad}")).headers["x-request-id"]
                assert re.fullmatch("[0-9a-f]{32}", given)
                wait_for(lambda given=given: given in log_of(server))  # type: ignore[misc]
        assert client.ask(get("/nowhere", "X-Request-Id: a", "X-Request-Id: b")).headers["x-request-id"] not in {
            "a",
            "b",
        }
    nothing_failed(server)


@pytest.mark.parametrize("queries", [False, True])
def test_json_lines(attacked: Attacked, queries: bool) -> None:
    server = attacked(log={"format": "json", "queries": queries})
    secret = "bí mật\n\x1b[31m\u2028"
    with Client(server, "127.0.0.7") as client:
        for target in ("/api/v1/search?size=1&q=", "/?q=", "/feed.atom?q=", "/api/v1/suggest?q=", "/nowhere?q="):
            client.ask(get(target + quote(secret), "X-Request-Id: asked", f"Referer: {quote(secret)}"))
        client.ask(get("/a%0a%7b%22id%22%3a1%7d%22%1b%ff", "X-Request-Id: strange"))
        client.ask(get("/api/v1/articles", "X-Request-Id: keyed", "Authorization: Bearer hidden-key", method="POST"))
    wait_for(lambda: "keyed" in log_of(server))
    lines = [json.loads(line) for line in log_of(server)[:-1].split("\n")]  # each line, those at the start too
    asked = [line for line in lines if line.get("id") == "asked"]
    assert len(asked) == 5
    for line in asked:
        assert (line["client"], line["method"]) == ("127.0.0.7", "GET")
        assert line["ms"] >= line["waited_ms"] >= 0
        assert (line.get("q") == secret) == queries
    assert {line["endpoint"] for line in asked} == {"api.search", "pages.home", "pages.feed", "api.suggest", None}
    assert next(line for line in lines if line.get("id") == "strange")["status"] == 404
    if not queries:
        assert "mật" not in log_of(server)
        assert quote("mật") not in log_of(server)
        assert "q=" not in log_of(server)
    assert "hidden-key" not in log_of(server)
    nothing_failed(server)


def test_text_lines_cannot_be_forged(attacked: Attacked) -> None:
    server = attacked()
    paths = [
        "/a%0a2026-01-01 INFO forged",
        "/a%0d%0aforged",
        "/%1b[2J%1b[31m",
        "/%e2%80%a8forged",
        "/%c2%85forged",
        "/%00",
        "/%07%08%9b",
    ]
    with Client(server) as client:
        for path in paths:
            client.ask(get(path.replace(" ", "%20"), "X-Request-Id: forging"))
        client.ask(get("/api/v1/search?q=b%C3%AD+m%E1%BA%ADt", "X-Request-Id: last"))
    wait_for(lambda: log_of(server).endswith(" last\n"))
    said = log_of(server)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", said)
    assert sum(line.endswith(" forging") for line in said.split("\n")) == len(paths)
    assert said.count(" 404 ") == len(paths)
    assert not re.search("^(?!20)", said[:-1], re.MULTILINE)
    assert "mật" not in said
    assert all(
        re.search(r"\d+\.\d ms \(waited \d+\.\d\) forging$", line) for line in said.splitlines() if "forging" in line
    )
    nothing_failed(server)


def test_no_line_for_a_request_unless_wanted(attacked: Attacked) -> None:
    server = attacked(log={"access": False})
    with Client(server) as client:
        for _ in range(10):
            client.ask(get("/api/v1/articles/n1", "X-Request-Id: quiet"))
    assert server.stop() == 0
    assert "quiet" not in log_of(server)
    assert len(log_of(server).splitlines()) <= 2


def test_warnings_that_repeat_are_counted(attacked: Attacked) -> None:
    server = attacked(limits={"free_disk_mb": 1_000_000_000}, log={"access": False})
    for number in range(50):
        assert server.write("PUT", f"/api/v1/articles/w{number}", {"title": "T", "body": "B"}).status == 507
    for _ in range(50):
        server.request("GET", "/opensearch.xml", Host="evil.example")
        with Client(server) as client:
            client.send(b"\xff" * 100 + b"\r\n\r\n")
            client.rest()
    wait_for(lambda: "room to receive" in log_of(server))
    assert len(log_of(server).splitlines()) < 20, log_of(server)
