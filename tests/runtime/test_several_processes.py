"""Several processes on one data folder: many read, one writes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from index.directory.lock import WriterLock
from index.errors import WriterBusyError
from search.archive import ArchiveConfig, open_archive
from tests.archives import check
from tests.conftest import Server, with_seeds
from tests.processes import TIMTIN, start, timtin

HOLD = """
import sys, time
from pathlib import Path
from index.directory.lock import WriterLock
with WriterLock(Path(sys.argv[1])).held("a long import", 5):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_lock(folder: Path) -> subprocess.Popen[str]:
    process = start([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    with hold_lock(tmp_path) as holder:
        with (
            pytest.raises(WriterBusyError, match=rf"process {holder.pid} \(a long import, since "),
            WriterLock(tmp_path).held("x", 0.1),
        ):
            pass
        holder.kill()


def test_killed_writer_leaves_no_stale_lock(tmp_path: Path) -> None:
    with hold_lock(tmp_path) as holder:
        holder.kill()
    with WriterLock(tmp_path).held("next", 0.5):
        pass


def test_writes_are_taken_while_another_process_holds_the_index(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve()
    with hold_lock(tmp_path / "data") as holder:
        answer = server.write("PUT", "/api/v1/articles/a", {"body": "vú sữa"})
        assert (answer.status, answer.json["searchable"]) == (201, False)
        holder.kill()
    deadline = time.monotonic() + 120
    while server.search("vú sữa")["total"] != 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_server_sees_what_the_command_indexes(serve: Callable[..., Server], tmp_path: Path) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    first, second = serve(data), serve(data)
    (tmp_path / "more.jsonl").write_text(json.dumps({"id": "m", "body": "vú sữa Lò Rèn"}), "utf-8")
    assert timtin("index", str(tmp_path / "more.jsonl"), "--data", str(data)).returncode == 0
    assert first.search('"vú sữa"')["total"] == second.search('"vú sữa"')["total"] == 1


@pytest.mark.slow
def test_two_servers_see_what_a_watcher_indexes(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Three processes on one data folder; how long it takes from the file to both answers is printed."""
    data, folder = tmp_path / "data", tmp_path / "in"
    folder.mkdir()
    with_seeds(data)
    servers = [serve(data), serve(data)]
    start([*TIMTIN, "watch", str(folder), "--data", str(data)], stderr=subprocess.DEVNULL)
    for number in range(5):
        fresh = folder / f"{number}.new"
        fresh.write_text(json.dumps({"id": f"m{number}", "body": f"vú sữa Lò Rèn số {number}"}), "utf-8")
        fresh.rename(folder / f"{number}.jsonl")
        began = time.monotonic()
        for server in servers:
            while server.search('"vú sữa"')["total"] != number + 1:
                assert time.monotonic() - began < 60
                time.sleep(0.01)
        print(f"both servers found article {number} after {time.monotonic() - began:.2f} s")
    assert [server.stop() for server in servers] == [0, 0]


@pytest.mark.slow
def test_two_servers_and_a_command_write_at_once(serve: Callable[..., Server], tmp_path: Path) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    servers = [serve(data), serve(data)]
    (tmp_path / "more.jsonl").write_text(
        "\n".join(json.dumps({"id": f"c{number}", "body": f"vú sữa số {number}"}) for number in range(300)), "utf-8"
    )
    command = [*TIMTIN, "index", str(tmp_path / "more.jsonl"), "--data", str(data), "--wait", "60"]
    with start(command, stdout=subprocess.DEVNULL) as indexing:
        for number in range(30):
            for server, name in zip(servers, "xy", strict=True):
                answer = server.write("PUT", f"/api/v1/articles/{name}{number}", {"body": f"vú sữa {name} {number}"})
                assert answer.status == 201
        assert indexing.wait(timeout=120) == 0
    deadline = time.monotonic() + 120
    for server in servers:
        while server.search('"vú sữa"', size=1)["total"] != 360:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert [server.stop() for server in servers] == [0, 0]
    archive = open_archive(ArchiveConfig(data))
    assert check(archive) == []
    archive.close()
