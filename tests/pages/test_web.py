"""How answers travel: compressed if the client asks, not sent again if unchanged, assets kept for ever."""

from __future__ import annotations

import gzip
import html
import itertools
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from backports import zstd
from flask import g
from flask.testing import FlaskClient

from index.article import Article
from search.runtime.index_follower import bring_in_sync
from tests.conftest import Server, with_seeds
from web.assets import asset_url
from web.query_log import MOST_POPULAR
from web.services import Services

SEED = "004_6a0ef6768151701a"
UNPACKED: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "zstd": zstd.decompress,
    "gzip": gzip.decompress,
}
TEXTS = ("/?q=hội", f"/articles/{SEED}", "/feed.atom", "/openapi.json", "/docs", "/sitemap.xml", "/api/v1/search?q=hội")
TAGGED = (
    "/?q=hội", "/", f"/articles/{SEED}?q=hội", "/feed.atom?q=hội", "/sitemap.xml", "/sitemaps/1.xml", "/docs",
    "/openapi.json", "/opensearch.xml", "/robots.txt", "/manifest.webmanifest", "/suggestions?q=ho",
)  # fmt: skip


def asset(client: FlaskClient, name: str) -> str:
    with client.application.test_request_context():
        return asset_url(name)


@pytest.mark.parametrize("path", TEXTS)
def test_answer_is_compressed_as_the_client_asks(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    assert "Content-Encoding" not in plain.headers
    for name, unpacked in UNPACKED.items():
        answer = client.get(path, headers={"Accept-Encoding": name})
        if len(plain.data) >= 1000:
            assert answer.headers["Content-Encoding"] == name
            assert len(answer.data) < len(plain.data)
            assert len(unpacked(answer.data)) == pytest.approx(len(plain.data), abs=20)  # "took_ms" may differ
        assert "Accept-Encoding" in answer.vary
        assert answer.content_length == len(answer.data)
        head = client.head(path, headers={"Accept-Encoding": name})
        assert head.data == b""
        assert head.headers.get("Content-Encoding") == answer.headers.get("Content-Encoding")
    for refusal in ("gzip;q=0, br;q=0", "br;q=0, *", "identity", ""):
        refused = client.get(path, headers={"Accept-Encoding": refusal})
        assert "Content-Encoding" not in refused.headers
        assert "Accept-Encoding" in refused.vary


def test_small_answers_and_errors_are_sent_as_they_are(client: FlaskClient) -> None:
    for path in ("/healthz", "/api/v1/suggest?q=a", "/api/v1/none"):
        assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "br"}).headers


def test_pages_of_the_desk_are_never_compressed(client: FlaskClient) -> None:
    app = client.application
    app.add_url_rule("/x", "desk.x", lambda: "a" * 5000)
    app.add_url_rule("/y", "y", lambda: "a" * 5000)
    asked = {"Accept-Encoding": "br, zstd, gzip"}
    assert "Content-Encoding" not in client.get("/x", headers=asked).headers
    assert client.get("/y", headers=asked).headers["Content-Encoding"] == "br"


@pytest.mark.parametrize("path", TAGGED)
def test_unchanged_page_is_not_sent_again(client: FlaskClient, path: str) -> None:
    for encoding in ("identity", "gzip", "br"):
        first = client.get(path, headers={"Accept-Encoding": encoding})
        assert (first.status_code, first.get_etag()[1]) == (200, True)
        assert first.headers["Cache-Control"] == "no-cache"
        assert {"Accept-Language", "Cookie", "Accept-Encoding"} <= set(first.vary)
        again = {"If-None-Match": first.headers["ETag"], "Accept-Encoding": encoding}
        for method in ("GET", "HEAD"):
            same = client.open(path, method=method, headers=again)
            assert (same.status_code, same.data) == (304, b"")
            assert not {"Content-Type", "Content-Encoding", "Content-Length"} & set(same.headers)
            for name in ("ETag", "Cache-Control"):
                assert same.headers[name] == first.headers[name]
            assert set(same.vary) == set(first.vary)
    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_unchanged_page_costs_no_search(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = client.get("/?q=hội").headers["ETag"]
    monkeypatch.setattr("web.pages.search_page.timed_search", None)
    assert client.get("/?q=hội", headers={"If-None-Match": tag}).status_code == 304


def test_page_with_another_address_language_or_text_has_another_tag(client: FlaskClient) -> None:
    def tag(path: str, **headers: str) -> str:
        return client.get(path, headers=headers).headers["ETag"]

    tags = [tag("/?q=hội"), tag("/?q=họp"), tag("/"), tag("/?q=hội", **{"Accept-Language": "en"})]
    assert len(set(tags)) == len(tags)
    assert tag("/?q=hội") == tags[0]
    here: Services = client.application.extensions["timtin"]
    here.archive.store.put([Article(id="a", body="hội nghị")])  # seen at once by its own page, before the index has it
    bring_in_sync(here.archive)
    assert tag("/?q=hội") not in tags
    page = tag("/articles/a")
    here.archive.store.put([Article(id="a", body="hội họp")])
    assert client.get("/articles/a", headers={"If-None-Match": page}).status_code == 200
    here.archive.store.delete(["a"])
    assert client.get("/articles/a", headers={"If-None-Match": page}).status_code == 404


def test_front_page_with_another_popular_query_has_another_tag(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: Services = client.application.extensions["timtin"]
    popular = [f"câu {number}" for number in range(MOST_POPULAR)]
    monkeypatch.setattr(here.queries, "popular", lambda size: popular[:size])
    for place in range(MOST_POPULAR):
        answer = client.get("/")
        assert popular[place] in answer.text
        popular[place] = f"khác {place}"
        again = client.get("/", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, popular[place] in again.text) == (200, True)


def test_another_day_is_another_page(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import datetime

    tag = client.get("/?q=hội").headers["ETag"]

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2100, 1, 1)

    monkeypatch.setattr("web.caching.datetime", Later)
    assert client.get("/?q=hội", headers={"If-None-Match": tag}).status_code == 200


def test_page_that_lacks_something_for_want_of_time_is_not_kept(client: FlaskClient) -> None:
    client.application.add_url_rule("/x", "pages.x", lambda: setattr(g, "partial", True) or "x")
    assert "ETag" not in client.get("/x").headers


def test_language_that_is_asked_for_is_remembered_each_time(client: FlaskClient) -> None:
    first = client.get("/?lang=en")
    assert first.headers["Cache-Control"] == "no-cache, private"
    client.get("/?lang=vi")
    again = client.get("/?lang=en", headers={"If-None-Match": first.headers.get("ETag", "")})
    assert "lang=en" in again.headers["Set-Cookie"]
    assert '<html lang="en">' in client.get("/").text


def test_errors_are_kept_by_nobody(client: FlaskClient) -> None:
    paths = ("/none", "/articles/none", "/?size=0", "/sitemaps/9.xml")
    for path, accepted in itertools.product(paths, ("text/html", "application/json")):
        answer = client.get(path, headers={"Accept": accepted})
        assert "ETag" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Accept" in answer.vary


def test_pages_that_need_a_key_are_for_one_reader_alone(guarded: FlaskClient, reader_key: str) -> None:
    key = {"Authorization": f"Bearer {reader_key}"}
    for path in ("/?q=hội", f"/articles/{SEED}", "/feed.atom", "/sitemap.xml"):
        first = guarded.get(path, headers=key)
        assert first.headers["Cache-Control"] == "no-cache, private"
        tag = {"If-None-Match": first.headers["ETag"]}
        assert guarded.get(path, headers=key | tag).status_code == 304
        assert guarded.get(path, headers=tag).status_code == 401
    assert guarded.get("/docs").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["page.css", "icon.svg"])
def test_asset_is_compressed_well_and_kept_for_ever(client: FlaskClient, name: str) -> None:
    address = asset(client, f"pages/{name}")
    plain = client.get(address)
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Encoding" not in plain.headers
    tags = {plain.headers["ETag"]}
    for encoding in ("br", "gzip"):
        answer = client.get(address, headers={"Accept-Encoding": f"zstd, {encoding}"})
        assert answer.headers["Content-Encoding"] == encoding
        assert UNPACKED[encoding](answer.data) == plain.data
        assert "Accept-Encoding" in answer.vary
        assert answer.headers["ETag"] not in tags
        tags.add(answer.headers["ETag"])
        again = {"Accept-Encoding": encoding, "If-None-Match": answer.headers["ETag"]}
        assert client.get(address, headers=again).status_code == 304
    old = client.get(f"/static/old/pages/{name}")
    assert (old.status_code, old.data) == (200, plain.data)
    assert "immutable" not in old.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    "name",
    [
        *("a" * 300 + ".css", "a/" * 2500 + "x", "a%00b", "%ff%fe"),
        "../web/app.py",
        "../templates/base.html",
        "none.css",
        "",
        "%2e%2e/cli.py",
        "/etc/passwd",
    ],
)
def test_only_assets_are_sent(client: FlaskClient, name: str) -> None:
    for room in ("pages", "desk", "api", ".."):
        assert client.get(f"/static/x/{room}/{name}").status_code == 404


def test_types_of_assets_are_not_the_machines(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("text/plain", None))
    monkeypatch.setattr("web.assets.safe_join", lambda *_: str(made))
    types = {
        "a.js": "text/javascript; charset=utf-8",
        "a.css": "text/css; charset=utf-8",
        "a.woff2": "font/woff2",
        "a.webmanifest": "application/manifest+json",
        "a.svg": "image/svg+xml",
        "a.png": "image/png",
        "a.ico": "image/vnd.microsoft.icon",
        "a.unknown": "application/octet-stream",
    }
    folder = Path(client.application.config["API_KEY_FILE"]).parent
    for name, kind in types.items():
        made = folder / name
        made.write_bytes(b"x" * 2000)
        answer = client.get(f"/static/x/pages/{name}", headers={"Accept-Encoding": "br"})
        assert answer.content_type == kind
        assert ("Content-Encoding" in answer.headers) == (name in {"a.js", "a.css", "a.svg", "a.webmanifest"})


class _Strict:
    """What a page may not have under a policy without ``unsafe-inline``, nor if it loads from no other host."""

    script = re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE)
    style = re.compile(r"<style|\sstyle\s*=", re.IGNORECASE)
    handler = re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE)
    loaded = re.compile(
        r'<(?:script|img|iframe|source|link(?![^>]*rel="(?:canonical|alternate)"))[^>]*\s(?:src|href|srcset)="([^"]*)"'
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=hội nhập",
        "/?q=xyzzy",
        "/?size=0",
        "/?q=hội&lang=en",
        f"/articles/{SEED}?q=hội",
        "/docs",
        "/none",
        "/articles/none",
    ],
)
def test_pages_have_nothing_inline_and_load_from_no_other_host(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.mimetype == "text/html"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for pattern in (_Strict.script, _Strict.style, _Strict.handler):
        assert pattern.search(answer.text) is None
    loaded = [html.unescape(address) for address in _Strict.loaded.findall(answer.text)]
    assert loaded
    assert all(re.match(r"/(?!/)", address) for address in loaded)
    for address in loaded:
        assert client.get(address).status_code == 200


def test_lengths_are_right_on_the_wire(serve: Callable[..., Server], tmp_path: Path) -> None:
    with_seeds(tmp_path / "data")
    server = serve()
    for path in ("/?q=h%E1%BB%99i", "/docs", "/api/v1/search?q=h%E1%BB%99i&size=5"):
        for encoding, unpacked in UNPACKED.items():
            answer = server.request("GET", path, Accept_Encoding=encoding)
            assert int(answer.headers["Content-Length"]) == len(answer.body)
            assert unpacked(answer.body)
            head = server.request("HEAD", path, Accept_Encoding=encoding)
            assert (head.status, head.body, head.headers["Content-Encoding"]) == (200, b"", encoding)
        tag = answer.headers.get("ETag")
        if tag is not None:
            same = server.request("GET", path, If_None_Match=tag, Accept_Encoding="br")
            assert (same.status, same.body, same.headers["ETag"]) == (304, b"", tag)
            assert "Content-Length" not in same.headers
