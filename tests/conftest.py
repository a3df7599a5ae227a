"""What the tests share: the seeds in a real index, a real server, and nothing of the machine they run on.

The environment is set apart (``tests.alone``) before anything else is imported.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.alone import (  # first of all
    ROOT,
    empty_working_folder,
    pytest_collection_finish,
    pytest_sessionfinish,
    pytest_sessionstart,
)
from tests.alone import pytest_terminal_summary as _say_what_was_left

# isort: split
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from werkzeug.datastructures import Headers
from xdist.scheduler import LoadScopeScheduling

from index.article import Article
from index.directory.data_folder import DataFolder, open_data_folder
from index.reading.ingest import ingest
from search.answer import Answer
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.processes import TIMTIN, is_refused, programs_end_with_the_test, reserved_port, start, wait_for
from tests.skips import NO_MEASURING_DATA, pytest_runtest_makereport
from tests.skips import pytest_terminal_summary as _say_what_was_skipped
from web.app import create_app
from web.services import Services

__all__ = [
    "ROOT",
    "empty_working_folder",
    "programs_end_with_the_test",
    "pytest_collection_finish",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "pytest_sessionstart",
]

SEEDS = ROOT / "seeds"
TOGETHER = ("cluster/test_faults.py", "cluster/test_security.py")
SHARED_DATA = Path(os.environ.get("TIMTIN_TEST_DATA", ROOT.parent / "shared" / "data"))


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a script's background; programs started here inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("timtin", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # no test is timed
settings.load_profile("timtin")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Use two processes more than there are processors: many tests wait for servers."""
    return (os.cpu_count() or 1) + 2


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Give each test to whoever is free, but all of a file that starts nodes of its own to one process.

    xdist's groups would say so, but do nothing with this version of pytest.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduling:
    return _Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was skipped and what was left behind."""
    _say_what_was_skipped(terminalreporter)
    _say_what_was_left(terminalreporter, config)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{NO_MEASURING_DATA} in {SHARED_DATA}: TIMTIN_TEST_DATA=FOLDER make test")
    return SHARED_DATA


@pytest.fixture(scope="session")
def seeds_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the five seeds indexed; tests only read it."""
    data = tmp_path_factory.mktemp("seeds") / "data"
    with_seeds(data)
    return data


def with_seeds(data: Path, **config: int) -> None:
    archive = open_archive(ArchiveConfig(data, **config))
    summary = ingest([str(SEEDS)], archive.store, archive.engine)
    archive.close()
    assert summary.added == 5
    assert summary.failed == []


@pytest.fixture(scope="session")
def seeds_archive(seeds_data: Path) -> Iterator[Archive]:
    archive = open_archive(ArchiveConfig(seeds_data))
    yield archive
    archive.close()


@pytest.fixture(scope="session")
def find(seeds_archive: Archive) -> Callable[..., Answer]:
    """Search the seeds: ``find("query", size=3)``."""
    return lambda text, **more: search(seeds_archive, SearchParameters(q=text, **more))


def numbers(answer: Answer) -> list[str]:
    """The seeds found, by the three digits their names begin with, best first."""
    return [hit.article.id[:3] for hit in answer.hits]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty engine."""
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    yield archive
    archive.close()


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder with twenty articles, in two segments."""
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    archive.store.put([Article(id=f"a{number}", body=f"bưởi da xanh số {number}") for number in range(20)])
    bring_in_sync(archive)
    archive.store.put([Article(id="a0", body="bưởi da xanh sửa lại")])
    archive.store.delete(["a1"])
    bring_in_sync(archive)
    archive.close()
    return open_data_folder(tmp_path / "data")


@pytest.fixture
def client(tmp_path: Path, seeds_data: Path) -> Iterator[FlaskClient]:
    """A client of an application of its own, with the seeds in it."""
    shutil.copytree(seeds_data, tmp_path / "data")
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    app = create_app(archive)
    here: Services = app.extensions["timtin"]
    here.follower.start()
    with app.test_client() as client:
        client.environ_base["wsgi.input_terminated"] = True  # as waitress says; else a body is read byte by byte
        yield client
    here.follower.stop()
    archive.close()


@pytest.fixture
def key(client: FlaskClient) -> dict[str, str]:
    """The header that allows writing."""
    return {"Authorization": f"Bearer {client.application.config['API_KEY']}"}


@contextmanager
def chromium() -> Iterator[Any]:
    """A real browser; skips where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no browser: apt-get install chromium, then make test")
    from playwright.sync_api import expect, sync_playwright

    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
    ]
    expect.set_options(timeout=120_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


@contextmanager
def browser() -> Iterator[Any]:
    """A page of a real browser without JavaScript; skips where there is none."""
    with chromium() as started:
        page = started.new_context(java_script_enabled=False, locale="vi-VN").new_page()
        page.set_default_timeout(120_000)
        yield page


@dataclass
class Reply:
    status: int
    body: bytes
    headers: Headers = field(default_factory=Headers)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


_without_proxies = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """``timtin serve`` as a process of its own."""

    program: Sequence[str] = TIMTIN

    def __init__(self, data: Path, port: int, *arguments: str) -> None:
        self.data = data
        self.port = port
        self.arguments = arguments
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [*self.program, "serve", "--data", str(self.data), "--port", str(self.port), *self.arguments]
        with (self.data.parent / "server.log").open("ab") as log:
            self.process = start(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.data.parent / "server.log").read_text()
            try:
                if self.request("GET", "/healthz").status == 200:
                    return self.process
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not answer in 120 s")

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        return (self.data / "api-key").read_text().strip()

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        request = urllib.request.Request(self.root + path, body, method=method)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with _without_proxies.open(request, timeout=120) as reply:
                return Reply(reply.status, reply.read(), Headers(reply.headers.items()))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read(), Headers(error.headers.items()))

    def search(self, query: str, **parameters: object) -> Any:
        return self.request("GET", "/api/v1/search?" + urlencode({"q": query, **parameters})).json

    def write(self, method: str, path: str, body: object = None) -> Reply:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        return self.request(
            method, quote(path, safe="/?=&"), data, Authorization=f"Bearer {self.key}", Content_Type=kind
        )

    def kill(self) -> None:
        """Kill the parent process; wait until its children, which end by themselves, answer no more."""
        self.process.kill()
        self.process.wait()
        wait_for(lambda: is_refused(self.port))

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=120)


@pytest.fixture
def port() -> Iterator[int]:
    """A port that nobody else listens on."""
    with reserved_port() as port:
        yield port


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers, each on a port of its own that it keeps when it is started again."""
    with ExitStack() as ports:
        yield lambda data=None, *arguments: Server(
            data or tmp_path / "data", ports.enter_context(reserved_port()), *arguments
        )
