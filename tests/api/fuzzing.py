"""Ask a service whatever its description allows, and what it does not, with schemathesis: ``make fuzz``.

All checks are on, also in sequences of requests, first with a key that may do all, then without one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, Server, with_seeds
from tests.processes import reserved_port, start

_HERE = Path(__file__).parent
_LONGEST_LINE = 400
_PHASES = "examples,coverage,fuzzing,stateful"


def fuzz(
    server: Server,
    examples: int,
    *,
    key: bool,
    phases: str = _PHASES,
    operations: Sequence[str] = (),
    say: Callable[[str], object] = len,
) -> tuple[int, str]:
    """Ask ``server`` with so many examples an operation; return the exit code, and the report without long lines' ends.

    ``operations`` are the ids of those to ask for, of all without any. ``say`` is given each line at once.
    """
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(_HERE / "schemathesis.toml"),
        "run", f"{server.root}/openapi.json", "--checks", "all", "--phases", phases, "--max-examples", str(examples),
        "--no-color", "--warnings", "off", "--suppress-health-check", "all", "--generation-database", "none",
        *(f"--include-operation-id={operation}" for operation in operations),
        *(["--header", f"Authorization: Bearer {server.key}"] if key else []),
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    options: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "env": environment}
    lines = []
    with start(command, text=True, cwd=server.data.parent, **options) as asking:
        assert asking.stdout is not None
        for line in asking.stdout:
            lines.append(line.rstrip()[:_LONGEST_LINE])
            say(lines[-1])
    return asking.returncode, "\n".join(lines)


def main() -> int:
    """Start a service with the seed articles, and ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="for each operation")
    parser.add_argument("--phases", default=_PHASES)
    parser.add_argument("operations", nargs="*", help="ids of operations; all without any")
    given = parser.parse_args()
    failed, say = 0, partial(print, flush=True)
    for key in (True, False):
        with tempfile.TemporaryDirectory() as folder, reserved_port() as port:
            data = Path(folder) / "data"
            with_seeds(data)
            server = Server(data, port)
            try:
                print("with a key" if key else "without a key", flush=True)
                code, _ = fuzz(
                    server, given.examples, key=key, phases=given.phases, operations=given.operations, say=say
                )
            finally:
                server.stop()
            failed |= code
    return failed


if __name__ == "__main__":
    sys.exit(main())
