"""Many writes in few requests, and many articles read: against servers that answer as they are told."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.fake import FakeServer, Reply, json_reply, serving
from timtin.client import (
    AnswerError,
    Article,
    Client,
    Create,
    Delete,
    InvalidRequestError,
    NoAnswerError,
    UnauthorizedError,
)
from timtin.client.bulk import batches


def done(*results: str, **more: Any) -> Reply:
    return json_reply({"outcomes": [{"id": None, "result": result} for result in results], "task": "t1", **more})


def lines(server: FakeServer) -> list[list[Any]]:
    """What each request had in its body."""
    return [[json.loads(line) for line in asked.body.splitlines()] for asked in server.asked]


def test_articles_and_actions_are_sent_in_order() -> None:
    with serving(done("created", "created", "created", "deleted", "replaced")) as server:
        with Client(server.url) as client:
            outcomes = list(
                client.bulk(
                    [
                        Article(id="a", title="lúa"),
                        {"id": "b", "tieu_de": "ngô"},
                        Create({"id": "c", "body": "khoai"}),
                        Delete("d"),
                        {"title": "sắn"},
                    ],
                    wait=True,
                )
            )
        (sent,) = lines(server)
        assert server.asked[0].path == "/api/v1/articles?wait=true"
        assert server.asked[0].headers["Content-Type"] == "application/x-ndjson"
    assert [next(iter(line)) for line in sent] == ["index", "index", "create", "delete", "index"]
    assert sent[1:] == [
        {"index": {"id": "b", "tieu_de": "ngô"}},
        {"create": {"id": "c", "body": "khoai"}},
        {"delete": {"id": "d"}},
        {"index": {"title": "sắn"}},
    ]
    assert [(outcome.id, outcome.result) for outcome in outcomes] == [
        ("a", "created"), ("b", "created"), ("c", "created"), ("d", "deleted"), (None, "replaced"),
    ]  # fmt: skip
    assert {outcome.task for outcome in outcomes} == {"t1"}


def test_any_number_is_read_sent_and_answered_bit_by_bit() -> None:
    read = 0

    def endless() -> Iterator[dict[str, str]]:
        nonlocal read
        for number in itertools.count():
            read = number + 1
            yield {"id": f"a{number}", "title": "lúa"}

    with serving(done(*["created"] * 10)) as server, Client(server.url) as client:
        outcomes = client.bulk(endless(), most_writes=10)
        assert (read, server.asked) == (0, [])
        assert [next(outcomes).id for _ in range(25)] == [f"a{number}" for number in range(25)]
        assert len(server.asked) == 3
    assert read <= 31


@given(st.lists(st.text(max_size=40), max_size=30), st.integers(1, 300), st.integers(1, 7))
def test_requests_keep_their_bounds_and_the_order(titles: list[str], most_bytes: int, most_writes: int) -> None:
    cut = list(batches([{"title": title, "n": n} for n, title in enumerate(titles)], most_bytes, most_writes))
    sent = [json.loads(line)["index"] for batch in cut for line in batch.body.splitlines()]
    assert [(each["n"], each["title"]) for each in sent] == list(enumerate(titles))
    for batch in cut:
        assert 1 <= len(batch.lines) <= most_writes
        assert len(batch.body) <= most_bytes or len(batch.lines) == 1
    for before, after in itertools.pairwise(cut):
        assert len(before.lines) == most_writes or len(before.body) + len(after.lines[0]) > most_bytes


def test_what_is_refused_says_why_and_stops_nothing() -> None:
    why = {"index": 1, "detail": "title: too long", "errors": [{"name": "title", "detail": "too long"}]}
    with serving(done("created", "refused", "unchanged", refused=[why])) as server, Client(server.url) as client:
        good, bad, other = client.bulk([{"id": "a"}, {"id": "b"}, {"id": "c"}])
        assert [line["index"].get("title") for line in lines(server)[0]] == ["", "", ""]  # each is a line of its own
    assert (bad.id, bad.result, bad.detail) == ("b", "refused", "title: too long")
    assert bad.errors == why["errors"]
    assert (good.detail, other.result) == ("", "unchanged")


def test_requests_of_which_all_is_refused_stop_nothing_either() -> None:
    def refusing(count: int, named: int) -> Reply:
        errors = [{"name": f"articles[{index}]", "detail": f"bad {index}"} for index in range(named)]
        return json_reply({"status": 400, "title": "Bad Request", "detail": f"all {count}", "errors": errors}, 400)

    writes = [{"id": f"a{number}"} for number in range(251)]
    replies = [refusing(250, 100), refusing(100, 100), done(*["created"] * 100), refusing(50, 50), done("created")]
    with serving(*replies) as server, Client(server.url) as client:
        outcomes = list(client.bulk(writes, most_writes=250))
        assert [len(sent) for sent in lines(server)] == [250, 100, 100, 50, 1]
    assert [outcome.id for outcome in outcomes] == [write["id"] for write in writes]
    assert [outcome.result for outcome in outcomes] == ["refused"] * 100 + ["created"] * 100 + ["refused"] * 50 + [
        "created"
    ]
    assert outcomes[99].detail == "bad 99"
    other = json_reply({"status": 400, "title": "Bad Request", "errors": [{"name": "wait", "detail": "no"}]}, 400)
    said = pytest.raises(InvalidRequestError, match="wait: no")
    with serving(other) as server, Client(server.url) as client, said:
        list(client.bulk([{"id": "a"}]))


def test_an_article_that_has_no_json_ends_it_after_those_before() -> None:
    with serving(done("created", "created")) as server, Client(server.url) as client:
        outcomes = client.bulk([{"id": "a", "title": "t"}, Delete("b"), {"id": "c", "title": {1, 2}}, {"id": "d"}])
        assert [next(outcomes).id, next(outcomes).id] == ["a", "b"]
        with pytest.raises(TypeError, match="Write 2 cannot be sent"):
            next(outcomes)
        assert len(lines(server)) == 1

    def failing() -> Iterator[Delete]:
        yield Delete("a")
        raise OSError("the disk is gone")

    with serving(done("deleted")) as server, Client(server.url) as client:
        outcomes = client.bulk(failing())
        assert next(outcomes).result == "deleted"
        with pytest.raises(OSError, match="the disk is gone"):
            next(outcomes)


def test_other_errors_end_it() -> None:
    with serving(done("created"), json_reply({}, 401)) as server, Client(server.url) as client:
        outcomes = client.bulk([Delete("a"), Delete("b")], most_writes=1)
        assert next(outcomes).result == "created"
        with pytest.raises(UnauthorizedError):
            next(outcomes)
    with serving(done("created")) as server, Client(server.url) as client, pytest.raises(AnswerError, match="2 writes"):
        list(client.bulk([Delete("a"), Delete("b")]))


def test_bounds_that_nothing_fits_in_are_refused() -> None:
    with serving(done()) as server, Client(server.url) as client:
        for bounds in ({"most_writes": 0}, {"most_bytes": 0}):
            with pytest.raises(ValueError, match="at least one"):
                list(client.bulk([], **bounds))
        assert list(client.bulk([])) == []
        assert server.asked == []


def test_articles_are_asked_for_a_thousand_at_a_time_until_all_are_there() -> None:
    def found(*ids: str, missing: tuple[str, ...] = (), left_out: tuple[str, ...] = ()) -> Reply:
        return json_reply({"articles": [{"id": id} for id in ids], "missing": missing, "left_out": left_out})

    with serving(found("b", "a", left_out=("c",)), found("c", missing=("d",))) as server, Client(server.url) as client:
        read = list(client.get_many(["a", "c", "b", "a", "d"]))
        assert [asked["ids"] for asked in (json.loads(asked.body) for asked in server.asked)] == [
            ["a", "c", "b", "d"],
            ["c", "d"],
        ]
    assert [(id, article.id if article else None) for id, article in read] == [
        ("a", "a"), ("c", "c"), ("b", "b"), ("a", "a"), ("d", None),
    ]  # fmt: skip
    ids = [f"a{number}" for number in range(2001)]
    with serving(found(missing=tuple(ids))) as server, Client(server.url) as client:
        assert [id for id, _ in client.get_many(iter(ids))] == ids
        assert [len(json.loads(asked.body)["ids"]) for asked in server.asked] == [1000, 1000, 1]
    long = ["ố" * 200 + str(number) for number in range(300)]
    with serving(found(missing=tuple(long))) as server, Client(server.url) as client:
        assert [id for id, _ in client.get_many(long)] == long
        assert [len(json.loads(asked.body)["ids"]) for asked in server.asked] == [99, 99, 99, 3]
        assert max(len(asked.body) for asked in server.asked) < 64 * 1024
    with serving(found()) as server, Client(server.url) as client, pytest.raises(AnswerError, match="no article"):
        list(client.get_many(["a"]))


def chunked(*pieces: bytes, whole: bool = True) -> Reply:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return Reply(raw=head + body + (b"0\r\n\r\n" if whole else b""))


def test_an_export_is_read_as_it_comes() -> None:
    text = '{"id":"a","title":"lúa\\n"}\n{"id":"b","body":"x\u2028y\x85z"}\n'.encode()
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    with serving(chunked(*pieces)) as server, Client(server.url) as client:
        first, second = client.export(source="Báo Mới", from_="2025")
        assert server.asked[0].path == "/api/v1/export?source=B%C3%A1o+M%E1%BB%9Bi&from=2025"
    assert (first, second.body) == (Article(id="a", title="lúa\n"), "x\u2028y\x85z")


def test_half_an_export_is_no_export(pauses: list[float]) -> None:
    with serving(chunked(b'{"id":"a"}\n', whole=False)) as server, Client(server.url) as client:
        articles = client.export()
        assert next(articles).id == "a"
        with pytest.raises(NoAnswerError):
            next(articles)
        assert len(server.asked) == 1
    said = pytest.raises(AnswerError, match="is this a timtin service")
    with serving(chunked(b"<html>\n")) as server, Client(server.url) as client, said:
        next(client.export())
