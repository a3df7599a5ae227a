"""Where the measuring data is, and reading it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("TIMTIN_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


def data(*parts: str) -> Path:
    """Return a path of the measuring data; leave with a message where it is not there."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        sys.exit(f"{path} is not there; TIMTIN_TEST_DATA names the folder of the measuring data")
    return path


def rows(*parts: str) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in data(*parts).read_text("utf-8").splitlines()]
