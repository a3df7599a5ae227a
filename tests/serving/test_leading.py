"""One process leads: it makes writes searchable. Another follows it, however it ends."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from search.archive import ArchiveConfig, open_archive
from tests.conftest import Server
from tests.processes import wait_for
from tests.serving.family import FrailServer, both, connected_to, leader, leaders, needs_proc, put, serving, settings

pytestmark = needs_proc

TWO = ("--workers", "2")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_another_process_leads_once_the_leader_ends(
    serve: Callable[..., Server], tmp_path: Path, how: signal.Signals
) -> None:
    server = serve(None, *TWO)
    for number in range(3):
        led = leader(tmp_path / "data")
        assert led in both(server)
        os.kill(led, how)
        assert leader(tmp_path / "data", ended=led) != led
        assert put(server, f"a{number}", "Ngô.")
        assert server.search("ngô")["total"] == number + 1
    wait_for(lambda: server.request("GET", "/readyz").status == 200)


def test_a_leader_that_is_stopped_is_replaced(tmp_path: Path, port: int) -> None:
    settings(tmp_path / "data", "")
    server = FrailServer(tmp_path / "data", port, *TWO)
    led = leader(tmp_path / "data")
    [other] = set(both(server)) - {led}
    with connected_to(server, other) as connection:
        os.kill(led, signal.SIGSTOP)
        body = json.dumps({"body": "Ngô."})
        key = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
        connection.request("PUT", "/api/v1/articles/a?wait=true", body, key)
        written = connection.getresponse()
        assert (written.status, json.loads(written.read())["searchable"]) == (201, True)
    assert leader(tmp_path / "data") != led


def test_every_process_asks_the_leader_to_rebuild(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(None, *TWO)
    assert put(server, "a", "Ngô.")
    for process in both(server):
        with connected_to(server, process) as connection:
            connection.request("POST", "/api/v1/reindex", headers={"Authorization": f"Bearer {server.key}"})
            answer = connection.getresponse()
            task = json.loads(answer.read())["id"]
            assert answer.status == 202
        wait_for(lambda task=task: server.request("GET", f"/api/v1/tasks/{task}").json["state"] == "done")  # type: ignore[misc]
    assert server.search("ngô")["total"] == 1


def test_the_next_leader_goes_on_watching_and_indexes_nothing_twice(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    server = serve(None, *TWO, "--watch", str(folder))

    def arrive(number: int) -> None:
        fresh = folder / f"{number}.new"
        fresh.write_text(json.dumps({"id": f"m{number}", "body": f"ngô số {number}"}), "utf-8")
        fresh.rename(folder / f"{number}.jsonl")

    for number in range(4):
        arrive(number)
        if number % 2:
            wait_for(lambda number=number: server.search("ngô", collapse="false")["total"] == number + 1)  # type: ignore[misc]
        led = leader(tmp_path / "data")
        os.kill(led, signal.SIGKILL)
        leader(tmp_path / "data", ended=led)
    wait_for(lambda: server.search("ngô", collapse="false")["total"] == 4)
    assert server.stop() == 0
    told = re.findall(r"in: (\d+) added, (\d+) updated", (tmp_path / "server.log").read_text("utf-8"))
    assert sum(int(added) for added, _ in told) <= 4  # what was added by a leader that was killed at once is not told
    assert {updated for _, updated in told} <= {"0"}


def test_of_two_servers_one_leads_and_the_other_follows_when_that_is_killed(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    first, second = serve(None, *TWO), serve(None, *TWO)
    leader(tmp_path / "data")
    [led] = leaders(tmp_path / "data")
    leading, other = (first, second) if led in serving(first) else (second, first)
    assert led in serving(leading)
    assert put(other, "a", "Ngô.")
    assert leading.search("ngô")["total"] == other.search("ngô")["total"] == 1
    leading.kill()
    wait_for(lambda: set(leaders(tmp_path / "data")) <= set(serving(other)) and bool(leaders(tmp_path / "data")))
    assert put(other, "b", "Ngô.")
    assert other.search("ngô", collapse="false")["total"] == 2


def test_a_folder_that_cannot_be_written_is_told_and_searched(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Nobody leads where no lock can be made."""
    data = tmp_path / "data"
    open_archive(ArchiveConfig(data)).close()
    (data / "follower.lock").mkdir()
    server = serve(data, *TWO)
    wait_for(lambda: server.request("GET", "/api/v1/stats").json["last_error"] is not None)
    assert server.request("GET", "/api/v1/search?q=l%C3%BAa").status in {200, 503}
    (data / "follower.lock").rmdir()
    leader(data)
    assert put(server, "a", "Ngô.")
    wait_for(lambda: server.request("GET", "/api/v1/stats").json["last_error"] is None)


def test_who_waits_for_a_write_is_not_taken_for_stuck(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Nobody leads, so that the write does not become searchable."""
    data = tmp_path / "data"
    open_archive(ArchiveConfig(data)).close()
    (data / "follower.lock").mkdir()
    settings(data, "[limits]\nstuck_seconds = 4\n")
    server = serve(data, *TWO)
    before = both(server)
    assert not put(server, "a", "Ngô.")
    assert serving(server) == before
