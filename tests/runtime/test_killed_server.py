"""``kill -9`` at any moment loses nothing that was acknowledged and leaves nothing half-done."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.conftest import Server, with_seeds
from tests.processes import timtin, wait_for

pytestmark = pytest.mark.slow


def check(data: Path) -> None:
    done = timtin("check", "--data", str(data))
    assert done.returncode == 0, done.stderr


def wait_until_level(server: Server) -> None:
    deadline = time.monotonic() + 120
    while server.request("GET", "/readyz").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.3, 0.8])
def test_kill_during_batches(serve: Callable[..., Server], tmp_path: Path, delay: float) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    server = serve(data)
    acknowledged: list[str] = []

    def write() -> None:
        for number in range(400):
            rows = [
                {"id": f"b{number}-{row}", "title": "Bưởi", "body": f"bưởi da xanh {number} {row}"} for row in range(25)
            ]
            body = "\n".join(json.dumps(row) for row in rows).encode()
            try:
                answer = server.write("POST", "/api/v1/articles", body)
            except (OSError, HTTPException):  # the answer was cut off: not acknowledged
                return
            assert answer.status in {200, 202}
            acknowledged.extend(answer.json["ids"])

    writer = threading.Thread(target=write)
    writer.start()
    while len(acknowledged) < 100:
        time.sleep(0.01)
    time.sleep(delay + random.random() / 10)
    server.kill()
    writer.join()
    server.start()
    wait_until_level(server)
    total = server.search('"bưởi da xanh"', size=1)["total"]
    assert total >= len(acknowledged)
    found = [
        hit["id"]
        for page in range(1, total // 100 + 2)
        for hit in server.search('"bưởi da xanh"', size=100, page=page, fragments=0)["hits"]
    ]
    assert len(found) == len(set(found)) == total
    assert set(acknowledged) <= set(found)
    assert server.stop() == 0
    check(data)


def test_rebuild_that_was_killed_leaves_the_old_index_serving_and_nothing_else(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve()
    indexes = tmp_path / "data" / "indexes"
    rows = [{"id": f"a{row}", "body": f"bưởi da xanh {row} " * 20} for row in range(600)]
    server.write("POST", "/api/v1/articles?wait=true", rows)
    wait_until_level(server)
    [serving] = [path.name for path in indexes.iterdir() if path.is_dir()]
    task = server.write("POST", "/api/v1/reindex").json["id"]
    deadline = time.monotonic() + 120
    while len([path for path in indexes.iterdir() if path.is_dir()]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    server.kill()
    assert (indexes / "CURRENT").read_text().startswith(serving)
    server.start()
    assert server.search('"bưởi da xanh"', size=1)["total"] == 600
    wait_until_level(server)
    server.write("PUT", "/api/v1/articles/new?wait=true", {"body": "bưởi da xanh"})
    assert server.search('"bưởi da xanh"', size=1)["total"] == 601
    wait_for(lambda: server.write("GET", f"/api/v1/tasks/{task}").json["state"] == "done")  # by the next server
    assert server.stop() == 0
    [left] = [path.name for path in indexes.iterdir() if path.is_dir()]
    assert left != serving
    assert (indexes / "CURRENT").read_text().startswith(left)
    check(tmp_path / "data")


def test_damaged_index_is_made_anew_from_the_store(serve: Callable[..., Server], tmp_path: Path) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    for name in ("*.toc", "*.inv", "*.doc", "CURRENT"):
        for path in (data / "indexes").rglob(name):
            path.write_bytes(b"\xff" * (path.stat().st_size // 2))
        server = serve(data)
        server.write("PUT", "/api/v1/articles/new", {"body": f"bưởi da xanh {name}"})
        wait_until_level(server)
        assert server.search("hội nhập quốc tế")["total"] >= 5
        assert server.stop() == 0
        check(data)


def test_batch_of_a_thousand_while_searches_go_on(serve: Callable[..., Server], tmp_path: Path) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    server = serve(data)
    rows = [{"id": f"a{row}", "title": f"Bài {row}", "body": f"bưởi da xanh số {row}"} for row in range(1000)]
    answer = server.write("POST", "/api/v1/articles", rows)
    assert answer.status == 202
    assert answer.json["added"] == 1000
    while server.request("GET", "/readyz").status != 200:
        assert server.search("hội nhập quốc tế")["total"] >= 5
    assert server.search('"bưởi da xanh"')["total"] == 1000
    assert server.stop() == 0
