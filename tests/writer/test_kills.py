"""``kill -9`` at random moments of everything that writes: nothing acknowledged is lost, nothing doubled or half-done.

And before each change of a name that the index makes, one after the other, which random moments seldom meet.
``TIMTIN_KILLS`` says how many times (24); a failure names the seed to repeat it with (``TIMTIN_SEED``).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from index.directory.commits import latest_commit, read_commit
from index.directory.data_folder import open_data_folder
from index.directory.generations import current_generation
from search.archive import ArchiveConfig, open_archive
from search.engine import Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.archives import check
from tests.damage import articles, found
from tests.killed_writer import text
from tests.processes import start

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("TIMTIN_KILLS", "24"))
PHASES = ("start", "single", "bulk", "commit", "merge", "rebuild", "checkpoint")
Versions = dict[str, int | None]


@dataclass
class Killing:
    """What one life of the writer left: what it acknowledged, and what it was at when it was killed."""

    phase: str = ""
    acknowledged: list[Versions] = field(default_factory=list)
    under_way: Versions = field(default_factory=dict)


def live_and_kill(data: Path, seed: str, phase: str, chosen: random.Random) -> Killing:
    """Start the writer, let it come to ``phase`` once or a few times, and kill it at some moment after that."""
    command = [sys.executable, "-m", "tests.killed_writer", str(data), seed, phase]
    writer = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stderr is not None
    killing = Killing()
    wanted = 1 if phase in {"start", "merge", "rebuild"} else chosen.randint(1, 6)
    lines = iter(writer.stdout.readline, "")
    killed = False
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        assert word != "wrong", f"{rest} (seed {seed})"
        if word == "begin":
            killing.phase, _, some = rest.partition(" ")
            killing.under_way = json.loads(some) or killing.under_way
            wanted -= killing.phase == phase
        elif word == "done":
            killing.acknowledged.append(killing.under_way)
            killing.under_way = {}
        if not killed and wanted <= 0:
            time.sleep(chosen.choice([0.0, chosen.uniform(0, 0.004), chosen.uniform(0, 0.15)]))
            writer.kill()
            killed = True
    errors = writer.stderr.read()
    writer.stdout.close()
    writer.stderr.close()
    assert writer.wait() == -9, f"{errors} (seed {seed})"
    return killing


def agree(stored: dict[str, str], versions: Versions) -> bool:
    return all(stored.get(id) == (None if version is None else text(id, version)) for id, version in versions.items())


def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    seed = os.environ.get("TIMTIN_SEED", str(random.randrange(10**6)))
    data = tmp_path / "data"
    known: Versions = {}
    died: Counter[str] = Counter()
    for number in range(KILLS):
        own = f"{seed} {number + 1}"
        chosen = random.Random(own)
        killing = live_and_kill(data, own, PHASES[number % len(PHASES)], chosen)
        died[killing.phase] += 1
        where = f"(seed {own}, killed during {killing.phase})"
        for acknowledged in killing.acknowledged:
            known.update(acknowledged)
        archive = open_archive(ArchiveConfig(data))
        stored = {article.id: article.body for article in archive.store.articles()}
        if killing.under_way and agree(stored, killing.under_way):
            known.update(killing.under_way)
        assert agree(stored, known), where
        assert stored.keys() == {id for id, version in known.items() if version is not None}, where
        if number % 2:  # else the next writer catches up by itself, and says if anything is wrong then
            bring_in_sync(archive)
            assert check(archive) == [], where
            found = archive.engine.retrieve(Request(parse("bản"), size=2 * len(stored) + 1))
            assert sorted(hit.id for hit in found.hits) == sorted(stored), where
            assert unnamed(data) == [], where
        archive.close()
    assert len(died) >= min(KILLS, 4), died
    print(f"{KILLS} kills: {dict(died)}, {len(known)} articles, seed {seed}")


def die_at_change(folder: Path, number: int) -> None:
    """Have this process killed just before it makes, names or deletes so many files of ``folder``."""
    left = number

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event not in {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}:
            return
        if event == "open" and "w" not in str(arguments[1]):
            return
        path = Path(str(arguments[0]))
        if path.is_relative_to(folder) or not path.is_absolute():  # a folder's files are deleted by their bare names
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def put_and_rebuild_until(data: Path, number: int) -> None:
    """Write three batches of articles and a new generation, until the index changes for that time."""
    die_at_change(data / "indexes", number)
    archive = open_archive(ArchiveConfig(data))
    for number in range(3):
        archive.store.put(articles(2, f"{number}-"))
        bring_in_sync(archive)
    archive.engine.rebuild()
    archive.close()


def test_killed_before_any_change_of_the_index_leaves_nothing_behind(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    deaths = 0
    while True:
        data = tmp_path / str(deaths)
        child = context.Process(target=put_and_rebuild_until, args=(data, deaths + 1))
        child.start()
        child.join()
        archive = open_archive(ArchiveConfig(data))
        bring_in_sync(archive)
        assert found(archive) == {article.id for article in archive.store.articles()}, deaths
        assert check(archive) == [], deaths
        assert unnamed(data) == [], deaths
        archive.close()
        shutil.rmtree(data)
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        deaths += 1
    assert deaths > 40


def unnamed(data: Path) -> list[str]:
    """Return the files and folders of indexes that no index needs."""
    indexes = open_data_folder(data).indexes
    current = current_generation(indexes)
    if current is None:
        return sorted(path.name for path in indexes.iterdir()) if indexes.is_dir() else []
    needed = {segment.name for segment in read_commit(current).segments}
    names = {"state.json", f"_MAIN_{latest_commit(current)}.toc"}
    return sorted(
        [path.name for path in indexes.iterdir() if path.name not in {"CURRENT", current.name}]
        + [path.name for path in current.iterdir() if path.name not in names and path.stem not in needed]
    )


def test_lost_and_half_articles_would_be_found() -> None:
    assert agree({"a": text("a", 3)}, {"a": 3, "b": None})
    assert not agree({"a": text("a", 2)}, {"a": 3})
    assert not agree({}, {"a": 3})
    assert not agree({"a": text("a", 3)}, {"a": None})
    assert not agree({"a": text("a", 3)[:-1]}, {"a": 3})
