"""A rebuild under constant searches and writes: nothing fails, nothing is missed, nothing is lost.

``TIMTIN_REBUILD`` says of how many articles (2,000); the figures are printed (``pytest -s``).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from index.article import Article
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.archives import check
from tests.conftest import Server
from tests.killed_writer import SYLLABLES

ARTICLES = int(os.environ.get("TIMTIN_REBUILD", "2000"))
SEARCHERS = 2


def articles(count: int) -> list[Article]:
    """Articles that say ``bản tin`` and one in ten that says ``bản nháp`` instead, which the test deletes."""
    chosen = random.Random(7)
    return [
        Article(
            id=f"a{number}",
            title=" ".join(chosen.choices(SYLLABLES, k=8)),
            body=f"{'bản nháp' if number % 10 == 0 else 'bản tin'} số {number}. "
            + " ".join(chosen.choices(SYLLABLES, k=chosen.randint(40, 120))),
        )
        for number in range(count)
    ]


class Load:
    """Searches and writes that go on until they are told to stop; what went wrong is collected."""

    def __init__(self, server: Server, count: int) -> None:
        self._server = server
        self._count = count
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._search) for _ in range(SEARCHERS)]
        self._threads.append(threading.Thread(target=self._write))
        self._most = 0
        self.seconds: list[float] = []
        self.wrong: list[str] = []
        self.written: set[str] = set()
        self.deleted: set[str] = set()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _search(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            at_least = self._most
            began = time.perf_counter()
            answer = self._server.request("GET", f"/api/v1/search?q=%22b%E1%BA%A3n+tin%22&size={1 + number % 20}")
            self.seconds.append(time.perf_counter() - began)
            if answer.status != 200:
                self.wrong.append(f"a search was answered {answer.status}: {answer.body!r}")
                continue
            if answer.json["total"] < at_least:
                self.wrong.append(f"a search saw {answer.json['total']} articles after another had seen {at_least}")
            self._most = max(self._most, answer.json["total"])

    def _write(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            id = f"mới-{number}" if number % 3 else f"a{number}"
            body = {"body": f"bản tin nóng số {number}: lúa gạo miền tây"}
            status = self._server.write("PUT", f"/api/v1/articles/{id}", body).status
            draft = f"a{10 * number}"
            if status not in {200, 201}:
                self.wrong.append(f"a write was answered {status}")
            self.written.add(id)
            if number % 3 == 0 and 10 * number < self._count // 2 and draft not in self.written:
                status = self._server.write("DELETE", f"/api/v1/articles/{draft}").status
                if status != 200:
                    self.wrong.append(f"a deletion was answered {status}")
                self.deleted.add(draft)
            time.sleep(0.02)


def ids(server: Server, query: str) -> list[str]:
    found: list[str] = []
    while True:
        page = server.search(query, size=100, page=len(found) // 100 + 1)["hits"]
        found += [hit["id"] for hit in page]
        if len(page) < 100:
            return found


def rebuild_by_api(server: Server) -> None:
    task = server.write("POST", "/api/v1/reindex").json
    while (state := server.request("GET", f"/api/v1/tasks/{task['id']}").json["state"]) != "done":
        assert state in {"waiting", "running"}
        time.sleep(0.05)


def rebuild_by_command(server: Server) -> None:
    command = [sys.executable, "-m", "web.cli", "index", "--rebuild", "--wait", "60", "--data", str(server.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("rebuild", "count"), [(rebuild_by_api, ARTICLES), (rebuild_by_command, ARTICLES // 4)])
def test_rebuild_under_searches_and_writes(
    serve: Callable[..., Server], tmp_path: Path, rebuild: Callable[[Server], None], count: int
) -> None:
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    archive.store.put(articles(count))
    bring_in_sync(archive)
    archive.close()
    server = serve()
    server.search("bản tin")  # what it takes to start is not what a rebuild does to searches
    with Load(server, count) as load:
        began = time.perf_counter()
        rebuild(server)
        took = time.perf_counter() - began
        searches, writes = len(load.seconds), len(load.written) + len(load.deleted)
    assert load.wrong == []
    assert searches >= 10
    assert writes >= 3
    while server.request("GET", "/readyz").status != 200:
        time.sleep(0.02)
    folders = [path.name for path in (tmp_path / "data" / "indexes").iterdir() if path.is_dir()]
    assert folders == ["000002"]
    hot = ids(server, '"bản tin nóng"')
    assert sorted(hot) == sorted(load.written)
    drafts = {f"a{number}" for number in range(0, count, 10)} - load.written - load.deleted
    assert sorted(ids(server, '"bản nháp"')) == sorted(drafts)
    assert server.stop() == 0
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    assert check(archive) == []
    archive.close()
    print(
        f"\n{count} articles rebuilt in {took:.1f} s; {searches} searches, {writes} writes meanwhile;"
        f" searches p50 {_percentile(load.seconds, 50)}, p95 {_percentile(load.seconds, 95)},"
        f" slowest {_percentile(load.seconds, 100)} ms"
    )


@pytest.mark.slow
def test_rebuild_and_catching_up_end_though_every_commit_is_followed_by_a_write(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.store.put(articles(20))
    bring_in_sync(archive)
    note = archive.store.record_applied
    written = 0

    def note_and_write(seq: int) -> None:
        nonlocal written
        note(seq)
        if written < 100:
            written += 1
            archive.store.put([Article(id=f"mới-{written}", body="bản tin nóng")])

    with monkeypatch.context() as patched:
        patched.setattr(archive.store, "record_applied", note_and_write)
        archive.engine.rebuild()
        bring_in_sync(archive)
        assert 0 < written < 20
    bring_in_sync(archive)
    assert check(archive) == []
    assert archive.engine.retrieve(Request(parse('"bản tin nóng"'))).total == written


def _percentile(seconds: Sequence[float], percent: int) -> float:
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) * percent // 100, len(ordered) - 1)], 1)
