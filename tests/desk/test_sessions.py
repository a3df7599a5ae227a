"""Who gets into the desk: signing in and out, sessions that end, and what is refused without a session or a token."""

from __future__ import annotations

import itertools
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from search.archive import Archive, ArchiveConfig, open_archive
from tests.desk.conftest import HTML, TOKEN, Operator
from web import sessions
from web.access import Scope
from web.app import create_app
from web.keys import KeyRing

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OPEN = {("GET", "/admin/sign-in"), ("HEAD", "/admin/sign-in"), ("POST", "/admin/sign-in")}


def rules(app: Flask) -> list[str]:
    found = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")}
    return sorted(path.replace("<name>", "api-key").replace("<id>", "0" * 32) for path in found)


def cookie(answer: object) -> str:
    """The Set-Cookie header of the session."""
    (found,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(sessions.COOKIE)]  # type: ignore[attr-defined]
    return str(found)


def test_operator_signs_in_and_out(visitor: Operator) -> None:
    assert "Sign in to the desk" in visitor.get("/admin").text
    page = visitor.sign_in(visitor.client.application.config["API_KEY"])
    assert page.status_code == 200
    assert "<h1>Overview</h1>" in page.text
    assert visitor.get("/admin/sign-in").request.path == "/admin"
    assert visitor.send("/admin/sign-out").request.path == "/admin/sign-in"
    assert visitor.get("/admin/keys").request.path == "/admin/sign-in"


@pytest.mark.parametrize("given", ["", "wrong", "ü", "\x00", "x" * 3000, "<script>alert(1)</script>"])
def test_wrong_key_is_said_to_be_wrong(visitor: Operator, given: str) -> None:
    page = visitor.sign_in(given)
    assert page.status_code == 403
    assert "This key is unknown, expired or revoked." in page.text
    assert "<script>alert" not in page.text
    assert visitor.get("/admin").request.path == "/admin/sign-in"


@pytest.mark.parametrize("scope", [Scope.SEARCH, Scope.WRITE])
def test_key_that_may_less_is_told_so(visitor: Operator, scope: Scope) -> None:
    page = visitor.sign_in(visitor.client.application.config["KEYS"].add("less", scope))
    assert page.status_code == 403
    assert f"has the scope “{scope.label}”" in page.text
    assert visitor.get("/admin").request.path == "/admin/sign-in"


def test_cookie_is_kept_from_scripts_other_sites_and_other_addresses(visitor: Operator) -> None:
    key = visitor.client.application.config["API_KEY"]
    visitor.get("/admin/sign-in")
    answer = visitor.send("/admin/sign-in", {"key": key}, follow=False)
    said = cookie(answer)
    assert "; HttpOnly" in said
    assert "; SameSite=Strict" in said
    assert "; Path=/admin" in said
    assert "Secure" not in said
    assert "Expires" not in said
    assert "Max-Age" not in said
    assert key not in said
    digest = visitor.client.application.config["KEYS"].named("api-key").digest
    assert digest not in said
    payload = sessions.DeskSessions(Path("/")).get_signing_serializer(visitor.client.application)
    assert payload is not None
    held = payload.loads(said.partition("=")[2].partition(";")[0])
    assert digest not in str(held)
    secure = visitor.client.application.test_client().get("/admin/sign-in", base_url="https://localhost")
    assert "; Secure" in cookie(secure)


def test_session_is_another_one_after_signing_in(visitor: Operator) -> None:
    visitor.get("/admin/sign-in")
    before = TOKEN.search(visitor.page)
    visitor.sign_in(visitor.client.application.config["API_KEY"])
    assert before is not None
    refused = visitor.client.post("/admin/rebuild", data={"csrf_token": before[1]}, headers=HTML)
    assert refused.status_code == 400


def test_api_takes_no_cookie(operator: Operator) -> None:
    held = operator.client.get_cookie(sessions.COOKIE, path="/admin")
    assert held is not None
    given = {"Cookie": f"{sessions.COOKIE}={held.value}"}
    client = operator.client.application.test_client(use_cookies=False)
    assert client.get("/admin/keys", headers=given).status_code == 200
    for path in ("/api/v1/reindex", "/api/v1/articles"):
        assert client.post(path, headers=given).status_code == 401
    assert "Set-Cookie" not in client.get("/api/v1/search?q=a", headers=given).headers
    assert client.get("/", headers=given).headers["Vary"] == client.get("/").headers["Vary"]


def test_key_in_a_header_opens_no_desk(client: FlaskClient, key: dict[str, str]) -> None:
    assert client.get("/admin", headers=key).status_code == 401
    assert client.post("/admin/rebuild", headers=key).status_code == 401


def test_session_ends_with_its_key(visitor: Operator) -> None:
    ring: KeyRing = visitor.client.application.config["KEYS"]
    visitor.sign_in(ring.add("mine", Scope.ADMIN))
    assert visitor.get("/admin").request.path == "/admin"
    ring.revoke("mine")
    assert visitor.get("/admin").request.path == "/admin/sign-in"
    ring.add("mine", Scope.ADMIN)  # another key of the same name
    assert visitor.get("/admin").request.path == "/admin/sign-in"


def test_session_ends_when_its_key_expires(visitor: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    ring: KeyRing = visitor.client.application.config["KEYS"]
    visitor.sign_in(ring.add("mine", Scope.ADMIN, datetime.now(UTC) + timedelta(days=1)))
    assert visitor.get("/admin").request.path == "/admin"
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr("web.keys.Key.expired", lambda self: self.expires is not None and self.expires <= later)
    assert visitor.get("/admin").request.path == "/admin/sign-in"


def test_session_ends_after_some_hours(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr("web.sessions.time.time", lambda: now + 7.9 * 3600)
    assert operator.get("/admin").request.path == "/admin"
    monkeypatch.setattr("web.sessions.time.time", lambda: now + 8.1 * 3600)
    assert operator.get("/admin").request.path == "/admin/sign-in"


def test_desk_works_below_a_path_and_over_https(visitor: Operator) -> None:
    client = visitor.client
    where = {"base_url": "https://tin.example.vn/doc"}
    page = client.get("/admin/sign-in", headers=HTML, **where)
    assert 'action="/doc/admin/sign-in"' in page.text
    assert "; Path=/doc/admin" in cookie(page)
    token = TOKEN.search(page.text)
    assert token is not None
    data = {"csrf_token": token[1], "key": client.application.config["API_KEY"]}
    assert client.post("/admin/sign-in", data=data, headers=HTML, **where).status_code == 400  # from nowhere
    came = {**HTML, "Referer": "https://tin.example.vn/doc/admin/sign-in", "Origin": "https://tin.example.vn"}
    answer = client.post("/admin/sign-in", data=data, headers=came, **where)
    assert (answer.status_code, answer.location) == (303, "/doc/admin")
    assert client.get("/admin", headers=HTML, **where).status_code == 200


@pytest.mark.parametrize("given", [b"\xff\xfe", b"x; other=\xe9", b"\xc3\xbc", b'"\\777"', b"=;=;", b'"'])
def test_bytes_that_are_no_text_are_no_sessions(client: FlaskClient, given: bytes) -> None:
    cookies = f"{sessions.COOKIE}={given.decode('latin-1')}"
    for path in ("/admin", "/admin/sign-in", "/", "/?lang=en", "/api/v1/search?q=a"):
        answer = client.get(path, environ_overrides={"HTTP_COOKIE": cookies})
        assert answer.status_code == (401 if path == "/admin" else 200), path


@pytest.mark.parametrize("value", ["", "x", "e30.aaaa.bbbb", "Ã\x00", "." * 4000])
def test_odd_cookies_are_no_sessions(client: FlaskClient, value: str) -> None:
    client.set_cookie(sessions.COOKIE, value, path="/admin")
    assert client.get("/admin", headers=HTML).status_code == 303


def test_cookie_of_another_secret_is_no_session(operator: Operator, tmp_path: Path, seeds_data: Path) -> None:
    held = operator.client.get_cookie(sessions.COOKIE, path="/admin")
    assert held is not None
    shutil.copytree(seeds_data, tmp_path / "other")
    archive = open_archive(ArchiveConfig(tmp_path / "other"))
    shutil.copy(tmp_path / "data" / "api-key", tmp_path / "other" / "api-key")
    client = create_app(archive).test_client()
    client.set_cookie(sessions.COOKIE, held.value, path="/admin")
    assert client.get("/admin", headers=HTML).status_code == 303
    archive.close()


def test_processes_share_a_secret_that_only_its_owner_reads(archive: Archive) -> None:
    first, second = create_app(archive), create_app(archive)
    assert first.secret_key == second.secret_key
    file = archive.home / "desk.secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == first.secret_key
    assert len(file.read_text()) == 64
    assert sorted(path.name for path in archive.home.glob("desk.*")) == ["desk.secret"]


def test_damaged_keys_and_an_empty_secret_open_no_door(operator: Operator, archive: Archive) -> None:
    home = operator.client.application.extensions["timtin"].archive.home
    (home / "keys.json").write_text("{")
    assert operator.client.get("/admin").status_code == 503
    page = operator.get("/admin")
    assert (page.status_code, "keys.json cannot be read" in page.text) == (503, True)
    assert operator.get("/admin/sign-in").status_code == 503
    (home / "keys.json").unlink()
    assert operator.client.get("/admin").status_code == 200


@pytest.mark.parametrize("left", [b"", b"\n", b"a", b"0" * 63, b"0" * 66, b"x" * 64, b"\xff\x00" * 32, None])
def test_damaged_secret_closes_the_desk_alone_and_says_so(
    archive: Archive, left: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    create_app(archive)
    file = archive.home / "desk.secret"
    file.unlink()
    if left is None:
        file.mkdir()
    else:
        file.write_bytes(left)
    app = create_app(archive)
    client = app.test_client()
    for cookie in ("", "e30.aaaa.bbbb"):
        client.set_cookie(sessions.COOKIE, cookie, path="/admin")
        page = client.get("/admin/sign-in", headers=HTML)
        assert (page.status_code, "desk.secret" in page.text) == (503, True)
        assert str(archive.home) not in page.text
        assert client.post("/admin/sign-in", data={"key": app.config["API_KEY"]}).status_code == 503
        assert client.get("/admin/keys").status_code == (503 if cookie else 401)
        assert client.get("/api/v1/search?q=a").status_code == 200
    assert "Traceback" not in caplog.text
    if left is not None:
        file.unlink()
        assert client.get("/admin/sign-in", headers=HTML).status_code == 200


def test_desk_refuses_every_call_without_a_session(client: FlaskClient) -> None:
    paths = rules(client.application)
    assert len(paths) > 12
    for method, path in itertools.product(METHODS, paths):
        if (method, path) in OPEN:
            continue
        answer = client.open(path, method=method)
        allowed = {rule.rule: rule.methods for rule in client.application.url_map.iter_rules()}
        assert answer.status_code in {401, 405}, (method, path)
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Session ")
            assert answer.headers["Cache-Control"] == "no-store, no-transform"
        else:
            assert method not in (allowed.get(path) or ())
        if method == "GET" and answer.status_code == 401:
            led = client.get(path, headers=HTML)
            assert (led.status_code, led.location) == (303, "/admin/sign-in")


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_desk_refuses_every_form_without_its_token(operator: Operator, token: str | None) -> None:
    app = operator.client.application
    tasks = app.extensions["timtin"].archive.store.tasks
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin") and "POST" in (rule.methods or ()):
            path = rule.rule.replace("<name>", "api-key").replace("<id>", "0" * 32)
            data = {"name": "made", "scope": "admin", "text": "a, b", "do": "save", "key": app.config["API_KEY"]}
            answer = operator.client.post(path, data=data if token is None else {**data, "csrf_token": token})
            assert answer.status_code == 400, path
            assert "form" in answer.json["detail"] or "biểu mẫu" in answer.json["detail"].lower()
            tried += 1
    assert tried == 11
    ring: KeyRing = app.config["KEYS"]
    assert (len(ring.keys()), ring.named("made")) == (1, None)
    assert tasks.latest(10) == []
    assert operator.get("/admin").request.path == "/admin"


def test_token_of_another_session_is_refused(operator: Operator) -> None:
    other = Operator(operator.client.application)
    other.sign_in(operator.client.application.config["API_KEY"])
    other.get("/admin/rebuild")
    operator.page = other.page
    assert operator.send("/admin/rebuild").status_code == 400


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_form_of_another_site_is_refused(operator: Operator, header: dict[str, str]) -> None:
    operator.get("/admin/rebuild")
    token = TOKEN.search(operator.page)
    assert token is not None
    data = {"csrf_token": token[1]}
    assert operator.client.post("/admin/rebuild", data=data, headers=header).status_code == 403
    key = {**data, "key": operator.client.application.config["API_KEY"]}
    assert operator.client.post("/admin/sign-in", data=key, headers=header).status_code == 403
    fine = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert operator.client.post("/admin/rebuild", data=data, headers=fine).status_code == 303


def test_form_at_a_host_that_is_not_known_says_which_setting_to_change(operator: Operator) -> None:
    operator.get("/admin/rebuild")
    page = operator.client.post("/admin/rebuild", headers={**HTML, "Origin": "http://tin.example.vn"})
    assert page.status_code == 403
    assert "server.hosts" in page.text


def test_pages_stay_out_of_caches_search_engines_and_compression(operator: Operator) -> None:
    for path in rules(operator.client.application):
        answer = operator.client.get(path, headers={**HTML, "Accept-Encoding": "gzip, br, zstd"})
        if answer.status_code in {404, 405}:
            continue
        assert answer.headers["Cache-Control"] == "no-store, no-transform", path
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "Content-Encoding" not in answer.headers
        assert "ETag" not in answer.headers
        if answer.status_code == 200:
            assert '<meta name="robots" content="noindex, nofollow">' in answer.text
            assert not re.search(r"<[^>]+ (style|on\w+)=", answer.text)
            assert not re.search(r"<script(?![^>]* src=)", answer.text)
