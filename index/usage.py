"""How much room an archive takes, and how much is left: of the disk of its folder, or of a cluster's nodes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PARTS = {"articles.sqlite": "store", "indexes": "index", "desk.uploads": "uploads", "searches.sqlite": "searches"}


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of an archive by part (store, index, uploads, searches, other), and of the disks: free, whole."""

    parts: Mapping[str, int]
    free: int
    whole: int


def folder_usage(folder: Path) -> Usage:
    """Return what a data folder takes. Raises OSError if it is gone."""
    parts = dict.fromkeys([*_PARTS.values(), "other"], 0)
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            top = path.relative_to(folder).parts[0]
            part = next((part for begin, part in _PARTS.items() if top.startswith(begin)), "other")
            with suppress(OSError):
                parts[part] += path.stat().st_size
    disk = shutil.disk_usage(folder)
    return Usage(parts, disk.free, disk.total)
