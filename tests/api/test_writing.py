"""Writing over HTTP: the key, single articles, batches, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.reading.formats.json_lines import LARGEST_DOCUMENT, MOST_CONTAINERS, MOST_VALUES
from tests.conftest import Server
from web.settings import LimitSettings

Key = dict[str, str]


def total(client: FlaskClient, query: str) -> int:
    return int(client.get("/api/v1/search", query_string={"q": query}).json["total"])


def test_put_search_delete(client: FlaskClient, key: Key) -> None:
    body = {"title": "Cá lóc nướng trui", "body": "Món ngon miền Tây."}
    created = client.put("/api/v1/articles/mon/ngon?wait=true", json=body, headers=key)
    assert (created.status_code, created.json["result"], created.json["searchable"]) == (201, "created", True)
    assert client.get(created.headers["Location"]).json["title"] == "Cá lóc nướng trui"
    assert total(client, "ca loc nuong trui") == 1
    replaced = client.put("/api/v1/articles/mon/ngon?wait=true", json={**body, "title": "Bún mắm"}, headers=key)
    assert (replaced.status_code, replaced.json["result"]) == (200, "replaced")
    assert (total(client, '"cá lóc"'), total(client, '"bún mắm"')) == (0, 1)
    assert client.delete("/api/v1/articles/mon/ngon?wait=true", headers=key).status_code == 200
    assert total(client, '"bún mắm"') == 0
    assert client.get("/api/v1/articles/mon/ngon").status_code == 404
    assert client.delete("/api/v1/articles/mon/ngon", headers=key).status_code == 404


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}, {"Authorization": "ü"}]
)
def test_without_the_key_nothing_changes(client: FlaskClient, header: Key) -> None:
    seed = "001_d3efdf2d08a7cb74"
    for answer in (
        client.put(f"/api/v1/articles/{seed}", json={"title": "x", "body": "x"}, headers=header),
        client.delete(f"/api/v1/articles/{seed}", headers=header),
        client.post("/api/v1/articles", json={"title": "mới", "body": "mới tinh"}, headers=header),
        client.post("/api/v1/reindex", headers=header),
    ):
        assert answer.status_code == 401
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/api/v1/stats").json["articles"] == 5
    assert client.get(f"/api/v1/articles/{seed}").json["title"].startswith("Thủ tướng")


def test_article_without_an_id_gets_one_from_its_content(client: FlaskClient, key: Key) -> None:
    first = client.post("/api/v1/articles", json={"title": "a", "body": "b"}, headers=key)
    again = client.post("/api/v1/articles", json={"title": "a", "body": "b"}, headers=key)
    assert first.json["id"] == again.json["id"]
    assert (first.status_code, again.status_code, again.json["result"]) == (201, 200, "unchanged")


def test_malformed_articles_in_a_batch_are_named_and_the_rest_is_kept(client: FlaskClient, key: Key) -> None:
    batch: list[Any] = [{"id": f"n{n}", "title": f"Bài {n}", "body": "sầu riêng"} for n in range(10)]
    batch[3] = {"id": "bad", "title": 7, "body": "x", "published": "hôm qua"}
    batch[5] = "no object"
    batch[7] = {"id": "empty"}
    answer = client.post("/api/v1/articles?wait=true", json=batch, headers=key)
    assert answer.status_code == 200
    assert (answer.json["received"], answer.json["added"], len(answer.json["ids"])) == (10, 7, 7)
    refused = {entry["index"]: entry for entry in answer.json["refused"]}
    assert set(refused) == {3, 5, 7}
    assert "'bad'" in refused[3]["detail"]
    assert {error["name"] for error in refused[3]["errors"]} == {"title", "published"}
    assert total(client, '"sầu riêng"') == 7


def test_ndjson_with_broken_lines(client: FlaskClient, key: Key) -> None:
    lines = [
        json.dumps({"id": "a", "body": "măng cụt"}),
        "{broken",
        "",
        "\ufeff" + json.dumps({"id": "b", "body": "măng cụt"}),
    ]
    data = "\n".join(lines).encode() + b'\n{"id": "c", "body": "\xff"}\n' + b'{"id": "d", "body": "\\ud800"}'
    answer = client.post("/api/v1/articles?wait=true", data=data, content_type="application/x-ndjson", headers=key)
    assert answer.json["ids"] == ["a", "b"]
    assert [entry["index"] for entry in answer.json["refused"]] == [1, 3, 4]
    assert total(client, '"măng cụt"') == 2


def test_ndjson_in_utf16_is_refused_as_a_whole(client: FlaskClient, key: Key) -> None:
    data = ('{"id": "a", "body": "măng cụt"}\n' * 3).encode("utf-16")
    answer = client.post("/api/v1/articles", data=data, content_type="application/x-ndjson", headers=key)
    assert (answer.status_code, answer.json["errors"]) == (400, [])
    assert answer.json["detail"] == "The body is UTF-16; save it as UTF-8."


def test_a_thousand_refused_lines_are_named_and_all_are_counted(client: FlaskClient, key: Key) -> None:
    data = b"no, JSON\n" * 1500 + b'{"id": "a", "body": "x"}'
    answer = client.post("/api/v1/articles", data=data, content_type="application/x-ndjson", headers=key)
    assert (answer.json["received"], answer.json["ids"], len(answer.json["refused"])) == (1501, ["a"], 1000)
    assert client.get(answer.headers["Location"]).json["counts"]["refused"] == 1500


NDJSON = "application/x-ndjson"
MOST_REFUSED = LimitSettings().refused_of_body


@pytest.mark.parametrize("refused", [b"{}", b"[]", b"x", b'{"title": ""}', b'{"a": 1}', b"\xff"])
def test_body_of_refused_lines_is_read_so_far_and_what_was_kept_is_counted(
    client: FlaskClient, key: Key, refused: bytes
) -> None:
    good = [json.dumps({"id": f"tot-{n}", "title": f"Bưởi da xanh {n}"}).encode() for n in range(3)]
    lines = [good[0], *[refused] * (MOST_REFUSED - 1), good[1], *[refused] * 50_000, good[2]]
    answer = client.post("/api/v1/articles?wait=true", data=b"\n".join(lines), content_type=NDJSON, headers=key)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert f"stopped at line {MOST_REFUSED + 3:,}" in answer.json["detail"]
    assert "2 were added, 0 updated, 0 unchanged and 10,001 refused" in answer.json["detail"]
    assert answer.json["errors"][0]["name"] == "articles[1]"
    assert len(answer.json["errors"]) == 100
    task = client.get(answer.headers["Location"]).json
    assert (task["counts"]["added"], task["counts"]["refused"]) == (2, MOST_REFUSED + 1)
    assert total(client, "bưởi da xanh") == 2
    assert client.get("/api/v1/articles/tot-2").status_code == 404


@pytest.mark.parametrize("entry", ["{}", "1", "[]", '{"a":1}'])
def test_array_of_refused_entries_is_read_so_far(client: FlaskClient, key: Key, entry: str) -> None:
    array = f'[{{"id": "tot", "title": "Bưởi"}},{",".join([entry] * 100_000)}]'
    answer = client.post("/api/v1/articles", data=array, content_type="application/json", headers=key)
    assert answer.status_code == 400
    assert f"stopped at article {MOST_REFUSED + 2:,}" in answer.json["detail"]
    assert client.get("/api/v1/articles/tot").status_code == 200


def test_as_many_refused_lines_as_allowed_leave_the_rest(client: FlaskClient, key: Key) -> None:
    body = b"{}\n" * MOST_REFUSED + b'{"id": "tot", "title": "x"}'
    answer = client.post("/api/v1/articles", data=body, content_type=NDJSON, headers=key)
    assert (answer.status_code, answer.json["added"]) == (202, 1)


@pytest.mark.parametrize("line", [b"\n", b"  \n", b'{"id":"a","title":"x"}\n'])
def test_body_of_too_many_lines_is_read_so_far(client: FlaskClient, key: Key, line: bytes) -> None:
    settings = client.application.config["SETTINGS"]
    client.application.config["SETTINGS"] = settings.model_copy(update={"limits": LimitSettings(lines_of_body=1000)})
    body = b'{"id": "tot", "title": "x"}\n' + line * 1000
    answer = client.post("/api/v1/articles", data=body, content_type=NDJSON, headers=key)
    assert answer.status_code == 413
    assert "more than 1,000 lines: reading stopped at line 1,001" in answer.json["detail"]
    assert client.get("/api/v1/articles/tot").status_code == 200


@pytest.mark.parametrize("address", ["/api/v1/articles", "/api/v1/articles/a"])
def test_json_that_becomes_many_times_larger_is_refused(client: FlaskClient, key: Key, address: str) -> None:
    send = client.put if address.endswith("/a") else client.post
    for many in ("[]," * (MOST_CONTAINERS + 1), "{}," * (MOST_CONTAINERS + 1), "1," * (MOST_VALUES + 1)):
        body = f'{{"title": "x", "more": [{many}1]}}'
        answer = send(address, data=body, content_type="application/json", headers=key)
        assert answer.status_code == 400
        assert f"at most {MOST_CONTAINERS:,} lists and objects" in answer.json["detail"]


def test_line_that_is_too_long_is_named_and_what_follows_is_kept(client: FlaskClient, key: Key) -> None:
    data = b'{"id": "a", "body": "' + b"x" * LARGEST_DOCUMENT + b'"}\n{"id": "b", "body": "x"}'
    answer = client.post("/api/v1/articles", data=data, content_type="application/x-ndjson", headers=key)
    assert answer.json["ids"] == ["b"]
    assert [entry["index"] for entry in answer.json["refused"]] == [0]


def test_batch_in_which_nothing_can_be_kept_is_a_problem(client: FlaskClient, key: Key) -> None:
    answer = client.post("/api/v1/articles", json=[{"id": "x"}, 5], headers=key)
    assert answer.status_code == 400
    assert [error["name"] for error in answer.json["errors"]] == ["articles[0]", "articles[1]"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'"text"', "application/json"),
        (b'{"title": NaN, "extra": {"x": NaN}}', "application/json"),
        (b'{"id": "../x", "body": "a"}', "application/json"),
        (b'{"id": "a\\nb", "body": "a"}', "application/json"),
        (b'{"body": "a", "url": "javascript:alert(1)"}', "application/json"),
        (b"title=a", "application/x-www-form-urlencoded"),
        (b"<a/>", "text/xml"),
    ],
)
def test_bodies_that_cannot_be_used(client: FlaskClient, key: Key, body: bytes, kind: str) -> None:
    answer = client.post("/api/v1/articles", data=body, content_type=kind, headers=key)
    assert answer.status_code in {400, 415}
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]


def test_id_in_the_body_must_be_the_one_in_the_address(client: FlaskClient, key: Key) -> None:
    answer = client.put("/api/v1/articles/a", json={"id": "b", "body": "x"}, headers=key)
    assert answer.status_code == 400
    assert answer.json["errors"][0]["name"] == "id"


def test_unknown_keys_are_kept_as_extra(client: FlaskClient, key: Key) -> None:
    client.put("/api/v1/articles/a", json={"body": "x", "tags": ["một", "hai"], "date": "27/08/2025"}, headers=key)
    article = client.get("/api/v1/articles/a").json
    assert article["extra"] == {"tags": ["một", "hai"]}
    assert article["published"] == "2025-08-27"


def test_article_with_markup_never_becomes_markup(client: FlaskClient, key: Key) -> None:
    nasty = '<script>alert("x") & <mark>giả sầu riêng'  # no element is whole, so it is no HTML
    client.put("/api/v1/articles/a?wait=true", json={"title": nasty, "body": nasty, "source": nasty}, headers=key)
    hit = client.get("/api/v1/search?q=sầu riêng").json["hits"][0]
    assert hit["highlights"]["title"] == (
        "&lt;script&gt;alert(&quot;x&quot;) &amp; &lt;mark&gt;giả <mark>sầu riêng</mark>"
    )
    for path in ("/?q=sầu riêng", "/articles/a?q=sầu riêng", "/feed.atom?q=sầu riêng"):
        assert "<script>" not in client.get(path).text


def test_html_article_is_found_and_kept_as_its_text(client: FlaskClient, key: Key) -> None:
    article = {"id": "a", "title": "Giá <b>l&uacute;a</b>", "content": "<p>N&ocirc;ng&nbsp;d&#226;n</p><p>vui</p>"}
    assert client.post("/api/v1/articles?wait=true", json=article, headers=key).json["result"] == "created"
    assert client.post("/api/v1/articles?wait=true", json=article, headers=key).json["result"] == "unchanged"
    body = client.put("/api/v1/articles/a?wait=true", json=article, headers=key).json
    assert body["result"] == "unchanged"
    kept = client.get("/api/v1/articles/a").json
    assert (kept["title"], kept["body"]) == ("Giá lúa", "Nông dân\n\nvui")
    assert [total(client, query) for query in ('"nông dân"', "nbsp", "ocirc", '"dân vui"')] == [1, 0, 0, 0]


def test_article_of_five_megabytes(client: FlaskClient, key: Key) -> None:
    body = "Nông dân đồng bằng thu hoạch lúa. " * 120_000 + "Câu cuối cùng có chữ bồ hóng."
    assert len(body.encode()) > 5_000_000
    assert (
        client.put("/api/v1/articles/long?wait=true", json={"title": "Dài", "body": body}, headers=key).status_code
        == 201
    )
    hit = client.get("/api/v1/search?q=bồ hóng").json["hits"][0]
    assert hit["id"] == "long"
    assert client.get("/api/v1/articles/long").json["body"] == body


def test_nested_extra_is_refused_by_name_and_its_neighbours_kept(client: FlaskClient, key: Key) -> None:
    deep = '{"id": "deep", "body": "x", "extra": {"a": ' + "[" * 900 + "]" * 900 + "}}"
    data = '{"id": "g1", "body": "x"}\n' + deep + '\n{"id": "g2", "body": "x"}'
    answer = client.post("/api/v1/articles", data=data.encode(), content_type="application/x-ndjson", headers=key)
    assert answer.json["ids"] == ["g1", "g2"]
    assert answer.json["refused"][0]["errors"][0]["name"] == "extra"


def test_ids_that_no_address_reaches_are_refused(client: FlaskClient, key: Key) -> None:
    for id in ("a/similar", "/a", "a//b", "..", "a/../b", " a", "a\ufffd", "x" * 201):
        assert client.post("/api/v1/articles", json={"id": id, "body": "x"}, headers=key).status_code == 400


def test_encoded_and_untyped_bodies_are_refused(client: FlaskClient, key: Key) -> None:
    answer = client.put("/api/v1/articles/a", data=b"{}", content_type="text/plain", headers=key)
    assert answer.status_code == 415
    packed = {**key, "Content-Encoding": "br"}
    assert (
        client.post("/api/v1/articles", data=b"x", content_type="application/json", headers=packed).status_code == 415
    )


def test_rebuild_over_http(client: FlaskClient, key: Key) -> None:
    started = client.post("/api/v1/reindex", headers=key)
    assert started.status_code == 202
    for _ in range(600):
        task = client.get(started.headers["Location"]).json
        if task["state"] in {"done", "failed"}:
            break
        client.application.extensions["timtin"].follower._stop.wait(0.05)
    assert task["state"] == "done"
    assert total(client, "hội nhập") == 5
    assert client.get("/api/v1/tasks/unknown").status_code == 404


def test_body_beyond_the_limit_is_refused_before_it_is_sent(serve: Callable[..., Server]) -> None:
    server = serve()
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/api/v1/articles")
    connection.putheader("Authorization", f"Bearer {server.key}")
    connection.putheader("Content-Length", str(600 << 20))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    answer = connection.getresponse()
    refused = json.loads(answer.read())
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert (refused["status"], refused["instance"]) == (413, "/api/v1/articles")
    assert "512 MB" in refused["detail"]
    connection.close()
