"""Processes that search: they answer as this process would, at the same time, and may end at any moment."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from search.runtime.search_pool import SearchPool

from benchmarks.serving import family
from index.article import Article
from index.directory.data_folder import open_data_folder
from index.errors import InvalidInputError, Problem, SearchEndedError, StoreError
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime import search_pool as searchers
from search.runtime.index_follower import bring_in_sync
from search.service import completions, search
from tests.conftest import ROOT, Server
from tests.processes import TIMTIN, start, timtin

PROC = Path("/proc")
ASKED_ONCE = """
import sys

if __name__ == "__main__":
    from functools import partial
    from pathlib import Path

    from search.archive import ArchiveConfig, open_archive
    from search.parameters import SearchParameters
    from search.runtime.search_pool import SearchPool
    from search.service import search

    found = SearchPool(partial(open_archive, ArchiveConfig(Path(sys.argv[1]))), 1, str)
    print(found._all[0]._context.get_start_method(), found.run(search, SearchParameters()).total)
    found.close()
"""


def process_id(_: Archive) -> int:
    return os.getpid()


def refuse(_: Archive, message: str) -> None:
    raise InvalidInputError(message, [Problem("q", "no")])


def fail(_: Archive) -> None:
    raise ValueError("of no use")


def open_nothing() -> Archive:
    raise OSError("no archive here")


def end(_: Archive, by: int) -> None:
    os.kill(os.getpid(), by)


def end_once(_: Archive, mark: Path) -> int:
    if not mark.exists():
        mark.touch()
        os._exit(3)
    return os.getpid()


def meet(_: Archive, place: Path, guests: int) -> int:
    (place / str(os.getpid())).touch()
    deadline = time.monotonic() + 120
    while len(list(place.iterdir())) < guests and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(list(place.iterdir()))


def open_files(process: int) -> str:
    return (PROC / str(process) / "maps").read_text("utf-8")


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def two(tmp_path: Path, archive: Archive) -> Iterator[SearchPool]:
    """Two processes on the data folder of ``engine``."""
    archive.store.put(
        [Article(id=f"a{at}", title=f"Lúa gạo {at}", body="Giá lúa tăng.", source="s") for at in range(3)]
    )
    bring_in_sync(archive)
    found = SearchPool(partial(open_archive, ArchiveConfig(tmp_path / "data")), 2, process_id)
    yield found
    found.close()


@pytest.mark.parametrize("text", ["lúa gạo", "lua gao", '"giá lúa"', "lúaa", "((", ""])
def test_answers_are_those_of_this_process(two: SearchPool, archive: Archive, text: str) -> None:
    wanted = SearchParameters(q=text, facets=("source",), explain=True)
    assert replace(two.run(search, wanted), took_ms=0) == replace(search(archive, wanted), took_ms=0)
    assert two.run(completions, text, 5) == completions(archive, text, 5)


def test_what_was_written_is_found_at_once(two: SearchPool, archive: Archive) -> None:
    for number in range(5):
        archive.store.put([Article(id=f"b{number}", title="Ngô", body="Ngô.")])
        bring_in_sync(archive)
        assert [two.run(search, SearchParameters(q="ngô")).total for _ in range(2)] == [number + 1] * 2


def test_as_many_are_at_work_as_there_are_processes(two: SearchPool, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: two.run(meet, place, 2), range(2))) == [2, 2]


def test_errors_are_raised_where_was_asked(two: SearchPool) -> None:
    with pytest.raises(InvalidInputError, match="too much") as refused:
        two.run(refuse, "too much")
    assert refused.value.problems == (Problem("q", "no"),)
    with pytest.raises(ValueError, match="of no use") as failed:
        two.run(fail)
    assert "in fail" in failed.value.__notes__[0]


def test_a_killed_process_is_replaced_unnoticed(two: SearchPool, caplog: pytest.LogCaptureFixture) -> None:
    first = two.run(process_id)
    os.kill(first, signal.SIGKILL)
    assert two.run(search, SearchParameters(q="lúa")).total == 3
    assert "a search process ended: exit code -9" in caplog.text
    assert two.run(process_id) != first


def test_what_ended_a_process_is_asked_of_another(two: SearchPool, tmp_path: Path) -> None:
    assert two.run(end_once, tmp_path / "mark") > 0


def test_what_ends_every_process_is_refused_and_the_rest_answered(two: SearchPool) -> None:
    for _ in range(3):
        with pytest.raises(SearchEndedError, match=f"exit code -{signal.SIGBUS.value}"):
            two.run(end, signal.SIGBUS.value)
        assert two.run(search, SearchParameters(q="lúa")).total == 3


def test_a_search_is_refused_for_no_deaths_but_its_own(two: SearchPool, tmp_path: Path) -> None:
    place, busy = tmp_path / "place", tmp_path / "busy"
    place.mkdir()
    busy.mkdir()
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: two.run(meet, place, 2), range(2))) == [2, 2]
        for process in place.iterdir():
            os.kill(int(process.name), signal.SIGKILL)

        others: list[Future[int]] = []
        is_first = iter([True])

        def ask_another(_: logging.LogRecord) -> bool:
            """Have another search made as soon as one process is found to have ended."""
            if next(is_first, False):
                others.append(pool.submit(two.run, meet, busy, 2))
                wait_for(lambda: bool(list(busy.iterdir())))
            return True

        searchers.log.addFilter(ask_another)
        try:
            assert two.run(meet, busy, 2) == 2
        finally:
            searchers.log.removeFilter(ask_another)
        assert [other.result() for other in others] == [2]


def test_a_search_that_outlives_the_server_begins_no_process(two: SearchPool, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(two.run, meet, place, 2)
        wait_for(lambda: bool(list(place.iterdir())))
        two.close()
        with pytest.raises(SearchEndedError, match="is stopping"):
            asked.result()
    assert multiprocessing.active_children() == []


def test_files_where_it_is_started_are_not_taken_for_modules(tmp_path: Path) -> None:
    (tmp_path / "search.py").write_text("raise SystemExit('taken for a module')")
    script = tmp_path / "scripts" / "timtin"
    script.parent.mkdir()
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{ASKED_ONCE}")
    command = [sys.executable, str(script), str(tmp_path / "data")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (told.stdout, told.stderr) == ("forkserver 0\n", "")


def test_processes_are_spawned_where_no_fork_server_can_be(tmp_path: Path) -> None:
    temporary = tmp_path / ("too long for the name of a socket" * 4)
    temporary.mkdir()
    told = subprocess.run(
        [sys.executable, "-c", ASKED_ONCE, str(tmp_path / "data")],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.stdout == "spawn 0\n"
    assert "no fork server can be started" in told.stderr


def test_a_search_without_end_is_given_up(two: SearchPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    process = two.run(process_id)
    monkeypatch.setattr(searchers, "_LONGEST_SECONDS", 0.3)
    with pytest.raises(SearchEndedError, match="took more than"):
        two.run(meet, place, 2)
    assert not (PROC / str(process)).exists()
    monkeypatch.undo()
    assert two.run(search, SearchParameters(q="lúa")).total == 3


def test_who_waits_too_long_for_a_process_is_refused(
    two: SearchPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(two.run, meet, place, 3) for _ in range(2)]
        wait_for(lambda: len(list(place.iterdir())) == 2)
        with monkeypatch.context() as patch:
            patch.setattr(searchers, "_LONGEST_SECONDS", 0.1)
            with pytest.raises(SearchEndedError, match="try again later"):
                two.run(search, SearchParameters(q="lúa"))
        (place / "third").touch()
        assert [future.result() for future in busy] == [3, 3]
    assert two.run(search, SearchParameters(q="lúa")).total == 3


def test_an_archive_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    folder = open_data_folder(tmp_path / "data")
    folder.store.write_text("no database at all, but a text that is longer than the header of one" * 20)
    found = SearchPool(partial(open_archive, ArchiveConfig(folder.path)), 1, process_id)
    try:
        with pytest.raises(StoreError, match="cannot be used as timtin's store"):
            found.run(process_id)
        folder.store.unlink()
        assert found.run(search, SearchParameters(q="lúa")).total == 0
    finally:
        found.close()


def test_why_an_archive_cannot_be_opened_is_told(caplog: pytest.LogCaptureFixture) -> None:
    found = SearchPool(open_nothing, 1, process_id)
    try:
        with pytest.raises(OSError, match="no archive here"):
            found.run(process_id)
    finally:
        found.close()
    assert not caplog.records


def test_server_that_cannot_start_leaves_no_process(tmp_path: Path, port: int) -> None:
    folder = open_data_folder(tmp_path / "data")
    folder.store.write_text("no database at all, but a text that is longer than the header of one" * 20)
    ended = timtin("serve", "--data", str(folder.path), "--port", str(port), timeout=120)
    assert ended.returncode == 1
    assert ended.stderr.startswith("timtin: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(not PROC.is_dir(), reason="no /proc to read what a process has open: make test on Linux")
def test_files_of_a_replaced_index_are_let_go_of(two: SearchPool, archive: Archive, tmp_path: Path) -> None:
    two.run(search, SearchParameters(q="lúa"))
    process = two.run(process_id)
    old = next((tmp_path / "data" / "indexes").glob("*/*.inv")).parent
    assert str(old) in open_files(process)
    archive.engine.rebuild()
    wait_for(lambda: str(old) not in open_files(process))


@pytest.mark.skipif(not PROC.is_dir(), reason="no /proc to find processes in: make test on Linux")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_processes_end_with_their_server_and_leave_nothing(
    serve: Callable[..., Server], how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as temporary:  # the name of a socket must be short
        monkeypatch.setenv("TMPDIR", temporary)
        server = serve()
        server.search("lúa")
        processes = family(server.process.pid)
        assert len(processes) >= 3
        assert len(list(Path(temporary).iterdir())) == 1
        server.process.send_signal(how)
        server.process.wait(120)
        wait_for(lambda: not any((PROC / str(process)).exists() for process in processes))
        assert list(Path(temporary).iterdir()) == []


@pytest.mark.skipif(not PROC.is_dir(), reason="no /proc to find processes in: make test on Linux")
def test_server_interrupted_while_it_starts_leaves_in_silence(tmp_path: Path, port: int) -> None:
    command = [*TIMTIN, "serve", "--data", str(tmp_path / "data"), "--port", str(port)]
    server = start(command, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(family(server.pid)) >= 3)
    os.killpg(server.pid, signal.SIGINT)
    _, told = server.communicate(timeout=120)
    assert "Traceback" not in told
