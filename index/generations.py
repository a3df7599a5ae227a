"""Generations: finished indexes side by side, one of them current.

``CURRENT`` names the generation that serves. A rebuild writes a new folder beside it and swaps by renaming
one small file, so a searcher sees the old index or the new one, never half of one.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from index.analysis import ANALYZER_VERSION
from index.schema import SCHEMA_VERSION

_CURRENT = "CURRENT"
_STATE = "state.json"
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class GenerationState:
    """What a generation was made with, and the last number of the store's sequence it holds."""

    store: str
    applied: int
    analyzer: int = ANALYZER_VERSION
    schema: int = SCHEMA_VERSION

    def fits(self, store: str) -> bool:
        """Tell whether the index was made from ``store`` by this version of the program."""
        return (self.store, self.analyzer, self.schema) == (store, ANALYZER_VERSION, SCHEMA_VERSION)


def current_generation(indexes: Path) -> Path | None:
    """Return the folder of the generation that serves, or None where none is named yet.

    It may be gone the moment after, when another one was published.
    """
    try:
        file = os.open(indexes / _CURRENT, os.O_RDONLY)  # every search asks: a fifth of the cost of a Path's
        try:
            name = os.read(file, _LONGEST_NAME).decode("ascii").strip()
        finally:
            os.close(file)
    except (OSError, ValueError):
        return None
    return indexes / name if name.isdigit() else None


def new_generation(indexes: Path) -> Path:
    """Make an empty folder for the next generation; only the writer may call this."""
    taken = [int(path.name) for path in indexes.iterdir() if path.name.isdigit()] if indexes.is_dir() else []
    path = indexes / f"{max(taken, default=0) + 1:06d}"
    path.mkdir(parents=True)
    return path


def publish_generation(path: Path) -> None:
    """Make ``path`` the generation that serves."""
    _write_atomically(path.parent / _CURRENT, path.name)


def remove_other_generations(indexes: Path) -> None:
    """Delete every generation but the current one; readers that have one open keep it until they are done."""
    current = current_generation(indexes)
    for path in indexes.iterdir() if indexes.is_dir() else ():
        if path.name.isdigit() and path != current:
            shutil.rmtree(path, ignore_errors=True)


def read_state(generation: Path) -> GenerationState | None:
    """Return the state of a generation, or None where it is missing or damaged."""
    try:
        return GenerationState(**json.loads((generation / _STATE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_state(generation: Path, state: GenerationState) -> None:
    """Record the state of a generation."""
    _write_atomically(generation / _STATE, json.dumps(asdict(state)))


def _write_atomically(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
