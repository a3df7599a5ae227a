"""Servers that start, stop, are killed and start again: requests are finished, nothing is left."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.serving import family
from index.directory.data_folder import open_data_folder
from search.archive import ArchiveConfig, open_archive
from tests.conftest import Server
from tests.processes import TIMTIN, is_refused, start, timtin, wait_for
from tests.serving.family import (
    FrailServer,
    both,
    connect,
    gone,
    needs_proc,
    serving,
    settings,
    shared_folders,
)

pytestmark = needs_proc

TWO = ("--workers", "2")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_processes_end_with_their_parent_and_leave_nothing(
    serve: Callable[..., Server], tmp_path: Path, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        monkeypatch.setenv("TMPDIR", temporary)
        server = serve(None, *TWO)
        both(server)
        wait_for(lambda: server.request("GET", "/readyz").status == 200)
        processes, folders = family(server.process.pid), shared_folders(server)
        assert len(processes) >= 3
        assert len(folders) == 1
        if how in {signal.SIGINT, signal.SIGHUP}:
            os.killpg(server.process.pid, how)  # as a terminal does
        else:
            server.process.send_signal(how)
        assert server.process.wait(120) == (-how if how is signal.SIGKILL else 0)
        wait_for(gone(processes))
        assert [folder for folder in folders if folder.exists()] == []
        assert list(Path(temporary).iterdir()) == []
    left = {path.name for path in (tmp_path / "data").iterdir()}
    assert {name for name in left if name.startswith("tmp")} == set()
    assert "Traceback" not in (tmp_path / "server.log").read_text("utf-8")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_processes_that_read_a_watched_folder_end_with_their_server(
    serve: Callable[..., Server], tmp_path: Path, how: signal.Signals
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.html").write_text("<html><body><p>Giá ngô tăng ở đồng bằng sông Cửu Long.</p></body></html>", "utf-8")
    server = serve(None, *TWO, "--watch", str(folder))
    wait_for(lambda: server.search("ngô")["total"] == 1)
    processes = family(server.process.pid)
    assert len(processes) > 3
    server.process.send_signal(how)
    server.process.wait(120)
    wait_for(gone(processes))


class LastingServer(Server):
    """A server that goes on when its terminal is closed."""

    program = ("nohup", *TIMTIN)


def test_server_that_was_told_so_outlasts_its_terminal(tmp_path: Path, port: int) -> None:
    server = LastingServer(tmp_path / "data", port, *TWO)
    processes = both(server)
    os.killpg(server.process.pid, signal.SIGHUP)
    assert server.search("lúa")["total"] == 0
    assert serving(server) == processes
    assert server.stop() == 0


def test_what_servers_that_were_killed_whole_left_is_removed_by_the_next(serve: Callable[..., Server]) -> None:
    killed, other = serve(None, *TWO), serve(None, *TWO)
    [left], [used], processes = shared_folders(killed), shared_folders(other), both(killed)
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    wait_for(gone(processes))
    killed.process = killed.start()
    assert not left.exists()
    assert used.exists()
    assert other.search("lúa")["total"] == 0


def test_server_that_cannot_start_says_why_in_one_line(tmp_path: Path, port: int) -> None:
    folder = open_data_folder(tmp_path / "data")
    folder.store.write_text("no database at all, but a text that is longer than the header of one" * 20)
    ended = timtin("serve", "--data", str(folder.path), "--port", str(port), timeout=120)
    assert ended.returncode == 1
    assert ended.stderr.startswith("timtin: ")
    assert ended.stderr.count("\n") == 1


def test_server_whose_port_is_taken_says_so_in_one_line(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve()
    ended = timtin("serve", "--data", str(tmp_path / "other"), "--port", str(server.port), timeout=120)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{server.port}" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("moment", ["at_once", "listening", "forked", "serving"])
def test_server_interrupted_while_it_starts_leaves_in_silence(tmp_path: Path, port: int, moment: str) -> None:
    command = [*TIMTIN, "serve", "--data", str(tmp_path / "data"), "--port", str(port), *TWO]
    server = start(command, stderr=subprocess.PIPE, text=True)
    reached: dict[str, Callable[[], bool]] = {
        "at_once": lambda: (tmp_path / "data").exists(),
        "listening": lambda: not is_refused(port),
        "forked": lambda: len(family(server.pid)) >= 2,
        "serving": lambda: len(family(server.pid)) >= 3,
    }
    wait_for(reached[moment])
    os.killpg(server.pid, signal.SIGINT)
    _, told = server.communicate(timeout=120)
    assert "Traceback" not in told
    assert is_refused(port)


@pytest.mark.slow
def test_server_told_to_stop_at_any_moment_stops(tmp_path: Path, port: int) -> None:
    command = [*TIMTIN, "serve", "--data", str(tmp_path / "data"), "--port", str(port), *TWO]
    chosen = random.Random(5)
    for _ in range(8):
        server = start(command, stderr=subprocess.PIPE, text=True)
        time.sleep(chosen.uniform(0.2, 2.5))
        os.killpg(server.pid, signal.SIGTERM)
        _, told = server.communicate(timeout=120)
        assert "Traceback" not in told
        assert is_refused(port)


def test_a_killed_server_is_started_again_at_once_on_its_port(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    for _ in range(4):
        server.process.kill()
        server.process.wait()
        server.process = server.start()  # whose processes may not answer yet: those of the killed one end in a moment
        wait_for(lambda: answers_here(server))


def test_a_killed_server_with_requests_under_way_is_started_again(tmp_path: Path, port: int) -> None:
    server = FrailServer(tmp_path / "data", port, *TWO)
    connection = connect(server)
    connection.request("GET", "/hang")
    assert ask_health(server)
    server.process.kill()
    server.process.wait()
    server.process = server.start()
    wait_for(lambda: answers_here(server))
    connection.close()


def answers_here(server: Server) -> bool:
    """Tell whether the processes of this server answer, and the port is theirs."""
    assert server.process.poll() is None
    return len(serving(server)) == 2 and not is_refused(server.port)


def ask_health(server: Server) -> bool:
    return server.request("GET", "/healthz").status == 200


def test_requests_under_way_are_answered_before_a_server_stops(tmp_path: Path, port: int) -> None:
    server = FrailServer(tmp_path / "data", port, *TWO)
    place = tmp_path / "place"
    place.mkdir()
    idle = socket.create_connection(("127.0.0.1", port), 120)
    connections = [connect(server) for _ in range(4)]
    for connection in connections:
        connection.request("GET", f"/meet?guests=5&place={place}")
    wait_for(lambda: waiting(server) + len(list(place.iterdir())) == 4)
    server.process.terminate()
    wait_for(lambda: is_refused(port))
    assert server.process.poll() is None
    for name in range(5):
        (place / str(name)).touch()
    for connection in connections:
        assert connection.getresponse().read() == b"met"
        connection.close()
    assert server.process.wait(120) == 0
    idle.close()
    server.process = server.start()
    assert server.search("lúa")["total"] == 0
    assert server.stop() == 0


def waiting(server: Server) -> int:
    """Return how many requests wait for their turn."""
    told = server.request("GET", "/metrics").body.decode("utf-8")
    [number] = re.findall(r"^timtin_waiting_requests (\d+)", told, re.MULTILINE)
    return int(number)


def test_a_stop_is_bounded_and_says_so_to_requests_that_it_gives_up(tmp_path: Path, port: int) -> None:
    settings(tmp_path / "data", "[server]\ndrain_seconds = 1\n")
    server = FrailServer(tmp_path / "data", port, *TWO)
    connection = connect(server)
    connection.request("GET", "/hang")
    wait_for(lambda: ask_health(server))
    time.sleep(0.5)
    server.process.terminate()
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.headers["Retry-After"]
    connection.close()
    assert server.process.wait(60) == 0


def test_writers_that_wait_are_answered_when_a_server_stops(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Nobody leads, so that their writes do not become searchable."""
    data = tmp_path / "data"
    open_archive(ArchiveConfig(data)).close()
    (data / "follower.lock").mkdir()
    server = serve(data, *TWO)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.write, "PUT", "/api/v1/articles/a?wait=true", {"body": "Ngô."})
        wait_for(lambda: server.request("GET", "/api/v1/articles/a").status == 200)
        server.process.terminate()
        answer = asked.result()
    assert (answer.status, answer.json["searchable"]) == (201, False)
    assert server.process.wait(120) == 0


def test_a_second_stop_does_not_wait(tmp_path: Path, port: int) -> None:
    server = FrailServer(tmp_path / "data", port, *TWO)
    connection = connect(server)
    connection.request("GET", "/hang")
    wait_for(lambda: ask_health(server))
    server.process.send_signal(signal.SIGINT)
    wait_for(lambda: is_refused(port))
    assert server.process.poll() is None
    server.process.send_signal(signal.SIGINT)
    server.process.wait(15)  # less than the 25 s that a first one waits
    assert server.process.returncode == 0
    connection.close()
