"""Texts that all servers share, and when each URL was fetched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from index.cluster import texts
from index.cluster.connection import Cluster
from index.cluster.fetches import ClusterFetchLog
from index.cluster.mapping import document_id
from index.store.article_store import Fetched


def test_text_is_read_as_it_was_written(cluster: Cluster) -> None:
    assert texts.read(cluster, "synonyms") is None
    text = "hà nội = thủ đô\n\u0000" + "dài" * 20_000
    version = texts.write(cluster, "synonyms", text, None)
    assert texts.read(cluster, "synonyms") == (text, version)
    assert texts.read(cluster, "keys") is None


def test_change_that_was_not_read_is_not_written_over(cluster: Cluster) -> None:
    first = texts.write(cluster, "keys", "a", None)
    with pytest.raises(texts.TextChangedError, match="the keys were changed by someone else"):
        texts.write(cluster, "keys", "b", None)
    second = texts.write(cluster, "keys", "c", first)
    with pytest.raises(texts.TextChangedError):
        texts.write(cluster, "keys", "d", first)
    assert texts.read(cluster, "keys") == ("c", second)


def test_one_of_many_writes_a_text_first(cluster: Cluster) -> None:
    def write(number: int) -> bool:
        try:
            texts.write(cluster, "secret", str(number), None)
        except texts.TextChangedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        written = list(pool.map(write, range(6)))
    found = texts.read(cluster, "secret")
    assert found is not None
    assert written == [str(number) == found[0] for number in range(6)]


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
