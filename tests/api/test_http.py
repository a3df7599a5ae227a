"""The JSON API's contract: shapes, links, errors, and the descriptions of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from tests.conftest import Server

SEED = "001_d3efdf2d08a7cb74"


def test_shape_of_a_search(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search?q=hội nhập&size=2&page=2&facets=source,year&explain=1").json
    assert set(answer) == {
        "query",
        "total",
        "total_is_lower_bound",
        "partial",
        "relaxed",
        "relaxed_total",
        "stories",
        "page",
        "size",
        "took_ms",
        "hits",
        "facets",
        "links",
    }
    assert answer["query"] == {"text": "hội nhập", "corrected": None, "terms": ["hội nhập"], "notes": []}
    assert (answer["page"], answer["size"], len(answer["hits"])) == (2, 2, 2)
    assert set(answer["hits"][0]) == {
        "id", "title", "lead", "url", "source", "author", "category", "published", "score", "copies", "relaxed",
        "reasons", "highlights", "explanation",
    }  # fmt: skip
    assert set(answer["facets"]) == {"source", "year"}
    assert set(answer["facets"]["source"][0]) == {"value", "count"}


def test_links_lead_through_all_pages(client: FlaskClient) -> None:
    address, seen = "/api/v1/search?q=hội nhập&size=2&sort=oldest&from=2025", []
    while address:
        answer = client.get(address).json
        seen += [hit["id"] for hit in answer["hits"]]
        address = answer["links"]["next"]
    assert [id[:3] for id in seen] == ["004", "001", "003", "002"]
    assert client.get(answer["links"]["prev"]).json["hits"][0]["id"] == seen[0]


def test_page_beyond_the_end_is_empty_and_leads_back(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search?q=hội nhập&page=40").json
    assert (answer["hits"], answer["total"], answer["links"]["next"]) == ([], 5, None)
    assert client.get(answer["links"]["prev"]).json["hits"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/articles/none", 404),
        ("GET", "/api/v1/articles/none/similar", 404),
        ("GET", "/api/v1/none", 404),
        ("GET", "/api/v1/tasks/none", 404),
        ("PUT", "/api/v1/search", 405),
        ("GET", "/api/v1/search?size=0", 400),
        ("PUT", "/api/v1/articles/a", 401),
        ("DELETE", "/api/v1/articles/a", 401),
        ("POST", "/api/v1/articles", 401),
        ("POST", "/api/v1/reindex", 401),
        ("GET", "/none", 404),
        ("GET", "/articles/none", 404),
        ("GET", "/?size=0", 400),
    ],
)
def test_every_error_has_one_shape(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    if path == "/?size=0":
        assert "text/html" in answer.content_type
        return
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) == {"type", "title", "status", "detail", "instance", "errors"}
    assert answer.json["status"] == status


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/v1/articles/none", "There is no article with this id."),
        ("/api/v1/articles/none/similar", "There is no article with this id."),
        ("/articles/none", "There is no article with this id."),
        ("/api/v1/tasks/none", "There is no such task."),
        ("/api/v1/none", "There is nothing at this address."),
    ],
)
def test_what_is_not_there_is_named(client: FlaskClient, path: str, detail: str) -> None:
    assert client.get(path).json["detail"] == detail


def test_unexpected_failure_shows_no_trace(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("search.service.correct", fail)
    answer = client.get("/api/v1/search?q=a")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.content_type == "application/problem+json"


def test_similar_articles(client: FlaskClient) -> None:
    hits = client.get(f"/api/v1/articles/{SEED}/similar?size=2").json["hits"]
    assert len(hits) == 2
    assert SEED not in {hit["id"] for hit in hits}


def test_suggestions_with_and_without_accents(client: FlaskClient) -> None:
    for typed in ("ngoai gi", "ngoại gi", "NGOẠI GI"):
        assert client.get("/api/v1/suggest", query_string={"q": typed}).json["suggestions"][0] == "ngoại giao"
    assert client.get("/api/v1/suggest?q=").json["suggestions"] == []


def test_health_readiness_and_metrics(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready", "articles": 5}
    client.get("/api/v1/search?q=a")
    metrics = client.get("/metrics").text
    assert "timtin_articles 5.0" in metrics
    assert re.search(r'timtin_requests_total\{endpoint="api.search",status="200"\} 1.0', metrics)


def test_description_covers_every_route_of_the_api(client: FlaskClient) -> None:
    described = {
        (path, method.upper())
        for path, operations in client.get("/openapi.json").json["paths"].items()
        for method in operations
    }
    described = {(path, method) for path, method in described if path.startswith("/api/")}
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes


def test_feed_is_xml_whatever_the_articles_hold(client: FlaskClient) -> None:
    key = {"Authorization": f"Bearer {client.application.config['API_KEY']}"}
    body = {"title": "Bún \x00\x0b<b> & ]]> \ufffe", "body": "bún bò", "published": "2030-01-01"}
    client.put("/api/v1/articles/a?wait=true", json=body, headers=key)
    for query in ("", "bún", "<x> & \x01"):
        feed = ElementTree.fromstring(client.get("/feed.atom", query_string={"q": query}).data)
        assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    entries = ElementTree.fromstring(client.get("/feed.atom").data).findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 6
    assert entries[0].findtext("{http://www.w3.org/2005/Atom}updated") == "2030-01-01T00:00:00+07:00"


def test_browser_search_plug_in(client: FlaskClient) -> None:
    description = ElementTree.fromstring(client.get("/opensearch.xml").data)
    address = description.find("{*}Url")
    assert address is not None
    assert "{searchTerms}" in address.attrib["template"]


def test_answers_forbid_scripts(client: FlaskClient) -> None:
    for path in ("/", "/docs", f"/articles/{SEED}", "/api/v1/search?q=a"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_file_that_has_not_changed_is_not_sent_again(serve: Callable[..., Server]) -> None:
    server = serve()
    first = server.request("GET", "/static/old/pages/page.css")
    again = server.request("GET", "/static/old/pages/page.css", If_None_Match=first.headers["ETag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert int(first.headers["Content-Length"]) == len(first.body)
    assert "Content-Length" not in again.headers
    for answer in (first, again):
        assert len(answer.headers.getlist("Date")) == 1
