"""Find and read the benchmark data."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("TIMTIN_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


def data(*parts: str) -> Path:
    """Return a path in the benchmark data; exit with a message if it is missing."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        sys.exit(f"{path} is missing; set TIMTIN_TEST_DATA to the folder of the benchmark data")
    return path


def rows(*parts: str) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file."""
    return [json.loads(line) for line in data(*parts).read_text("utf-8").splitlines()]
