"""What is not HTTP, or too much of it: refused in words, and nothing hidden behind it is taken for a request."""

from __future__ import annotations

from urllib.parse import quote

from tests.attacks.clients import (
    MB,
    Client,
    count,
    first,
    get,
    heavy,
    most_memory,
    nothing_failed,
    others_are_answered,
    statuses,
)
from tests.attacks.conftest import Attacked

HOST = b"Host: 127.0.0.1\r\n"
GET, POST = b"GET /nowhere HTTP/1.1\r\n", b"POST /nowhere HTTP/1.1\r\n"
CHUNKED, CHUNKS = b"Transfer-Encoding: chunked\r\n", b"\r\n0\r\n\r\n"
HIDDEN = get("/api/v1/articles/n1")
UNCLEAR = {
    "two kinds of length": POST + HOST + b"Content-Length: 4\r\n" + CHUNKED + CHUNKS,
    "two kinds of length, turned": POST + HOST + CHUNKED + b"Content-Length: 4\r\n" + CHUNKS,
    "two lengths": POST + HOST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "one length twice": POST + HOST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": POST + HOST + b"Content-Length: 0, 0\r\n\r\n",
    "a negative length": POST + HOST + b"Content-Length: -1\r\n\r\n",
    "a signed length": POST + HOST + b"Content-Length: +0\r\n\r\n",
    "a length in hex": POST + HOST + b"Content-Length: 0x0\r\n\r\n",
    "a huge length": POST + HOST + b"Content-Length: " + b"9" * 50 + b"\r\n\r\n",
    "an unknown encoding": POST + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    "chunked, then another": POST + HOST + b"Transfer-Encoding: chunked, gzip\r\n" + CHUNKS,
    "another, then chunked": POST + HOST + b"Transfer-Encoding: gzip, chunked\r\n" + CHUNKS,
    "nearly chunked": POST + HOST + b"Transfer-Encoding: xchunked\r\n" + CHUNKS,
    "chunked in quotes": POST + HOST + b'Transfer-Encoding: "chunked"\r\n' + CHUNKS,
    "two encodings": POST + HOST + CHUNKED + b"Transfer-Encoding: identity\r\n" + CHUNKS,
    "chunked twice": POST + HOST + CHUNKED + CHUNKED + CHUNKS,
    "a space before the colon": POST + HOST + b"Content-Length : 0\r\n\r\n",
    "a tab before the colon": POST + HOST + b"Transfer-Encoding\t: chunked\r\n" + CHUNKS,
    "a space in a name": GET + HOST + b"X Y: 0\r\n\r\n",
    "a folded line": GET + HOST + b"X: a\r\n b\r\n\r\n",
    "a first line that is folded": GET + b" X: a\r\n" + HOST + b"\r\n",
    "no name": GET + HOST + b": 0\r\n\r\n",
    "no colon": GET + HOST + b"Content-Length\r\n\r\n",
    "lines ended by LF": b"POST /nowhere HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0\n\n",
    "CR amid a value": GET + HOST + b"X: a\rContent-Length: 0\r\n\r\n",
    "NUL in a value": GET + HOST + b"X: a\0b\r\n\r\n",
    "two hosts": GET + HOST + HOST + b"\r\n",
    "no host": GET + b"\r\n",
    "a space in the target": b"GET /no where HTTP/1.1\r\n" + HOST + b"\r\n",
    "an unknown version": b"GET /nowhere HTTP/9.9\r\n" + HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unknown method": b"SMUGGLE /nowhere HTTP/1.1\r\n" + HOST + b"\r\n",
    "a request to a proxy": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 500,
    "much of nothing": b"\xff" * 300_000,
}
"""Each is followed by a request that nobody may answer."""
BAD_CHUNKS = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "a word": b"five\r\nhello\r\n0\r\n\r\n",
    "a negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "hex with a sign": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a huge size": b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "too little data": b"9\r\nhello\r\n0\r\n\r\n",
    "too much data": b"2\r\nhello\r\n0\r\n\r\n",
    "LF alone": b"5\nhello\n0\n\n",
}


def test_nothing_behind_an_unclear_request_is_answered(attacked: Attacked) -> None:
    server = attacked(limits={"header_seconds": 1})
    for name, request in UNCLEAR.items():
        with Client(server) as client:
            client.send(request + HIDDEN)
            said = client.rest()
        assert statuses(said) == [400], (name, said)
        assert first(said).problem["title"] == "Bad Request", name
    for name, chunks in BAD_CHUNKS.items():
        with Client(server) as client:
            client.send(POST + HOST + CHUNKED + b"\r\n" + chunks + HIDDEN)
            said = client.rest()
        assert 200 not in statuses(said), (name, said)
        assert len(statuses(said)) <= 1, (name, said)
    assert count(server, "timtin_requests_total", endpoint="api.read_article") == 0
    others_are_answered(server)
    nothing_failed(server)


def test_a_length_of_another_header_is_not_believed(attacked: Attacked) -> None:
    server = attacked()
    with Client(server) as client:
        client.send(get("/nowhere", "Content_Length: 500", "Transfer_Encoding: chunked", "Content-Length-: 9") + HIDDEN)
        assert [client.answer().status, client.answer().status] == [404, 200]


def test_a_body_is_not_taken_for_a_request(attacked: Attacked) -> None:
    """Neither when it is not read, nor when it is in several parts, with letters that are escaped in targets."""
    server = attacked()
    with Client(server) as client:
        for body in (HIDDEN, HIDDEN * 100, "Giá vàng\r\n".encode() * 9):
            for request in (POST, b"GET /healthz HTTP/1.1\r\n", b"GET /api/v1/articles/n2 HTTP/1.1\r\n"):
                client.send(request + HOST + b"Content-Length: %d\r\n\r\n" % len(body))
                status = client.answer().status
                client.send(body[:7])
                client.send(body[7:])
                assert status == (404 if request is POST else 200)
        article = '{"title": "Giá vàng", "body": "Giá vàng hôm nay"}'.encode()
        head = get("/api/v1/articles/apart", f"Authorization: Bearer {server.key}", method="PUT")
        head = head[:-2] + b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(article)
        client.send(head + b"Expect: 100-continue\r\n\r\n")
        assert client.interim() == 100
        assert client.ask(article).status == 201
        client.send(head + b"\r\n" + article[:12])
        client.send(article[12:])
        assert client.answer().status == 200
        assert client.ask(get("/api/v1/articles/apart")).body.decode().count("Giá vàng") == 2
    assert count(server, "timtin_requests_total", endpoint="api.read_article") == 4
    nothing_failed(server)


def test_what_is_too_long_is_refused(attacked: Attacked) -> None:
    server = attacked()
    search = "/api/v1/search?q="
    for status, request in {
        414: get(search + "a" * 100_000),
        431: get("/healthz", *(f"X-{number}: {'a' * 1000}" for number in range(1000))),
        400: get("/healthz", "a" * 1000),
    }.items():
        with Client(server) as client:
            said = client.upload([request])
            assert statuses(said) == [status]
            assert first(said).problem
    with Client(server) as client:
        assert statuses(client.upload(b"X" * 1000 for _ in range(100_000))) in ([400], [431])
    with Client(server) as client:
        assert statuses(client.upload(b"\r\n" * 1000 for _ in range(100_000))) == [431]
    others_are_answered(server)
    nothing_failed(server)


def test_a_head_cannot_grow_behind_a_request(attacked: Attacked) -> None:
    """Nor can what follows the last chunk of a body."""
    server = attacked(server={"workers": 1})
    before = most_memory(server)
    lines = [b"X: " + b"a" * 60_000 + b"\r\n"] * 2000
    waiting = [Client(server) for _ in range(20)]
    for each in waiting:
        each.send(get(heavy()))
    with Client(server) as client:
        assert len(statuses(client.upload([get(heavy()) + GET, *lines]))) <= 1
    head = get("/api/v1/articles", f"Authorization: Bearer {server.key}", method="POST")[:-2] + CHUNKED
    with Client(server) as client:
        assert len(statuses(client.upload([head + b"\r\n0\r\n", *lines]))) <= 1
    with Client(server) as client:
        assert len(statuses(client.upload([head + b"\r\n1;", *([b"x" * 60_000] * 2000)]))) <= 1
    assert most_memory(server) - before < 60 * MB
    for each in waiting:
        assert each.answer().status == 200
    others_are_answered(server)
    nothing_failed(server)


def test_letters_in_the_target_need_no_escape(attacked: Attacked) -> None:
    server = attacked()
    with Client(server) as client:
        raw = client.ask(get("/api/v1/search?q=giá+vàng&size=3"))
        escaped = client.ask(get(f"/api/v1/search?q={quote('giá')}+{quote('vàng')}&size=3"))
    assert raw.status == escaped.status == 200
    assert raw.body.partition(b'"hits"')[2] == escaped.body.partition(b'"hits"')[2] != b""


def test_many_requests_in_one_packet(attacked: Attacked) -> None:
    server = attacked()
    with Client(server) as client:
        client.send(get("/healthz") * 150)
        assert [client.answer().status for _ in range(150)] == [200] * 150
    with Client(server) as client:
        assert len(statuses(client.upload([get("/healthz") * 14_000]))) < 14_000
    with Client(server) as client:
        assert len(statuses(client.upload([get(heavy()) * 14_000]))) < 1000
    others_are_answered(server)
    nothing_failed(server)


def test_an_upgrade_is_not_taken(attacked: Attacked) -> None:
    server = attacked()
    with Client(server) as client:
        for upgrade, status in {"h2c": 200, "TLS/1.0": 200, "websocket": 405}.items():
            asked = get("/api/v1/articles/n1", "Connection: Upgrade", f"Upgrade: {upgrade}")
            assert client.ask(asked).status == status
            assert client.ask(get("/api/v1/articles/n1")).status == 200


def test_methods_that_an_address_does_not_have(attacked: Attacked) -> None:
    """A client that sends head and body at once gets a clear answer, too, and the body is not read."""
    server = attacked()
    body = b'{"title": "T", "body": "B"}'
    for method, target, wanted in (
        ("PUT", "/api/v1/articles/n1/similar", 405),
        ("POST", "/api/v1/articles/n1/similar", 405),
        ("DELETE", "/api/v1/articles/n1/similar", 405),
        ("PUT", "/api/v1/articles", 405),
        ("PUT", "/api/v1/search", 405),
        ("POST", "/healthz", 405),
        ("PUT", "/nowhere", 404),
        ("POST", "/", 405),
        ("PATCH", "/api/v1/articles/n1/similar", 405),
    ):
        for key in (server.key, ""):
            head = get(target, f"Authorization: Bearer {key}", "Content-Type: text/plain", method=method)[:-2]
            with Client(server) as client:
                answer = client.ask(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                assert answer.problem["status"] == wanted, (method, target)
                assert ("allow" in answer.headers) == (wanted == 405)
                client.send(head + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (64 * MB))
                assert client.answer().problem["status"] in {wanted, 413}, (method, target)
    nothing_failed(server)
