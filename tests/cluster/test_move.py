"""``timtin move``: from a data folder to a cluster and back, byte for byte, also if it was killed on the way."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.cluster.commands import Run, exported, on_cluster
from tests.cluster.server import ask
from tests.processes import TIMTIN, start, timtin

__all__ = ["on_cluster"]

WORDS = [
    "bưởi",
    "da",
    "xanh",
    "giá",
    "lúa",
    "gạo",
    "xuất",
    "khẩu",
    "tăng",
    "mạnh",
    "trong",
    "tháng",
    "bảy",
    "năm",
    "nay",
    "ở",
    "miền",
    "tây",
    "nam",
    "bộ",
]


def rows(count: int, seed: int = 1) -> str:
    chance = random.Random(seed)
    every = (
        {"id": f"a{number}", "title": " ".join(chance.sample(WORDS, 6)), "body": " ".join(chance.choices(WORDS, k=60))}
        for number in range(count)
    )
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in every)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose articles are not in the order of their ids, with a key and synonyms."""
    folder = tmp_path / "data"
    for text in (rows(1500), rows(40, 2)):
        assert timtin("index", "-", "--data", str(folder), input=text).returncode == 0
    assert timtin("keys", "add", "an", "--scope", "admin", "--data", str(folder)).returncode == 0
    (folder / "synonyms.txt").write_text("bưởi, bòng\n", "utf-8")
    return folder


def moved(to: str, data: Path, hosts: list[str], *more: str, code: int = 0) -> str:
    done = timtin("move", "--to", to, "--data", str(data), "--hosts", ",".join(hosts), *more)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, done.stderr
    return str(done.stdout)


def test_articles_go_there_and_back_byte_for_byte(
    data: Path, on_cluster: Run, cluster_hosts: list[str], tmp_path: Path
) -> None:
    said = moved("opensearch", data, cluster_hosts, "--keys", "--synonyms")
    assert "both have the same 1,500 articles in the same order" in said
    assert "keys copied: an" in said
    assert "synonyms copied" in said
    assert on_cluster("export").stdout.encode() == exported(data)
    assert json.loads(on_cluster("stats", "--json").stdout)["in_sync"]
    assert "an " in on_cluster("keys", "list").stdout

    more = json.dumps({"id": "a7", "body": "sửa lại"}) + "\n" + json.dumps({"id": "mới", "body": "thêm"}) + "\n"
    assert timtin("index", "-", "--data", str(data), input=more).returncode == 0
    assert "2 changes copied" in moved("opensearch", data, cluster_hosts)
    assert on_cluster("export").stdout.encode() == exported(data)

    back = tmp_path / "back"
    assert "the same 1,501 articles" in moved("embedded", back, cluster_hosts, "--keys", "--synonyms")
    assert exported(back) == exported(data)
    assert (back / "synonyms.txt").read_text("utf-8") == "bưởi, bòng\n"
    assert "an " in timtin("keys", "list", "--data", str(back)).stdout
    assert timtin("check", "--data", str(back)).returncode == 0


def test_a_move_that_is_killed_resumes_where_it_was(
    data: Path, on_cluster: Run, cluster_hosts: list[str], prefix: str
) -> None:
    command = [*TIMTIN, "move", "--to", "opensearch", "--data", str(data), "--hosts", cluster_hosts[0]]

    def written() -> int:
        try:
            ask("POST", f"{cluster_hosts[0]}/{prefix}-articles/_refresh")
            return int(ask("GET", f"{cluster_hosts[0]}/{prefix}-articles/_count")["count"])
        except OSError:
            return 0

    for least in (100, 700):
        process, deadline = start(command, env=os.environ), time.monotonic() + 120
        while written() < least and process.poll() is None:  # it only runs between two looks
            assert time.monotonic() < deadline
            process.send_signal(signal.SIGCONT)
            time.sleep(0.05)
            process.send_signal(signal.SIGSTOP)
        process.kill()
        process.wait()
    assert 100 <= written() < 1500
    assert "both have the same 1,500 articles" in moved("opensearch", data, cluster_hosts)
    assert on_cluster("export").stdout.encode() == exported(data)


def test_an_archive_with_articles_of_its_own_is_not_moved_into(
    data: Path, on_cluster: Run, cluster_hosts: list[str]
) -> None:
    on_cluster("index", "-", input=json.dumps({"id": "own", "body": "của riêng"}))
    done = timtin("move", "--to", "opensearch", "--data", str(data), "--hosts", ",".join(cluster_hosts))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "there are 1 articles already" in done.stderr
