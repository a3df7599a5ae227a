"""What the client makes of a service's answers and errors, also of a service newer than itself."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.client.fake import Reply, json_reply, problem_reply, serving
from timtin.client import (
    Article,
    Client,
    ConflictError,
    FacetCount,
    ForbiddenError,
    InvalidRequestError,
    NoSpaceError,
    NotFoundError,
    PreconditionFailedError,
    Problem,
    ProblemError,
    Retries,
    ServerError,
    TaskFailedError,
    TaskUnfinishedError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from timtin.client.errors import error_for


@contextmanager
def impatient(*replies: Reply) -> Iterator[Client]:
    """A client of a server that gives these replies; it asks once."""
    with serving(*replies) as server, Client(server.url, retries=Retries(0)) as client:
        yield client


NEWER = {
    "hits": [{"id": "a", "score": 1, "mood": "glad"}],
    "total": 1,
    "cursor": "abc",
    "query": {"text": "lúa", "language": "vi"},
    "facets": {"source": [{"value": "Báo", "count": 1, "share": 0.5}]},
}


def test_a_newer_service_breaks_nothing_and_what_it_adds_can_be_read() -> None:
    with serving(json_reply(NEWER)) as server, Client(server.url) as client:
        answer = client.search("lúa")
    assert answer.other == {"cursor": "abc"}
    assert answer.hits[0].other == {"mood": "glad"}
    assert answer.hits[0].score == 1.0
    assert answer.query.other == {"language": "vi"}
    assert answer.facets == {"source": [FacetCount(value="Báo", count=1)]}


KINDS = {
    400: InvalidRequestError, 401: UnauthorizedError, 403: ForbiddenError, 404: NotFoundError, 405: ProblemError,
    409: ConflictError, 412: PreconditionFailedError, 413: TooLargeError, 414: TooLargeError, 415: ProblemError,
    429: TooManyRequestsError, 431: TooLargeError, 500: ServerError, 503: UnavailableError, 507: NoSpaceError,
    599: ServerError,
}  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), KINDS.items())
def test_each_kind_of_error_is_an_exception_of_its_own(status: int, kind: type[ProblemError]) -> None:
    document = {
        "type": "https://example.vn/p", "title": "T", "status": status, "detail": "why", "instance": "/i",
        "errors": [{"name": "size", "detail": "too large", "code": 7}], "trace": "t",
    }  # fmt: skip
    with impatient(json_reply(document, status, Retry_After="9")) as client, pytest.raises(kind) as caught:
        client.search(size=1000)
    error = caught.value
    assert type(error) is kind
    assert error.status == error.problem.status == status
    assert (error.problem.detail, error.problem.other, error.retry_after) == ("why", {"trace": "t"}, 9.0)
    assert error.problem.errors[0]["code"] == 7
    assert str(error) == f"{status} why (size: too large)"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}),
        Reply(502, b"{broken", {"Content-Type": "application/problem+json"}),
        Reply(502, b'{"title": 7}', {"Content-Type": "application/problem+json"}),
        Reply(502, b"x" * 3_000_000),
    ],
    ids=["html", "broken", "strange", "long"],
)
def test_an_error_without_a_problem_document_is_an_error_all_the_same(reply: Reply) -> None:
    said = "without a problem document"
    with impatient(reply) as client, pytest.raises(UnavailableError, match=said) as caught:
        client.search()
    assert caught.value.status == 502


def test_a_redirect_is_not_followed_with_the_key_but_said() -> None:
    reply = Reply(301, b"", {"Location": "https://tin.example.vn/"})
    with serving(reply) as server, Client(server.url, "secret") as client:
        with pytest.raises(ProblemError, match=r"https://tin\.example\.vn/"):
            client.search()
        assert len(server.asked) == 1


@pytest.mark.parametrize("id", ["a", "báo/lúa 1", "a?b#c%2F+&;=@:!", "%", "日本", "a/b.c/d"])
def test_any_id_is_addressed(id: str) -> None:
    with serving(json_reply({"id": id})) as server, Client(server.url + "/tìm") as client:
        assert client.get(id).id == id
        path = urlsplit(server.asked[0].path)
    assert (unquote(path.path), path.query) == (f"/tìm/api/v1/articles/{id}", "")
    assert "/" not in path.path.removeprefix("/t%C3%ACm/api/v1/articles/").replace("/", "", id.count("/"))


def test_parameters_are_sent_as_the_api_writes_them() -> None:
    with serving(json_reply({"total": 0, "hits": []})) as server, Client(server.url) as client:
        client.search(
            "giá & lúa",
            facets=["source", "year"],
            collapse=False,
            from_=date(2025, 8, 1),
            to="2026",
            size=None,
            copies=0,
        )
        client.search(facets="day", recency=30)
        sent = [parse_qs(urlsplit(asked.path).query, keep_blank_values=True) for asked in server.asked]
    assert sent[0] == {
        "q": ["giá & lúa"], "facets": ["source,year"], "collapse": ["false"], "from": ["2025-08-01"], "to": ["2026"],
        "copies": ["0"],
    }  # fmt: skip
    assert sent[1] == {"q": [""], "facets": ["day"], "recency": ["30"]}


def test_a_misspelt_parameter_is_no_parameter() -> None:
    with serving(json_reply({})) as server, Client(server.url) as client:
        with pytest.raises(TypeError, match=r"no parameter 'sizes'; there are accents, author, .*size"):
            client.search(sizes=3)  # type: ignore[call-arg]
        assert server.asked == []


def test_an_empty_id_does_not_name_all_articles() -> None:
    with serving(json_reply({})) as server, Client(server.url) as client:
        for act in (client.get, client.delete, client.similar):
            with pytest.raises(ValueError, match="not empty"):
                act("")
        with pytest.raises(ValueError, match="not empty"):
            client.put({"id": "", "title": "t"})
        assert server.asked == []


def test_dates_are_sent_as_texts_and_what_has_no_json_is_refused() -> None:
    with serving(json_reply({"id": "a", "result": "created"})) as server, Client(server.url) as client:
        client.put({"id": "a", "title": "lúa", "published": date(2025, 8, 27)})
        client.put(Article(id="a", title="\ud800"))
        for bad, kind in (
            ({"id": "a", "extra": {"x": float("nan")}}, ValueError),
            ({"id": "a", "title": b"t"}, TypeError),
        ):
            with pytest.raises(kind):
                client.put(bad)
        assert server.asked[0].body == '{"id":"a","title":"lúa","published":"2025-08-27"}'.encode()
        assert b'"title":"\\ud800"' in server.asked[1].body
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://a.vn", "http://", "http://a.vn?q=1", "http://a.vn#x", "http://u:p@a.vn"]
)
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Client(url)


def test_a_key_is_sent_and_never_shown() -> None:
    with serving(json_reply({"articles": 0})) as server:
        with Client(server.url, "s3cret\n") as client:  # as read from a file
            client.stats()
            assert "s3cret" not in repr(client)
        with Client(server.url) as client:
            client.stats()
        assert [asked.headers.get("Authorization") for asked in server.asked] == ["Bearer s3cret", None]
        for key in ("", "\n", "a b", "khóa", "a\nb"):
            with pytest.raises(ValueError, match="printable ASCII"):
                Client(server.url, key)


def test_only_a_proxy_that_is_asked_for_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(json_reply({"articles": 7})) as server, serving(json_reply({"articles": 8})) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with Client(server.url) as client:
            assert client.stats().articles == 7
        with Client(server.url, proxy=proxy.url) as client:
            assert client.stats().articles == 8


def test_connections_are_kept_and_shared_by_threads() -> None:
    with serving(json_reply({"total": 0, "hits": []})) as server, Client(server.url) as client:
        for _ in range(5):
            client.search()
        assert len({asked.connection for asked in server.asked}) == 1
        failures: list[Exception] = []

        def work(number: int) -> None:
            try:
                for _ in range(20):
                    assert client.search(f"q{number}").total == 0
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(server.asked) == 165
        assert len({asked.connection for asked in server.asked}) <= 9


def test_a_task_is_waited_for() -> None:
    states = [json_reply({"id": "t", "kind": "reindex", "state": state}) for state in ("waiting", "running", "done")]
    failed = json_reply({"id": "t", "kind": "reindex", "state": "failed", "errors": [{"detail": "no room"}]})
    with serving(*states) as server, Client(server.url) as client:
        assert client.wait("t").state == "done"
        server.replies[:] = [failed]
        with pytest.raises(TaskFailedError, match="is failed: no room"):
            client.wait("t")
        server.replies[:] = [states[1]]
        with pytest.raises(TaskUnfinishedError, match="still running"):
            client.wait("t", timeout=0)


def test_a_task_is_cancelled_and_waited_for() -> None:
    states = ("cancelling", "cancelling", "cancelled")
    replies = [json_reply({"id": "t", "kind": "delete", "state": state}) for state in states]
    with serving(*replies) as server, Client(server.url) as client:
        task = client.cancel("t")
        assert (task.state, task.has_ended) == ("cancelling", False)
        with pytest.raises(TaskFailedError, match="is cancelled"):
            client.wait(task)
        assert [(asked.method, asked.path) for asked in server.asked] == [
            ("POST", "/api/v1/tasks/t/cancel"), ("GET", "/api/v1/tasks/t"), ("GET", "/api/v1/tasks/t"),
        ]  # fmt: skip


def test_pages_end_where_the_service_says_so() -> None:
    def page(number: int, following: str | None) -> Reply:
        return json_reply({"total": 5, "hits": [{"id": f"h{number}"}], "links": {"next": following}})

    with serving(page(3, "/x"), page(4, "/y"), page(5, None)) as server, Client(server.url) as client:
        assert [hit.id for hit in client.hits("lúa", page=3, size=1)] == ["h3", "h4", "h5"]
        assert [parse_qs(urlsplit(asked.path).query)["page"] for asked in server.asked] == [["3"], ["4"], ["5"]]
        server.replies[:] = [page(1, None)]
        assert [hit.id for hit in client.hits("lúa")] == ["h1"]
        assert "size=100" in server.asked[-1].path


def test_the_client_needs_httpx_alone() -> None:
    code = (
        "import sys; import timtin.client\n"
        "ours = {'index', 'search', 'web', 'pydantic', 'flask', 'numpy'}\n"
        "print(sorted(ours & {name.partition('.')[0] for name in sys.modules}))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "[]\n"


def test_statuses_nobody_has_thought_of_are_problems() -> None:
    assert type(error_for(Problem(status=418, title="I'm a teapot"))) is ProblemError
    assert str(error_for(Problem(status=418, title="I'm a teapot"))) == "418 I'm a teapot"
    assert problem_reply(418).status == 418
