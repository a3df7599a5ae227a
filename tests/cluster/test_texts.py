"""Texts that all servers share, and when each URL was fetched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from index.cluster.connection import Cluster
from index.cluster.fetches import ClusterFetchLog
from index.cluster.mapping import document_id
from index.cluster.shared import ClusterTexts
from index.shared_texts import SharedText
from index.store.article_store import Fetched


def test_text_is_read_as_it_was_written(cluster: Cluster) -> None:
    texts = ClusterTexts(cluster)
    assert texts.read("synonyms") is None
    text = ("hà nội = thủ đô\n\u0000" + "dài" * 20_000).encode()
    assert texts.write("synonyms", text, None)
    assert texts.read("synonyms") == SharedText(text, texts.version("synonyms"))
    assert texts.read("keys") is None


def test_change_that_was_not_read_is_not_written_over(cluster: Cluster) -> None:
    texts = ClusterTexts(cluster)
    assert texts.write("keys", b"a", None)
    assert not texts.write("keys", b"b", None)
    first = texts.version("keys")
    assert texts.write("keys", b"c", first)
    second = texts.version("keys")
    assert second != first
    assert not texts.write("keys", b"d", first)
    assert texts.read("keys") == SharedText(b"c", second)


def test_one_of_many_writes_a_text_first(cluster: Cluster) -> None:
    texts = ClusterTexts(cluster)
    with ThreadPoolExecutor(6) as pool:
        written = list(pool.map(lambda number: texts.write("secret", b"%d" % number, None), range(6)))
    found = texts.read("secret")
    assert found is not None
    assert written == [b"%d" % number == found.data for number in range(6)]


def test_last_fetch_of_a_url_is_known(cluster: Cluster) -> None:
    log = ClusterFetchLog(cluster)
    url = "http://127.0.0.1/bài?" + "x" * 5000
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    assert log.known(url, "a") is None
    log.note([])
    log.note([Fetched(url, at), Fetched("http://127.0.0.1/b", at)])
    log.note([Fetched(url, at, '"etag"', "Sun, 29 Nov 2026 12:00:00 GMT")])
    assert log.known(url, "a") == Fetched(url, at, '"etag"', "Sun, 29 Nov 2026 12:00:00 GMT")
    assert log.known("http://127.0.0.1/b", "a") == Fetched("http://127.0.0.1/b", at)


def test_fetch_of_tomorrow_is_long_ago(cluster: Cluster) -> None:
    log = ClusterFetchLog(cluster)
    log.note([Fetched("http://127.0.0.1/", datetime.now(UTC) + timedelta(days=1))])
    known = log.known("http://127.0.0.1/", "a")
    assert known is not None
    assert known.at.year == 1


def test_fetch_whose_article_was_deleted_is_unknown(cluster: Cluster) -> None:
    log = ClusterFetchLog(cluster)
    at = datetime.now(UTC).replace(microsecond=0)
    log.note([Fetched("http://127.0.0.1/", at)])
    for id in ("a", "~" + "a" * 600):
        place = document_id(id)
        cluster.ask("PUT", cluster.articles, "_doc", place, body={"id": id, "seq": 1, "deleted": False})
        assert log.known("http://127.0.0.1/", id) is not None
        cluster.ask("PUT", cluster.articles, "_doc", place, body={"id": id, "seq": 2, "deleted": True})
        assert log.known("http://127.0.0.1/", id) is None
