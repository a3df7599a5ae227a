"""Pages, desk and metrics of an archive without a data folder, and what they say while its cluster cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from index.article import Article
from index.errors import DiskFullError
from search.archive import ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync
from tests.cluster.given import config_of
from tests.cluster.server import ask
from tests.desk.conftest import Operator
from tests.desk.test_synonyms_page import digest_on
from tests.processes import wait_for
from web.app import create_app


@pytest.fixture
def config(cluster_hosts: list[str], prefix: str, tmp_path: Path) -> ArchiveConfig:
    home = tmp_path / "home"
    home.mkdir()
    return ArchiveConfig(home, sharing=2, cluster=config_of(cluster_hosts, prefix, timeout=20))


@pytest.fixture
def app(config: ArchiveConfig) -> Iterator[Flask]:
    """An application on an archive on the cluster, with two articles."""
    archive = open_archive(config)
    archive.store.put([Article(id="a", body="Quả bưởi da xanh."), Article(id="b", body="Trái bòng.")])
    bring_in_sync(archive)
    yield create_app(archive)
    archive.close()


def test_desk_shows_what_the_cluster_has_and_keeps_synonyms_there(app: Flask, config: ArchiveConfig) -> None:
    operator = Operator(app)
    operator.sign_in(app.config["API_KEY"])
    page = operator.get("/admin").text
    assert "<dt>Articles</dt><dd>2</dd>" in page
    assert "Free on the disk" in page
    digest = digest_on(operator.get("/admin/synonyms").text)
    form = {"text": "bưởi, bòng", "digest": digest, "do": "save"}
    assert "The synonyms are saved" in operator.send("/admin/synonyms", form).text
    assert operator.send("/admin/synonyms", {**form, "text": "a, b"}).status_code == 409
    client = app.test_client()
    assert client.get("/api/v1/search?q=bưởi").json["total"] == 2
    other = open_archive(config)  # of another server
    wait_for(lambda: bool(other.synonyms.current().rules.get("buoi")))
    assert create_app(other).secret_key == app.secret_key
    other.close()
    assert client.get("/readyz").status_code == 200
    assert "timtin_store_bytes" in client.get("/metrics").text
    assert list(config.data.iterdir()) == []


def test_first_key_is_made_once_and_kept_as_a_hash(app: Flask, config: ArchiveConfig) -> None:
    first = app.config["API_KEY"]
    assert first is not None
    other = open_archive(config)
    again = create_app(other)
    assert again.config["API_KEY"] is None  # nobody can tell it any more
    key = again.config["KEYS"].find(first)
    assert (key.name, key.scope.label) == ("api-key", "admin")
    other.close()


def test_a_cluster_that_is_gone_is_told_to_clients_without_its_address(
    app: Flask, config: ArchiveConfig, cluster_hosts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = app.extensions["timtin"].archive.store
    key = {"Authorization": f"Bearer {app.config['API_KEY']}"}
    client = app.test_client()
    assert client.put("/api/v1/articles/c", json={"body": "Quýt."}, headers=key).status_code == 201
    away = replace(config.cluster, hosts=("http://127.0.0.1:1",), timeout=0.1)  # type: ignore[type-var]
    monkeypatch.setattr(store.cluster, "config", away)
    store.cluster.close()
    for answer in (
        client.get("/readyz"),
        client.get("/api/v1/articles/a"),
        client.put("/api/v1/articles/c", json={"body": "Cam."}, headers=key),
    ):
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert answer.headers["Retry-After"]
        assert "no host of the cluster answered" in answer.json["detail"]
        assert "127.0.0.1" not in answer.text
    assert client.get("/healthz").status_code == 200
    monkeypatch.undo()
    store.cluster.close()
    assert client.get("/api/v1/articles/c").json["body"] == "Quýt."


def test_a_disk_that_is_full_refuses_writes_and_not_searches(app: Flask, cluster_hosts: list[str], prefix: str) -> None:
    client = app.test_client()
    key = {"Authorization": f"Bearer {app.config['API_KEY']}"}
    settings = f"{cluster_hosts[0]}/{prefix}-articles/_settings"
    ask("PUT", settings, {"index.blocks.read_only_allow_delete": True})
    refused = client.put("/api/v1/articles/c", json={"body": "Quýt."}, headers=key)
    assert refused.status_code == 507
    assert client.get("/readyz").status_code == 503
    assert client.get("/api/v1/search?q=bưởi").json["total"] == 1
    with pytest.raises(DiskFullError):
        app.extensions["timtin"].archive.store.put([Article(id="c", body="Quýt.")])
    ask("PUT", settings, {"index.blocks.read_only_allow_delete": None})
    assert client.put("/api/v1/articles/c", json={"body": "Quýt."}, headers=key).status_code == 201
