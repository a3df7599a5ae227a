"""Bodies for the desk, with the real server: none is received without a session, and the form for one is small."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.attacks.clients import MB, Client, first, most_memory, nothing_failed, others_are_answered, statuses, written
from tests.attacks.conftest import Attacked, attacked, clients_leave, crowd_data
from tests.attacks.test_bodies import SIZE, files_of_bodies, head, key_of, sent
from tests.conftest import Server
from web.sessions import COOKIE

__all__ = ["attacked", "clients_leave", "crowd_data"]

FORMS = (
    "/admin/upload",
    "/admin/synonyms",
    "/admin/keys",
    "/admin/rebuild",
    "/admin/sign-out",
    "/admin/searches/clear",
)
FORM = "Content-Type: application/x-www-form-urlencoded"


def token_and_cookie(server: Server, path: str, cookie: str = "") -> tuple[str, str]:
    """Load a page; return the token in it and the cookie from then on."""
    answer = server.request("GET", path, **({"Cookie": cookie} if cookie else {}))
    assert answer.status == 200
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.body.decode())
    assert token is not None
    given = answer.headers.get("Set-Cookie", cookie).partition(";")[0]
    return token[1], given


def post(server: Server, path: str, cookie: str, **fields: str) -> tuple[int, str]:
    """Send a form; return the status and the cookie from then on."""
    data = urlencode(fields).encode()
    with Client(server) as client:
        request = head("POST", path, None, len(data), f"Cookie: {cookie}").replace(
            b"application/json", FORM[14:].encode()
        )
        answer = client.ask(request + data)
    given = answer.headers.get("set-cookie", cookie).partition(";")[0]
    return answer.status, given


def signed_in(server: Server, key: str) -> str:
    token, cookie = token_and_cookie(server, "/admin/sign-in")
    status, cookie = post(server, "/admin/sign-in", cookie, csrf_token=token, key=key)
    assert status == 303
    assert cookie.startswith(COOKIE)
    return cookie


def test_bodies_without_a_session_are_refused_at_the_head(attacked: Attacked) -> None:
    server = attacked()
    _, anonymous = token_and_cookie(server, "/admin/sign-in")
    before, memory = written(server), most_memory(server)
    given = {
        "nothing": (None, []),
        "an admin key": (server.key, []),
        "a search key": (key_of(server, "search"), []),
        "no session": (None, [f"Cookie: {anonymous}"]),
        "an odd cookie": (None, [f"Cookie: {COOKIE}=x.y.z"]),
    }
    for path in FORMS:
        for kind, (key, more) in given.items():
            for length in (SIZE, None):
                with Client(server) as client:
                    client.send(head("POST", path, key, length, "Expect: 100-continue", *more))
                    assert client.answer().problem["status"] == 401, (path, kind, length)
                    assert client.rest() == b""
    for length in (SIZE, None):
        with Client(server) as client:
            said = client.upload(sent(head("POST", "/admin/upload", None, length), length))
        assert statuses(said) in ([401], [])
        assert files_of_bodies(server) == []
    assert written(server) - before < 8 * MB
    assert most_memory(server) - memory < 48 * MB
    others_are_answered(server)
    nothing_failed(server)


@pytest.mark.parametrize("length", [4097, SIZE, None])
def test_form_for_signing_in_is_small_and_stays_in_memory(attacked: Attacked, length: int | None) -> None:
    server = attacked()
    before = written(server)
    with Client(server) as client:
        said = client.upload(sent(head("POST", "/admin/sign-in", None, length), length))
    assert statuses(said) in ([413], [])
    if statuses(said):
        assert "4,096 bytes" in first(said).problem["detail"]
    assert files_of_bodies(server) == []
    assert written(server) - before < MB
    others_are_answered(server)


def test_operator_signs_in_and_sends_files_while_the_session_holds(attacked: Attacked) -> None:
    server = attacked(limits={"body_mb": 2})
    key = key_of(server, "admin")
    cookie = signed_in(server, key)
    token, cookie = token_and_cookie(server, "/admin/upload", cookie)
    part = (
        f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        '--b\r\nContent-Disposition: form-data; name="files"; filename="tin.txt"\r\n\r\n'
    ).encode()
    whole = part + "Giá lúa tăng\n\nNông dân phấn khởi.".encode() + b"\r\n--b--\r\n"
    kind = b"multipart/form-data; boundary=b"
    with Client(server) as client:
        request = head("POST", "/admin/upload", None, len(whole), f"Cookie: {cookie}").replace(
            b"application/json", kind
        )
        answer = client.ask(request + whole)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/admin/upload/")
    with Client(server) as client:
        large = head("POST", "/admin/upload", None, 2 * MB + 1, f"Cookie: {cookie}", "Expect: 100-continue")
        client.send(large.replace(b"application/json", kind))
        assert client.answer().problem["status"] == 413
    for path in ("/admin/keys", "/admin/rebuild"):
        with Client(server) as client:
            client.send(head("POST", path, None, 100_000, f"Cookie: {cookie}", "Expect: 100-continue"))
            assert client.answer().problem["status"] == 413
    token, cookie = token_and_cookie(server, "/admin/keys/admin/revoke", cookie)
    assert post(server, "/admin/keys/admin/revoke", cookie, csrf_token=token)[0] == 303
    with Client(server) as client:
        client.send(head("POST", "/admin/upload", None, SIZE, f"Cookie: {cookie}", "Expect: 100-continue"))
        assert client.answer().problem["status"] == 401
    nothing_failed(server)


def test_full_disk_keeps_nobody_from_signing_in(attacked: Attacked) -> None:
    server = attacked(limits={"free_disk_mb": 1_000_000_000})
    cookie = signed_in(server, server.key)
    assert server.request("GET", "/admin", Cookie=cookie).status == 200
    with Client(server) as client:
        assert client.ask(head("POST", "/admin/upload", None, MB, f"Cookie: {cookie}") + b"x" * MB).status == 507
