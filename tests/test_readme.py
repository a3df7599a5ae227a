"""The README's tour shows the actual output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Server, with_seeds


def tour() -> list[tuple[str, str]]:
    """Return each command of the README's console blocks with the output shown for it."""
    steps: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            steps.append((command, output))
    return steps


def steady(output: str) -> str:
    """Return the output without what differs from run to run: durations."""
    return re.sub(r'("took_ms": |, | in )[\d.]+( ms| s|,)?', r"\1#\2", output)


def test_tour(serve: Callable[..., Server], tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl for the tour: apt-get install curl, then make test")
    data = tmp_path / "data"
    with_seeds(data)
    server = serve(data)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    steps = tour()
    assert len(steps) >= 6
    for command, output in steps:
        here = command.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        done = subprocess.run(
            here, shell=True, cwd=ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": path, "TIMTIN_DATA": str(data)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert steady(done.stdout) == steady(output), command
