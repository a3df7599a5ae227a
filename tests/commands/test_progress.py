"""What ``timtin index`` shows on a terminal while it reads; in a pipe it shows plain lines only."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Run

Shown = Callable[..., tuple[int, list[str]]]
BAR = re.compile(r"read +(\d+)%\|.*\| (\S+)/(\S+), \S+ and \S+ left, (\d+)/(\d+) files, ([\d,]+) articles indexed")


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """Run the command on a terminal; return its exit code and all states of the lines of the screen, in order."""

    def run(*arguments: str, columns: int = 110) -> tuple[int, list[str]]:
        child, terminal = pty.fork()
        if child == 0:  # pragma: no cover - it becomes another program
            os.environ |= {"TIMTIN_DATA": str(tmp_path / "data"), "PYTHONPATH": os.pathsep.join(sys.path)}
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
            os.execv(sys.executable, [sys.executable, "-m", "web.cli", *arguments])
        said = b""
        try:
            while data := os.read(terminal, 1 << 16):
                said += data
        except OSError:  # how the end of a terminal is said
            pass
        os.close(terminal)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return code, [state.rstrip() for state in re.split(r"[\r\n]+", said.decode()) if state.strip()]

    return run


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A folder with one file of several megabytes, which are read in pieces, and a small one."""
    folder = tmp_path / "in"
    folder.mkdir()
    rows = [{"id": f"a{number}", "title": f"Bài {number}", "body": "Giá lúa tăng. " * 30} for number in range(6000)]
    (folder / "a.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    (folder / "b.txt").write_text("Bún bò Huế\n\nAi ăn rồi cũng muốn quay lại.", "utf-8")
    return folder


def test_last_state_of_the_bar_stays(shown: Shown, large: Path) -> None:
    code, lines = shown("index", str(large))
    states = [found for line in lines if (found := BAR.fullmatch(line))]
    assert code == 0
    assert states[-1].groups()[3:] == ("2", "2", "6,001")
    assert states[-1][1] == "100"
    [summary] = [at for at, line in enumerate(lines) if line.startswith("6001 added")]
    assert BAR.fullmatch(lines[summary - 1])


@pytest.mark.parametrize("columns", [12, 30, 60])
def test_bar_fits_a_narrow_terminal(columns: int, shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "Giá lúa", "body": "Tăng."}\n', "utf-8")
    _, lines = shown("index", str(tmp_path / "a.jsonl"), columns=columns)
    bars = [line for line in lines if line.startswith("read")]
    assert bars
    assert all(len(line) < columns for line in bars)


def test_failures_stand_on_lines_of_their_own_above_the_bar(shown: Shown, large: Path) -> None:
    (large / "a.json").write_text('[{"title": "Giá lúa", "body": "Tăng."}, {"title": "Giá', "utf-8")
    code, lines = shown("index", str(large), columns=300)
    assert code == 1
    assert f"timtin: {large / 'a.json'}:2: is cut off" in lines


def test_pipe_gets_plain_lines(timtin: Run, large: Path) -> None:
    done = timtin("index", str(large))
    assert "\r" not in done.stdout + done.stderr
    assert "%|" not in done.stderr
    assert done.stdout.startswith("6001 added")
