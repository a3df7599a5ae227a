"""What is sent again and what is not, and how long the client waits before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.fake import Reply, json_reply, problem_reply, serving
from timtin.client import (
    AnswerError,
    Client,
    ConflictError,
    NoAnswerError,
    NotFoundError,
    PreconditionFailedError,
    ProblemError,
    Retries,
    TimedOutError,
    TooManyRequestsError,
    UnavailableError,
)
from timtin.client.retrying import retry_after

FOUND = json_reply({"total": 0, "hits": []})
WRITTEN = json_reply({"id": "a", "result": "created"})
BROKEN = Reply(broken=True)


@pytest.mark.parametrize("failure", [problem_reply(429), problem_reply(503), Reply(502), BROKEN])
def test_a_search_is_sent_again_until_it_is_answered(failure: Reply, pauses: list[float]) -> None:
    with serving(failure, failure, FOUND) as server, Client(server.url) as client:
        assert client.search("lúa").total == 0
        assert len(server.asked) == 3
        assert len({(asked.method, asked.path) for asked in server.asked}) == 1
    assert len(pauses) == 2


def test_the_wait_grows_and_differs_from_client_to_client(pauses: list[float]) -> None:
    with serving(problem_reply(503)) as server, Client(server.url, retries=Retries(4, 1000)) as client:
        for _ in range(2):
            with pytest.raises(UnavailableError):
                client.stats()
        assert len(server.asked) == 10
    first, second = pauses[:4], pauses[4:]
    assert first != second
    for tried, pause in enumerate(first):
        assert 0.25 * 2**tried <= pause <= 0.5 * 2**tried


@given(st.lists(st.none() | st.floats(0, 100), min_size=1), st.floats(0, 200), st.integers(0, 30))
def test_all_waits_together_are_bounded(asked: list[float | None], patience: float, most: int) -> None:
    retries, waited = Retries(most, patience), 0.0
    for tried, seconds in enumerate(asked * 40, 1):
        pause = retries.pause(tried, waited, seconds)
        if pause is None:
            break
        assert pause >= (seconds or 0)
        waited += pause
    assert tried <= most + 1
    assert waited <= patience


@pytest.mark.parametrize("status", [429, 503])
def test_the_service_says_how_long_to_wait(status: int, pauses: list[float]) -> None:
    busy = problem_reply(status, Retry_After="7")
    with serving(busy, FOUND) as server, Client(server.url) as client:
        client.search()
    (pause,) = pauses
    assert 7 <= pause <= 7.25


def test_the_service_says_until_when_to_wait(pauses: list[float]) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=30)
    busy = problem_reply(503, Retry_After=format_datetime(moment, usegmt=True))
    with serving(busy, FOUND) as server, Client(server.url) as client:
        client.search()
    (pause,) = pauses
    assert 0 < pause <= 30.25


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        (" 12 ", 12.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
    ],
)
def test_a_retry_after_header_of_any_kind_is_understood_or_ignored(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_a_client_with_less_patience_than_asked_gives_up_at_once(pauses: list[float]) -> None:
    with serving(problem_reply(429, Retry_After="3600")) as server, Client(server.url) as client:
        with pytest.raises(TooManyRequestsError) as caught:
            client.search("lúa")
        assert len(server.asked) == 1
    assert caught.value.retry_after == 3600
    assert pauses == []


WRITES: dict[str, tuple[Callable[[Client], Any], bool]] = {
    "put": (lambda client: client.put({"id": "a", "title": "t"}), True),
    "put if there is none": (lambda client: client.put({"id": "a", "title": "t"}, if_none_match="*"), False),
    "put if unchanged": (lambda client: client.put({"id": "a", "title": "t"}, if_match='"x"'), False),
    "put without an id": (lambda client: client.put({"title": "t"}), True),
    "patch": (lambda client: client.patch("a", {"title": "t"}), False),
    "delete": (lambda client: client.delete("a"), True),
    "delete if unchanged": (lambda client: client.delete("a", if_match='"x"'), False),
    "reindex": (lambda client: client.reindex(), True),
    "bulk": (lambda client: list(client.bulk([{"id": "a", "title": "t"}])), True),
    "delete by filter": (lambda client: client.delete_where(source="Báo"), True),
    "count": (lambda client: client.count_where(source="Báo"), True),
    "get many": (lambda client: list(client.get_many(["a"])), True),
}
DONE = json_reply(
    {
        "id": "a", "result": "created", "kind": "reindex", "state": "waiting", "matched": 1, "articles": [],
        "missing": ["a"], "outcomes": [{"id": "a", "result": "created"}],
    }
)  # fmt: skip


@pytest.mark.parametrize("failure", [BROKEN, problem_reply(503)], ids=["broken", "503"])
@pytest.mark.parametrize(("write", "may_repeat"), WRITES.values(), ids=WRITES)
def test_only_what_can_be_done_twice_is_sent_again(
    write: Callable[[Client], Any], may_repeat: bool, failure: Reply, pauses: list[float]
) -> None:
    with serving(failure, DONE) as server, Client(server.url) as client:
        if may_repeat:
            write(client)
        else:
            with pytest.raises((NoAnswerError, UnavailableError)):
                write(client)
        asked = [(each.method, each.path, each.body, each.headers.get("Idempotency-Key")) for each in server.asked]
    assert len(pauses) == may_repeat
    assert len(asked) == 1 + may_repeat
    assert len(set(asked)) == 1  # with the same idempotency key, if there is one
    is_post = asked[0][0] == "POST"
    assert (asked[0][3] is not None) == (is_post and write not in (WRITES["count"][0], WRITES["get many"][0]))


def test_each_write_has_an_idempotency_key_of_its_own(pauses: list[float]) -> None:
    with serving(DONE) as server, Client(server.url) as client:
        client.reindex()
        client.reindex()
        first, second = (asked.headers["Idempotency-Key"] for asked in server.asked)
    assert first != second


def test_a_write_that_is_still_being_done_is_asked_for_again(pauses: list[float]) -> None:
    with serving(Reply(503), problem_reply(409), DONE) as server, Client(server.url) as client:
        assert client.reindex().state == "waiting"
        server.replies[:] = [problem_reply(409)]
        with pytest.raises(ConflictError):
            client.patch("a", {})
    assert len(pauses) == 2


def test_what_was_refused_unseen_is_sent_again_whatever_it_is(pauses: list[float]) -> None:
    with serving(problem_reply(429), WRITTEN) as server, Client(server.url) as client:
        assert client.patch("a", {"title": "t"}).result == "created"
        server.replies[:] = [problem_reply(429), WRITTEN]
        assert client.put({"id": "a", "title": "t"}, if_match='"x"').id == "a"
    assert len(pauses) == 2


def test_what_nobody_heard_is_sent_again_whatever_it_is(port: int, pauses: list[float]) -> None:
    with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(NoAnswerError):
        client.patch("a", {"title": "t"})
    assert len(pauses) == 4


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFoundError), (412, PreconditionFailedError), (500, ProblemError)]
)
def test_other_errors_are_not_sent_again(status: int, kind: type[ProblemError], pauses: list[float]) -> None:
    with serving(problem_reply(status)) as server, Client(server.url) as client:
        with pytest.raises(kind):
            client.get("a")
        assert len(server.asked) == 1
    assert pauses == []


def test_a_service_that_says_nothing_is_left_in_time(pauses: list[float]) -> None:
    with serving(Reply(silent=True)) as server:
        client = Client(server.url, timeout=0.05, retries=Retries(1))
        with client, pytest.raises(TimedOutError, match="/api/v1/stats was not answered"):
            client.stats()
    assert len(pauses) == 1


def test_no_retries_are_no_retries(pauses: list[float]) -> None:
    with serving(problem_reply(503)) as server, Client(server.url, retries=Retries(0)) as client:
        with pytest.raises(UnavailableError):
            client.search()
        assert len(server.asked) == 1
    with pytest.raises(ValueError, match="negative"):
        Retries(-1)


def test_health_is_told_at_once(pauses: list[float]) -> None:
    with serving(problem_reply(503, "the index lags", Retry_After="5")) as server, Client(server.url) as client:
        health = client.health()
    assert (health.ready, health.why, pauses) == (False, "the index lags", [])


GARBAGE = {
    "no HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n"),
    "half an answer": Reply(raw=b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"total": 0'),
    "half a chunk": Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{"),
    "no gzip": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_half_an_answer_is_none(garbage: Reply, pauses: list[float]) -> None:
    with serving(garbage, FOUND) as server, Client(server.url) as client:
        assert client.search().total == 0
        assert len(server.asked) == 2


STRANGE = [
    b"", b"<html>", b"\xff", b"[" * 100_000, b"[]", b"null", b"7", b'{"hits": []}', b'{"total": 0, "hits": {}}',
    b'{"total": true, "hits": []}', b'{"total": "1", "hits": []}', b'{"total": 1, "hits": [{"title": "no id"}]}',
    b'{"total": 0, "hits": [], "facets": {"source": [{"value": 1, "count": 1}]}}',
]  # fmt: skip


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:30].decode("latin-1"))
def test_what_is_no_service_is_said_to_be_none(body: bytes, pauses: list[float]) -> None:
    said = "is this a timtin service"
    with serving(Reply(body=body)) as server, Client(server.url) as client, pytest.raises(AnswerError, match=said):
        client.search("lúa")
    assert pauses == []
