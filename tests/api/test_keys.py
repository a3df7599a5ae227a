"""Who may do what: every endpoint with every kind of key, and keys that come and go while a service runs."""

from __future__ import annotations

import base64
import logging
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from index.errors import StoreError
from index.shared_texts import FolderTexts
from search.archive import ArchiveConfig, open_archive
from tests.conftest import Server
from tests.processes import timtin
from web.access import Scope
from web.app import create_app
from web.keys import KeyRing
from web.settings import AccessSettings, Settings

SEED = "001_d3efdf2d08a7cb74"
NEEDED: dict[tuple[str, str], str] = {
    ("GET", "/"): "search",
    ("GET", "/articles/<path:id>"): "search",
    ("GET", "/feed.atom"): "search",
    ("GET", "/api/v1/search"): "search",
    ("POST", "/api/v1/search"): "search",
    ("POST", "/api/v1/searches"): "search",
    ("GET", "/api/v1/facets/source"): "search",
    ("GET", "/api/v1/facets/category"): "search",
    ("GET", "/api/v1/facets/author"): "search",
    ("POST", "/api/v1/similar"): "search",
    ("GET", "/api/v1/analyze"): "search",
    ("GET", "/api/v1/suggest"): "search",
    ("GET", "/api/v1/articles/<path:id>"): "search",
    ("GET", "/api/v1/articles/<path:id>/similar"): "search",
    ("GET", "/api/v1/stats"): "search",
    ("GET", "/api/v1/tasks"): "search",
    ("GET", "/api/v1/tasks/<id>"): "search",
    ("POST", "/api/v1/tasks/<id>/cancel"): "write",
    ("PUT", "/api/v1/articles/<article:id>"): "write",
    ("DELETE", "/api/v1/articles/<article:id>"): "write",
    ("PATCH", "/api/v1/articles/<article:id>"): "write",
    ("GET", "/api/v1/export"): "search",
    ("POST", "/api/v1/lookup"): "search",
    ("POST", "/api/v1/deletions"): "write",
    ("POST", "/api/v1/articles"): "write",
    ("POST", "/api/v1/reindex"): "admin",
    ("GET", "/metrics"): "metrics",
    ("GET", "/healthz"): "open",
    ("GET", "/readyz"): "open",
    ("GET", "/openapi.json"): "open",
    ("GET", "/docs"): "open",
    ("GET", "/opensearch.xml"): "open",
    ("GET", "/favicon.ico"): "open",
    ("GET", "/timtin.js"): "open",
    ("GET", "/manifest.webmanifest"): "open",
    ("GET", "/robots.txt"): "open",
    ("GET", "/sitemap.xml"): "search",
    ("GET", "/sitemaps/<int:number>.xml"): "search",
    ("GET", "/suggestions"): "search",
    ("GET", "/static/<version>/<room>/<path:name>"): "open",
    ("GET", "/admin/sign-in"): "open",
    ("POST", "/admin/sign-in"): "form",
    **{
        (method, f"/admin{path}"): "session"
        for method, path in (
            ("GET", ""), ("POST", "/sign-out"), ("GET", "/tasks"), ("GET", "/rebuild"), ("POST", "/rebuild"),
            ("GET", "/keys"), ("POST", "/keys"), ("GET", "/keys/<name>/revoke"), ("POST", "/keys/<name>/revoke"),
            ("GET", "/synonyms"), ("POST", "/synonyms"), ("GET", "/searches"), ("POST", "/searches/hide"),
            ("GET", "/searches/clear"), ("POST", "/searches/clear"), ("GET", "/upload"), ("POST", "/upload"),
            ("GET", "/upload/<id>"), ("POST", "/upload/<id>/index"), ("POST", "/upload/<id>/drop"),
        )
    },
}  # fmt: skip
SCOPES = {"search": Scope.SEARCH, "write": Scope.WRITE, "admin": Scope.ADMIN}
GIVEN = ("none", "wrong", "search", "write", "admin", "expired", "revoked", "first")
Keys = dict[str, str | None]


@pytest.fixture(scope="module", params=["open", "key"])
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seeds_data: Path
) -> Iterator[tuple[Flask, Keys]]:
    """An application whose searches are open or need a key, and a key of each kind."""
    data = tmp_path_factory.mktemp("guarded") / "data"
    shutil.copytree(seeds_data, data)
    archive = open_archive(ArchiveConfig(data))
    access = AccessSettings(search=request.param, metrics=request.param)
    app = create_app(archive, {"SETTINGS": Settings(data=data, access=access)})
    ring: KeyRing = app.config["KEYS"]
    keys: Keys = {"none": None, "wrong": "wrong", "first": app.config["API_KEY"]}
    keys |= {name: ring.add(name, scope) for name, scope in SCOPES.items()}
    keys["expired"] = ring.add("expired", Scope.ADMIN, datetime.now(UTC) - timedelta(seconds=1))
    keys["revoked"] = ring.add("revoked", Scope.ADMIN)
    ring.revoke("revoked")
    yield app, keys
    archive.close()


def expected(needed: str, given: str, access: str) -> int | None:
    """Return 401 or 403, 400 for a form without its token, or None for an answer. A session is no key."""
    if needed in {"form", "session"}:
        return 400 if needed == "form" else 401
    if needed == "open" or (needed in {"search", "metrics"} and access == "open"):
        return None
    if given in {"none", "wrong", "expired", "revoked"}:
        return 401
    scope = Scope.ADMIN if given == "first" else SCOPES[given]
    return None if scope >= SCOPES.get(needed, Scope.ADMIN) else 403


def bearer(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def basic(key: str | None, user: str = "ai đó") -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}"}


def test_every_endpoint_is_in_the_table(guarded: tuple[Flask, Keys]) -> None:
    routes = {
        (method, rule.rule)
        for rule in guarded[0].url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(NEEDED)


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize(("method", "rule"), list(NEEDED), ids=" ".join)
def test_endpoint_heeds_the_scope_of_a_key(guarded: tuple[Flask, Keys], method: str, rule: str, given: str) -> None:
    app, keys = guarded
    path = (
        rule.replace("<path:id>", SEED)
        .replace("<article:id>", SEED)
        .replace("<id>", "none")
        .replace("<int:number>", "1")
        .replace("<version>/<room>/<path:name>", "old/pages/page.css")
    )
    if method == "DELETE":
        path = "/api/v1/articles/none"
    wanted = expected(NEEDED[method, rule], given, app.config["SETTINGS"].access.search)
    for header in (bearer(keys[given]), basic(keys[given])):
        answer = app.test_client().open(path, method=method, headers=header)
        answer.close()
        if wanted is None:
            assert answer.status_code in {200, 202, 404, 415}
            continue
        assert answer.status_code == wanted
        assert answer.content_type == "application/problem+json"
        assert set(answer.json) == {"type", "title", "status", "detail", "instance", "errors"}
        if wanted == 401:
            scheme = "Bearer" if path.startswith("/api/") else "Session" if path.startswith("/admin") else "Basic"
            assert answer.headers["WWW-Authenticate"].startswith(f"{scheme} ")
        elif wanted == 403:
            assert f"'{given}'" in answer.json["detail"]
            assert "scope" in answer.json["detail"]
            assert "WWW-Authenticate" not in answer.headers


def test_head_is_guarded_as_get_is_and_what_is_not_there_needs_no_key(guarded: tuple[Flask, Keys]) -> None:
    app, _ = guarded
    client = app.test_client()
    wanted = 200 if app.config["SETTINGS"].access.search == "open" else 401
    assert client.head("/api/v1/search?q=a").status_code == wanted
    assert client.get("/api/v1/none").status_code == 404
    assert client.options("/api/v1/articles").status_code == 200
    assert client.put("/api/v1/search").status_code == 405


def test_browser_is_asked_for_the_key_on_a_page(guarded: tuple[Flask, Keys]) -> None:
    app, keys = guarded
    if app.config["SETTINGS"].access.search == "open":
        assert app.test_client().get("/", headers={"Accept": "text/html"}).status_code == 200
        return
    refused = app.test_client().get("/", headers={"Accept": "text/html"})
    assert (refused.status_code, refused.mimetype) == (401, "text/html")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert app.test_client().get("/", headers={"Accept": "text/html", **basic(keys["search"])}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic ???",
        "Basic /w==",
        "Basic YQ==",
        "Digest x",
        "",
        "Bearer ü",
        "Basic\tx",
        "\x00",
    ],
)
def test_odd_headers_are_no_keys(guarded: tuple[Flask, Keys], header: str) -> None:
    answer = guarded[0].test_client().post("/api/v1/reindex", headers={"Authorization": header})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        ("http://localhost]", 403),
        ("http://localhost", 202),
        (None, 202),
    ],
)
def test_page_of_another_site_cannot_write_with_a_remembered_password(
    guarded: tuple[Flask, Keys], origin: str | None, status: int
) -> None:
    app, keys = guarded
    more = {} if origin is None else {"Origin": origin}
    assert app.test_client().post("/api/v1/reindex", headers={**basic(keys["admin"]), **more}).status_code == status
    assert app.test_client().post("/api/v1/reindex", headers={**bearer(keys["admin"]), **more}).status_code == 202


def test_server_that_has_checked_the_key_is_believed(guarded: tuple[Flask, Keys]) -> None:
    client = guarded[0].test_client()
    checked = client.post("/api/v1/reindex", environ_overrides={"timtin.key_checked": True})
    assert checked.status_code == 202
    assert client.post("/api/v1/reindex", environ_overrides={"timtin.key_checked": False}).status_code == 401


def test_rebuild_is_cancelled_by_an_admin_alone(guarded: tuple[Flask, Keys]) -> None:
    app, keys = guarded
    client = app.test_client()
    app.extensions["timtin"].follower.stop()
    address = f"{client.post('/api/v1/reindex', headers=bearer(keys['admin'])).headers['Location']}/cancel"
    refused = client.post(address, headers=bearer(keys["write"]))
    assert (refused.status_code, "scope 'admin'" in refused.json["detail"]) == (403, True)
    assert client.post(address, headers=bearer(keys["admin"])).json["state"] == "cancelled"


def test_why_entries_were_refused_is_told_to_writers_alone(guarded: tuple[Flask, Keys]) -> None:
    app, keys = guarded
    client = app.test_client()
    body = '{"id": "good", "body": "bún bò"}\n{"id": "secret", "published": "mai", "body": "x"}\n{"id": 1}\n'
    sent = client.post(
        "/api/v1/articles", data=body, headers={**bearer(keys["write"]), "Content-Type": "application/x-ndjson"}
    )
    assert [entry["index"] for entry in sent.json["refused"]] == [1, 2]
    tasks = app.extensions["timtin"].archive.store.tasks
    failed = tasks.request_rebuild()
    tasks.end(failed.id, "the index in /secret/indexes/1 is damaged")
    for given, told in (("none", False), ("wrong", False), ("search", False), ("write", True), ("admin", True)):
        listed = client.get("/api/v1/tasks", headers=bearer(keys[given]))
        one = client.get(f"/api/v1/tasks/{sent.json['task']}", headers=bearer(keys[given]))
        if given in {"none", "wrong"} and app.config["SETTINGS"].access.search == "key":
            assert listed.status_code == one.status_code == 401
            continue
        assert [error["index"] for error in one.json["errors"]] == [1, 2]
        shown = next(task["errors"] for task in listed.json["tasks"] if task["id"] == failed.id)
        assert shown == ([{"detail": "the index in 1 is damaged"}] if told else [])
        assert ("published" in one.text, "published" in listed.text) == (told, told)
        if not told:
            assert one.json["errors"] == [{"index": 1}, {"index": 2}]


def test_new_key_works_and_a_revoked_one_does_not_without_a_restart(serve: Callable[..., Server]) -> None:
    server = serve()

    def status(key: str) -> int:
        body = b'{"body": "b\xc3\xban b\xc3\xb2"}'
        return server.request(
            "PUT", "/api/v1/articles/a", body, Authorization=f"Bearer {key}", Content_Type="application/json"
        ).status

    def keys(*arguments: str) -> str:
        done = timtin("keys", *arguments, "--data", str(server.data))
        assert done.returncode == 0, done.stderr
        return str(done.stdout).strip()

    first, writer = server.key, keys("add", "importer", "--scope", "write")
    assert (status(first), status(writer), status("wrong")) == (201, 200, 401)
    keys("revoke", "importer")
    assert (status(first), status(writer)) == (200, 401)
    (server.data / "api-key").write_text("một khoá khác")
    assert status(first) == 401
    keys("revoke", "api-key")
    (server.data / "api-key").write_text(first)
    assert status(first) == 200
    keys("revoke", "api-key")
    assert status(first) == 401
    assert server.stop() == 0
    server.start()
    assert (status(first), server.key) == (401, first)
    (server.data / "keys.json").write_text("{")
    assert (status(first), server.request("GET", "/api/v1/search?q=a").status) == (503, 200)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"keys": [{"name": "a"}]}', b'{"keys": [], "more": 1}']
)
def test_damaged_keys_open_no_door(client: FlaskClient, key: dict[str, str], content: bytes) -> None:
    home = Path(client.application.config["API_KEY_FILE"]).parent
    assert client.post("/api/v1/reindex", headers=key).status_code == 202
    (home / "keys.json").write_bytes(content)
    for _ in range(2):
        refused = client.post("/api/v1/reindex", headers=key)
        assert refused.status_code == 503
        assert "keys.json" in refused.json["detail"]
        assert str(home) not in refused.text
        assert client.get("/api/v1/search?q=a", headers=key).status_code == 200
        assert client.post("/api/v1/reindex").status_code == 401
    named = timtin("keys", "list", "--data", str(home))
    assert (named.returncode, named.stdout) == (1, "")
    assert str(home / "keys.json") in named.stderr
    (home / "keys.json").unlink()
    assert client.post("/api/v1/reindex", headers=key).status_code == 202


def test_keys_in_a_folder_that_is_gone_are_not_known_to_be_wrong(client: FlaskClient, key: dict[str, str]) -> None:
    home = Path(client.application.config["API_KEY_FILE"]).parent
    home.rename(home.with_name("away"))
    for _ in range(2):
        refused = client.post("/api/v1/reindex", headers=key)
        assert (refused.status_code, "cannot be read" in refused.json["detail"]) == (503, True)
        assert str(home) not in refused.text
    assert client.post("/api/v1/reindex").status_code == 401
    client.application.extensions["timtin"].follower.stop()
    if home.exists():  # a lock that was being taken has made it anew
        shutil.rmtree(home)
    home.mkdir()
    assert client.post("/api/v1/reindex", headers=key).status_code == 503
    home.rmdir()
    home.with_name("away").rename(home)
    assert client.post("/api/v1/reindex", headers=key).status_code == 202


def test_changed_bytes_of_the_keys_are_noticed(tmp_path: Path) -> None:
    token = KeyRing(FolderTexts(tmp_path)).add("a", Scope.SEARCH)
    file = tmp_path / "keys.json"
    file.write_bytes(file.read_bytes().replace(b'"search"', b'"admin"'))
    with pytest.raises(StoreError, match="have changed"):
        KeyRing(FolderTexts(tmp_path)).find(token)


def test_service_starts_with_damaged_keys_and_not_with_an_empty_first_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    (archive.home / "keys.json").write_text("{")
    app = create_app(archive)
    assert app.test_client().get("/healthz").status_code == 200
    assert app.test_client().post("/api/v1/reindex", headers=bearer("a")).status_code == 503
    assert str(archive.home / "keys.json") in caplog.text
    (archive.home / "keys.json").unlink()
    (archive.home / "api-key").write_text(" \n")
    with pytest.raises(StoreError, match="is empty"):
        create_app(archive)
    archive.close()


def test_first_key_is_made_once_and_may_be_ones_own(tmp_path: Path) -> None:
    ring = KeyRing(FolderTexts(tmp_path))
    made = ring.ensure_first()
    assert made is not None
    assert len(made) >= 43  # 256 bits
    assert (tmp_path / "api-key").stat().st_mode & 0o777 == 0o600
    assert KeyRing(FolderTexts(tmp_path)).ensure_first() == made
    (tmp_path / "api-key").write_text("của tôi\n", "utf-8")
    assert ring.ensure_first() == "của tôi"
    found = ring.find("của tôi")
    assert found is not None
    assert (found.name, found.scope, found.expires) == ("api-key", Scope.ADMIN, None)
    assert ring.find(made) is None
    ring.revoke("api-key")
    (tmp_path / "api-key").unlink()
    assert ring.ensure_first() is None
    assert not (tmp_path / "api-key").exists()


def test_servers_that_start_at_once_share_one_first_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: KeyRing(FolderTexts(tmp_path)).ensure_first(), range(16)))
    assert made == {(tmp_path / "api-key").read_text().strip()}


def test_keys_are_kept_hashed_for_their_owner_alone(tmp_path: Path) -> None:
    token = KeyRing(FolderTexts(tmp_path)).add("a", Scope.WRITE)
    assert token not in (tmp_path / "keys.json").read_text("utf-8")
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.json", "keys.lock"]


@pytest.mark.parametrize("folder", ["data", "watched"])
def test_clients_are_not_told_where_files_are(
    client: FlaskClient, key: dict[str, str], caplog: pytest.LogCaptureFixture, tmp_path: Path, folder: str
) -> None:
    app = client.application
    here = app.extensions["timtin"]
    here.follower.stop()
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(
        update={"server": app.config["SETTINGS"].server.model_copy(update={"watch": tmp_path / "watched"})}
    )
    here.follower._notice.set(f"[Errno 13] Permission denied: '{tmp_path / folder / 'indexes' / 'a b'}'")
    told = client.get("/api/v1/stats").json["last_error"]
    assert str(tmp_path) not in told
    assert told.endswith("a b'")
    here.follower._notice.set(f"the disk that holds {tmp_path / folder} is full; free some space")
    told = client.get("/api/v1/stats").json["last_error"]
    name = {"data": "the data folder", "watched": "the watched folder"}[folder]
    assert told == f"the disk that holds {name} is full; free some space"
    (tmp_path / "data" / "articles.sqlite").rename(tmp_path / "away")
    with caplog.at_level(logging.ERROR):
        for path in ("/api/v1/articles/a", "/articles/a", "/api/v1/tasks"):
            refused = client.get(path, headers=key)
            assert (refused.status_code, str(tmp_path) in refused.text) == (503, False)
            assert "articles.sqlite was replaced or removed" in refused.json["detail"]
    assert str(tmp_path / "data" / "articles.sqlite") in caplog.text
