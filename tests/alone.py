"""Keep the tests apart from the machine: a plugin of pytest that ``tests.conftest`` takes part in.

They see no proxy, no home folder and no setting of whoever runs them; they work in an empty folder. What they leave in
that folder or in the checkout fails them. The programs they start end with them, however they end.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KEPT = {f"TIMTIN_{name}" for name in ("TEST_DATA", "TESTS_COMPLETE", "KERNELS", "KILLS", "SEED", "REBUILD")}
NOT_OURS = re.compile(
    r"(?:https?|ftp|all|no)_proxy|XDG_\w+|TIMTIN(?:_(?!TEST_CLUSTER_)\w+)?|PORT|HOST|PYTHONDONTWRITEBYTECODE",
    re.IGNORECASE,
)
CHECKOUT = Path(os.environ.pop("CHECKOUT_OF_TESTS", ROOT))  # another one where this is what is tested
RUN, PLACE = "RUN_OF_TESTS", "PLACE_OF_TESTS"
MADE_BY_TOOLS = {"__pycache__", ".git", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
PATIENCE = os.environ.pop("PATIENCE_OF_TESTS", "20")
"""Seconds that processes have to end once the tests have ended."""
LEASH = """
import os, signal, sys, time
from pathlib import Path

def ours():
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and sys.argv[1].encode() in (folder / "environ").read_bytes().split(b"\\0"):
                line = (folder / "cmdline").read_bytes()
                # a process that has ended has none; the resource tracker ends with the tests' own process
                if line and b"multiprocessing.resource_tracker" not in line:
                    yield int(folder.name), line.replace(b"\\0", b" ").decode(errors="replace")
        except OSError:
            pass

in_order = sys.stdin.read() == "end"
deadline = time.monotonic() + float(sys.argv[2]) * in_order
while (left := dict(ours())) and time.monotonic() < deadline:
    time.sleep(0.05)
for _ in range(100):
    for process, line in left.items():
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
        if in_order:
            print(line)
    time.sleep(0.05)
    if not (left := dict(ours())):
        break
"""
"""Wait until the tests have ended; then end every process that has inherited their environment. Name those left."""


class _Leash:
    """A process that ends what the tests started when they end, by themselves or by a signal. Needs /proc."""

    def __init__(self) -> None:
        command = [sys.executable, "-S", "-c", LEASH, f"{RUN}={os.environ[RUN]}", PATIENCE]
        environment = {name: value for name, value in os.environ.items() if name != RUN}
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self) -> list[str]:
        """Return the command lines of the processes that were left."""
        return list(dict.fromkeys(self._process.communicate("end")[0].splitlines()))


def is_worker() -> bool:
    """Tell whether this is one of the processes that pytest-xdist starts."""
    return "PYTEST_XDIST_WORKER" in os.environ


def _set_apart() -> Path:
    """Give this process, and those it starts, an environment of their own; return the folder it lies in."""
    if PLACE in os.environ and is_worker():
        return Path(os.environ[PLACE])
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # tmp_path stays to be looked at
    place = Path(tempfile.mkdtemp(prefix="timtin-")).resolve()
    for name in [name for name in os.environ if NOT_OURS.fullmatch(name) and name not in KEPT]:
        del os.environ[name]
    for name, folder in {"HOME": "home", "TMPDIR": "tmp"}.items():
        (place / folder).mkdir()
        os.environ[name] = str(place / folder)
    tempfile.tempdir = None
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(place / "hypothesis")
    paths = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(map(os.path.abspath, paths)))
    os.environ[PLACE], os.environ[RUN] = str(place), uuid.uuid4().hex
    return place


PLACE_OF_THIS_RUN = _set_apart()
WORKING_FOLDER = PLACE_OF_THIS_RUN / os.environ.get("PYTEST_XDIST_WORKER", "here")


def in_checkout() -> set[str]:
    """Return the files and folders of the checkout, what tools keep there left out."""
    found = set()
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = [name for name in folders if name not in MADE_BY_TOOLS and not name.endswith(".egg-info")]
        found |= {os.path.relpath(Path(folder, name), CHECKOUT) for name in (*folders, *files)}
    return found


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look at what is there before."""
    config = session.config
    if not is_worker():
        config.stash[_BEFORE] = in_checkout()
        if Path("/proc/self/environ").exists():
            config.stash[_LEASH] = _Leash()


def pytest_collection_finish() -> None:
    """Leave the checkout for an empty folder, now that the paths of the command line have been followed."""
    WORKING_FOLDER.mkdir(exist_ok=True)
    os.chdir(WORKING_FOLDER)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail tests that left something behind."""
    yield
    config = session.config
    if is_worker() or _BEFORE not in config.stash:
        return
    had_data = "data" in config.stash[_BEFORE]
    new = {path for path in in_checkout() - config.stash[_BEFORE] if not (had_data and path.startswith("data/"))}
    left = [f"in the checkout: {path}" for path in sorted(new)]
    if _LEASH in config.stash:
        if (apart := sys.modules.get("index.reading.formats.parser_process")) is not None:
            apart._parser.end()  # without xdist it is this process's own, and would end with it
        left += [f"a process: {line}" for line in config.stash[_LEASH].end()]
    os.chdir(config.invocation_params.dir)
    shutil.rmtree(PLACE_OF_THIS_RUN, ignore_errors=True)
    config.stash[_LEFT] = left
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left behind."""
    for line in config.stash.get(_LEFT, []):
        terminalreporter.line(f"FAILED: the tests left {line}", red=True)


@pytest.fixture(autouse=True)
def empty_working_folder() -> Iterator[None]:
    """Fail the test that writes into the folder it is run in."""
    os.chdir(WORKING_FOLDER)
    yield
    left = sorted(path.name for path in WORKING_FOLDER.iterdir())
    for name in left:
        path = WORKING_FOLDER / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert left == [], "left in the working folder"


_BEFORE = pytest.StashKey[set[str]]()
_LEASH = pytest.StashKey[_Leash]()
_LEFT = pytest.StashKey[list[str]]()
