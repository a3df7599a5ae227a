"""Errors are said to people in their language: what happened, and what to do; programs are told in English."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable, TooManyRequests

from index.errors import DiskFullError, InvalidInputError, Problem, SearchTimeoutError, StoreError
from search.limits import SearchLimits
from search.parameters import SearchParameters, TimeParameters, checked
from tests.conftest import Server, with_seeds
from web import error_texts
from web.api.parameters import SuggestParameters, TaskParameters
from web.error_texts import shown_problems

HTML = {"Accept": "text/html,*/*"}
BAD = [
    ({"page": "x"}, "hãy viết một số nguyên, như 10"),
    ({"page": "1.5"}, "hãy viết một số nguyên, như 10"),
    ({"page": "9" * 5000}, "hãy viết một số nguyên, như 10"),
    ({"page": "0"}, "hãy viết 1 hoặc lớn hơn"),
    ({"page": "100001"}, "hãy viết 100.000 hoặc nhỏ hơn"),
    ({"size": "101"}, "hãy viết 100 hoặc nhỏ hơn"),
    ({"recency": "x"}, "hãy viết một số, như 30 hoặc 0.5"),
    ({"recency": "nan"}, "hãy viết 36.500 hoặc nhỏ hơn"),
    ({"recency": "-1"}, "hãy viết số lớn hơn 0"),
    ({"explain": "maybe"}, "hãy viết một trong các giá trị: true, false, words"),
    ({"collapse": "maybe"}, "hãy viết true hoặc false"),
    ({"sort": "best"}, "hãy viết một trong các giá trị: relevance, newest, oldest"),
    ({"sort": "id:asc,author:asc,source:asc,written:asc,published:asc"}, "hãy viết tối đa 4 khóa"),
    ({"sort": "id:asc,id:desc"}, "hãy viết mỗi khóa một lần"),
    ({"boost": "body:x"}, "hãy viết một trường và một hệ số từ 0 đến 100, như title:2"),
    ({"filter": "source:"}, "hãy viết các điều kiện như source:A AND NOT author:B ("),
    ({"match": "most"}, "hãy viết một trong các giá trị: auto, all, any"),
    ({"facets": "colour"}, "hãy viết một trong các giá trị: source, category, author, year, month"),
    ({"from": "hôm qua"}, "hãy viết một năm, tháng hoặc ngày có thật"),
    ({"to": "2025-02-30"}, "hãy viết một năm, tháng hoặc ngày có thật"),
    ({"source": "x" * 501}, "hãy viết tối đa 500 ký tự"),
    ({"q": "x" * 10_001}, "hãy viết tối đa 10.000 ký tự"),
]


def fails(client: FlaskClient, error: Exception) -> Callable[..., Any]:
    def view() -> str:
        raise error

    client.application.add_url_rule("/fails", "fails", view)
    return lambda **headers: client.get("/fails", headers={**HTML, **headers})


@pytest.mark.parametrize(("asked", "said"), BAD, ids=lambda value: str(value)[:40])
def test_each_bad_parameter_is_explained(client: FlaskClient, asked: dict[str, str], said: str) -> None:
    (name,) = asked
    with pytest.raises(InvalidInputError) as raised:
        checked(SearchParameters, asked)
    shown = {}
    for language in ("vi", "en"):
        with client.application.test_request_context(f"/?lang={language}"):
            (shown[language],) = shown_problems(raised.value.problems)
    assert shown["vi"].what.startswith(said)
    assert shown["en"].what.startswith("write ")
    assert shown["vi"].where == shown["en"].where == name
    if name not in {"page", "size"}:  # which a feed ignores
        page = client.get("/feed.atom", query_string=asked, headers=HTML)
        assert page.status_code == 400
        assert f"<code>{name}</code>: {said}" in page.text
    program = client.get("/api/v1/search", query_string=asked).json
    assert [error["name"] for error in program["errors"]] == [name]
    assert "hãy" not in program["errors"][0]["detail"]


def test_every_kind_of_error_that_the_parameters_have_has_a_sentence() -> None:
    texts = ("x", "", "-1", "0", "1e999", "nan", "1.5", "9" * 5000, "maybe", "x" * 10_001, "99999999", "2025-13")
    seen = set()
    for model in (SearchParameters, TimeParameters, SuggestParameters, TaskParameters):
        for name, field in model.model_fields.items():
            for text in texts:
                try:
                    model.model_validate({field.alias or name: text})
                except ValidationError as error:
                    seen |= {entry["type"] for entry in error.errors()}
    assert len(seen) > 6
    assert seen <= set(error_texts._SENTENCES)


def test_pages_too_deep_are_explained_with_the_limit(client: FlaskClient) -> None:
    with pytest.raises(InvalidInputError) as raised:
        SearchLimits().check(SearchParameters(page=1001))
    with client.application.test_request_context("/?lang=vi"):
        (shown,) = shown_problems(raised.value.problems)
        assert (shown.where, shown.what) == (
            "page", "hãy viết 1.000 hoặc nhỏ hơn: chỉ xem được 10.000 bài đầu; hãy thu hẹp theo ngày đăng",
        )  # fmt: skip
        unknown = Problem("x", "is <odd>", "of another kind")
        assert shown_problems([unknown]) == [unknown]


def test_what_was_typed_stays_text(client: FlaskClient) -> None:
    page = client.get("/feed.atom", query_string={"sort": "<script>alert(1)</script>"}, headers=HTML)
    assert "<script>alert" not in page.text
    page = client.get("/<script>alert(1)</script>", headers={**HTML, "Referer": "http://localhost/?q=<b>"})
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text.partition("<main")[2]


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/none", 404, "Không có gì ở địa chỉ này"),
        ("GET", "/articles/none", 404, "Không có bài viết này"),
        ("POST", "/", 405, "Không thể dùng địa chỉ này theo cách đó"),
        ("GET", "/static/x/api/x", 404, "Không có gì ở địa chỉ này"),
    ],
)
def test_address_that_leads_nowhere_is_explained(
    client: FlaskClient, method: str, path: str, status: int, said: str
) -> None:
    page = client.open(path, method=method, headers=HTML)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert f"<h1>{said}</h1>" in page.text
    assert '<html lang="vi">' in page.text
    assert 'role="search"' in page.text
    assert 'name="q"' in page.text
    english = client.open(path, method=method, headers={**HTML, "Accept-Language": "en"}).text
    assert '<html lang="en">' in english
    assert said not in english


def test_one_can_go_back_to_where_one_was_and_nowhere_else(client: FlaskClient) -> None:
    ours = "http://localhost/?q=h%E1%BB%99i&page=2"
    assert (
        'href="http://localhost/?q=h%E1%BB%99i&amp;page=2">← Quay lại'
        in client.get("/x", headers={**HTML, "Referer": ours}).text
    )
    for other in (
        "http://evil.example/",
        "http://localhost.evil.example/",
        "javascript:alert(1)",
        "http://[",
        "",
        "http://localhost/x",
    ):
        assert "Quay lại" not in client.get("/x", headers={**HTML, "Referer": other}).text


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (TooManyRequests("At most 1 request", retry_after=7), 429, ("quá nhiều yêu cầu", "đợi 7 giây")),
        (ServiceUnavailable("The service is busy", retry_after=2), 503, ("chưa trả lời được", "đợi 2 giây", "is busy")),
        (StoreError("the store cannot be read"), 503, ("tạm thời chưa trả lời", "đợi 5 giây", "cannot be read")),
        (SearchTimeoutError("The search took too long"), 503, ("mất quá nhiều thời gian", "ít từ hơn")),
        (RequestEntityTooLarge("A body may have at most 1 MB"), 413, ("quá lớn", "gửi ít hơn")),
        (DiskFullError("no room"), 507, ("Ổ đĩa của dịch vụ đã đầy", "không bị mất")),
        (RuntimeError("secret detail"), 500, ("Máy chủ gặp lỗi", "báo cho người quản lý")),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_failure_says_what_to_do(client: FlaskClient, error: Exception, status: int, said: tuple[str, ...]) -> None:
    ask = fails(client, error)
    page = ask()
    assert page.status_code == status
    for part in said:
        assert part in page.text
    assert "secret" not in page.text
    english = ask(**{"Accept-Language": "en"}).text
    assert said[0] not in english
    assert "Search page" in english


def test_key_that_is_lacking_is_asked_for_in_the_language_of_the_page(guarded: FlaskClient) -> None:
    page = guarded.get("/", headers=HTML)
    assert (page.status_code, "Trang này cần khóa" in page.text) == (401, True)
    assert page.headers["WWW-Authenticate"].startswith("Basic ")


def test_too_many_requests_of_a_reader_are_a_page(serve: Callable[..., Server], tmp_path: Path) -> None:
    with_seeds(tmp_path / "data")
    (tmp_path / "data" / "timtin.toml").write_text("[server]\nworkers = 1\n[limits]\nrequests_per_minute = 2\n")
    server = serve()
    answers = [server.request("GET", "/docs", Accept="text/html", Accept_Language="vi") for _ in range(4)]
    refused = answers[-1]
    assert (refused.status, "Bạn gửi quá nhiều yêu cầu" in refused.body.decode()) == (429, True)
    assert f"đợi {refused.headers['Retry-After']} giây" in refused.body.decode()
