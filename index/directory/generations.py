"""Generations: whole indexes side by side, one of them current.

``CURRENT`` names the generation that serves. A rebuild writes a new folder beside it and swaps them by renaming one
small file, so a searcher sees the old index or the new one, never half of one.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from index.analysis.analyzer import ANALYZER_VERSION
from index.atomic_file import read_sealed, remove_unfinished, sync, write_sealed
from index.errors import is_shortage
from index.segments.schema import OLDEST_SEARCHABLE, OLDEST_WRITABLE, SCHEMA_VERSION

_CURRENT = "CURRENT"
_STATE = "state.json"


@dataclass(frozen=True, slots=True)
class GenerationState:
    """What a generation was made with (store, analyzer, schema), and the last sequence number it has applied."""

    store: str
    applied: int
    analyzer: int = ANALYZER_VERSION
    schema: int = SCHEMA_VERSION

    @property
    def writable(self) -> bool:
        """Whether this version of the program can add to the index."""
        return OLDEST_WRITABLE <= self.schema <= SCHEMA_VERSION

    @property
    def searchable(self) -> bool:
        """Whether this version of the program can search the index."""
        return OLDEST_SEARCHABLE <= self.schema <= SCHEMA_VERSION

    @property
    def outdated(self) -> bool:
        """Whether another version of the program made the index, so that a successor must be built."""
        return self.analyzer != ANALYZER_VERSION or self.schema != SCHEMA_VERSION


def current_generation(indexes: Path) -> Path | None:
    """Return the folder of the generation that serves, or None if none is named yet or its name is damaged.

    The folder may be gone a moment later, once another generation is published. Raises OSError if the name cannot be
    read.
    """
    try:
        name = read_sealed(indexes / _CURRENT).decode("ascii").strip()
    except (FileNotFoundError, ValueError):  # missing or damaged
        return None
    return indexes / name if name.isdigit() else None


def new_generation(indexes: Path) -> Path:
    """Create an empty folder for the next generation and return it. Only the writer may call this."""
    taken = [int(path.name) for path in indexes.iterdir() if path.name.isdigit()] if indexes.is_dir() else []
    path = indexes / f"{max(taken, default=0) + 1:06d}"
    path.mkdir(parents=True)
    sync(indexes)
    return path


def publish_generation(path: Path) -> None:
    """Make ``path`` the generation that serves."""
    write_sealed(path.parent / _CURRENT, path.name.encode("ascii"))


def remove_leftovers(indexes: Path) -> list[str]:
    """Delete unfinished files and all generations but the current one; return the names of what was deleted.

    Only the writer may call this. Readers keep the generation they have open; its disk space is freed when they close.
    """
    current = current_generation(indexes)
    gone = [name for folder in (indexes, current) if folder is not None for name in remove_unfinished(folder)]
    for path in indexes.iterdir() if indexes.is_dir() else ():
        if path.name.isdigit() and path != current:
            shutil.rmtree(path, ignore_errors=True)
            gone.append(path.name)
    return gone


def read_state(generation: Path) -> GenerationState | None:
    """Return the state of a generation, or None if it is missing or damaged.

    Raises OSError if the process is out of open files or memory, which says nothing about the generation.
    """
    try:
        return GenerationState(**json.loads(read_sealed(generation / _STATE)))
    except (OSError, ValueError, TypeError) as error:
        if is_shortage(error):
            raise
        return None


def write_state(generation: Path, state: GenerationState) -> None:
    """Record the state of a generation."""
    write_sealed(generation / _STATE, json.dumps(asdict(state)).encode("utf-8"))
