"""Processes that serve: each answers as this process would, at the same time, and may end or hang at any moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

import pytest

from search.archive import ArchiveConfig, open_archive
from tests.conftest import Server, with_seeds
from tests.processes import wait_for
from tests.serving.family import (
    FrailServer,
    ask,
    both,
    connected_to,
    leader,
    mapped_in,
    needs_proc,
    put,
    serving,
    settings,
    wait_for_others,
)
from web.app import create_app
from web.serving.prefork import _SILENT_SECONDS

pytestmark = needs_proc

TWO = ("--workers", "2")


def frail(data: Path, port: int, text: str = "") -> FrailServer:
    """Start two processes that can be hung and grown."""
    settings(data, text)
    return FrailServer(data, port, *TWO)


def log_of(server: Server) -> str:
    return (server.data.parent / "server.log").read_text("utf-8")


@pytest.mark.parametrize("text", ["hội nhập quốc tế", "hoi nhap", '"kinh tế"', "kinhh tế", "((", ""])
def test_answers_are_those_of_this_process(serve: Callable[..., Server], tmp_path: Path, text: str) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    server = serve(data, *TWO)
    archive = open_archive(ArchiveConfig(data))
    paths = [
        "/api/v1/search?" + urlencode({"q": text, "facets": "source", "explain": "true"}),
        "/api/v1/suggest?" + urlencode({"q": text}),
    ]
    with create_app(archive).test_client() as here:
        for process in both(server):
            with connected_to(server, process) as connection:
                for path in paths:
                    there, wanted = ask(connection, path).json, here.get(path).json
                    assert there | {"took_ms": 0} == wanted | {"took_ms": 0}
    archive.close()


def test_what_was_written_is_found_at_once_by_every_process(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    first, second = both(server)
    with connected_to(server, first) as one, connected_to(server, second) as other:
        for number in range(5):
            assert put(server, f"b{number}", "Ngô.")
            for connection in (one, other):
                assert ask(connection, "/api/v1/search?q=ng%C3%B4").json["total"] == number + 1


def test_as_many_requests_are_at_work_as_there_are_processes(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port)
    place = tmp_path / "place"
    place.mkdir()
    first, second = both(server)
    with connected_to(server, first) as one, connected_to(server, second) as other, ThreadPoolExecutor(2) as pool:
        met = pool.map(lambda connection: ask(connection, f"/meet?guests=2&place={place}").status, [one, other])
        assert list(met) == [200, 200]
    assert {path.name.split()[0] for path in place.iterdir()} == {str(first), str(second)}


def test_a_killed_process_is_replaced_and_others_go_on(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    first, second = both(server)
    with connected_to(server, second) as other:
        os.kill(first, signal.SIGKILL)
        assert ask(other, "/api/v1/search?q=l%C3%BAa").status == 200
        wait_for_others(server, first)
        assert ask(other, "/api/v1/search?q=l%C3%BAa").status == 200
    assert f"serving process {first} ended and is replaced" in log_of(server)
    [new] = set(serving(server)) - {second}
    wait_for(lambda: server.request("GET", "/readyz").status == 200)
    with connected_to(server, new) as connection:
        assert ask(connection, "/api/v1/search?q=l%C3%BAa").status == 200


def test_every_process_is_replaced_if_all_are_killed(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    for _ in range(3):
        killed = both(server)
        for process in killed:
            os.kill(process, signal.SIGKILL)
        wait_for(lambda killed=killed: len(set(serving(server)) - set(killed)) == 2)  # type: ignore[misc]
        assert server.search("lúa")["total"] == 0


@pytest.mark.skipif(len(os.sched_getaffinity(0)) > 8, reason="a process for each of more than 8 processors is many")
def test_each_process_keeps_to_a_processor_of_its_own_if_there_are_enough(serve: Callable[..., Server]) -> None:
    here = os.sched_getaffinity(0)
    server = serve(None, "--workers", str(len(here)))

    def kept() -> list[set[int]]:
        return [os.sched_getaffinity(process) for process in serving(server)]

    wait_for(lambda: sorted(kept(), key=min) == [{processor} for processor in sorted(here)])


def test_a_stopped_process_is_replaced_and_others_answer_meanwhile(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port)
    stopped, other = both(server)
    os.kill(stopped, signal.SIGSTOP)
    while stopped in serving(server):
        assert server.search("lúa")["total"] == 0
    wait_for_others(server, stopped)
    assert other in serving(server)


def test_a_process_stopped_before_it_serves_is_replaced(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port)
    first, second = both(server)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: bool(set(serving(server)) - {first, second}))
    [new] = set(serving(server)) - {first, second}
    os.kill(new, signal.SIGSTOP)
    wait_for_others(server, new)


def test_processes_that_were_all_stopped_for_long_go_on(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port)
    before = both(server)
    family = [server.process.pid, *before]
    for process in family:
        os.kill(process, signal.SIGSTOP)
    connection = HTTPConnection("127.0.0.1", port, timeout=_SILENT_SECONDS + 3)
    with pytest.raises(TimeoutError):
        ask(connection, "/healthz")
    connection.close()
    for process in family:
        os.kill(process, signal.SIGCONT)
    assert server.search("lúa")["total"] == 0
    assert set(serving(server)) == set(before)


def test_a_process_with_a_request_that_hangs_is_replaced(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port, "[limits]\nstuck_seconds = 2\n")
    stuck, other = both(server)
    with connected_to(server, stuck) as connection:
        answer = ask(connection, "/hang")
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    wait_for_others(server, stuck)
    assert other in serving(server)
    assert "a request takes more than 2 s; the process is replaced" in log_of(server)


def test_a_write_of_many_articles_is_not_taken_for_stuck(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port, "[limits]\nstuck_seconds = 1\n")
    before = both(server)
    assert server.write("POST", "/store", []).body == b"stored"
    assert both(server) == before


def test_a_process_that_holds_the_interpreter_is_replaced_and_tells_where_it_was(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port)
    stuck, _ = both(server)
    with connected_to(server, stuck) as connection, pytest.raises((OSError, HTTPException)):
        ask(connection, "/hold")
    wait_for_others(server, stuck)
    assert server.search("lúa")["total"] == 0
    assert "in hold" in log_of(server)


def test_a_process_that_grows_is_replaced_after_its_answer(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port, "[limits]\nmemory_mb = 300\n")
    large, other = both(server)
    with connected_to(server, large) as connection:
        assert ask(connection, "/grow?mb=400").body == b"taken"
    wait_for_others(server, large)
    assert other in serving(server)
    assert "a process takes more than 300 MB; it is replaced" in log_of(server)


def test_a_process_that_fails_to_look_after_itself_goes_on_and_tries_again(tmp_path: Path, port: int) -> None:
    server = frail(tmp_path / "data", port, "[limits]\nmemory_mb = 300\n")
    large, _ = both(server)
    with connected_to(server, large) as connection:
        ask(connection, "/blind")
        wait_for(lambda: "ValueError: no memory to be seen" in log_of(server))
        assert ask(connection, "/grow?mb=400").body == b"taken"
    wait_for_others(server, large)
    assert "a process takes more than 300 MB; it is replaced" in log_of(server)


def test_files_of_a_replaced_index_are_let_go_of(serve: Callable[..., Server], tmp_path: Path) -> None:
    data = tmp_path / "data"
    with_seeds(data)
    server = serve(data, *TWO)
    old = next((data / "indexes").glob("*/*.inv")).parent
    for process in both(server):
        with connected_to(server, process) as connection:
            ask(connection, "/api/v1/search?q=kinh")
        assert mapped_in(process, old)
    assert server.write("POST", "/api/v1/reindex").status == 202
    wait_for(lambda: not any(mapped_in(process, old) for process in serving(server)))


def test_a_server_may_start_while_another_ends(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Two servers on one data folder: one of their processes leads, and another once its server is killed."""
    first, second = serve(None, *TWO), serve(None, *TWO)
    assert leader(tmp_path / "data") in serving(first)
    first.kill()
    wait_for(lambda: leader(tmp_path / "data") in serving(second))
    assert put(second, "a", "Ngô.")
    assert second.search("ngô")["total"] == 1


def test_places_are_taken_again(serve: Callable[..., Server]) -> None:
    server = serve(None, *TWO)
    for _ in range(4):
        [killed, _] = both(server)
        os.kill(killed, signal.SIGKILL)
        wait_for_others(server, killed)
        wait_for(lambda: server.request("GET", "/readyz").status == 200)

    def maps() -> str:
        return "".join((Path("/proc") / str(process) / "maps").read_text("utf-8") for process in serving(server))

    wait_for(lambda: "counter_1.db" in maps())  # the new process may have only just begun
    assert "counter_0.db" in maps()
    assert "counter_2.db" not in maps()
