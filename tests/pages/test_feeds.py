"""The feed of a search: valid Atom, of the search as filtered, with times that mean something."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from index.article import Article
from search.archive import ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync
from web.app import create_app
from web.services import Services

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
Feed = ElementTree.Element


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of an application without articles."""
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    yield create_app(archive).test_client()
    archive.close()


def feed_of(client: FlaskClient, **parameters: str) -> Feed:
    answer = client.get("/feed.atom", query_string=parameters)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    feed = ElementTree.fromstring(answer.data)
    is_valid(feed)
    return feed


def is_valid(feed: Feed) -> None:
    """Check what RFC 4287 demands: ids, titles, authors and times once each, no entry twice, links that lead there."""
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        for name in ("updated", "published"):
            for time in element.findall(f"{ATOM}{name}"):
                assert datetime.fromisoformat(time.text or "").tzinfo is not None
        assert [author.findtext(f"{ATOM}name") for author in element.findall(f"{ATOM}author")] != []
        assert urlsplit(element.findtext(f"{ATOM}id") or "").scheme == "http"
        assert link(element, "alternate")
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))


def link(element: Feed, relation: str) -> str:
    found = [link.attrib["href"] for link in element.findall(f"{ATOM}link") if link.attrib["rel"] == relation]
    assert len(found) == 1
    return found[0]


def updated(element: Feed) -> datetime:
    return datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "")


def put(client: FlaskClient, *articles: Article) -> None:
    here: Services = client.application.extensions["timtin"]
    here.archive.store.put(articles)
    bring_in_sync(here.archive)


def test_feed_and_page_are_of_the_same_filtered_search(client: FlaskClient) -> None:
    asked = {
        "q": "hội nhập & <b>",
        "source": "Ngày Nay",
        "from": "2024",
        "to": "2026-02",
        "match": "any",
        "collapse": "0",
    }
    feed = feed_of(client, **asked)
    for relation, path in (("self", "/feed.atom"), ("alternate", "/")):
        parts = urlsplit(link(feed, relation))
        assert (parts.scheme, parts.netloc, parts.path) == ("http", "localhost", path)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert said == {**asked, "collapse": "false", "sort": "newest"}
    assert feed.findtext(f"{ATOM}id") == link(feed, "self")
    again = feed_of(
        client, **{name: values[0] for name, values in parse_qs(urlsplit(link(feed, "self")).query).items()}
    )
    assert ElementTree.tostring(again) == ElementTree.tostring(feed)
    assert len(feed.findall(f"{ATOM}entry")) == 1
    page = client.get(link(feed, "alternate"))
    assert page.text.count('class="hit"') == 1


def test_feed_is_as_new_as_its_newest_article(client: FlaskClient) -> None:
    for more in ({}, {"sort": "oldest"}, {"sort": "relevance"}):
        feed = feed_of(client, q="hội", **more)
        entries = feed.findall(f"{ATOM}entry")
        assert len(entries) > 1
        assert updated(feed) == max(map(updated, entries))


def test_feed_that_finds_nothing_is_as_new_as_the_archive(client: FlaskClient) -> None:
    dated = [entry for entry in feed_of(client).findall(f"{ATOM}entry") if entry.find(f"{ATOM}published") is not None]
    found = feed_of(client, q="xyzzy")
    assert found.findall(f"{ATOM}entry") == []
    assert updated(found) == max(map(updated, dated))
    assert updated(found).year == 2026


def test_feed_of_an_empty_archive_is_of_today(empty: FlaskClient) -> None:
    feed = feed_of(empty, q="hội")
    assert timedelta(0) <= datetime.now(UTC) - updated(feed) < timedelta(days=2)


def test_undated_article_is_as_new_as_when_it_was_stored(empty: FlaskClient) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    put(empty, Article(id="a", title="Bún bò", body="bún bò"))
    for feed in (feed_of(empty, q="bún"), feed_of(empty, q="xyzzy")):
        assert before <= updated(feed) <= datetime.now(UTC)
    entry = feed_of(empty, q="bún").findall(f"{ATOM}entry")[0]
    assert entry.find(f"{ATOM}published") is None
    put(empty, Article(id="b", title="Bún chả", body="bún chả", published="2025-01-06T18:24"))
    dated, undated = feed_of(empty, q="bún").findall(f"{ATOM}entry")
    assert dated.findtext(f"{ATOM}updated") == dated.findtext(f"{ATOM}published") == "2025-01-06T18:24:00+07:00"
    assert updated(undated) == updated(entry)


def test_entries_are_text_with_author_language_and_category(empty: FlaskClient) -> None:
    put(
        empty,
        Article(id="a/b?", title="<b>Bún</b> & bò", body="bún", lead="<i>bún</i>", author="Lê An", category="Ẩm thực"),
        Article(id="c", body="noodles and bún", lang="en", source="Báo A"),
        Article(id="d", body="bún"),
    )
    by_id = {
        entry.findtext(f"{ATOM}id"): entry for entry in feed_of(empty, q="bún", collapse="0").findall(f"{ATOM}entry")
    }
    first = by_id["http://localhost/articles/a/b%3F"]
    assert first.findtext(f"{ATOM}title") == "<b>Bún</b> & bò"
    summary = first.find(f"{ATOM}summary")
    assert summary is not None
    assert (summary.text, summary.attrib["type"], summary.attrib[LANG]) == ("<i>bún</i>", "text", "vi")
    assert first.findtext(f"{ATOM}author/{ATOM}name") == "Lê An"
    category = first.find(f"{ATOM}category")
    assert category is not None
    assert category.attrib["term"] == "Ẩm thực"
    english = by_id["http://localhost/articles/c"].find(f"{ATOM}summary")
    assert english is not None
    assert english.attrib[LANG] == "en"
    names = {entry.findtext(f"{ATOM}author/{ATOM}name") for entry in by_id.values()}
    assert names == {"Lê An", "Báo A", "timtin"}
    assert by_id["http://localhost/articles/d"].findtext(f"{ATOM}title") == "(Không có tiêu đề)"
    assert feed_of(empty).attrib[LANG] == "vi"
    assert feed_of(empty, lang="en").attrib[LANG] == "en"


@pytest.mark.parametrize(
    "header", [lambda key: f"Bearer {key}", lambda key: "Basic " + base64.b64encode(f"x:{key}".encode()).decode()]
)
def test_feed_that_needs_a_key_is_read_with_one(
    guarded: FlaskClient, reader_key: str, header: Callable[[str], str]
) -> None:
    assert guarded.get("/feed.atom").status_code == 401
    answer = guarded.get("/feed.atom", headers={"Authorization": header(reader_key)})
    is_valid(ElementTree.fromstring(answer.data))
