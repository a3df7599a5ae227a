"""Ask a service whatever its description allows, and what it does not, with schemathesis: ``make fuzz``.

All checks are on, also in sequences of requests, first with a key that may do all, then without one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import ROOT, Server, with_seeds
from tests.processes import reserved_port

_HERE = Path(__file__).parent
_PHASES = "examples,coverage,fuzzing,stateful"


def fuzz(server: Server, examples: int, *, key: bool, phases: str = _PHASES) -> subprocess.CompletedProcess[str]:
    """Ask ``server`` with so many examples an operation."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(_HERE / "schemathesis.toml"),
        "run", f"{server.root}/openapi.json", "--checks", "all", "--phases", phases, "--max-examples", str(examples),
        "--no-color", "--warnings", "off", "--suppress-health-check", "all", "--generation-database", "none",
        *(["--header", f"Authorization: Bearer {server.key}"] if key else []),
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=server.data.parent, check=False)


def shown(done: subprocess.CompletedProcess[str]) -> str:
    """What a run says, without the ends of long lines."""
    return "\n".join(line[:400] for line in (done.stdout + done.stderr).splitlines())


def main() -> int:
    """Start a service with the seed articles, and ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="for each operation")
    parser.add_argument("--phases", default=_PHASES)
    given = parser.parse_args()
    failed = 0
    for key in (True, False):
        with tempfile.TemporaryDirectory() as folder, reserved_port() as port:
            data = Path(folder) / "data"
            with_seeds(data)
            server = Server(data, port)
            try:
                done = fuzz(server, given.examples, key=key, phases=given.phases)
            finally:
                server.stop()
            print(f"{'with' if key else 'without'} a key\n{shown(done)}", flush=True)
            failed |= done.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
