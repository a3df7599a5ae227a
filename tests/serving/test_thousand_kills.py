"""Kills and stops of any process of a server at random, while clients write and search: nothing acknowledged is lost.

``TIMTIN_KILLS`` says how many (20; by hand 1000); a failure names the seed to repeat it with (``TIMTIN_SEED``).
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

import pytest

from benchmarks.serving import family
from tests.conftest import Reply, Server, with_seeds
from tests.processes import timtin, wait_for
from tests.runtime.test_killed_server import check
from tests.serving.family import needs_proc, serving, shared_folders

pytestmark = [pytest.mark.slow, needs_proc]

KILLS = int(os.environ.get("TIMTIN_KILLS", "20"))
PROCESSES = 3
BATCH = 5


@dataclass
class Clients:
    """Clients of a server. What they see that must not be is in ``wrong``."""

    server: Server
    stored: dict[str, str | None] = field(default_factory=dict)
    """The acknowledged articles; None of a deleted one."""
    searchable: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Write and search meanwhile."""
        clients = [threading.Thread(target=work, args=(n,)) for work in (self._write, self._read) for n in range(2)]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self.stop.set()
            for client in clients:
                client.join()

    def _ask(self, method: str, path: str, body: object = None) -> Reply | None:
        """Return the answer; None if the server was not there, was cut off or is not ready."""
        try:
            ask = self.server.request if method == "GET" else self.server.write
            answer = ask(method, path, body)
        except (OSError, HTTPException):
            self.answers["cut"] += 1
            time.sleep(0.02)
            return None
        self.answers[str(answer.status)] += 1
        if answer.status == 503:
            if "Retry-After" not in answer.headers:
                self.wrong.append(f"{method} {path} was answered 503 without Retry-After: {answer.body!r}")
            return None
        return answer

    def _write(self, client: int) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            rows = [
                {"id": f"w{client}-{number}-{row}", "body": f"thứ w{client}n{number}r{row}"} for row in range(BATCH)
            ]
            kind = number % 4
            if kind == 0:
                id = f"w{client}-{number - 1}-0"
                if id not in self.stored:
                    continue
                held = self.stored.pop(id)
                if (answer := self._ask("DELETE", f"/api/v1/articles/{id}")) is not None:
                    self._expect(answer, {200, 204}, held)
                    self.stored[id] = None
            elif kind == 1:
                if (answer := self._ask("POST", "/api/v1/articles", rows)) is not None:
                    self._expect(answer, {200, 201, 202}, rows)
                    self.stored.update({row["id"]: row["body"] for row in rows})
            else:
                wait = "?wait=true" if kind == 2 else ""
                if (answer := self._ask("PUT", f"/api/v1/articles/{rows[0]['id']}{wait}", rows[0])) is not None:
                    self._expect(answer, {200, 201}, rows[0])
                    if kind == 2:
                        self.stored[rows[0]["id"]] = rows[0]["body"]
                        if answer.json["searchable"]:
                            self.searchable.append(rows[0]["id"])
                    else:
                        self.stored[rows[0]["id"]] = rows[0]["body"]

    def _read(self, client: int) -> None:
        chosen = random.Random(client)
        while not self.stop.is_set():
            if (answer := self._ask("GET", f"/api/v1/search?q={quote('hội nhập quốc tế')}&size=1")) is not None:
                self._expect(answer, {200}, "the seeds")
                if answer.status == 200 and answer.json["total"] < 5:
                    self.wrong.append(f"the seeds were not found: {answer.json['total']}")
            if not self.searchable:
                continue
            id = chosen.choice(self.searchable)
            phrase = quote(f'"{self.stored[id]}"')
            if (answer := self._ask("GET", f"/api/v1/search?q={phrase}&collapse=false")) is not None:
                self._expect(answer, {200}, id)
                if answer.status == 200 and id not in [hit["id"] for hit in answer.json["hits"]]:
                    self.wrong.append(f"{id} was found before, and not now: {answer.json}")
            if (answer := self._ask("GET", f"/api/v1/articles/{id}")) is not None:
                self._expect(answer, {200}, id)

    def _expect(self, answer: Reply, statuses: set[int], of: object) -> None:
        if answer.status not in statuses:
            self.wrong.append(f"{of} was answered {answer.status} {answer.body[:300]!r}")


def strike(server: Server, chosen: random.Random) -> str:
    """Kill, end or stop one process; start the server again if that ended it. Return what was done to whom."""
    parent = server.process.pid
    victim = parent if chosen.random() < 0.1 else chosen.choice(family(parent)[1:] or [parent])
    how = chosen.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP))
    who = "parent" if victim == parent else "serving" if victim in serving(server) else "helper"
    with suppress(ProcessLookupError):
        os.kill(victim, how)
        if how is signal.SIGSTOP:
            time.sleep(chosen.uniform(0, 0.5))
            os.kill(victim, signal.SIGCONT)
    if victim == parent and how is not signal.SIGSTOP:
        assert server.process.wait(timeout=60) in {0, -how}  # the latter if it had not begun to serve
        server.process = server.start()
    return f"{who} {how.name}"


def test_kills_and_stops_of_any_process_lose_nothing(serve: Callable[..., Server], tmp_path: Path) -> None:
    seed = os.environ.get("TIMTIN_SEED", str(random.randrange(10**6)))
    chosen = random.Random(seed)
    data = tmp_path / "data"
    with_seeds(data)
    server = serve(data, "--workers", str(PROCESSES))
    wait_for(lambda: is_ready(server))
    clients = Clients(server)
    done: Counter[str] = Counter()
    folders: set[Path] = set()
    with clients.busy():
        for number in range(KILLS):
            time.sleep(chosen.choice([0.0, chosen.uniform(0, 0.1), chosen.uniform(0, 0.8)]))
            with suppress(OSError):
                folders |= shared_folders(server)
            done[strike(server, chosen)] += 1
            assert clients.wrong == [], f"(seed {seed}, after {number + 1} kills)"
            if number % 20 == 19:
                wait_for(lambda: is_ready(server))
                print(number + 1, dict(done), dict(clients.answers), flush=True)
    assert clients.wrong == [], f"(seed {seed})"
    assert clients.answers["200"] > 0
    wait_for(lambda: is_ready(server))
    for id, body in clients.stored.items():
        answer = server.request("GET", f"/api/v1/articles/{id}")
        assert answer.status == (404 if body is None else 200), f"{id} (seed {seed})"
        assert body is None or answer.json["body"] == body
    for id in clients.searchable:
        answer = server.search(f'"{clients.stored[id]}"', collapse="false")
        assert [hit["id"] for hit in answer["hits"]] == [id], f"(seed {seed})"
    assert server.stop() == 0
    check(data)
    exported = timtin("export", "--data", str(data)).stdout.splitlines()
    kept = {id for id, body in clients.stored.items() if body is not None}
    assert kept <= {json.loads(line)["id"] for line in exported}
    assert [folder for folder in folders if folder.exists()] == []
    print(f"{KILLS} kills: {dict(done)}; answers: {dict(clients.answers)}; {len(kept)} articles; seed {seed}")


def is_ready(server: Server) -> bool:
    """Tell whether searches see every write; a process that outlived a killed parent may have answered at the start."""
    with suppress(OSError, HTTPException):
        return server.request("GET", "/readyz").status == 200
    return False
