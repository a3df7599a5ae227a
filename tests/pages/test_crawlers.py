"""What crawlers and browsers ask a site for: robots.txt, sitemaps, icons, manifest, search plug-in, suggestions."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from protego import Protego

from index.article import Article
from search.archive import ArchiveConfig, open_archive
from tests.conftest import Server, with_seeds
from web.app import create_app
from web.services import Services

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
TIN = {"base_url": "https://tin.example.vn/tim"}


def locations(client: FlaskClient, path: str, **more: str) -> list[tuple[str, str]]:
    answer = client.get(path, **more)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    entries = ElementTree.fromstring(answer.data)
    assert entries.tag in {f"{SITEMAP}sitemapindex", f"{SITEMAP}urlset"}
    return [(entry.findtext(f"{SITEMAP}loc") or "", entry.findtext(f"{SITEMAP}lastmod") or "") for entry in entries]


@pytest.mark.parametrize("root", ["http://localhost", "https://tin.example.vn/tim"])
def test_crawlers_read_articles_and_follow_no_searches(client: FlaskClient, root: str) -> None:
    rules = Protego.parse(client.get("/robots.txt", base_url=root).text)
    for path in (
        "/",
        "/articles/a",
        "/articles/a/b",
        "/sitemap.xml",
        "/sitemaps/1.xml",
        "/static/x/pages/page.css",
        "/docs",
    ):
        assert rules.can_fetch(f"{root}{path}", "any"), path
    for path in (
        "/?q=a", "/?source=x&page=2", "/articles/a?q=b", "/admin", "/admin/keys", "/api/v1/search?q=a", "/api/v1/stats",
        "/feed.atom", "/feed.atom?q=a", "/suggestions?q=a", "/metrics", "/docs?lang=en",
    ):  # fmt: skip
        assert not rules.can_fetch(f"{root}{path}", "any"), path
    assert list(rules.sitemaps) == [f"{root}/sitemap.xml"]


def test_crawlers_are_kept_out_where_readers_need_a_key(guarded: FlaskClient) -> None:
    answer = guarded.get("/robots.txt")
    rules = Protego.parse(answer.text)
    assert answer.status_code == 200
    assert not rules.can_fetch("http://localhost/articles/a", "any")
    assert list(rules.sitemaps) == []
    for path in ("/sitemap.xml", "/sitemaps/1.xml"):
        assert guarded.get(path).status_code == 401


def test_sitemaps_list_every_article_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.sitemaps._WIDTH", 4)
    here: Services = client.application.extensions["timtin"]
    store = here.archive.store
    odd = ["a b", "a&b<c>", "tin/hỏng?#%", "x;y=z,@:!$'()*+"]
    store.put([Article(id=id, body="bún") for id in [*odd, *(f"n{number}" for number in range(10))]])
    store.delete(["n1", "n2", "n3", "n4"])
    listed = []
    for address, changed in locations(client, "/sitemap.xml"):
        assert re.fullmatch(r"http://localhost/sitemaps/\d+\.xml", address)
        articles = locations(client, address)
        assert 1 <= len(articles) <= 4
        assert changed == max(changed for _, changed in articles)
        listed += [article for article, _ in articles]
    assert len(listed) == len(set(listed)) == store.count()
    with client.application.test_request_context():
        from flask import url_for

        wanted = {url_for("pages.article", id=article.id, _external=True) for article in store.articles()}
    assert set(listed) == wanted
    for address in listed:
        assert client.get(address).status_code == 200


def test_sitemap_stays_as_it_is_when_others_are_written(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.sitemaps._WIDTH", 3)
    first = client.get("/sitemaps/1.xml").text
    here: Services = client.application.extensions["timtin"]
    here.archive.store.put([Article(id=f"n{number}", body="bún") for number in range(7)])
    assert client.get("/sitemaps/1.xml").text == first
    assert len(locations(client, "/sitemap.xml")) == 4


@pytest.mark.parametrize("number", ["0", "9", "-1", "x", "99999999999999999999999999"])
def test_there_are_no_other_sitemaps(client: FlaskClient, number: str) -> None:
    assert client.get(f"/sitemaps/{number}.xml").status_code == 404


def test_sitemap_of_an_empty_archive_lists_nothing(tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    assert locations(create_app(archive).test_client(), "/sitemap.xml") == []
    archive.close()


def test_icon_is_there_whatever_the_page_says(client: FlaskClient) -> None:
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon.content_type) == (200, "image/vnd.microsoft.icon")
    assert icon.cache_control.max_age == 86_400
    _, kind, count = struct.unpack_from("<HHH", icon.data)
    assert (kind, count) == (1, 3)
    for number, size in enumerate((16, 32, 48)):
        width, height, _, _, _, _, length, offset = struct.unpack_from("<BBBBHHII", icon.data, 6 + 16 * number)
        assert (width, height) == (size, size)
        assert png_size(icon.data[offset : offset + length]) == (size, size)


def png_size(data: bytes) -> tuple[int, int]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def test_manifest_names_the_application_and_its_icons(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest", base_url="https://tin.example.vn/tim")
    assert answer.content_type == "application/manifest+json"
    manifest = answer.json
    assert manifest["start_url"] == manifest["scope"] == "/tim/"
    assert (manifest["lang"], "tiếng Việt" in manifest["name"]) == ("vi", True)
    english = client.get("/manifest.webmanifest?lang=en")
    assert (english.json["lang"], "Vietnamese" in english.json["name"]) == ("en", True)
    assert "Set-Cookie" not in english.headers
    assert {icon.get("purpose") for icon in manifest["icons"]} == {None, "maskable"}
    for icon in manifest["icons"]:
        assert icon["src"].startswith("/tim/static/")
        sent = client.get(icon["src"].removeprefix("/tim"))
        assert sent.content_type == icon["type"]
        if icon["sizes"] != "any":
            width = int(icon["sizes"].partition("x")[0])
            assert png_size(sent.data) == (width, width)
    touch = client.get(re.sub(r"[^/]+$", "icon-180.png", manifest["icons"][0]["src"].removeprefix("/tim")))
    assert png_size(touch.data) == (180, 180)


@pytest.mark.parametrize(("language", "word"), [("vi", "Tìm kiếm"), ("en", "search")])
def test_plug_in_speaks_the_language_of_the_page(client: FlaskClient, language: str, word: str) -> None:
    answer = client.get(f"/opensearch.xml?lang={language}", base_url="https://tin.example.vn/tim")
    assert answer.mimetype == "application/opensearchdescription+xml"
    plug_in = ElementTree.fromstring(answer.data)
    assert len(plug_in.findtext(f"{OPENSEARCH}ShortName") or "") <= 16
    assert word in (plug_in.findtext(f"{OPENSEARCH}Description") or "")
    addresses = {url.attrib["type"]: url.attrib["template"] for url in plug_in.findall(f"{OPENSEARCH}Url")}
    root = "https://tin.example.vn/tim/"
    assert addresses == {
        "text/html": f"{root}?q={{searchTerms}}",
        "application/x-suggestions+json": f"{root}suggestions?q={{searchTerms}}",
        "application/atom+xml": f"{root}feed.atom?q={{searchTerms}}",
        "application/opensearchdescription+xml": f"{root}opensearch.xml",
    }
    images = plug_in.findall(f"{OPENSEARCH}Image")
    assert len(images) == 2
    for image in images:
        sent = client.get((image.text or "").removeprefix("https://tin.example.vn/tim"))
        assert (sent.status_code, sent.content_type) == (200, image.attrib["type"])


def test_browser_is_given_completions_and_where_they_lead(client: FlaskClient) -> None:
    answer = client.get("/suggestions", query_string={"q": "ngoai gi"})
    assert answer.content_type == "application/x-suggestions+json"
    typed, found, nothing, addresses = answer.get_json(force=True)
    assert (typed, found[0], nothing) == ("ngoai gi", "ngoại giao", [])
    assert len(addresses) == len(found)
    assert "<mark>ngoại giao</mark>" in client.get(addresses[0]).text
    assert client.get("/suggestions?q=").get_json(force=True) == ["", [], [], []]
    assert client.get("/suggestions?q=a&size=0").status_code == 400
    rooted = client.get("/suggestions?q=ngoai", base_url="https://tin.example.vn/tim").get_json(force=True)
    assert all(address.startswith("https://tin.example.vn/tim/?q=") for address in rooted[3])


def test_addresses_follow_the_public_url(serve: Callable[..., Server], tmp_path: Path) -> None:
    with_seeds(tmp_path / "data")
    (tmp_path / "data" / "timtin.toml").write_text('[server]\npublic_url = "https://tin.example.vn/tim"\n')
    server = serve()
    root = "https://tin.example.vn/tim"
    assert f"Sitemap: {root}/sitemap.xml" in server.request("GET", "/robots.txt").body.decode()
    for path, inner in (("/sitemap.xml", "/sitemaps/1.xml"), ("/sitemaps/1.xml", "/articles/")):
        found = re.findall("<loc>(.*?)</loc>", server.request("GET", path).body.decode())
        assert found
        assert all(address.startswith(root + inner) for address in found)
    forwarded = server.request("GET", "/sitemap.xml", X_Forwarded_Host="evil.example").body.decode()
    assert "evil" not in forwarded
