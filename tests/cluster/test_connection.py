"""What the cluster says becomes an error that tells what to do, and what will pass is waited for."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from index.cluster.connection import Cluster, ClusterConfig
from index.cluster.sending import Document, send
from index.errors import ClusterError, DiskFullError, StoreError
from tests.cluster.certificates import certify

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

DENIED = {
    "error": {
        "type": "security_exception",
        "reason": "no permissions for [indices:data/read/get] and User [name=u, backend_roles=[]]",
    }
}


class Pretender:
    """A server that gives the ``answers`` that it is told, the last one for ever, and keeps what it was sent."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
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
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.address = f"http{'' if tls is None else 's'}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def pretender() -> Iterator[Pretender]:
    pretender = Pretender()
    yield pretender
    pretender.server.shutdown()
    pretender.server.server_close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    certify(folder)
    return folder


@pytest.fixture
def secure(certificates: Path) -> Iterator[Pretender]:
    """A pretender with TLS, whose certificate is for 127.0.0.1, and which trusts clients that the authority knows."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "node.pem", certificates / "node.key")
    tls.load_verify_locations(certificates / "ca.pem")
    tls.verify_mode = ssl.CERT_OPTIONAL
    pretender = Pretender(tls)
    pretender.server.handle_error = lambda *_: None  # type: ignore[method-assign]
    pretender.answers = [(200, {"a": 1})]
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
        ((401, {"error": "nope"}), "look at cluster.user", 1),
        ((403, DENIED), r"give the user the right to it: .*no permissions for \[indices:data/read/get\]$", 1),
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


def test_what_is_not_allowed_is_told_at_once_of_a_part_too(pretender: Pretender) -> None:
    pretender.answers = [(200, {"docs": [{"_id": "a", **DENIED}]})]
    with pytest.raises(ClusterError, match="give the user the right to it") as raised:
        cluster(pretender.address, timeout=60).documents("x", ["a"], ["b"])
    assert (raised.value.status, len(pretender.bodies)) == (403, 1)


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


@pytest.mark.parametrize(
    ("authority", "host", "client", "message"),
    [
        ("foreign", "127.0.0.1", None, "not trusted: give the authority that signed it as cluster.ca_file"),
        ("ca", "localhost", None, "not for this host: write a name that is in it into hosts"),
        ("ca", "127.0.0.1", "foreign", "look.* at cluster.certificate_file"),  # as an alert, or an end without one
    ],
)
def test_which_certificate_is_wrong_is_told_at_once(
    secure: Pretender, certificates: Path, authority: str, host: str, client: str | None, message: str
) -> None:
    shown = {} if client is None else shown_by(certificates, client)
    address = secure.address.replace("127.0.0.1", host)
    asked = cluster(address, timeout=60, ca=(certificates / f"{authority}.pem").read_text(), **shown)
    with pytest.raises(ClusterError, match=message):
        asked.ask("POST", "x")
    assert secure.bodies == []


def test_certificate_of_a_client_is_shown(secure: Pretender, certificates: Path) -> None:
    ca = (certificates / "ca.pem").read_text()
    assert cluster(secure.address, ca=ca, **shown_by(certificates, "timtin")).ask("POST", "x") == {"a": 1}


def test_key_with_a_passphrase_is_refused_and_not_asked_for(certificates: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.key"
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:bimat", "-in", certificates / "timtin.key"]
    subprocess.run([*command, "-out", locked], check=True, capture_output=True)
    shown = {**shown_by(certificates, "timtin"), "certificate_key": locked}
    with pytest.raises(StoreError, match="the key without a passphrase"):
        cluster("https://127.0.0.1:9", **shown).ask("GET", "x")


def shown_by(certificates: Path, name: str) -> dict[str, Path]:
    return {"certificate": certificates / f"{name}.pem", "certificate_key": certificates / f"{name}.key"}


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
