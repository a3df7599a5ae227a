"""The command, run on a data folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def timtin(tmp_path: Path) -> Run:
    """Run the command on a data folder of its own."""

    def run(*arguments: str, stdin: str | bytes | None = None) -> subprocess.CompletedProcess[str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        environment = {**os.environ, "TIMTIN_DATA": str(tmp_path / "data")}
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", *arguments],
            input=given, capture_output=True, check=False, env=environment,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
