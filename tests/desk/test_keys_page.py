"""Keys at the desk: listed without themselves, made and shown once, revoked."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.desk.conftest import Operator
from web.access import Scope
from web.keys import KeyRing


def test_key_is_shown_once_and_works(operator: Operator) -> None:
    ring: KeyRing = operator.client.application.config["KEYS"]
    operator.get("/admin/keys")
    made = operator.send("/admin/keys", {"name": "importer", "scope": "write", "expires": "30d"})
    assert made.status_code == 200
    token = re.search(r'id="made"[^>]* value="([^"]+)"', made.text)
    assert token is not None
    key = ring.find(token[1])
    assert key is not None
    assert (key.name, key.scope) == ("importer", Scope.WRITE)
    assert key.expires is not None
    listed = operator.get("/admin/keys").text
    assert "importer" in listed
    for secret in (token[1], key.digest, operator.client.application.config["API_KEY"]):
        assert secret not in listed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "api-key", "scope": "write"}, "There is a key “api-key” already"),
        ({"name": "<script>alert(1)</script>", "scope": "write"}, "cannot be the name of a key"),
        ({"name": "../x", "scope": "write"}, "cannot be the name of a key"),
        ({"name": "", "scope": "write"}, "cannot be the name of a key"),
        ({"name": "a", "scope": "root"}, "Choose what the key may do"),
        ({"name": "a"}, "Choose what the key may do"),
        ({"name": "a", "scope": "write", "expires": "yesterday"}, "is not a time that a key can end at"),
        ({"name": "a", "scope": "write", "expires": "9999-12-31T20:00Z"}, "is not a time that a key can end at"),
        ({"name": "a", "scope": "write", "expires": "9999-12-31T20:00-14:00"}, "is not a time that a key can end at"),
        ({"name": "a", "scope": "write", "expires": "<b>"}, "is not a time that a key can end at"),
    ],
)
def test_wrong_key_says_what_is_wrong_and_keeps_what_was_typed(
    operator: Operator, given: dict[str, str], said: str
) -> None:
    operator.get("/admin/keys")
    page = operator.send("/admin/keys", given)
    assert page.status_code == 400
    assert said in page.text
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text.replace("tìm<b>tin</b>", "")
    assert len(operator.client.application.config["KEYS"].keys()) == 1


def test_key_that_ends_with_all_time_is_listed(operator: Operator) -> None:
    operator.client.application.config["KEYS"].add("far", Scope.WRITE, datetime(9999, 12, 31, 20, tzinfo=UTC))
    assert "9999-12-31 20:00" in operator.get("/admin/keys").text


def test_revoking_is_asked_for_then_done(operator: Operator) -> None:
    ring: KeyRing = operator.client.application.config["KEYS"]
    token = ring.add("old", Scope.WRITE)
    assert "Revoke the key “old”?" in operator.get("/admin/keys/old/revoke").text
    assert ring.find(token) is not None
    assert "The key “old” is revoked." in operator.send("/admin/keys/old/revoke").text
    assert ring.find(token) is None
    assert operator.get("/admin/keys/old/revoke").status_code == 404
    assert operator.get("/admin/keys/%3Cscript%3E/revoke").status_code == 404


def test_revoking_the_key_of_this_session_signs_out(operator: Operator) -> None:
    assert "you will be signed out" in operator.get("/admin/keys/api-key/revoke").text
    assert operator.send("/admin/keys/api-key/revoke").request.path == "/admin/sign-in"
    assert operator.get("/admin").request.path == "/admin/sign-in"
