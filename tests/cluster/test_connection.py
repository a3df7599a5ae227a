"""What the cluster says becomes an error that tells what to do, and what will pass is waited for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from index.cluster.connection import Cluster, ClusterConfig
from index.cluster.sending import Document, send
from index.errors import ClusterError, DiskFullError, StoreError

Answer = tuple[int, Any]
BLOCKED = {
    "error": {"type": "cluster_block_exception", "reason": "index [x] blocked by: [FORBIDDEN/8/index write (api)];"}
}
FULL = {
    "error": {
        "type": "cluster_block_exception",
        "reason": "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has"
        " read-only-allow-delete block];",
    }
}


class Pretender:
    """A server that gives the ``answers`` that it is told, the last one for ever, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        pretender = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                pretender.bodies.append(self.rfile.read(int(self.headers.get("content-length", 0))))
                pretender.headers.append({name.lower(): value for name, value in self.headers.items()})
                status, answer = pretender.answers.pop(0) if len(pretender.answers) > 1 else pretender.answers[0]
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "text/html" if isinstance(answer, bytes) else "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def pretender() -> Iterator[Pretender]:
    pretender = Pretender()
    yield pretender
    pretender.server.shutdown()
    pretender.server.server_close()


def cluster(*hosts: str, timeout: float = 1.0, **options: Any) -> Cluster:
    return Cluster(ClusterConfig(hosts, timeout=timeout, **options))


@pytest.mark.parametrize("passing", [(429, {}), (503, {}), (502, b"<html>"), (403, BLOCKED)])
def test_what_will_pass_is_asked_again(pretender: Pretender, passing: Answer) -> None:
    pretender.answers = [passing, passing, (200, {"a": 1})]
    assert cluster(pretender.address, timeout=30).ask("POST", "x", body={"q": "lúa"}) == {"a": 1}
    assert [json.loads(body) for body in pretender.bodies] == [{"q": "lúa"}] * 3


@pytest.mark.parametrize(
    ("answer", "message", "asked"),
    [
        ((401, {"error": "nope"}), "look at the user and password, or the key", 1),
        ((403, {"error": {"type": "security_exception", "reason": "no permissions"}}), "give the user the right", 1),
        ((400, {"error": {"type": "parsing_exception", "reason": "x" * 5000}}), "refused a request", 1),
        ((404, {"error": {"type": "index_not_found_exception", "reason": "no such index"}}), "no such index", 1),
        ((200, b"<html>"), "not as a cluster does", 1),
        ((503, {"error": {"type": "cluster_manager_not_discovered_exception"}}), "within 0.5 seconds", 2),
    ],
)
def test_refusal_says_what_to_do(pretender: Pretender, answer: Answer, message: str, asked: int) -> None:
    pretender.answers = [answer]
    with pytest.raises(ClusterError, match=message) as raised:
        cluster(pretender.address, timeout=0.5, user="u", password="bí mật").ask("POST", "x")
    assert len(pretender.bodies) >= asked
    assert len(str(raised.value)) < 600
    assert "bí mật" not in str(raised.value)
    if answer[0] != 200:
        assert raised.value.status == answer[0]


@pytest.mark.parametrize("status", [429, 403])
def test_full_disk_of_a_node_is_told_at_once(pretender: Pretender, status: int) -> None:
    pretender.answers = [(status, FULL)]
    with pytest.raises(DiskFullError, match="disk of a node is too full"):
        cluster(pretender.address, timeout=60).ask("POST", "x")
    assert len(pretender.bodies) == 1


def test_host_that_is_not_there_is_passed_over(pretender: Pretender) -> None:
    pretender.answers = [(200, {"a": 1})]
    asked = cluster("http://127.0.0.1:9", pretender.address, timeout=30)
    assert [asked.ask("POST", "x") for _ in range(4)] == [{"a": 1}] * 4
    with pytest.raises(ClusterError, match="look whether it runs"):
        cluster("http://127.0.0.1:9", timeout=0.3).ask("POST", "x")


def test_host_that_speaks_no_tls_is_told_from_one_that_is_not_trusted(pretender: Pretender) -> None:
    pretender.answers = [(200, {})]
    with pytest.raises(ClusterError, match="begins with http or with https"):
        cluster(pretender.address.replace("http:", "https:")).ask("POST", "x")


def test_who_asks_is_told_to_the_cluster_alone(pretender: Pretender) -> None:
    pretender.answers = [(200, {})]
    for options in ({"user": "u", "password": "bimat"}, {"api_key": "bimat"}):
        asked = cluster(pretender.address, **options)
        asked.ask("POST", "x")
        assert "bimat" not in repr(asked.config)
    assert [headers["authorization"] for headers in pretender.headers] == ["Basic dTpiaW1hdA==", "ApiKey bimat"]


@pytest.mark.parametrize(
    ("hosts", "options", "message"),
    [
        ((), {}, "no host"),
        (("search-1:9200",), {}, "no address"),
        (("ftp://search-1",), {}, "no address"),
        (("http://u:bimat@search-1",), {}, "user or a password in its address"),
        (("http://[",), {}, "no address"),
        (("http://a:99999",), {}, "no address"),
        (("http://a",), {"prefix": "Tin"}, "cannot begin names"),
        (("http://a",), {"prefix": ""}, "cannot begin names"),
        (("http://a",), {"shards": 0}, "one shard or more"),
        (("http://a",), {"replicas": -1}, "0 replicas or more"),
        (("http://a",), {"user": "u"}, "needs a password"),
        (("http://a",), {"api_key": "bimat\n"}, "signs that no key has"),
    ],
)
def test_what_cannot_be_a_cluster_is_refused(hosts: Sequence[str], options: dict[str, Any], message: str) -> None:
    with pytest.raises(StoreError, match=message) as raised:
        ClusterConfig(tuple(hosts), **options)
    assert "bimat" not in str(raised.value)


def test_certificate_that_is_none_is_refused() -> None:
    with pytest.raises(StoreError, match="no PEM text"):
        cluster("https://127.0.0.1:9", ca="không phải").ask("GET", "x")


def documents(*ids: str, size: int = 10) -> list[Document]:
    return [
        Document(id, number, json.dumps({"id": id, "x": "x" * size}).encode() + b"\n")
        for number, id in enumerate(ids, 1)
    ]


def items(*statuses: int, **more: Any) -> dict[str, Any]:
    return {"items": [{"index": {"status": status, **(more if status > 299 else {})}} for status in statuses]}


def sent(pretender: Pretender) -> list[list[str]]:
    """Return the ids of each request."""
    return [[json.loads(line)["index"]["_id"] for line in body.splitlines()[::2]] for body in pretender.bodies]


def test_only_what_could_not_be_taken_is_sent_again(pretender: Pretender) -> None:
    pretender.answers = [(200, items(201, 429, 409, 503)), (200, items(503, 201)), (200, items(201))]
    assert send(cluster(pretender.address, timeout=30), documents("a", "b", "c", "d"), index="x") == [
        True,
        True,
        False,
        True,
    ]
    assert sent(pretender) == [["a", "b", "c", "d"], ["b", "d"], ["b"]]


def test_document_that_is_refused_is_named_and_the_others_are_sent(pretender: Pretender) -> None:
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse"}
    pretender.answers = [(200, items(201, 400, error=error)), (200, items(201))]
    three = [*documents("a", "b"), *documents("c", size=5_000_000)]
    with pytest.raises(ClusterError, match=r"article 'b': .*failed to parse"):
        send(cluster(pretender.address), three, index="x")
    assert sent(pretender) == [["a", "b"], ["c"]]


def test_requests_have_a_few_megabytes(pretender: Pretender) -> None:
    pretender.answers = [(200, items(201, 201)), (200, items(201)), (200, items(201, 201))]
    many = [*documents("a", "b", size=2_000_000), *documents("c", size=9_000_000), *documents("d", "e")]
    assert send(cluster(pretender.address), many, index="x") == [True] * 5
    assert sent(pretender) == [["a", "b"], ["c"], ["d", "e"]]
    assert max(len(body) for body in (pretender.bodies[0], pretender.bodies[2])) < 5_000_000


def test_request_that_is_too_large_is_divided_and_an_article_that_is_named(pretender: Pretender) -> None:
    pretender.answers = [(413, {}), (200, items(201)), (413, {})]
    with pytest.raises(ClusterError, match=r"article 'b' is too large .* http\.max_content_length"):
        send(cluster(pretender.address), documents("a", "b"), index="x")
    assert sent(pretender) == [["a", "b"], ["a"], ["b"]]


def test_document_whose_copy_failed_is_sent_again(pretender: Pretender) -> None:
    one_failed = {"items": [{"index": {"status": 201, "_shards": {"total": 2, "successful": 1, "failed": 1}}}]}
    alone = {"items": [{"index": {"status": 200, "_shards": {"total": 2, "successful": 1, "failed": 0}}}]}
    pretender.answers = [(200, one_failed), (200, alone)]
    assert send(cluster(pretender.address, timeout=30), documents("a"), index="x") == [True]
    assert sent(pretender) == [["a"], ["a"]]


def test_full_disk_stops_a_write(pretender: Pretender) -> None:
    pretender.answers = [(200, items(201, 429, error=FULL["error"]))]
    with pytest.raises(DiskFullError):
        send(cluster(pretender.address, timeout=60), documents("a", "b"), index="x")
