"""``timtin keys``: what it prints, what it refuses, and several at once."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from index.errors import TimtinError
from index.shared_texts import FolderTexts
from tests.processes import TIMTIN, start, timtin
from web.keys import Key, KeyRing, Scope, expiry

NOW = datetime(2026, 11, 29, 10, 30, tzinfo=UTC)


def keys(data: Path, *arguments: str) -> Any:
    done = timtin("keys", *arguments, "--data", str(data))
    assert "Traceback" not in done.stderr
    return done


def test_keys_are_added_listed_and_revoked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    added = keys(data, "add", "a.b-c_1", "--scope", "write", "--expires", "30d")
    assert (added.returncode, added.stderr) == (0, "")
    token = added.stdout.strip()
    found = KeyRing(FolderTexts(data)).find(token)
    assert found is not None
    assert (found.name, found.scope) == ("a.b-c_1", Scope.WRITE)
    KeyRing(FolderTexts(data)).add("over", Scope.SEARCH, datetime.now(UTC) - timedelta(days=1))
    (listed,) = (row for row in json.loads(keys(data, "list", "--json").stdout) if row["name"] == "a.b-c_1")
    assert (listed["scope"], listed["state"]) == ("write", "valid")
    assert datetime.fromisoformat(listed["expires"]) - datetime.fromisoformat(listed["created"]) == timedelta(days=30)
    shown = keys(data, "list").stdout
    assert [line.split()[-1] for line in shown.splitlines()] == ["state", "valid", "expired"]
    assert token not in shown
    assert keys(data, "revoke", "a.b-c_1").returncode == 0
    assert KeyRing(FolderTexts(data)).find(token) is None
    assert keys(data, "list").stdout.count("\n") == 2


def test_a_key_is_made_at_the_moment_its_days_are_counted_from(tmp_path: Path) -> None:
    ring, now = KeyRing(FolderTexts(tmp_path)), datetime.now(UTC) - timedelta(seconds=90)  # a slow machine
    key = ring.find(ring.add("slow", Scope.SEARCH, expiry("30d", now), now=now))
    assert key is not None
    assert key.expires is not None
    assert key.expires - key.created == timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("add", "twice", "--scope", "search"), 1, "already"),
        (("add", "api-key", "--scope", "search"), 1, "already"),
        (("add", "two words", "--scope", "search"), 1, "cannot be the name"),
        (("add", "a\n", "--scope", "search"), 1, "cannot be the name"),
        (("add", "", "--scope", "search"), 1, "cannot be the name"),
        (("add", "a" * 65, "--scope", "search"), 1, "cannot be the name"),
        (("add", "a", "--scope", "search", "--expires", "mai"), 1, "30d"),
        (("add", "a", "--scope", "search", "--expires", "2020-01-01"), 1, "is over"),
        (("add", "a", "--scope", "all"), 2, "admin"),
        (("add", "a"), 2, "--scope"),
        (("revoke", "none"), 1, "the keys: twice"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    KeyRing(FolderTexts(data)).add("twice", Scope.SEARCH)
    (data / "articles.sqlite").touch()
    done = keys(data, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert [key.name for key in KeyRing(FolderTexts(data)).keys()] == ["twice"]  # noqa: SIM118


def test_missing_data_folder_is_named_and_not_made(tmp_path: Path) -> None:
    for arguments in (("list",), ("revoke", "a")):
        done = keys(tmp_path / "data", *arguments)
        assert done.returncode == 1
        assert "no data folder" in done.stderr
    assert not (tmp_path / "data").exists()


def test_keys_added_at_once_are_all_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    command = [*TIMTIN, "keys", "add", "--scope", "search", "--data", str(data)]
    running = [start([*command, f"k{n}"], stdout=subprocess.PIPE, text=True) for n in range(6)]
    tokens = [process.communicate()[0].strip() for process in running]
    found = [KeyRing(FolderTexts(data)).find(token) for token in tokens]
    assert [key.name if isinstance(key, Key) else None for key in found] == [f"k{n}" for n in range(6)]


@pytest.mark.parametrize(
    ("when", "end"),
    [
        ("30d", "2026-12-29T10:30:00+00:00"),
        ("36500d", "2126-11-05T10:30:00+00:00"),
        ("2026-11-29", "2026-11-29T17:00:00+00:00"),
        ("2027-01-31", "2027-01-31T17:00:00+00:00"),
        ("2027-01-31T18:00", "2027-01-31T11:00:00+00:00"),
        ("2027-01-31 18:00:01", "2027-01-31T11:00:01+00:00"),
        ("2027-01-31T18:00Z", "2027-01-31T18:00:00+00:00"),
        ("0d", None),
        ("36501d", None),
        ("30", None),
        ("30h", None),
        ("-1d", None),
        ("2027-02-30", None),
        ("9999-12-31", None),
        ("9999-12-31T23:59-12:00", None),
        ("2026-11-28", None),
        ("2026-11-29T10:30Z", None),
        ("20270131", None),
        ("٣٠d", None),
        ("", None),
    ],
)
def test_when_a_key_ends(when: str, end: str | None) -> None:
    if end is not None:
        assert expiry(when, NOW).isoformat() == end
        return
    with pytest.raises(TimtinError):
        expiry(when, NOW)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user: sudo make test")
def test_keys_of_another_user_stay_readable_for_the_service(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert keys(data, "add", "importer", "--scope", "write").returncode == 0
    before = (data / "keys.json").read_bytes()
    os.chown(data, 65_534, 65_534)
    for change in (["add", "other", "--scope", "search"], ["revoke", "importer"]):
        done = keys(data, *change)
        assert done.returncode == 1
        assert "belongs to another user; run timtin as its owner" in done.stderr
    assert (data / "keys.json").read_bytes() == before
