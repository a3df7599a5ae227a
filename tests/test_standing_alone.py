"""The tests depend on nothing of the machine they run on, and leave nothing there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from tests.alone import ROOT
from tests.processes import bound_by_permissions, reserved_port, start

READS_PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "NO_PROXY")
PLUGINS = ("-p", "tests.alone", "-p", "tests.skips", "-p", "tests.processes", "-p", "no:cacheprovider")
on_linux = pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc to find processes in: make test on Linux")


def pytest_command(folder: Path, text: str, *more: str) -> tuple[list[str], dict[str, str]]:
    """Return a command that runs the tests ``text`` with what every test of ours runs with, and its environment."""
    (folder / "test_it.py").write_text(text, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "TIMTIN_"))}
    environment["PATIENCE_OF_TESTS"] = "1"
    return [sys.executable, "-m", "pytest", *PLUGINS, *more, str(folder)], environment


def run(folder: Path, text: str, *more: str, **variables: str) -> tuple[int, str]:
    command, environment = pytest_command(folder, text, *more)
    done = subprocess.run(
        command, env={**environment, **variables}, cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def gone(process: int) -> bool:
    deadline = time.monotonic() + 120
    while Path("/proc", str(process), "cmdline").exists() and Path("/proc", str(process), "cmdline").read_bytes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_no_setting_of_the_machine_is_seen() -> None:
    code = "import os, urllib.request; print(sorted(os.environ), urllib.request.getproxies(), os.listdir())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "TIMTIN_DATA" not in told
    assert "'PORT'" not in told
    assert told.endswith("{} []\n")
    for folder in (Path.home(), Path(tempfile.gettempdir())):
        assert folder.parent == Path(os.environ["PLACE_OF_TESTS"])
    assert Path.cwd().parent == Path(os.environ["PLACE_OF_TESTS"])


@pytest.mark.parametrize("more", [[], ["-n", "2"]])
def test_a_proxy_and_settings_of_who_runs_the_tests_do_not_matter(tmp_path: Path, more: list[str]) -> None:
    wrong = dict.fromkeys(READS_PROXIES, "http://127.0.0.1:9") | {"TIMTIN_DATA": "/no", "PORT": "x", "HOME": "/no"}
    text = "import tests.test_standing_alone as it\ndef test_it(): it.test_no_setting_of_the_machine_is_seen()"
    status, told = run(tmp_path, text, *more, **wrong)
    assert status == 0, told
    assert "skipped" not in told
    assert "left" not in told


@on_linux
@pytest.mark.parametrize("more", [[], ["-n", "1"]])
def test_what_is_left_fails_the_tests_and_is_named(tmp_path: Path, more: list[str]) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "data").mkdir(parents=True)
    text = (
        "import subprocess, sys, pathlib\n"
        "def test_writes(): pathlib.Path('x').touch()\n"
        f"def test_checkout(): pathlib.Path({str(checkout)!r}, 'a.txt').touch()\n"
        f"def test_served(): pathlib.Path({str(checkout)!r}, 'data', 'b.txt').touch()\n"
        "def test_starts(): subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    )
    status, told = run(tmp_path, text, "-W", "ignore", *more, CHECKOUT_OF_TESTS=str(checkout))
    assert status == 1
    assert "left in the working folder" in told
    assert "the tests left in the checkout: a.txt\n" in told
    assert "b.txt" not in told  # what make serve keeps
    assert "the tests left a process: " in told
    assert "4 passed" in told
    assert "1 error" in told


@pytest.mark.slow
@on_linux
@pytest.mark.parametrize(
    ("how", "more"),
    [(signal.SIGKILL, []), (signal.SIGTERM, []), (signal.SIGINT, ["-n", "1"]), (signal.SIGKILL, ["-n", "1"])],
)
def test_programs_end_when_the_tests_are_killed(tmp_path: Path, how: signal.Signals, more: list[str]) -> None:
    text = (
        "import pathlib, subprocess, sys, time\n"
        "from tests.processes import start\n"
        "def test_it():\n"
        "    sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "    both = [start(sleep).pid, subprocess.Popen(sleep).pid]\n"
        f"    pathlib.Path({str(tmp_path)!r}, 'pids').write_text(' '.join(map(str, both)) + '.')\n"
        "    time.sleep(600)\n"
    )
    command, environment = pytest_command(tmp_path, text, *more)
    tests = start(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = tmp_path / "pids"
    deadline = time.monotonic() + 120
    while not (told.exists() and told.read_text().endswith(".")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    tests.send_signal(how)
    tests.wait(120)
    assert all(gone(int(process)) for process in told.read_text().strip(".").split())


def test_program_ends_with_a_test_that_fails(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys, pytest\n"
        "from tests.processes import start\n"
        "started = []\n"
        "def test_fails():\n"
        "    started.append(start([sys.executable, '-c', 'import time; time.sleep(600)']))\n"
        "    assert False\n"
        "def test_after(): assert started[0].poll() == -9\n"
    )
    status, told = run(tmp_path, text)
    assert "1 failed, 1 passed" in told
    assert status == 1
    assert "a process" not in told


@pytest.mark.parametrize("more", [[], ["-n", "2"]])
def test_what_is_skipped_is_said_once_for_each_reason(tmp_path: Path, more: list[str]) -> None:
    text = (
        "import pytest\n"
        "@pytest.mark.parametrize('at', range(3))\n"
        "def test_a(at): pytest.skip('no browser: apt-get install chromium, then make test')\n"
        "@pytest.mark.skipif(True, reason='no measuring data in x: make test')\n"
        "def test_b(): pass\n"
        "def test_c(): pass\n"
    )
    status, told = run(tmp_path, text, *more)
    assert status == 0, told
    assert told.count("3 skipped: no browser: apt-get install chromium, then make test\n") == 1
    assert told.count("1 skipped: no measuring data in x: make test\n") == 1
    status, told = run(tmp_path, text, *more, TIMTIN_TESTS_COMPLETE="1")
    assert status == 1
    assert "3 failed, 1 passed, 1 skipped" in told
    assert "skipped though TIMTIN_TESTS_COMPLETE is set: no browser" in told


def test_a_reserved_port_is_nobody_elses_and_serves_one_after_the_other() -> None:
    program = (
        "import socket, sys; made = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print(1, flush=True);"
        "made.accept()[0].sendall(b'x')"
    )
    with reserved_port() as port, reserved_port() as other:
        assert port != other
        for _ in range(2):
            server = start([sys.executable, "-c", program, str(port)], stdout=subprocess.PIPE)
            assert server.stdout is not None
            assert server.stdout.readline() == b"1\n"
            with urllib.request.socket.create_connection(("127.0.0.1", port)) as client:  # type: ignore[attr-defined]
                assert client.recv(1) == b"x"
            assert server.wait(120) == 0


def test_permissions_hold_for_root_too(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0)
    read = [sys.executable, "-c", f"open({str(secret)!r})"]
    done = subprocess.run([*bound_by_permissions(), *read], capture_output=True, text=True, check=False)
    assert "PermissionError" in done.stderr


def test_programs_are_started_so_that_they_end_with_the_test() -> None:
    may = {"tests/alone.py", "tests/processes.py", "tests/test_standing_alone.py"}
    here = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    found = {name for name, text in here.items() if re.search(r"\bPopen\((?!\))", text)}
    assert found - may == set(), "start programs with tests.processes.start"


def test_no_test_works_in_the_checkout() -> None:
    """The README's commands alone are run where a reader runs them."""
    may = {"tests/test_readme.py", "tests/test_standing_alone.py"}
    here = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    found = {
        name for name, text in here.items() if re.search(r"cwd=ROOT|Path\.home\(\)|expanduser|Path\(\"data\"", text)
    }
    assert found - may == set()
